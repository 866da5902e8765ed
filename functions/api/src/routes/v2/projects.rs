use axum::response::Response;
use http::StatusCode;

use imprint_app::{dashboards, editions, products};
use imprint_domain::product::Product;
use imprint_domain::slug::ProductSlug;

use crate::Api;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{JsonBody, Part, after};
use crate::filters::{ProductFilter, ProductParams};
use crate::listing::{ListParams, Listing};
use crate::requests::{CreateProject, UpdateProject};
use crate::resources::{ProjectResource, Started};
use crate::routes::products::page;
use crate::urls::Urls;

/// List the projects of an organization
///
/// In the order of creation, each with its default edition. Deleted projects are left out. Always full resources; `expand` changes nothing.
#[utoipa::path(get, path = "/v2/orgs/{org}/projects", tag = "projects", operation_id = "list_projects",
    params(("org" = String, Path, description = "The organization's slug"), ListParams, ProductParams),
    responses((status = 200, description = "Projects", body = Vec<ProjectResource>,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn list(
    api: Api,
    urls: Urls,
    mut listing: Listing,
    filter: ProductFilter,
) -> Result<Response, ApiError> {
    listing.of_resources();
    let (env, organization) = (&api.env, &api.env.organization);
    let page = page(env, &mut listing, &filter).await?;
    let defaults = editions::defaults_of(env, &page.items).await?;
    let resource =
        |product: &Product| ProjectResource::new(&urls, organization, product, defaults.get(&product.slug));
    let list: Vec<_> = page.items.iter().map(resource).collect();
    let path = format!("/v2/orgs/{}/projects", organization.slug);
    Ok(listing.answer(&urls, &path, &page, &list))
}

/// Create a project
///
/// Comes with its default edition, which tracks `main`.
#[utoipa::path(post, path = "/v2/orgs/{org}/projects", tag = "projects", operation_id = "create_project",
    params(("org" = String, Path, description = "The organization's slug")), request_body = CreateProject,
    responses((status = 201, description = "The project", body = ProjectResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn create(
    api: Api,
    urls: Urls,
    JsonBody(body): JsonBody<CreateProject>,
) -> Result<Response, ApiError> {
    let organization = &api.env.organization;
    let (product, edition) = products::create(&api.env, body.parse()?).await?;
    let resource = ProjectResource::new(&urls, organization, &product, Some(&edition));
    let url = urls.project(&organization.slug, &product.slug);
    Ok(located(delivery::json(StatusCode::CREATED, &resource), &url))
}

/// Read a project
///
/// Also one that was deleted.
#[utoipa::path(get, path = "/v2/orgs/{org}/projects/{project}", tag = "projects", operation_id = "read_project",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    responses((status = 200, description = "The project", body = ProjectResource)))]
pub(crate) async fn read(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
) -> Result<Response, ApiError> {
    let product = products::get(&api.env, &project).await?;
    answer(&api, &urls, product).await
}

/// Change a project
///
/// Its title and its repository. A change to what it already is succeeds; a field that is not known is refused.
#[utoipa::path(patch, path = "/v2/orgs/{org}/projects/{project}", tag = "projects", operation_id = "update_project",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    request_body = UpdateProject,
    responses((status = 200, description = "The project", body = ProjectResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn update(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
    body: Result<JsonBody<UpdateProject>, ApiError>,
) -> Result<Response, ApiError> {
    let patch = body.and_then(|JsonBody(body)| body.parse());
    let patch = after(products::get(&api.env, &project), patch).await?;
    let product = products::update(&api.env, &project, patch).await?;
    let url = urls.project(&product.organization, &product.slug);
    Ok(located(answer(&api, &urls, product).await?, &url))
}

/// Delete a project
///
/// Lists leave it out, and it gets no builds and editions any more. Readers keep what is published, until it is removed for
/// good; its slug stays taken. It can be restored for 30 days. Deleting it again changes nothing.
#[utoipa::path(delete, path = "/v2/orgs/{org}/projects/{project}", tag = "projects", operation_id = "delete_project",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    responses((status = 200, description = "The project", body = ProjectResource)))]
pub(crate) async fn end(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
) -> Result<Response, ApiError> {
    let product = products::end(&api.env, &project).await?;
    answer(&api, &urls, product).await
}

/// Restore a deleted project
///
/// Within 30 days of its deletion, with all its builds and editions. Restoring a project that was not deleted changes
/// nothing. No body is read.
#[utoipa::path(post, path = "/v2/orgs/{org}/projects/{project}/restore", tag = "projects",
    operation_id = "restore_project",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    responses((status = 200, description = "The project", body = ProjectResource)))]
pub(crate) async fn restore(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
) -> Result<Response, ApiError> {
    let product = products::restore(&api.env, &project).await?;
    answer(&api, &urls, product).await
}

/// Write a project's pages anew
///
/// They follow every change by themselves; this is for what changed elsewhere, such as a template. `task_url` is where to
/// watch it.
#[utoipa::path(post, path = "/v2/orgs/{org}/projects/{project}/dashboard", tag = "projects",
    operation_id = "render_project_dashboard",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug")),
    responses((status = 200, description = "The project", body = ProjectResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn render(
    api: Api,
    urls: Urls,
    Part(project): Part<ProductSlug>,
) -> Result<Response, ApiError> {
    let product = products::get(&api.env, &project).await?;
    let task = dashboards::render(&api.env, &project).await?;
    let url = urls.project(&product.organization, &product.slug);
    let resource = resource(&api, &urls, product).await?.watched(&urls, &task);
    Ok(located(delivery::json(StatusCode::OK, &resource), &url))
}

/// Write the pages of all projects anew
///
/// And then the index of the projects. One task follows all of it, and `task_url` is where to watch it.
#[utoipa::path(post, path = "/v2/orgs/{org}/dashboards", tag = "dashboards",
    operation_id = "render_organization_dashboards",
    params(("org" = String, Path, description = "The organization's slug")),
    responses((status = 202, description = "Accepted", body = Started)))]
pub(crate) async fn render_all(api: Api, urls: Urls) -> Result<Response, ApiError> {
    let task = dashboards::render_all(&api.env).await?;
    let task_url = urls.task_of_project(&task);
    Ok(delivery::json(StatusCode::ACCEPTED, &Started { task_url }))
}

async fn answer(api: &Api, urls: &Urls, product: Product) -> Result<Response, ApiError> {
    let resource = resource(api, urls, product).await?;
    Ok(delivery::json(StatusCode::OK, &resource))
}

async fn resource(api: &Api, urls: &Urls, product: Product) -> Result<ProjectResource, ApiError> {
    let products = [product];
    let defaults = editions::defaults_of(&api.env, &products).await?;
    let [product] = products;
    let edition = defaults.get(&product.slug);
    Ok(ProjectResource::new(
        urls,
        &api.env.organization,
        &product,
        edition,
    ))
}
