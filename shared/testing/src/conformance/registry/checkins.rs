use futures_util::future::join_all;
use imprint_app::ports::{RegistryChange, StoreError, Touched};
use imprint_domain::id::Revision;
use imprint_domain::registry::{AgeFilter, CheckIn, Cluster, ClusterToken, USE_WRITTEN_EVERY};
use jiff::{SignedDuration, Timestamp};

use super::{NANOSECOND, Place, Store, check_in, half_past, token};
use crate::samples::{NOON, after_noon, parsed};

async fn count(place: &Place<'_>) -> u64 {
    let count = place
        .registry
        .count_clusters(&place.org, &AgeFilter::default())
        .await;
    count.unwrap()
}

async fn touch(place: &Place<'_>, check_in: &CheckIn) -> Touched {
    place.registry.touch(&place.org, check_in).await.unwrap()
}

pub(super) async fn a_check_in_of_an_unknown_cluster_writes_nothing(store: Store<'_>) {
    let place = Place::new(store);
    let check_in = check_in("c", "1.0", NOON);
    for token in [None, Some(token())] {
        let check_in = CheckIn {
            token,
            ..check_in.clone()
        };
        assert_eq!(touch(&place, &check_in).await, Touched::Unusual(None));
    }
    assert_eq!(
        place.registry.cluster(&place.org, &check_in.id).await.unwrap(),
        None
    );
    assert_eq!(count(&place).await, 0);
}

pub(super) async fn a_usual_check_in_is_written(store: Store<'_>) {
    let place = Place::new(store);
    for (id, is_verified) in [("verified", true), ("unverified", false)] {
        let first = check_in(id, "1.0", half_past(NOON));
        let mut cluster = Cluster {
            is_verified,
            checkins: 41,
            ..place.cluster(&first)
        };
        cluster = place.with_cluster(cluster).await;
        // At the same moment, a nanosecond later, and at the last moment of the note of its use.
        let end = first.at + USE_WRITTEN_EVERY - NANOSECOND;
        for at in [first.at, first.at + NANOSECOND, end] {
            let again = CheckIn {
                at,
                token: is_verified.then(token),
                ..first.clone()
            };
            cluster = Cluster {
                last_seen: at,
                checkins: cluster.checkins + 1,
                revision: cluster.revision.next(),
                ..cluster
            };
            assert_eq!(
                touch(&place, &again).await,
                Touched::Written(Box::new(cluster.clone()))
            );
            let stored = place.registry.cluster(&place.org, &cluster.id).await.unwrap();
            assert_eq!(stored.as_ref(), Some(&cluster));
        }
    }
    assert_eq!(count(&place).await, 2);
}

/// A check-in of a cluster at a time with a token, all else as it was.
fn again(cluster: &Cluster, at: Timestamp, token: Option<ClusterToken>) -> CheckIn {
    CheckIn {
        id: cluster.id.clone(),
        report: cluster.report.clone(),
        token,
        at,
    }
}

/// One that nobody has verified, one that has shown its token, and one whose use was never noted.
async fn three_clusters(place: &Place<'_>) -> [Cluster; 3] {
    let unverified = place.cluster(&check_in("unverified", "1.0", NOON));
    let verified = Cluster {
        id: parsed("verified"),
        is_verified: true,
        ..unverified.clone()
    };
    let unnoted = Cluster {
        id: parsed("unnoted"),
        used_at: None,
        ..unverified.clone()
    };
    [
        place.with_cluster(unverified).await,
        place.with_cluster(verified).await,
        place.with_cluster(unnoted).await,
    ]
}

pub(super) async fn a_check_in_that_is_not_usual_shows_the_cluster_and_writes_nothing(store: Store<'_>) {
    let place = Place::new(store);
    let [unverified, verified, unnoted] = three_clusters(&place).await;
    let wrong = || Some(ClusterToken::from_bytes([8; 32]));
    let (later, late, due) = (after_noon(1), NOON - NANOSECOND, NOON + USE_WRITTEN_EVERY);
    let other_report = check_in("unverified", "1.1", later);
    for (what, cluster, check_in) in [
        ("another report", &unverified, other_report),
        (
            "its token for the first time",
            &unverified,
            again(&unverified, later, Some(token())),
        ),
        ("a wrong token", &unverified, again(&unverified, later, wrong())),
        (
            "a late one with a token",
            &unverified,
            again(&unverified, late, Some(token())),
        ),
        (
            "an old note of its use",
            &unverified,
            again(&unverified, due, None),
        ),
        ("no note of its use", &unnoted, again(&unnoted, later, None)),
        ("a missing token", &verified, again(&verified, later, None)),
        (
            "a wrong token of a verified one",
            &verified,
            again(&verified, later, wrong()),
        ),
        (
            "a late one without a token",
            &verified,
            again(&verified, late, None),
        ),
        (
            "a late one with a wrong token",
            &verified,
            again(&verified, late, wrong()),
        ),
    ] {
        let seen = touch(&place, &check_in).await;
        assert_eq!(seen, Touched::Unusual(Some(Box::new(cluster.clone()))), "{what}");
        let stored = place.registry.cluster(&place.org, &cluster.id).await.unwrap();
        assert_eq!(stored.as_ref(), Some(cluster), "{what}");
    }
    assert_eq!(count(&place).await, 3);
}

pub(super) async fn a_check_in_that_comes_later_than_a_younger_one_counts_and_says_nothing_else(
    store: Store<'_>,
) {
    let place = Place::new(store);
    for (id, is_verified) in [("verified", true), ("unverified", false)] {
        let cluster = Cluster {
            is_verified,
            last_seen: half_past(NOON),
            // Whatever the note of its use is, a late one does not renew it.
            used_at: is_verified.then_some(NOON),
            ..place.cluster(&check_in(id, "2.0", NOON))
        };
        let mut cluster = place.with_cluster(cluster).await;
        let reports = [cluster.report.clone(), check_in(id, "1.0", NOON).report];
        for (report, at) in reports
            .into_iter()
            .zip([half_past(NOON) - NANOSECOND, NOON - NANOSECOND])
        {
            let late = CheckIn {
                report,
                ..again(&cluster, at, is_verified.then(token))
            };
            cluster = Cluster {
                checkins: cluster.checkins + 1,
                revision: cluster.revision.next(),
                ..cluster
            };
            assert_eq!(
                touch(&place, &late).await,
                Touched::Written(Box::new(cluster.clone()))
            );
            let stored = place.registry.cluster(&place.org, &cluster.id).await.unwrap();
            assert_eq!(stored.as_ref(), Some(&cluster));
        }
    }
}

/// A check-in as the application takes it, until it is written. Creates the cluster when there is none.
async fn check_in_until_written(place: &Place<'_>, check_in: &CheckIn) {
    for _ in 0..200 {
        let change = match touch(place, check_in).await {
            Touched::Written(_) => return,
            Touched::Unusual(None) => RegistryChange::CreateCluster(place.cluster(check_in)),
            Touched::Unusual(Some(before)) => RegistryChange::UpdateCluster(check_in.again(*before).unwrap()),
        };
        match place.try_commit([change]).await {
            Ok(()) => return,
            Err(StoreError::Conflict | StoreError::Busy(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("others were always first");
}

pub(super) async fn fifty_check_ins_at_once_make_one_cluster_and_all_count(store: Store<'_>) {
    let place = Place::new(store);
    let check_in = check_in("c", "1.0", NOON);
    join_all((0..50).map(|_| check_in_until_written(&place, &check_in))).await;
    let expected = Cluster {
        checkins: 50,
        revision: Revision(50),
        ..place.cluster(&check_in)
    };
    let stored = place.registry.cluster(&place.org, &check_in.id).await.unwrap();
    assert_eq!(stored, Some(expected));
    assert_eq!(count(&place).await, 1);
}

pub(super) async fn check_ins_in_any_order_keep_the_first_and_the_last_time(store: Store<'_>) {
    let place = Place::new(store);
    let at = |n: i64| NOON + SignedDuration::from_millis(500 * n);
    check_in_until_written(&place, &check_in("c", "1.0", at(3))).await;
    let others = [5, 1, 8, 2, 7, 6].map(|n| check_in("c", "1.0", at(n)));
    join_all(
        others
            .iter()
            .map(|check_in| check_in_until_written(&place, check_in)),
    )
    .await;
    let stored = place
        .registry
        .cluster(&place.org, &others[0].id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (stored.first_seen, stored.last_seen, stored.checkins),
        (at(3), at(8), 7)
    );
    assert_eq!(stored.revision, Revision(7));
}
