use axum::response::Response;
use http::StatusCode;

use imprint_app::editions::{self, Changed};
use imprint_domain::id::EditionId;

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::{Authenticated, InPath, JsonBody, Known, after};
use crate::listing::{ListParams, Listing};
use crate::requests::RollbackEdition;
use crate::resources::{EditionHistory, EditionResource, MoveResource};
use crate::urls::Urls;

/// Read an edition's history
///
/// Every decision to show a build, newest first, with who made it and why. At most 1000 a page; `expand` changes nothing.
#[utoipa::path(get, path = "/editions/{id}/history", tag = "editions", operation_id = "list_edition_history",
    params(("id" = u64, Path, description = "The edition's number"), ListParams),
    responses((status = 200, description = "Moves", body = EditionHistory,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn history(
    api: Api,
    urls: Urls,
    InPath(id): InPath<EditionId>,
    Known(caller): Known,
    mut listing: Listing,
) -> Result<Response, ApiError> {
    // Moves have no URLs of their own.
    listing.of_resources();
    let env = &api.env;
    let read = |limit, cursor: Option<String>| async move {
        editions::history(env, id, limit, cursor.as_deref()).await
    };
    let page = listing.read(read).await?;
    let resource = |moved| MoveResource::new(&urls, caller.as_ref(), moved);
    let list = EditionHistory {
        history: page.items.iter().map(resource).collect(),
    };
    Ok(listing.answer(&urls, &format!("/editions/{id}/history"), &page, &list))
}

/// Go back to an earlier build
///
/// To any build of the edition's history that was not deleted. Builds that come later and are followed take it on; pin it
/// to stay. `queue_url` is where to watch the move.
#[utoipa::path(post, path = "/editions/{id}/rollback", tag = "editions", operation_id = "roll_back_edition",
    params(("id" = u64, Path, description = "The edition's number")), request_body = RollbackEdition,
    responses((status = 200, description = "The edition", body = EditionResource)))]
pub(crate) async fn rollback(
    api: Api,
    urls: Urls,
    InPath(id): InPath<EditionId>,
    Authenticated(caller): Authenticated,
    body: Result<JsonBody<RollbackEdition>, ApiError>,
) -> Result<Response, ApiError> {
    let to = body.and_then(|JsonBody(body)| body.parse(&urls));
    let to = after(editions::get(&api.env, id), to).await?;
    let changed = editions::rollback(&api.env, id, to, Some(caller.user)).await?;
    Ok(answer(&api, &urls, &changed))
}

/// Pin an edition
///
/// It stays at its build whatever it tracks. What it would have followed waits, and `waiting_build_url` names the build
/// that comes when it is unpinned. Pinning it again changes nothing. No body is read.
#[utoipa::path(post, path = "/editions/{id}/pin", tag = "editions", operation_id = "pin_edition",
    params(("id" = u64, Path, description = "The edition's number")),
    responses((status = 200, description = "The edition", body = EditionResource)))]
pub(crate) async fn pin(api: Api, urls: Urls, InPath(id): InPath<EditionId>) -> Result<Response, ApiError> {
    let changed = editions::pin(&api.env, id).await?;
    Ok(answer(&api, &urls, &changed))
}

/// Unpin an edition
///
/// It follows again, and moves once to the newest build that waited and was not deleted; `queue_url` is where to watch
/// that. Unpinning it again changes nothing. No body is read.
#[utoipa::path(post, path = "/editions/{id}/unpin", tag = "editions", operation_id = "unpin_edition",
    params(("id" = u64, Path, description = "The edition's number")),
    responses((status = 200, description = "The edition", body = EditionResource)))]
pub(crate) async fn unpin(
    api: Api,
    urls: Urls,
    InPath(id): InPath<EditionId>,
    Authenticated(caller): Authenticated,
) -> Result<Response, ApiError> {
    let changed = editions::unpin(&api.env, id, Some(caller.user)).await?;
    Ok(answer(&api, &urls, &changed))
}

/// Restore a deleted edition
///
/// Within 30 days of its deletion, while no other edition has its slug. Its build is published again, which `queue_url`
/// watches. Restoring an edition that was not deleted changes nothing. No body is read.
#[utoipa::path(post, path = "/editions/{id}/restore", tag = "editions", operation_id = "restore_edition",
    params(("id" = u64, Path, description = "The edition's number")),
    responses((status = 200, description = "The edition", body = EditionResource)))]
pub(crate) async fn restore(
    api: Api,
    urls: Urls,
    InPath(id): InPath<EditionId>,
    Authenticated(caller): Authenticated,
) -> Result<Response, ApiError> {
    let changed = editions::restore(&api.env, id, Some(caller.user)).await?;
    Ok(answer(&api, &urls, &changed))
}

fn answer(api: &Api, urls: &Urls, changed: &Changed) -> Response {
    let resource = EditionResource::changed(urls, &api.env.organization, changed);
    delivery::json(StatusCode::OK, &resource)
}
