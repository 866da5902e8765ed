use imprint_app::ports::{Catalog, Change, DocumentChange, StoreError};
use imprint_domain::outbox::OutboxEntry;

use super::{Place, Store, renamed, unique, written, written_rendering, written_version};
use crate::samples::{self, NOON, parsed};

pub(super) async fn a_failing_change_leaves_nothing(store: Store<'_>) {
    let place = Place::new(store);
    let kept = place.with_document("kept").await;
    let version = samples::version(&kept, "1.0");
    let rendering = samples::rendering(&version, "kept");
    place
        .commit([
            DocumentChange::CreateVersion(version.clone()),
            DocumentChange::PutRendering(rendering.clone()),
        ])
        .await;
    let (version, rendering) = (written_version(version), written_rendering(rendering));

    let new = place.document("new").await;
    let new_version = samples::version(&new, "1.0");
    let new_rendering = samples::rendering(&new_version, "new");
    let changes = [
        DocumentChange::CreateDocument(new.clone()),
        DocumentChange::CreateVersion(new_version.clone()),
        DocumentChange::PutRendering(new_rendering.clone()),
        renamed(&kept, "taken"),
        DocumentChange::DeleteVersion(version.clone()),
        DocumentChange::DeleteRendering(rendering.clone()),
    ];
    let message = samples::render_document_message(&new_version, 5);
    let entry = OutboxEntry::new(samples::outbox_id(&unique()), message, NOON);
    let mut all: Vec<Change> = changes.map(|change| Change::Document(Box::new(change))).into();
    all.push(Change::PutOutbox(entry.clone()));
    // One that cannot be, beside all that can.
    let stale = samples::version(&kept, "7.0");
    let mut with_a_stale_one = all.clone();
    with_a_stale_one.push(Change::Document(Box::new(DocumentChange::UpdateVersion(stale))));
    let refused = store.catalog.commit(with_a_stale_one).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert_eq!(place.stored(&new).await, None);
    assert_eq!(place.with_alias("new").await, None);
    assert_eq!(place.with_alias("taken").await, None);
    assert_eq!(place.stored_version(&new_version).await, None);
    assert_eq!(place.stored_rendering(&new_rendering).await, None);
    assert_eq!(place.stored(&kept).await.as_ref(), Some(&kept));
    assert_eq!(place.stored_version(&version).await.as_ref(), Some(&version));
    assert!(place.stored_rendering(&rendering).await.is_some());
    assert!(!waits(store, &entry).await);

    // And nothing stays taken.
    store.catalog.commit(all).await.unwrap();
    assert_eq!(place.with_alias("new").await, Some(written(new)));
    assert_eq!(
        place.with_alias("taken").await.map(|found| found.id),
        Some(kept.id)
    );
    assert_eq!(place.stored_version(&version).await, None);
    assert_eq!(place.stored_rendering(&rendering).await, None);
    assert!(waits(store, &entry).await);
    let remove = Change::RemoveOutbox(entry.id);
    store.catalog.commit(vec![remove]).await.unwrap();
}

async fn waits(store: Store<'_>, entry: &OutboxEntry) -> bool {
    let outbox = store
        .catalog
        .outbox(samples::after_noon(60), 10_000)
        .await
        .unwrap();
    outbox.contains(entry)
}

pub(super) async fn a_commit_holds_as_many_new_documents_as_promised(store: Store<'_>) {
    let place = Place::new(store);
    let mut creates = Vec::new();
    for n in 0..<dyn Catalog>::MAX_CHANGES {
        let document = place.document(&format!("d{n}")).await;
        creates.push(DocumentChange::CreateDocument(document));
    }
    place.try_commit(creates).await.unwrap();
    let listed = store.documents.documents(&place.org, 100, None).await.unwrap();
    assert_eq!(listed.items.len(), <dyn Catalog>::MAX_CHANGES);

    // One with every alias that it can have goes in one commit, too.
    let mut document = listed.items[0].clone();
    document.former_aliases = (0..20).map(|n| parsed(&format!("former-{n}"))).collect();
    let update = DocumentChange::UpdateDocument {
        takes: document.former_aliases.iter().cloned().collect(),
        document: document.clone(),
    };
    place.commit([update]).await;
    let document = written(document);
    assert_eq!(place.with_alias("former-19").await.as_ref(), Some(&document));
    place.commit([DocumentChange::DeleteDocument(document)]).await;
    assert_eq!(place.with_alias("former-0").await, None);
}

pub(super) async fn two_changes_of_one_commit_never_write_one_thing(store: Store<'_>) {
    let place = Place::new(store);
    let (a, b) = (place.document("same").await, place.document("same").await);
    let version = samples::version(&a, "1.0");
    let rendering = samples::rendering(&version, "r");
    for twice in [
        [a.clone(), b.clone()].map(DocumentChange::CreateDocument),
        [version.clone(), version].map(DocumentChange::CreateVersion),
        [rendering.clone(), rendering].map(DocumentChange::PutRendering),
    ] {
        let refused = place.try_commit(twice.clone().into()).await;
        assert!(
            matches!(refused, Err(StoreError::Failed(_))),
            "{refused:?} of {twice:?}"
        );
    }
    assert_eq!(place.with_alias("same").await, None);
    assert_eq!((place.stored(&a).await, place.stored(&b).await), (None, None));
}
