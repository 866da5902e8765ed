//! The step that tells the CDN which editions have changed.
//!
//! Comes after the last copy (invariant 5): the message is written in the transaction that says the copy is finished.
//! Purging twice does no harm, and an edition is `published` only when the CDN has accepted.

use imprint_domain::edition::Edition;
use imprint_domain::id::{OutboxId, SurrogateKey};
use imprint_domain::message::PurgeCdn;
use imprint_domain::purge;
use imprint_domain::task::{EditionStep, FailureCode};

use crate::env::Env;
use crate::error::MAX_TRIES;
use crate::outgoing::Chain;
use crate::ports::{Change, PurgeError, StoreError};
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
    let keys = orders.iter().map(|order| order.message.surrogate_key.clone());
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
    for order in orders {
        let refusal = refusals
            .iter()
            .find(|(batch, _)| batch.contains(&order.message.surrogate_key));
        outcomes.push(match refusal {
            Some((_, error)) => Err(step_error(error)),
            None => publish(env, order).await,
        });
    }
    outcomes
}

fn step_error(error: &PurgeError) -> StepError {
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

/// The CDN has accepted: readers see the edition.
async fn publish(env: &Env, order: &Order<'_>) -> Result<(), StepError> {
    let PurgeCdn {
        organization,
        product,
        edition,
        pointer,
        ..
    } = order.message;
    for _ in 0..MAX_TRIES {
        let found = env
            .catalog
            .edition_of(organization, product, *edition)
            .await
            .map_err(StepError::catalog)?;
        let mut changes = vec![Change::RemoveOutbox(order.entry.clone())];
        if let Some(found) = found {
            let step = EditionStep::Published { at: env.clock.now() };
            let row = RowOf::from(order.message)
                .change(env, &found, step)
                .await
                .map_err(StepError::catalog)?;
            changes.extend(row);
            changes.push(Change::UpdateEdition(Edition::finish_purge(
                found,
                pointer,
                env.clock.now(),
            )));
        }
        match env.catalog.commit(changes).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(StepError::catalog(error)),
        }
    }
    Err(StepError::contended())
}
