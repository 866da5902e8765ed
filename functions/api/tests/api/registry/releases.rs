//! Releases: publish and read them.

use http::StatusCode;
use imprint_domain::access::{Permission, Products, Role};
use imprint_testing::{Moment, Trouble, samples};
use serde_json::{Value, json};

use super::{NOW, get, post, publish, refused, release, server_at, versions};

#[tokio::test]
async fn d01_v4_shows_all_that_was_published_and_v3_what_the_original_knew() {
    let server = server_at(NOW);
    let data = json!({"description": "what changed", "notes": {"deep": [1, 2.5, null]}, "image": "", "fixes": 7, "docs": "x"});
    let body = json!({"component": {"name": "x", "description": "The x", "type": "Deployment"},
        "version": {"train": "beta", "version": "1.0", "released": NOW, "data": data}, "updateAvailable": "9", "other": 1});
    let v3 = json!({"component": {"name": "x"},
        "version": {"train": "beta", "version": "1.0", "released": NOW, "data": {"description": "what changed"}}});
    let published = post(&server, "/v3/versions/beta/x/1.0", &body)
        .await
        .expect(StatusCode::OK);
    assert_eq!(published.json(), v3);
    assert_eq!(published.header("link"), "");
    assert_eq!(get(&server, "/v3/versions/beta/x/1.0").await, v3);
    let full = json!({"component": {"name": "x", "description": "The x", "type": "Deployment"},
        "version": {"train": "beta", "version": "1.0", "released": NOW, "data": data}, "published_at": NOW});
    assert_eq!(get(&server, "/v4/versions/x/beta/1.0").await, full);
    // Who published it is nobody else's business.
    let mut known = full.clone();
    known["published_by"] = "somebody".into();
    let answer = server.get("/v4/versions/x/beta/latest").admin().send().await;
    assert_eq!(answer.json(), known);
    let list = server.get("/v4/versions/x/beta").admin().send().await.json();
    assert_eq!(list, json!({"data": [known]}));
    assert_eq!(get(&server, "/v4/versions/x/beta").await, json!({"data": [full]}));
    let asked = json!({"data": [{"component": {"name": "x"}, "version": {"train": "beta"}}]});
    assert_eq!(
        server.post("/v4/versions/latest").json(&asked).await.json(),
        json!({"data": [full]})
    );
}

#[tokio::test]
async fn d01_data_is_an_object_of_at_most_64_kilobytes() {
    let server = server_at(NOW);
    let body = |data: Value| json!({"component": {}, "version": {"released": NOW, "data": data}});
    for data in [json!([]), json!("x"), json!(1), json!(true)] {
        let answer = post(&server, "/v3/versions/beta/x/1", &body(data)).await;
        refused(&answer, 422, "version.data in body must be of type object");
    }
    let answer = post(
        &server,
        "/v3/versions/beta/x/1",
        &body(json!({"x": "y".repeat(70_000)})),
    )
    .await;
    refused(
        &answer,
        422,
        "version.data in body has 70008 bytes of JSON, at most 65536 are kept",
    );
    let mut deep = json!(1);
    for _ in 0..30 {
        deep = json!([deep]);
    }
    let answer = post(&server, "/v3/versions/beta/x/1", &body(json!({"x": deep}))).await;
    assert_eq!(answer.json()["code"], 422);
    assert!(
        post(&server, "/v3/versions/beta/x/1", &body(Value::Null))
            .await
            .status
            .is_success()
    );
    let read = get(&server, "/v3/versions/beta/x/1").await;
    assert_eq!(read["version"]["data"], json!({}));
}

#[tokio::test]
async fn d02_latest_is_by_the_time_of_release_in_utc() {
    let server = server_at(NOW);
    let latest = "/v3/versions/beta/x/latest";
    // Half an hour later than the second, though its text sorts before it.
    for (version, released) in [
        ("1", "2016-05-31T23:00:00-01:00"),
        ("2", "2016-05-31T23:30:00Z"),
        ("3", "2016-05-30T00:00:00Z"),
    ] {
        publish(&server, &release("x", "beta", version, released)).await;
    }
    assert_eq!(get(&server, latest).await["version"]["version"], "1");
    // The newest one's date is moved back, and forth again.
    publish(&server, &release("x", "beta", "1", "2016-01-01T00:00:00Z")).await;
    assert_eq!(get(&server, latest).await["version"]["version"], "2");
    publish(&server, &release("x", "beta", "3", "2017-01-01T00:00:00Z")).await;
    assert_eq!(get(&server, latest).await["version"]["version"], "3");
    assert_eq!(
        get(&server, "/v4/versions/x/beta/latest").await["version"]["version"],
        "3"
    );
    assert_eq!(versions(&server, "/v3/versions/beta/x").await, ["1", "2", "3"]);
    let unknown = server.get("/v3/versions/stable/x/latest").send().await;
    refused(&unknown, 404, "404 release not found");
}

#[tokio::test]
async fn d03_ties_are_broken_by_semantic_version_in_both_ways_to_ask() {
    let server = server_at(NOW);
    for version in ["1.9.0", "1.10.0", "1.10.0-rc.1"] {
        publish(&server, &release("x", "beta", version, NOW)).await;
    }
    for version in ["b", "a"] {
        publish(&server, &release("y", "beta", version, NOW)).await;
    }
    for (component, newest) in [("x", "1.10.0"), ("y", "b")] {
        let latest = get(&server, &format!("/v3/versions/beta/{component}/latest")).await;
        assert_eq!(latest["version"]["version"], newest);
        let asked = json!({"data": [{"component": {"name": component}, "version": {"train": "beta"}}]});
        let got = server.post("/v3/versions/latest").json(&asked).await.json();
        assert_eq!(got, json!({"data": [latest]}));
    }
}

#[tokio::test]
async fn d04_released_is_needed_and_told_in_utc_and_whole_seconds() {
    let server = server_at(NOW);
    let body = json!({"component": {"name": "x"}, "version": {"released": "2016-05-31T23:54:39.987+02:00"}});
    let published = post(&server, "/v3/versions/beta/x/1", &body)
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(published["version"]["released"], "2016-05-31T21:54:39Z");
    let missing = post(
        &server,
        "/v3/versions/beta/x/1",
        &json!({"component": {}, "version": {}}),
    )
    .await;
    refused(&missing, 422, "version.released in body is required");
    for raw in [
        "2016-04-16T23:54:39Z07:00",
        "2016-04-16",
        "now",
        "yesterday",
        "2016-04-16T23:54:39+0200",
    ] {
        let body = json!({"component": {}, "version": {"released": raw}});
        let answer = post(&server, "/v3/versions/beta/x/1", &body).await;
        refused(
            &answer,
            422,
            &format!("version.released in body must be of type date-time: {raw:?}"),
        );
    }
    let number = json!({"component": {}, "version": {"released": 5}});
    let answer = post(&server, "/v3/versions/beta/x/1", &number).await;
    let message =
        "parsing body body from \"\" failed, because version.released should be a string and is a number";
    refused(&answer, 400, message);
}

#[tokio::test]
async fn d06_publishing_again_replaces_and_eight_at_once_are_one() {
    let server = server_at(NOW);
    server.world.gate.interleave(7, 3);
    let body = release("x", "beta", "1", NOW);
    let all = (0..8).map(|_| post(&server, "/v3/versions/beta/x/1", &body));
    for answer in futures_util::future::join_all(all).await {
        answer.expect(StatusCode::OK);
    }
    assert_eq!(versions(&server, "/v3/versions/beta/x").await, ["1"]);
    let before = server.world.counts().of("catalog.commit");
    post(&server, "/v3/versions/beta/x/1", &body)
        .await
        .expect(StatusCode::OK);
    assert_eq!(server.world.counts().of("catalog.commit"), before);
    // Eight different releases at once are eight, and the latest one is right.
    let bodies: Vec<Value> = (1..9)
        .map(|n| release("y", "beta", &n.to_string(), &format!("2016-01-0{n}T00:00:00Z")))
        .collect();
    let all = bodies.iter().map(|body| publish(&server, body));
    futures_util::future::join_all(all).await;
    assert_eq!(versions(&server, "/v3/versions/beta/y").await.len(), 8);
    assert_eq!(
        get(&server, "/v3/versions/beta/y/latest").await["version"]["version"],
        "8"
    );
}

#[tokio::test]
async fn d07_names_of_the_body_are_those_of_the_path_or_absent() {
    let server = server_at(NOW);
    for (component, train, version, field) in [
        ("other", "beta", "1", "component.name"),
        ("x", "stable", "1", "version.train"),
        ("x", "beta", "2", "version.version"),
        ("X", "beta", "1", "component.name"),
        ("other", "stable", "2", "component.name"),
    ] {
        let body = release(component, train, version, NOW);
        for path in ["/v3/versions/beta/x/1", "/v4/versions/x/beta/1"] {
            let answer = post(&server, path, &body).await;
            refused(&answer, 400, &format!("{field} in body differs from the path"));
        }
    }
    for body in [
        json!({"component": {}, "version": {"released": NOW}}),
        json!({"Component": {"NAME": "x", "name": null}, "VERSION": {"Released": NOW, "train": ""}}),
        json!({"component": {"name": "x"}, "version": {"train": "beta", "version": "1", "released": NOW}}),
        json!({"version": {"released": NOW}}),
        json!({"component": null, "version": {"released": NOW}}),
    ] {
        let published = post(&server, "/v3/versions/beta/x/1", &body)
            .await
            .expect(StatusCode::OK)
            .json();
        assert_eq!(published["component"], json!({"name": "x"}));
        assert_eq!(
            (&published["version"]["train"], &published["version"]["version"]),
            (&json!("beta"), &json!("1"))
        );
    }
    for body in [
        json!({"component": {"name": "x"}}),
        json!({"version": null}),
        json!({}),
        Value::Null,
    ] {
        let answer = post(&server, "/v3/versions/beta/x/1", &body).await;
        refused(&answer, 422, "version in body is required");
    }
}

#[tokio::test]
async fn d08_names_have_their_lengths_and_characters() {
    let server = server_at(NOW);
    let long = |n: usize| "a".repeat(n);
    let unfit = |max: usize| format!("should have 1 to {max} characters from A-Z a-z 0-9 . _ + ~ -");
    for (component, train, version, message) in [
        (
            long(65),
            long(24),
            long(64),
            format!("component.name in path {}", unfit(64)),
        ),
        (
            long(64),
            long(25),
            long(64),
            format!("version.train in path {}", unfit(24)),
        ),
        (
            long(64),
            long(24),
            long(65),
            format!("version.version in path {}", unfit(64)),
        ),
        (
            "a%23b".into(),
            "beta".into(),
            "1".into(),
            format!("component.name in path {}", unfit(64)),
        ),
        (
            "a%20b".into(),
            "beta".into(),
            "1".into(),
            format!("component.name in path {}", unfit(64)),
        ),
        (
            "a".into(),
            "b%c3%a4".into(),
            "1".into(),
            format!("version.train in path {}", unfit(24)),
        ),
        (
            "x".into(),
            "beta".into(),
            "latest".into(),
            "version.version in path should not be latest, which asks for the newest one".into(),
        ),
    ] {
        let body = json!({"component": {}, "version": {"released": NOW}});
        for path in [
            format!("/v3/versions/{train}/{component}/{version}"),
            format!("/v4/versions/{component}/{train}/{version}"),
        ] {
            refused(&post(&server, &path, &body).await, 422, &message);
        }
    }
    let body = release(&long(65), "beta", "1", NOW);
    let answer = post(&server, &format!("/v3/versions/beta/{}/1", long(65)), &body).await;
    refused(&answer, 422, &format!("component.name in body {}", unfit(64)));
    publish(&server, &release(&long(64), &long(24), &long(64), NOW)).await;
    publish(&server, &release("A.z_0+~-", "t.T_9+~-", "1.0+b~1-rc_2", NOW)).await;
    // What can be no name is not there.
    for path in [
        "/v3/versions/beta/a%23b/1",
        "/v3/versions/beta/x/%20",
        "/v4/versions/x/a%00b/latest",
        "/v3/versions/beta/x/%ff",
    ] {
        assert_eq!(server.get(path).send().await.status, 404, "{path}");
    }
    assert_eq!(get(&server, "/v3/versions/be%23ta/x").await, json!({"data": []}));
    assert_eq!(get(&server, "/v4/versions/a%20b").await, json!({"data": []}));
}

#[tokio::test]
async fn d08_a_slash_in_a_name_is_another_path() {
    let server = server_at(NOW);
    for path in [
        "/v3/versions/beta/a%2Fb/1",
        "/v3/versions/beta/a%2fb",
        "/v4/versions/a%2Fb/beta/1",
        "/v3/clusters/a%2Fb",
    ] {
        let message = format!("path {path} was not found");
        refused(&server.get(path).send().await, 404, &message);
        if path.matches('/').count() == 5 {
            // Before anybody asks who sent it.
            refused(&server.post(path).send().await, 404, &message);
        }
    }
}

#[tokio::test]
async fn d25_publishing_needs_its_permission_and_withdrawing_an_administrator() {
    let server = server_at(NOW);
    server.grant("imp_publish", &[Permission::PublishRelease]);
    server.grant(
        "imp_ltd",
        &[
            Permission::UploadBuild,
            Permission::AdminEdition,
            Permission::DeprecateBuild,
        ],
    );
    server.member(
        "imp_limited",
        "default",
        Role::Uploader,
        Products::Only([samples::parsed("docs")].into()),
    );
    let body = json!({"component": {}, "version": {"released": NOW}});
    for (token, path, status) in [
        ("", "/v3/versions/beta/docs/1", 401),
        ("imp_unknown", "/v3/versions/beta/docs/1", 401),
        ("imp_ltd", "/v3/versions/beta/docs/1", 403),
        ("imp_publish", "/v3/versions/beta/docs/1", 200),
        ("imp_publish", "/v4/versions/docs/beta/2", 200),
        ("imp_limited", "/v3/versions/beta/docs/3", 200),
        ("imp_limited", "/v3/versions/docs/beta/3", 403),
        ("imp_limited", "/v3/versions/beta/Docs_x/3", 403),
        ("imp_limited", "/v4/versions/other/beta/3", 403),
    ] {
        let call = server.post(path);
        let call = if token.is_empty() {
            call
        } else {
            call.header("authorization", &format!("Bearer {token}"))
        };
        let answer = call.json(&body).await;
        assert_eq!(answer.status.as_u16(), status, "{token} {path}");
        if status > 400 {
            assert_eq!(answer.json()["code"], status);
        }
    }
    for token in ["imp_publish", "imp_ltd", "imp_limited"] {
        let answer = server
            .delete("/v4/versions/docs/beta/1")
            .token(token)
            .send()
            .await;
        refused(&answer, 403, "not authorized");
    }
    // Who it is comes before what was sent, and that it can be read before what it says.
    let anonymous = server.post("/v3/versions/beta/x/1").raw("{").await;
    assert_eq!(
        (
            anonymous.status.as_u16(),
            anonymous.header("www-authenticate").is_empty()
        ),
        (401, false)
    );
    let media = server.post("/v3/versions/beta/x/latest").admin().raw("{").await;
    let message = "unsupported media type \"application/octet-stream\", only [application/json] are allowed";
    refused(&media, 415, message);
}

#[tokio::test]
async fn d24_a_store_that_fails_says_nothing_of_itself() {
    let server = server_at(NOW);
    for (trouble, code) in [(Trouble::Failed, 500), (Trouble::Busy, 503)] {
        server
            .world
            .faults()
            .once("registry.news", 1, Moment::Before, trouble);
        let answer = server.get("/v3/versions/beta/x/latest").send().await;
        let body = answer.json();
        assert_eq!((answer.status.as_u16(), &body["code"]), (code, &json!(code)));
        let message = body["message"].as_str().unwrap();
        assert!(
            message.contains(answer.header("x-request-id")) && !message.contains("a test made it"),
            "{message}"
        );
        assert_eq!(answer.header("retry-after").is_empty(), code == 500);
    }
    server
        .world
        .faults()
        .from("catalog.commit", 1, Moment::Before, Trouble::Conflict);
    let answer = post(&server, "/v3/versions/beta/x/1", &release("x", "beta", "1", NOW)).await;
    refused(
        &answer,
        409,
        "the same thing is being changed by others; send the request again",
    );
}
