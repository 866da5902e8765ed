//! What the organization's registry page is made of: bounded, however much was published and whoever checks in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::try_join3;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};

use imprint_domain::layout;
use imprint_domain::registry::{
    AgeFilter, Census, ComponentName, Gathered, History, Overview, RowOfTrain, Shown, TrainName, TrainSeen,
};
use imprint_domain::slug::OrganizationSlug;

use super::{census, latest_of};
use crate::env::Env;
use crate::error::AppError;
use crate::ports::{Direction, StoreError};

/// Components that are shown, by name.
pub const MAX_COMPONENTS: usize = 200;
/// Trains of all of them.
pub const MAX_TRAINS: usize = 400;
/// Trains whose releases are shown over time: those with the newest ones. A request each.
pub const MAX_HISTORIES: usize = 40;
/// Releases of one train, the newest.
pub const MAX_RELEASES: usize = 50;

/// Trains that are read at a time: each may be 3 MB, of which little is kept.
const READS: usize = 8;
/// Trains whose latest release is one request.
const HEADS: usize = 100;

/// A census that is kept took this many clusters: about six requests.
const MANY_CLUSTERS: u64 = 5_000;
/// How long it is kept.
const KEPT: SignedDuration = SignedDuration::from_secs(300);

/// Where the last large census of each organization is kept, in one process. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Censuses(Arc<Mutex<BTreeMap<OrganizationSlug, Arc<Census>>>>);

impl Censuses {
    /// The census of what users run: one of the last minutes when there are so many clusters that counting them is work.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(&self, env: &Env) -> Result<Arc<Census>, AppError> {
        let org = &env.organization.slug;
        let now = env.clock.now();
        // Clocks that were set back make everything old.
        let is_fresh = |at: Timestamp| at <= now && now.duration_since(at) < KEPT;
        let known = self.kept().get(org).cloned();
        if let Some(known) = known.filter(|known| is_fresh(known.at())) {
            return Ok(known);
        }
        let taken = Arc::new(census(env, &AgeFilter::of_users()).await?);
        let mut kept = self.kept();
        if taken.clusters > MANY_CLUSTERS {
            kept.insert(org.clone(), taken.clone());
        } else {
            kept.remove(org);
        }
        Ok(taken)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<OrganizationSlug, Arc<Census>>> {
        // A panic between two statements leaves the map whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gathers what the page shows and lays it out. A request for the trains, one for each of [`MAX_HISTORIES`] trains, one
/// for a hundred of the others, one for the products, and a census.
///
/// # Errors
/// When the store fails.
pub async fn overview(env: &Env, censuses: &Censuses) -> Result<Overview, AppError> {
    let (rows, has_more) = rows(env).await?;
    let (trains, census, products) = try_join3(trains(env, rows), censuses.of(env), products(env)).await?;
    Ok(Overview::of(&Gathered {
        at: env.clock.now(),
        trains,
        has_more,
        census: census.as_ref().clone(),
        products,
    }))
}

/// The trains of the first components by name, and whether there are more.
async fn rows(env: &Env) -> Result<(Vec<RowOfTrain>, bool), StoreError> {
    let org = &env.organization.slug;
    let mut rows: Vec<RowOfTrain> = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let limit = MAX_TRAINS + 1 - rows.len();
        let page = env.registry.trains(org, None, limit, cursor.as_deref()).await?;
        rows.extend(page.items);
        cursor = page.next;
        if cursor.is_none() || rows.len() > MAX_TRAINS {
            break;
        }
    }
    let found = rows.len();
    rows.truncate(MAX_TRAINS);
    let mut components: BTreeSet<ComponentName> = BTreeSet::new();
    rows.retain(|row| {
        let component = &row.train.component;
        if components.len() < MAX_COMPONENTS {
            components.insert(component.clone());
        }
        components.contains(component)
    });
    let has_more = cursor.is_some() || rows.len() < found;
    Ok((rows, has_more))
}

/// The releases of the trains in which something came out last, and the latest one of each of the others.
async fn trains(env: &Env, mut rows: Vec<RowOfTrain>) -> Result<Vec<TrainSeen>, AppError> {
    rows.sort_by_key(|row| std::cmp::Reverse(row.released));
    let others = rows.split_off(MAX_HISTORIES.min(rows.len()));
    let read = rows.into_iter().map(|row| with_releases(env, row));
    let mut seen: Vec<TrainSeen> = stream::iter(read).buffered(READS).try_collect().await?;
    for some in others.chunks(HEADS) {
        let names: Vec<TrainName> = some.iter().map(|row| row.train.clone()).collect();
        let latest = latest_of(env, &names).await?;
        seen.extend(some.iter().zip(latest).map(|(row, latest)| TrainSeen {
            row: row.clone(),
            releases: latest.iter().map(Shown::of).collect(),
            history: History::Latest,
        }));
    }
    Ok(seen)
}

/// A page of a store may end early, so there may be several until enough are found.
async fn with_releases(env: &Env, row: RowOfTrain) -> Result<TrainSeen, AppError> {
    let org = &env.organization.slug;
    let mut releases: Vec<Shown> = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let limit = MAX_RELEASES - releases.len();
        let page = env
            .registry
            .releases(org, &row.train, Direction::Descending, limit, cursor.as_deref())
            .await?;
        releases.extend(page.items.iter().map(Shown::of));
        cursor = page.next;
        if cursor.is_none() || releases.len() >= MAX_RELEASES {
            break;
        }
    }
    let history = if cursor.is_some() {
        History::Newest
    } else {
        History::Whole
    };
    Ok(TrainSeen {
        row,
        releases,
        history,
    })
}

/// The URLs of the components that are products. A request a megabyte of the organization's index.
async fn products(env: &Env) -> Result<BTreeMap<ComponentName, String>, AppError> {
    let entries = env.catalog.index(&env.organization.slug).await?;
    let url = |entry: &imprint_domain::dashboard::IndexEntry| {
        layout::url_of(&env.organization, entry.root_domain.as_deref(), &entry.product)
    };
    let named = entries
        .iter()
        .map(|entry| (ComponentName::of_product(&entry.product), url(entry)));
    Ok(named.collect())
}
