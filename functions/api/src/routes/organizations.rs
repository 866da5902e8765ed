use axum::response::Response;
use http::StatusCode;

use imprint_app::access::members;
use imprint_app::organizations;
use imprint_domain::access::UserName;
use imprint_domain::slug::OrganizationSlug;

use crate::Api;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonBody, Part};
use crate::listing::{ListParams, Listing};
use crate::requests::{CreateOrganization, SetMember, UpdateOrganization};
use crate::resources::{MemberResource, Nothing, OrganizationResource};
use crate::urls::Urls;

/// List organizations
///
/// Those that the caller has a role in, by slug. Always full resources; `expand` changes nothing.
#[utoipa::path(get, path = "/v2/orgs", tag = "organizations", operation_id = "list_organizations", params(ListParams),
    responses((status = 200, description = "Organizations", body = Vec<OrganizationResource>,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn list(
    api: Api,
    urls: Urls,
    Authenticated(caller): Authenticated,
    mut listing: Listing,
) -> Result<Response, ApiError> {
    listing.of_resources();
    let (tenants, caller) = (&api.service.tenants, &caller);
    let read = |limit, cursor: Option<String>| async move {
        organizations::list(tenants, caller, limit, cursor.as_deref()).await
    };
    let page = listing.read(read).await?;
    let all = page.items.iter();
    let list: Vec<_> = all.map(|one| OrganizationResource::new(&urls, one)).collect();
    Ok(listing.answer(&urls, "/v2/orgs", &page, &list))
}

/// Create an organization
///
/// With its own domain, or a path of one; no other organization may be published there. `fastly_api_key` is stored
/// sealed and never shown. Products' files lie below `_orgs/<slug>/` in its bucket.
#[utoipa::path(post, path = "/v2/orgs", tag = "organizations", operation_id = "create_organization",
    request_body = CreateOrganization,
    responses((status = 201, description = "The organization", body = OrganizationResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn create(
    api: Api,
    urls: Urls,
    JsonBody(body): JsonBody<CreateOrganization>,
) -> Result<Response, ApiError> {
    let organization = organizations::create(&api.service.tenants, body.parse()?).await?;
    let resource = OrganizationResource::new(&urls, &organization);
    let url = urls.organization(&organization.slug);
    Ok(located(delivery::json(StatusCode::CREATED, &resource), &url))
}

/// Read an organization
#[utoipa::path(get, path = "/v2/orgs/{org}", tag = "organizations", operation_id = "read_organization",
    params(("org" = String, Path, description = "The organization's slug")),
    responses((status = 200, description = "The organization", body = OrganizationResource)))]
pub(crate) async fn read(api: Api, urls: Urls) -> Result<Response, ApiError> {
    let resource = OrganizationResource::new(&urls, &api.env.organization);
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// Change an organization
///
/// Its bucket stays, because its products' files lie there. Of the default organization only the title can be changed:
/// everything else is set by the deployment. `null` takes an optional setting away.
#[utoipa::path(patch, path = "/v2/orgs/{org}", tag = "organizations", operation_id = "update_organization",
    params(("org" = String, Path, description = "The organization's slug")), request_body = UpdateOrganization,
    responses((status = 200, description = "The organization", body = OrganizationResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn update(
    api: Api,
    urls: Urls,
    Part(org): Part<OrganizationSlug>,
    JsonBody(body): JsonBody<UpdateOrganization>,
) -> Result<Response, ApiError> {
    let organization = organizations::update(&api.service.tenants, &org, body.parse()?).await?;
    let resource = OrganizationResource::new(&urls, &organization);
    let url = urls.organization(&org);
    Ok(located(delivery::json(StatusCode::OK, &resource), &url))
}

/// List the members of an organization
///
/// By name. Those who manage the whole installation are not listed. `expand` changes nothing.
#[utoipa::path(get, path = "/v2/orgs/{org}/members", tag = "organizations", operation_id = "list_members",
    params(("org" = String, Path, description = "The organization's slug"), ListParams),
    responses((status = 200, description = "Members", body = Vec<MemberResource>,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn list_members(api: Api, urls: Urls, mut listing: Listing) -> Result<Response, ApiError> {
    listing.of_resources();
    let env = &api.env;
    let read =
        |limit, cursor: Option<String>| async move { members::list(env, limit, cursor.as_deref()).await };
    let page = listing.read(read).await?;
    let all = page.items.iter();
    let list: Vec<_> = all.map(|one| MemberResource::new(&urls, one)).collect();
    let path = format!("/v2/orgs/{}/members", env.organization.slug);
    Ok(listing.answer(&urls, &path, &page, &list))
}

/// Read a member of an organization
#[utoipa::path(get, path = "/v2/orgs/{org}/members/{user}", tag = "organizations", operation_id = "read_member",
    params(("org" = String, Path, description = "The organization's slug"),
        ("user" = String, Path, description = "The user's name")),
    responses((status = 200, description = "The member", body = MemberResource)))]
pub(crate) async fn read_member(
    api: Api,
    urls: Urls,
    Part(user): Part<UserName>,
) -> Result<Response, ApiError> {
    let member = members::get(&api.env, &user).await?;
    Ok(delivery::json(
        StatusCode::OK,
        &MemberResource::new(&urls, &member),
    ))
}

/// Make a user a member of an organization
///
/// Or give a member another role. Tokens that then may do more than their user end with the answer; a login that is to
/// have the new role has to be made anew.
#[utoipa::path(put, path = "/v2/orgs/{org}/members/{user}", tag = "organizations", operation_id = "set_member",
    params(("org" = String, Path, description = "The organization's slug"),
        ("user" = String, Path, description = "The user's name")),
    request_body = SetMember,
    responses((status = 200, description = "The member", body = MemberResource)))]
pub(crate) async fn set_member(
    api: Api,
    urls: Urls,
    Part(user): Part<UserName>,
    body: Result<JsonBody<SetMember>, ApiError>,
) -> Result<Response, ApiError> {
    let role = body.and_then(|JsonBody(body)| body.parse())?;
    let member = members::set(&api.env, &user, role).await?;
    Ok(delivery::json(
        StatusCode::OK,
        &MemberResource::new(&urls, &member),
    ))
}

/// End a membership
///
/// Tokens that rest on it end with the answer. Ending what is none changes nothing.
#[utoipa::path(delete, path = "/v2/orgs/{org}/members/{user}", tag = "organizations", operation_id = "remove_member",
    params(("org" = String, Path, description = "The organization's slug"),
        ("user" = String, Path, description = "The user's name")),
    responses((status = 200, description = "Ended, or it was none", body = Nothing)))]
pub(crate) async fn remove_member(api: Api, Part(user): Part<UserName>) -> Result<Response, ApiError> {
    members::remove(&api.env, &user).await?;
    Ok(delivery::json(StatusCode::OK, &Nothing {}))
}
