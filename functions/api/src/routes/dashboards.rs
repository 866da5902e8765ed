use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use imprint_app::dashboards;
use imprint_domain::id::TaskId;
use imprint_domain::slug::ProductSlug;

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::InPath;
use crate::resources::{DashboardDocument, Queued};
use crate::urls::Urls;

/// Write a product's pages anew
///
/// They follow every change by themselves; this is for what changed elsewhere, such as a template.
#[utoipa::path(post, path = "/products/{slug}/dashboard", tag = "dashboards", operation_id = "render_dashboard",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 202, description = "Accepted", body = Queued)))]
pub(crate) async fn render(
    State(api): State<Api>,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
) -> Result<Response, ApiError> {
    let task = dashboards::render(&api.env, &slug).await?;
    Ok(accepted(&urls, &task))
}

/// Write the pages of all products anew
///
/// And then the index of the products. One task follows all of it.
#[utoipa::path(post, path = "/dashboards", tag = "dashboards", operation_id = "render_dashboards",
    responses((status = 202, description = "Accepted", body = Queued)))]
pub(crate) async fn render_all(State(api): State<Api>, urls: Urls) -> Result<Response, ApiError> {
    let task = dashboards::render_all(&api.env).await?;
    Ok(accepted(&urls, &task))
}

fn accepted(urls: &Urls, task: &TaskId) -> Response {
    let queue_url = urls.task(task);
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
    State(api): State<Api>,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
) -> Result<Response, ApiError> {
    let found = dashboards::document(&api.env, &slug).await?;
    let (product, editions, builds) = &found;
    let document = DashboardDocument::new(&urls, &api.env.organization, product, editions, builds);
    Ok(delivery::json(StatusCode::OK, &document))
}
