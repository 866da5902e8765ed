//! What the steps behind the queues have in common: how they are told what to do, and how they fail.

mod error;

use futures_util::{StreamExt, TryStreamExt, stream};
use imprint_domain::edition::{Edition, Pointer};
use imprint_domain::id::{BuildId, EditionId, OutboxId, TaskId};
use imprint_domain::message::{CopyEdition, Envelope, Message, MoveEditions, PurgeCdn, RegisterBuild};
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use imprint_domain::task::{CopyReport, EditionStep, Failure, PagesOf, PagesStep, Registration, TaskEdition};
use imprint_domain::webhook::{EventKind, Subject};

use crate::announce::{announce_of, is_wanted};
use crate::artifacts;
use crate::deliver_webhook;
use crate::documents;
use crate::env::Env;
use crate::error::MAX_TRIES;
use crate::outgoing::{Chain, commit_and_send};
use crate::ports::{Change, StoreError};
use crate::telemetry::failed;
use crate::unpack_archive;

pub use error::StepError;

/// How often a queue delivers one send before it puts it aside. `template.yaml` says the same (`maxReceiveCount`).
pub const MAX_RECEIVES: u32 = 5;

/// One delivery of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub envelope: Envelope,
    /// Which delivery of this send it is, from 1 on.
    pub receive_count: u32,
}

/// Nothing is left to do: commits just that, so that the sweep does not send the message again.
pub(crate) async fn done_with(env: &Env, entry: &OutboxId) -> Result<(), StepError> {
    env.catalog
        .commit(vec![Change::RemoveOutbox(entry.clone())])
        .await
        .map_err(StepError::catalog)
}

/// What the queue is to do with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposal {
    /// Forget it: its effect is committed, or its failure is.
    Done,
    /// Deliver it again, or put it aside.
    Redeliver,
}

/// Turns the outcome of a step into what the queue is to do, and makes failures visible on task and edition.
pub async fn dispose(env: &Env, delivery: &Delivery, outcome: Result<(), StepError>) -> Disposal {
    let Err(error) = outcome else {
        return Disposal::Done;
    };
    let code = error.code();
    // The one line of this failure. What it is about is in the span around it.
    tracing::warn!(code = code.name(), receive_count = delivery.receive_count, error = %Chain(&error), "step failed");
    let now = env.clock.now();
    let (failure, entry, disposal) = match error {
        StepError::Retry { .. } if delivery.receive_count < MAX_RECEIVES => return Disposal::Redeliver,
        StepError::Retry { code, source } => (
            code.because(Chain(&*source).to_string(), now),
            Entry::Stays,
            Disposal::Redeliver,
        ),
        StepError::Final { code, message } => (code.because(message, now), Entry::Goes, Disposal::Done),
        StepError::Later { code, message } => (code.because(message, now), Entry::Stays, Disposal::Done),
    };
    let Envelope { id, message, .. } = &delivery.envelope;
    match record_failure(env, (id, entry), message, &failure).await {
        Ok(()) => {
            failed(env, message, code);
            disposal
        }
        Err(error) => {
            tracing::error!(code = "not_recorded", error = %Chain(&error), "failure not recorded");
            Disposal::Redeliver
        }
    }
}

/// What becomes of the outbox entry of a step that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It stays: the sweep sends it again.
    Stays,
    /// It goes: nothing will help.
    Goes,
    /// It goes if it is still there: what was done meanwhile was not given up.
    Taken,
}

/// Shows a failure on the tasks, and on the edition when it is about one.
///
/// # Errors
/// When the store fails; `Conflict` also when an entry that is to be taken is gone.
pub(crate) async fn record_failure(
    env: &Env,
    (id, entry): (&OutboxId, Entry),
    message: &Message,
    failure: &Failure,
) -> Result<(), StoreError> {
    let removed = || match entry {
        Entry::Stays => None,
        Entry::Goes => Some(Change::RemoveOutbox(id.clone())),
        Entry::Taken => Some(Change::TakeOutbox(id.clone())),
    };
    let failed = (id, failure);
    let registration = |of| fail_registration(env, of, failure, removed());
    let edition = |org, product, row| fail_edition(env, (org, product), row, failure, removed());
    match message {
        Message::RegisterBuild(register) => registration(register.into()).await,
        Message::UnpackArchive(unpack) => {
            registration((&unpack.then).into()).await?;
            unpack_archive::forget(env, unpack, failure).await
        }
        Message::MoveEditions(moving) => registration(moving.into()).await,
        Message::DeriveFormat(derive) => {
            artifacts::give_up(env, derive, failure).await?;
            commit_removal(env, removed()).await
        }
        Message::CopyEdition(copy) => edition(&copy.organization, &copy.product, copy.into()).await,
        Message::PurgeCdn(purge) => edition(&purge.organization, &purge.product, purge.into()).await,
        Message::RetireName(retire) if let Some(purge) = &retire.purge => {
            edition(&retire.organization, &retire.product, purge.into()).await
        }
        // Its own log shows every attempt already.
        Message::DeliverWebhook(deliver) => match entry {
            Entry::Goes | Entry::Taken => {
                deliver_webhook::give_up(env, id.clone(), deliver, &failure.message).await
            }
            Entry::Stays => Ok(()),
        },
        Message::RenderDocument(render) => {
            documents::give_up(env, render, &failure.message).await?;
            commit_removal(env, removed()).await
        }
        // No task and no edition waits for it: the log and the dead-letter queue show it.
        Message::RetireName(_) | Message::UpdateDns(_) | Message::PublishRendering(_) => {
            commit_removal(env, removed()).await
        }
        Message::RenderDashboard(render) => {
            let of = PagesOf::Product(render.product.clone());
            fail_pages(env, &render.tasks, &of, failed, removed()).await
        }
        Message::RenderIndex(render) => {
            fail_pages(env, &render.tasks, &PagesOf::Organization, failed, removed()).await
        }
        Message::RenderAll(render) => {
            let tasks = std::slice::from_ref(&render.task);
            fail_pages(env, tasks, &PagesOf::Organization, failed, removed()).await
        }
    }
}

/// Where no task waits, the log and the dead-letter queue show it.
async fn fail_pages(
    env: &Env,
    tasks: &[TaskId],
    of: &PagesOf,
    (entry, failure): (&OutboxId, &Failure),
    removed: Option<Change>,
) -> Result<(), StoreError> {
    let failed = PagesStep::Failed(failure.clone());
    tell(env, tasks, of, std::slice::from_ref(entry), &failed).await?;
    commit_removal(env, removed).await
}

async fn commit_removal(env: &Env, removed: Option<Change>) -> Result<(), StoreError> {
    match removed {
        Some(removed) => env.catalog.commit(vec![removed]).await,
        None => Ok(()),
    }
}

/// Tasks that are told of a rendering at a time.
const TASKS_AT_A_TIME: usize = 16;

/// Tells tasks what became of a rendering that answered these entries. Those that wait for another one do not heed it.
pub(crate) async fn tell(
    env: &Env,
    tasks: &[TaskId],
    of: &PagesOf,
    entries: &[OutboxId],
    step: &PagesStep,
) -> Result<(), StoreError> {
    let told: Vec<_> = tasks
        .iter()
        .map(|task| env.catalog.note_pages(task, of, entries, step))
        .collect();
    stream::iter(told)
        .buffer_unordered(TASKS_AT_A_TIME)
        .try_collect()
        .await
}

/// What a step that registers a build is about.
#[derive(Debug, Clone, Copy)]
struct Registering<'a> {
    task: &'a TaskId,
    organization: &'a OrganizationSlug,
    product: &'a ProductSlug,
    build: BuildId,
}

impl<'a> From<&'a RegisterBuild> for Registering<'a> {
    fn from(register: &'a RegisterBuild) -> Self {
        Self {
            task: &register.task,
            organization: &register.organization,
            product: &register.product,
            build: register.build,
        }
    }
}

impl<'a> From<&'a MoveEditions> for Registering<'a> {
    fn from(moving: &'a MoveEditions) -> Self {
        Self {
            task: &moving.task,
            organization: &moving.organization,
            product: &moving.product,
            build: moving.build,
        }
    }
}

async fn fail_registration(
    env: &Env,
    register: Registering<'_>,
    failure: &Failure,
    removed: Option<Change>,
) -> Result<(), StoreError> {
    for _ in 0..MAX_TRIES {
        let mut changes: Vec<Change> = removed.iter().cloned().collect();
        let mut messages = Vec::new();
        if let Some(mut task) = env.catalog.task(register.task).await?
            && !matches!(task.registration, Registration::Done { .. })
        {
            if !matches!(task.registration, Registration::Failed(_)) {
                messages = announce_failed_build(env, register, failure).await?;
            }
            task.registration = Registration::Failed(failure.clone());
            changes.push(Change::UpdateTask(task));
        }
        if changes.is_empty() {
            return Ok(());
        }
        match commit_and_send(env, changes, messages).await {
            Err(StoreError::Conflict) => {}
            other => return other,
        }
    }
    Err(StoreError::Conflict)
}

/// News only the first time: the sweep tries again what has failed.
async fn announce_failed_build(
    env: &Env,
    register: Registering<'_>,
    failure: &Failure,
) -> Result<Vec<Message>, StoreError> {
    if !is_wanted(env, EventKind::BuildFailed) {
        return Ok(Vec::new());
    }
    let place = (register.organization, register.product);
    let Some(build) = env.catalog.build_of(place.0, place.1, register.build).await? else {
        return Ok(Vec::new());
    };
    announce_of(env, EventKind::BuildFailed, place, |product| {
        Subject::build(&env.organization, product, &build).failed(failure)
    })
    .await
}

async fn fail_edition(
    env: &Env,
    (org, product): (&OrganizationSlug, &ProductSlug),
    row: RowOf<'_>,
    failure: &Failure,
    removed: Option<Change>,
) -> Result<(), StoreError> {
    for _ in 0..MAX_TRIES {
        let mut changes: Vec<Change> = removed.iter().cloned().collect();
        let mut messages = Vec::new();
        let edition = env.catalog.edition_of(org, product, row.edition).await?;
        // A second delivery may fail after the first has done the work.
        if let Some(edition) = edition.filter(|edition| !edition.has_published(row.pointer.generation)) {
            changes.extend(
                row.change(env, &edition, EditionStep::Failed(failure.clone()))
                    .await?,
            );
            changes.extend(fail_rename(env, &edition, row, failure).await?);
            let failed = edition.clone().fail(row.pointer.generation, failure.clone());
            if edition.failure.is_none() && failed.failure.is_some() {
                let place = (org, product);
                messages = announce_of(env, EventKind::EditionFailed, place, |product| {
                    Subject::moved(&env.organization, product, &failed, row.pointer).failed(failure)
                })
                .await?;
            }
            changes.push(Change::UpdateEdition(failed));
        }
        if changes.is_empty() {
            return Ok(());
        }
        match commit_and_send(env, changes, messages).await {
            Err(StoreError::Conflict) => {}
            other => return other,
        }
    }
    Err(StoreError::Conflict)
}

/// The rename that waits for a copy fails with it, when that copy has another task.
async fn fail_rename(
    env: &Env,
    edition: &Edition,
    row: RowOf<'_>,
    failure: &Failure,
) -> Result<Option<Change>, StoreError> {
    let is_newest = edition.generation == row.pointer.generation;
    let renaming = edition.renaming.as_ref().filter(|_| is_newest);
    let Some(renaming) = renaming.filter(|renaming| renaming.task != *row.task) else {
        return Ok(None);
    };
    let waiting = RowOf {
        task: &renaming.task,
        ..row
    };
    waiting
        .change(env, edition, EditionStep::Failed(failure.clone()))
        .await
}

/// The row of a task that a step reports to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowOf<'a> {
    pub(crate) task: &'a TaskId,
    pub(crate) edition: EditionId,
    pub(crate) pointer: &'a Pointer,
    pub(crate) report: Option<CopyReport>,
}

impl RowOf<'_> {
    /// The change that writes the row, or none when the row belongs to a newer generation of the same task by now.
    ///
    /// An edition that is still at this generation cannot have handed the row on, so no read is needed then.
    pub(crate) async fn change(
        &self,
        env: &Env,
        edition: &Edition,
        step: EditionStep,
    ) -> Result<Option<Change>, StoreError> {
        let generation = self.pointer.generation;
        if edition.generation != generation {
            let task = env.catalog.task(self.task).await?;
            let rows = task.map(|task| task.editions).unwrap_or_default();
            if rows
                .iter()
                .any(|row| row.edition == self.edition && row.generation > generation)
            {
                return Ok(None);
            }
        }
        let row = TaskEdition {
            edition: self.edition,
            slug: edition.slug.clone(),
            build: self.pointer.build,
            generation,
            step,
            report: self.report,
            updated_at: env.clock.now(),
        };
        Ok(Some(Change::PutTaskEdition(self.task.clone(), row)))
    }
}

impl<'a> From<&'a CopyEdition> for RowOf<'a> {
    fn from(copy: &'a CopyEdition) -> Self {
        Self {
            task: &copy.task,
            edition: copy.edition,
            pointer: &copy.pointer,
            report: None,
        }
    }
}

impl<'a> From<&'a PurgeCdn> for RowOf<'a> {
    fn from(purge: &'a PurgeCdn) -> Self {
        Self {
            task: &purge.task,
            edition: purge.edition,
            pointer: &purge.pointer,
            report: Some(purge.report),
        }
    }
}
