use axum::response::Response;
use http::StatusCode;

use imprint_app::{products, retention};
use imprint_domain::product::Product;
use imprint_domain::slug::OrganizationSlug;

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::{JsonBody, Named, Part, after};
use crate::requests::PutRetention;
use crate::resources::{OrganizationRetentionResource, RetentionPreviewResource, RetentionResource};
use crate::urls::Urls;

/// Read a product's retention rules
///
/// Its own, or else its organization's.
#[utoipa::path(get, path = "/products/{slug}/retention", tag = "products", operation_id = "read_retention",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The rules", body = RetentionResource)))]
pub(crate) async fn read(api: Api, named: Named) -> Result<Response, ApiError> {
    let product = products::get(&api.env, &named.slug).await?;
    Ok(answer(&api, &named, &product))
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
    named: Named,
    body: Result<JsonBody<PutRetention>, ApiError>,
) -> Result<Response, ApiError> {
    let rules = body.and_then(|JsonBody(body)| body.parse());
    let rules = after(products::get(&api.env, &named.slug), rules).await?;
    let product = retention::set_rules(&api.env, &named.slug, Some(rules)).await?;
    Ok(answer(&api, &named, &product))
}

/// Let a product have its organization's retention rules again
///
/// Answers with these.
#[utoipa::path(delete, path = "/products/{slug}/retention", tag = "products", operation_id = "delete_retention",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The rules", body = RetentionResource)))]
pub(crate) async fn delete(api: Api, named: Named) -> Result<Response, ApiError> {
    let product = retention::set_rules(&api.env, &named.slug, None).await?;
    Ok(answer(&api, &named, &product))
}

/// See what retention would do now
///
/// Exactly the effects of a run at this moment, each with its reason. Nothing is done.
#[utoipa::path(get, path = "/products/{slug}/retention/preview", tag = "products", operation_id = "preview_retention",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The effects", body = RetentionPreviewResource)))]
pub(crate) async fn preview(api: Api, named: Named) -> Result<Response, ApiError> {
    let preview = retention::preview(&api.env, &named.slug).await?;
    Ok(delivery::json(
        StatusCode::OK,
        &RetentionPreviewResource::new(&named, &preview),
    ))
}

fn answer(api: &Api, named: &Named, product: &Product) -> Response {
    let rules = retention::rules(&api.env, product);
    delivery::json(StatusCode::OK, &RetentionResource::new(named, product, &rules))
}

/// Read the retention rules of an organization
///
/// They hold for products that have none of their own.
#[utoipa::path(get, path = "/v2/orgs/{org}/retention", tag = "organizations",
    operation_id = "read_organization_retention",
    params(("org" = String, Path, description = "The organization's slug")),
    responses((status = 200, description = "The rules", body = OrganizationRetentionResource)))]
pub(crate) async fn read_of_organization(api: Api, urls: Urls) -> Result<Response, ApiError> {
    let resource = OrganizationRetentionResource::new(&urls, &api.env.organization);
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// Give an organization retention rules
///
/// They hold for all its products that have none of their own, from the next hourly run on. The preview of a product says
/// what they would do; a deletion waits for a day after its mark.
#[utoipa::path(put, path = "/v2/orgs/{org}/retention", tag = "organizations",
    operation_id = "replace_organization_retention",
    params(("org" = String, Path, description = "The organization's slug")), request_body = PutRetention,
    responses((status = 200, description = "The rules", body = OrganizationRetentionResource)))]
pub(crate) async fn replace_of_organization(
    api: Api,
    urls: Urls,
    Part(org): Part<OrganizationSlug>,
    JsonBody(body): JsonBody<PutRetention>,
) -> Result<Response, ApiError> {
    let rules = body.parse()?;
    let organization = retention::set_rules_of_organization(&api.service.tenants, &org, &rules).await?;
    let resource = OrganizationRetentionResource::new(&urls, &organization);
    Ok(delivery::json(StatusCode::OK, &resource))
}
