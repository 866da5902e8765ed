use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use imprint_app::access::{tokens, users};
use imprint_domain::access::UserName;

use crate::Api;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{InPath, JsonBody, TokenPath, after};
use crate::listing::{ListParams, Listing};
use crate::requests::CreateToken;
use crate::resources::{IssuedTokenResource, Nothing, TokenList, TokenResource};
use crate::urls::{Urls, tokens_path};

/// List the tokens of a user
///
/// Those that are accepted now, the first to expire first; never the tokens themselves. `expand` changes nothing.
#[utoipa::path(get, path = "/users/{name}/tokens/", tag = "users", operation_id = "list_tokens",
    params(("name" = String, Path, description = "The user's name"), ListParams),
    responses((status = 200, description = "Tokens", body = TokenList,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn list(
    api: Api,
    urls: Urls,
    InPath(name): InPath<UserName>,
    listing: Listing,
) -> Result<Response, ApiError> {
    let (env, name) = (&api.env, &name);
    users::get(env, name).await?;
    let read = |limit, cursor: Option<String>| async move {
        tokens::list(env, name, limit, cursor.as_deref()).await
    };
    let page = listing.read(read).await?;
    let tokens = page.items.iter().map(|token| TokenResource::new(&urls, token));
    let list = TokenList {
        tokens: tokens.collect(),
    };
    Ok(listing.answer(&urls, &tokens_path(name), &page, &list))
}

/// Make a token for a machine
///
/// Such as CI: with no more permissions than its user, limited to products when they are named, for at most a year. It
/// cannot make or revoke tokens itself, unless it has ADMIN_USER.
#[utoipa::path(post, path = "/users/{name}/tokens/", tag = "users", operation_id = "create_token",
    params(("name" = String, Path, description = "The user's name")), request_body = CreateToken,
    responses((status = 201, description = "The token", body = IssuedTokenResource,
        headers(("Location" = String, description = "Where to revoke it")))))]
pub(crate) async fn create(
    api: Api,
    urls: Urls,
    InPath(name): InPath<UserName>,
    body: Result<JsonBody<CreateToken>, ApiError>,
) -> Result<Response, ApiError> {
    let new = body.and_then(|JsonBody(body)| body.parse());
    let new = after(users::get(&api.env, &name), new).await?;
    let issued = tokens::create(&api.env, &name, new).await?;
    let location = urls.token(&name, &issued.token.id);
    let answer = IssuedTokenResource::new(&urls, issued);
    let mut response = located(delivery::json(StatusCode::CREATED, &answer), &location);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Revoke a token
///
/// A login as well as a token for a machine. From the answer on it is not accepted.
#[utoipa::path(delete, path = "/users/{name}/tokens/{id}", tag = "users", operation_id = "revoke_token",
    params(("name" = String, Path, description = "The user's name"),
        ("id" = String, Path, description = "The token's id")),
    responses((status = 200, description = "Revoked", body = Nothing)))]
pub(crate) async fn revoke(api: Api, path: TokenPath) -> Result<Response, ApiError> {
    tokens::revoke(&api.env, &path.user, &path.id).await?;
    Ok(delivery::json(StatusCode::OK, &Nothing {}))
}
