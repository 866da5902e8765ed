use axum::response::Response;

use crate::Api;
use crate::error::ApiError;
use crate::extract::{JsonBody, Named};
use crate::requests::PutRetention;
use crate::resources::{RetentionPreviewResource, RetentionResource};
use crate::routes::retention as first;

/// Read a project's retention rules
///
/// Its own, or else its organization's.
#[utoipa::path(get, path = "/v2/orgs/{org}/projects/{project}/retention", tag = "projects",
    operation_id = "read_project_retention",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    responses((status = 200, description = "The rules", body = RetentionResource)))]
pub(crate) async fn read(api: Api, project: Named) -> Result<Response, ApiError> {
    first::read(api, project).await
}

/// Give a project its own retention rules
///
/// They take the place of the organization's as a whole. See first what they would do: `PUT`, then `GET` the preview; a
/// deletion waits for a day after its mark.
#[utoipa::path(put, path = "/v2/orgs/{org}/projects/{project}/retention", tag = "projects",
    operation_id = "replace_project_retention",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    request_body = PutRetention,
    responses((status = 200, description = "The rules", body = RetentionResource)))]
pub(crate) async fn replace(
    api: Api,
    project: Named,
    body: Result<JsonBody<PutRetention>, ApiError>,
) -> Result<Response, ApiError> {
    first::replace(api, project, body).await
}

/// Let a project have its organization's retention rules again
///
/// Answers with these.
#[utoipa::path(delete, path = "/v2/orgs/{org}/projects/{project}/retention", tag = "projects",
    operation_id = "delete_project_retention",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    responses((status = 200, description = "The rules", body = RetentionResource)))]
pub(crate) async fn delete(api: Api, project: Named) -> Result<Response, ApiError> {
    first::delete(api, project).await
}

/// See what retention would do to a project now
///
/// Exactly the effects of a run at this moment, each with its reason. Nothing is done.
#[utoipa::path(get, path = "/v2/orgs/{org}/projects/{project}/retention/preview", tag = "projects",
    operation_id = "preview_project_retention",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    responses((status = 200, description = "The effects", body = RetentionPreviewResource)))]
pub(crate) async fn preview(api: Api, project: Named) -> Result<Response, ApiError> {
    first::preview(api, project).await
}
