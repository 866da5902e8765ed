//! The step that tells a subscriber what happened.
//!
//! At least once: when the step dies between the receiver's answer and the commit, the receiver is told again, with the
//! same `webhook-id`. In no order: an event has a time, and an edition's its generation.

use jiff::SignedDuration;

use imprint_domain::id::OutboxId;
use imprint_domain::message::DeliverWebhook;
use imprint_domain::outbox::WEBHOOK_SENDS;
use imprint_domain::task::FailureCode;
use imprint_domain::webhook::{
    Answer, ApiAddress, Attempt, Delivery, Next, Secret, Settled, Turn, Webhook, signature_header,
};

use crate::env::Env;
use crate::error::MAX_TRIES;
use crate::ports::{Change, StoreError, WebhookCall};
use crate::step::{self, MAX_RECEIVES, StepError, done_with};
use crate::webhooks::open;

/// Tells the subscriber, notes what it answered, and decides when it is told again if it did not take it. A read, the call
/// and a commit.
///
/// # Errors
/// When it has to be tried again.
pub async fn deliver_webhook(
    env: &Env,
    api: &ApiAddress,
    delivery: &step::Delivery,
    message: &DeliverWebhook,
) -> Result<(), StepError> {
    let entry = &delivery.envelope.id;
    let hooks = &env.organization.policy.webhooks;
    let Some(webhook) = hooks.iter().find(|webhook| webhook.id == message.webhook) else {
        // It may be so new that this function has not heard of it, and has by the next delivery.
        return match delivery.receive_count {
            0 | 1 => Err(not_taken(Next::Soon, "the webhook is not known here (yet)")),
            _ => done_with(env, entry).await,
        };
    };
    let log = load(env, entry, message).await?;
    if log.settled(entry) == Settled::Yes {
        return done_with(env, entry).await;
    }
    if !webhook.enabled {
        let log = log.give_up("the webhook was switched off", env.clock.now());
        return finish(env, entry, log).await;
    }
    let turn = Turn {
        queue_repeats: delivery.receive_count < MAX_RECEIVES,
        sweep_repeats: delivery.envelope.attempt < WEBHOOK_SENDS,
    };
    let attempt = attempt(env, api, webhook, message).await?;
    note(env, entry, message, log, &attempt, turn).await
}

async fn load(env: &Env, entry: &OutboxId, message: &DeliverWebhook) -> Result<Delivery, StepError> {
    let (org, webhook, event) = (&message.organization, &message.webhook, &message.event);
    let stored = env.catalog.delivery(org, webhook, &event.id).await;
    let stored = stored.map_err(StepError::catalog)?;
    Ok(stored.unwrap_or_else(|| new(entry, message)))
}

fn new(entry: &OutboxId, message: &DeliverWebhook) -> Delivery {
    let (org, webhook) = (message.organization.clone(), message.webhook.clone());
    Delivery::new(org, webhook, message.event.clone(), entry.clone())
}

async fn attempt(
    env: &Env,
    api: &ApiAddress,
    webhook: &Webhook,
    message: &DeliverWebhook,
) -> Result<Attempt, StepError> {
    let at = env.clock.now();
    let event = &message.event;
    let body = event.body(webhook.topics.format(), &message.organization, api);
    let secrets: Result<Vec<Secret>, _> = webhook.secrets(at).map(|sealed| open(env, sealed)).collect();
    let secrets = secrets.map_err(|error| StepError::Retry {
        code: FailureCode::WebhookNotTaken,
        source: error,
    })?;
    let call = WebhookCall {
        url: &webhook.url,
        id: &event.id,
        at,
        signature: &signature_header(&secrets, &event.id, at, &body),
        body: &body,
    };
    let answer = match webhook.url.check(env.webhooks.reach()) {
        Ok(()) => env.webhooks.post(call).await,
        Err(forbidden) => Answer::forbidden(&forbidden.to_string()),
    };
    let took = env.clock.now().duration_since(at).max(SignedDuration::ZERO);
    Ok(Attempt {
        at,
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        answer,
    })
}

/// Commits the attempt. Where another message of the same delivery was faster, it is added to what that one noted.
async fn note(
    env: &Env,
    entry: &OutboxId,
    message: &DeliverWebhook,
    mut log: Delivery,
    attempt: &Attempt,
    turn: Turn,
) -> Result<(), StepError> {
    for _ in 0..MAX_TRIES {
        let (noted, next) = log.tried(attempt.clone(), turn);
        let mut changes = vec![Change::PutDelivery(noted)];
        if next == Next::Nothing {
            changes.push(Change::RemoveOutbox(entry.clone()));
        }
        match env.catalog.commit(changes).await {
            Ok(()) if next == Next::Nothing => return Ok(()),
            Ok(()) => {
                return Err(not_taken(
                    next,
                    "the receiver did not take it; its deliveries say why",
                ));
            }
            Err(StoreError::Conflict) => log = load(env, entry, message).await?,
            Err(error) => return Err(StepError::catalog(error)),
        }
        if log.settled(entry) == Settled::Yes {
            return done_with(env, entry).await;
        }
    }
    Err(StepError::contended())
}

async fn finish(env: &Env, entry: &OutboxId, log: Delivery) -> Result<(), StepError> {
    let changes = vec![Change::PutDelivery(log), Change::RemoveOutbox(entry.clone())];
    env.catalog.commit(changes).await.map_err(StepError::catalog)
}

fn not_taken(next: Next, message: &str) -> StepError {
    let code = FailureCode::WebhookNotTaken;
    match next {
        Next::Soon => StepError::Retry {
            code,
            source: message.into(),
        },
        Next::Nothing | Next::Later => StepError::Later {
            code,
            message: message.to_owned(),
        },
    }
}

/// Notes that a delivery is not tried again, and that its entry is done with.
///
/// # Errors
/// When the store fails.
pub(crate) async fn give_up(
    env: &Env,
    entry: OutboxId,
    message: &DeliverWebhook,
    reason: &str,
) -> Result<(), StoreError> {
    let (org, webhook, event) = (&message.organization, &message.webhook, &message.event);
    for _ in 0..MAX_TRIES {
        let stored = env.catalog.delivery(org, webhook, &event.id).await?;
        let log = stored.unwrap_or_else(|| new(&entry, message));
        let mut changes = vec![Change::RemoveOutbox(entry.clone())];
        if log.settled(&entry) == Settled::No {
            changes.push(Change::PutDelivery(log.give_up(reason, env.clock.now())));
        }
        match env.catalog.commit(changes).await {
            Err(StoreError::Conflict) => {}
            other => return other,
        }
    }
    Err(StoreError::Conflict)
}
