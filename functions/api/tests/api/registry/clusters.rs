//! Clusters: filters, lists, labels, statistics.

use http::StatusCode;
use imprint_domain::access::Permission;
use serde_json::{Value, json};

use super::{NOW, age_ids, check_in, get, given, ids, refused, server_at};
use crate::server::Server;

/// Three clusters as in the contract: a was there from January to March, b once in February, c in March.
async fn three() -> Server {
    let server = server_at(NOW);
    given(
        &server,
        &json!({"checkins_of": {
            "a": ["2016-01-10T00:00:00Z", "2016-02-20T01:02:03Z", "2016-03-05T10:20:30Z"],
            "b": ["2016-02-01T00:00:00Z"],
            "c": ["2016-03-01T00:00:00Z", "2016-03-10T12:00:00Z"],
        }}),
    )
    .await;
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
        (
            "checked_in_before=2016-03-11&checked_in_after=2016-01-01&created_before=2016-03-02&created_after=2016-01-01",
            "abc",
        ),
        ("checked_in_after=2016-04-01", ""),
        ("created_before=2016-02-15&created_before=2016-01-15", "a"),
    ] {
        let found = age_ids(&server, query).await.concat();
        assert_eq!(found, expected, "{query}");
        assert_eq!(
            get(&server, &format!("/v3/clusters/count?{query}")).await,
            json!(expected.len()),
            "{query}"
        );
        assert_eq!(
            ids(&get(&server, &format!("/v4/clusters?{query}")).await).len(),
            expected.len(),
            "{query}"
        );
    }
}

#[tokio::test]
async fn d15_shorthands_stand_for_bounds() {
    let server = server_at(NOW);
    given(
        &server,
        &json!({"checkins_of": {
            "old": ["2016-01-01T00:00:00Z", "2016-03-01T00:00:00Z"],
            "steady": ["2016-03-01T00:00:00Z", "2016-05-01T00:00:00Z"],
            "new": ["2016-04-30T00:00:00Z"],
        }}),
    )
    .await;
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
        assert_eq!(
            get(&server, &format!("/v3/clusters/count?{query}")).await,
            json!(expected.len()),
            "{query}"
        );
    }
    for (short, long) in [
        ("since", "checked_in_after"),
        ("stale_for", "checked_in_before"),
        ("appeared_in", "created_after"),
    ] {
        let answer = server
            .get(&format!("/v3/clusters/count?{short}=7d&{long}=2016-01-01"))
            .send()
            .await;
        refused(
            &answer,
            422,
            &format!("{short} in query stands for {long}: give one of them"),
        );
    }
    for (query, kind) in [
        ("stale_for=soon", "duration"),
        ("active_for=2016-01-01", "duration"),
        ("since=", "date-time"),
    ] {
        let answer = server.get(&format!("/v3/clusters/age?{query}")).send().await;
        let (name, raw) = query.split_once('=').unwrap();
        refused(
            &answer,
            422,
            &format!("{name} in query must be of type {kind}: {raw:?}"),
        );
    }
    let impossible = server.get("/v3/clusters/age?stale_for=30d&since=7d").send().await;
    let message = impossible.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.ends_with("checked_in_before needs to be greater than checked_in_after"),
        "{message}"
    );
    assert!(
        message.contains("checked_in_after (2016-04-25 12:00:00 +0000 UTC)"),
        "{message}"
    );
}

#[tokio::test]
async fn d17_an_offset_is_repeated_as_it_was_given() {
    let server = server_at(NOW);
    let query = "checked_in_before=2021-01-01T00:00:00%2B05:30&created_after=2021-06-01";
    let answer = server.get(&format!("/v3/clusters/age?{query}")).send().await;
    refused(
        &answer,
        400,
        "impossible filter for keys/times (checked_in_before (2021-01-01 00:00:00 +0530 +0530), \
        created_after (2021-06-01 00:00:00 +0000 UTC)): checked_in_before needs to be after created_after",
    );
}

#[tokio::test]
async fn d19_checkins_and_persistent_clusters_have_their_shape_and_order() {
    let server = three().await;
    let row = |id: &str, first: &str, last: &str, age: &str, ago: &str, n: u64| {
        let mut row =
            json!({"clusterID": id, "firstSeen": first, "lastSeen": last, "clusterAge": age, "checkins": n});
        if !ago.is_empty() {
            row["lastCheckin"] = ago.into();
        }
        row
    };
    let a = |ago| {
        row(
            "a",
            "2016-01-10T00:00:00Z",
            "2016-03-05T10:20:30Z",
            "1 mon 26 days 10:20:30",
            ago,
            3,
        )
    };
    let b = row(
        "b",
        "2016-02-01T00:00:00Z",
        "2016-02-01T00:00:00Z",
        "00:00:00",
        "-3 mons -1 days -12:00:00",
        1,
    );
    let c = |ago| {
        row(
            "c",
            "2016-03-01T00:00:00Z",
            "2016-03-10T12:00:00Z",
            "9 days 12:00:00",
            ago,
            2,
        )
    };
    let all = get(&server, "/v3/clusters/checkins").await;
    let rows = [c("-1 mons -23 days"), b, a("-1 mons -28 days -01:39:30")];
    assert_eq!(all, json!({"count": 3, "data": rows}));
    let some = get(
        &server,
        "/v3/clusters/checkins?created_after=2016-01-15&created_before=2016-02-15",
    )
    .await;
    assert_eq!(some, json!({"count": 1, "data": [rows[1]]}));
    assert_eq!(
        get(&server, "/v3/clusters/persistent").await,
        json!({"count": 2, "data": [a(""), c("")]})
    );
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
    assert_eq!(
        (&page["count"], &page["data"][1]["clusterID"]),
        (&json!(2), &json!("b"))
    );
    let next = page["next"]
        .as_str()
        .unwrap()
        .replace('#', "%23")
        .replace('+', "%2B");
    let last = get(&server, &format!("/v3/clusters/checkins?limit=2&next={next}")).await;
    assert_eq!(last, json!({"count": 1, "data": [rows[2]]}));
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
    let labelled = label("a", json!(["staff", "ci"]))
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(labelled["labels"], json!(["ci", "staff"]));
    label("b", json!(["test"])).await.expect(StatusCode::OK);
    for (query, expected) in [
        ("", "abc"),
        ("exclude_labels=staff", "bc"),
        ("exclude_labels=ci,test", "c"),
        ("exclude_labels=x", "abc"),
    ] {
        assert_eq!(age_ids(&server, query).await.concat(), expected);
        assert_eq!(
            get(&server, &format!("/v3/clusters/count?{query}")).await,
            json!(expected.len())
        );
        assert_eq!(
            get(&server, &format!("/v3/clusters/checkins?{query}")).await["count"],
            expected.len()
        );
        assert_eq!(
            get(&server, &format!("/v4/clusters/stats?{query}")).await["clusters"],
            expected.len()
        );
    }
    // A check-in takes nothing away.
    check_in(&server, "a").await;
    assert_eq!(
        get(&server, "/v4/clusters/a").await["labels"],
        json!(["ci", "staff"])
    );
    label("a", json!([])).await.expect(StatusCode::OK);
    assert_eq!(get(&server, "/v4/clusters/a").await["labels"], json!([]));
    refused(&label("nobody", json!([])).await, 404, "404 cluster not found");
    refused(
        &label("a", json!("staff")).await,
        422,
        "labels in body must be of type array",
    );
    refused(&label("a", Value::Null).await, 422, "labels in body is required");
    assert_eq!(label("a", json!(["Not A Label"])).await.json()["code"], 422);
    for method in ["PATCH", "DELETE"] {
        refused(
            &server
                .call(method, "/v4/clusters/a")
                .token("imp_publish")
                .send()
                .await,
            403,
            "not authorized",
        );
        assert_eq!(server.call(method, "/v4/clusters/a").send().await.status, 401);
    }
    assert_eq!(
        server
            .get("/v3/clusters/age?exclude_labels=A")
            .send()
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn d30_statistics_say_who_came_and_went_and_what_runs() {
    let server = server_at(NOW);
    given(
        &server,
        &json!({"checkins_of": {
            "gone": ["2016-01-01T00:00:00Z", "2016-04-20T00:00:00Z"],
            "new": ["2016-05-02T00:00:00Z"],
        }}),
    )
    .await;
    let body = |id: &str, version: &str| json!({"id": id, "components": [{"component": {"name": "x"}, "version": {"version": version}}]});
    for (id, version) in [("c1", "v2.0"), ("c2", "2.0"), ("c3", "1.0")] {
        server
            .post("/v3/clusters")
            .json(&body(id, version))
            .await
            .expect(StatusCode::OK);
    }
    let stats = get(&server, "/v4/clusters/stats").await;
    assert_eq!(
        stats,
        json!({
            "clusters": 5, "verified": 0, "seen_in_24h": 4, "appeared": {"week": 4, "month": 4, "quarter": 4},
            "disappeared": {"week": 0, "month": 1, "quarter": 1}, "mean_age_seconds": 110 * 86_400 / 5,
            "running": [{"component": "x", "version": "1.0", "clusters": 1}, {"component": "x", "version": "2.0", "clusters": 2}],
        })
    );
}
