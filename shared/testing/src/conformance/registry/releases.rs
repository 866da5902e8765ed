use futures_util::future::join_all;
use imprint_app::ports::{Direction, RegistryChange, StoreError};
use imprint_domain::id::{BuildId, Revision};
use imprint_domain::registry::{Data, Docs, Gone, Head, Release, TrainName};
use jiff::SignedDuration;

use super::{MANY, NANOSECOND, Place, Publishing, Store, half_past, odd_object};
use crate::samples::{NOON, after_noon, manifest_id, parsed};

const TRAIN: &str = "handbook/stable";

/// A release that says all that it can.
fn full(place: &Place<'_>) -> Release {
    Release {
        data: Data::new(odd_object(20)).unwrap(),
        description: Some(parsed("Späße & <b>\"more\"</b>")),
        kind: Some(parsed("Deployment")),
        published_at: half_past(NOON),
        published_by: Some(parsed("Jörg")),
        docs: Some(Docs {
            own_domain: None,
            build: BuildId(7),
            slug: parsed("7"),
            manifest: manifest_id("7"),
        }),
        ..place.release(
            "deis-builder_2.x/beta+1",
            "v2.19.0-rc.1~x",
            half_past(NOON) + NANOSECOND,
        )
    }
}

pub(super) async fn a_release_is_read_as_it_was_published(store: Store<'_>) {
    let place = Place::new(store);
    let bare = place.release(TRAIN, "1", NOON);
    for release in [full(&place), bare] {
        assert_eq!(place.stored(&release).await, None);
        place.publish(&release).await;
        assert_eq!(place.stored(&release).await.as_ref(), Some(&release));
        let head = place.head(&release.train).await;
        assert_eq!(
            (head.latest.as_ref(), head.revision),
            (Some(&release), Revision(1))
        );
        let all = place
            .releases(&release.train, Direction::Ascending, MANY, None)
            .await;
        assert_eq!(all.items, [release]);
    }
}

/// Releases in the order in which they are listed: by instant, equal ones by semantic version, then by bytes.
fn in_order(place: &Place<'_>) -> Vec<Release> {
    let releases = [
        ("9.0.0", NOON - SignedDuration::from_secs(1)),
        ("1.9.0", NOON),
        ("1.10.0-rc.2", NOON),
        ("1.10.0-rc.10", NOON),
        ("1.10.0", NOON),
        ("nightly", NOON),
        ("nightly-2", NOON),
        ("0.1.0", NOON + NANOSECOND),
        ("0.0.2", half_past(NOON)),
        ("0.0.1", after_noon(1)),
        ("0.0.0", after_noon(10)),
    ];
    let releases = releases
        .iter()
        .map(|(version, at)| place.release(TRAIN, version, *at));
    releases.collect()
}

/// Publishes releases in an order that is neither theirs nor its reverse.
async fn publish_mixed(place: &Place<'_>, releases: &[Release]) {
    let (even, odd): (Vec<_>, Vec<_>) = releases.iter().enumerate().partition(|(n, _)| n % 2 == 0);
    for (_, release) in odd.into_iter().rev().chain(even) {
        place.publish(release).await;
    }
}

pub(super) async fn releases_are_listed_by_instant_then_by_version(store: Store<'_>) {
    let place = Place::new(store);
    let mut expected = in_order(&place);
    publish_mixed(&place, &expected).await;
    place
        .publish(&place.release("handbook/beta", "3.0.0", NOON))
        .await;
    let train: TrainName = parsed(TRAIN);
    let all = place.releases(&train, Direction::Ascending, MANY, None).await;
    assert_eq!((all.items, all.next), (expected.clone(), None));
    assert_eq!(place.head(&train).await.latest.as_ref(), expected.last());
    expected.reverse();
    let all = place.releases(&train, Direction::Descending, MANY, None).await;
    assert_eq!((all.items, all.next), (expected, None));
    let unknown = place
        .releases(&parsed("handbook/unknown"), Direction::Ascending, MANY, None)
        .await;
    assert_eq!((unknown.items, unknown.next), (vec![], None));
}

pub(super) async fn a_list_of_releases_comes_in_pages_in_both_directions(store: Store<'_>) {
    let place = Place::new(store);
    let ascending = in_order(&place);
    publish_mixed(&place, &ascending).await;
    let descending: Vec<Release> = ascending.iter().rev().cloned().collect();
    for (direction, expected) in [
        (Direction::Ascending, ascending),
        (Direction::Descending, descending),
    ] {
        for limit in [1, 4, 11] {
            let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
            loop {
                let page = place
                    .releases(&parsed(TRAIN), direction, limit, cursor.as_deref())
                    .await;
                assert!(page.items.len() <= limit);
                seen.extend(page.items);
                pages += 1;
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(
                (&seen, pages),
                (&expected, expected.len().div_ceil(limit)),
                "{direction:?} {limit}"
            );
        }
    }
    for nonsense in ["nonsense", "", "VCM"] {
        let train = parsed(TRAIN);
        let page = place
            .registry
            .releases(&place.org, &train, Direction::Ascending, 1, Some(nonsense));
        assert!(matches!(page.await, Err(StoreError::NotFound(_))), "{nonsense}");
    }
}

pub(super) async fn a_release_that_is_published_again_is_listed_once_at_its_new_time(store: Store<'_>) {
    let place = Place::new(store);
    let (one, two) = (
        place.release(TRAIN, "1.0", after_noon(1)),
        place.release(TRAIN, "2.0", after_noon(2)),
    );
    place.publish(&one).await;
    place.publish(&two).await;
    let later = Release {
        released: after_noon(3),
        ..one.clone()
    };
    place.publish(&later).await;
    assert_eq!(place.versions(TRAIN).await, ["2.0", "1.0"]);
    assert_eq!(place.stored(&one).await.as_ref(), Some(&later));
    assert_eq!(place.head(&one.train).await.latest, Some(later));
    place.publish(&one).await;
    assert_eq!(place.versions(TRAIN).await, ["1.0", "2.0"]);
    let head = place.head(&one.train).await;
    assert_eq!((head.latest, head.revision), (Some(two), Revision(4)));
}

pub(super) async fn a_release_that_changes_at_its_time_is_listed_as_it_is_now(store: Store<'_>) {
    let place = Place::new(store);
    let release = place.release(TRAIN, "1.0", NOON);
    place.publish(&release).await;
    let changed = Release {
        description: Some(parsed("another")),
        ..release.clone()
    };
    place.publish(&changed).await;
    let all = place
        .releases(&release.train, Direction::Ascending, MANY, None)
        .await;
    assert_eq!(all.items, std::slice::from_ref(&changed));
    assert_eq!(place.stored(&release).await.as_ref(), Some(&changed));
    assert_eq!(place.head(&release.train).await.latest, Some(changed));
}

pub(super) async fn a_stale_look_at_a_train_conflicts_and_writes_nothing(store: Store<'_>) {
    let place = Place::new(store);
    let one = place.release(TRAIN, "1.0", NOON);
    let first = place.publication(&one, Publishing::Publish).await;
    place.commit([RegistryChange::Publish(first.clone())]).await;
    let gone = Gone {
        organization: place.org.clone(),
        component: parsed("handbook"),
        version: parsed("1.0"),
    };
    // The look of before the first release, and one of long after.
    let two = place.release(TRAIN, "2.0", after_noon(1));
    let head = place.head(&one.train).await;
    for revision in [Revision::NEW, Revision(2)] {
        let stale = Head {
            revision,
            ..head.clone()
        };
        let stale = stale.publish(None, None, two.clone()).unwrap();
        place
            .conflict([
                RegistryChange::Publish(stale),
                RegistryChange::PutGone(gone.clone()),
            ])
            .await;
    }
    assert_eq!(place.stored(&two).await, None);
    assert_eq!(place.versions(TRAIN).await, ["1.0"]);
    assert_eq!(place.head(&one.train).await, head);
    let asked = [(gone.component.clone(), gone.version.clone())];
    let news = place.registry.news(&place.org, &[], &asked).await.unwrap();
    assert_eq!(news.gone, []);
}

pub(super) async fn of_twelve_publishers_that_saw_one_revision_exactly_one_wins(store: Store<'_>) {
    let place = Place::new(store);
    place.publish(&place.release(TRAIN, "1.0", NOON)).await;
    let head = place.head(&parsed(TRAIN)).await;
    let publications = (0..12).map(|n| {
        let release = place.release(TRAIN, &format!("2.{n}"), after_noon(n));
        let publication = head.clone().publish(None, None, release).unwrap();
        place.try_commit([RegistryChange::Publish(publication)])
    });
    let outcomes = join_all(publications).await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(won, 1, "{outcomes:?}");
    let lost = |outcome: &&Result<_, _>| matches!(outcome, Err(StoreError::Conflict | StoreError::Busy(_)));
    assert_eq!(outcomes.iter().filter(lost).count(), 11, "{outcomes:?}");
    let versions = place.versions(TRAIN).await;
    let head = place.head(&parsed(TRAIN)).await;
    assert_eq!((versions.len(), head.revision), (2, Revision(2)));
    assert_eq!(
        head.latest.map(|latest| latest.version.to_string()).as_ref(),
        versions.last()
    );
}

pub(super) async fn what_rests_on_a_train_needs_its_revision(store: Store<'_>) {
    let place = Place::new(store);
    let release = place.release(TRAIN, "1.0", NOON);
    let gone = |version: &str| {
        RegistryChange::PutGone(Gone {
            organization: place.org.clone(),
            component: parsed("handbook"),
            version: parsed(version),
        })
    };
    let unpublished = Head::new(place.org.clone(), release.train.clone());
    let require = |head: &Head| RegistryChange::RequireHead(head.clone());
    let ahead = Head {
        revision: Revision(1),
        ..unpublished.clone()
    };
    place.conflict([require(&ahead)]).await;
    place.commit([require(&unpublished)]).await;
    place.commit([gone("1"), require(&unpublished)]).await;
    place.publish(&release).await;
    place.conflict([gone("2"), require(&unpublished)]).await;
    let head = place.head(&release.train).await;
    place.commit([gone("3"), require(&head)]).await;
    place.publish(&place.release(TRAIN, "2.0", after_noon(1))).await;
    place.conflict([gone("4"), require(&head)]).await;

    let asked = ["1", "2", "3", "4"].map(|version| (parsed("handbook"), parsed(version)));
    let mut written = place.registry.news(&place.org, &[], &asked).await.unwrap().gone;
    written.sort();
    assert_eq!(written, [asked[0].clone(), asked[2].clone()]);
}

pub(super) async fn what_is_withdrawn_vanishes_and_the_train_keeps_its_revision(store: Store<'_>) {
    let place = Place::new(store);
    let (one, two) = (
        place.release(TRAIN, "1.0", after_noon(1)),
        place.release(TRAIN, "2.0", after_noon(2)),
    );
    place.publish(&one).await;
    place.publish(&two).await;
    place.withdraw(&two).await;
    assert_eq!(place.stored(&two).await, None);
    assert_eq!(place.versions(TRAIN).await, ["1.0"]);
    assert_eq!(place.head(&one.train).await.latest, Some(one.clone()));

    place.withdraw(&one).await;
    let head = place.head(&one.train).await;
    assert_eq!((head.latest.clone(), head.revision), (None, Revision(4)));
    assert_eq!(place.stored(&one).await, None);
    assert_eq!(place.versions(TRAIN).await, [""; 0]);
    let trains = place.registry.trains(&place.org, None, MANY, None).await.unwrap();
    assert_eq!(trains.items, []);

    let unseen = Head::new(place.org.clone(), one.train.clone());
    let unseen = unseen.publish(None, None, one.clone()).unwrap();
    place.conflict([RegistryChange::Publish(unseen)]).await;
    place.publish(&one).await;
    assert_eq!(place.head(&one.train).await.revision, Revision(5));
    assert_eq!(place.versions(TRAIN).await, ["1.0"]);
}
