//! The step that makes the files of a build's archive those of the build.
//!
//! The archive is read twice: all of it is checked before the first file is written, so that one that is refused leaves
//! nothing behind. Between the two a journal is written. A run that finds the journal of this very archive checks nothing
//! again, and trusts what is below the build's prefix and younger than the journal by the object store's own clock: so a run
//! may stop anywhere, come twice, or hand the rest on before its time is up. Nothing of it is seen before the build says
//! that its archive is unpacked; from then on no other archive of it is taken.

mod reading;
mod refusal;
mod writing;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};

pub use imprint_archive::MAX_ARCHIVE_BYTES;
use imprint_archive::Summary;
use imprint_domain::build::Build;
use imprint_domain::id::OutboxId;
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::manifest::Headers;
use imprint_domain::message::{Message, UnpackArchive};
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::task::{Failure, FailureCode, Registration};
use imprint_domain::upload::{ArchiveDigest, Upload};

use self::reading::{Unread, check};
use self::writing::write;
use crate::builds::{archive_of, task_of_archive};
use crate::copy_edition::Bounds;
use crate::env::Env;
use crate::error::MAX_TRIES;
use crate::outgoing::{Chain, commit_and_send, send};
use crate::pace::Ran;
use crate::ports::{Change, Listed, StoreError};
use crate::register_build::{check_writable, gone, list_all};
use crate::removal::{delete, delete_below};
use crate::step::{StepError, done_with};

/// How often a long run says how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// What is known of an archive that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Journal {
    etag: String,
    size: u64,
    digest: ArchiveDigest,
    files: u64,
    bytes: u64,
}

impl Journal {
    fn is_of(&self, archive: &Listed) -> bool {
        self.etag == archive.etag && self.size == archive.size
    }

    fn summary(&self) -> Summary {
        Summary {
            files: self.files,
            bytes: self.bytes,
        }
    }
}

/// Unpacks the archive of the build that a message names, then has the build registered.
///
/// # Errors
/// When it has to be tried again, or can never be done.
pub async fn unpack_archive(
    env: &Env,
    entry: &OutboxId,
    message: &UnpackArchive,
    bounds: Bounds,
) -> Result<(), StepError> {
    let task = env.catalog.task(&message.then.task).await;
    let Some(task) = task.map_err(StepError::catalog)? else {
        return Err(gone("the task"));
    };
    match task.registration {
        Registration::Done { .. } | Registration::Deriving { .. } => return done_with(env, entry).await,
        Registration::NotNeeded
        | Registration::Queued
        | Registration::Unpacking { .. }
        | Registration::Failed(_) => {}
    }
    let build = awaiting(env, message).await?;
    if !build.upload.awaits_archive() {
        return register(env, entry, message).await;
    }
    let archive = archive_of(env, build.id).await.map_err(StepError::objects)?;
    let Some(archive) = archive else {
        return without_archive(env, entry, message).await;
    };
    let progress = Progress::default();
    let unpacking = pin!(unpack(env, &build, &archive, bounds, &progress));
    let telling = pin!(progress.tell(env, message));
    let unpacked = match select(unpacking, telling).await {
        Either::Left((unpacked, _)) => unpacked,
        Either::Right((never, _)) => match never {},
    };
    match unpacked {
        Ok(Ran::Completely) => register(env, entry, message).await,
        Ok(Ran::OutOfTime) => hand_on(env, entry, message).await,
        Err(Unread::Missing) => without_archive(env, entry, message).await,
        Err(Unread::Refused(code, message)) => Err(StepError::Final { code, message }),
        Err(Unread::Step(error)) => Err(error),
    }
}

/// The build, which is there and in use. What was written for one that is gone goes as well.
async fn awaiting(env: &Env, message: &UnpackArchive) -> Result<Build, StepError> {
    let (org, slug) = (&message.then.organization, &message.then.product);
    let build = env.catalog.build_of(org, slug, message.then.build).await;
    let Some(build) = build.map_err(StepError::catalog)? else {
        let below = delete_below(env, &message.prefix, None).await;
        below.map_err(StepError::objects)?;
        return Err(gone("the build"));
    };
    build.publishable().map_err(|error| StepError::Final {
        code: FailureCode::BuildEnded,
        message: error.to_string(),
    })?;
    let product = env.catalog.product(org, slug).await;
    let product = product.map_err(StepError::catalog)?;
    check_writable(&product.ok_or_else(|| gone("the product"))?)?;
    Ok(build)
}

/// Somebody else may have unpacked it a moment ago.
async fn without_archive(env: &Env, entry: &OutboxId, message: &UnpackArchive) -> Result<(), StepError> {
    let build = awaiting(env, message).await?;
    if !build.upload.awaits_archive() {
        return register(env, entry, message).await;
    }
    Err(StepError::Final {
        code: FailureCode::ArchiveMissing,
        message: format!("the archive of build {} is not there", build.slug),
    })
}

async fn unpack(
    env: &Env,
    build: &Build,
    archive: &Listed,
    bounds: Bounds,
    progress: &Progress,
) -> Result<Ran, Unread> {
    let (journal, written_after) = match journal_of(env, build, archive).await? {
        Some((journal, at)) => (journal, Some(at)),
        None => (begin(env, build, archive).await?, None),
    };
    progress.total.store(journal.files, Ordering::Relaxed);
    let present = list_all(env, &build.prefix()).await?;
    write(
        env,
        build,
        archive,
        &journal,
        (present, written_after),
        bounds,
        progress,
    )
    .await
}

/// The journal of this archive, and when it was written.
async fn journal_of(
    env: &Env,
    build: &Build,
    archive: &Listed,
) -> Result<Option<(Journal, jiff::Timestamp)>, StepError> {
    let key = ObjectKey::unpacking(build.id);
    let listed = list_all(env, &KeyPrefix::manifests(build.id)).await?;
    let Some(listed) = listed.into_iter().find(|object| object.key == key) else {
        return Ok(None);
    };
    let stored = env.objects.read(&key).await.map_err(StepError::objects)?;
    // One that cannot be read is none: the archive is checked once more.
    let journal: Option<Journal> = stored.and_then(|stored| serde_json::from_slice(&stored.body).ok());
    let journal = journal.filter(|journal| journal.is_of(archive));
    Ok(journal.map(|journal| (journal, listed.written_at)))
}

/// Checks the archive, and notes that it is good.
async fn begin(env: &Env, build: &Build, archive: &Listed) -> Result<Journal, Unread> {
    let (summary, digest) = check(env, build, archive).await?;
    if let Upload::Archive {
        digest: Some(announced),
        ..
    } = &build.upload
        && *announced != digest
    {
        let message = format!("the archive has the digest {digest}, and not {announced}");
        return Err(Unread::Refused(FailureCode::ArchiveWrongDigest, message));
    }
    let journal = Journal {
        etag: archive.etag.clone(),
        size: archive.size,
        digest,
        files: summary.files,
        bytes: summary.bytes,
    };
    let headers = Headers {
        content_type: Some("application/json".to_owned()),
        ..Headers::default()
    };
    let json = serde_json::json!(journal).to_string();
    let key = ObjectKey::unpacking(build.id);
    let written = env.objects.write(&key, Bytes::from(json), &headers).await;
    written.map_err(StepError::objects)?;
    Ok(journal)
}

/// How far a run is.
#[derive(Debug, Default)]
struct Progress {
    done: AtomicU64,
    /// None before the archive is known to be good.
    total: AtomicU64,
}

impl Progress {
    /// Tells people now and then, for as long as it is polled.
    async fn tell(&self, env: &Env, message: &UnpackArchive) -> Infallible {
        loop {
            tokio::time::sleep(PROGRESS_EVERY).await;
            if let Err(error) = self.note(env, message).await {
                tracing::debug!(task = %message.then.task, error = %Chain(&error), "progress not noted");
            }
        }
    }

    async fn note(&self, env: &Env, message: &UnpackArchive) -> Result<(), StoreError> {
        let Some(mut task) = env.catalog.task(&message.then.task).await? else {
            return Ok(());
        };
        match task.registration {
            // Another run has ended it. One that failed shows why until it has succeeded.
            Registration::Done { .. } | Registration::Deriving { .. } | Registration::Failed(_) => {
                return Ok(());
            }
            Registration::NotNeeded | Registration::Queued | Registration::Unpacking { .. } => {}
        }
        let total = self.total.load(Ordering::Relaxed);
        task.registration = Registration::Unpacking {
            done: self.done.load(Ordering::Relaxed),
            total: (total > 0).then_some(total),
            updated_at: env.clock.now(),
        };
        env.catalog.commit(vec![Change::UpdateTask(task)]).await
    }
}

/// The files are there: commits that, has the build registered, and forgets the archive.
async fn register(env: &Env, entry: &OutboxId, message: &UnpackArchive) -> Result<(), StepError> {
    for _ in 0..MAX_TRIES {
        let build = awaiting(env, message).await?;
        let mut changes = vec![Change::RemoveOutbox(entry.clone())];
        if build.upload.awaits_archive() {
            let upload = build.upload.clone().unpacked();
            changes.push(Change::UpdateBuild(Build { upload, ..build }));
        }
        let then = Message::RegisterBuild(message.then.clone());
        match commit_and_send(env, changes, vec![then]).await {
            Ok(()) => {
                clean_up(env, message).await;
                return Ok(());
            }
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(StepError::catalog(error)),
        }
    }
    Err(StepError::contended())
}

/// What is still there afterwards, the sweep and the bucket's own rules take away.
async fn clean_up(env: &Env, message: &UnpackArchive) {
    let id = message.then.build;
    let journal = delete(env, vec![ObjectKey::unpacking(id)]).await;
    if let Err(error) = journal.and(delete_archive(env, id).await) {
        tracing::warn!(build = id.0, error = %Chain(&error), "an archive that is unpacked was not deleted");
    }
}

async fn delete_archive(env: &Env, id: imprint_domain::id::BuildId) -> Result<(), StoreError> {
    delete(&env.of_inbox(), vec![ObjectKey::archive(id)]).await
}

/// Deletes an archive that was refused, once its task says so. Another one that was put in its place stays: its own task
/// tells of it.
///
/// # Errors
/// When the store fails.
pub(crate) async fn forget(env: &Env, message: &UnpackArchive, failure: &Failure) -> Result<(), StoreError> {
    let id = message.then.build;
    if !failure.code.refuses_archive() {
        return Ok(());
    }
    match archive_of(env, id).await? {
        Some(archive) if task_of_archive(id, &archive) == message.then.task => delete_archive(env, id).await,
        Some(_) | None => Ok(()),
    }
}

/// Hands the rest on to the next run.
async fn hand_on(env: &Env, entry: &OutboxId, message: &UnpackArchive) -> Result<(), StepError> {
    let next = UnpackArchive {
        hand_overs: message.hand_overs + 1,
        ..message.clone()
    };
    let entry = OutboxEntry::new(entry.clone(), Message::UnpackArchive(next), env.clock.now());
    let committed = env.catalog.commit(vec![Change::PutOutbox(entry.clone())]).await;
    committed.map_err(StepError::catalog)?;
    send(env, &[entry]).await;
    Ok(())
}
