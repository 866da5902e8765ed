use std::collections::BTreeSet;

use futures_util::future::join_all;
use imprint_app::ports::{Catalog, Change, Ids};
use imprint_domain::build::{Build, BuildState};
use imprint_domain::id::BuildId;
use imprint_domain::product::Product;

use super::{Place, half_past, stored_build};
use crate::samples::{self, NOON, parsed};

pub(super) async fn numbers_are_never_handed_out_twice(catalog: &dyn Catalog) {
    let ids = Ids {
        builds: 2,
        editions: 3,
    };
    let allotted = join_all((0..50).map(|_| catalog.allot(ids))).await;
    let mut builds = BTreeSet::new();
    let mut editions = BTreeSet::new();
    for first in allotted {
        let (build, edition) = first.unwrap();
        builds.extend(build.0..build.0 + 2);
        editions.extend(edition.0..edition.0 + 3);
    }
    assert_eq!((builds.len(), editions.len()), (100, 150));

    let (build, edition) = catalog.allot(ids).await.unwrap();
    assert!(Some(&build.0) > builds.last(), "numbers of builds ascend");
    assert!(Some(&edition.0) > editions.last(), "numbers of editions ascend");
    assert!(!builds.contains(&0) && !editions.contains(&0), "0 is no number");
}

pub(super) async fn a_build_is_read_as_it_was_created(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let at = half_past(NOON);
    let states = [
        BuildState::Uploading,
        BuildState::Uploaded { at },
        BuildState::Ended {
            at,
            uploaded_at: None,
        },
        BuildState::Ended {
            at,
            uploaded_at: Some(NOON),
        },
    ];
    for (n, state) in states.into_iter().enumerate() {
        let build = Build {
            state,
            git_refs: samples::refs("tickets/DM-1 v1.0 späße"),
            alternate: (n % 2 == 0).then(|| parsed("usdf-dev")),
            github_requester: (n % 2 == 0).then(|| parsed("octocat")),
            manifest: (n % 2 == 1).then(|| samples::manifest_id("m")),
            ..place.build(&product, &format!("build-{n}")).await
        };
        assert_eq!(catalog.build(build.id).await.unwrap(), None);
        place.commit(vec![Change::CreateBuild(build.clone())]).await;
        let stored = Some(stored_build(build.clone()));
        assert_eq!(catalog.build(build.id).await.unwrap(), stored);
        let in_product = catalog.build_of(&place.org, &product.slug, build.id).await;
        assert_eq!(in_product.unwrap(), stored);
    }
}

pub(super) async fn a_build_is_found_only_in_its_product(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let other = place.product("alpha-b");
    let build = place.build(&product, "1").await;
    place
        .commit(vec![
            Change::CreateProduct(other.clone()),
            Change::CreateBuild(build.clone()),
        ])
        .await;
    let in_other = catalog.build_of(&place.org, &other.slug, build.id).await;
    assert_eq!(in_other.unwrap(), None);
    let elsewhere = Place::new(catalog);
    let foreign = catalog.build_of(&elsewhere.org, &product.slug, build.id).await;
    assert_eq!(foreign.unwrap(), None);
    assert_eq!(listed(&place, &other, 10).await, []);
    assert_eq!(listed(&place, &product, 10).await, [build.id]);
}

pub(super) async fn a_build_slug_is_taken_for_ever(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let first = place.build(&product, "b1").await;
    place.commit(vec![Change::CreateBuild(first.clone())]).await;
    let second = place.build(&product, "b1").await;
    place.conflict(vec![Change::CreateBuild(second.clone())]).await;
    assert_eq!(catalog.build(second.id).await.unwrap(), None);

    let ended = stored_build(first.clone()).end(NOON);
    place.commit(vec![Change::UpdateBuild(ended)]).await;
    place.conflict(vec![Change::CreateBuild(second.clone())]).await;

    let named = |slug: &str, build: Build| Build {
        slug: parsed(slug),
        ..build
    };
    place
        .conflict(vec![Change::CreateBuild(named("b2", first))])
        .await;
    place.commit(vec![Change::CreateBuild(named("b2", second))]).await;

    let other = place.product("beta");
    let elsewhere = place.build(&other, "b1").await;
    place
        .commit(vec![Change::CreateProduct(other), Change::CreateBuild(elsewhere)])
        .await;
}

pub(super) async fn two_builds_of_one_commit_cannot_share_a_slug(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let first = place.build(&product, "b1").await;
    let second = place.build(&product, "b1").await;
    let both = vec![Change::CreateBuild(first), Change::CreateBuild(second)];
    assert!(catalog.commit(both).await.is_err());
    assert_eq!(listed(&place, &product, 10).await, []);
}

pub(super) async fn an_update_of_a_build_needs_its_revision(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let new = place.build(&product, "1").await;
    place.conflict(vec![Change::UpdateBuild(new.clone())]).await;
    place.commit(vec![Change::CreateBuild(new.clone())]).await;
    place.conflict(vec![Change::UpdateBuild(new.clone())]).await;

    let seen = stored_build(new);
    let uploaded = Build {
        state: BuildState::Uploaded { at: NOON },
        manifest: Some(samples::manifest_id("m")),
        ..seen.clone()
    };
    place.commit(vec![Change::UpdateBuild(uploaded.clone())]).await;
    place.conflict(vec![Change::UpdateBuild(seen.clone())]).await;
    let stored = catalog.build(seen.id).await.unwrap();
    assert_eq!(stored, Some(stored_build(uploaded)));
}

pub(super) async fn builds_are_listed_newest_first(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let mut ids = ids_of_different_lengths(catalog).await;
    for (n, id) in ids.iter().enumerate() {
        let mut build = Build {
            slug: parsed(&format!("b{n}")),
            ..samples::build_of(&product, id.0, "main")
        };
        if n == 1 {
            build = build.end(NOON);
        }
        place.commit(vec![Change::CreateBuild(build)]).await;
    }
    ids.reverse();
    for limit in [2, ids.len(), 100] {
        assert_eq!(listed(&place, &product, limit).await, ids, "in pages of {limit}");
    }
}

/// Ascending numbers, the later ones with one more digit: their texts do not ascend.
async fn ids_of_different_lengths(catalog: &dyn Catalog) -> Vec<BuildId> {
    let one = Ids {
        builds: 1,
        editions: 0,
    };
    let (first, _) = catalog.allot(one).await.unwrap();
    let longer = 10_u64.pow(first.0.ilog10() + 1);
    // On a table that the suite has seen often the numbers are long enough, and more jumps would use them up.
    let jump = if longer > 1_000_000_000_000 {
        2
    } else {
        longer - first.0
    };
    let block = Ids {
        builds: jump + 3,
        editions: 0,
    };
    let (start, _) = catalog.allot(block).await.unwrap();
    let end = start.0 + block.builds;
    let mut ids = vec![first, start];
    ids.extend((end - 3..end).map(BuildId));
    ids.dedup();
    ids
}

/// The numbers of all pages.
async fn listed(place: &Place<'_>, product: &Product, limit: usize) -> Vec<BuildId> {
    let mut ids = Vec::new();
    let mut cursor = None;
    for _ in 0..100 {
        let page = place
            .catalog
            .builds(&place.org, &product.slug, limit, cursor.as_deref())
            .await
            .unwrap();
        assert!(page.items.len() <= limit);
        ids.extend(page.items.iter().map(|build| build.id));
        cursor = page.next;
        if cursor.is_none() {
            return ids;
        }
    }
    panic!("the list does not end");
}
