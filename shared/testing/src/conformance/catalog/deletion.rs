use imprint_app::ports::{Catalog, Change, Walk};
use imprint_domain::build::Build;
use imprint_domain::edition::{Cause, Edition};
use imprint_domain::history::Moved;
use imprint_domain::retention::Doom;

use super::{MANY, Place, stored_build, stored_edition, stored_product};
use crate::samples::{self, NOON};

pub(super) async fn a_deleted_build_is_gone_and_its_slug_stays_taken(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let build = place.build(&product, "1").await;
    place.commit(vec![Change::CreateBuild(build.clone())]).await;
    let marked = Build {
        doom: Some(Doom::Marked { at: NOON }),
        ..stored_build(build.clone())
    };
    place.commit(vec![Change::UpdateBuild(marked.clone())]).await;
    let marked = stored_build(marked);
    let stored = catalog.build(build.id).await.unwrap();
    assert_eq!(stored.as_ref(), Some(&marked));

    place.commit(vec![Change::DeleteBuild(marked.clone())]).await;
    assert_eq!(catalog.build(build.id).await.unwrap(), None);
    let of_product = catalog.build_of(&place.org, &product.slug, build.id).await;
    assert_eq!(of_product.unwrap(), None);
    let page = catalog
        .builds(&place.org, &product.slug, MANY, None)
        .await
        .unwrap();
    assert_eq!(page.items, []);

    let same_slug = place.build(&product, "1").await;
    place.conflict(vec![Change::CreateBuild(same_slug.clone())]).await;
    place.commit(vec![Change::FreeBuildSlug(marked.clone())]).await;
    place.commit(vec![Change::FreeBuildSlug(marked)]).await;
    place.commit(vec![Change::CreateBuild(same_slug)]).await;
}

pub(super) async fn a_deleted_edition_is_gone_and_so_are_its_moves(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let edition = place.edition(&product, "v1").await;
    let pointer = samples::pointer(
        &samples::build_of(&product, 7, "main"),
        samples::manifest_id("m"),
        1,
    );
    let moved = Moved {
        edition: edition.id,
        pointer,
        cause: Cause::Repair,
        by: None,
        at: NOON,
    };
    let generation = moved.pointer.generation;
    place
        .commit(vec![
            Change::CreateEdition(edition.clone()),
            Change::PutMoved(moved.clone()),
        ])
        .await;
    assert_eq!(catalog.moved(edition.id, generation).await.unwrap(), Some(moved));

    // In one commit, and a move that is not there.
    let gone = vec![
        Change::RemoveMoved(edition.id, generation),
        Change::RemoveMoved(edition.id, generation.next()),
        Change::DeleteEdition(stored_edition(edition.clone())),
        Change::FreeEditionSlug(edition.clone()),
    ];
    place.commit(gone).await;
    assert_eq!(catalog.edition(edition.id).await.unwrap(), None);
    assert_eq!(catalog.history(edition.id, MANY, None).await.unwrap().items, []);
    let (_, editions) = catalog
        .product_with_editions(&place.org, &product.slug)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(editions, []);
    let successor = place.edition(&product, "v1").await;
    place.commit(vec![Change::CreateEdition(successor)]).await;
}

pub(super) async fn a_slug_that_is_held_cannot_be_taken(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let edition = place.edition(&product, "v1").await;
    place.commit(vec![Change::CreateEdition(edition.clone())]).await;
    let ended = stored_edition(edition).end(NOON);
    place.commit(vec![Change::EndEdition(ended.clone())]).await;
    let ended = stored_edition(ended);

    let other = place.edition(&product, "v1").await;
    place.commit(vec![Change::CreateEdition(other.clone())]).await;
    place.conflict(vec![Change::HoldEditionSlug(ended.clone())]).await;
    let other = stored_edition(other).end(NOON);
    place.commit(vec![Change::EndEdition(other)]).await;

    let deleting = Edition {
        doom: Some(Doom::Deleting { at: NOON }),
        ..ended
    };
    place
        .commit(vec![
            Change::UpdateEdition(deleting.clone()),
            Change::HoldEditionSlug(deleting.clone()),
        ])
        .await;
    let next = place.edition(&product, "v1").await;
    place.conflict(vec![Change::CreateEdition(next.clone())]).await;
    place
        .commit(vec![
            Change::DeleteEdition(stored_edition(deleting.clone())),
            Change::FreeEditionSlug(deleting.clone()),
        ])
        .await;
    place.commit(vec![Change::FreeEditionSlug(deleting)]).await;
    place.commit(vec![Change::CreateEdition(next)]).await;
}

pub(super) async fn a_deleted_product_is_on_no_list_and_can_be_created_anew(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    place.commit(vec![Change::DeleteProduct(product.clone())]).await;
    assert_eq!(place.stored(&product).await, None);
    let page = catalog.products(&place.org, MANY, None).await.unwrap();
    assert_eq!(page.items, []);
    let anew = place.product("alpha");
    place.commit(vec![Change::CreateProduct(anew.clone())]).await;
    let page = catalog.products(&place.org, MANY, None).await.unwrap();
    assert_eq!(page.items, [stored_product(anew)]);
}

pub(super) async fn nothing_is_deleted_that_has_changed(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let (build, edition) = (
        place.build(&product, "1").await,
        place.edition(&product, "v1").await,
    );
    let both = vec![
        Change::CreateBuild(build.clone()),
        Change::CreateEdition(edition.clone()),
    ];
    place.commit(both).await;
    // What was never stored has another revision than what is.
    place.conflict(vec![Change::DeleteBuild(build.clone())]).await;
    place.conflict(vec![Change::DeleteEdition(edition.clone())]).await;
    let old = place.product("alpha");
    place.conflict(vec![Change::DeleteProduct(old)]).await;
    let together = vec![
        Change::DeleteBuild(stored_build(build.clone())),
        Change::DeleteEdition(edition.clone()),
    ];
    place.conflict(together).await;
    assert!(catalog.build(build.id).await.unwrap().is_some());
    assert!(catalog.edition(edition.id).await.unwrap().is_some());
    assert!(place.stored(&product).await.is_some());
    // What is not there has no revision at all.
    let absent = place.build(&product, "2").await;
    place.conflict(vec![Change::DeleteBuild(absent)]).await;
}

pub(super) async fn a_walk_remembers_where_it_is(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let put = |cursor: Option<&str>| Change::PutCursor(Walk::Verification, cursor.map(str::to_owned));
    for cursor in [Some("here"), Some("there"), None, None] {
        place.commit(vec![put(cursor)]).await;
        let stored = catalog.cursor(Walk::Verification).await.unwrap();
        assert_eq!(stored.as_deref(), cursor);
    }
}
