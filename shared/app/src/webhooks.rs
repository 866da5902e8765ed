//! Webhooks: what administrators do with them. Their deliveries, a replay, a ping; the list of them is in `manage`.

mod manage;

pub use manage::{NewWebhook, WebhookPatch, create, delete, fresh, list, rotate, update};

use imprint_domain::id::{EventId, OutboxId, WebhookId};
use imprint_domain::message::{DeliverWebhook, Message};
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::secret::Sealed;
use imprint_domain::webhook::{Delivery, Event, EventKind, Secret, Webhook};

use crate::announce::event;
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::send;
use crate::ports::{Change, Page, Source, StoreError};

/// Seals a secret for the organization.
fn seal(env: &Env, secret: &Secret) -> Sealed {
    env.sealing
        .seal(&*env.random, &env.organization.slug, &secret.reveal())
}

/// Opens a secret to sign with it.
///
/// # Errors
/// When it was not sealed with this key for this organization.
pub(crate) fn open(env: &Env, sealed: &Sealed) -> Result<Secret, Source> {
    Ok(env
        .sealing
        .open(&env.organization.slug, sealed)?
        .parse::<Secret>()?)
}

/// A webhook.
///
/// # Errors
/// `NotFound` when the organization has none of this name.
pub fn get<'a>(env: &'a Env, id: &WebhookId) -> Result<&'a Webhook, AppError> {
    let hooks = &env.organization.policy.webhooks;
    hooks
        .iter()
        .find(|webhook| webhook.id == *id)
        .ok_or(AppError::NotFound)
}

/// What a webhook was told, the newest event first.
///
/// # Errors
/// `NotFound` for an unknown webhook.
pub async fn deliveries(
    env: &Env,
    id: &WebhookId,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Delivery>, AppError> {
    let webhook = get(env, id)?;
    let org = &env.organization.slug;
    Ok(env.catalog.deliveries(org, &webhook.id, limit, cursor).await?)
}

/// What became of telling a webhook of an event.
///
/// # Errors
/// `NotFound` for an unknown webhook, and an event that it was not told of in the last month.
pub async fn delivery(env: &Env, id: &WebhookId, event: &EventId) -> Result<Delivery, AppError> {
    let webhook = get(env, id)?;
    let org = &env.organization.slug;
    let found = env.catalog.delivery(org, &webhook.id, event).await?;
    found.ok_or(AppError::NotFound)
}

/// Tells a webhook of an event again, whatever became of it. The event keeps its identity, so that a receiver that was
/// told can know it.
///
/// # Errors
/// `NotFound` as [`delivery`] has it, `Invalid` for a webhook that is switched off.
pub async fn replay(env: &Env, id: &WebhookId, event: &EventId) -> Result<Delivery, AppError> {
    let webhook = switched_on(env, id)?;
    for _ in 0..MAX_TRIES {
        let before = delivery(env, id, event).await?;
        let entry = entry(env, webhook, before.event.clone());
        let again = before.replay(entry.id.clone());
        if commit(env, &again, entry).await? {
            return Ok(again);
        }
    }
    Err(AppError::Contended)
}

/// Tells a webhook nothing, to see whether it hears.
///
/// # Errors
/// `NotFound` for an unknown webhook, `Invalid` for one that is switched off.
pub async fn ping(env: &Env, id: &WebhookId) -> Result<Delivery, AppError> {
    let webhook = switched_on(env, id)?;
    let event = event(env, EventKind::Ping, None);
    let entry = entry(env, webhook, event.clone());
    let org = env.organization.slug.clone();
    let delivery = Delivery::new(org, id.clone(), event, entry.id.clone());
    if commit(env, &delivery, entry).await? {
        Ok(delivery)
    } else {
        Err(AppError::Contended)
    }
}

fn switched_on<'a>(env: &'a Env, id: &WebhookId) -> Result<&'a Webhook, AppError> {
    let webhook = get(env, id)?;
    if webhook.enabled {
        Ok(webhook)
    } else {
        let sentence = "the webhook is switched off; PATCH it with enabled: true first";
        Err(AppError::Invalid(sentence.to_owned()))
    }
}

fn entry(env: &Env, webhook: &Webhook, event: Event) -> OutboxEntry {
    let message = Message::DeliverWebhook(DeliverWebhook {
        organization: env.organization.slug.clone(),
        webhook: webhook.id.clone(),
        event,
    });
    let id = OutboxId::from_bytes(env.random.identity());
    OutboxEntry::new(id, message, env.clock.now())
}

/// Commits a delivery that shall be made, and sends its message. False when somebody else wrote first.
async fn commit(env: &Env, delivery: &Delivery, entry: OutboxEntry) -> Result<bool, AppError> {
    let changes = vec![
        Change::PutDelivery(delivery.clone()),
        Change::PutOutbox(entry.clone()),
    ];
    match env.catalog.commit(changes).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    send(env, &[entry]).await;
    Ok(true)
}
