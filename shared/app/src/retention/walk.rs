//! Retention of all products, a slice a run.

use tokio::time::Instant;

use super::retain_product;
use crate::env::Env;
use crate::error::AppError;
use crate::outgoing::Chain;
use crate::pace::Ran;
use crate::ports::Walk;
use crate::registry::count_populations;
use crate::tenants::Tenants;
use crate::walk::Place;

/// Products in one page. Where a run stops, the next begins with the page.
const PAGE: usize = 20;
/// Pages in one run. Of 1,000 products each is looked at every three hours when a run begins each hour.
const PAGES: usize = 20;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Retained {
    /// Products looked at.
    pub products: u64,
    /// Effects carried out.
    pub effects: u64,
    /// Products of which another number of installations is known by now.
    pub populations: u64,
    /// Products and counts of installations whose run failed. The next round tries again.
    pub failed: u64,
}

/// Looks after the next products; where those of an organization begin, it counts who runs what of them. A product or a
/// count that fails holds up no other.
///
/// # Errors
/// When the store does not say which products there are.
pub async fn retain(tenants: &Tenants, deadline: Option<Instant>) -> Result<Retained, AppError> {
    let mut retained = Retained::default();
    let mut place = Place::of(tenants, Walk::Retention).await?;
    for _ in 0..PAGES {
        let env = place.env(tenants).await?;
        if place.begins_organization() && !is_over(deadline) {
            count(&env, &mut retained).await;
        }
        let page = place.products(&env, PAGE).await?;
        for product in &page.items {
            if is_over(deadline) {
                return Ok(retained);
            }
            retained.products += 1;
            match retain_product(&env, &product.slug, deadline).await {
                Ok((effects, ran)) => {
                    retained.effects += effects.len() as u64;
                    if ran == Ran::OutOfTime && is_over(deadline) {
                        return Ok(retained);
                    }
                }
                Err(error) => {
                    retained.failed += 1;
                    tracing::error!(code = "retention", product = %product.slug, error = %Chain(&error), "retention failed");
                }
            }
        }
        let next = place.next(tenants, page.next).await?;
        let is_last = next.is_none();
        place = next.unwrap_or_default();
        place.keep(tenants, Walk::Retention).await?;
        if is_last {
            break;
        }
    }
    Ok(retained)
}

/// Counts what installations of an organization run, once a round.
async fn count(env: &Env, retained: &mut Retained) {
    match count_populations(env).await {
        Ok(changed) => retained.populations += changed,
        Err(error) => {
            retained.failed += 1;
            let organization = &env.organization.slug;
            tracing::error!(code = "retention", %organization, error = %Chain(&error), "installations could not be counted");
        }
    }
}

fn is_over(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}
