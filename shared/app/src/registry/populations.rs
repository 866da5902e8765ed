//! How many installations run each version of a product, for the product's own pages.
//!
//! Counted once a round of retention, not when somebody checks in: a page that changes with each check-in would be written
//! and purged all day. Safe to run twice and to stop anywhere: what is stored is compared with what was counted, and a
//! number is committed together with the rendering that shows it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use imprint_domain::message::Message;
use imprint_domain::registry::{AgeFilter, Census, ComponentName, Population};

use super::census;
use crate::env::Env;
use crate::error::AppError;
use crate::outgoing::commit_and_send;
use crate::ports::{Change, RegistryChange};
use crate::render_dashboard;

/// Versions of one component that are kept, the most frequent: they fit into an item many times over. Anybody can check
/// in with versions that do not exist.
pub const MAX_POPULATION: usize = 500;

/// Products in one commit: two changes each.
const PRODUCTS: usize = 14;

/// Counts what installations run, stores what is new, and has the pages of those products written anew.
///
/// Two requests where nobody ever checked in; else a census, a request a megabyte of the index, and one for 14 products
/// whose numbers changed.
///
/// # Returns
/// Of how many products the numbers changed.
///
/// # Errors
/// When the store fails. What was committed stays; the next run does the rest.
pub async fn count_populations(env: &Env) -> Result<u64, AppError> {
    let org = &env.organization.slug;
    let known = env.registry.populations(org).await?;
    if known.is_empty() && env.registry.count_clusters(org, &AgeFilter::default()).await? == 0 {
        return Ok(0);
    }
    let census = census(env, &AgeFilter::of_users()).await?;
    // The index has an entry for each product that has not ended.
    let products = env.catalog.index(org).await?;
    let products: BTreeSet<ComponentName> = products
        .iter()
        .map(|entry| ComponentName::of_product(&entry.product))
        .collect();
    let counted = of_products(census, &products);
    let mut changed: Vec<ComponentName> = known.keys().chain(counted.keys()).cloned().collect();
    changed.sort();
    changed.dedup();
    changed.retain(|component| known.get(component) != counted.get(component));
    for some in changed.chunks(PRODUCTS) {
        let changes = some.iter().map(|component| RegistryChange::PutPopulation {
            organization: org.clone(),
            component: component.clone(),
            population: counted.get(component).cloned().unwrap_or_default(),
        });
        let changes = changes.map(|change| Change::Registry(Box::new(change))).collect();
        let messages = some.iter().filter(|component| products.contains(component));
        let messages: Vec<Message> = messages
            .filter_map(ComponentName::product)
            .map(|product| render_dashboard::message(org, &product, Vec::new()))
            .collect();
        commit_and_send(env, changes, messages).await?;
    }
    Ok(changed.len() as u64)
}

fn of_products(census: Census, products: &BTreeSet<ComponentName>) -> BTreeMap<ComponentName, Population> {
    let running = census
        .running
        .into_iter()
        .filter(|(component, _)| products.contains(component));
    running
        .map(|(component, population)| (component, bounded(population)))
        .collect()
}

/// The most frequent versions. Of equally frequent ones the same each time, so that nothing changes without a change.
fn bounded(population: Population) -> Population {
    if population.len() <= MAX_POPULATION {
        return population;
    }
    let mut all: Vec<_> = population.into_iter().collect();
    all.sort_by(|(a, a_count), (b, b_count)| Reverse(a_count).cmp(&Reverse(b_count)).then_with(|| a.cmp(b)));
    all.truncate(MAX_POPULATION);
    all.into_iter().collect()
}
