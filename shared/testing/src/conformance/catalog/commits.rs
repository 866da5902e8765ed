use futures_util::future::join_all;
use imprint_app::ports::{Catalog, Change, Ids, StoreError};
use imprint_domain::access::Token;
use imprint_domain::build::Build;
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::product::Product;
use imprint_domain::task::{EditionStep, Task};

use super::{MANY, Place, stored_product};
use crate::samples::{self, NOON, parsed};

pub(super) async fn a_failing_change_leaves_nothing(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let other = place.product("beta");
    let build = place.build(&product, "1").await;
    let edition = place.edition(&product, "main").await;
    let task = Task {
        id: place.task_id("t"),
        ..samples::task("t", &build)
    };
    let part = samples::task_edition(&edition, build.id, EditionStep::Queued);
    let message = samples::register_message(&task.id, &build);
    let entry = OutboxEntry::new(place.outbox_id("o"), message, NOON);
    let user = samples::user(&format!("user-{}", place.tag));
    let token = Token {
        hash: place.tag.clone(),
        ..samples::token("", user.name.as_str())
    };
    let all_but_one = vec![
        Change::CreateProduct(other.clone()),
        Change::CreateBuild(build.clone()),
        Change::CreateEdition(edition.clone()),
        Change::CreateTask(task.clone()),
        Change::PutTaskEdition(task.id.clone(), part.clone()),
        Change::PutOutbox(entry.clone()),
        Change::CreateUser(user.clone()),
        Change::CreateToken(token.clone()),
    ];
    let mut with_a_stale_one = all_but_one.clone();
    with_a_stale_one.push(Change::UpdateProduct(stored_product(product)));
    place.conflict(with_a_stale_one).await;

    assert_eq!(place.stored(&other).await, None);
    assert_eq!(catalog.build(build.id).await.unwrap(), None);
    assert_eq!(catalog.edition(edition.id).await.unwrap(), None);
    assert_eq!(catalog.task(&task.id).await.unwrap(), None);
    assert!(!waits(catalog, &entry).await);
    assert_eq!(catalog.user(&user.name).await.unwrap(), None);
    assert_eq!(catalog.token(&token.hash).await.unwrap(), None);

    // And nothing stays taken.
    place.commit(all_but_one).await;
    assert!(catalog.build(build.id).await.unwrap().is_some());
    let task = catalog.task(&task.id).await.unwrap();
    assert_eq!(task.map(|task| task.editions), Some(vec![part]));

    let remove = Change::RemoveOutbox(entry.id.clone());
    place
        .conflict(vec![remove.clone(), Change::CreateProduct(other)])
        .await;
    assert!(waits(catalog, &entry).await, "a conflict removes nothing");
    place.commit(vec![remove]).await;
}

async fn waits(catalog: &dyn Catalog, entry: &OutboxEntry) -> bool {
    let outbox = catalog.outbox(samples::after_noon(1), MANY).await.unwrap();
    outbox.contains(entry)
}

pub(super) async fn of_twenty_writers_that_saw_one_revision_exactly_one_wins(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let ids = Ids {
        builds: 20,
        editions: 0,
    };
    let (first, _) = catalog.allot(ids).await.unwrap();
    let writes = (0..20).map(|n| {
        let changed = Product {
            next_build_slug: n,
            ..product.clone()
        };
        let build = Build {
            slug: parsed(&format!("b{n}")),
            ..samples::build_of(&product, first.0 + n, "main")
        };
        catalog.commit(vec![Change::UpdateProduct(changed), Change::CreateBuild(build)])
    });
    let mut winners = Vec::new();
    for (n, outcome) in (0..).zip(join_all(writes).await) {
        match outcome {
            Ok(()) => winners.push(n),
            // A store may find that two writers meet before it finds out who was first.
            Err(StoreError::Conflict | StoreError::Busy(_)) => {}
            Err(other) => panic!("{other:?} is no answer to a race"),
        }
    }
    let [winner] = winners[..] else {
        panic!("{winners:?} won");
    };
    let stored = place.stored(&product).await.unwrap();
    assert_eq!(stored.next_build_slug, winner);
    assert_eq!(stored.revision, product.revision.next());
    let builds = catalog.builds(&place.org, &product.slug, 30, None).await.unwrap();
    let builds: Vec<u64> = builds.items.iter().map(|build| build.id.0 - first.0).collect();
    assert_eq!(builds, [winner], "the losers left nothing");
}

pub(super) async fn a_commit_holds_as_many_changes_as_promised(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let most = <dyn Catalog>::MAX_CHANGES as u64;
    let ids = Ids {
        builds: most,
        editions: most,
    };
    let (build, edition) = catalog.allot(ids).await.unwrap();
    let builds = (0..most).map(|n| {
        Change::CreateBuild(Build {
            slug: parsed(&format!("b{n}")),
            ..samples::build_of(&product, build.0 + n, "main")
        })
    });
    place.commit(builds.collect()).await;
    let editions = (0..most).map(|n| {
        let edition = samples::edition_of(&product, edition.0 + n, &format!("e{n}"), "main");
        Change::CreateEdition(edition)
    });
    place.commit(editions.collect()).await;

    let builds = catalog.builds(&place.org, &product.slug, 100, None).await;
    assert_eq!(builds.unwrap().items.len() as u64, most);
    let found = catalog.product_with_editions(&place.org, &product.slug).await;
    assert_eq!(found.unwrap().map(|(_, all)| all.len() as u64), Some(most));
}

pub(super) async fn a_commit_of_nothing_succeeds(catalog: &dyn Catalog) {
    catalog.commit(Vec::new()).await.unwrap();
}
