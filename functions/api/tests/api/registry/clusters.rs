//! Clusters: check-ins, filters, lists, labels, statistics.

use std::collections::BTreeSet;

use http::StatusCode;
use imprint_domain::access::Permission;
use imprint_testing::{Moment, Trouble};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{NOW, age_ids, check_in, given, ids, publish, release, server_at};
use crate::server::{Answer, Server};

const ID: &str = "8c6da034-c8b1-489a-a55d-a2215d93f934";

#[track_caller]
fn refused(answer: &Answer, code: u16, message: &str) {
    assert_eq!((answer.status.as_u16(), answer.json()), (code, json!({"code": code, "message": message})));
}

async fn get(server: &Server, path: &str) -> Value {
    server.get(path).send().await.expect(StatusCode::OK).json()
}

#[tokio::test]
async fn d11_the_server_says_when_a_cluster_was_seen() {
    let server = server_at("2026-03-11T23:54:39.120Z");
    let body = json!({"id": ID, "firstSeen": "2001-01-01T00:00:00Z", "lastSeen": 5, "components": [
        {"component": {"name": "handbook", "type": "mirror", "description": ""}, "version": {"version": "2.18.0", "train": "",
            "data": {"image": "i", "other": 1}}, "updateAvailable": "9"}, {}, {"version": {"data": {}}}]});
    let first = server.post("/v3/clusters").json(&body).await.expect(StatusCode::OK);
    assert_eq!(first.header("x-cluster-token").len(), 64);
    let components = json!([{"component": {"name": "handbook", "type": "mirror"},
        "version": {"version": "2.18.0", "data": {"image": "i"}}}, {}, {"version": {"data": {}}}]);
    let expected = json!({"id": ID, "firstSeen": "2026-03-11T23:54:39.120Z", "lastSeen": "2026-03-11T23:54:39.120Z",
        "components": components});
    assert_eq!(first.json(), expected);
    server.world.clock.advance(SignedDuration::from_millis(1000));
    let second = server.post("/v3/clusters").json(&body).await.expect(StatusCode::OK);
    assert_eq!(second.header("x-cluster-token"), "");
    let mut expected = expected;
    expected["lastSeen"] = "2026-03-11T23:54:40.120Z".into();
    assert_eq!(second.json(), expected);
    assert_eq!(get(&server, &format!("/v3/clusters/{ID}")).await, expected);
    assert_eq!(get(&server, "/v3/clusters/age").await, json!({"data": [expected]}));
    let known = get(&server, &format!("/v4/clusters/{ID}")).await;
    assert_eq!(known["components"][0]["version"]["data"], json!({"image": "i", "other": 1}));
    assert_eq!((&known["checkins"], &known["verified"], &known["labels"]), (&json!(2), &json!(false), &json!([])));
}

#[tokio::test]
async fn d11_fifty_first_check_ins_at_once_are_one_cluster() {
    let server = server_at(NOW);
    server.world.gate.interleave(3, 4);
    let all = (0..50).map(|_| check_in(&server, ID));
    let answers = futures_util::future::join_all(all).await;
    let (mut tokens, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for answer in answers {
        let answer = answer.expect(StatusCode::OK);
        seen.insert(answer.json()["firstSeen"].to_string());
        let token = answer.header("x-cluster-token");
        tokens.extend((!token.is_empty()).then(|| token.to_owned()));
    }
    assert_eq!((tokens.len(), seen.len()), (1, 1));
    assert_eq!(get(&server, "/v3/clusters/count").await, json!(1));
    assert_eq!(get(&server, &format!("/v4/clusters/{ID}")).await["checkins"], 50);
}

#[tokio::test]
async fn d12_a_usual_check_in_is_one_write_and_reads_nothing_before_it() {
    let server = server_at(NOW);
    check_in(&server, ID).await.expect(StatusCode::OK);
    server.world.counts().reset();
    check_in(&server, ID).await.expect(StatusCode::OK);
    assert_eq!(server.world.counts().all(), [("registry.touch", 1)].into());
    // A cluster that cannot be written is no half of one.
    let other = server_at(NOW);
    other.world.faults().once("catalog.commit", 1, Moment::Before, Trouble::Failed);
    assert_eq!(check_in(&other, ID).await.status, 500);
    assert_eq!(get(&other, "/v3/clusters/count").await, json!(0));
}

/// Three clusters as in the contract: a was there from January to March, b once in February, c in March.
async fn three() -> Server {
    let server = server_at(NOW);
    given(&server, &json!({"checkins_of": {
        "a": ["2016-01-10T00:00:00Z", "2016-02-20T01:02:03Z", "2016-03-05T10:20:30Z"],
        "b": ["2016-02-01T00:00:00Z"],
        "c": ["2016-03-01T00:00:00Z", "2016-03-10T12:00:00Z"],
    }})).await;
    server
}

#[tokio::test]
async fn d13_d14_each_bound_is_exclusive_and_may_be_alone() {
    let server = three().await;
    for (query, expected) in [
        ("", "abc"),
        ("created_after=2016-01-10T00:00:00Z", "bc"),
        ("created_after=2016-01-09", "abc"),
        ("created_before=2016-02-01T00:00:00Z", "a"),
        ("created_before=2016-02-01T00:00:01Z", "ab"),
        // First seen in January, and still there in March: the original did not find it.
        ("checked_in_after=2016-02-15", "ac"),
        ("checked_in_after=2016-03-05T10:20:30Z", "c"),
        ("checked_in_before=2016-03-05T10:20:30Z", "b"),
        ("checked_in_before=2016-03-06", "ab"),
        ("checked_in_after=2016-02-15&created_before=2016-02-15", "a"),
        ("created_after=2016-02-15&checked_in_before=2016-03-11", "c"),
        ("checked_in_before=2016-03-11&checked_in_after=2016-01-01&created_before=2016-03-02&created_after=2016-01-01", "abc"),
        ("checked_in_after=2016-04-01", ""),
        ("created_before=2016-02-15&created_before=2016-01-15", "a"),
    ] {
        let found = age_ids(&server, query).await.concat();
        assert_eq!(found, expected, "{query}");
        assert_eq!(get(&server, &format!("/v3/clusters/count?{query}")).await, json!(expected.len()), "{query}");
        assert_eq!(ids(&get(&server, &format!("/v4/clusters?{query}")).await).len(), expected.len(), "{query}");
    }
}

#[tokio::test]
async fn d15_shorthands_stand_for_bounds() {
    let server = server_at(NOW);
    given(&server, &json!({"checkins_of": {
        "old": ["2016-01-01T00:00:00Z", "2016-03-01T00:00:00Z"],
        "steady": ["2016-03-01T00:00:00Z", "2016-05-01T00:00:00Z"],
        "new": ["2016-04-30T00:00:00Z"],
    }})).await;
    for (query, expected) in [
        ("since=last-week", vec!["new", "steady"]),
        ("since=last-month", vec!["new", "steady"]),
        ("since=7d", vec!["new", "steady"]),
        ("stale_for=30d", vec!["old"]),
        ("stale_for=90d", vec![]),
        ("active_for=30d", vec!["old", "steady"]),
        ("active_for=60d", vec!["old", "steady"]),
        ("active_for=61d", vec!["steady"]),
        ("active_for=62d", vec![]),
        ("appeared_in=1w", vec!["new"]),
        ("appeared_in=last-week", vec!["new"]),
        ("appeared_in=90d", vec!["new", "steady"]),
        ("active_for=30d&since=last-week", vec!["steady"]),
        ("created_before=7d%20ago&since=7d+ago", vec!["steady"]),
    ] {
        assert_eq!(age_ids(&server, query).await, expected, "{query}");
        assert_eq!(get(&server, &format!("/v3/clusters/count?{query}")).await, json!(expected.len()), "{query}");
    }
    for (short, long) in [("since", "checked_in_after"), ("stale_for", "checked_in_before"), ("appeared_in", "created_after")] {
        let answer = server.get(&format!("/v3/clusters/count?{short}=7d&{long}=2016-01-01")).send().await;
        refused(&answer, 422, &format!("{short} in query stands for {long}: give one of them"));
    }
    for (query, kind) in [("stale_for=soon", "duration"), ("active_for=2016-01-01", "duration"), ("since=", "date-time")] {
        let answer = server.get(&format!("/v3/clusters/age?{query}")).send().await;
        let (name, raw) = query.split_once('=').unwrap();
        refused(&answer, 422, &format!("{name} in query must be of type {kind}: {raw:?}"));
    }
    let impossible = server.get("/v3/clusters/age?stale_for=30d&since=7d").send().await;
    let message = impossible.json()["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with("checked_in_before needs to be greater than checked_in_after"), "{message}");
    assert!(message.contains("checked_in_after (2016-04-25 12:00:00 +0000 UTC)"), "{message}");
}

#[tokio::test]
async fn d17_an_offset_is_repeated_as_it_was_given() {
    let server = server_at(NOW);
    let query = "checked_in_before=2021-01-01T00:00:00%2B05:30&created_after=2021-06-01";
    let answer = server.get(&format!("/v3/clusters/age?{query}")).send().await;
    refused(&answer, 400, "impossible filter for keys/times (checked_in_before (2021-01-01 00:00:00 +0530 +0530), \
        created_after (2021-06-01 00:00:00 +0000 UTC)): checked_in_before needs to be after created_after");
}

#[tokio::test]
async fn d19_checkins_and_persistent_clusters_have_their_shape_and_order() {
    let server = three().await;
    let row = |id: &str, first: &str, last: &str, age: &str, ago: &str, n: u64| {
        let mut row = json!({"clusterID": id, "firstSeen": first, "lastSeen": last, "clusterAge": age, "checkins": n});
        if !ago.is_empty() {
            row["lastCheckin"] = ago.into();
        }
        row
    };
    let a = |ago| row("a", "2016-01-10T00:00:00Z", "2016-03-05T10:20:30Z", "1 mon 26 days 10:20:30", ago, 3);
    let b = row("b", "2016-02-01T00:00:00Z", "2016-02-01T00:00:00Z", "00:00:00", "-3 mons -1 days -12:00:00", 1);
    let c = |ago| row("c", "2016-03-01T00:00:00Z", "2016-03-10T12:00:00Z", "9 days 12:00:00", ago, 2);
    let all = get(&server, "/v3/clusters/checkins").await;
    let rows = [c("-1 mons -23 days"), b, a("-1 mons -28 days -01:39:30")];
    assert_eq!(all, json!({"count": 3, "data": rows}));
    let some = get(&server, "/v3/clusters/checkins?created_after=2016-01-15&created_before=2016-02-15").await;
    assert_eq!(some, json!({"count": 1, "data": [rows[1]]}));
    assert_eq!(get(&server, "/v3/clusters/persistent").await, json!({"count": 2, "data": [a(""), c("")]}));
    for (query, expected) in [
        ("timestamp=2016-03-06", json!(["a", "c"])),
        ("timestamp=2016-03-07", json!(["c"])),
        ("epoch=2016-01-10", json!(["c"])),
        ("epoch=2016-03-01", json!([])),
        ("epoch=yesterday&timestamp=now", json!([])),
    ] {
        let found = get(&server, &format!("/v3/clusters/persistent?{query}")).await;
        let rows = found["data"].as_array().into_iter().flatten();
        let ids: Value = rows.map(|row| row["clusterID"].clone()).collect();
        assert_eq!(ids, expected, "{query}");
        assert_eq!(found["count"], expected.as_array().unwrap().len());
        assert_eq!(found.get("data").is_some(), expected != json!([]));
    }
    let page = get(&server, "/v3/clusters/checkins?limit=2").await;
    assert_eq!((&page["count"], &page["data"][1]["clusterID"]), (&json!(2), &json!("b")));
    let next = page["next"].as_str().unwrap().replace('#', "%23").replace('+', "%2B");
    let last = get(&server, &format!("/v3/clusters/checkins?limit=2&next={next}")).await;
    assert_eq!(last, json!({"count": 1, "data": [rows[2]]}));
}

#[tokio::test]
async fn d20_an_identity_has_its_characters_and_is_that_of_the_path() {
    let server = server_at(NOW);
    let unfit = "id in body should have 1 to 128 characters from A-Z a-z 0-9 . _ -";
    for id in ["a b", "a/b", "a#b", "ä", "a+b", &"x".repeat(129)] {
        refused(&check_in(&server, id).await, 422, unfit);
    }
    for id in ["testcluster", "A.z_0-", &"x".repeat(128), "count"] {
        check_in(&server, id).await.expect(StatusCode::OK);
    }
    for body in [json!({}), json!({"id": ""}), json!({"id": null}), Value::Null] {
        let answer = server.post("/v3/clusters").json(&body).await;
        refused(&answer, 422, "id in body is required");
    }
    let number = server.post("/v3/clusters").json(&json!({"id": 7})).await;
    refused(&number, 400, "parsing body body from \"\" failed, because id should be a string and is a number");
    let old = server.post("/v2/clusters/c1").json(&json!({"id": "c1"})).await.expect(StatusCode::OK);
    assert_eq!(old.header("x-cluster-token").len(), 64);
    let other = server.post("/v2/clusters/c1").json(&json!({"id": "c2"})).await;
    refused(&other, 400, "id in body differs from the path");
    let absent = server.post("/v2/clusters/c1").json(&json!({})).await;
    refused(&absent, 422, "id in body is required");
    for path in ["/v3/clusters/nobody", "/v3/clusters/a%20b", "/v4/clusters/nobody"] {
        refused(&server.get(path).send().await, 404, "404 cluster not found");
    }
}

#[tokio::test]
async fn what_is_reported_has_a_size() {
    let server = server_at(NOW);
    let entry = json!({"component": {"name": "x"}});
    let body = |n: usize| json!({"id": "c", "components": vec![entry.clone(); n]});
    server.post("/v3/clusters").json(&body(200)).await.expect(StatusCode::OK);
    let many = server.post("/v3/clusters").json(&body(201)).await;
    refused(&many, 422, "components in body should have at most 200 items");
    let large = json!({"id": "c", "components": [{"version": {"data": {"x": "y".repeat(70_000)}}}]});
    let large = server.post("/v3/clusters").json(&large).await;
    refused(&large, 422, "components in body should have at most 65536 bytes");
    let huge = server.post("/v3/clusters").json(&json!({"id": "c", "x": "y".repeat(1_100_000)})).await;
    refused(&huge, 413, "the body is longer than 1 MB or broke off");
}

#[tokio::test]
async fn d25_a_cluster_that_has_shown_its_token_always_has_to() {
    let server = server_at(NOW);
    let first = check_in(&server, ID).await;
    let token = first.header("x-cluster-token").to_owned();
    let with = |token: &str| {
        let call = server.post("/v3/clusters").header("x-cluster-token", token);
        async move { call.json(&json!({"id": ID})).await }
    };
    // Clients of the original never send it.
    check_in(&server, ID).await.expect(StatusCode::OK);
    let message = "X-Cluster-Token is missing or not the one of this cluster";
    refused(&with("wrong").await, 403, message);
    assert_eq!(get(&server, &format!("/v4/clusters/{ID}")).await["verified"], false);
    with(&token).await.expect(StatusCode::OK);
    assert_eq!(get(&server, &format!("/v4/clusters/{ID}")).await["verified"], true);
    refused(&check_in(&server, ID).await, 403, message);
    refused(&with("").await, 403, message);
    with(&token).await.expect(StatusCode::OK);
    let stored = format!("{:?}", get(&server, &format!("/v4/clusters/{ID}")).await);
    assert!(!stored.contains(&token));
    // An administrator helps a cluster that lost it.
    server.delete(&format!("/v4/clusters/{ID}")).admin().send().await.expect(StatusCode::OK);
    let again = check_in(&server, ID).await.expect(StatusCode::OK);
    assert!(!again.header("x-cluster-token").is_empty() && again.header("x-cluster-token") != token);
}

#[tokio::test]
async fn d29_labels_are_for_administrators_and_leave_clusters_out() {
    let server = server_at(NOW);
    for id in ["a", "b", "c"] {
        check_in(&server, id).await;
    }
    server.grant("imp_publish", &[Permission::PublishRelease]);
    let label = |id: &str, labels: Value| {
        let call = server.patch(&format!("/v4/clusters/{id}")).admin();
        async move { call.json(&json!({"labels": labels})).await }
    };
    let labelled = label("a", json!(["staff", "ci"])).await.expect(StatusCode::OK).json();
    assert_eq!(labelled["labels"], json!(["ci", "staff"]));
    label("b", json!(["test"])).await.expect(StatusCode::OK);
    for (query, expected) in [("", "abc"), ("exclude_labels=staff", "bc"), ("exclude_labels=ci,test", "c"), ("exclude_labels=x", "abc")] {
        assert_eq!(age_ids(&server, query).await.concat(), expected);
        assert_eq!(get(&server, &format!("/v3/clusters/count?{query}")).await, json!(expected.len()));
        assert_eq!(get(&server, &format!("/v3/clusters/checkins?{query}")).await["count"], expected.len());
        assert_eq!(get(&server, &format!("/v4/clusters/stats?{query}")).await["clusters"], expected.len());
    }
    // A check-in takes nothing away.
    check_in(&server, "a").await;
    assert_eq!(get(&server, "/v4/clusters/a").await["labels"], json!(["ci", "staff"]));
    label("a", json!([])).await.expect(StatusCode::OK);
    assert_eq!(get(&server, "/v4/clusters/a").await["labels"], json!([]));
    refused(&label("nobody", json!([])).await, 404, "404 cluster not found");
    refused(&label("a", json!("staff")).await, 422, "labels in body must be of type array");
    refused(&label("a", Value::Null).await, 422, "labels in body is required");
    assert_eq!(label("a", json!(["Not A Label"])).await.json()["code"], 422);
    for method in ["PATCH", "DELETE"] {
        refused(&server.call(method, "/v4/clusters/a").token("imp_publish").send().await, 403, "not authorized");
        assert_eq!(server.call(method, "/v4/clusters/a").send().await.status, 401);
    }
    assert_eq!(server.get("/v3/clusters/age?exclude_labels=A").send().await.status, 422);
}

#[tokio::test]
async fn d30_statistics_say_who_came_and_went_and_what_runs() {
    let server = server_at(NOW);
    given(&server, &json!({"checkins_of": {
        "gone": ["2016-01-01T00:00:00Z", "2016-04-20T00:00:00Z"],
        "new": ["2016-05-02T00:00:00Z"],
    }})).await;
    let body = |id: &str, version: &str| json!({"id": id, "components": [{"component": {"name": "x"}, "version": {"version": version}}]});
    for (id, version) in [("c1", "v2.0"), ("c2", "2.0"), ("c3", "1.0")] {
        server.post("/v3/clusters").json(&body(id, version)).await.expect(StatusCode::OK);
    }
    let stats = get(&server, "/v4/clusters/stats").await;
    assert_eq!(stats, json!({
        "clusters": 5, "verified": 0, "seen_in_24h": 4, "appeared": {"week": 4, "month": 4, "quarter": 4},
        "disappeared": {"week": 0, "month": 1, "quarter": 1}, "mean_age_seconds": 110 * 86_400 / 5,
        "running": [{"component": "x", "version": "1.0", "clusters": 1}, {"component": "x", "version": "2.0", "clusters": 2}],
    }));
}

#[tokio::test]
async fn a_cluster_is_told_of_newer_versions() {
    let server = server_at(NOW);
    publish(&server, &release("handbook", "stable", "v2.10.0", NOW)).await;
    publish(&server, &release("handbook", "beta", "3.0.0-rc.1", NOW)).await;
    let entry = |train: &str, version: &str| {
        json!({"component": {"name": "handbook"}, "version": {"train": train, "version": version}})
    };
    let body = json!({"id": ID, "components": [entry("", "2.9.0"), entry("stable", "v2.10.0"), entry("beta", "2.9.0"),
        entry("nightly", "2.9.0"), entry("", "odd"), {"component": {"name": "other"}, "version": {"version": "1"}}]});
    let told = server.post("/v3/clusters").json(&body).await.expect(StatusCode::OK).json();
    let updates: Vec<&Value> = told["components"].as_array().unwrap().iter().map(|one| &one["updateAvailable"]).collect();
    let none = &Value::Null;
    assert_eq!(updates, [&json!("v2.10.0"), none, &json!("3.0.0-rc.1"), none, none, none]);
    assert!(told.get("gone").is_none());
    assert_eq!(get(&server, &format!("/v3/clusters/{ID}")).await, told);
}

#[tokio::test]
async fn d32_a_cluster_is_told_what_is_gone() {
    use imprint_app::ports::{Change, RegistryChange};
    let server = server_at(NOW);
    let gone = imprint_domain::registry::Gone {
        organization: imprint_domain::slug::OrganizationSlug::default(),
        component: "handbook".parse().unwrap(),
        version: "2.18.0".parse().unwrap(),
    };
    server.world.catalog.seed(vec![Change::Registry(Box::new(RegistryChange::PutGone(gone)))]);
    let entry = |version: &str| json!({"component": {"name": "handbook"}, "version": {"version": version}});
    let body = json!({"id": ID, "components": [entry("v2.18.0"), entry("2.19.0")]});
    let told = server.post("/v3/clusters").json(&body).await.expect(StatusCode::OK).json();
    assert_eq!(told["gone"], json!([{"component": "handbook", "version": "2.18.0"}]));
}

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
    let names = ["checked_in_before", "checked_in_after", "created_before", "created_after"];
    let given = names.iter().zip(bounds).filter_map(|(name, hour)| Some(format!("{name}={}", at(hour?))));
    let mut query: Vec<String> = given.collect();
    query.extend(active.map(|hours| format!("active_for={hours}h")));
    let query = query.join("&");
    let count = server.get(&format!("/v3/clusters/count?{query}")).send().await;
    let first = server.get(&format!("/v3/clusters/age?{query}&limit={limit}")).send().await;
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
