//! The step that tells the CDN which editions have changed.
//!
//! Comes after the last copy (invariant 5): the message is written in the transaction that says the copy is finished.
//! Purging twice does no harm, and an edition is `published` only when the CDN has accepted.

use imprint_domain::edition::Edition;
use imprint_domain::id::{OutboxId, SurrogateKey};
use imprint_domain::message::{Message, PurgeCdn};
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::purge;
use imprint_domain::task::{EditionStep, FailureCode};
use imprint_domain::webhook::{EventKind, Subject};

use crate::announce::announce_of;
use crate::env::Env;
use crate::error::MAX_TRIES;
use crate::outgoing::{Chain, entries, send};
use crate::ports::{Change, PurgeError, StoreError};
use crate::render_dashboard;
use crate::step::{RowOf, StepError};

/// One message of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Its outbox entry.
    pub entry: &'a OutboxId,
    /// What to purge.
    pub message: &'a PurgeCdn,
}

/// Purges the keys of a batch of messages in as few calls as possible. The outcomes are in the order of the messages: a
/// call that fails harms only the messages whose keys it carried.
pub async fn purge_cdn(env: &Env, orders: &[Order<'_>]) -> Vec<Result<(), StepError>> {
    let keys = orders.iter().flat_map(|order| order.message.keys().cloned());
    let mut refusals: Vec<(Vec<SurrogateKey>, PurgeError)> = Vec::new();
    // An installation without CDN has nothing to tell: its readers see the bucket itself.
    if let Some(service) = &env.organization.fastly_service {
        for batch in purge::batches(keys) {
            if let Err(error) = env.cdn.purge(service, &batch).await {
                refusals.push((batch, error));
            }
        }
    }
    let mut outcomes = Vec::with_capacity(orders.len());
    let mut renderings = Renderings::default();
    let mut news: Vec<OutboxEntry> = Vec::new();
    for order in orders {
        let refusal = refusals
            .iter()
            .find(|(batch, _)| order.message.keys().any(|key| batch.contains(key)));
        outcomes.push(match refusal {
            Some((_, error)) => Err(step_error(error)),
            None => match publish(env, order, renderings.of(env, order.message)).await {
                Ok(committed) => {
                    news.extend(committed);
                    Ok(())
                }
                Err(error) => Err(error),
            },
        });
    }
    // Sent once all editions of the batch are committed, so that one rendering shows them all.
    news.extend(renderings.published(orders, &outcomes));
    send(env, &news).await;
    outcomes
}

/// The outbox entries that have products' pages written anew, one a product and batch: every publishing commit of the
/// product writes the same entry.
#[derive(Default)]
struct Renderings(Vec<OutboxEntry>);

impl Renderings {
    fn of(&mut self, env: &Env, purge: &PurgeCdn) -> OutboxEntry {
        let message = render_dashboard::message(&purge.organization, &purge.product);
        if let Some(entry) = self.0.iter().find(|entry| entry.message == message) {
            return entry.clone();
        }
        let id = OutboxId::from_bytes(env.random.identity());
        let entry = OutboxEntry::new(id, message, env.clock.now());
        self.0.push(entry.clone());
        entry
    }

    /// Those that a commit has written.
    fn published(self, orders: &[Order<'_>], outcomes: &[Result<(), StepError>]) -> Vec<OutboxEntry> {
        let done: Vec<Message> = orders
            .iter()
            .zip(outcomes)
            .filter(|(_, outcome)| outcome.is_ok())
            .map(|(order, _)| render_dashboard::message(&order.message.organization, &order.message.product))
            .collect();
        let mut entries = self.0;
        entries.retain(|entry| done.contains(&entry.message));
        entries
    }
}

/// What a refused or failed purge means to its step.
pub(crate) fn step_error(error: &PurgeError) -> StepError {
    let message = Chain(error).to_string();
    match error {
        PurgeError::Busy { .. } => StepError::Retry {
            code: FailureCode::PurgeRefused,
            source: message.into(),
        },
        PurgeError::Refused(_) => StepError::Later {
            code: FailureCode::PurgeRefused,
            message,
        },
    }
}

/// The CDN has accepted: readers see the edition. Gives the committed entries that tell subscribers.
async fn publish(
    env: &Env,
    order: &Order<'_>,
    rendering: OutboxEntry,
) -> Result<Vec<OutboxEntry>, StepError> {
    let PurgeCdn {
        organization,
        product,
        edition,
        pointer,
        stale_keys,
        ..
    } = order.message;
    for _ in 0..MAX_TRIES {
        let found = env
            .catalog
            .edition_of(organization, product, *edition)
            .await
            .map_err(StepError::catalog)?;
        let mut changes = vec![Change::RemoveOutbox(order.entry.clone())];
        let mut news = Vec::new();
        if let Some(found) = found {
            let step = EditionStep::Published { at: env.clock.now() };
            let row = RowOf::from(order.message)
                .change(env, &found, step)
                .await
                .map_err(StepError::catalog)?;
            changes.extend(row);
            let published = found.clone().finish_purge(pointer, env.clock.now());
            news = tell(env, order.message, &found, &published).await?;
            changes.extend(news.iter().cloned().map(Change::PutOutbox));
            changes.push(Change::UpdateEdition(
                published.forget_stale(pointer.generation, stale_keys),
            ));
            changes.push(Change::PutOutbox(rendering.clone()));
        }
        match env.catalog.commit(changes).await {
            Ok(()) => return Ok(news),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(StepError::catalog(error)),
        }
    }
    Err(StepError::contended())
}

/// What subscribers are told: once a generation, however often its purge is repeated.
async fn tell(
    env: &Env,
    purge: &PurgeCdn,
    before: &Edition,
    after: &Edition,
) -> Result<Vec<OutboxEntry>, StepError> {
    if before.published == after.published {
        return Ok(Vec::new());
    }
    let place = (&purge.organization, &purge.product);
    let messages = announce_of(env, EventKind::EditionUpdated, place, |product| {
        Subject::moved(&env.organization, product, after, &purge.pointer)
    })
    .await
    .map_err(StepError::catalog)?;
    Ok(entries(env, messages))
}
