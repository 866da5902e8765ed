use std::collections::BTreeSet;

use imprint_app::ports::DocumentChange;
use imprint_domain::document::{Document, Drafts, Sequencer, Taken};
use imprint_domain::id::Revision;

use super::{Place, Store, written};
use crate::samples::{NOON, after_noon, parsed};

pub(super) async fn numbers_are_never_handed_out_twice(store: Store<'_>) {
    let mut numbers = Vec::new();
    for _ in 0..5 {
        numbers.push(store.documents.allot_document().await.unwrap());
    }
    assert!(numbers[0].0 > 0);
    assert!(numbers.is_sorted(), "{numbers:?}");
    numbers.dedup();
    assert_eq!(numbers.len(), 5);
}

pub(super) async fn a_document_is_read_as_it_was_created_and_created_only_once(store: Store<'_>) {
    let place = Place::new(store);
    let plain = Document {
        alias: None,
        ..place.document("unused").await
    };
    let full = Document {
        title: parsed("Späße & <b>\"more\"</b>"),
        former_aliases: [parsed("old"), parsed("older")].into(),
        product: Some(parsed("alpha")),
        drafts: Drafts::Private,
        newest: parsed("12.34"),
        imported: Some(Taken {
            sequencer: Sequencer::new("0055AED6DCD90281E5"),
            at: crate::samples::NOON,
            sha256: Some("0".repeat(64)),
        }),
        created_by: Some(parsed("anna")),
        ended_at: Some(after_noon(1)),
        ..place.document("handbook").await
    };
    for document in [plain, full] {
        assert_eq!(place.stored(&document).await, None);
        let create = DocumentChange::CreateDocument(document.clone());
        place.commit([create.clone()]).await;
        let stored = Some(written(document.clone()));
        assert_eq!(place.stored(&document).await, stored);
        place.conflict([create]).await;
        let another = Document {
            alias: Some(parsed("another")),
            former_aliases: BTreeSet::new(),
            ..document.clone()
        };
        place.conflict([DocumentChange::CreateDocument(another)]).await;
        assert_eq!(place.stored(&document).await, stored);
        assert_eq!(place.with_alias("another").await, None);
    }
}

pub(super) async fn an_update_of_a_document_needs_its_revision(store: Store<'_>) {
    let place = Place::new(store);
    let seen = place.with_document("handbook").await;
    let update = |document: &Document| DocumentChange::UpdateDocument {
        document: document.clone(),
        takes: Vec::new(),
    };
    let changed = Document {
        ended_at: Some(NOON),
        ..seen.clone()
    };
    place.commit([update(&changed)]).await;
    let changed = written(changed);
    assert_eq!(place.stored(&seen).await, Some(changed.clone()));

    place.conflict([update(&seen)]).await;
    place.conflict([update(&written(changed.clone()))]).await;
    let unknown = place.document("unknown").await;
    place.conflict([update(&unknown)]).await;
    assert_eq!(place.stored(&unknown).await, None);
    assert_eq!(place.stored(&seen).await, Some(changed.clone()));

    let cleared = Document {
        ended_at: None,
        ..changed
    };
    place.commit([update(&cleared)]).await;
    assert_eq!(place.stored(&seen).await, Some(written(cleared)));
}

pub(super) async fn a_document_is_deleted_only_as_it_is_stored(store: Store<'_>) {
    let place = Place::new(store);
    let document = place.with_document("handbook").await;
    for revision in [Revision::NEW, document.revision.next()] {
        let other = Document {
            revision,
            ..document.clone()
        };
        place.conflict([DocumentChange::DeleteDocument(other)]).await;
    }
    assert_eq!(place.with_alias("handbook").await.as_ref(), Some(&document));
    place
        .commit([DocumentChange::DeleteDocument(document.clone())])
        .await;
    assert_eq!(place.stored(&document).await, None);
    assert_eq!(place.with_alias("handbook").await, None);
    let listed = store.documents.documents(&place.org, 10, None).await.unwrap();
    assert_eq!((listed.items, listed.next), (Vec::new(), None));
    place.conflict([DocumentChange::DeleteDocument(document)]).await;
}
