//! Who publishes releases, and takes them back.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use imprint_app::access::Caller;
use imprint_app::error::AppError;
use imprint_app::registry::{self, Published};

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::{Authenticated, PathNames, Posted};
use crate::requests::registry::{Json, PlacedRelease, new_release};
use crate::resources::{ComponentVersionResource, KnownVersionResource, ReleaseResource};
use crate::urls::Urls;

use super::releases::train;
use super::versions::Show;
use super::{documentation, no_release, watch};

/// Publish a release
///
/// The same one again changes nothing; another one of the same version replaces it. Names may be left out of the body, as
/// the path has them; where they are there they must be the same. `released` is needed. Editions that follow the train move
/// when it does; `Link` names what to watch then.
#[utoipa::path(post, path = "/v3/versions/{train}/{component}/{release}", tag = "registry",
    operation_id = "publishComponentRelease",
    params(("train" = String, Path, description = "The train"), ("component" = String, Path, description = "The component"),
        ("release" = String, Path, description = "The version")),
    request_body = ComponentVersionResource,
    responses((status = 200, description = "The release", body = ComponentVersionResource,
        headers(("Link" = String, description = "The task that moves editions, where there is one")))))]
pub(crate) async fn publish(
    api: Api,
    urls: Urls,
    names: PathNames,
    Authenticated(caller): Authenticated,
    Posted(body): Posted,
) -> Result<Response, ApiError> {
    let published = published(&api, &names, &caller, body).await?;
    let release = &published.release;
    let documentation = documentation(&api.env, &[release]);
    let resource = ComponentVersionResource::new(release, &documentation);
    let mut response = delivery::json(StatusCode::OK, &resource);
    if let Some(task) = &published.task {
        let link = format!("<{}>; rel=\"monitor\"", watch(&api.env, &urls, task));
        if let Ok(link) = HeaderValue::from_str(&link) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

async fn published(api: &Api, names: &PathNames, caller: &Caller, body: Json) -> Result<Published, ApiError> {
    let placed = PlacedRelease {
        component: names.raw("component").to_owned(),
        train: names.raw("train").to_owned(),
        version: names.raw("release").to_owned(),
    };
    let new = new_release(&placed, body)?;
    Ok(registry::publish(&api.env, new, Some(caller.user.clone())).await?)
}

/// Publish a release
///
/// As in v3, with all that is known of it in the answer; `queue_url` is where to watch editions that move.
#[utoipa::path(post, path = "/v4/versions/{component}/{train}/{release}", tag = "registry-v4",
    operation_id = "publish_release",
    params(("component" = String, Path, description = "The component"), ("train" = String, Path, description = "The train"),
        ("release" = String, Path, description = "The version")),
    request_body = KnownVersionResource,
    responses((status = 200, description = "The release", body = ReleaseResource)))]
pub(crate) async fn publish_version(
    api: Api,
    urls: Urls,
    names: PathNames,
    Authenticated(caller): Authenticated,
    Posted(body): Posted,
) -> Result<Response, ApiError> {
    let published = published(&api, &names, &caller, body).await?;
    answer(&api, &urls, &caller, &published).await
}

/// Withdraw a release
///
/// The release before it is the latest one then, and editions that follow the train go back to that; `queue_url` is where
/// to watch them. The answer is the release that was withdrawn.
#[utoipa::path(delete, path = "/v4/versions/{component}/{train}/{release}", tag = "registry-v4",
    operation_id = "withdraw_release",
    params(("component" = String, Path, description = "The component"), ("train" = String, Path, description = "The train"),
        ("release" = String, Path, description = "The version")),
    responses((status = 200, description = "Withdrawn", body = ReleaseResource)))]
pub(crate) async fn withdraw(
    api: Api,
    urls: Urls,
    names: PathNames,
    Authenticated(caller): Authenticated,
) -> Result<Response, ApiError> {
    let named = train(&names).zip(names.read("release"));
    let (train, version) = named.ok_or(AppError::NotFound).map_err(no_release)?;
    let withdrawn = registry::withdraw(&api.env, &train, &version)
        .await
        .map_err(no_release)?;
    answer(&api, &urls, &caller, &withdrawn).await
}

async fn answer(
    api: &Api,
    urls: &Urls,
    caller: &Caller,
    published: &Published,
) -> Result<Response, ApiError> {
    let release = &published.release;
    let documentation = documentation(&api.env, &[release]);
    let show = Show {
        env: &api.env,
        urls,
        documentation: &documentation,
        caller: Some(caller),
    };
    let queue_url = published.task.as_ref().map(|task| watch(&api.env, urls, task));
    let resource: ReleaseResource<'_> = show.release(release).watched(queue_url);
    Ok(delivery::json(StatusCode::OK, &resource))
}
