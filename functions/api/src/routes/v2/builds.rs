use axum::response::Response;
use http::StatusCode;

use imprint_app::builds::{self, CreatedBuild};
use imprint_app::products;
use imprint_domain::slug::{BuildSlug, ProductSlug};

use crate::Api;
use crate::delivery::{self, Accepted, located};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonBody, Part, after};
use crate::filters::{BuildFilter, BuildParams};
use crate::listing::{ListParams, Listing};
use crate::requests::{CreateProjectBuild, MakeForms, UpdateBuild};
use crate::resources::ProjectBuildResource;
use crate::routes::builds::{confirmed, made_forms, page, register, too_many};
use crate::urls::Urls;

/// List the builds of a project
///
/// Newest first. Deleted builds are left out unless they are asked for. Always full resources; `expand` changes nothing.
#[utoipa::path(get, path = "/v2/orgs/{org}/projects/{project}/builds", tag = "projects",
    operation_id = "list_project_builds",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"), ListParams, BuildParams),
    responses((status = 200, description = "Builds", body = Vec<ProjectBuildResource>,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn list(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    mut listing: Listing,
    filter: BuildFilter,
) -> Result<Response, ApiError> {
    listing.of_resources();
    let organization = &api.env.organization;
    let (product, page) = page(&api.env, &project, &mut listing, &filter).await?;
    let resource = |build| ProjectBuildResource::new(&urls, organization, &product, build);
    let list: Vec<_> = page.items.iter().map(resource).collect();
    let path = format!("/v2/orgs/{}/projects/{project}/builds", organization.slug);
    Ok(listing.answer(&urls, &path, &page, &list))
}

/// Register a build of a project
///
/// The answer has forms to upload the files with, or with `"upload": "archive"` one address for an archive of all files. When nobody tracks the ref, an edition comes with it. Forms for more than
/// a few hundred directories need `Accept-Encoding: gzip`.
#[utoipa::path(post, path = "/v2/orgs/{org}/projects/{project}/builds", tag = "projects",
    operation_id = "create_project_build",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    request_body = CreateProjectBuild,
    responses((status = 201, description = "The build with its forms", body = ProjectBuildResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn create(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Authenticated(caller): Authenticated,
    accepted: Accepted,
    body: Result<JsonBody<CreateProjectBuild>, ApiError>,
) -> Result<Response, ApiError> {
    let organization = &api.env.organization;
    let new = body.and_then(|JsonBody(body)| body.parse(&caller, &organization.slug, &project));
    let new = after(products::get(&api.env, &project), new).await?;
    let render = |created: &CreatedBuild| {
        let resource = ProjectBuildResource::created(&urls, organization, created);
        delivery::render(&resource, accepted)
    };
    let (created, answer) = register(&api.env, &project, new, &render).await?;
    let url = urls.project_build(&organization.slug, &project, &created.build.slug);
    Ok(located(answer, &url))
}

/// Make upload forms for a build of a project
///
/// For a build whose forms are no longer good, or of which another client goes on uploading: any number of times, for as many of
/// its directories at a time as one likes, until its upload is confirmed. Of a build that comes in an archive it is the address
/// to send that to. Nothing changes; forms that were made before stay good for their day.
#[utoipa::path(post, path = "/v2/orgs/{org}/projects/{project}/builds/{build}/forms", tag = "projects",
    operation_id = "make_project_upload_forms",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("build" = String, Path, description = "The build's slug")),
    request_body = MakeForms,
    responses((status = 200, description = "The build with its forms", body = ProjectBuildResource)))]
pub(crate) async fn forms(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(build): Part<BuildSlug>,
    accepted: Accepted,
    body: Result<JsonBody<MakeForms>, ApiError>,
) -> Result<Response, ApiError> {
    let (_, build) = builds::with_slug(&api.env, &project, &build).await?;
    let made = made_forms(&api.env, build.id, body).await?;
    let resource = ProjectBuildResource::created(&urls, &api.env.organization, &made);
    let answer = delivery::render(&resource, accepted).map_err(too_many)?;
    Ok(delivery::deliver(StatusCode::OK, answer))
}

/// Read a build of a project
///
/// Also one that was deleted.
#[utoipa::path(get, path = "/v2/orgs/{org}/projects/{project}/builds/{build}", tag = "projects",
    operation_id = "read_project_build",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("build" = String, Path, description = "The build's slug")),
    responses((status = 200, description = "The build", body = ProjectBuildResource)))]
pub(crate) async fn read(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(build): Part<BuildSlug>,
) -> Result<Response, ApiError> {
    let (product, build) = builds::with_slug(&api.env, &project, &build).await?;
    let resource = ProjectBuildResource::new(&urls, &api.env.organization, &product, &build);
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// Confirm the upload of a build of a project
///
/// `{"uploaded": true}` has the editions that follow the build move to it; `task_url` is where to watch that.
#[utoipa::path(patch, path = "/v2/orgs/{org}/projects/{project}/builds/{build}", tag = "projects",
    operation_id = "update_project_build",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("build" = String, Path, description = "The build's slug")),
    request_body = UpdateBuild,
    responses((status = 202, description = "Accepted", body = ProjectBuildResource,
        headers(("Location" = String, description = "The build's URL")))))]
pub(crate) async fn update(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(build): Part<BuildSlug>,
    body: Result<JsonBody<UpdateBuild>, ApiError>,
) -> Result<Response, ApiError> {
    let (product, found) = builds::with_slug(&api.env, &project, &build).await?;
    let JsonBody(body) = body?;
    let task = confirmed(&api.env, found.id, &body).await?;
    let found = builds::get(&api.env, found.id).await?;
    let resource = ProjectBuildResource::new(&urls, &api.env.organization, &product, &found);
    let resource = resource.watched(&urls, task.as_ref());
    let url = urls.project_build(&found.organization, &project, &build);
    Ok(located(delivery::json(StatusCode::ACCEPTED, &resource), &url))
}

/// Delete a build of a project
///
/// No edition can move to it any more. Editions that show it keep showing it.
#[utoipa::path(delete, path = "/v2/orgs/{org}/projects/{project}/builds/{build}", tag = "projects",
    operation_id = "delete_project_build",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("build" = String, Path, description = "The build's slug")),
    responses((status = 200, description = "Deleted, or it was before", body = ProjectBuildResource)))]
pub(crate) async fn end(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    Part(build): Part<BuildSlug>,
) -> Result<Response, ApiError> {
    let (product, build) = builds::with_slug(&api.env, &project, &build).await?;
    let build = builds::end(&api.env, build.id).await?;
    let resource = ProjectBuildResource::new(&urls, &api.env.organization, &product, &build);
    Ok(delivery::json(StatusCode::OK, &resource))
}
