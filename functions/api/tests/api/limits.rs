//! Every limit on requests, reached and passed, and how that is answered. README lists them for users.

use http::StatusCode;
use serde_json::{Value, json};

use crate::registry::doctor;
use crate::server::{ADMIN, Answer, Server, WITH_FORMS};

const README: &str = include_str!("../../../../README.md");

/// What the table of README says of a limit.
#[track_caller]
fn documented(limit: &str, status: u16) {
    let (_, table) = README.split_once("## Limits").expect("README lists the limits");
    let row = table.lines().find(|line| line.starts_with(&format!("| {limit}")));
    let row = row.unwrap_or_else(|| panic!("README says nothing of {limit:?}"));
    assert!(row.contains(&status.to_string()), "{row}");
}

#[track_caller]
fn passed(answer: &Answer, limit: &str, status: u16, part: &str) {
    let text = String::from_utf8_lossy(&answer.bytes);
    assert_eq!(answer.status.as_u16(), status, "{limit}: {text}");
    assert!(text.contains(part), "{limit}: {text}");
    documented(limit, status);
}

const MB: usize = 1024 * 1024;

#[tokio::test]
async fn a_body_has_a_length() {
    let server = Server::with_alpha().await;
    let longer = |most: usize| format!("{{\"x\": \"{}\"}}", "x".repeat(most));
    let answer = server.patch("/products/alpha").admin().raw(longer(MB)).await;
    passed(&answer, "a body of JSON", 413, "1 MB");
    let answer = server
        .post("/v3/clusters")
        .header("content-type", "application/json")
        .raw(longer(MB))
        .await;
    passed(&answer, "a body of JSON", 413, "");
    let path = "/v3/doctor/9f8b4b2e-5a0c-4f2e-8f55-8a8d3a5c1e11";
    let answer = doctor(server.post(path))
        .header("content-type", "application/json")
        .raw("x".repeat(5 * MB + 1))
        .await;
    passed(&answer, "a report of a cluster", 413, "");
    let body = json!({"title": "T"});
    server
        .post("/documents")
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED);
    let answer = server
        .put("/documents/1/versions/1.0/content")
        .admin()
        .header("content-type", "application/json")
        .raw(longer(6 * MB))
        .await;
    passed(&answer, "a document's content", 413, "");
}

#[tokio::test]
async fn json_has_a_depth() {
    let server = Server::with_alpha().await;
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    // Nobody looks into what no field takes, however deep it is.
    let body = format!("{{\"unknown\": {}}}", deep(100_000));
    server
        .patch("/products/alpha")
        .admin()
        .raw(body)
        .await
        .expect(StatusCode::OK);
    let body = format!("{{\"title\": {}}}", deep(100_000));
    let answer = server.patch("/products/alpha").admin().raw(body).await;
    passed(&answer, "arrays and objects in each other", 400, "title");
    let body = format!("{{\"id\": \"c\", \"components\": {}}}", deep(200));
    let answer = server
        .post("/v3/clusters")
        .header("content-type", "application/json")
        .raw(body)
        .await;
    passed(
        &answer,
        "the same, of the release registry",
        400,
        "recursion limit",
    );
    let body = json!({"title": "T"});
    server
        .post("/documents")
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED);
    let answer = server
        .put("/documents/1/versions/1.0/content")
        .admin()
        .header("content-type", "application/json")
        .raw(format!("{{\"document\": {}}}", deep(100)))
        .await;
    passed(&answer, "the same, of a document's content", 422, "");
}

#[tokio::test]
async fn lists_have_lengths() {
    let server = Server::with_alpha().await;
    let texts = |number: usize| (0..number).map(|n| format!("a{n}")).collect::<Vec<_>>();
    let post = async |path: &str, body: Value| server.post(path).admin().json(&body).await;
    let answer = post("/products/alpha/builds/", json!({"git_refs": texts(65)})).await;
    passed(&answer, "refs of a build", 400, "64");
    let call = server
        .post("/products/alpha/builds/")
        .admin()
        .header("accept", WITH_FORMS);
    let answer = call
        .json(&json!({"git_refs": ["main"], "directories": texts(20_001)}))
        .await;
    passed(&answer, "directories of a build", 400, "20000");
    let body = json!({"slug": "x", "title": "x", "tracked_refs": texts(65)});
    let answer = post("/products/alpha/editions/", body).await;
    passed(&answer, "refs of an edition", 400, "64");
    let body = json!({"url": "https://hooks.example.org/", "events": texts(101)});
    let answer = post("/v2/orgs/default/webhooks", body).await;
    passed(&answer, "events of a webhook", 400, "too many");
    let answer = server.get("/products/?limit=1001").send().await;
    passed(&answer, "items of a page of a list", 400, "1000");
    let rules = json!({"git_refs": texts(101)});
    let answer = post("/products/alpha/slug-rules/preview", rules).await;
    passed(&answer, "refs of a preview of slug rules", 400, "100");
}

#[tokio::test]
async fn a_token_has_a_rate() {
    let server = Server::new();
    server.grant("imp_other", &[]);
    let answered = async |token: &str| server.get("/v2/task/x").token(token).send().await;
    for _ in 0..3_000 {
        let answer = answered(ADMIN).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    // A few have come back meanwhile: 50 each second.
    let mut limited = None;
    for _ in 0..10_000 {
        let answer = answered(ADMIN).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.expect("a loop is stopped in the end");
    passed(&limited, "requests of a token", 429, "Retry-After");
    assert_eq!(limited.header("retry-after"), "1");
    assert_eq!(answered("imp_other").await.status, StatusCode::NOT_FOUND);
    // Pages are for everybody.
    server
        .get("/products/")
        .token(ADMIN)
        .send()
        .await
        .expect(StatusCode::OK);
}
