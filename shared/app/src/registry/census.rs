//! Statistics of all clusters.

use imprint_domain::registry::{AgeFilter, Census};

use crate::env::Env;
use crate::error::AppError;
use crate::ports::Direction;

/// Clusters in one page: about a megabyte of the index.
const CLUSTERS_AT_A_TIME: usize = 1_000;

/// Counts all clusters that a filter lets through. A request a megabyte and shard.
///
/// # Errors
/// When the store fails.
pub async fn census(env: &Env, filter: &AgeFilter) -> Result<Census, AppError> {
    let mut census = Census::new(env.clock.now());
    let mut cursor: Option<String> = None;
    loop {
        let org = &env.organization.slug;
        let page = env
            .registry
            .clusters(
                org,
                filter,
                Direction::Ascending,
                CLUSTERS_AT_A_TIME,
                cursor.as_deref(),
            )
            .await?;
        for cluster in &page.items {
            census.add(cluster);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(census),
        }
    }
}
