use axum::response::Response;
use http::StatusCode;

use imprint_app::access::users;
use imprint_domain::access::UserName;

use crate::Api;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{Authenticated, InPath, JsonBody, after};
use crate::listing::{ListParams, Listing, Shape};
use crate::requests::{CreateUser, UpdateUser};
use crate::resources::{UserList, UserResource};
use crate::urls::Urls;

/// List users
///
/// In the order of their names, disabled ones included.
#[utoipa::path(get, path = "/users/", tag = "users", operation_id = "list_users", params(ListParams),
    responses((status = 200, description = "Users", body = UserList,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn list(api: Api, urls: Urls, listing: Listing) -> Result<Response, ApiError> {
    let env = &api.env;
    let read =
        |limit, cursor: Option<String>| async move { users::list(env, limit, cursor.as_deref()).await };
    let page = listing.read(read).await?;
    let items = page.items.iter();
    let list = match listing.shape {
        Shape::Urls => UserList::Urls {
            users: items.map(|user| urls.user(&user.name)).collect(),
        },
        Shape::Resources => UserList::Resources {
            users: items.map(|user| UserResource::new(&urls, user)).collect(),
        },
    };
    Ok(listing.answer(&urls, "/users/", &page, &list))
}

/// Create a user
///
/// With a password, or with what LTD Keeper has stored of one.
#[utoipa::path(post, path = "/users/", tag = "users", operation_id = "create_user", request_body = CreateUser,
    responses((status = 201, description = "The user", body = UserResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn create(
    api: Api,
    urls: Urls,
    JsonBody(body): JsonBody<CreateUser>,
) -> Result<Response, ApiError> {
    let user = users::create(&api.env, body.parse()?).await?;
    Ok(located(
        delivery::json(StatusCode::CREATED, &UserResource::new(&urls, &user)),
        &urls.user(&user.name),
    ))
}

/// Read a user
#[utoipa::path(get, path = "/users/{name}", tag = "users", operation_id = "read_user",
    params(("name" = String, Path, description = "The user's name")),
    responses((status = 200, description = "The user", body = UserResource)))]
pub(crate) async fn read(api: Api, urls: Urls, InPath(name): InPath<UserName>) -> Result<Response, ApiError> {
    let user = users::get(&api.env, &name).await?;
    Ok(delivery::json(StatusCode::OK, &UserResource::new(&urls, &user)))
}

/// Change a user
///
/// Everybody may change the own password, knowing the one so far. Whoever manages users may set the others' passwords,
/// change their permissions, disable and enable them. Tokens that the changed user must not have end with the answer.
#[utoipa::path(patch, path = "/users/{name}", tag = "users", operation_id = "update_user",
    params(("name" = String, Path, description = "The user's name")), request_body = UpdateUser,
    responses((status = 200, description = "The user", body = UserResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn update(
    api: Api,
    urls: Urls,
    InPath(name): InPath<UserName>,
    Authenticated(caller): Authenticated,
    body: Result<JsonBody<UpdateUser>, ApiError>,
) -> Result<Response, ApiError> {
    let patch = body.and_then(|JsonBody(body)| body.parse());
    let patch = after(users::get(&api.env, &name), patch).await?;
    let user = users::update(&api.env, &caller, &name, &patch).await?;
    Ok(located(
        delivery::json(StatusCode::OK, &UserResource::new(&urls, &user)),
        &urls.user(&user.name),
    ))
}
