use imprint_app::ports::{Catalog, Change};
use imprint_domain::id::Revision;
use imprint_domain::idempotency::{KeptRequest, KeptState};

use super::{Place, stored_product};
use crate::samples;

fn request(place: &Place<'_>) -> KeptRequest {
    samples::kept_request(&place.tag)
}

async fn read(place: &Place<'_>, kept: &KeptRequest) -> Option<KeptRequest> {
    place.catalog.kept_request(&kept.id).await.unwrap()
}

pub(super) async fn what_is_kept_of_a_request_is_read_as_it_was_written_last(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let mut kept = request(&place);
    assert_eq!(read(&place, &kept).await, None);
    let answered = KeptState::Answered {
        // Nearly as much as an item may have.
        answer: "x".repeat(350 * 1024),
    };
    for state in [KeptState::Begun, KeptState::Free, KeptState::Effective, answered] {
        kept = kept.at(state);
        place.commit(vec![Change::KeepRequest(kept.clone())]).await;
        kept = kept.written();
        assert_eq!(read(&place, &kept).await, Some(kept.clone()));
    }
}

pub(super) async fn of_two_that_begin_or_take_over_one_writes(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let first = request(&place);
    place.commit(vec![Change::KeepRequest(first.clone())]).await;
    place.conflict(vec![Change::KeepRequest(first.clone())]).await;
    let begun = first.clone().written();
    place.commit(vec![Change::KeepRequest(begun.clone())]).await;
    let late = begun.at(KeptState::Effective);
    place.conflict(vec![Change::KeepRequest(late)]).await;
    assert_eq!(read(&place, &first).await, Some(begun.written()));
    let unknown = KeptRequest {
        revision: Revision::NEW.next(),
        ..samples::kept_request(&format!("{} other", place.tag))
    };
    place.conflict(vec![Change::KeepRequest(unknown)]).await;
}

pub(super) async fn an_effect_and_the_note_of_it_are_both_there_or_neither(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let kept = request(&place);
    place.commit(vec![Change::KeepRequest(kept.clone())]).await;
    let begun = kept.written();
    let note = || Change::KeepRequest(begun.at(KeptState::Effective));
    // The product is there already.
    place
        .conflict(vec![Change::CreateProduct(place.product("alpha")), note()])
        .await;
    assert_eq!(read(&place, &begun).await, Some(begun.clone()));
    place
        .commit(vec![Change::UpdateProduct(product.clone()), note()])
        .await;
    assert_eq!(
        read(&place, &begun).await,
        Some(begun.at(KeptState::Effective).written())
    );
    // Whoever was taken over has no effect any more.
    let product = stored_product(product);
    place
        .conflict(vec![Change::UpdateProduct(product.clone()), note()])
        .await;
    assert_eq!(place.stored(&product).await, Some(product));
}

pub(super) async fn a_full_commit_has_room_for_the_note(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let most = <dyn Catalog>::MAX_CHANGES;
    let mut changes: Vec<Change> = (0..most)
        .map(|n| Change::CreateProduct(place.product(&format!("p{n}"))))
        .collect();
    changes.push(Change::KeepRequest(request(&place)));
    place.commit(changes).await;
    assert!(read(&place, &request(&place)).await.is_some());
}
