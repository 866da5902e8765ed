//! The step that makes an edition's objects those of a build.
//!
//! Messages of one edition come one after the other, so no two runs of different generations write at once. A run may
//! stop anywhere: before its first write it notes the attempt on the edition, so whoever comes next knows which paths
//! cannot be trusted; a run that finds its own generation begun looks which objects it has written already.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use imprint_domain::edition::{CopyOrder, Edition, Reached};
use imprint_domain::id::{OutboxId, TaskId};
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::manifest::{File, Headers, Manifest, Source};
use imprint_domain::message::{CopyEdition, Message, PurgeCdn, RetireName};
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::plan::{Plan, Present, plan};
use imprint_domain::task::{CopyReport, EditionStep, FailureCode};

use crate::env::Env;
use crate::error::MAX_TRIES;
use crate::outgoing::{Chain, commit_and_send, send};
use crate::pace::{self, Limit, Pace, Ran};
use crate::ports::{Change, StoreError};
use crate::register_build::{list_all, manifest_of};
use crate::removal;
use crate::step::{RowOf, StepError, done_with};
use crate::telemetry;

/// How often a long copy says how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// What limits a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    /// How many objects at a time.
    pub pace: Pace,
    /// When no more copies are begun and the rest is handed on; none: never.
    pub deadline: Option<Instant>,
}

/// Makes the edition's objects exactly those of the build, then has the CDN told.
///
/// # Errors
/// When it has to be tried again, or can never be done.
pub async fn copy_edition(
    env: &Env,
    entry: &OutboxId,
    message: &CopyEdition,
    bounds: Bounds,
) -> Result<(), StepError> {
    let Some(edition) = load(env, message).await? else {
        return Err(StepError::Final {
            code: FailureCode::Gone,
            message: "the edition is not there".to_owned(),
        });
    };
    let order = edition.copy_order(message.pointer.generation);
    match order {
        CopyOrder::AlreadyCopied => return done_with(env, entry).await,
        CopyOrder::Superseded => return superseded(env, entry, message).await,
        CopyOrder::Start | CopyOrder::Resume => {}
    }
    let target = manifest_of(env, &message.pointer).await?;
    let base = Base::load(env, message, &edition).await?;
    let mut plan = plan(base.present(), &target);
    let written = if order == CopyOrder::Resume {
        already_written(env, message).await?
    } else {
        BTreeSet::new()
    };
    let bytes = plan.stages.iter().flatten().map(|file| file.size).sum();
    let skipped = skip(&mut plan, &written);
    let report = CopyReport {
        copied: plan.copies() + skipped,
        deleted: plan.deletions.len() as u64,
        unchanged: plan.unchanged,
    };
    if report.copied + report.deleted > 0 {
        if order == CopyOrder::Start && begin(env, message).await? == Begun::TooLate {
            return superseded(env, entry, message).await;
        }
        if let Ran::OutOfTime = carry_out(env, message, &plan, &base, bounds, skipped).await? {
            return hand_on(env, entry, message).await;
        }
    }
    finish(env, entry, message, (report, bytes)).await
}

async fn load(env: &Env, message: &CopyEdition) -> Result<Option<Edition>, StepError> {
    let found = env
        .catalog
        .edition_of(&message.organization, &message.product, message.edition)
        .await;
    found.map_err(StepError::catalog)
}

/// What lies below the edition's prefix before the copy.
enum Base {
    Copied {
        published: Manifest,
        torn: Vec<Manifest>,
    },
    Names(BTreeSet<String>),
}

impl Base {
    async fn load(env: &Env, message: &CopyEdition, edition: &Edition) -> Result<Self, StepError> {
        let Some(copied) = &edition.copied else {
            let listed = list_all(env, &message.destination).await?;
            let names = listed
                .iter()
                .filter_map(|object| message.destination.strip(&object.key));
            return Ok(Self::Names(names.map(str::to_owned).collect()));
        };
        let published = manifest_of(env, &copied.pointer).await?;
        let mut torn = Vec::new();
        let others = |attempt: &&Reached| attempt.pointer.generation != message.pointer.generation;
        for attempt in edition.attempts.iter().filter(others) {
            torn.push(manifest_of(env, &attempt.pointer).await?);
        }
        Ok(Self::Copied { published, torn })
    }

    fn present(&self) -> Present<'_> {
        match self {
            Self::Copied { published, torn } => Present::Copied { published, torn },
            Self::Names(names) => Present::Names(names),
        }
    }
}

/// The paths that this generation has written already: right by ETag, and younger than the generation's journal by the
/// object store's own clock. Anything else is written again.
async fn already_written(env: &Env, message: &CopyEdition) -> Result<BTreeSet<(String, String)>, StepError> {
    let journal = ObjectKey::copy_journal(message.edition);
    let listed = list_all(env, &KeyPrefix::copy_journal(message.edition)).await?;
    let Some(journal) = listed.into_iter().find(|object| object.key == journal) else {
        return Ok(BTreeSet::new());
    };
    let objects = list_all(env, &message.destination).await?;
    let younger = objects
        .into_iter()
        .filter(|object| object.written_at > journal.written_at);
    let named = younger.filter_map(|object| {
        let path = message.destination.strip(&object.key)?.to_owned();
        Some((path, object.etag))
    });
    Ok(named.collect())
}

/// Takes what is written already out of a plan, and says how much that was.
fn skip(plan: &mut Plan<'_>, written: &BTreeSet<(String, String)>) -> u64 {
    let before = plan.copies();
    for stage in &mut plan.stages {
        stage.retain(|file| !written.contains(&(file.path.as_str().to_owned(), file.etag.to_string())));
    }
    before - plan.copies()
}

/// Whether a copy may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    Now,
    /// The edition's place is another one by now.
    TooLate,
}

/// Notes the attempt before the first write: the journal for its time, then the edition.
async fn begin(env: &Env, message: &CopyEdition) -> Result<Begun, StepError> {
    let journal =
        serde_json::json!({ "generation": message.pointer.generation, "build": message.pointer.build });
    let headers = Headers {
        content_type: Some("application/json".to_owned()),
        ..Headers::default()
    };
    let key = ObjectKey::copy_journal(message.edition);
    env.objects
        .write(&key, Bytes::from(journal.to_string()), &headers)
        .await
        .map_err(StepError::objects)?;
    for _ in 0..MAX_TRIES {
        let edition = load(env, message).await?.ok_or_else(StepError::contended)?;
        if edition.place() != message.destination {
            return Ok(Begun::TooLate);
        }
        let step = EditionStep::Copying { done: 0, total: 0 };
        let row = RowOf::from(message)
            .change(env, &edition, step)
            .await
            .map_err(StepError::catalog)?;
        let begun = edition.begin_copy(&message.pointer, env.clock.now());
        let changes = row.into_iter().chain([Change::UpdateEdition(begun)]).collect();
        match env.catalog.commit(changes).await {
            Ok(()) => return Ok(Begun::Now),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(StepError::catalog(error)),
        }
    }
    Err(StepError::contended())
}

/// Copies stage after stage, then deletes. Readers never meet a gap.
async fn carry_out(
    env: &Env,
    message: &CopyEdition,
    plan: &Plan<'_>,
    base: &Base,
    bounds: Bounds,
    skipped: u64,
) -> Result<Ran, StepError> {
    let progress = Progress {
        done: AtomicU64::new(skipped),
        total: plan.copies() + skipped,
    };
    let copying = pin!(copy_stages(env, message, plan, bounds, &progress));
    let telling = pin!(progress.tell(env, message));
    let ran = match select(copying, telling).await {
        Either::Left((ran, _)) => ran.map_err(copy_error)?,
        Either::Right((never, _)) => match never {},
    };
    if ran == Ran::OutOfTime {
        return Ok(Ran::OutOfTime);
    }
    if matches!(base, Base::Names(_)) {
        let key = message.destination.directory_key();
        let headers = Headers::redirect_of_edition(&message.surrogate_key);
        env.objects
            .write(&key, Bytes::new(), &headers)
            .await
            .map_err(StepError::objects)?;
    }
    let keys: Vec<ObjectKey> = plan
        .deletions
        .iter()
        .map(|path| ObjectKey::new(format!("{}{path}", message.destination)))
        .collect();
    removal::delete_all(env, &keys)
        .await
        .map_err(StepError::objects)?;
    Ok(Ran::Completely)
}

async fn copy_stages(
    env: &Env,
    message: &CopyEdition,
    plan: &Plan<'_>,
    bounds: Bounds,
    progress: &Progress,
) -> Result<Ran, StoreError> {
    let mut limit = Limit::new(bounds.pace);
    let bundles = Bundles::default();
    for stage in &plan.stages {
        let files: Vec<File> = stage.iter().copied().cloned().collect();
        let copy = |file: File| copy_file(env, message, &bundles, file);
        let one_more = || {
            progress.done.fetch_add(1, Ordering::Relaxed);
        };
        if pace::run(files, &mut limit, bounds.deadline, copy, one_more).await? == Ran::OutOfTime {
            return Ok(Ran::OutOfTime);
        }
    }
    Ok(Ran::Completely)
}

async fn copy_file(
    env: &Env,
    message: &CopyEdition,
    bundles: &Bundles,
    file: File,
) -> Result<(), StoreError> {
    let to = message.destination.key(&file.path);
    let headers = file.headers.for_edition(&message.surrogate_key);
    match &file.source {
        Source::Build => {
            env.objects
                .copy(&message.source.key(&file.path), &to, &headers)
                .await
        }
        Source::Object(from) => env.objects.copy(from, &to, &headers).await,
        Source::Bundle { key, offset } => {
            let body = bundles.part(env, key, *offset, file.size).await?;
            env.objects.write(&to, body, &headers).await
        }
    }
}

/// The bundles that a copy takes files out of, each read once, when its first file is wanted.
#[derive(Default)]
struct Bundles(Mutex<BTreeMap<ObjectKey, Arc<OnceCell<Bytes>>>>);

impl Bundles {
    async fn part(&self, env: &Env, key: &ObjectKey, offset: u64, size: u64) -> Result<Bytes, StoreError> {
        let bundle = self.0.lock().await.entry(key.clone()).or_default().clone();
        let missing = || StoreError::NotFound(key.to_string());
        let whole = bundle
            .get_or_try_init(async || {
                let stored = env.objects.read(key).await?;
                Ok(stored.ok_or_else(missing)?.body)
            })
            .await?;
        let place = usize::try_from(offset)
            .ok()
            .zip(usize::try_from(offset + size).ok())
            .filter(|(_, end)| *end <= whole.len());
        let (begin, end) = place.ok_or_else(missing)?;
        Ok(whole.slice(begin..end))
    }
}

fn copy_error(error: StoreError) -> StepError {
    match error {
        StoreError::NotFound(what) => StepError::Final {
            code: FailureCode::FilesMissing,
            message: format!("a file of the build is not there any more: {what}"),
        },
        other @ (StoreError::Conflict | StoreError::Busy(_) | StoreError::Failed(_)) => {
            StepError::objects(other)
        }
    }
}

/// How far a copy is.
struct Progress {
    done: AtomicU64,
    total: u64,
}

impl Progress {
    /// Tells people now and then, for as long as it is polled.
    async fn tell(&self, env: &Env, message: &CopyEdition) -> Infallible {
        loop {
            tokio::time::sleep(PROGRESS_EVERY).await;
            let (task, done) = (&message.task, self.done.load(Ordering::Relaxed));
            let (edition, now) = (message.edition, env.clock.now());
            if let Err(error) = env
                .catalog
                .note_progress(task, edition, done, self.total, now)
                .await
            {
                tracing::debug!(%task, error = %Chain(&error), "progress not noted");
            }
        }
    }
}

/// The edition is there: commits that, with the purge that must follow.
async fn finish(
    env: &Env,
    entry: &OutboxId,
    message: &CopyEdition,
    (report, bytes): (CopyReport, u64),
) -> Result<(), StepError> {
    for _ in 0..MAX_TRIES {
        let Some(edition) = load(env, message).await? else {
            return done_with(env, entry).await;
        };
        if edition.copy_order(message.pointer.generation) == CopyOrder::AlreadyCopied {
            return done_with(env, entry).await;
        }
        if edition.place() != message.destination {
            return superseded(env, entry, message).await;
        }
        let row = RowOf {
            report: Some(report),
            ..RowOf::from(message)
        };
        let row = row
            .change(env, &edition, EditionStep::Purging)
            .await
            .map_err(StepError::catalog)?;
        let messages = messages_after(&edition, message, report);
        let now = env.clock.now();
        let took = telemetry::copying_for(&edition, &message.pointer, now);
        let copied = edition.clone().finish_copy(&message.pointer, now);
        let update = match edition.renaming {
            None => Change::UpdateEdition(copied),
            Some(_) => Change::RenameEdition {
                edition: copied.arrive(),
                takes: None,
                frees: vec![edition.slug],
            },
        };
        let changes = row
            .into_iter()
            .chain([update, Change::RemoveOutbox(entry.clone())])
            .collect();
        match commit_and_send(env, changes, messages).await {
            Ok(()) => {
                telemetry::copied(env, message, report, (bytes, took));
                return Ok(());
            }
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(StepError::catalog(error)),
        }
    }
    Err(StepError::contended())
}

/// The purge that must follow; when the copy gave the edition a new name, the old ones retire before it.
fn messages_after(edition: &Edition, message: &CopyEdition, report: CopyReport) -> Vec<Message> {
    let purge = |task: &TaskId| PurgeCdn {
        task: task.clone(),
        organization: message.organization.clone(),
        product: message.product.clone(),
        edition: message.edition,
        pointer: message.pointer.clone(),
        surrogate_key: message.surrogate_key.clone(),
        stale_keys: edition.stale_keys.clone(),
        report,
    };
    let Some(renaming) = &edition.renaming else {
        return vec![Message::PurgeCdn(purge(&message.task))];
    };
    let retire = Message::RetireName(RetireName {
        organization: message.organization.clone(),
        product: message.product.clone(),
        edition: message.edition,
        name: edition.slug.clone(),
        rest: edition.former.clone(),
        purge: Some(purge(&renaming.task)),
    });
    // A newer build may have brought the new name with it: its own task does not wait for the old ones.
    let own = (renaming.task != message.task).then(|| Message::PurgeCdn(purge(&message.task)));
    own.into_iter().chain([retire]).collect()
}

async fn superseded(env: &Env, entry: &OutboxId, message: &CopyEdition) -> Result<(), StepError> {
    for _ in 0..MAX_TRIES {
        let Some(edition) = load(env, message).await? else {
            return done_with(env, entry).await;
        };
        if edition
            .renaming
            .as_ref()
            .is_some_and(|renaming| renaming.task == message.task)
        {
            // The rename itself goes on with the newer build, and its task with it.
            return done_with(env, entry).await;
        }
        let row = RowOf::from(message);
        let row = row
            .change(env, &edition, EditionStep::Superseded)
            .await
            .map_err(StepError::catalog)?;
        // The row alone has no condition of its own, so the edition is written beside it.
        let touched = row.is_some().then_some(Change::UpdateEdition(edition));
        let changes = row
            .into_iter()
            .chain(touched)
            .chain([Change::RemoveOutbox(entry.clone())])
            .collect();
        match env.catalog.commit(changes).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(StepError::catalog(error)),
        }
    }
    Err(StepError::contended())
}

/// Hands the rest of a long copy on to the next run, as a message behind those that wait already: a newer build that
/// waits there makes the rest unnecessary.
async fn hand_on(env: &Env, entry: &OutboxId, message: &CopyEdition) -> Result<(), StepError> {
    let next = CopyEdition {
        hand_overs: message.hand_overs + 1,
        ..message.clone()
    };
    let entry = OutboxEntry::new(entry.clone(), Message::CopyEdition(next), env.clock.now());
    env.catalog
        .commit(vec![Change::PutOutbox(entry.clone())])
        .await
        .map_err(StepError::catalog)?;
    send(env, &[entry]).await;
    Ok(())
}
