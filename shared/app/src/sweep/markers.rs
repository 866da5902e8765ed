//! Completion markers whose event was lost: the client has said that every file is there, and nobody heard it.

use jiff::SignedDuration;

use imprint_domain::build::{Build, BuildState};
use imprint_domain::id::BuildId;
use imprint_domain::key::{KeyPrefix, ObjectKey};

use crate::builds::{Confirmation, confirm_upload};
use crate::env::Env;
use crate::error::AppError;
use crate::ports::{Listed, StoreError};
use crate::removal::delete;

/// S3 tells of most objects within seconds, and says that it sometimes takes a minute or longer
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html>).
const EVENT_COMES_WITHIN: SignedDuration = SignedDuration::from_mins(5);
/// Markers looked at in one run.
const AT_A_TIME: usize = 50;

/// Confirms the builds of one organization whose markers nobody heard of, and takes away the markers that have done their
/// work, so that the list stays short. A listing; for each old marker three requests or fewer, and the confirmation's own.
///
/// # Returns
/// How many builds were confirmed.
///
/// # Errors
/// When a store fails; what was confirmed stays confirmed.
pub async fn confirm_unheard(env: &Env) -> Result<u64, AppError> {
    let page = env.objects.list(&KeyPrefix::completion_markers(), None).await?;
    let now = env.clock.now();
    let old = |object: &Listed| now.duration_since(object.written_at) >= EVENT_COMES_WITHIN;
    let old = page.objects.into_iter().filter(old).take(AT_A_TIME);
    let (mut confirmed, mut done) = (0, Vec::new());
    for marker in old.collect::<Vec<_>>() {
        let Some(id) = marker.key.completed_build() else {
            continue;
        };
        match env.catalog.build(id).await? {
            // One bucket may be that of several organizations.
            Some(build) if build.organization != env.organization.slug => continue,
            Some(build) if is_unheard(&build) => confirmed += u64::from(confirm(env, id, &marker).await?),
            Some(_) | None => {}
        }
        done.push(marker.key);
    }
    remove(env, done).await?;
    Ok(confirmed)
}

fn is_unheard(build: &Build) -> bool {
    match build.state {
        BuildState::Uploading => build.doom.is_none(),
        BuildState::Uploaded { .. } | BuildState::Ended { .. } => false,
    }
}

async fn confirm(env: &Env, id: BuildId, marker: &Listed) -> Result<bool, AppError> {
    let confirmation = Confirmation::Marker {
        sequencer: format!("found {}", marker.written_at),
    };
    match confirm_upload(env, id, &confirmation).await {
        Ok(task) => {
            tracing::info!(build = %id, %task, "upload confirmed by a marker whose event was lost");
            Ok(true)
        }
        // It ended since.
        Err(AppError::NotFound | AppError::Invalid(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn remove(env: &Env, keys: Vec<ObjectKey>) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    delete(env, keys).await
}
