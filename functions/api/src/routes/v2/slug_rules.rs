use axum::response::Response;

use crate::Api;
use crate::error::ApiError;
use crate::extract::{JsonBody, Named};
use crate::requests::{PreviewSlugRules, SetSlugRules};
use crate::resources::{SlugPreview, SlugRulesResource};
use crate::routes::slug_rules as first;

/// Read the slug rules of a project
///
/// How its git refs become slugs of new editions: its own list, or its organization's.
#[utoipa::path(get, path = "/v2/orgs/{org}/projects/{project}/slug-rules", tag = "projects",
    operation_id = "read_project_slug_rules",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    responses((status = 200, description = "The rules in force", body = SlugRulesResource)))]
pub(crate) async fn read(api: Api, project: Named) -> Result<Response, ApiError> {
    first::read(api, project).await
}

/// Give a project slug rules of its own
///
/// Or its organization's again, with null. They name editions that are yet to come; those that exist stay what they are
/// and follow what they track.
#[utoipa::path(put, path = "/v2/orgs/{org}/projects/{project}/slug-rules", tag = "projects",
    operation_id = "set_project_slug_rules",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    request_body = SetSlugRules,
    responses((status = 200, description = "The rules in force", body = SlugRulesResource)))]
pub(crate) async fn set(
    api: Api,
    project: Named,
    body: Result<JsonBody<SetSlugRules>, ApiError>,
) -> Result<Response, ApiError> {
    first::set(api, project, body).await
}

/// Give a project the slug rules of its organization
#[utoipa::path(delete, path = "/v2/orgs/{org}/projects/{project}/slug-rules", tag = "projects",
    operation_id = "delete_project_slug_rules",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    responses((status = 200, description = "The rules in force", body = SlugRulesResource)))]
pub(crate) async fn remove(api: Api, project: Named) -> Result<Response, ApiError> {
    first::remove(api, project).await
}

/// Preview slug rules of a project
///
/// What would become of builds of these refs if they came one after the other, by the rules in force or by others:
/// which editions would follow, which would be created, or why none. Changes nothing.
#[utoipa::path(post, path = "/v2/orgs/{org}/projects/{project}/slug-rules/preview", tag = "projects",
    operation_id = "preview_project_slug_rules",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    request_body = PreviewSlugRules,
    responses((status = 200, description = "The previews", body = SlugPreview)))]
pub(crate) async fn preview(
    api: Api,
    project: Named,
    body: Result<JsonBody<PreviewSlugRules>, ApiError>,
) -> Result<Response, ApiError> {
    first::preview(api, project, body).await
}
