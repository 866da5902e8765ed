//! What the catalog holds of documents, and the rules of their changes.

use std::collections::BTreeMap;

use imprint_app::ports::DocumentChange;
use imprint_domain::document::{Alias, Checksum, Document, Rendering, Version, VersionNumber};
use imprint_domain::id::{DocumentId, Revision};
use imprint_domain::slug::OrganizationSlug;

type AliasKey = (OrganizationSlug, Alias);
pub(super) type VersionKey = (DocumentId, VersionNumber);
pub(super) type RenderingKey = (DocumentId, Checksum);

/// One thing that a change of documents writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entry {
    Document(DocumentId),
    Alias(AliasKey),
    Version(VersionKey),
    Rendering(RenderingKey),
}

#[derive(Debug, Default)]
pub(super) struct Documented {
    /// In the order of creation.
    pub(super) documents: BTreeMap<DocumentId, Document>,
    /// Whose each alias is, former ones included.
    aliases: BTreeMap<AliasKey, DocumentId>,
    pub(super) versions: BTreeMap<VersionKey, Version>,
    pub(super) renderings: BTreeMap<RenderingKey, Rendering>,
    allotted: u64,
}

impl Documented {
    pub(super) fn allot(&mut self) -> DocumentId {
        self.allotted += 1;
        DocumentId(self.allotted)
    }

    pub(super) fn with_alias(&self, org: &OrganizationSlug, alias: &Alias) -> Option<&Document> {
        let owner = self.aliases.get(&(org.clone(), alias.clone()))?;
        self.documents.get(owner)
    }

    pub(super) fn holds(&self, change: &DocumentChange) -> bool {
        match change {
            DocumentChange::CreateDocument(document) => {
                let is_free = |alias| !self.aliases.contains_key(&alias_of(document, alias));
                !self.documents.contains_key(&document.id) && document.aliases().all(is_free)
            }
            DocumentChange::UpdateDocument { document, takes } => {
                let may_take = |alias| {
                    let owner = self.aliases.get(&alias_of(document, alias));
                    owner.is_none_or(|owner| *owner == document.id)
                };
                self.is_at(document) && takes.iter().all(may_take)
            }
            DocumentChange::DeleteDocument(document) => self.is_at(document),
            DocumentChange::CreateVersion(version) => !self.versions.contains_key(&version_key(version)),
            DocumentChange::UpdateVersion(version) | DocumentChange::DeleteVersion(version) => {
                let stored = self.versions.get(&version_key(version));
                stored.map(|stored| stored.revision) == Some(version.revision)
            }
            DocumentChange::PutRendering(rendering) => {
                let stored = self.renderings.get(&rendering_key(rendering));
                stored.map_or(Revision::NEW, |stored| stored.revision) == rendering.revision
            }
            DocumentChange::DeleteRendering(rendering) => {
                let stored = self.renderings.get(&rendering_key(rendering));
                stored.map(|stored| stored.revision) == Some(rendering.revision)
            }
        }
    }

    fn is_at(&self, document: &Document) -> bool {
        let stored = self.documents.get(&document.id);
        stored.map(|stored| stored.revision) == Some(document.revision)
    }

    pub(super) fn apply(&mut self, change: DocumentChange) {
        match change {
            DocumentChange::CreateDocument(document) => {
                let taken = document.aliases().map(|alias| alias_of(&document, alias));
                let taken: Vec<AliasKey> = taken.collect();
                self.put_document(document, taken);
            }
            DocumentChange::UpdateDocument { document, takes } => {
                let taken = takes.iter().map(|alias| alias_of(&document, alias));
                let taken: Vec<AliasKey> = taken.collect();
                self.put_document(document, taken);
            }
            DocumentChange::DeleteDocument(document) => {
                for alias in document.aliases() {
                    self.aliases.remove(&alias_of(&document, alias));
                }
                self.documents.remove(&document.id);
            }
            DocumentChange::CreateVersion(mut version) | DocumentChange::UpdateVersion(mut version) => {
                version.revision = version.revision.next();
                self.versions.insert(version_key(&version), version);
            }
            DocumentChange::DeleteVersion(version) => {
                self.versions.remove(&version_key(&version));
            }
            DocumentChange::PutRendering(mut rendering) => {
                rendering.revision = rendering.revision.next();
                self.renderings.insert(rendering_key(&rendering), rendering);
            }
            DocumentChange::DeleteRendering(rendering) => {
                self.renderings.remove(&rendering_key(&rendering));
            }
        }
    }

    fn put_document(&mut self, mut document: Document, taken: Vec<AliasKey>) {
        let owned = taken.into_iter().map(|alias| (alias, document.id));
        self.aliases.extend(owned);
        document.revision = document.revision.next();
        self.documents.insert(document.id, document);
    }
}

/// Everything that a change writes.
pub(super) fn entries(change: &DocumentChange) -> Vec<Entry> {
    let with_aliases = |document: &Document, aliases: Vec<&Alias>| {
        let aliases = aliases
            .into_iter()
            .map(|alias| Entry::Alias(alias_of(document, alias)));
        std::iter::once(Entry::Document(document.id))
            .chain(aliases)
            .collect()
    };
    match change {
        DocumentChange::CreateDocument(document) | DocumentChange::DeleteDocument(document) => {
            with_aliases(document, document.aliases().collect())
        }
        DocumentChange::UpdateDocument { document, takes } => with_aliases(document, takes.iter().collect()),
        DocumentChange::CreateVersion(version)
        | DocumentChange::UpdateVersion(version)
        | DocumentChange::DeleteVersion(version) => vec![Entry::Version(version_key(version))],
        DocumentChange::PutRendering(rendering) | DocumentChange::DeleteRendering(rendering) => {
            vec![Entry::Rendering(rendering_key(rendering))]
        }
    }
}

fn alias_of(document: &Document, alias: &Alias) -> AliasKey {
    (document.organization.clone(), alias.clone())
}

fn version_key(version: &Version) -> VersionKey {
    (version.document, version.number)
}

fn rendering_key(rendering: &Rendering) -> RenderingKey {
    (rendering.document, rendering.checksum.clone())
}
