//! Tasks: how far a request that goes on in the background has got.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use imprint_domain::build::Build;
use imprint_domain::id::{BuildId, TaskId};
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

/// A task of whichever organization. Who may see it is for the caller to say, who knows the organization only now.
///
/// # Errors
/// `NotFound` for an unknown one.
pub async fn of_any_organization(env: &Env, id: &TaskId) -> Result<Task, AppError> {
    env.catalog.task(id).await?.ok_or(AppError::NotFound)
}

/// The build that a task publishes, if it publishes one that is still there. One request, or none.
///
/// # Errors
/// When the store fails.
pub async fn build_of(env: &Env, task: &Task) -> Result<Option<Build>, AppError> {
    let (Some(product), Some(id)) = (&task.product, task.build) else {
        return Ok(None);
    };
    let build = env.catalog.build_of(&task.organization, product, id).await?;
    Ok(build)
}

/// The builds that a task names, as far as they are still there: one as a rule. One request each.
///
/// # Errors
/// When the store fails.
pub async fn builds_of(env: &Env, task: &Task) -> Result<BTreeMap<BuildId, Build>, AppError> {
    let Some(product) = &task.product else {
        return Ok(BTreeMap::new());
    };
    let of_editions = task.editions.iter().map(|edition| edition.build);
    let ids: BTreeSet<BuildId> = of_editions.chain(task.build).collect();
    let read = |id| env.catalog.build_of(&task.organization, product, id);
    let found = try_join_all(ids.into_iter().map(read)).await?;
    Ok(found
        .into_iter()
        .flatten()
        .map(|build| (build.id, build))
        .collect())
}
