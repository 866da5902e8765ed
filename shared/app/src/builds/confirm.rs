//! Taking a client's word that everything is there: by a call, by a marker, or by the archive itself.

use sha2::{Digest, Sha256};

use imprint_domain::build::Build;
use imprint_domain::id::{BuildId, TaskId};
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::message::{Message, RegisterBuild, UnpackArchive};
use imprint_domain::task::{FailureCode, Registration, Task};
use imprint_domain::webhook::{EventKind, Subject};

use super::{get, new_task};
use crate::announce::announce_of;
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::commit_and_send;
use crate::ports::{Change, Listed, StoreError};
use crate::tenants::Tenants;

/// How an upload was confirmed.
#[derive(Debug, Clone)]
pub enum Confirmation {
    /// By a call of the API. Each call publishes again.
    Request,
    /// By the completion marker. The same event twice is one confirmation.
    Marker {
        /// What the object store tells its events of one key apart by.
        sequencer: String,
    },
}

/// Takes the client's word that every file is there, and has the build registered. Four requests to the catalog at most
/// when nobody else interferes.
///
/// Of a build that comes in an archive it is a hint: whoever says it, and however often, one archive has one task, so
/// nothing is read twice.
///
/// # Errors
/// `NotFound` for an unknown build, `Invalid` for one that was ended, `Refused` when its archive is not there.
pub async fn confirm_upload(env: &Env, id: BuildId, confirmation: &Confirmation) -> Result<TaskId, AppError> {
    for _ in 0..MAX_TRIES {
        let before = get(env, id).await?;
        let mut build = before.clone().confirm_upload(env.clock.now())?;
        let task = if build.upload.awaits_archive() {
            let Some(archive) = archive_of(env, id).await? else {
                // One that was refused is deleted: its task says why.
                return build.upload.task().cloned().ok_or_else(|| missing(&build));
            };
            let task = task_of_archive(id, &archive);
            build.upload = build.upload.watched_by(&task);
            if let Some(watched) = env.catalog.task(&task).await? {
                match begin_again(env, watched, &build).await {
                    Ok(()) => return Ok(task),
                    Err(StoreError::Conflict) => continue,
                    Err(error) => return Err(error.into()),
                }
            }
            task
        } else {
            match confirmation {
                Confirmation::Request => TaskId::from_bytes(env.random.identity()),
                Confirmation::Marker { sequencer } => {
                    derived_task(&format!("completion marker of build {id}, {sequencer}"))
                }
            }
        };
        match begin(env, &before, &build, &task).await {
            Ok(()) => return Ok(task),
            Err(StoreError::Conflict) => {
                let Some(known) = env.catalog.task(&task).await? else {
                    continue;
                };
                match begin_again(env, known, &build).await {
                    // Whoever was quicker has begun it again, or has done it.
                    Ok(()) | Err(StoreError::Conflict) => return Ok(task),
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}

async fn begin(env: &Env, before: &Build, build: &Build, task: &TaskId) -> Result<(), StoreError> {
    let mut changes = vec![Change::CreateTask(new_task(
        build,
        task,
        Registration::Queued,
        env.clock.now(),
    ))];
    if build != before {
        changes.push(Change::UpdateBuild(build.clone()));
    }
    let place = (&build.organization, &build.product);
    let mut messages = announce_of(env, EventKind::BuildUploaded, place, |product| {
        Subject::build(&env.organization, product, build)
    })
    .await?;
    messages.push(first_step(build, task));
    commit_and_send(env, changes, messages).await
}

/// An upload that is heard of once more is on its way, done, or refused for good. What was given up is tried again, and an
/// archive that failed for another reason than what is in it.
async fn begin_again(env: &Env, mut task: Task, build: &Build) -> Result<(), StoreError> {
    let is_archive = build.upload.awaits_archive();
    match &task.registration {
        Registration::Failed(failure) if is_archive && !failure.code.refuses_archive() => {}
        Registration::Failed(failure) if failure.code == FailureCode::GaveUp => {}
        Registration::Failed(_)
        | Registration::NotNeeded
        | Registration::Queued
        | Registration::Unpacking { .. }
        | Registration::Deriving { .. }
        | Registration::Done { .. } => return Ok(()),
    }
    let message = first_step(build, &task.id);
    task.registration = Registration::Queued;
    commit_and_send(env, vec![Change::UpdateTask(task)], vec![message]).await
}

/// What has to be done first of all.
fn first_step(build: &Build, task: &TaskId) -> Message {
    let register = RegisterBuild {
        task: task.clone(),
        organization: build.organization.clone(),
        product: build.product.clone(),
        build: build.id,
        editions: Vec::new(),
        asked_by: None,
    };
    if build.upload.awaits_archive() {
        Message::UnpackArchive(UnpackArchive {
            then: register,
            prefix: build.prefix(),
            hand_overs: 0,
        })
    } else {
        Message::RegisterBuild(register)
    }
}

fn missing(build: &Build) -> AppError {
    AppError::Refused(format!(
        "the archive of build {} is not there. PUT it to the address in archive_upload; nothing else is needed",
        build.slug
    ))
}

/// Has a build registered whose completion marker arrived, whichever organization it belongs to.
///
/// # Errors
/// As [`confirm_upload`].
pub async fn confirm_by_marker(tenants: &Tenants, id: BuildId, sequencer: &str) -> Result<TaskId, AppError> {
    let (env, _) = env_of(tenants, id).await?;
    let confirmation = Confirmation::Marker {
        sequencer: sequencer.to_owned(),
    };
    confirm_upload(&env, id, &confirmation).await
}

/// The same for one whose archive arrived. Nothing when an archive of it is unpacked: a build does not change any more.
///
/// # Errors
/// As [`confirm_upload`].
pub async fn confirm_by_archive(tenants: &Tenants, id: BuildId) -> Result<Option<TaskId>, AppError> {
    let (env, build) = env_of(tenants, id).await?;
    if !build.upload.awaits_archive() {
        return Ok(None);
    }
    confirm_upload(&env, id, &Confirmation::Request).await.map(Some)
}

async fn env_of(tenants: &Tenants, id: BuildId) -> Result<(Env, Build), AppError> {
    let build = tenants.installation().catalog.build(id).await?;
    let build = build.ok_or(AppError::NotFound)?;
    Ok((tenants.of(&build.organization).await?, build))
}

/// A build's archive, if it is there. One request.
pub(crate) async fn archive_of(env: &Env, id: BuildId) -> Result<Option<Listed>, StoreError> {
    let page = env.inbox.list(&KeyPrefix::uploads(id), None).await?;
    let key = ObjectKey::archive(id);
    Ok(page.objects.into_iter().find(|object| object.key == key))
}

/// The task that watches an archive: one for each content, whoever heard of it first.
pub(crate) fn task_of_archive(build: BuildId, archive: &Listed) -> TaskId {
    derived_task(&format!(
        "archive of build {build}, {} bytes, {}",
        archive.size, archive.etag
    ))
}

fn derived_task(what: &str) -> TaskId {
    let digest = Sha256::digest(what);
    let mut identity = [0; 16];
    identity.copy_from_slice(&digest[..16]);
    TaskId::from_bytes(identity)
}
