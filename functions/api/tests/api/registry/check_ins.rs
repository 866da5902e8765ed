//! Check-ins of clusters.

use std::collections::BTreeSet;

use http::StatusCode;
use imprint_testing::{Moment, Trouble};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{NOW, check_in, get, publish, refused, release, server_at};

const ID: &str = "8c6da034-c8b1-489a-a55d-a2215d93f934";

#[tokio::test]
async fn d11_the_server_says_when_a_cluster_was_seen() {
    let server = server_at("2026-03-11T23:54:39.120Z");
    let body = json!({"id": ID, "firstSeen": "2001-01-01T00:00:00Z", "lastSeen": 5, "components": [
        {"component": {"name": "handbook", "type": "mirror", "description": ""}, "version": {"version": "2.18.0", "train": "",
            "data": {"image": "i", "other": 1}}, "updateAvailable": "9"}, {}, {"version": {"data": {}}}]});
    let first = server
        .post("/v3/clusters")
        .json(&body)
        .await
        .expect(StatusCode::OK);
    assert_eq!(first.header("x-cluster-token").len(), 64);
    let components = json!([{"component": {"name": "handbook", "type": "mirror"},
        "version": {"version": "2.18.0", "data": {"image": "i"}}}, {}, {"version": {"data": {}}}]);
    let expected = json!({"id": ID, "firstSeen": "2026-03-11T23:54:39.120Z", "lastSeen": "2026-03-11T23:54:39.120Z",
        "components": components});
    assert_eq!(first.json(), expected);
    server.world.clock.advance(SignedDuration::from_millis(1000));
    let second = server
        .post("/v3/clusters")
        .json(&body)
        .await
        .expect(StatusCode::OK);
    assert_eq!(second.header("x-cluster-token"), "");
    let mut expected = expected;
    expected["lastSeen"] = "2026-03-11T23:54:40.120Z".into();
    assert_eq!(second.json(), expected);
    assert_eq!(get(&server, &format!("/v3/clusters/{ID}")).await, expected);
    assert_eq!(
        get(&server, "/v3/clusters/age").await,
        json!({"data": [expected]})
    );
    let known = get(&server, &format!("/v4/clusters/{ID}")).await;
    assert_eq!(
        known["components"][0]["version"]["data"],
        json!({"image": "i", "other": 1})
    );
    assert_eq!(
        (&known["checkins"], &known["verified"], &known["labels"]),
        (&json!(2), &json!(false), &json!([]))
    );
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
    other
        .world
        .faults()
        .once("catalog.commit", 1, Moment::Before, Trouble::Failed);
    assert_eq!(check_in(&other, ID).await.status, 500);
    assert_eq!(get(&other, "/v3/clusters/count").await, json!(0));
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
    refused(
        &number,
        400,
        "parsing body body from \"\" failed, because id should be a string and is a number",
    );
    let old = server
        .post("/v2/clusters/c1")
        .json(&json!({"id": "c1"}))
        .await
        .expect(StatusCode::OK);
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
    server
        .post("/v3/clusters")
        .json(&body(200))
        .await
        .expect(StatusCode::OK);
    let many = server.post("/v3/clusters").json(&body(201)).await;
    refused(&many, 422, "components in body should have at most 200 items");
    let large = json!({"id": "c", "components": [{"version": {"data": {"x": "y".repeat(70_000)}}}]});
    let large = server.post("/v3/clusters").json(&large).await;
    refused(&large, 422, "components in body should have at most 65536 bytes");
    let huge = server
        .post("/v3/clusters")
        .json(&json!({"id": "c", "x": "y".repeat(1_100_000)}))
        .await;
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
    assert_eq!(
        get(&server, &format!("/v4/clusters/{ID}")).await["verified"],
        false
    );
    with(&token).await.expect(StatusCode::OK);
    assert_eq!(
        get(&server, &format!("/v4/clusters/{ID}")).await["verified"],
        true
    );
    refused(&check_in(&server, ID).await, 403, message);
    refused(&with("").await, 403, message);
    with(&token).await.expect(StatusCode::OK);
    let stored = format!("{:?}", get(&server, &format!("/v4/clusters/{ID}")).await);
    assert!(!stored.contains(&token));
    // An administrator helps a cluster that lost it.
    server
        .delete(&format!("/v4/clusters/{ID}"))
        .admin()
        .send()
        .await
        .expect(StatusCode::OK);
    let again = check_in(&server, ID).await.expect(StatusCode::OK);
    assert!(!again.header("x-cluster-token").is_empty() && again.header("x-cluster-token") != token);
}

#[tokio::test]
async fn a_cluster_is_told_of_newer_versions() {
    let server = server_at(NOW);
    publish(&server, &release("handbook", "stable", "v2.10.0", NOW)).await;
    publish(&server, &release("handbook", "beta", "3.0.0-rc.1", NOW)).await;
    let entry = |train: &str, version: &str| json!({"component": {"name": "handbook"}, "version": {"train": train, "version": version}});
    let body = json!({"id": ID, "components": [entry("", "2.9.0"), entry("stable", "v2.10.0"), entry("beta", "2.9.0"),
        entry("nightly", "2.9.0"), entry("", "odd"), {"component": {"name": "other"}, "version": {"version": "1"}}]});
    let told = server
        .post("/v3/clusters")
        .json(&body)
        .await
        .expect(StatusCode::OK)
        .json();
    let updates: Vec<&Value> = told["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["updateAvailable"])
        .collect();
    let none = &Value::Null;
    assert_eq!(
        updates,
        [&json!("v2.10.0"), none, &json!("3.0.0-rc.1"), none, none, none]
    );
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
    server
        .world
        .catalog
        .seed(vec![Change::Registry(Box::new(RegistryChange::PutGone(gone)))]);
    let entry = |version: &str| json!({"component": {"name": "handbook"}, "version": {"version": version}});
    let body = json!({"id": ID, "components": [entry("v2.18.0"), entry("2.19.0")]});
    let told = server
        .post("/v3/clusters")
        .json(&body)
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(
        told["gone"],
        json!([{"component": "handbook", "version": "2.18.0"}])
    );
}
