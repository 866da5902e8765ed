use imprint_app::ports::{Catalog, Change, Ids, StoreError};
use imprint_domain::edition::{Cause, Edition, Reached, Tracking};
use imprint_domain::history::Moved;
use imprint_domain::id::{BuildId, Generation};
use imprint_domain::kind::{Kind, Retention};
use imprint_domain::pin::{Pin, Waiting};
use imprint_domain::product::Product;
use imprint_domain::rename::Renaming;
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
            alternate: Some(parsed("usdf-dev")),
        },
        kind: Some(Kind::Alternate),
        retention: Retention::Exempt,
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
        pin: Some(Pin {
            at: half_past(NOON),
            waiting: vec![Waiting {
                build: BuildId(8),
                slug: parsed("b-8"),
                git_refs: samples::refs("main v1.1"),
            }],
        }),
        former: vec![parsed("old"), parsed("older")],
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
        doom: None,
        published: Some(reached(5)),
        ..travelled
    };
    place.commit(vec![Change::UpdateEdition(arrived.clone())]).await;
    let stored = catalog.edition(arrived.id).await.unwrap();
    assert_eq!(stored, Some(stored_edition(arrived)));
}

pub(super) async fn an_edition_slug_is_taken_until_it_ends(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let first = place.edition(&product, "v1").await;
    place.commit(vec![Change::CreateEdition(first.clone())]).await;
    let second = place.edition(&product, "v1").await;
    place.conflict(vec![Change::CreateEdition(second.clone())]).await;
    assert_eq!(catalog.edition(second.id).await.unwrap(), None);

    let same_number = Edition {
        slug: parsed("v2"),
        ..first.clone()
    };
    place.conflict(vec![Change::CreateEdition(same_number)]).await;
    let ended = first.clone().end(NOON);
    // Of an edition that somebody else has changed, nothing is known: its slug stays taken.
    place.conflict(vec![Change::EndEdition(ended)]).await;
    place.conflict(vec![Change::CreateEdition(second.clone())]).await;
    let ended = stored_edition(first).end(NOON);
    place.commit(vec![Change::EndEdition(ended)]).await;
    place.commit(vec![Change::CreateEdition(second)]).await;

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

pub(super) async fn a_rename_takes_free_slugs_and_frees_its_own(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let first = place.edition(&product, "v1").await;
    let other = place.edition(&product, "v10").await;
    place
        .commit(vec![
            Change::CreateEdition(first.clone()),
            Change::CreateEdition(other),
        ])
        .await;
    let first = stored_edition(first);
    let rename = |edition: Edition, takes: Option<&str>, frees: &[&str]| Change::RenameEdition {
        edition,
        takes: takes.map(parsed),
        frees: frees.iter().map(|slug| parsed(slug)).collect(),
    };
    place
        .conflict(vec![rename(first.clone(), Some("v10"), &[])])
        .await;
    let on_its_way = Edition {
        renaming: Some(Renaming {
            to: parsed("v2"),
            task: samples::task_id("rename"),
        }),
        stale_keys: vec![samples::surrogate_key("of v2")],
        ..first.clone()
    };
    place
        .commit(vec![rename(on_its_way.clone(), Some("v2"), &[])])
        .await;
    // What somebody saw before is not what is there.
    place.conflict(vec![rename(first, Some("v3"), &[])]).await;
    let on_its_way = stored_edition(on_its_way);
    assert_eq!(
        catalog.edition(on_its_way.id).await.unwrap(),
        Some(on_its_way.clone())
    );
    for slug in ["v1", "v2"] {
        let third = place.edition(&product, slug).await;
        place.conflict(vec![Change::CreateEdition(third)]).await;
    }
    let with_slug = async |slug: &str| {
        let slug = parsed(slug);
        let found = catalog.edition_with_slug(&place.org, &product.slug, &slug);
        found.await.unwrap().map(|edition| edition.id)
    };
    // By the new slug it is found when it has it.
    let id = on_its_way.id;
    assert_eq!((with_slug("v1").await, with_slug("v2").await), (Some(id), None));
    let arrived = on_its_way.arrive();
    place.commit(vec![rename(arrived.clone(), None, &["v1"])]).await;
    let stored = catalog.edition(arrived.id).await.unwrap();
    assert_eq!(stored, Some(stored_edition(arrived)));
    assert_eq!((with_slug("v1").await, with_slug("v2").await), (None, Some(id)));
    let third = place.edition(&product, "v2").await;
    place.conflict(vec![Change::CreateEdition(third)]).await;
    let third = place.edition(&product, "v1").await;
    place.commit(vec![Change::CreateEdition(third)]).await;
}

pub(super) async fn an_edition_is_restored_only_while_its_slug_is_free(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let first = place.edition(&product, "v1").await;
    place.commit(vec![Change::CreateEdition(first.clone())]).await;
    let ended = stored_edition(first).end(NOON);
    place.commit(vec![Change::EndEdition(ended.clone())]).await;
    let restored = Edition {
        ended_at: None,
        ..stored_edition(ended)
    };

    let second = place.edition(&product, "v1").await;
    place.commit(vec![Change::CreateEdition(second.clone())]).await;
    place
        .conflict(vec![Change::RestoreEdition(restored.clone())])
        .await;
    let ended = stored_edition(second).end(NOON);
    place.commit(vec![Change::EndEdition(ended.clone())]).await;
    place.commit(vec![Change::RestoreEdition(restored.clone())]).await;
    let stored = catalog.edition(restored.id).await.unwrap();
    assert_eq!(stored, Some(stored_edition(restored.clone())));
    // The slug is taken again, and the revision has moved on.
    let other = stored_edition(ended);
    place.conflict(vec![Change::RestoreEdition(other)]).await;
    place.conflict(vec![Change::RestoreEdition(restored)]).await;
}

fn moved(edition: &Edition, generation: u64, by: Option<&str>) -> Moved {
    let build = samples::build(generation, "main v1.0");
    Moved {
        edition: edition.id,
        pointer: samples::pointer(&build, samples::manifest_id("m"), generation),
        cause: by.map_or(Cause::Tracking, |_| Cause::Rollback),
        by: by.map(parsed),
        at: half_past(NOON),
    }
}

pub(super) async fn moves_are_listed_newest_first_and_found_by_their_generation(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let edition = place.edition(&product, "main").await;
    let other = place.edition(&product, "other").await;
    assert_eq!(
        catalog.history(edition.id, 5, None).await.unwrap().items,
        Vec::<Moved>::new()
    );
    let moves: Vec<Moved> = (1..=12)
        .rev()
        .map(|generation| moved(&edition, generation, (generation % 2 == 0).then_some("dev")))
        .collect();
    place
        .commit(moves.iter().cloned().map(Change::PutMoved).collect())
        .await;
    place.commit(vec![Change::PutMoved(moved(&other, 7, None))]).await;

    let mut listed = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = catalog.history(edition.id, 5, cursor.as_deref()).await.unwrap();
        assert!(page.items.len() <= 5);
        listed.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed, moves);
    let found = catalog.moved(edition.id, Generation(11)).await.unwrap();
    assert_eq!(found.as_ref(), Some(&moves[1]));
    assert_eq!(catalog.moved(edition.id, Generation(13)).await.unwrap(), None);
    let unknown = catalog.history(edition.id, 5, Some("no cursor")).await;
    assert!(matches!(unknown, Err(StoreError::NotFound(_))), "{unknown:?}");
}

pub(super) async fn a_move_is_committed_with_its_edition_or_not_at_all(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let edition = place.edition(&product, "main").await;
    let record = Change::PutMoved(moved(&edition, 1, None));
    place
        .conflict(vec![Change::UpdateEdition(edition.clone()), record.clone()])
        .await;
    assert_eq!(catalog.moved(edition.id, Generation(1)).await.unwrap(), None);
    place
        .commit(vec![Change::CreateEdition(edition.clone()), record])
        .await;
    let found = catalog.moved(edition.id, Generation(1)).await.unwrap();
    assert_eq!(found, Some(moved(&edition, 1, None)));
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
