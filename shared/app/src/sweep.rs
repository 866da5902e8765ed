//! What fell between two steps: work that was committed and not sent, or sent and lost.
//!
//! Every message is safe to handle twice, so sending once too often costs requests and nothing else.

mod markers;

use jiff::SignedDuration;

use imprint_domain::id::TaskId;
use imprint_domain::message::Message;
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::task::{EditionStep, FailureCode, Registration, Task};

use crate::env::Env;
use crate::outgoing::send;
use crate::ports::{Change, StoreError};
use crate::step::{Entry, record_failure};
use crate::telemetry;
use crate::tenants::Tenants;

pub use markers::confirm_unheard;

/// Entries and tasks looked at in one run; the next run takes the next ones.
const AT_A_TIME: usize = 200;
/// A task that is final is watched no longer than this.
const TASK_REST: SignedDuration = SignedDuration::from_mins(10);

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// Messages sent again.
    pub sent_again: u64,
    /// Messages given up after too many sends.
    pub given_up: u64,
    /// Tasks that are final and watched no longer.
    pub tasks_closed: u64,
}

/// Sends again what should have been done by now; `patience` is how long a first send may take.
///
/// # Errors
/// When the store fails; what was done so far stays done.
pub async fn sweep(tenants: &Tenants, patience: SignedDuration) -> Result<Swept, StoreError> {
    let env = &tenants.of_installation();
    let mut swept = Swept::default();
    let now = env.clock.now();
    for entry in env.catalog.outbox(now - patience, AT_A_TIME).await? {
        if !entry.is_overdue(now, patience) || is_under_way(env, &entry, patience).await? {
            continue;
        }
        match entry.clone().again(now) {
            Some(again) => {
                env.catalog.commit(vec![Change::PutOutbox(again.clone())]).await?;
                send(env, &[again]).await;
                swept.sent_again += 1;
            }
            None => {
                give_up(tenants, &entry).await?;
                swept.given_up += 1;
            }
        }
    }
    for id in env.catalog.open_tasks(now - TASK_REST, AT_A_TIME).await? {
        swept.tasks_closed += u64::from(close_if_final(env, &id).await?);
    }
    Ok(swept)
}

/// Whether a long copy, or the unpacking of a large archive, said a moment ago that it is getting on.
async fn is_under_way(env: &Env, entry: &OutboxEntry, patience: SignedDuration) -> Result<bool, StoreError> {
    let recent = |at| env.clock.now().duration_since(at) < patience;
    if patience.is_zero() {
        return Ok(false);
    }
    if let Message::UnpackArchive(unpack) = &entry.message {
        let task = env.catalog.task(&unpack.then.task).await?;
        return Ok(task.is_some_and(|task| match task.registration {
            Registration::Unpacking { updated_at, .. } => recent(updated_at),
            Registration::NotNeeded
            | Registration::Queued
            | Registration::Deriving { .. }
            | Registration::Done { .. }
            | Registration::Failed(_) => false,
        }));
    }
    let Message::CopyEdition(copy) = &entry.message else {
        return Ok(false);
    };
    let task = env.catalog.task(&copy.task).await?;
    let row = task.and_then(|task| task.editions.into_iter().find(|row| row.edition == copy.edition));
    Ok(row.is_some_and(|row| matches!(row.step, EditionStep::Copying { .. }) && recent(row.updated_at)))
}

/// Its organization is read, as it knows who wants to hear of failures; an organization that is gone has nobody to tell.
async fn give_up(tenants: &Tenants, entry: &OutboxEntry) -> Result<(), StoreError> {
    let message = format!("the step was sent {} times and never finished", entry.attempt);
    let code = FailureCode::GaveUp;
    let own = tenants.find(entry.message.organization()).await?;
    let env = own.unwrap_or_else(|| tenants.of_installation());
    let failure = code.because(message, env.clock.now());
    match record_failure(&env, (&entry.id, Entry::Taken), &entry.message, &failure).await {
        // It was done a moment ago. Where it was not, the next run finds it.
        Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            let _about = telemetry::span((&entry.id, entry.attempt), &entry.message).entered();
            tracing::error!(code = code.name(), reason = failure.message, "given up");
            telemetry::failed(&env, &entry.message, code);
            Ok(())
        }
    }
}

async fn close_if_final(env: &Env, id: &TaskId) -> Result<bool, StoreError> {
    let task = env.catalog.task(id).await?;
    let is_final = task.as_ref().is_none_or(Task::is_final);
    if is_final {
        env.catalog.commit(vec![Change::CloseTask(id.clone())]).await?;
        if let Some(task) = &task {
            telemetry::ended(env, task);
        }
    }
    Ok(is_final)
}
