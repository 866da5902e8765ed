//! Check-ins of clusters.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use imprint_app::error::AppError;
use imprint_app::registry::{self, CheckedIn};
use imprint_domain::registry::{CheckIn, ClusterId, ClusterToken, Refused, Report};

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::{PathNames, Posted, Source};
use crate::requests::registry::report_of;
use crate::resources::ClusterResource;

/// What a cluster proves by that it is itself.
const TOKEN: HeaderName = HeaderName::from_static("x-cluster-token");

/// Check in
///
/// The server notes when. The first check-in is answered with a token in `X-Cluster-Token`: once a cluster has sent it,
/// nobody can check in as this cluster without it. Clusters that never send it stay unverified.
#[utoipa::path(post, path = "/v3/clusters", tag = "registry", operation_id = "createClusterDetails",
    params(("X-Cluster-Token" = Option<String>, Header, description = "The token that the first check-in was answered with")),
    request_body = ClusterResource,
    responses((status = 200, description = "The cluster", body = ClusterResource,
        headers(("X-Cluster-Token" = String, description = "The cluster's token; only at its first check-in")))))]
pub(crate) async fn create(
    api: Api,
    headers: HeaderMap,
    source: Source,
    Posted(body): Posted,
) -> Result<Response, ApiError> {
    let (id, report) = report_of(body)?;
    check_in(&api, &headers, &source, id, report).await
}

/// Check in, for clients of the beta
///
/// The identity in the path and the one in the body must be the same. Everything else is as in v3.
#[utoipa::path(post, path = "/v2/clusters/{id}", tag = "registry", operation_id = "createClusterDetailsForV2",
    params(("id" = String, Path, description = "What the cluster calls itself"),
        ("X-Cluster-Token" = Option<String>, Header, description = "The token that the first check-in was answered with")),
    request_body = ClusterResource,
    responses((status = 200, description = "The cluster", body = ClusterResource,
        headers(("X-Cluster-Token" = String, description = "The cluster's token; only at its first check-in")))))]
pub(crate) async fn create_by_path(
    api: Api,
    headers: HeaderMap,
    source: Source,
    names: PathNames,
    Posted(body): Posted,
) -> Result<Response, ApiError> {
    let (id, report) = report_of(body)?;
    if names.raw("id") != id.as_str() {
        return Err(ApiError::BadRequest(
            "id in body differs from the path".to_owned(),
        ));
    }
    check_in(&api, &headers, &source, id, report).await
}

async fn check_in(
    api: &Api,
    headers: &HeaderMap,
    Source(source): &Source,
    id: ClusterId,
    report: Report,
) -> Result<Response, ApiError> {
    let (limits, source) = (&api.service.limits, source.as_deref());
    let token = headers
        .get(TOKEN)
        .map(|token| token.to_str().unwrap_or("?").trim());
    let token = token.filter(|token| !token.is_empty()).map(ClusterToken::given);
    match &token {
        None => limits.check_in(source, id.as_str())?,
        Some(_) => limits.check_in_with_token(source)?,
    }
    let has_token = token.is_some();
    let check_in = CheckIn {
        id,
        report,
        token,
        at: api.env.clock.now(),
    };
    let pseudonym = api.env.sealing.pseudonym(source.unwrap_or_default());
    let checked_in = registry::check_in(&api.env, check_in, &pseudonym).await;
    // A token of a cluster that is not known, or of another one, is as good as none.
    let is_wrong = match &checked_in {
        Ok(CheckedIn { token, .. }) => token.is_some(),
        Err(error) => matches!(error, AppError::Forbidden),
    };
    if has_token && is_wrong {
        limits.wrong_token(source);
    }
    let checked_in = checked_in.map_err(|error| match error {
        AppError::Forbidden => ApiError::Unproved(Refused.to_string()),
        error => error.into(),
    })?;
    let resource = ClusterResource::new(&checked_in.cluster, Some(&checked_in.news));
    let mut response = delivery::json(StatusCode::OK, &resource);
    let token = checked_in
        .token
        .map(|token| HeaderValue::from_str(token.as_str()));
    response
        .headers_mut()
        .extend(token.and_then(Result::ok).map(|token| (TOKEN, token)));
    Ok(response)
}
