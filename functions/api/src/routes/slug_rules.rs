use axum::response::Response;
use http::StatusCode;

use imprint_app::products;
use imprint_app::slug_rules::{self, OwnRules};
use imprint_domain::product::Product;
use imprint_domain::slug::OrganizationSlug;

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::{JsonBody, Named, Part, after};
use crate::requests::{PreviewSlugRules, SetOrganizationRules, SetSlugRules};
use crate::resources::{OrganizationRulesResource, PreviewResource, SlugPreview, SlugRulesResource};
use crate::urls::Urls;

fn answer(api: &Api, named: &Named, product: &Product) -> Response {
    let resource = SlugRulesResource::new(named, &api.env.organization, product);
    delivery::json(StatusCode::OK, &resource)
}

/// Read the slug rules of a product
///
/// How its git refs become slugs of new editions: its own list, or its organization's.
#[utoipa::path(get, path = "/products/{slug}/slug-rules", tag = "products", operation_id = "read_slug_rules",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The rules in force", body = SlugRulesResource)))]
pub(crate) async fn read(api: Api, named: Named) -> Result<Response, ApiError> {
    let product = products::get(&api.env, &named.slug).await?;
    Ok(answer(&api, &named, &product))
}

/// Give a product slug rules of its own
///
/// Or its organization's again, with null. They name editions that are yet to come; those that exist stay what they are
/// and follow what they track.
#[utoipa::path(put, path = "/products/{slug}/slug-rules", tag = "products", operation_id = "set_slug_rules",
    params(("slug" = String, Path, description = "The product's slug")), request_body = SetSlugRules,
    responses((status = 200, description = "The rules in force", body = SlugRulesResource)))]
pub(crate) async fn set(
    api: Api,
    named: Named,
    body: Result<JsonBody<SetSlugRules>, ApiError>,
) -> Result<Response, ApiError> {
    let own = body.and_then(|JsonBody(body)| body.parse());
    let own = after(products::get(&api.env, &named.slug), own).await?;
    let product = slug_rules::set(&api.env, &named.slug, own).await?;
    Ok(answer(&api, &named, &product))
}

/// Give a product the slug rules of its organization
#[utoipa::path(delete, path = "/products/{slug}/slug-rules", tag = "products", operation_id = "delete_slug_rules",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The rules in force", body = SlugRulesResource)))]
pub(crate) async fn remove(api: Api, named: Named) -> Result<Response, ApiError> {
    let product = slug_rules::set(&api.env, &named.slug, OwnRules::default()).await?;
    Ok(answer(&api, &named, &product))
}

/// Preview slug rules
///
/// What would become of builds of these refs if they came one after the other, by the rules in force or by others:
/// which editions would follow, which would be created, or why none. Changes nothing.
#[utoipa::path(post, path = "/products/{slug}/slug-rules/preview", tag = "products", operation_id = "preview_slug_rules",
    params(("slug" = String, Path, description = "The product's slug")), request_body = PreviewSlugRules,
    responses((status = 200, description = "The previews", body = SlugPreview)))]
pub(crate) async fn preview(
    api: Api,
    named: Named,
    body: Result<JsonBody<PreviewSlugRules>, ApiError>,
) -> Result<Response, ApiError> {
    let asked = body.and_then(|JsonBody(body)| body.parse());
    let asked = after(products::get(&api.env, &named.slug), asked).await?;
    let foreseen = slug_rules::foresee(&api.env, &named.slug, &asked).await?;
    let previews = foreseen
        .iter()
        .map(|one| PreviewResource::new(&named, one))
        .collect();
    Ok(delivery::json(StatusCode::OK, &SlugPreview { previews }))
}

/// Read the slug rules of an organization
///
/// They hold for products that have none of their own.
#[utoipa::path(get, path = "/v2/orgs/{org}/slug-rules", tag = "organizations",
    operation_id = "read_organization_slug_rules",
    params(("org" = String, Path, description = "The organization's slug")),
    responses((status = 200, description = "The rules", body = OrganizationRulesResource)))]
pub(crate) async fn read_of_organization(api: Api, urls: Urls) -> Result<Response, ApiError> {
    let resource = OrganizationRulesResource::new(&urls, &api.env.organization);
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// Give an organization slug rules
///
/// They hold within seconds, for editions that are yet to come.
#[utoipa::path(put, path = "/v2/orgs/{org}/slug-rules", tag = "organizations",
    operation_id = "set_organization_slug_rules",
    params(("org" = String, Path, description = "The organization's slug")), request_body = SetOrganizationRules,
    responses((status = 200, description = "The rules", body = OrganizationRulesResource)))]
pub(crate) async fn set_of_organization(
    api: Api,
    urls: Urls,
    Part(org): Part<OrganizationSlug>,
    JsonBody(body): JsonBody<SetOrganizationRules>,
) -> Result<Response, ApiError> {
    let rules = body.parse()?;
    let organization = slug_rules::set_of_organization(&api.service.tenants, &org, &rules).await?;
    let resource = OrganizationRulesResource::new(&urls, &organization);
    Ok(delivery::json(StatusCode::OK, &resource))
}
