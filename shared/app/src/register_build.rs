//! The step that learns a build's files, and has made of them what is to be made before editions move.
//!
//! Safe to run twice and to stop anywhere: the manifest's name is its content, nothing is visible before the commit, and
//! the task remembers that it was done. Two runs at once decide on the same revisions, so one of them decides again.

use imprint_domain::build::Build;
use imprint_domain::id::OutboxId;
use imprint_domain::message::{DeriveFormat, Message, MoveEditions, RegisterBuild, UnpackArchive};
use imprint_domain::product::Product;
use imprint_domain::rules::Rules;
use imprint_domain::task::{FailureCode, Registration, Task};

use crate::env::Env;
use crate::error::MAX_TRIES;
use crate::move_editions::{self, Moving, Site, Tried};
use crate::outgoing::commit_and_send;
use crate::ports::Change;
use crate::step::{StepError, done_with};

mod files;

use files::{Files, learn};
pub(crate) use files::{Named, list_all, manifest_of, read_manifest, store, the_manifest};

/// How long editions wait for formats that are made of the pages, in seconds. Search and pages belong together, and a
/// thousand pages take two; what takes longer is published when it is there, without holding the pages up.
const PATIENCE: u32 = 30;

/// Registers the build that a message names.
///
/// # Errors
/// When it has to be tried again, or can never be registered.
pub async fn register_build(env: &Env, entry: &OutboxId, message: &RegisterBuild) -> Result<(), StepError> {
    let mut files: Option<Files> = None;
    for _ in 0..MAX_TRIES {
        let Some(task) = env
            .catalog
            .task(&message.task)
            .await
            .map_err(StepError::catalog)?
        else {
            return Err(gone("the task"));
        };
        match task.registration {
            Registration::Done { .. } | Registration::Deriving { .. } => return done_with(env, entry).await,
            Registration::NotNeeded
            | Registration::Queued
            | Registration::Unpacking { .. }
            | Registration::Failed(_) => {}
        }
        let (org, slug) = (&message.organization, &message.product);
        let build = env
            .catalog
            .build_of(org, slug, message.build)
            .await
            .map_err(StepError::catalog)?;
        let build = build.ok_or_else(|| gone("the build"))?;
        let found = env
            .catalog
            .product_with_editions(org, slug)
            .await
            .map_err(StepError::catalog)?;
        let (product, editions) = found.ok_or_else(|| gone("the product"))?;
        check_writable(&product)?;
        if build.upload.awaits_archive() {
            return unpack_first(env, entry, message, &build).await;
        }
        let learned = match files.take() {
            Some(learned) => learned,
            None => learn(env, &build, &editions).await?,
        };
        let build = with_artifacts(env, &product, build, &learned)?;
        let tried = if build.artifacts.are_final() {
            let moving = Moving {
                entry,
                asked_for: &message.editions,
                asked_by: message.asked_by.as_ref(),
                notes: &learned.notes,
                site: Site {
                    id: &learned.id,
                    manifest: &learned.manifest,
                },
            };
            move_editions::publish(env, task, &product, editions, build, moving).await?
        } else {
            have_made(env, entry, message, task, build, &learned).await?
        };
        match tried {
            Tried::Committed => return Ok(()),
            Tried::Conflict => files = Some(learned),
        }
    }
    Err(StepError::contended())
}

/// Somebody wants an edition moved to a build whose files are still in their archive: these come first.
async fn unpack_first(
    env: &Env,
    entry: &OutboxId,
    message: &RegisterBuild,
    build: &Build,
) -> Result<(), StepError> {
    let unpack = Message::UnpackArchive(UnpackArchive {
        then: message.clone(),
        prefix: build.prefix(),
        hand_overs: 0,
    });
    let changes = vec![Change::RemoveOutbox(entry.clone())];
    let handed_on = commit_and_send(env, changes, vec![unpack]).await;
    handed_on.map_err(StepError::catalog)
}

pub(crate) fn gone(what: &str) -> StepError {
    StepError::Final {
        code: FailureCode::Gone,
        message: format!("{what} is not there any more"),
    }
}

pub(crate) fn check_writable(product: &Product) -> Result<(), StepError> {
    product.writable().map_err(|ended| StepError::Final {
        code: FailureCode::ProductEnded,
        message: ended.to_string(),
    })
}

/// The build as it is when its files are known.
fn with_artifacts(env: &Env, product: &Product, build: Build, learned: &Files) -> Result<Build, StepError> {
    let now = env.clock.now();
    let build = build.confirm_upload(now).map_err(|error| StepError::Final {
        code: FailureCode::BuildEnded,
        message: error.to_string(),
    })?;
    let mut derive = Rules::of(&env.organization, product).derive;
    let mut brought = learned.brought.clone();
    match learned.pages(now) {
        Some((format, state)) => drop(brought.insert(format, state)),
        // Nothing can be made of an upload without pages.
        None => derive.0.clear(),
    }
    let artifacts = build
        .artifacts
        .clone()
        .of_site(&learned.id, brought, &derive, now);
    Ok(Build { artifacts, ..build })
}

/// Commits that formats are being made, and has that done. The editions move when the last one is there; a message that
/// waits in the queue moves them when that takes too long.
async fn have_made(
    env: &Env,
    entry: &OutboxId,
    message: &RegisterBuild,
    mut task: Task,
    build: Build,
    learned: &Files,
) -> Result<Tried, StepError> {
    let then = MoveEditions {
        task: message.task.clone(),
        organization: message.organization.clone(),
        product: message.product.clone(),
        build: message.build,
        site: learned.id.clone(),
        notes: learned.notes.clone(),
        editions: message.editions.clone(),
        asked_by: message.asked_by.clone(),
        patience: 0,
    };
    let derive = |format| {
        Message::DeriveFormat(DeriveFormat {
            format,
            then: then.clone(),
        })
    };
    let mut messages: Vec<Message> = build.artifacts.pending().map(derive).collect();
    messages.push(Message::MoveEditions(MoveEditions {
        patience: PATIENCE,
        ..then.clone()
    }));
    task.registration = Registration::Deriving {
        since: env.clock.now(),
    };
    let changes = vec![
        Change::UpdateBuild(build),
        Change::UpdateTask(task),
        Change::RemoveOutbox(entry.clone()),
    ];
    move_editions::tried(commit_and_send(env, changes, messages).await)
}
