//! What nobody needs of documents any more: outdated renderings, contents and images that were replaced, and, thirty days
//! after their deletion, documents.
//!
//! A rendering is marked first. The deletion begins with a commit that fails if anybody has begun to use it since; from then on
//! nobody can, until it is gone.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use imprint_domain::document::{Checksum, Document, Rendering, UNUSED_FOR, Version, garbage};
use imprint_domain::key::{KeyPrefix, ObjectKey};

use super::change;
use crate::env::Env;
use crate::error::AppError;
use crate::ports::{DocumentChange, Listed, StoreError};
use crate::removal::{delete_all, delete_below};

/// How long a deleted document could be restored.
pub(super) const UNDO: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Renderings and versions deleted by one commit. A transaction holds 4 MB
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>), and an item up to 400 KB.
const DELETIONS: usize = 10;

/// Whether anything is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looking {
    /// It is.
    ForReal,
    /// It is only to be said what would be done.
    Only,
}

/// What was done, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Renderings that were marked: they go at a later run, unless somebody needs them by then.
    pub marked: Vec<Checksum>,
    /// Renderings that were deleted.
    pub deleted: Vec<Checksum>,
    /// Contents and images that were deleted.
    pub files: Vec<ObjectKey>,
}

/// Collects what nobody needs of a document.
///
/// # Errors
/// When a store fails; what is deleted stays deleted, and another run goes on.
pub async fn collect(env: &Env, document: &Document, looking: Looking) -> Result<Collected, AppError> {
    let renderings = env.documents.renderings(document.id).await?;
    let versions = env.documents.versions(document.id).await?;
    of_document(env, document, (versions, renderings), looking).await
}

/// The renderings have to be read before the versions: what began to be needed since is in these.
pub(super) async fn of_document(
    env: &Env,
    document: &Document,
    (versions, renderings): (Vec<Version>, Vec<Rendering>),
    looking: Looking,
) -> Result<Collected, AppError> {
    let now = env.clock.now();
    if document
        .ended_at
        .is_some_and(|ended| now.duration_since(ended) >= UNDO)
    {
        if looking == Looking::ForReal {
            remove(env, document, &versions, &renderings).await?;
        }
        return Ok(Collected {
            deleted: renderings
                .into_iter()
                .map(|rendering| rendering.checksum)
                .collect(),
            ..Collected::default()
        });
    }
    let garbage = garbage(&versions, renderings, now);
    let names = |renderings: &[Rendering]| {
        renderings
            .iter()
            .map(|rendering| rendering.checksum.clone())
            .collect()
    };
    let mut collected = Collected {
        marked: names(&garbage.mark),
        deleted: names(&garbage.delete),
        files: Vec::new(),
    };
    if looking == Looking::ForReal {
        for rendering in garbage.mark.iter().chain(&garbage.spare) {
            put(env, rendering).await?;
        }
        for rendering in garbage.delete {
            remove_rendering(env, rendering).await?;
        }
    }
    // Replaced files are looked for only where something was rendered and replaced: listing costs a request.
    if !collected.deleted.is_empty() {
        collected.files = replaced(env, document, &versions).await?;
        if looking == Looking::ForReal {
            delete_all(env, &collected.files).await?;
        }
    }
    Ok(collected)
}

/// Somebody else's write is no failure: they need it, or do the same.
async fn put(env: &Env, rendering: &Rendering) -> Result<bool, StoreError> {
    let put = change(DocumentChange::PutRendering(rendering.clone()));
    match env.catalog.commit(vec![put]).await {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn remove_rendering(env: &Env, rendering: Rendering) -> Result<(), StoreError> {
    if !put(env, &rendering).await? {
        return Ok(());
    }
    delete_below(
        env,
        &KeyPrefix::rendering(rendering.document, &rendering.checksum),
        None,
    )
    .await?;
    let gone = change(DocumentChange::DeleteRendering(rendering.stored()));
    match env.catalog.commit(vec![gone]).await {
        Err(StoreError::Conflict) => Ok(()),
        other => other,
    }
}

/// Contents and images that no version has. Each write has an object of its own, so what no version has after a day no
/// version will have.
async fn replaced(
    env: &Env,
    document: &Document,
    versions: &[Version],
) -> Result<Vec<ObjectKey>, StoreError> {
    let contents = versions.iter().filter_map(|version| version.content.as_ref());
    let contents = contents.map(|content| ObjectKey::document_content(document.id, content));
    let images = versions.iter().flat_map(|version| version.images.values());
    let images = images.map(|image| ObjectKey::document_image(document.id, image));
    let needed: BTreeSet<ObjectKey> = contents.chain(images).collect();
    let mut files = Vec::new();
    for prefix in KeyPrefix::document_sources(document.id) {
        let mut after = None;
        loop {
            let page = env.objects.list(&prefix, after.as_deref()).await?;
            let now = env.clock.now();
            let is_old = |object: &Listed| now.duration_since(object.written_at) >= UNUSED_FOR;
            let unneeded = page
                .objects
                .into_iter()
                .filter(|object| is_old(object) && !needed.contains(&object.key));
            files.extend(unneeded.map(|object| object.key));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok(files)
}

/// Everything of a document: its files first, the document itself last, so that another run goes on.
async fn remove(
    env: &Env,
    document: &Document,
    versions: &[Version],
    renderings: &[Rendering],
) -> Result<(), StoreError> {
    delete_below(env, &KeyPrefix::document(document.id), None).await?;
    let renderings = renderings.iter().cloned().map(DocumentChange::DeleteRendering);
    let versions = versions.iter().cloned().map(DocumentChange::DeleteVersion);
    let all: Vec<_> = renderings.chain(versions).map(change).collect();
    for some in all.chunks(DELETIONS) {
        env.catalog.commit(some.to_vec()).await?;
    }
    let gone = change(DocumentChange::DeleteDocument(document.clone()));
    env.catalog.commit(vec![gone]).await
}
