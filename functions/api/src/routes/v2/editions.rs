use axum::response::Response;
use http::StatusCode;

use imprint_app::{editions, products};
use imprint_domain::slug::{EditionSlug, ProductSlug};

use crate::Api;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonBody, Part, after};
use crate::filters::{EditionFilter, EditionParams};
use crate::listing::{ListParams, Listing};
use crate::requests::{CreateProjectEdition, UpdateProjectEdition};
use crate::resources::ProjectEditionResource;
use crate::routes::editions::{made, page, patched};
use crate::urls::Urls;

use super::with_build;

/// List the editions of a project
///
/// In the order of creation. Deleted editions are left out unless they are asked for; the URL of one of these names
/// another edition when that has its slug now. Always full resources; `expand` changes nothing.
#[utoipa::path(get, path = "/v2/orgs/{org}/projects/{project}/editions", tag = "projects",
    operation_id = "list_project_editions",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"), ListParams, EditionParams),
    responses((status = 200, description = "Editions", body = Vec<ProjectEditionResource>,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn list(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    mut listing: Listing,
    filter: EditionFilter,
) -> Result<Response, ApiError> {
    listing.of_resources();
    let organization = &api.env.organization;
    let (product, page) = page(&api.env, &project, &mut listing, &filter).await?;
    let resource = |edition| ProjectEditionResource::new(&urls, organization, &product, edition);
    let list: Vec<_> = page.items.iter().map(resource).collect();
    let path = format!("/v2/orgs/{}/projects/{project}/editions", organization.slug);
    Ok(listing.answer(&urls, &path, &page, &list))
}

/// Create an edition of a project
///
/// With `build_url` it shows that build at once, and `task_url` is where to watch that.
#[utoipa::path(post, path = "/v2/orgs/{org}/projects/{project}/editions", tag = "projects",
    operation_id = "create_project_edition",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    request_body = CreateProjectEdition,
    responses((status = 202, description = "The edition", body = ProjectEditionResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn create(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Authenticated(caller): Authenticated,
    body: Result<JsonBody<CreateProjectEdition>, ApiError>,
) -> Result<Response, ApiError> {
    let JsonBody(body) = after(products::get(&api.env, &project), body).await?;
    let body = with_build(&api.env, &urls, &project, body).await;
    let changed = made(&api.env, &urls, &project, caller, body).await?;
    let resource = ProjectEditionResource::changed(&urls, &api.env.organization, &changed);
    let edition = &changed.edition;
    let url = urls.project_edition(&edition.organization, &project, &edition.slug);
    Ok(located(delivery::json(StatusCode::ACCEPTED, &resource), &url))
}

/// Read an edition of a project
///
/// Also one that was deleted, while no other has its slug; of several the one that was deleted last.
#[utoipa::path(get, path = "/v2/orgs/{org}/projects/{project}/editions/{edition}", tag = "projects",
    operation_id = "read_project_edition",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("edition" = String, Path, description = "The edition's slug")),
    responses((status = 200, description = "The edition", body = ProjectEditionResource)))]
pub(crate) async fn read(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(edition): Part<EditionSlug>,
) -> Result<Response, ApiError> {
    let (product, edition) = editions::with_slug(&api.env, &project, &edition).await?;
    let resource = ProjectEditionResource::new(&urls, &api.env.organization, &product, &edition);
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// Change an edition of a project
///
/// Naming a build shows it now, also when it is older than the present one; a pinned edition can only be given its own
/// again. A change to what the edition already is succeeds.
///
/// Another slug is claimed at once, and the edition has it as soon as its files are there; until then it is found here by
/// the old one. The default edition cannot be renamed.
#[utoipa::path(patch, path = "/v2/orgs/{org}/projects/{project}/editions/{edition}", tag = "projects",
    operation_id = "update_project_edition",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("edition" = String, Path, description = "The edition's slug")),
    request_body = UpdateProjectEdition,
    responses((status = 202, description = "The edition", body = ProjectEditionResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn update(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(edition): Part<EditionSlug>,
    Authenticated(caller): Authenticated,
    body: Result<JsonBody<UpdateProjectEdition>, ApiError>,
) -> Result<Response, ApiError> {
    let (_, edition) = editions::with_slug(&api.env, &project, &edition).await?;
    let JsonBody(body) = body?;
    let body = with_build(&api.env, &urls, &project, body).await;
    let changed = patched(&api.env, &urls, edition.id, caller, body).await?;
    let resource = ProjectEditionResource::changed(&urls, &api.env.organization, &changed);
    let url = urls.project_edition(&edition.organization, &project, &changed.edition.slug);
    Ok(located(delivery::json(StatusCode::ACCEPTED, &resource), &url))
}

/// Delete an edition of a project
///
/// No build moves it any more, lists leave it out, and another edition can have its slug. It can be restored for 30 days.
#[utoipa::path(delete, path = "/v2/orgs/{org}/projects/{project}/editions/{edition}", tag = "projects",
    operation_id = "delete_project_edition",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("edition" = String, Path, description = "The edition's slug")),
    responses((status = 200, description = "Deleted, or it was before", body = ProjectEditionResource)))]
pub(crate) async fn end(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(edition): Part<EditionSlug>,
) -> Result<Response, ApiError> {
    let (_, edition) = editions::with_slug(&api.env, &project, &edition).await?;
    let changed = editions::end(&api.env, edition.id).await?;
    let resource = ProjectEditionResource::changed(&urls, &api.env.organization, &changed);
    Ok(delivery::json(StatusCode::OK, &resource))
}
