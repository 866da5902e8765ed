use axum::response::Response;
use http::StatusCode;

use imprint_app::{products, retention};
use imprint_domain::product::Product;
use imprint_domain::slug::ProductSlug;

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::{InPath, JsonBody, after};
use crate::requests::PutRetention;
use crate::resources::{RetentionPreviewResource, RetentionResource};
use crate::urls::Urls;

/// Read a product's retention rules
///
/// Its own, or else its organization's.
#[utoipa::path(get, path = "/products/{slug}/retention", tag = "products", operation_id = "read_retention",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The rules", body = RetentionResource)))]
pub(crate) async fn read(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
) -> Result<Response, ApiError> {
    let product = products::get(&api.env, &slug).await?;
    Ok(answer(&api, &urls, &product))
}

/// Give a product its own retention rules
///
/// They take the place of the organization's as a whole. See first what they would do: `PUT`, then `GET` the preview; a
/// deletion waits for a day after its mark.
#[utoipa::path(put, path = "/products/{slug}/retention", tag = "products", operation_id = "replace_retention",
    params(("slug" = String, Path, description = "The product's slug")), request_body = PutRetention,
    responses((status = 200, description = "The rules", body = RetentionResource)))]
pub(crate) async fn replace(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
    body: Result<JsonBody<PutRetention>, ApiError>,
) -> Result<Response, ApiError> {
    let rules = body.and_then(|JsonBody(body)| body.parse());
    let rules = after(products::get(&api.env, &slug), rules).await?;
    let product = retention::set_rules(&api.env, &slug, Some(rules)).await?;
    Ok(answer(&api, &urls, &product))
}

/// Let a product have its organization's retention rules again
///
/// Answers with these.
#[utoipa::path(delete, path = "/products/{slug}/retention", tag = "products", operation_id = "delete_retention",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The rules", body = RetentionResource)))]
pub(crate) async fn delete(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
) -> Result<Response, ApiError> {
    let product = retention::set_rules(&api.env, &slug, None).await?;
    Ok(answer(&api, &urls, &product))
}

/// See what retention would do now
///
/// Exactly the effects of a run at this moment, each with its reason. Nothing is done.
#[utoipa::path(get, path = "/products/{slug}/retention/preview", tag = "products", operation_id = "preview_retention",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The effects", body = RetentionPreviewResource)))]
pub(crate) async fn preview(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
) -> Result<Response, ApiError> {
    let preview = retention::preview(&api.env, &slug).await?;
    Ok(delivery::json(
        StatusCode::OK,
        &RetentionPreviewResource::new(&urls, &preview),
    ))
}

fn answer(api: &Api, urls: &Urls, product: &Product) -> Response {
    let rules = retention::rules(&api.env, product);
    delivery::json(StatusCode::OK, &RetentionResource::new(urls, product, &rules))
}
