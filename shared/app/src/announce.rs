//! Tells subscribers what happens: the messages are committed together with it, so that nothing is told that did not
//! happen and nothing that happened is forgotten.
//!
//! An organization without webhooks pays nothing: no read, no change, no message.

use imprint_domain::id::EventId;
use imprint_domain::message::{DeliverWebhook, Message};
use imprint_domain::product::Product;
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use imprint_domain::webhook::{Event, EventKind, Subject};

use crate::env::Env;
use crate::ports::StoreError;

/// Whether anybody wants to hear of such events.
pub(crate) fn is_wanted(env: &Env, kind: EventKind) -> bool {
    env.organization.policy.webhooks_for(kind).next().is_some()
}

/// How many are told of such events: as many changes the commit must have room for.
pub(crate) fn listeners(env: &Env, kind: EventKind) -> usize {
    env.organization.policy.webhooks_for(kind).count()
}

/// The messages that tell everybody who wants to hear of it.
pub(crate) fn announce(env: &Env, kind: EventKind, subject: impl FnOnce() -> Subject) -> Vec<Message> {
    if !is_wanted(env, kind) {
        return Vec::new();
    }
    let event = event(env, kind, Some(subject()));
    let wants = env.organization.policy.webhooks_for(kind);
    wants
        .map(|webhook| {
            Message::DeliverWebhook(DeliverWebhook {
                organization: env.organization.slug.clone(),
                webhook: webhook.id.clone(),
                event: event.clone(),
            })
        })
        .collect()
}

/// The same where the product is not at hand: it is read when somebody is told, and only then. A product that is gone is
/// nobody's news.
pub(crate) async fn announce_of(
    env: &Env,
    kind: EventKind,
    (org, product): (&OrganizationSlug, &ProductSlug),
    subject: impl FnOnce(&Product) -> Subject,
) -> Result<Vec<Message>, StoreError> {
    if !is_wanted(env, kind) {
        return Ok(Vec::new());
    }
    let product = env.catalog.product(org, product).await?;
    Ok(product.map_or_else(Vec::new, |product| announce(env, kind, || subject(&product))))
}

/// Something that happens now.
pub(crate) fn event(env: &Env, kind: EventKind, subject: Option<Subject>) -> Event {
    let now = env.clock.now();
    Event {
        id: EventId::at(now, env.random.identity()),
        kind,
        at: now,
        subject,
    }
}
