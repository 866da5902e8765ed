//! What documents cost, and how they lie in the table.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use imprint_app::ports::{Change, DocumentChange, StoreError};
use imprint_domain::document::{Document, MAX_WARNINGS, Rendering, Version, Warning, WarningCode};
use imprint_domain::slug::OrganizationSlug;
use imprint_testing::samples::{self, parsed};

use crate::stack::Stack;

fn requests<const N: usize>(expected: [(&str, u64); N]) -> BTreeMap<String, u64> {
    expected
        .into_iter()
        .map(|(operation, count)| (operation.to_owned(), count))
        .collect()
}

fn org() -> OrganizationSlug {
    samples::organization_slug()
}

async fn commit(stack: &Stack, changes: Vec<DocumentChange>) -> Result<(), StoreError> {
    let changes = changes
        .into_iter()
        .map(|change| Change::Document(Box::new(change)));
    stack.env.catalog.commit(changes.collect()).await
}

/// A document that is stored.
async fn document(stack: &Stack, id: u64, alias: &str) -> Document {
    let document = samples::document(id, alias);
    let create = DocumentChange::CreateDocument(document.clone());
    commit(stack, vec![create]).await.unwrap();
    Document {
        revision: document.revision.next(),
        ..document
    }
}

#[tokio::test]
async fn documents_cost_what_the_port_says() {
    let stack = Stack::start().await;
    let documents = &stack.env.documents;
    let id = documents.allot_document().await.unwrap();
    assert_eq!(stack.requests(), requests([("UpdateItem", 1)]));
    let stored = document(&stack, id.0, "handbook").await;
    assert_eq!(stack.requests(), requests([("TransactWriteItems", 1)]));
    assert_eq!(documents.document(id).await.unwrap(), Some(stored.clone()));
    assert_eq!(stack.requests(), requests([("GetItem", 1)]));
    let alias = parsed("handbook");
    let found = documents.document_with_alias(&org(), &alias).await.unwrap();
    assert_eq!(found, Some(stored.clone()));
    assert_eq!(stack.requests(), requests([("GetItem", 2)]));
    documents
        .document_with_alias(&org(), &parsed("nobody"))
        .await
        .unwrap();
    assert_eq!(stack.requests(), requests([("GetItem", 1)]));

    // A change without aliases is one item, and so no transaction.
    let update = DocumentChange::UpdateDocument {
        document: stored,
        takes: Vec::new(),
    };
    commit(&stack, vec![update]).await.unwrap();
    assert_eq!(stack.requests(), requests([("PutItem", 1)]));

    let page = documents.documents(&org(), 10, None).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(stack.requests(), requests([("Query", 1), ("BatchGetItem", 1)]));
    documents.documents(&parsed("other"), 10, None).await.unwrap();
    assert_eq!(stack.requests(), requests([("Query", 1)]));
}

#[tokio::test]
async fn versions_and_renderings_cost_what_the_port_says() {
    let stack = Stack::start().await;
    let documents = &stack.env.documents;
    let version = samples::version(&samples::document(1, "handbook"), "1.0");
    let rendering = samples::rendering(&version, "r");
    for change in [
        DocumentChange::CreateVersion(version.clone()),
        DocumentChange::PutRendering(rendering.clone()),
    ] {
        commit(&stack, vec![change]).await.unwrap();
        assert_eq!(stack.requests(), requests([("PutItem", 1)]));
    }
    let one = documents.version(version.document, version.number).await.unwrap();
    assert_eq!(
        (one.is_some(), stack.requests()),
        (true, requests([("GetItem", 1)]))
    );
    let one = documents.rendering(version.document, &rendering.checksum);
    assert_eq!(
        (one.await.unwrap().is_some(), stack.requests()),
        (true, requests([("GetItem", 1)]))
    );
    let all = documents.versions(version.document).await.unwrap();
    assert_eq!((all.len(), stack.requests()), (1, requests([("Query", 1)])));
    let all = documents.renderings(version.document).await.unwrap();
    assert_eq!((all.len(), stack.requests()), (1, requests([("Query", 1)])));
    let delete = DocumentChange::DeleteVersion(Version {
        revision: version.revision.next(),
        ..version
    });
    commit(&stack, vec![delete]).await.unwrap();
    assert_eq!(stack.requests(), requests([("DeleteItem", 1)]));
}

/// More than the megabyte that one request reads.
#[tokio::test]
async fn a_megabyte_of_renderings_is_read_to_its_end() {
    let stack = Stack::start().await;
    let version = samples::version(&samples::document(1, "handbook"), "1.0");
    let warning = Warning {
        code: WarningCode::Equation,
        path: "/markdown:17".to_owned(),
        node_id: None,
        message: "x".repeat(1_500),
        snippet: String::new(),
    };
    for name in ["a", "b", "c", "d"] {
        let large = Rendering {
            warnings: vec![warning.clone(); MAX_WARNINGS],
            ..samples::rendering(&version, name)
        };
        commit(&stack, vec![DocumentChange::PutRendering(large)])
            .await
            .unwrap();
    }
    stack.requests();
    let all = stack.env.documents.renderings(version.document).await.unwrap();
    assert_eq!((all.len(), stack.requests()), (4, requests([("Query", 2)])));
    // One beyond what an item may hold is refused, and is no conflict.
    let too_large = Rendering {
        warnings: vec![warning; 2 * MAX_WARNINGS],
        ..samples::rendering(&version, "too large")
    };
    let refused = commit(&stack, vec![DocumentChange::PutRendering(too_large)]).await;
    assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
}

#[tokio::test]
async fn what_is_deleted_of_a_document_leaves_no_item() {
    let stack = Stack::start().await;
    let first = document(&stack, 1, "old").await;
    let renamed = first.rename(Some(parsed("new"))).unwrap();
    let update = DocumentChange::UpdateDocument {
        document: renamed.clone(),
        takes: vec![parsed("new")],
    };
    commit(&stack, vec![update]).await.unwrap();
    assert_eq!(
        keys(&stack).await,
        [
            "ALIAS#default#new CLAIM",
            "ALIAS#default#old CLAIM",
            "DOCUMENT#1 DOCUMENT",
            "DOCUMENTS#default 000000000001"
        ]
    );
    let stored = Document {
        revision: renamed.revision.next(),
        ..renamed
    };
    commit(&stack, vec![DocumentChange::DeleteDocument(stored)])
        .await
        .unwrap();
    assert_eq!(keys(&stack).await, Vec::<String>::new());
}

async fn keys(stack: &Stack) -> Vec<String> {
    let items = stack.dynamodb.scan().table_name("catalog").send().await.unwrap();
    let text = |value: &AttributeValue| value.as_s().unwrap().clone();
    let keys = items.items().iter();
    let mut keys: Vec<String> = keys
        .map(|item| format!("{} {}", text(&item["PK"]), text(&item["SK"])))
        .collect();
    keys.sort();
    keys
}
