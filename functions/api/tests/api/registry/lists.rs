//! Lists of releases and trains, and several releases at once.

use http::StatusCode;
use serde_json::{Value, json};

use super::{NOW, get, post, publish, refused, release, server_at, versions};

#[tokio::test]
async fn d05_v3_and_v4_are_two_orders_of_the_same_releases() {
    let server = server_at(NOW);
    publish(&server, &release("comp", "beta", "1", "2016-01-01T00:00:00Z")).await;
    let body =
        json!({"component": {"name": "comp"}, "version": {"train": "beta", "version": "2", "released": NOW}});
    post(&server, "/v4/versions/comp/beta/2", &body)
        .await
        .expect(StatusCode::OK);
    for version in ["1", "2"] {
        let v3 = get(&server, &format!("/v3/versions/beta/comp/{version}")).await;
        let v4 = get(&server, &format!("/v4/versions/comp/beta/{version}")).await;
        assert_eq!(v3["version"], v4["version"]);
        assert_eq!(
            (&v3["version"]["train"], &v3["component"]["name"]),
            (&json!("beta"), &json!("comp"))
        );
    }
    assert_eq!(
        versions(&server, "/v4/versions/comp/beta?order=desc").await,
        ["2", "1"]
    );
    assert_eq!(
        versions(&server, "/v4/versions/comp/beta?order=asc").await,
        ["1", "2"]
    );
    // The other order names something else.
    assert_eq!(
        versions(&server, "/v4/versions/beta/comp").await,
        Vec::<String>::new()
    );
    let answer = server.get("/v3/versions/comp/beta/1").send().await;
    refused(&answer, 404, "404 release not found");
    let order = server.get("/v4/versions/comp/beta?order=up").send().await;
    refused(&order, 422, "order in query should be one of [asc desc]");
}

#[tokio::test]
async fn d05_v4_lists_trains_and_withdraws_releases() {
    let server = server_at(NOW);
    for (component, train, version) in [
        ("b", "stable", "1"),
        ("a", "stable", "1"),
        ("a", "beta", "2"),
        ("a-b", "beta", "1"),
    ] {
        publish(&server, &release(component, train, version, NOW)).await;
    }
    publish(&server, &release("a", "beta", "3", "2016-06-01T00:00:00Z")).await;
    let pairs = |list: &Value| -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = list["data"].as_array().unwrap().iter();
        all.map(|one| {
            (
                text(&one["component"]["name"]),
                text(&one["version"]["train"]),
                text(&one["version"]["version"]),
            )
        })
        .collect()
    };
    let of_a = pairs(&get(&server, "/v4/versions/a").await);
    assert_eq!(
        of_a,
        [("a", "beta", "3"), ("a", "stable", "1")].map(|(a, b, c)| (a.into(), b.into(), c.into()))
    );
    assert_eq!(get(&server, "/v4/versions/nothing").await, json!({"data": []}));
    let mut all = Vec::new();
    let mut path = "/v4/versions?limit=3".to_owned();
    loop {
        let page = get(&server, &path).await;
        all.extend(pairs(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!(
            "/v4/versions?limit=3&next={}",
            next.replace('#', "%23").replace('+', "%2B")
        );
    }
    assert_eq!(all.len(), 4);
    let withdrawn = server
        .delete("/v4/versions/a/beta/3")
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(withdrawn["version"]["version"], "3");
    assert_eq!(
        get(&server, "/v3/versions/beta/a/latest").await["version"]["version"],
        "2"
    );
    for path in [
        "/v4/versions/a/beta/3",
        "/v4/versions/a/beta/latest",
        "/v4/versions/nothing/beta/1",
    ] {
        let answer = server.delete(path).admin().send().await;
        refused(&answer, 404, "404 release not found");
    }
}

#[tokio::test]
async fn d09_several_trains_are_exactly_those_asked_for() {
    let server = server_at(NOW);
    for component in ["x", "y"] {
        for train in ["beta", "stable"] {
            publish(&server, &release(component, train, "1", NOW)).await;
        }
    }
    let pair =
        |component: &str, train: &str| json!({"component": {"name": component}, "version": {"train": train}});
    let names = |list: Value| -> Vec<String> {
        let all = list["data"].as_array().unwrap().iter();
        all.map(|one| {
            format!(
                "{}/{}",
                one["component"]["name"].as_str().unwrap(),
                one["version"]["train"].as_str().unwrap()
            )
        })
        .collect()
    };
    let asked = json!({"Data": [pair("y", "stable"), pair("x", "beta"), pair("nothing", "beta"), pair("y", "stable"),
        pair("a b", "beta"), pair("x", ""), {"version": {"train": "beta"}}, {"component": {"name": "x"}}, null]});
    for path in ["/v3/versions/latest", "/v4/versions/latest"] {
        let got = server.post(path).json(&asked).await.expect(StatusCode::OK).json();
        assert_eq!(names(got), ["y/stable", "x/beta", "y/stable"], "{path}");
    }
    // Clients of the beta knew one train only.
    let got = server
        .post("/v2/versions/latest")
        .json(&asked)
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(names(got), ["y/stable", "x/beta", "y/stable", "x/beta", "x/beta"]);
    for empty in [json!({}), json!({"data": null}), json!({"data": []}), Value::Null] {
        let got = server
            .post("/v3/versions/latest")
            .json(&empty)
            .await
            .expect(StatusCode::OK)
            .json();
        assert_eq!(got, json!({"data": []}));
    }
    let wrong = server
        .post("/v3/versions/latest")
        .json(&json!({"data": {}}))
        .await;
    refused(
        &wrong,
        400,
        "parsing body body from \"\" failed, because data should be an array and is an object",
    );
}

#[tokio::test]
async fn d09_a_hundred_trains_are_one_request_and_more_are_refused() {
    let server = server_at(NOW);
    let pairs = |n: usize| -> Vec<Value> {
        (0..n)
            .map(|at| json!({"component": {"name": format!("c{at}")}, "version": {"train": "stable"}}))
            .collect()
    };
    publish(&server, &release("c7", "stable", "1", NOW)).await;
    server.world.counts().reset();
    let mut twice = pairs(100);
    twice.extend(pairs(100));
    let got = server
        .post("/v3/versions/latest")
        .json(&json!({"data": twice}))
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(got["data"].as_array().unwrap().len(), 2);
    assert_eq!(server.world.counts().of("registry.news"), 1);
    assert_eq!(server.world.counts().total(), 1);
    for path in [
        "/v2/versions/latest",
        "/v3/versions/latest",
        "/v4/versions/latest",
    ] {
        let answer = server.post(path).json(&json!({"data": pairs(101)})).await;
        refused(
            &answer,
            422,
            "data in body should have at most 100 different items",
        );
    }
    let many: Vec<Value> = (0..1001).flat_map(|_| pairs(1)).collect();
    let answer = server
        .post("/v3/versions/latest")
        .json(&json!({"data": many}))
        .await;
    refused(&answer, 422, "data in body should have at most 1000 items");
}

#[tokio::test]
async fn d10_lists_are_in_the_order_of_release_and_in_pages() {
    let server = server_at(NOW);
    for n in [3, 1, 5, 2, 4] {
        publish(
            &server,
            &release("x", "beta", &format!("{n}.0"), &format!("2016-01-0{n}T00:00:00Z")),
        )
        .await;
    }
    assert_eq!(
        versions(&server, "/v3/versions/beta/x").await,
        ["1.0", "2.0", "3.0", "4.0", "5.0"]
    );
    for (base, expected) in [
        ("/v3/versions/beta/x?limit=2", ["1.0", "2.0", "3.0", "4.0", "5.0"]),
        (
            "/v4/versions/x/beta?limit=2&order=desc",
            ["5.0", "4.0", "3.0", "2.0", "1.0"],
        ),
    ] {
        let (mut all, mut pages, mut path) = (Vec::new(), 0, base.to_owned());
        loop {
            all.extend(versions(&server, &path).await);
            pages += 1;
            let page = get(&server, &path).await;
            let Some(next) = page["next"].as_str() else { break };
            path = format!("{base}&next={}", next.replace('#', "%23").replace('+', "%2B"));
        }
        assert_eq!((all.as_slice(), pages), (&expected.map(str::to_owned)[..], 3));
    }
    for (query, message) in [
        ("limit=0", "limit in query should be from 1 to 1000"),
        ("limit=1001", "limit in query should be from 1 to 1000"),
        ("limit=-1", "limit in query should be from 1 to 1000"),
        ("limit=two", "limit in query must be of type integer: \"two\""),
        (
            "next=nonsense",
            "next in query is not one that a page of this list named",
        ),
    ] {
        let answer = server.get(&format!("/v3/versions/beta/x?{query}")).send().await;
        refused(&answer, 422, message);
    }
    // Of a repeated parameter the last one counts.
    assert_eq!(
        versions(&server, "/v3/versions/beta/x?limit=5&limit=1").await,
        ["1.0"]
    );
}

/// Answers are at most six megabytes: what does not fit is on the next page, whatever was asked for.
#[tokio::test]
async fn d10_a_page_has_as_many_releases_as_fit() {
    let server = server_at(NOW);
    let note = "\"".repeat(30_000);
    for n in 0..120 {
        let version = json!({"train": "beta", "version": format!("{n:03}"), "released": NOW, "data": {"description": note}});
        publish(&server, &json!({"component": {"name": "x"}, "version": version})).await;
    }
    for base in ["/v3/versions/beta/x", "/v4/versions/x/beta"] {
        let (mut all, mut pages, mut path) = (0, 0, base.to_owned());
        loop {
            let answer = server.get(&path).send().await.expect(StatusCode::OK);
            assert!(answer.bytes.len() < 6_000_000);
            let page = answer.json();
            all += page["data"].as_array().unwrap().len();
            pages += 1;
            let Some(next) = page["next"].as_str() else { break };
            path = format!("{base}?next={}", next.replace('#', "%23").replace('+', "%2B"));
        }
        assert_eq!(all, 120);
        assert!((2..10).contains(&pages), "{pages}");
    }
}
