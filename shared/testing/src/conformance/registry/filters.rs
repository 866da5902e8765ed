use std::collections::BTreeSet;

use imprint_app::ports::Direction;
use imprint_domain::registry::{AgeFilter, Bounds, Cluster, Given, Label, Sorted};
use jiff::{SignedDuration, Timestamp};

use super::{MANY, NANOSECOND, Place, Store, check_in, half_past};
use crate::samples::{NOON, after_noon, parsed};
use crate::surroundings::Splitmix;

fn filter(bounds: Bounds) -> AgeFilter {
    AgeFilter {
        bounds,
        ..AgeFilter::default()
    }
}

fn given(at: Timestamp) -> Option<Given> {
    Some(Given::utc(at))
}

/// What a naive store would list.
fn expected(all: &[Cluster], filter: &AgeFilter, direction: Direction) -> Vec<Cluster> {
    let mut found: Vec<Cluster> = all
        .iter()
        .filter(|cluster| filter.admits(cluster))
        .cloned()
        .collect();
    found.sort_by_key(|cluster| {
        let at = match filter.sorted() {
            Sorted::ByFirstSeen => cluster.first_seen,
            Sorted::ByLastSeen => cluster.last_seen,
        };
        (at, cluster.id.clone())
    });
    if direction == Direction::Descending {
        found.reverse();
    }
    found
}

/// The whole list, page by page.
async fn paged(place: &Place<'_>, filter: &AgeFilter, direction: Direction, limit: usize) -> Vec<Cluster> {
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = place
            .registry
            .clusters(&place.org, filter, direction, limit, cursor.as_deref());
        let page = page.await.unwrap();
        let is_full = page.items.len() == limit;
        assert!(page.items.len() <= limit);
        seen.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return seen;
        }
        assert!(is_full, "so few clusters fit into a page");
    }
}

pub(super) async fn bounds_are_exclusive_to_the_nanosecond(store: Store<'_>) {
    let place = Place::new(store);
    let times = [NOON - NANOSECOND, NOON, NOON + NANOSECOND, half_past(NOON)];
    let mut all = Vec::new();
    for (n, first) in times.into_iter().enumerate() {
        let cluster = Cluster {
            last_seen: times[3 - n].max(first),
            ..place.cluster(&check_in(&format!("c{n}"), "1.0", first))
        };
        all.push(place.with_cluster(cluster).await);
    }
    let created = |after, before| Bounds {
        created_after: after,
        created_before: before,
        ..Bounds::default()
    };
    let checked_in = |after, before| Bounds {
        checked_in_after: after,
        checked_in_before: before,
        ..Bounds::default()
    };
    for at in [NOON - NANOSECOND, NOON, half_past(NOON)] {
        for bounds in [
            created(given(at), None),
            created(None, given(at)),
            created(given(NOON - NANOSECOND), given(at)),
            checked_in(given(at), None),
            checked_in(None, given(at)),
            checked_in(given(NOON), given(at)),
        ] {
            let filter = filter(bounds);
            let found = paged(&place, &filter, Direction::Ascending, MANY).await;
            assert_eq!(found, expected(&all, &filter, Direction::Ascending), "{filter:?}");
            let count = place.registry.count_clusters(&place.org, &filter).await.unwrap();
            assert_eq!(count, found.len() as u64, "{filter:?}");
        }
    }
}

pub(super) async fn a_filter_that_nothing_can_pass_finds_nothing(store: Store<'_>) {
    let place = Place::new(store);
    place
        .with_cluster(place.cluster(&check_in("c", "1.0", NOON)))
        .await;
    let long_ago = |years: i64| NOON - SignedDuration::from_hours(years * 8766);
    for (after, before) in [
        (NOON, NOON),
        (after_noon(1), NOON),
        (after_noon(1), after_noon(2)),
        (long_ago(4500), long_ago(3500)),
        (Timestamp::MIN, Timestamp::MIN),
        (Timestamp::MAX, Timestamp::MIN),
    ] {
        for bounds in [
            Bounds {
                created_after: given(after),
                created_before: given(before),
                ..Bounds::default()
            },
            Bounds {
                checked_in_after: given(after),
                checked_in_before: given(before),
                ..Bounds::default()
            },
        ] {
            let filter = filter(bounds);
            assert_eq!(
                paged(&place, &filter, Direction::Descending, 3).await,
                [],
                "{filter:?}"
            );
            assert_eq!(
                place.registry.count_clusters(&place.org, &filter).await.unwrap(),
                0
            );
        }
    }
    let all = Bounds {
        created_after: given(Timestamp::MIN),
        created_before: given(Timestamp::MAX),
        ..Bounds::default()
    };
    assert_eq!(
        place
            .registry
            .count_clusters(&place.org, &filter(all))
            .await
            .unwrap(),
        1
    );
}

/// Times of which many are equal to each other, so that bounds meet them.
fn some_time(chance: &mut Splitmix) -> Timestamp {
    let seconds = chance.below(6).cast_signed();
    match chance.below(3) {
        0 => after_noon(seconds),
        1 => half_past(after_noon(seconds)),
        _ => after_noon(seconds) + NANOSECOND,
    }
}

fn some_labels(chance: &mut Splitmix) -> BTreeSet<Label> {
    let labels = ["staff", "ci", "test"]
        .into_iter()
        .filter(|_| chance.below(4) == 0);
    labels.map(parsed).collect()
}

fn some_cluster(place: &Place<'_>, chance: &mut Splitmix, n: usize) -> Cluster {
    // Some are the beginning of others.
    let ids = ["c", "c-", "c.", "c0", "C", "c00", "-", "zz"];
    let id = format!("{}{}", ids[n % ids.len()], "x".repeat(n / ids.len()));
    let first = some_time(chance);
    Cluster {
        last_seen: first.max(some_time(chance)),
        checkins: 1 + chance.below(4),
        labels: some_labels(chance),
        ..place.cluster(&check_in(&id, "1.0", first))
    }
}

fn some_filter(chance: &mut Splitmix) -> AgeFilter {
    let mut bound = |often: u64| (chance.below(often) == 0).then(|| Given::utc(some_time(chance)));
    let bounds = Bounds {
        checked_in_before: bound(3),
        checked_in_after: bound(3),
        created_before: bound(5),
        created_after: bound(4),
    };
    AgeFilter {
        bounds,
        active_for: (chance.below(4) == 0)
            .then(|| SignedDuration::from_millis(chance.below(4000).cast_signed())),
        min_checkins: chance.below(6).saturating_sub(2),
        without_labels: some_labels(chance),
    }
}

pub(super) async fn any_filter_finds_what_it_admits_in_pages_of_any_size(store: Store<'_>) {
    for seed in 0..6 {
        let place = Place::new(store);
        let chance = &mut Splitmix::new(seed);
        let mut all = Vec::new();
        for n in 0..16 {
            let cluster = some_cluster(&place, chance, n);
            all.push(place.with_cluster(cluster).await);
        }
        let filters = (0..7).map(|_| some_filter(chance)).collect::<Vec<_>>();
        for filter in filters.into_iter().chain([AgeFilter::default()]) {
            let direction = match chance.below(2) {
                0 => Direction::Ascending,
                _ => Direction::Descending,
            };
            let limit = [2, 5, 16, MANY][usize::try_from(chance.below(4)).unwrap()];
            let expected = expected(&all, &filter, direction);
            let found = paged(&place, &filter, direction, limit).await;
            assert_eq!(found, expected, "seed {seed}: {direction:?} {limit} {filter:?}");
            let count = place.registry.count_clusters(&place.org, &filter).await.unwrap();
            assert_eq!(count, expected.len() as u64, "seed {seed}: {filter:?}");
        }
    }
}
