use futures_util::future::join_all;
use imprint_app::ports::DocumentChange;
use imprint_domain::document::Document;

use super::{Place, Store, renamed, winner, written};
use crate::samples::parsed;

pub(super) async fn an_alias_leads_to_its_document_and_to_no_others_organization(store: Store<'_>) {
    let (place, other) = (Place::new(store), Place::new(store));
    let document = place.with_document("handbook").await;
    assert_eq!(place.with_alias("handbook").await, Some(document));
    assert_eq!(place.with_alias("hand").await, None);
    assert_eq!(place.with_alias("handbook-").await, None);
    assert_eq!(other.with_alias("handbook").await, None);
}

pub(super) async fn an_alias_is_unique_within_an_organization_and_free_in_another(store: Store<'_>) {
    let (place, other) = (Place::new(store), Place::new(store));
    let first = place.with_document("handbook").await;
    let second = place.document("handbook").await;
    place
        .conflict([DocumentChange::CreateDocument(second.clone())])
        .await;
    assert_eq!(place.stored(&second).await, None);
    let elsewhere = other.with_document("handbook").await;

    let third = place.with_document("guide").await;
    place.conflict([renamed(&third, "handbook")]).await;
    assert_eq!(place.stored(&third).await, Some(third));
    assert_eq!(place.with_alias("handbook").await, Some(first));
    assert_eq!(other.with_alias("handbook").await, Some(elsewhere));
}

pub(super) async fn a_former_alias_still_leads_to_its_document_and_nobody_else_gets_it(store: Store<'_>) {
    let place = Place::new(store);
    let document = place.with_document("old").await;
    place.commit([renamed(&document, "new")]).await;
    let document = written(document.rename(Some(parsed("new"))).unwrap());
    for alias in ["old", "new"] {
        assert_eq!(place.with_alias(alias).await.as_ref(), Some(&document), "{alias}");
        let taker = place.document(alias).await;
        place.conflict([DocumentChange::CreateDocument(taker)]).await;
        let other = place.with_document(&format!("not-{alias}")).await;
        place.conflict([renamed(&other, alias)]).await;
    }
    // Nor does one that has it among its former ones from the beginning.
    let taker = Document {
        former_aliases: [parsed("old")].into(),
        ..place.document("newer").await
    };
    place.conflict([DocumentChange::CreateDocument(taker)]).await;
    assert_eq!(place.with_alias("newer").await, None);
}

pub(super) async fn a_document_goes_back_to_an_alias_that_it_had(store: Store<'_>) {
    let place = Place::new(store);
    let mut document = place.with_document("a").await;
    for alias in ["b", "a", "a", "b"] {
        place.commit([renamed(&document, alias)]).await;
        document = written(document.rename(Some(parsed(alias))).unwrap());
        assert_eq!(place.stored(&document).await.as_ref(), Some(&document));
    }
    for alias in ["a", "b"] {
        assert_eq!(place.with_alias(alias).await.as_ref(), Some(&document), "{alias}");
    }
    let several = DocumentChange::UpdateDocument {
        document: document.clone(),
        takes: vec![parsed("a"), parsed("c"), parsed("d")],
    };
    place.commit([several]).await;
    assert_eq!(place.with_alias("d").await, Some(written(document)));
}

pub(super) async fn aliases_are_free_again_when_their_document_is_gone(store: Store<'_>) {
    let place = Place::new(store);
    let document = place.with_document("old").await;
    place.commit([renamed(&document, "new")]).await;
    let document = written(document.rename(Some(parsed("new"))).unwrap());
    place.commit([DocumentChange::DeleteDocument(document)]).await;
    for alias in ["old", "new"] {
        assert_eq!(place.with_alias(alias).await, None, "{alias}");
        let next = place.with_document(alias).await;
        assert_eq!(place.with_alias(alias).await, Some(next), "{alias}");
    }
}

pub(super) async fn of_ten_documents_that_want_one_alias_exactly_one_gets_it(store: Store<'_>) {
    let place = Place::new(store);
    let mut wanting = Vec::new();
    for _ in 0..10 {
        wanting.push(place.document("handbook").await);
    }
    let creates = wanting
        .iter()
        .map(|document| place.try_commit(vec![DocumentChange::CreateDocument(document.clone())]));
    let winner = winner(join_all(creates).await);
    let stored = place.with_alias("handbook").await.unwrap();
    assert_eq!(stored.id, wanting[winner].id);
    let listed = store.documents.documents(&place.org, 20, None).await.unwrap();
    assert_eq!(listed.items, [stored], "the losers left nothing");
}
