use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use imprint_app::webhooks;
use imprint_domain::id::{EventId, WebhookId};

use crate::Api;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{JsonBody, Part};
use crate::listing::{ListParams, Listing};
use crate::requests::{CreateWebhook, RotateSecret, UpdateWebhook};
use crate::resources::{DeliveryResource, Nothing, SecretWebhookResource, WebhookResource};
use crate::urls::{Urls, deliveries_path};

/// List webhooks
///
/// All of them, at most ten; never their secrets.
#[utoipa::path(get, path = "/v2/orgs/{org}/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    params(("org" = String, Path, description = "The organization's slug")),
    responses((status = 200, description = "Webhooks", body = Vec<WebhookResource>)))]
pub(crate) async fn list(api: Api, urls: Urls) -> Result<Response, ApiError> {
    let org = &api.env.organization.slug;
    let webhooks = webhooks::list(&api.service.tenants, org).await?;
    let webhooks = webhooks
        .iter()
        .map(|webhook| WebhookResource::new(&urls, org, webhook));
    let list: Vec<_> = webhooks.collect();
    Ok(delivery::json(StatusCode::OK, &list))
}

/// Create a webhook
///
/// Its secret is in the answer and nowhere else. Deliveries have the headers of Standard Webhooks (`webhook-id`,
/// `webhook-timestamp`, `webhook-signature`).
#[utoipa::path(post, path = "/v2/orgs/{org}/webhooks", tag = "webhooks", operation_id = "create_webhook",
    params(("org" = String, Path, description = "The organization's slug")), request_body = CreateWebhook,
    responses((status = 201, description = "The webhook with its secret", body = SecretWebhookResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn create(
    api: Api,
    urls: Urls,
    JsonBody(body): JsonBody<CreateWebhook>,
) -> Result<Response, ApiError> {
    let org = &api.env.organization.slug;
    let created = webhooks::create(&api.service.tenants, &api.env, body.parse()?).await?;
    let answer = SecretWebhookResource::new(&urls, org, &created);
    let response = unstored(delivery::json(StatusCode::CREATED, &answer));
    Ok(located(response, &urls.webhook(org, &created.0.id)))
}

/// Read a webhook
#[utoipa::path(get, path = "/v2/orgs/{org}/webhooks/{webhook}", tag = "webhooks", operation_id = "read_webhook",
    params(("org" = String, Path, description = "The organization's slug"),
        ("webhook" = String, Path, description = "The webhook's id")),
    responses((status = 200, description = "The webhook", body = WebhookResource)))]
pub(crate) async fn read(api: Api, urls: Urls, Part(id): Part<WebhookId>) -> Result<Response, ApiError> {
    let org = &api.env.organization.slug;
    let env = webhooks::fresh(&api.service.tenants, org).await?;
    let webhook = webhooks::get(&env, &id)?;
    Ok(delivery::json(
        StatusCode::OK,
        &WebhookResource::new(&urls, org, webhook),
    ))
}

/// Change a webhook
///
/// Deliveries that wait go to the new address.
#[utoipa::path(patch, path = "/v2/orgs/{org}/webhooks/{webhook}", tag = "webhooks", operation_id = "update_webhook",
    params(("org" = String, Path, description = "The organization's slug"),
        ("webhook" = String, Path, description = "The webhook's id")), request_body = UpdateWebhook,
    responses((status = 200, description = "The webhook", body = WebhookResource)))]
pub(crate) async fn update(
    api: Api,
    urls: Urls,
    Part(id): Part<WebhookId>,
    JsonBody(body): JsonBody<UpdateWebhook>,
) -> Result<Response, ApiError> {
    let org = &api.env.organization.slug;
    let webhook = webhooks::update(&api.service.tenants, &api.env, &id, &body.parse()?).await?;
    Ok(delivery::json(
        StatusCode::OK,
        &WebhookResource::new(&urls, org, &webhook),
    ))
}

/// Delete a webhook
///
/// Deliveries that wait are not made.
#[utoipa::path(delete, path = "/v2/orgs/{org}/webhooks/{webhook}", tag = "webhooks",
    operation_id = "delete_webhook",
    params(("org" = String, Path, description = "The organization's slug"),
        ("webhook" = String, Path, description = "The webhook's id")),
    responses((status = 200, description = "Deleted", body = Nothing)))]
pub(crate) async fn delete(api: Api, Part(id): Part<WebhookId>) -> Result<Response, ApiError> {
    webhooks::delete(&api.service.tenants, &api.env, &id).await?;
    Ok(delivery::json(StatusCode::OK, &Nothing {}))
}

/// Replace a webhook's secret
///
/// The new one is in the answer and nowhere else. For a day deliveries carry two signatures, the new secret's first.
#[utoipa::path(post, path = "/v2/orgs/{org}/webhooks/{webhook}/rotate", tag = "webhooks",
    operation_id = "rotate_webhook_secret",
    params(("org" = String, Path, description = "The organization's slug"),
        ("webhook" = String, Path, description = "The webhook's id")), request_body = RotateSecret,
    responses((status = 200, description = "The webhook with its secret", body = SecretWebhookResource)))]
pub(crate) async fn rotate(
    api: Api,
    urls: Urls,
    Part(id): Part<WebhookId>,
    JsonBody(body): JsonBody<RotateSecret>,
) -> Result<Response, ApiError> {
    let org = &api.env.organization.slug;
    let rotated = webhooks::rotate(&api.service.tenants, &api.env, &id, body.parse()?).await?;
    let answer = SecretWebhookResource::new(&urls, org, &rotated);
    Ok(unstored(delivery::json(StatusCode::OK, &answer)))
}

/// Try a webhook out
///
/// Sends an event `ping`, which nothing else does. The answer names the delivery, to see what became of it.
#[utoipa::path(post, path = "/v2/orgs/{org}/webhooks/{webhook}/ping", tag = "webhooks",
    operation_id = "ping_webhook",
    params(("org" = String, Path, description = "The organization's slug"),
        ("webhook" = String, Path, description = "The webhook's id")),
    responses((status = 202, description = "The delivery", body = DeliveryResource)))]
pub(crate) async fn ping(api: Api, urls: Urls, Part(id): Part<WebhookId>) -> Result<Response, ApiError> {
    let env = webhooks::fresh(&api.service.tenants, &api.env.organization.slug).await?;
    let delivery = webhooks::ping(&env, &id).await?;
    Ok(accepted(&DeliveryResource::new(&urls, &delivery)))
}

/// List what a webhook was told
///
/// In the last 30 days, the newest event first. `expand` changes nothing.
#[utoipa::path(get, path = "/v2/orgs/{org}/webhooks/{webhook}/deliveries", tag = "webhooks",
    operation_id = "list_deliveries",
    params(("org" = String, Path, description = "The organization's slug"),
        ("webhook" = String, Path, description = "The webhook's id"), ListParams),
    responses((status = 200, description = "Deliveries", body = Vec<DeliveryResource>,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn deliveries(
    api: Api,
    urls: Urls,
    Part(id): Part<WebhookId>,
    mut listing: Listing,
) -> Result<Response, ApiError> {
    let env = webhooks::fresh(&api.service.tenants, &api.env.organization.slug).await?;
    listing.of_resources();
    let (env, id) = (&env, &id);
    let read = |limit, cursor: Option<String>| async move {
        webhooks::deliveries(env, id, limit, cursor.as_deref()).await
    };
    let page = listing.read(read).await?;
    let deliveries = page
        .items
        .iter()
        .map(|delivery| DeliveryResource::new(&urls, delivery));
    let list: Vec<_> = deliveries.collect();
    let path = deliveries_path(&env.organization.slug, id);
    Ok(listing.answer(&urls, &path, &page, &list))
}

/// Read what became of a delivery
#[utoipa::path(get, path = "/v2/orgs/{org}/webhooks/{webhook}/deliveries/{delivery}", tag = "webhooks",
    operation_id = "read_delivery",
    params(("org" = String, Path, description = "The organization's slug"),
        ("webhook" = String, Path, description = "The webhook's id"),
        ("delivery" = String, Path, description = "The delivery's id")),
    responses((status = 200, description = "The delivery", body = DeliveryResource)))]
pub(crate) async fn delivery(
    api: Api,
    urls: Urls,
    Part(id): Part<WebhookId>,
    Part(event): Part<EventId>,
) -> Result<Response, ApiError> {
    let env = webhooks::fresh(&api.service.tenants, &api.env.organization.slug).await?;
    let found = webhooks::delivery(&env, &id, &event).await?;
    Ok(delivery::json(
        StatusCode::OK,
        &DeliveryResource::new(&urls, &found),
    ))
}

/// Deliver again
///
/// Whatever became of it. It carries the same `webhook-id`, by which a receiver knows what it was told before.
#[utoipa::path(post, path = "/v2/orgs/{org}/webhooks/{webhook}/deliveries/{delivery}/replay", tag = "webhooks",
    operation_id = "replay_delivery",
    params(("org" = String, Path, description = "The organization's slug"),
        ("webhook" = String, Path, description = "The webhook's id"),
        ("delivery" = String, Path, description = "The delivery's id")),
    responses((status = 202, description = "The delivery", body = DeliveryResource)))]
pub(crate) async fn replay(
    api: Api,
    urls: Urls,
    Part(id): Part<WebhookId>,
    Part(event): Part<EventId>,
) -> Result<Response, ApiError> {
    let env = webhooks::fresh(&api.service.tenants, &api.env.organization.slug).await?;
    let again = webhooks::replay(&env, &id, &event).await?;
    Ok(accepted(&DeliveryResource::new(&urls, &again)))
}

fn accepted(answer: &DeliveryResource) -> Response {
    delivery::json(StatusCode::ACCEPTED, answer)
}

/// No cache keeps a secret.
fn unstored(mut response: Response) -> Response {
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}
