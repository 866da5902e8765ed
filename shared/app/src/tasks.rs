//! Tasks: how far a request that goes on in the background has got.

use imprint_domain::id::TaskId;
use imprint_domain::task::Task;

use crate::env::Env;
use crate::error::AppError;

/// A task with its editions.
///
/// # Errors
/// `NotFound` for an unknown one (D5: LTD answered that it was pending).
pub async fn get(env: &Env, id: &TaskId) -> Result<Task, AppError> {
    let task = env.catalog.task(id).await?.ok_or(AppError::NotFound)?;
    if task.organization == env.organization.slug {
        Ok(task)
    } else {
        Err(AppError::NotFound)
    }
}
