//! Which items each change of documents writes, and on which condition.

use imprint_app::ports::{DocumentChange, StoreError};
use imprint_domain::document::{Alias, Document, Rendering, Version};
use imprint_domain::id::Revision;

use super::super::items::{self, Item};
use super::super::keys::Key;
use super::super::writes::{Action, Write, claim, claim_of, create};

/// The items of a change.
pub(in crate::catalog) fn writes_of(change: DocumentChange) -> Result<Vec<Write>, StoreError> {
    match change {
        DocumentChange::CreateDocument(document) => create_document(document),
        DocumentChange::UpdateDocument { document, takes } => update_document(document, &takes),
        DocumentChange::DeleteDocument(document) => Ok(delete_document(&document)),
        DocumentChange::CreateVersion(mut version) => {
            version.revision = version.revision.next();
            let item = version_item(&version)?;
            Ok(vec![create(version_key(&version), item)])
        }
        DocumentChange::UpdateVersion(mut version) => {
            let seen = version.revision;
            version.revision = seen.next();
            let action = Action::Replace(version_item(&version)?, seen);
            Ok(vec![write(version_key(&version), action)])
        }
        DocumentChange::DeleteVersion(version) => {
            let action = Action::Remove(version.revision);
            Ok(vec![write(version_key(&version), action)])
        }
        DocumentChange::PutRendering(rendering) => Ok(vec![put_rendering(rendering)?]),
        DocumentChange::DeleteRendering(rendering) => {
            let action = Action::Remove(rendering.revision);
            Ok(vec![write(rendering_key(&rendering), action)])
        }
    }
}

fn write(key: Key, action: Action) -> Write {
    Write { key, action }
}

fn version_key(version: &Version) -> Key {
    Key::version(version.document, version.number)
}

fn rendering_key(rendering: &Rendering) -> Key {
    Key::rendering(rendering.document, &rendering.checksum)
}

fn version_item(version: &Version) -> Result<Item, StoreError> {
    items::revised(version_key(version), version, version.revision)
}

fn document_item(document: &Document) -> Result<Item, StoreError> {
    items::revised(Key::document(document.id), document, document.revision)
}

/// The document, its row, and its aliases, which nobody may have.
fn create_document(mut document: Document) -> Result<Vec<Write>, StoreError> {
    document.revision = document.revision.next();
    let mut writes = vec![
        create(Key::document(document.id), document_item(&document)?),
        claim(Key::document_row(&document.organization, document.id)),
    ];
    for alias in document.aliases() {
        let key = Key::document_alias(&document.organization, alias);
        writes.push(claim_of(key, &document.id)?);
    }
    Ok(writes)
}

/// The document and the aliases that it takes. One that it has had before is its own still.
fn update_document(mut document: Document, takes: &[Alias]) -> Result<Vec<Write>, StoreError> {
    let seen = document.revision;
    document.revision = seen.next();
    let action = Action::Replace(document_item(&document)?, seen);
    let mut writes = vec![write(Key::document(document.id), action)];
    for alias in takes {
        let key = Key::document_alias(&document.organization, alias);
        let item = items::thing(key.clone(), &document.id)?;
        writes.push(write(key, Action::Claim(item)));
    }
    Ok(writes)
}

fn delete_document(document: &Document) -> Vec<Write> {
    let org = &document.organization;
    let aliases = document.aliases().map(|alias| Key::document_alias(org, alias));
    let rest = std::iter::once(Key::document_row(org, document.id)).chain(aliases);
    let action = Action::Remove(document.revision);
    let own = write(Key::document(document.id), action);
    std::iter::once(own)
        .chain(rest.map(|key| write(key, Action::Delete)))
        .collect()
}

/// A rendering is begun by whoever is first, and continued at the revision that was seen.
fn put_rendering(mut rendering: Rendering) -> Result<Write, StoreError> {
    let seen = rendering.revision;
    rendering.revision = seen.next();
    let key = rendering_key(&rendering);
    let item = items::revised(key.clone(), &rendering, rendering.revision)?;
    Ok(match seen {
        Revision::NEW => create(key, item),
        seen => write(key, Action::Replace(item, seen)),
    })
}
