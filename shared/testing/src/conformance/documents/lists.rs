use imprint_app::ports::{DocumentChange, Page, StoreError};
use imprint_domain::document::Document;
use imprint_domain::id::DocumentId;

use super::{Place, Store, written};
use crate::samples::NOON;

async fn page(place: &Place<'_>, limit: usize, cursor: Option<&str>) -> Page<Document> {
    let page = place.documents.documents(&place.org, limit, cursor).await;
    page.unwrap()
}

async fn listed(place: &Place<'_>, limit: usize) -> Vec<Document> {
    let mut all = Vec::new();
    let mut cursor = None;
    for _ in 0..100 {
        let page = page(place, limit, cursor.as_deref()).await;
        assert!(page.items.len() <= limit);
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
    panic!("the list does not end");
}

pub(super) async fn documents_are_listed_in_the_order_of_creation_in_pages_of_any_size(store: Store<'_>) {
    let (place, other) = (Place::new(store), Place::new(store));
    assert_eq!(listed(&place, 10).await, []);
    let mut expected = Vec::new();
    for alias in ["delta", "alpha", "echo", "charlie", "bravo"] {
        expected.push(place.with_document(alias).await);
        other.with_document(alias).await;
    }
    // Deleted ones are included, as they are now.
    let deleted = Document {
        ended_at: Some(NOON),
        ..expected[1].clone()
    };
    let update = DocumentChange::UpdateDocument {
        document: deleted.clone(),
        takes: Vec::new(),
    };
    place.commit([update]).await;
    expected[1] = written(deleted);
    for limit in [1, 2, 4, 5, 100] {
        assert_eq!(listed(&place, limit).await, expected, "in pages of {limit}");
    }
    // The last page knows that it is the last.
    assert_eq!(page(&place, 5, None).await.next, None);
}

pub(super) async fn a_list_goes_on_after_the_document_where_it_stopped_is_gone(store: Store<'_>) {
    let place = Place::new(store);
    let mut all = Vec::new();
    for n in 0..4 {
        all.push(place.with_document(&format!("d{n}")).await);
    }
    let first = page(&place, 2, None).await;
    assert_eq!(first.items, all[..2]);
    place
        .commit([DocumentChange::DeleteDocument(all[1].clone())])
        .await;
    let second = page(&place, 2, first.next.as_deref()).await;
    assert_eq!((second.items.as_slice(), second.next), (&all[2..], None));
}

pub(super) async fn a_cursor_that_was_never_handed_out_is_not_found(store: Store<'_>) {
    let place = Place::new(store);
    place.with_document("handbook").await;
    for garbage in ["no cursor!", "", "===="] {
        let found = store.documents.documents(&place.org, 10, Some(garbage)).await;
        assert!(
            matches!(found, Err(StoreError::NotFound(_))),
            "{garbage:?}: {found:?}"
        );
    }
}

pub(super) async fn a_long_page_has_all_its_documents(store: Store<'_>) {
    let place = Place::new(store);
    // Ten a commit, more than one batch of any store in all.
    let mut expected = Vec::new();
    for _ in 0..11 {
        let mut changes = Vec::new();
        for _ in 0..10 {
            let document = Document {
                alias: None,
                ..place.document("unused").await
            };
            changes.push(DocumentChange::CreateDocument(document.clone()));
            expected.push(document.id);
        }
        place.try_commit(changes).await.unwrap();
    }
    let page = page(&place, 105, None).await;
    let ids: Vec<DocumentId> = page.items.iter().map(|document| document.id).collect();
    assert_eq!(ids, expected[..105]);
    assert!(page.next.is_some());
}
