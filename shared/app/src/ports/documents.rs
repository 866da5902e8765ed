use async_trait::async_trait;

use imprint_domain::document::{Alias, Checksum, Document, Rendering, Version, VersionNumber};
use imprint_domain::id::DocumentId;
use imprint_domain::slug::OrganizationSlug;

use super::{Page, StoreError};

/// One write of documents in a transaction of the catalog. Conditions are those of [`Change`](super::Change): a create needs
/// the thing to be absent, an update needs the stored revision to be the one that the given value carries, and the stored
/// value gets the next revision.
#[derive(Debug, Clone, PartialEq)]
pub enum DocumentChange {
    /// A new document. Its alias must be free among all aliases, former ones too, of the organization's documents.
    CreateDocument(Document),
    /// A changed document with the aliases that it did not have before; they must be free.
    UpdateDocument {
        /// The document.
        document: Document,
        /// The aliases that it takes.
        takes: Vec<Alias>,
    },
    /// A document is gone, and so are its aliases. What it has must be gone before. Its number is never used again.
    DeleteDocument(Document),
    /// A new version; its document must not have one of that number.
    CreateVersion(Version),
    /// A changed version.
    UpdateVersion(Version),
    /// A version is gone.
    DeleteVersion(Version),
    /// A rendering: new at [`Revision::NEW`](imprint_domain::id::Revision::NEW), else at the revision that is stored.
    PutRendering(Rendering),
    /// A rendering is gone; the stored revision must be the one that the given value carries.
    DeleteRendering(Rendering),
}

/// What the catalog knows of documents. Reads are consistent: they see every finished commit.
#[async_trait]
pub trait Documents: Send + Sync {
    /// Hands out a number that was never handed out before, ascending. One request.
    async fn allot_document(&self) -> Result<DocumentId, StoreError>;

    /// A document by its number, deleted ones included. One request.
    async fn document(&self, id: DocumentId) -> Result<Option<Document>, StoreError>;

    /// The document that an alias leads to, also a former one. Two requests: whose it is, and the document.
    async fn document_with_alias(
        &self,
        org: &OrganizationSlug,
        alias: &Alias,
    ) -> Result<Option<Document>, StoreError>;

    /// Documents of an organization in the order of creation, deleted ones included, `limit` a page, from `cursor` on.
    async fn documents(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Document>, StoreError>;

    /// All versions of a document in the order of their numbers. One request a megabyte.
    async fn versions(&self, document: DocumentId) -> Result<Vec<Version>, StoreError>;

    /// A version. One request.
    async fn version(
        &self,
        document: DocumentId,
        number: VersionNumber,
    ) -> Result<Option<Version>, StoreError>;

    /// A rendering. One request.
    async fn rendering(
        &self,
        document: DocumentId,
        checksum: &Checksum,
    ) -> Result<Option<Rendering>, StoreError>;

    /// All renderings of a document in the order of their checksums. One request a megabyte.
    async fn renderings(&self, document: DocumentId) -> Result<Vec<Rendering>, StoreError>;
}
