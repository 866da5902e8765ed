//! Documents, in the same table. A document's partition holds the document, its versions in the order of their numbers and
//! its renderings; each of them is read alone by its key, and all of a kind by one query.
//!
//! The row that lists a document in its organization holds nothing. A copy of the document in it would save a page of the
//! list its second request, and cost every change of a document a second item and so a transaction; documents change more
//! often than they are listed. No index does it: its reads are not consistent.

mod keys;
mod reads;
mod writes;

use async_trait::async_trait;
use imprint_app::ports::{Documents, Page, StoreError};
use imprint_domain::document::{Alias, Checksum, Document, Rendering, Version, VersionNumber};
use imprint_domain::id::DocumentId;
use imprint_domain::slug::OrganizationSlug;

use super::DynamoCatalog;
use super::keys::Key;
use keys::Kind;

pub(super) use writes::writes_of;

#[async_trait]
impl Documents for DynamoCatalog {
    async fn allot_document(&self) -> Result<DocumentId, StoreError> {
        self.count_up(Key::document_counter(), 1).await.map(DocumentId)
    }

    async fn document(&self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        self.get(Key::document(id)).await
    }

    async fn document_with_alias(
        &self,
        org: &OrganizationSlug,
        alias: &Alias,
    ) -> Result<Option<Document>, StoreError> {
        match self.get(Key::document_alias(org, alias)).await? {
            None => Ok(None),
            Some(id) => self.document(id).await,
        }
    }

    async fn documents(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Document>, StoreError> {
        self.read_documents(org, limit, cursor).await
    }

    async fn versions(&self, document: DocumentId) -> Result<Vec<Version>, StoreError> {
        self.of_document(document, Kind::Version).await
    }

    async fn version(
        &self,
        document: DocumentId,
        number: VersionNumber,
    ) -> Result<Option<Version>, StoreError> {
        self.get(Key::version(document, number)).await
    }

    async fn rendering(
        &self,
        document: DocumentId,
        checksum: &Checksum,
    ) -> Result<Option<Rendering>, StoreError> {
        self.get(Key::rendering(document, checksum)).await
    }

    async fn renderings(&self, document: DocumentId) -> Result<Vec<Rendering>, StoreError> {
        self.of_document(document, Kind::Rendering).await
    }
}
