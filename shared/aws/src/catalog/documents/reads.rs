//! Lists of documents, and of what a document has.

use aws_sdk_dynamodb::types::AttributeValue;
use imprint_app::ports::{Page, StoreError};
use imprint_domain::document::Document;
use imprint_domain::id::DocumentId;
use imprint_domain::slug::OrganizationSlug;
use serde::de::DeserializeOwned;

use super::super::keys::{Key, PK, SK};
use super::super::reads::MAX_BATCH;
use super::super::{DynamoCatalog, cursor, items};
use super::keys::Kind;
use crate::call::refused;

impl DynamoCatalog {
    /// All of a kind in a document's partition, in the order of their keys.
    pub(super) async fn of_document<T: DeserializeOwned>(
        &self,
        document: DocumentId,
        kind: Kind,
    ) -> Result<Vec<T>, StoreError> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :kind)")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", AttributeValue::S(Key::of_document(document)))
            .expression_attribute_values(":kind", AttributeValue::S(kind.prefix().to_owned()));
        let all = self.items(query, usize::MAX).await?;
        all.into_iter().map(items::value).collect()
    }

    /// The rows, and the documents that they name. One that is deleted in between is left out.
    pub(super) async fn read_documents(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Document>, StoreError> {
        let is_row = |sk: &str| Key::document_of_row(sk).is_some();
        let after = cursor.map(|cursor| cursor::read(cursor, is_row)).transpose()?;
        let rows = self.partition(Key::document_rows(org), after.map(|sk| (">", sk)));
        let rows = self.page(rows, limit).await?;
        let mut keys = Vec::with_capacity(rows.items.len());
        for row in &rows.items {
            let sk = items::sort_key(row);
            let id =
                Key::document_of_row(sk).ok_or_else(|| refused(format!("the row {sk} names no document")))?;
            keys.push(Key::document(id));
        }
        let mut documents = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MAX_BATCH) {
            documents.extend(self.get_all(keys).await?);
        }
        Ok(Page {
            items: documents,
            next: rows.next,
        })
    }
}
