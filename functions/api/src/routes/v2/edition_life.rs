use axum::response::Response;
use http::StatusCode;

use imprint_app::editions::{self, Changed};
use imprint_domain::slug::{EditionSlug, ProductSlug};

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonBody, Part};
use crate::listing::{ListParams, Listing};
use crate::requests::RollbackEdition;
use crate::resources::{MoveResource, ProjectEditionResource};
use crate::urls::Urls;

use super::with_build;

/// Read the history of an edition of a project
///
/// Every decision to show a build, newest first, with who made it and why. At most 1000 a page; `expand` changes nothing.
#[utoipa::path(get, path = "/v2/orgs/{org}/projects/{project}/editions/{edition}/history", tag = "projects",
    operation_id = "list_project_edition_history",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("edition" = String, Path, description = "The edition's slug"), ListParams),
    responses((status = 200, description = "Moves", body = Vec<MoveResource>,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn history(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(edition): Part<EditionSlug>,
    Authenticated(caller): Authenticated,
    mut listing: Listing,
) -> Result<Response, ApiError> {
    listing.of_resources();
    let env = &api.env;
    let (_, edition) = editions::with_slug(env, &project, &edition).await?;
    let read = |limit, cursor: Option<String>| async move {
        editions::history(env, edition.id, limit, cursor.as_deref()).await
    };
    let page = listing.read(read).await?;
    let resource = |moved| MoveResource::of_project(&urls, &edition, &caller, moved);
    let list: Vec<_> = page.items.iter().map(resource).collect();
    let (org, slug) = (&env.organization.slug, &edition.slug);
    let path = format!("/v2/orgs/{org}/projects/{project}/editions/{slug}/history");
    Ok(listing.answer(&urls, &path, &page, &list))
}

/// Go back to an earlier build of a project
///
/// To any build of the edition's history that was not deleted. Builds that come later and are followed take it on; pin it
/// to stay. `task_url` is where to watch the move.
#[utoipa::path(post, path = "/v2/orgs/{org}/projects/{project}/editions/{edition}/rollback", tag = "projects",
    operation_id = "roll_back_project_edition",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("edition" = String, Path, description = "The edition's slug")),
    request_body = RollbackEdition,
    responses((status = 202, description = "The edition", body = ProjectEditionResource)))]
pub(crate) async fn rollback(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(edition): Part<EditionSlug>,
    Authenticated(caller): Authenticated,
    body: Result<JsonBody<RollbackEdition>, ApiError>,
) -> Result<Response, ApiError> {
    let (_, edition) = editions::with_slug(&api.env, &project, &edition).await?;
    let JsonBody(body) = body?;
    let to = with_build(&api.env, &urls, &project, body).await?.parse(&urls)?;
    let changed = editions::rollback(&api.env, edition.id, to, Some(caller.user)).await?;
    Ok(answer(&api, &urls, &changed))
}

/// Pin an edition of a project
///
/// It stays at its build whatever it tracks. What it would have followed waits, and `waiting_build_url` names the build
/// that comes when it is unpinned. Pinning it again changes nothing. No body is read.
#[utoipa::path(post, path = "/v2/orgs/{org}/projects/{project}/editions/{edition}/pin", tag = "projects",
    operation_id = "pin_project_edition",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("edition" = String, Path, description = "The edition's slug")),
    responses((status = 202, description = "The edition", body = ProjectEditionResource)))]
pub(crate) async fn pin(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(edition): Part<EditionSlug>,
) -> Result<Response, ApiError> {
    let (_, edition) = editions::with_slug(&api.env, &project, &edition).await?;
    let changed = editions::pin(&api.env, edition.id).await?;
    Ok(answer(&api, &urls, &changed))
}

/// Unpin an edition of a project
///
/// It follows again, and moves once to the newest build that waited and was not deleted; `task_url` is where to watch that.
/// Unpinning it again changes nothing. No body is read.
#[utoipa::path(post, path = "/v2/orgs/{org}/projects/{project}/editions/{edition}/unpin", tag = "projects",
    operation_id = "unpin_project_edition",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("edition" = String, Path, description = "The edition's slug")),
    responses((status = 202, description = "The edition", body = ProjectEditionResource)))]
pub(crate) async fn unpin(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(edition): Part<EditionSlug>,
    Authenticated(caller): Authenticated,
) -> Result<Response, ApiError> {
    let (_, edition) = editions::with_slug(&api.env, &project, &edition).await?;
    let changed = editions::unpin(&api.env, edition.id, Some(caller.user)).await?;
    Ok(answer(&api, &urls, &changed))
}

/// Restore a deleted edition of a project
///
/// The one of this slug that was deleted last, within 30 days of its deletion, while no other edition has its slug. Its
/// build is published again, which `task_url` watches. Restoring an edition that was not deleted changes nothing. No body
/// is read.
#[utoipa::path(post, path = "/v2/orgs/{org}/projects/{project}/editions/{edition}/restore", tag = "projects",
    operation_id = "restore_project_edition",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("edition" = String, Path, description = "The edition's slug")),
    responses((status = 202, description = "The edition", body = ProjectEditionResource)))]
pub(crate) async fn restore(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(edition): Part<EditionSlug>,
    Authenticated(caller): Authenticated,
) -> Result<Response, ApiError> {
    let (_, edition) = editions::with_slug(&api.env, &project, &edition).await?;
    let changed = editions::restore(&api.env, edition.id, Some(caller.user)).await?;
    Ok(answer(&api, &urls, &changed))
}

fn answer(api: &Api, urls: &Urls, changed: &Changed) -> Response {
    let resource = ProjectEditionResource::changed(urls, &api.env.organization, changed);
    delivery::json(StatusCode::ACCEPTED, &resource)
}
