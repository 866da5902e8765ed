use imprint_app::ports::{Catalog, Change, Ids};
use imprint_domain::edition::{Edition, Reached, Tracking};
use imprint_domain::id::{BuildId, Generation};
use imprint_domain::product::Product;
use imprint_domain::task::FailureCode;
use imprint_domain::tracking::TrackingMode;

use super::{Place, half_past, stored_edition};
use crate::samples::{self, NOON, parsed};

pub(super) async fn an_edition_is_read_as_it_was_created(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let plain = place.edition(&product, "main").await;
    let manual = Edition {
        title: parsed("Späße & <i>more</i>"),
        tracking: Tracking {
            mode: TrackingMode::Manual,
            refs: None,
        },
        created_at: half_past(NOON),
        ended_at: Some(half_past(NOON)),
        ..place.edition(&product, "DM-1").await
    };
    for edition in [plain, manual] {
        assert_eq!(catalog.edition(edition.id).await.unwrap(), None);
        place.commit(vec![Change::CreateEdition(edition.clone())]).await;
        let stored = Some(stored_edition(edition.clone()));
        assert_eq!(catalog.edition(edition.id).await.unwrap(), stored);
        let own = catalog.edition_of(&place.org, &product.slug, edition.id);
        assert_eq!(own.await.unwrap(), stored);
        let elsewhere = Place::new(catalog);
        let foreign = catalog.edition_of(&elsewhere.org, &product.slug, edition.id);
        assert_eq!(foreign.await.unwrap(), None);
    }
}

pub(super) async fn an_edition_keeps_everything_it_has_been_through(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let edition = place.edition(&product, "main").await;
    place.commit(vec![Change::CreateEdition(edition.clone())]).await;

    let build = samples::build_of(&product, 7, "main v1.0");
    let reached = |generation: u64| Reached {
        pointer: samples::pointer(&build, samples::manifest_id(&generation.to_string()), generation),
        at: half_past(NOON),
    };
    let travelled = Edition {
        generation: Generation(5),
        desired: Some(reached(5).pointer),
        copied: Some(reached(2)),
        published: Some(reached(1)),
        attempts: vec![reached(4), reached(3)],
        newest_seen: Some(BuildId(9)),
        failure: Some(FailureCode::PurgeRefused.because("the CDN said: \"no\"", half_past(NOON))),
        ..stored_edition(edition)
    };
    place.commit(vec![Change::UpdateEdition(travelled.clone())]).await;
    let travelled = stored_edition(travelled);
    let stored = catalog.edition(travelled.id).await.unwrap();
    assert_eq!(stored.as_ref(), Some(&travelled));

    let arrived = Edition {
        attempts: Vec::new(),
        failure: None,
        published: Some(reached(5)),
        ..travelled
    };
    place.commit(vec![Change::UpdateEdition(arrived.clone())]).await;
    let stored = catalog.edition(arrived.id).await.unwrap();
    assert_eq!(stored, Some(stored_edition(arrived)));
}

pub(super) async fn an_edition_slug_is_taken_for_ever(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let first = place.edition(&product, "v1").await;
    place.commit(vec![Change::CreateEdition(first.clone())]).await;
    let second = place.edition(&product, "v1").await;
    place.conflict(vec![Change::CreateEdition(second.clone())]).await;
    assert_eq!(catalog.edition(second.id).await.unwrap(), None);

    let ended = stored_edition(first.clone()).end(NOON);
    place.commit(vec![Change::UpdateEdition(ended)]).await;
    place.conflict(vec![Change::CreateEdition(second)]).await;
    let same_number = Edition {
        slug: parsed("v2"),
        ..first
    };
    place.conflict(vec![Change::CreateEdition(same_number)]).await;

    let build = place.build(&product, "v1").await;
    let other = place.product("beta");
    let elsewhere = place.edition(&other, "v1").await;
    place
        .commit(vec![
            Change::CreateBuild(build),
            Change::CreateProduct(other),
            Change::CreateEdition(elsewhere),
        ])
        .await;
}

pub(super) async fn an_update_of_an_edition_needs_its_revision(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let new = place.edition(&product, "main").await;
    place.conflict(vec![Change::UpdateEdition(new.clone())]).await;
    place.commit(vec![Change::CreateEdition(new.clone())]).await;
    place.conflict(vec![Change::UpdateEdition(new.clone())]).await;

    let seen = stored_edition(new);
    let renamed = Edition {
        title: parsed("Latest"),
        ..seen.clone()
    };
    place.commit(vec![Change::UpdateEdition(renamed.clone())]).await;
    place.conflict(vec![Change::UpdateEdition(seen.clone())]).await;
    let stored = catalog.edition(seen.id).await.unwrap();
    assert_eq!(stored, Some(stored_edition(renamed)));
}

pub(super) async fn a_product_comes_with_all_its_editions_and_no_other(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    assert_eq!(together(&place, &product).await, Some(vec![]));
    assert_eq!(together(&place, &place.product("unknown")).await, None);

    // Its name begins with the other's, as `v10` begins with `v1`.
    let neighbour = place.product("alpha-b");
    let foreign = place.edition(&neighbour, "main").await;
    let build = place.build(&product, "main").await;
    place
        .commit(vec![
            Change::CreateProduct(neighbour),
            Change::CreateEdition(foreign),
            Change::CreateBuild(build),
        ])
        .await;

    // Enough numbers that some have more digits than others on a fresh table.
    let ids = Ids {
        builds: 0,
        editions: 12,
    };
    let (_, first) = catalog.allot(ids).await.unwrap();
    let numbered = |n: u64| samples::edition_of(&product, first.0 + n, &format!("e{}", 99 - n), "main");
    let mut editions: Vec<Edition> = (0..12).map(numbered).collect();
    editions[3].ended_at = Some(NOON);
    let creations = editions.iter().rev().cloned().map(Change::CreateEdition);
    place.commit(creations.collect()).await;
    let stored = editions.into_iter().map(stored_edition).collect();
    assert_eq!(together(&place, &product).await, Some(stored));
}

async fn together(place: &Place<'_>, product: &Product) -> Option<Vec<Edition>> {
    let found = place
        .catalog
        .product_with_editions(&place.org, &product.slug)
        .await;
    let (found, editions) = found.unwrap()?;
    assert_eq!(found, *product);
    Some(editions)
}
