use imprint_app::ports::{Change, Direction, RegistryChange, StoreError};
use imprint_domain::registry::{ComponentName, Head, Release, RowOfTrain, TrainName};

use super::{MANY, Place, Store};
use crate::samples::{NOON, after_noon, parsed};

/// Publishes the first release of each train, with as few commits as may be: six publications each.
async fn publish_all(place: &Place<'_>, releases: &[Release]) {
    for releases in releases.chunks(6) {
        let publications = releases.iter().map(|release| {
            let head = Head::new(place.org.clone(), release.train.clone());
            let publication = head.publish(None, None, release.clone()).unwrap();
            Change::Registry(Box::new(RegistryChange::Publish(publication)))
        });
        place.catalog.commit(publications.collect()).await.unwrap();
    }
}

pub(super) async fn heads_of_a_hundred_trains_come_at_once_and_unknown_ones_are_left_out(store: Store<'_>) {
    let place = Place::new(store);
    let releases = (0..100).map(|n| {
        let train = format!("component-{}/train-{}", n % 10, n / 10);
        place.release(&train, &format!("1.{n}"), after_noon(n))
    });
    let mut releases: Vec<Release> = releases.collect();
    publish_all(&place, &releases).await;
    let mut asked: Vec<TrainName> = releases.iter().map(|release| release.train.clone()).collect();
    asked.extend(["component-0/unknown", "unknown/train-0"].map(parsed::<TrainName>));
    let news = place.registry.news(&place.org, &asked, &[]).await.unwrap();
    let mut heads = news.heads;
    heads.sort_by(|one, other| one.train.cmp(&other.train));
    releases.sort_by(|one, other| one.train.cmp(&other.train));
    let latest: Vec<Release> = heads.into_iter().filter_map(|head| head.latest).collect();
    assert_eq!(latest, releases);
    let none = place.registry.news(&place.org, &[], &[]).await.unwrap();
    assert_eq!((none.heads, none.gone), (vec![], vec![]));
}

async fn rows(place: &Place<'_>, component: Option<&ComponentName>, limit: usize) -> Vec<RowOfTrain> {
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = place
            .registry
            .trains(&place.org, component, limit, cursor.as_deref());
        let page = page.await.unwrap();
        assert!(!page.items.is_empty() && page.items.len() <= limit);
        seen.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return seen;
        }
    }
}

pub(super) async fn trains_are_listed_by_name_and_by_component(store: Store<'_>) {
    let place = Place::new(store);
    let names = [
        "A/stable",
        "a/+",
        "a/beta",
        "a/stable",
        "a/stable-2",
        "a+b/stable",
        "a-b/stable",
        "a.b/stable",
        "ab/stable",
        "ab/~",
        "b/stable",
    ];
    let releases = names.iter().rev().map(|name| place.release(name, "1", NOON));
    publish_all(&place, &releases.collect::<Vec<_>>()).await;
    for limit in [1, 4, 11, MANY] {
        let all = rows(&place, None, limit).await;
        let all: Vec<String> = all.iter().map(|row| row.train.to_string()).collect();
        assert_eq!(all, names, "{limit}");
    }
    for limit in [1, 3, 4] {
        let own = rows(&place, Some(&parsed("a")), limit).await;
        let own: Vec<String> = own.iter().map(|row| row.train.to_string()).collect();
        assert_eq!(own, ["a/+", "a/beta", "a/stable", "a/stable-2"], "{limit}");
    }
    let unknown = place
        .registry
        .trains(&place.org, Some(&parsed("c")), MANY, None)
        .await
        .unwrap();
    assert_eq!((unknown.items, unknown.next), (vec![], None));
    let nonsense = place.registry.trains(&place.org, None, 1, Some("nonsense")).await;
    assert!(matches!(nonsense, Err(StoreError::NotFound(_))));
}

pub(super) async fn a_row_says_what_the_latest_release_says(store: Store<'_>) {
    let place = Place::new(store);
    let one = Release {
        description: Some(parsed("what it is")),
        kind: Some(parsed("Deployment")),
        ..place.release("handbook/stable", "1.0", after_noon(1))
    };
    let two = place.release("handbook/stable", "2.0", after_noon(2));
    let row = |release: &Release| RowOfTrain {
        train: release.train.clone(),
        version: release.version.clone(),
        released: release.released,
        description: release.description.clone(),
        kind: release.kind.clone(),
    };
    place.publish(&one).await;
    assert_eq!(rows(&place, None, MANY).await, [row(&one)]);
    place.publish(&two).await;
    assert_eq!(rows(&place, None, MANY).await, [row(&two)]);
    place.withdraw(&two).await;
    assert_eq!(rows(&place, None, MANY).await, [row(&one)]);
}

pub(super) async fn an_organization_never_sees_anothers_releases(store: Store<'_>) {
    let (place, other) = (Place::new(store), Place::new(store));
    let own = place.release("handbook/stable", "1.0", NOON);
    let others = Release {
        organization: other.org.clone(),
        released: after_noon(1),
        ..own.clone()
    };
    place.publish(&own).await;
    assert_eq!(other.stored(&own).await, None);
    assert_eq!(other.head(&own.train).await.latest, None);
    assert_eq!(other.versions("handbook/stable").await, [""; 0]);
    let trains = other.registry.trains(&other.org, None, MANY, None).await.unwrap();
    assert_eq!(trains.items, []);
    other.publish(&others).await;
    for (place, release) in [(&place, own), (&other, others)] {
        assert_eq!(place.stored(&release).await.as_ref(), Some(&release));
        let all = place
            .releases(&release.train, Direction::Ascending, MANY, None)
            .await;
        assert_eq!(all.items, [release]);
    }
}
