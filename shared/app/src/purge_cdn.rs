//! The step that tells the CDN which editions have changed.
//!
//! Comes after the last copy (invariant 5): the message is written in the transaction that says the copy is finished.
//! Purging twice does no harm, and an edition is `published` only when the CDN has accepted.

use std::collections::{BTreeMap, BTreeSet};

use imprint_domain::edition::Edition;
use imprint_domain::id::{OutboxId, SurrogateKey, TaskId};
use imprint_domain::message::{Message, PurgeCdn};
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::purge;
use imprint_domain::task::{EditionStep, FailureCode, PagesOf, TaskPages};
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
    let mut renderings = Renderings::of(env, orders);
    let mut news: Vec<OutboxEntry> = Vec::new();
    for order in orders {
        let refusal = refusals
            .iter()
            .find(|(batch, _)| order.message.keys().any(|key| batch.contains(key)));
        outcomes.push(match refusal {
            Some((_, error)) => Err(step_error(error)),
            None => publish(env, order, &mut renderings)
                .await
                .map(|told| news.extend(told)),
        });
    }
    // Sent once all editions of the batch are committed, so that one rendering shows them all.
    news.extend(renderings.committed());
    send(env, &news).await;
    outcomes
}

/// The outbox entries that have products' pages written anew, one a product and batch: every publishing commit of the
/// product writes the same entry, and its task waits for it.
struct Renderings(Vec<Rendering>);

struct Rendering {
    entry: OutboxEntry,
    is_committed: bool,
}

impl Renderings {
    fn of(env: &Env, orders: &[Order<'_>]) -> Self {
        let mut products: BTreeMap<_, BTreeSet<&TaskId>> = BTreeMap::new();
        for Order { message, .. } in orders {
            let product = (&message.organization, &message.product);
            products.entry(product).or_default().insert(&message.task);
        }
        let renderings = products.into_iter().map(|((organization, product), tasks)| {
            let tasks = tasks.into_iter().cloned().collect();
            let message = render_dashboard::message(organization, product, tasks);
            let id = OutboxId::from_bytes(env.random.identity());
            Rendering {
                entry: OutboxEntry::new(id, message, env.clock.now()),
                is_committed: false,
            }
        });
        Self(renderings.collect())
    }

    fn for_order(&mut self, purge: &PurgeCdn) -> Option<&mut Rendering> {
        self.0
            .iter_mut()
            .find(|rendering| match &rendering.entry.message {
                Message::RenderDashboard(render) => {
                    (&render.organization, &render.product) == (&purge.organization, &purge.product)
                }
                Message::RegisterBuild(_)
                | Message::UnpackArchive(_)
                | Message::CopyEdition(_)
                | Message::RetireName(_)
                | Message::PurgeCdn(_)
                | Message::UpdateDns(_)
                | Message::DeliverWebhook(_)
                | Message::RenderIndex(_)
                | Message::RenderAll(_)
                | Message::DeriveFormat(_)
                | Message::MoveEditions(_)
                | Message::RenderDocument(_)
                | Message::PublishRendering(_) => false,
            })
    }

    fn committed(self) -> Vec<OutboxEntry> {
        let committed = self.0.into_iter().filter(|rendering| rendering.is_committed);
        committed.map(|rendering| rendering.entry).collect()
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

/// The CDN has accepted: readers see the edition. A notice that came before changes nothing, and a late one of what was
/// replaced since leaves the pages to what replaced it. Gives the committed entries that tell subscribers.
async fn publish(
    env: &Env,
    order: &Order<'_>,
    renderings: &mut Renderings,
) -> Result<Vec<OutboxEntry>, StepError> {
    let PurgeCdn {
        organization,
        product,
        edition,
        pointer,
        stale_keys,
        task,
        ..
    } = order.message;
    for _ in 0..MAX_TRIES {
        let found = env
            .catalog
            .edition_of(organization, product, *edition)
            .await
            .map_err(StepError::catalog)?;
        let mut changes = vec![Change::RemoveOutbox(order.entry.clone())];
        let (mut rendering, mut news) = (None, Vec::new());
        if let Some(found) = found {
            let now = env.clock.now();
            let step = EditionStep::Published { at: now };
            // Several tasks may have brought one generation, a build's and a renaming's: each has its own row.
            let row = RowOf::from(order.message)
                .change(env, &found, step)
                .await
                .map_err(StepError::catalog)?;
            changes.extend(row);
            let arrived = found.clone().finish_purge(pointer, now);
            news = tell(env, order.message, &found, &arrived).await?;
            changes.extend(news.iter().cloned().map(Change::PutOutbox));
            if arrived.published != found.published {
                rendering = renderings.for_order(order.message);
            }
            let arrived = arrived.forget_stale(pointer.generation, stale_keys);
            // Written even when nothing changes: the row is that of an edition that has not moved on meanwhile.
            changes.push(Change::UpdateEdition(arrived));
        }
        if let Some(Rendering { entry, .. }) = &rendering {
            let of = PagesOf::Product(product.clone());
            let pages = TaskPages::wanted(of, entry.id.clone(), entry.sent_at);
            changes.push(Change::PutTaskPages(task.clone(), pages));
            changes.push(Change::PutOutbox(entry.clone()));
        }
        match env.catalog.commit(changes).await {
            Ok(()) => {
                if let Some(rendering) = rendering {
                    rendering.is_committed = true;
                }
                return Ok(news);
            }
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
