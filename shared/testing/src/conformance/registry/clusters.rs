use std::collections::BTreeSet;

use imprint_app::ports::{Direction, RegistryChange, StoreError, Touched};
use imprint_domain::id::Revision;
use imprint_domain::registry::{AgeFilter, Bounds, Cluster, ClusterId, Given, Report, Reported};
use jiff::Timestamp;

use super::{MANY, NANOSECOND, Place, Store, check_in, half_past, odd_object, written};
use crate::samples::{NOON, after_noon, parsed};

async fn stored(place: &Place<'_>, id: &ClusterId) -> Option<Cluster> {
    place.registry.cluster(&place.org, id).await.unwrap()
}

async fn listed(place: &Place<'_>, filter: &AgeFilter) -> Vec<String> {
    let page = place
        .registry
        .clusters(&place.org, filter, Direction::Ascending, MANY, None)
        .await
        .unwrap();
    assert_eq!(page.next, None);
    page.items.iter().map(|cluster| cluster.id.to_string()).collect()
}

async fn count(place: &Place<'_>) -> u64 {
    let count = place
        .registry
        .count_clusters(&place.org, &AgeFilter::default())
        .await;
    count.unwrap()
}

/// All clusters, by their last check-in.
fn by_last() -> AgeFilter {
    let bounds = Bounds {
        checked_in_after: Some(Given::utc(Timestamp::UNIX_EPOCH)),
        ..Bounds::default()
    };
    AgeFilter {
        bounds,
        ..AgeFilter::default()
    }
}

pub(super) async fn a_cluster_is_read_as_it_was_created_and_created_only_once(store: Store<'_>) {
    let place = Place::new(store);
    let reported = Reported {
        name: "a component with an odd name #1".to_owned(),
        kind: "Deployment".to_owned(),
        description: "Grüße".to_owned(),
        train: "stable".to_owned(),
        version: "v2.0.0".to_owned(),
        released: "yesterday".to_owned(),
        data: Some(odd_object(60)),
    };
    let full = Cluster {
        report: Report::new(vec![reported, Reported::default()]).unwrap(),
        last_seen: half_past(NOON) + NANOSECOND,
        checkins: 12,
        is_verified: true,
        labels: BTreeSet::from(["staff", "ci"].map(parsed)),
        ..place.cluster(&check_in(
            "7e57d004-2b97-4e7a-b45f-5387367791cd",
            "1.0",
            half_past(NOON),
        ))
    };
    let bare = Cluster {
        report: Report::default(),
        used_at: None,
        ..place.cluster(&check_in("B._-", "1.0", NOON))
    };
    for cluster in [full, bare] {
        assert_eq!(stored(&place, &cluster.id).await, None);
        let created = place.with_cluster(cluster.clone()).await;
        let again = Cluster {
            checkins: 99,
            ..cluster
        };
        place.conflict([RegistryChange::CreateCluster(again)]).await;
        assert_eq!(stored(&place, &created.id).await.as_ref(), Some(&created));
        let all = place
            .registry
            .clusters(&place.org, &by_last(), Direction::Ascending, MANY, None)
            .await;
        assert!(all.unwrap().items.contains(&created));
    }
    assert_eq!(count(&place).await, 2);
}

pub(super) async fn an_update_of_a_cluster_needs_its_revision(store: Store<'_>) {
    let place = Place::new(store);
    let first = check_in("c", "1.0", NOON);
    let missing = place.cluster(&first);
    place
        .conflict([RegistryChange::UpdateCluster(missing.clone())])
        .await;
    let seen = place.with_cluster(missing).await;
    let labelled = Cluster {
        labels: BTreeSet::from([parsed("staff")]),
        ..seen.clone()
    };
    place
        .commit([RegistryChange::UpdateCluster(labelled.clone())])
        .await;
    place.conflict([RegistryChange::UpdateCluster(seen)]).await;
    let labelled = written(labelled);
    assert_eq!(stored(&place, &first.id).await.as_ref(), Some(&labelled));

    // A check-in is a write too, and keeps what others have said.
    let touched = match place.registry.touch(&place.org, &first).await.unwrap() {
        Touched::Written(cluster) => *cluster,
        Touched::Unusual(cluster) => panic!("{cluster:?}"),
    };
    assert_eq!(
        (&touched.labels, touched.revision),
        (&labelled.labels, Revision(3))
    );
    place.conflict([RegistryChange::UpdateCluster(labelled)]).await;
    let unlabelled = Cluster {
        labels: BTreeSet::new(),
        ..touched
    };
    place
        .commit([RegistryChange::UpdateCluster(unlabelled.clone())])
        .await;
    assert_eq!(stored(&place, &first.id).await, Some(written(unlabelled)));
    assert_eq!(count(&place).await, 1);
}

pub(super) async fn a_forgotten_cluster_is_counted_no_more_and_may_come_again(store: Store<'_>) {
    let place = Place::new(store);
    let first = place.cluster(&check_in("c", "1.0", NOON));
    let seen = place.with_cluster(first.clone()).await;
    place
        .with_cluster(place.cluster(&check_in("d", "1.0", NOON)))
        .await;
    place
        .conflict([RegistryChange::DeleteCluster(first.clone())])
        .await;
    assert_eq!(count(&place).await, 2);
    place.commit([RegistryChange::DeleteCluster(seen.clone())]).await;
    place
        .conflict([RegistryChange::DeleteCluster(seen.clone())])
        .await;
    assert_eq!(stored(&place, &seen.id).await, None);
    assert_eq!(count(&place).await, 1);
    assert_eq!(listed(&place, &AgeFilter::default()).await, ["d"]);
    assert_eq!(listed(&place, &by_last()).await, ["d"]);
    place.with_cluster(first).await;
    assert_eq!(count(&place).await, 2);
    assert_eq!(listed(&place, &AgeFilter::default()).await, ["c", "d"]);
}

pub(super) async fn clusters_are_listed_by_either_check_in(store: Store<'_>) {
    let place = Place::new(store);
    for (id, first, last) in [
        ("c", NOON, after_noon(9)),
        ("b-", NOON, half_past(NOON)),
        ("b", NOON, half_past(NOON)),
        ("ba", NOON, half_past(NOON)),
        ("a", half_past(NOON), after_noon(1)),
        ("9", NOON + NANOSECOND, after_noon(1) + NANOSECOND),
    ] {
        let cluster = Cluster {
            last_seen: last,
            ..place.cluster(&check_in(id, "1.0", first))
        };
        place.with_cluster(cluster).await;
    }
    assert_eq!(
        listed(&place, &AgeFilter::default()).await,
        ["b", "b-", "ba", "c", "9", "a"]
    );
    assert_eq!(listed(&place, &by_last()).await, ["b", "b-", "ba", "a", "9", "c"]);
    let check_in = check_in("b", "1.0", after_noon(10));
    let touched = place.registry.touch(&place.org, &check_in).await.unwrap();
    assert!(matches!(touched, Touched::Written(_)), "{touched:?}");
    assert_eq!(listed(&place, &by_last()).await, ["b-", "ba", "a", "9", "c", "b"]);
    for (after, before, expected) in [
        (Some(after_noon(9)), None, &["b"][..]),
        (None, Some(after_noon(9)), &["b-", "ba", "a", "9"]),
    ] {
        let bounds = Bounds {
            checked_in_after: after.map(Given::utc),
            checked_in_before: before.map(Given::utc),
            ..Bounds::default()
        };
        let filter = AgeFilter {
            bounds,
            ..AgeFilter::default()
        };
        assert_eq!(listed(&place, &filter).await, expected);
    }
    let filter = AgeFilter::default();
    for nonsense in ["nonsense", ""] {
        let page = place
            .registry
            .clusters(&place.org, &filter, Direction::Ascending, 1, Some(nonsense));
        assert!(matches!(page.await, Err(StoreError::NotFound(_))));
    }
}

pub(super) async fn an_organization_never_sees_anothers_clusters(store: Store<'_>) {
    let (place, other) = (Place::new(store), Place::new(store));
    let check_in = check_in("c", "1.0", NOON);
    let own = place.with_cluster(place.cluster(&check_in)).await;
    assert_eq!(stored(&other, &own.id).await, None);
    assert_eq!(
        other.registry.touch(&other.org, &check_in).await.unwrap(),
        Touched::Unusual(None)
    );
    for filter in [AgeFilter::default(), by_last()] {
        assert_eq!(listed(&other, &filter).await, [""; 0]);
        assert_eq!(
            other.registry.count_clusters(&other.org, &filter).await.unwrap(),
            0
        );
    }
    other.with_cluster(other.cluster(&check_in)).await;
    other
        .commit([RegistryChange::DeleteCluster(written(other.cluster(&check_in)))])
        .await;
    assert_eq!(stored(&place, &own.id).await, Some(own));
    assert_eq!((count(&place).await, count(&other).await), (1, 0));
}
