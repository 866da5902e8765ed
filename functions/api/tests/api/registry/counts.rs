//! Any check-ins and any filter: the count, the list and a naive look say the same.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::{NOW, given, ids, server_at};

/// Check-ins of some clusters by hours since a time, and bounds of a filter by hours.
fn histories() -> impl Strategy<Value = Vec<Vec<i64>>> {
    prop::collection::vec(prop::collection::vec(0..40_i64, 1..4), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// D-16, D-18: whatever checked in and whatever is asked, the number is that of the list, page by page, and the list is
    /// that of a naive look at all clusters.
    #[test]
    fn d16_d18_counts_are_those_of_lists(
        histories in histories(),
        bounds in prop::array::uniform4(prop::option::of(0..40_i64)),
        active in prop::option::of(0..30_i64),
        limit in 1..5_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(counted(histories, bounds, active, limit))?;
    }
}

async fn counted(
    histories: Vec<Vec<i64>>,
    bounds: [Option<i64>; 4],
    active: Option<i64>,
    limit: usize,
) -> Result<(), TestCaseError> {
    let server = server_at(NOW);
    let start: Timestamp = "2016-04-01T00:00:00Z".parse().unwrap();
    let at = |hour: i64| start + SignedDuration::from_hours(hour);
    let mut expected = BTreeSet::new();
    let inside = |first: i64, last: i64| {
        let [last_before, last_after, first_before, first_after] = bounds;
        last_before.is_none_or(|bound| last < bound)
            && last_after.is_none_or(|bound| last > bound)
            && first_before.is_none_or(|bound| first < bound)
            && first_after.is_none_or(|bound| first > bound)
            && active.is_none_or(|least| last - first >= least)
    };
    for (n, mut hours) in histories.into_iter().enumerate() {
        hours.sort_unstable();
        let times: Vec<String> = hours.iter().map(|hour| at(*hour).to_string()).collect();
        given(&server, &json!({"checkins_of": {format!("c{n:02}"): times}})).await;
        if inside(hours[0], *hours.last().unwrap()) {
            expected.insert(format!("c{n:02}"));
        }
    }
    let names = [
        "checked_in_before",
        "checked_in_after",
        "created_before",
        "created_after",
    ];
    let given = names
        .iter()
        .zip(bounds)
        .filter_map(|(name, hour)| Some(format!("{name}={}", at(hour?))));
    let mut query: Vec<String> = given.collect();
    query.extend(active.map(|hours| format!("active_for={hours}h")));
    let query = query.join("&");
    let count = server.get(&format!("/v3/clusters/count?{query}")).send().await;
    let first = server
        .get(&format!("/v3/clusters/age?{query}&limit={limit}"))
        .send()
        .await;
    if count.status == 400 {
        // The rules of the original refuse more than what no cluster could pass.
        prop_assert_eq!(first.json(), count.json());
        return Ok(());
    }
    let mut found = Vec::new();
    let mut page = first.json();
    loop {
        found.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        let next = next.replace('#', "%23").replace('+', "%2B");
        let path = format!("/v3/clusters/age?{query}&limit={limit}&next={next}");
        page = server.get(&path).send().await.json();
    }
    prop_assert_eq!(count.json(), json!(found.len()));
    prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    Ok(())
}
