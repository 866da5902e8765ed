use axum::response::{IntoResponse as _, Response};
use http::header;

use imprint_app::registry;
use imprint_domain::registry::Overview;

use crate::Api;
use crate::error::ApiError;
use crate::registry_page::{self, HowTo, POLICY};
use crate::urls::Urls;

/// What came out and who runs it, for people
///
/// One page of HTML with components, their trains and releases over time, and the versions that installations run. It
/// loads nothing.
#[utoipa::path(get, path = "/registry", tag = "dashboards", operation_id = "read_registry_page",
    responses((status = 200, description = "The page", body = String, content_type = "text/html",
        example = "<!doctype html> …")))]
pub(crate) async fn page(api: Api, urls: Urls) -> Result<Response, ApiError> {
    // The same for everybody.
    answer(&api, &urls, "public, max-age=60").await
}

/// What came out of an organization and who runs it, for people
///
/// One page of HTML with components, their trains and releases over time, and the versions that installations run. It
/// loads nothing.
#[utoipa::path(get, path = "/v2/orgs/{org}/registry", tag = "dashboards",
    operation_id = "read_registry_page_of_organization",
    params(("org" = String, Path, description = "The organization's slug")),
    responses((status = 200, description = "The page", body = String, content_type = "text/html",
        example = "<!doctype html> …")))]
pub(crate) async fn page_of_organization(api: Api, urls: Urls) -> Result<Response, ApiError> {
    answer(&api, &urls, "no-store").await
}

async fn answer(api: &Api, urls: &Urls, cache: &'static str) -> Result<Response, ApiError> {
    let overview: Overview = registry::overview(&api.env, &api.service.censuses).await?;
    let now = api.env.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let how = HowTo::new(urls, &api.env.organization, &now);
    let page = registry_page::render(&api.env.organization, &overview, &how);
    let page = page.map_err(|error| ApiError::Internal(format!("the registry's page: {error:#}")))?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, cache),
    ];
    Ok((headers, page).into_response())
}
