//! The way of a version: statuses, publication, new versions, and rendering anew what has not changed.

use std::collections::BTreeSet;

use imprint_domain::access::UserName;
use imprint_domain::document::{Document, Status, Version, VersionNumber, WarningCode};
use imprint_domain::id::DocumentId;

use super::{Haste, change, get, version, wish};
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::commit_and_send;
use crate::ports::{Change, DocumentChange, StoreError};

/// What somebody may do to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// Change what is not published.
    Editor,
    /// Publish, and have what is published rendered anew.
    Publisher,
}

/// Moves a version to another status. To `PUBLISHED` it goes only when its newest state is rendered without warnings, but
/// those of kinds that `accepts` names. The status that it has already is a success.
///
/// # Errors
/// `Refused` when it cannot go there, `Forbidden` without the authority.
pub async fn set_status(
    env: &Env,
    document: DocumentId,
    number: VersionNumber,
    (status, accepts): (Status, &BTreeSet<WarningCode>),
    (authority, by): (Authority, Option<&UserName>),
) -> Result<(Document, Version), AppError> {
    if status == Status::Published && authority == Authority::Editor {
        return Err(AppError::Forbidden);
    }
    for _ in 0..MAX_TRIES {
        let (document, before) = version(env, document, number).await?;
        if before.status == status {
            return Ok((document, before));
        }
        before.writable()?;
        let now = env.clock.now();
        let mut changes = Vec::new();
        let after = if status == Status::Published {
            let current = match &before.current {
                Some(checksum) => env.documents.rendering(document.id, checksum).await?,
                None => None,
            };
            changes.extend(known_as_published(&document, number));
            before.publish(&document, current.as_ref(), accepts, (by.cloned(), now))?
        } else {
            let updated_by = by.cloned();
            Version {
                status,
                updated_by,
                ..before
            }
            .edited(now)
        };
        if let Some(after) = commit(env, after, changes).await? {
            return Ok((document, after));
        }
    }
    Err(AppError::Contended)
}

/// The public knows of the greatest version that is published.
fn known_as_published(document: &Document, number: VersionNumber) -> Option<Change> {
    let is_greater = document.published.is_none_or(|published| published < number);
    is_greater.then(|| {
        let document = Document {
            published: Some(number),
            ..document.clone()
        };
        let takes = Vec::new();
        change(DocumentChange::UpdateDocument { document, takes })
    })
}

/// Has a version rendered anew although nothing has changed. What it showed stays until the new files are there.
///
/// # Errors
/// `Forbidden` for a published version without the authority, `Refused` when there is nothing to render.
pub async fn touch(
    env: &Env,
    document: DocumentId,
    number: VersionNumber,
    (authority, by): (Authority, Option<&UserName>),
) -> Result<(Document, Version), AppError> {
    for _ in 0..MAX_TRIES {
        let (document, before) = version(env, document, number).await?;
        if before.publication.is_some() && authority == Authority::Editor {
            return Err(AppError::Forbidden);
        }
        if before.content.is_none() {
            return Err(AppError::Refused(format!("version {number} has no content yet")));
        }
        let now = env.clock.now();
        let touched = Version {
            touched_at: Some(now),
            updated_by: by.cloned(),
            ..before
        };
        if let Some(after) = commit(env, touched.edited(now), Vec::new()).await? {
            return Ok((document, after));
        }
    }
    Err(AppError::Contended)
}

/// Makes a draft of the next minor of a published version's major, saying what the newest of it says: a correction.
///
/// # Errors
/// `Refused` when the newest of that major is not published: it can be changed itself.
pub async fn next_minor(
    env: &Env,
    document: DocumentId,
    major: u32,
    by: Option<&UserName>,
) -> Result<(Document, Version), AppError> {
    succeed(env, document, by, |versions| {
        let newest = versions.iter().rfind(|version| version.number.major == major)?;
        Some((newest, newest.number.next_minor()))
    })
    .await
}

/// Makes a draft of the next major, saying what the newest version says.
///
/// # Errors
/// `Refused` when the newest version is not published.
pub async fn next_major(
    env: &Env,
    document: DocumentId,
    by: Option<&UserName>,
) -> Result<(Document, Version), AppError> {
    succeed(env, document, by, |versions| {
        let newest = versions.last()?;
        Some((newest, newest.number.next_major()))
    })
    .await
}

async fn succeed(
    env: &Env,
    id: DocumentId,
    by: Option<&UserName>,
    next: impl Fn(&[Version]) -> Option<(&Version, VersionNumber)> + Send + Sync,
) -> Result<(Document, Version), AppError> {
    for _ in 0..MAX_TRIES {
        let document = get(env, id).await?;
        let versions = env.documents.versions(id).await?;
        let (from, number) = next(&versions).ok_or(AppError::NotFound)?;
        let draft = from.successor(number, by.cloned(), env.clock.now())?;
        let mut changes = vec![change(DocumentChange::CreateVersion(draft.clone()))];
        if number > document.newest {
            let document = Document {
                newest: number,
                ..document.clone()
            };
            let takes = Vec::new();
            changes.push(change(DocumentChange::UpdateDocument { document, takes }));
        }
        let wishes = wish(&draft, Haste::AtOnce).into_iter().collect();
        match commit_and_send(env, changes, wishes).await {
            Ok(()) => return Ok((get(env, id).await?, draft.stored())),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}

/// Commits what somebody has decided of a version, with the wish to have it rendered at once; none when somebody else wrote
/// first.
async fn commit(env: &Env, after: Version, mut changes: Vec<Change>) -> Result<Option<Version>, AppError> {
    changes.push(change(DocumentChange::UpdateVersion(after.clone())));
    let wishes = wish(&after, Haste::AtOnce).into_iter().collect();
    match commit_and_send(env, changes, wishes).await {
        Ok(()) => Ok(Some(after.stored())),
        Err(StoreError::Conflict) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
