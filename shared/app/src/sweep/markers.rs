//! Completion markers and archives whose event was lost: the client has said that every file is there, and nobody heard it.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use imprint_domain::build::{Build, BuildState};
use imprint_domain::id::BuildId;
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::retention::Doom;
use imprint_domain::slug::OrganizationSlug;
use imprint_domain::task::Registration;

use crate::builds::{confirm_by_archive, confirm_by_marker, task_of_archive};
use crate::env::Env;
use crate::error::AppError;
use crate::organizations;
use crate::ports::{Listed, StoreError};
use crate::removal::delete;
use crate::tenants::Tenants;

/// S3 tells of most objects within seconds, and says that it sometimes takes a minute or longer
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html>).
const EVENT_COMES_WITHIN: SignedDuration = SignedDuration::from_mins(5);
/// Markers looked at in one run.
const AT_A_TIME: usize = 50;

/// Buckets looked at in one run. Where there are more, each run begins with others.
const BUCKETS: usize = 10;

/// Confirms the builds whose markers nobody heard of, and takes away the markers that have done their work, so that the
/// lists stay short. A listing a bucket; for each old marker three requests or fewer, and the confirmation's own.
///
/// # Returns
/// How many builds were confirmed.
///
/// # Errors
/// When a store fails; what was confirmed stays confirmed.
pub async fn confirm_unheard(tenants: &Tenants) -> Result<u64, AppError> {
    let mut buckets: BTreeMap<String, OrganizationSlug> = BTreeMap::new();
    for organization in organizations::all(tenants).await? {
        buckets.entry(organization.bucket).or_insert(organization.slug);
    }
    let minutes = usize::try_from(tenants.installation().clock.now().as_second() / 60).unwrap_or_default();
    let first = minutes.wrapping_mul(BUCKETS) % buckets.len().max(1);
    let mut confirmed = 0;
    for owner in buckets
        .values()
        .cycle()
        .skip(first)
        .take(buckets.len().min(BUCKETS))
    {
        confirmed += in_bucket_of(tenants, &tenants.of(owner).await?).await?;
    }
    Ok(confirmed)
}

/// The markers of one bucket, which may be that of several organizations.
async fn in_bucket_of(tenants: &Tenants, env: &Env) -> Result<u64, AppError> {
    let page = env.objects.list(&KeyPrefix::completion_markers(), None).await?;
    let now = env.clock.now();
    let old = |object: &Listed| now.duration_since(object.written_at) >= EVENT_COMES_WITHIN;
    let old = page.objects.into_iter().filter(old).take(AT_A_TIME);
    let (mut confirmed, mut done) = (0, Vec::new());
    for marker in old.collect::<Vec<_>>() {
        if let Some(id) = marker.key.archived_build() {
            match of_archive(tenants, id, &marker).await? {
                Fate::Confirmed => confirmed += 1,
                Fate::Stays => {}
                Fate::Goes => done.push(marker.key),
            }
            continue;
        }
        let Some(id) = marker.key.completed_build() else {
            continue;
        };
        if env.catalog.build(id).await?.as_ref().is_some_and(is_unheard) {
            confirmed += u64::from(confirm(tenants, id, &marker).await?);
        }
        done.push(marker.key);
    }
    remove(env, done).await?;
    Ok(confirmed)
}

/// What becomes of an archive.
enum Fate {
    /// Nobody had heard of it.
    Confirmed,
    /// It is being unpacked, or will be tried again.
    Stays,
    /// It is of no more use.
    Goes,
}

async fn of_archive(tenants: &Tenants, id: BuildId, archive: &Listed) -> Result<Fate, AppError> {
    let catalog = &tenants.installation().catalog;
    let build = catalog.build(id).await?;
    let is_awaited = |build: &Build| build.upload.awaits_archive() && build.ended_at().is_none();
    if !build.as_ref().is_some_and(is_awaited) {
        return Ok(Fate::Goes);
    }
    match catalog.task(&task_of_archive(id, archive)).await? {
        Some(task) => Ok(match task.registration {
            Registration::Failed(failure) if failure.code.refuses_archive() => Fate::Goes,
            Registration::Failed(_)
            | Registration::NotNeeded
            | Registration::Queued
            | Registration::Unpacking { .. }
            | Registration::Deriving { .. }
            | Registration::Done { .. } => Fate::Stays,
        }),
        None => match confirm_by_archive(tenants, id).await {
            Ok(task) => {
                tracing::info!(
                    build = id.0,
                    task = task.as_ref().map(tracing::field::display),
                    "archive whose event was lost"
                );
                Ok(Fate::Confirmed)
            }
            // It ended since, or its archive went.
            Err(AppError::NotFound | AppError::Invalid(_) | AppError::Refused(_)) => Ok(Fate::Stays),
            Err(error) => Err(error),
        },
    }
}

fn is_unheard(build: &Build) -> bool {
    match build.state {
        BuildState::Uploading => match build.doom {
            None | Some(Doom::Marked { .. }) => true,
            Some(Doom::Deleting { .. }) => false,
        },
        BuildState::Uploaded { .. } | BuildState::Ended { .. } => false,
    }
}

async fn confirm(tenants: &Tenants, id: BuildId, marker: &Listed) -> Result<bool, AppError> {
    let sequencer = format!("found {}", marker.written_at);
    match confirm_by_marker(tenants, id, &sequencer).await {
        Ok(task) => {
            tracing::info!(build = id.0, %task, "upload confirmed by a marker whose event was lost");
            Ok(true)
        }
        // It ended since.
        Err(AppError::NotFound | AppError::Invalid(_) | AppError::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn remove(env: &Env, keys: Vec<ObjectKey>) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    delete(env, keys).await
}
