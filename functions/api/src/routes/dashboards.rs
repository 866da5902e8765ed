use axum::response::Response;
use http::StatusCode;

use imprint_app::{dashboards, templates};
use imprint_domain::slug::ProductSlug;

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::{InPath, JsonBody};
use crate::requests::UseTemplates;
use crate::resources::{DashboardDocument, Queued};
use crate::urls::Urls;

/// Write a product's pages anew
///
/// They follow every change by themselves; this is for what changed elsewhere, such as a template.
#[utoipa::path(post, path = "/products/{slug}/dashboard", tag = "dashboards", operation_id = "render_dashboard",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 202, description = "Accepted", body = Queued)))]
pub(crate) async fn render(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
) -> Result<Response, ApiError> {
    let task = dashboards::render(&api.env, &slug).await?;
    Ok(accepted(urls.task(&task)))
}

/// Write the pages of all products anew
///
/// And then the index of the products. One task follows all of it.
#[utoipa::path(post, path = "/dashboards", tag = "dashboards", operation_id = "render_dashboards",
    responses((status = 202, description = "Accepted", body = Queued)))]
pub(crate) async fn render_all(api: Api, urls: Urls) -> Result<Response, ApiError> {
    let task = dashboards::render_all(&api.env).await?;
    Ok(accepted(urls.task(&task)))
}

/// Use own templates
///
/// Those of a folder in the organization's bucket, `_imprint/templates/<org>/<name>/`: files whose names end in `.html`, or
/// one `template.zip`. They are tried first, on empty pages, on full ones and on hostile names; what is wrong is told with its
/// template and line. What was tried is kept, so a later change of the folder takes effect with the next request only.
#[utoipa::path(put, path = "/v2/orgs/{org}/dashboard-template", tag = "dashboards", operation_id = "use_own_templates",
    params(("org" = String, Path, description = "The organization's slug")), request_body = UseTemplates,
    responses((status = 202, description = "Accepted: all pages are written anew", body = Queued)))]
pub(crate) async fn use_templates(
    api: Api,
    urls: Urls,
    JsonBody(body): JsonBody<UseTemplates>,
) -> Result<Response, ApiError> {
    let name = body.parse()?;
    let (_, task) = templates::set(&api.service.tenants, &api.env, Some(&name)).await?;
    Ok(accepted(urls.task_of_project(&task)))
}

/// Use the built-in templates again
#[utoipa::path(delete, path = "/v2/orgs/{org}/dashboard-template", tag = "dashboards",
    operation_id = "use_built_in_templates",
    params(("org" = String, Path, description = "The organization's slug")),
    responses((status = 202, description = "Accepted: all pages are written anew", body = Queued)))]
pub(crate) async fn drop_templates(api: Api, urls: Urls) -> Result<Response, ApiError> {
    let (_, task) = templates::set(&api.service.tenants, &api.env, None).await?;
    Ok(accepted(urls.task_of_project(&task)))
}

fn accepted(queue_url: String) -> Response {
    delivery::json(StatusCode::ACCEPTED, &Queued { queue_url })
}

/// Read everything that a dashboard lists
///
/// A product, all its editions, and its 1,000 newest builds, in one document. What was deleted is there too, with
/// `date_ended`.
#[utoipa::path(get, path = "/products/{slug}/dashboard", tag = "dashboards", operation_id = "read_dashboard",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The product with its editions and builds", body = DashboardDocument)))]
pub(crate) async fn read(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
) -> Result<Response, ApiError> {
    let found = dashboards::document(&api.env, &slug).await?;
    let (product, editions, builds) = &found;
    let document = DashboardDocument::new(&urls, &api.env.organization, product, editions, builds);
    Ok(delivery::json(StatusCode::OK, &document))
}
