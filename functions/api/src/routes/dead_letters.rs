use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};

use imprint_app::dead_letters;
use imprint_domain::message::Step;

use crate::delivery;
use crate::error::ApiError;
use crate::extract::{Part, path_parts, raw_part};
use crate::resources::{DeadLettersResource, Nothing, RedrivenResource};
use crate::urls::Urls;
use crate::{Api, Service};

/// See what steps could not handle
///
/// Each queue of dead letters: how many messages lie there, about, and ten of them, the oldest first, with what they are
/// about and why they failed, where their task knows. Looking at a message counts as a delivery of it.
#[utoipa::path(get, path = "/v2/dead-letters", tag = "service", operation_id = "list_dead_letters",
    responses((status = 200, description = "The queues", body = DeadLettersResource)))]
pub(crate) async fn list(api: Api, urls: Urls) -> Result<Response, ApiError> {
    let queues = dead_letters::overview(api.service.tenants.installation()).await?;
    let resource = DeadLettersResource::new(&urls, &queues);
    let mut response = delivery::json(StatusCode::OK, &resource);
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    Ok(response)
}

/// Send dead letters to their step again
///
/// As many as can be moved in fifteen seconds, a thousand at most: the answer says how many are left. What no step can read
/// stays. Every step may run twice, so sending one again whose work was done meanwhile does no harm.
#[utoipa::path(post, path = "/v2/dead-letters/{queue}/redrive", tag = "service", operation_id = "redrive_dead_letters",
    params(("queue" = String, Path, description = "The name of the step, such as `copy-edition`")),
    responses((status = 200, description = "What was moved", body = RedrivenResource)))]
pub(crate) async fn redrive(api: Api, Part(step): Part<Step>) -> Result<Response, ApiError> {
    let installation = api.service.tenants.installation();
    let redriven = dead_letters::redrive(installation, step, dead_letters::MOST_MOVED).await?;
    Ok(delivery::json(
        StatusCode::OK,
        &RedrivenResource::new(step, &redriven),
    ))
}

/// Delete a dead letter
///
/// For what nobody can read, or nobody wants to happen. Where it is a step's work, the outbox still has it: the sweep sends
/// it again until that gives up. 404 also means that it is hidden for some seconds, because others were just looked for.
#[utoipa::path(delete, path = "/v2/dead-letters/{queue}/messages/{message}", tag = "service",
    operation_id = "delete_dead_letter",
    params(("queue" = String, Path, description = "The name of the step, such as `copy-edition`"),
        ("message" = String, Path, description = "The message's id in the queue")),
    responses((status = 200, description = "Deleted", body = Nothing)))]
pub(crate) async fn delete(
    api: Api,
    Part(step): Part<Step>,
    InQueue(id): InQueue,
) -> Result<Response, ApiError> {
    dead_letters::delete(api.service.tenants.installation(), step, &id).await?;
    Ok(delivery::json(StatusCode::OK, &Nothing {}))
}

/// The identity of a message, which only the queue can read.
pub(crate) struct InQueue(String);

impl FromRequestParts<Service> for InQueue {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let raw = path_parts(parts, service).await?;
        Ok(Self(raw_part(&raw, "message").to_owned()))
    }
}
