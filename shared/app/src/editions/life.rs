//! What happens to an edition in its life: going back, being pinned, being restored, and the record of its moves.

use imprint_domain::access::UserName;
use imprint_domain::build::Build;
use imprint_domain::edition::{Cause, Edition, Objects};
use imprint_domain::history::Moved;
use imprint_domain::id::{BuildId, EditionId, Generation, TaskId};
use imprint_domain::pin::Waiting;
use imprint_domain::product::Product;
use imprint_domain::rename;

use super::moving::{Beside, Move, Wanted, commit};
use super::{Changed, get, get_writable, list, publishable};
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::ports::{Change, Page};

/// How many moves are read at a time when a build is looked for.
const MOVES_AT_A_TIME: usize = 200;

/// Where to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RollbackTo {
    /// A build that the edition has shown.
    Build(BuildId),
    /// The build of an earlier move.
    Generation(Generation),
}

/// The moves of an edition, newest first.
///
/// # Errors
/// `NotFound` when there is no such edition.
pub async fn history(
    env: &Env,
    id: EditionId,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Moved>, AppError> {
    get(env, id).await?;
    Ok(env.catalog.history(id, limit, cursor).await?)
}

/// Goes back to a build that the edition has shown. Going back to the one it shows publishes that again.
///
/// # Errors
/// `NotFound` when there is no such edition, `Invalid` when it never showed that build, is pinned or has ended, or when
/// the build was deleted.
pub async fn rollback(
    env: &Env,
    id: EditionId,
    to: RollbackTo,
    by: Option<UserName>,
) -> Result<Changed, AppError> {
    for _ in 0..MAX_TRIES {
        let (product, before) = get_writable(env, id).await?;
        if before.ended_at.is_some() {
            return Err(AppError::Invalid(format!(
                "Edition was deprecated: {}",
                before.slug
            )));
        }
        let build = shown_before(env, id, to).await?;
        check_pin(&before, build)?;
        let build = publishable(env, &before.product, build).await?;
        let moved = Move::plan(env, before.clone(), &build, Cause::Rollback, by.clone());
        let wanted = Wanted {
            product,
            edition: before.clone(),
            before: Some(&before),
            moved: Some(moved),
            write: Box::new(Change::UpdateEdition),
            beside: Beside::default(),
        };
        if let Some(changed) = commit(env, wanted).await? {
            return Ok(changed);
        }
    }
    Err(AppError::Contended)
}

/// The build that a rollback names, when the edition has shown it. A request for each page of its history.
async fn shown_before(env: &Env, id: EditionId, to: RollbackTo) -> Result<BuildId, AppError> {
    match to {
        RollbackTo::Generation(generation) => {
            let moved = env.catalog.moved(id, generation).await?;
            moved.map(|moved| moved.pointer.build).ok_or_else(|| {
                AppError::Invalid(format!(
                    "Invalid generation: the edition has no generation {generation}"
                ))
            })
        }
        RollbackTo::Build(build) => {
            let mut cursor: Option<String> = None;
            loop {
                let page = env
                    .catalog
                    .history(id, MOVES_AT_A_TIME, cursor.as_deref())
                    .await?;
                if page.items.iter().any(|moved| moved.pointer.build == build) {
                    return Ok(build);
                }
                cursor = page.next;
                if cursor.is_none() {
                    return Err(AppError::Invalid(format!(
                        "Invalid build_url: the edition never showed build {build}; PATCH it to show that one now"
                    )));
                }
            }
        }
    }
}

/// Refuses to move a pinned edition elsewhere.
pub(super) fn check_pin(edition: &Edition, build: BuildId) -> Result<(), AppError> {
    if edition.may_show(build) {
        return Ok(());
    }
    let own = edition
        .desired
        .as_ref()
        .map_or_else(String::new, |pointer| format!(" to build {}", pointer.build));
    Err(AppError::Invalid(format!(
        "Edition is pinned{own}: {}; POST to its /unpin first",
        edition.slug
    )))
}

/// Pins an edition to where it is. Pinning it again changes nothing.
///
/// # Errors
/// `NotFound` when there is no such edition, `Invalid` when it shows nothing or has ended.
pub async fn pin(env: &Env, id: EditionId) -> Result<Changed, AppError> {
    for _ in 0..MAX_TRIES {
        let (product, before) = get_writable(env, id).await?;
        let edition = before
            .clone()
            .pin(env.clock.now())
            .map_err(|error| AppError::Invalid(error.to_string()))?;
        let wanted = Wanted {
            product,
            before: Some(&before),
            edition,
            moved: None,
            write: Box::new(Change::UpdateEdition),
            beside: Beside::default(),
        };
        if let Some(changed) = commit(env, wanted).await? {
            return Ok(changed);
        }
    }
    Err(AppError::Contended)
}

/// Unpins an edition and shows, at once and once, what it would have followed. Unpinning it again changes nothing.
///
/// # Errors
/// `NotFound` when there is no such edition.
pub async fn unpin(env: &Env, id: EditionId, by: Option<UserName>) -> Result<Changed, AppError> {
    for _ in 0..MAX_TRIES {
        let (product, before) = get_writable(env, id).await?;
        let (edition, waiting) = before.clone().unpin();
        let build = match edition.ended_at {
            None => first_publishable(env, &edition, waiting).await?,
            Some(_) => None,
        };
        let moved = build.map(|build| Move::plan(env, edition.clone(), &build, Cause::Unpin, by.clone()));
        let wanted = Wanted {
            product,
            before: Some(&before),
            edition,
            moved,
            write: Box::new(Change::UpdateEdition),
            beside: Beside::default(),
        };
        if let Some(changed) = commit(env, wanted).await? {
            return Ok(changed);
        }
    }
    Err(AppError::Contended)
}

/// The first build that was not deleted while it waited. One whose registration is not committed yet is left to that, which
/// finds the edition unpinned.
async fn first_publishable(
    env: &Env,
    edition: &Edition,
    waiting: Vec<Waiting>,
) -> Result<Option<Build>, AppError> {
    for waiting in waiting {
        let build = env
            .catalog
            .build_of(&edition.organization, &edition.product, waiting.build)
            .await?;
        if let Some(build) = build.filter(is_showable) {
            return Ok(Some(build));
        }
    }
    Ok(None)
}

fn is_showable(build: &Build) -> bool {
    build.publishable().is_ok() && build.manifest.is_some()
}

/// Undoes the deletion of an edition, and publishes its build again: what was on its way when it ended has stopped there,
/// and another edition may have had its place since. Restoring what has not ended changes nothing.
///
/// # Errors
/// `NotFound` when there is no such edition, `Invalid` when its slug is taken or it was deleted too long ago.
pub async fn restore(env: &Env, id: EditionId, by: Option<UserName>) -> Result<Changed, AppError> {
    for _ in 0..MAX_TRIES {
        let (product, before) = get_writable(env, id).await?;
        let others = match before.ended_at {
            Some(_) => list(env, &before.product).await?.1,
            None => Vec::new(),
        };
        let objects = objects_at_its_place(&before, &others)?;
        let mut edition = before
            .clone()
            .restore(objects, env.clock.now())
            .map_err(|error| AppError::Invalid(error.to_string()))?;
        let stale_keys = rename::stale_keys(&others, &before, &before.slug);
        edition.stale_keys.extend(stale_keys);
        let beside = Beside::updates(rename::giving_way(&others, before.id, &before.slug));
        let build = match edition.desired.as_ref().filter(|_| edition != before) {
            Some(desired) => {
                env.catalog
                    .build_of(&edition.organization, &edition.product, desired.build)
                    .await?
            }
            None => None,
        };
        let build = build.filter(is_showable);
        if edition != before && build.is_none() && objects == Objects::Foreign {
            // Nothing is left that it could show.
            edition.desired = None;
        }
        let moved = build.map(|build| Move::plan(env, edition.clone(), &build, Cause::Restore, by.clone()));
        let wanted = Wanted {
            product,
            before: Some(&before),
            edition,
            moved,
            write: Box::new(Change::RestoreEdition),
            beside,
        };
        if let Some(changed) = commit(env, wanted).await? {
            return Ok(changed);
        }
    }
    Err(AppError::Contended)
}

/// Publishes again what an edition shows, because its objects are not what they should be. Nothing when somebody wrote it
/// since it was looked at.
pub(crate) async fn repair(
    env: &Env,
    product: Product,
    before: Edition,
) -> Result<Option<Changed>, AppError> {
    if before.at_rest().is_none() {
        return Ok(None);
    }
    let task = TaskId::from_bytes(env.random.identity());
    // The files that it shows, also when the build has others by now.
    let moved = Move::again(env, task, before.clone().distrust(), Cause::Repair, None);
    let wanted = Wanted {
        product,
        edition: before.clone(),
        before: Some(&before),
        moved,
        write: Box::new(Change::UpdateEdition),
        beside: Beside::default(),
    };
    commit(env, wanted).await
}

/// Whose objects lie where an edition that was deleted had its own. `all` are the editions of the product.
fn objects_at_its_place(ended: &Edition, all: &[Edition]) -> Result<Objects, AppError> {
    let mut objects = Objects::Own;
    for other in all.iter().filter(|other| other.id != ended.id) {
        if other.holds(&ended.slug) {
            return Err(AppError::Invalid(format!(
                "Invalid edition: slug ({}) already exists: edition {} has it now; delete that one first",
                ended.slug, other.id
            )));
        }
        let had_it_later = other.slug == ended.slug && other.ended_at >= ended.ended_at;
        if had_it_later || other.former.contains(&ended.slug) {
            objects = Objects::Foreign;
        }
    }
    Ok(objects)
}
