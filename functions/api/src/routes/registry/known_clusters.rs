//! Clusters as v4 shows them: with all that is known.

use axum::response::Response;
use http::StatusCode;

use imprint_app::registry;

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::{InQuery, PathNames, Posted};
use crate::requests::registry::{AgeParams, NextParams, StatsParams, labels};
use crate::resources::{ClusterStatsResource, KnownClusterList, KnownClusterResource, LabelsDocument};

use super::clusters::{found, named, page};
use super::no_cluster;
use super::paging::MAX_LIMIT;

/// List clusters with all that is known of them
///
/// All that the parameters let through, in the order of the first check-in, or of the last one where only that is bounded.
#[utoipa::path(get, path = "/v4/clusters", tag = "registry-v4", operation_id = "list_clusters",
    params(AgeParams, NextParams), responses((status = 200, description = "Clusters", body = KnownClusterList)))]
pub(crate) async fn list(
    api: Api,
    InQuery(which): InQuery<AgeParams>,
    InQuery(part): InQuery<NextParams>,
) -> Result<Response, ApiError> {
    let filter = which.check(api.env.clock.now())?;
    let page = page(&api.env, &filter, &part.check(MAX_LIMIT)?).await?;
    let list = KnownClusterList {
        data: page
            .items
            .iter()
            .map(|cluster| KnownClusterResource::new(cluster, None))
            .collect(),
        next: page.next,
    };
    Ok(delivery::json(StatusCode::OK, &list))
}

/// Read statistics of clusters
///
/// How many there are, appeared and disappeared, how old they are and what they run.
#[utoipa::path(get, path = "/v4/clusters/stats", tag = "registry-v4", operation_id = "read_cluster_stats",
    params(StatsParams), responses((status = 200, description = "Statistics", body = ClusterStatsResource)))]
pub(crate) async fn stats(api: Api, InQuery(which): InQuery<StatsParams>) -> Result<Response, ApiError> {
    let census = registry::census(&api.env, &which.check()?).await?;
    Ok(delivery::json(
        StatusCode::OK,
        &ClusterStatsResource::new(&census),
    ))
}

/// Read a cluster with all that is known of it
#[utoipa::path(get, path = "/v4/clusters/{id}", tag = "registry-v4", operation_id = "read_cluster",
    params(("id" = String, Path, description = "What the cluster calls itself")),
    responses((status = 200, description = "The cluster", body = KnownClusterResource)))]
pub(crate) async fn read(api: Api, names: PathNames) -> Result<Response, ApiError> {
    let (cluster, news) = found(&api.env, &names).await?;
    let resource = KnownClusterResource::new(&cluster, Some(&news));
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// Label a cluster
///
/// Statistics can leave out those with a label, such as `staff`, `ci` or `test`.
#[utoipa::path(patch, path = "/v4/clusters/{id}", tag = "registry-v4", operation_id = "label_cluster",
    params(("id" = String, Path, description = "What the cluster calls itself")), request_body = LabelsDocument,
    responses((status = 200, description = "The cluster", body = KnownClusterResource)))]
pub(crate) async fn label(api: Api, names: PathNames, Posted(body): Posted) -> Result<Response, ApiError> {
    let labels = labels(body)?;
    let cluster = registry::label(&api.env, &named(&names)?, &labels)
        .await
        .map_err(no_cluster)?;
    Ok(delivery::json(
        StatusCode::OK,
        &KnownClusterResource::new(&cluster, None),
    ))
}

/// Forget a cluster
///
/// Its next check-in is its first one, with a new token: the way out for a cluster that lost its own. The answer is the
/// cluster as it was.
#[utoipa::path(delete, path = "/v4/clusters/{id}", tag = "registry-v4", operation_id = "forget_cluster",
    params(("id" = String, Path, description = "What the cluster calls itself")),
    responses((status = 200, description = "Forgotten", body = KnownClusterResource)))]
pub(crate) async fn forget(api: Api, names: PathNames) -> Result<Response, ApiError> {
    let cluster = registry::forget(&api.env, &named(&names)?)
        .await
        .map_err(no_cluster)?;
    Ok(delivery::json(
        StatusCode::OK,
        &KnownClusterResource::new(&cluster, None),
    ))
}
