//! Documents in maps, beside the catalog, because commits write both.

use async_trait::async_trait;
use imprint_app::ports::{Documents, Page, StoreError};
use imprint_domain::document::{Alias, Checksum, Document, Rendering, Version, VersionNumber};
use imprint_domain::id::DocumentId;
use imprint_domain::slug::OrganizationSlug;

use super::{FIND_AND_READ, MemoryCatalog};
use crate::gate::Call;

#[async_trait]
impl Documents for MemoryCatalog {
    async fn allot_document(&self) -> Result<DocumentId, StoreError> {
        self.ask("documents.allot_document", |state| state.documented.allot())
            .await
    }

    async fn document(&self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        self.ask("documents.document", |state| {
            state.documented.documents.get(&id).cloned()
        })
        .await
    }

    async fn document_with_alias(
        &self,
        org: &OrganizationSlug,
        alias: &Alias,
    ) -> Result<Option<Document>, StoreError> {
        let call = Call {
            method: "documents.document_with_alias",
            requests: FIND_AND_READ,
        };
        self.pass(call, |state| state.documented.with_alias(org, alias).cloned())
            .await
    }

    async fn documents(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Document>, StoreError> {
        let call = Call {
            method: "documents.documents",
            requests: FIND_AND_READ,
        };
        self.pass(call, |state| {
            let after = cursor.map(|cursor| cursor.parse::<DocumentId>());
            let after = after
                .transpose()
                .map_err(|_| StoreError::NotFound("the page of this cursor".to_owned()))?;
            let all = state.documented.documents.values();
            let own = all.filter(|document| document.organization == *org);
            let mut items = own.filter(|document| after.is_none_or(|after| document.id > after));
            let page: Vec<Document> = items.by_ref().take(limit).cloned().collect();
            let is_more = items.next().is_some();
            let next = page.last().filter(|_| is_more).map(|last| last.id.to_string());
            Ok(Page { items: page, next })
        })
        .await?
    }

    async fn versions(&self, document: DocumentId) -> Result<Vec<Version>, StoreError> {
        self.ask("documents.versions", |state| {
            let all = state.documented.versions.values();
            all.filter(|version| version.document == document)
                .cloned()
                .collect()
        })
        .await
    }

    async fn version(
        &self,
        document: DocumentId,
        number: VersionNumber,
    ) -> Result<Option<Version>, StoreError> {
        self.ask("documents.version", |state| {
            state.documented.versions.get(&(document, number)).cloned()
        })
        .await
    }

    async fn rendering(
        &self,
        document: DocumentId,
        checksum: &Checksum,
    ) -> Result<Option<Rendering>, StoreError> {
        self.ask("documents.rendering", |state| {
            let key = (document, checksum.clone());
            state.documented.renderings.get(&key).cloned()
        })
        .await
    }

    async fn renderings(&self, document: DocumentId) -> Result<Vec<Rendering>, StoreError> {
        self.ask("documents.renderings", |state| {
            let all = state.documented.renderings.values();
            all.filter(|rendering| rendering.document == document)
                .cloned()
                .collect()
        })
        .await
    }
}
