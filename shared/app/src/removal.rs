//! Deleting objects: some, or all below a prefix.

use std::time::Duration;

use imprint_domain::key::{KeyPrefix, ObjectKey};
use tokio::time::Instant;

use crate::env::Env;
use crate::pace::Ran;
use crate::ports::{Objects, StoreError};

/// How often keys that S3 could not delete are tried again.
const MAX_DELETES: u32 = 6;

/// Deletes at most 1,000 keys; those that S3 could not delete (a 200 with errors inside) are tried again.
///
/// # Errors
/// When some are still there.
pub(crate) async fn delete(env: &Env, mut keys: Vec<ObjectKey>) -> Result<(), StoreError> {
    for attempt in 0..MAX_DELETES {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(50) * 2u32.pow(attempt)).await;
        }
        let failures = match env.objects.delete(&keys).await {
            Ok(failures) => failures,
            Err(error) if error.is_retryable() => continue,
            Err(error) => return Err(error),
        };
        if let Some(at) = failures.iter().position(|failure| !failure.retryable) {
            let hopeless = failures.into_iter().nth(at).map(|failure| failure.reason);
            return Err(StoreError::Failed(
                hopeless.unwrap_or_else(|| "not deleted".into()),
            ));
        }
        keys = failures.into_iter().map(|failure| failure.key).collect();
        if keys.is_empty() {
            return Ok(());
        }
    }
    Err(StoreError::Busy(
        format!("{} objects could not be deleted", keys.len()).into(),
    ))
}

/// Deletes keys in their order, a thousand a request.
///
/// # Errors
/// When some are still there.
pub(crate) async fn delete_all(env: &Env, keys: &[ObjectKey]) -> Result<(), StoreError> {
    for chunk in keys.chunks(<dyn Objects>::MAX_DELETE) {
        delete(env, chunk.to_vec()).await?;
    }
    Ok(())
}

/// Deletes everything below a prefix, and nothing else. A listing and a deletion for each 1,000 objects, and a last listing
/// that finds nothing. When time runs out the rest is left to the next run.
///
/// # Errors
/// When the store fails; what is deleted stays deleted.
pub(crate) async fn delete_below(
    env: &Env,
    prefix: &KeyPrefix,
    deadline: Option<Instant>,
) -> Result<Ran, StoreError> {
    loop {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(Ran::OutOfTime);
        }
        let page = env.objects.list(prefix, None).await?;
        let keys: Vec<ObjectKey> = page.objects.into_iter().map(|object| object.key).collect();
        if keys.is_empty() {
            return Ok(Ran::Completely);
        }
        if let Some(stray) = keys.iter().find(|key| prefix.strip(key).is_none()) {
            // A store that lists what lies elsewhere is not to be trusted with a deletion.
            return Err(StoreError::Failed(
                format!("{stray} was listed below {prefix}").into(),
            ));
        }
        delete_all(env, &keys).await?;
    }
}
