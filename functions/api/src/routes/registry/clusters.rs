//! Clusters as v3 shows them.

use axum::response::Response;
use http::StatusCode;

use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_app::ports::{Direction, Page};
use imprint_app::registry::{self, NewsFor};
use imprint_domain::registry::{AgeFilter, Cluster, ClusterId};

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::{InQuery, PathNames};
use crate::requests::registry::{AgeParams, CreatedParams, NextParams, PersistentParams, Wanted};
use crate::resources::{
    ClusterCheckinResource, ClusterList, ClusterResource, ClustersCountResource, KnownClusterResource,
};

use super::no_cluster;
use super::paging::{MAX_LIMIT, page_that_fits, rows, weight};

/// Rows of 250 bytes.
const MAX_ROWS: usize = 10_000;

/// Count clusters
///
/// The answer is a bare number.
#[utoipa::path(get, path = "/v3/clusters/count", tag = "registry", operation_id = "getClustersCount",
    params(AgeParams), responses((status = 200, description = "How many there are", body = u64,
        content_type = "application/json")))]
pub(crate) async fn count(api: Api, InQuery(which): InQuery<AgeParams>) -> Result<Response, ApiError> {
    let filter = which.check(api.env.clock.now())?;
    let count = registry::count(&api.env, &filter).await?;
    Ok(delivery::json(StatusCode::OK, &count))
}

/// List clusters by their age
///
/// All that the parameters let through, in the order of the first check-in, or of the last one where only that is bounded.
#[utoipa::path(get, path = "/v3/clusters/age", tag = "registry", operation_id = "getClustersByAge",
    params(AgeParams, NextParams), responses((status = 200, description = "Clusters", body = ClusterList)))]
pub(crate) async fn by_age(
    api: Api,
    InQuery(which): InQuery<AgeParams>,
    InQuery(part): InQuery<NextParams>,
) -> Result<Response, ApiError> {
    let filter = which.check(api.env.clock.now())?;
    let page = page(&api.env, &filter, &part.check(MAX_LIMIT)?).await?;
    let list = ClusterList {
        data: page
            .items
            .iter()
            .map(|cluster| ClusterResource::new(cluster, None))
            .collect(),
        next: page.next,
    };
    Ok(delivery::json(StatusCode::OK, &list))
}

/// A page of the clusters that a filter lets through.
pub(super) async fn page(env: &Env, filter: &AgeFilter, wanted: &Wanted) -> Result<Page<Cluster>, ApiError> {
    let read = |limit, next: Option<String>| async move {
        registry::clusters(env, filter, Direction::Ascending, limit, next.as_deref()).await
    };
    page_that_fits(wanted, read, |cluster: &Cluster| {
        weight(&KnownClusterResource::new(cluster, None))
    })
    .await
}

/// List how often clusters checked in
///
/// Those that checked in first within a time, the newest first.
#[utoipa::path(get, path = "/v3/clusters/checkins", tag = "registry", operation_id = "getClusterCheckins",
    params(CreatedParams, NextParams), responses((status = 200, description = "Clusters", body = ClustersCountResource)))]
pub(crate) async fn checkins(
    api: Api,
    InQuery(which): InQuery<CreatedParams>,
    InQuery(part): InQuery<NextParams>,
) -> Result<Response, ApiError> {
    let now = api.env.clock.now();
    let (filter, wanted) = (which.check(now)?, part.check(MAX_ROWS)?);
    let row = |cluster: &Cluster| ClusterCheckinResource::new(cluster, Some(now));
    counted(&api.env, &filter, Direction::Descending, &wanted, row).await
}

/// List clusters that stayed
///
/// Those that checked in first between two times, more than once, and last no more than a day before the second. The
/// oldest first.
#[utoipa::path(get, path = "/v3/clusters/persistent", tag = "registry", operation_id = "getPersistentClusters",
    params(PersistentParams, NextParams),
    responses((status = 200, description = "Clusters", body = ClustersCountResource)))]
pub(crate) async fn persistent(
    api: Api,
    InQuery(which): InQuery<PersistentParams>,
    InQuery(part): InQuery<NextParams>,
) -> Result<Response, ApiError> {
    let (filter, wanted) = (which.check(api.env.clock.now())?, part.check(MAX_ROWS)?);
    let row = |cluster: &Cluster| ClusterCheckinResource::new(cluster, None);
    counted(&api.env, &filter, Direction::Ascending, &wanted, row).await
}

async fn counted(
    env: &Env,
    filter: &AgeFilter,
    direction: Direction,
    wanted: &Wanted,
    row: impl Fn(&Cluster) -> ClusterCheckinResource,
) -> Result<Response, ApiError> {
    let read = |limit, next: Option<String>| async move {
        registry::clusters(env, filter, direction, limit, next.as_deref()).await
    };
    let Page { items, next } = rows(wanted, read, row).await?;
    let answer = ClustersCountResource {
        count: items.len(),
        data: items,
        next,
    };
    Ok(delivery::json(StatusCode::OK, &answer))
}

/// Read a cluster
///
/// With the newer versions of what it runs, and those of which the documentation was deleted.
#[utoipa::path(get, path = "/v3/clusters/{id}", tag = "registry", operation_id = "getClusterById",
    params(("id" = String, Path, description = "What the cluster calls itself")),
    responses((status = 200, description = "The cluster", body = ClusterResource)))]
pub(crate) async fn read(api: Api, names: PathNames) -> Result<Response, ApiError> {
    let (cluster, news) = found(&api.env, &names).await?;
    let resource = ClusterResource::new(&cluster, Some(&news));
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// The cluster that a path names, with what is new for it.
pub(super) async fn found(env: &Env, names: &PathNames) -> Result<(Cluster, NewsFor), ApiError> {
    let id: ClusterId = named(names)?;
    let cluster = registry::cluster(env, &id).await.map_err(no_cluster)?;
    let news = registry::news_for(env, &cluster.report).await?;
    Ok((cluster, news))
}

/// The cluster's identity in a path. What can be none is none's.
pub(super) fn named(names: &PathNames) -> Result<ClusterId, ApiError> {
    names.read("id").ok_or(AppError::NotFound).map_err(no_cluster)
}
