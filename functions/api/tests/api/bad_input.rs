//! Bodies that are none, on every route that takes one.

use http::StatusCode;
use serde_json::json;

use crate::server::{ADMIN, Server, basic};

const WITH_BODY: [(&str, &str); 6] = [
    ("POST", "/products/"),
    ("PATCH", "/products/alpha"),
    ("POST", "/products/alpha/builds/"),
    ("PATCH", "/builds/1"),
    ("POST", "/products/alpha/editions/"),
    ("PATCH", "/editions/1"),
];

#[tokio::test]
async fn what_is_no_json_object_is_refused_everywhere() {
    let server = Server::with_alpha().await;
    server.build(&["main"]).await;
    let bodies: [(&[u8], &str); 12] = [
        (b"", "the body must be a JSON object"),
        (b"   ", "the body must be a JSON object"),
        (b"null", "the body must be a JSON object"),
        (b"[]", "the body must be a JSON object"),
        (b"[[\"main\"]]", "the body must be a JSON object"),
        (b"\"text\"", "the body must be a JSON object"),
        (b"slug=alpha", "the body must be a JSON object"),
        (b"{", "the body is not JSON"),
        (b"{\"title\": }", "the body is not JSON"),
        (b"{\"title\": \"a\"} x", "the body is not JSON"),
        (b"{\"title\": \"\xff\"}", "the body is not JSON"),
        (b"{\"title\": \"a\", }", "the body is not JSON"),
    ];
    let before = (
        server.get("/products/alpha").send().await.bytes,
        server.get("/editions/1").send().await.bytes,
    );
    for (method, path) in WITH_BODY {
        for (body, part) in &bodies {
            let call = server
                .call(method, path)
                .admin()
                .header("content-type", "application/json");
            call.raw(body.to_vec()).await.bad(part);
        }
    }
    assert_eq!(before.0, server.get("/products/alpha").send().await.bytes);
    assert_eq!(before.1, server.get("/editions/1").send().await.bytes);
    assert_eq!(server.world.catalog.all_products().len(), 1);
    assert_eq!(server.world.catalog.all_builds().len(), 1);
    assert_eq!(server.world.catalog.all_editions().len(), 1);
}

#[tokio::test]
async fn a_deep_body_breaks_nothing() {
    let server = Server::with_alpha().await;
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    let patch = async |body: String| server.patch("/products/alpha").admin().raw(body).await;
    patch(format!("{{\"title\": {open}{close}}}"))
        .await
        .bad("Invalid Product: title: invalid type");
    patch(format!("{{\"title\": {open}"))
        .await
        .expect(StatusCode::BAD_REQUEST);
    // What nobody reads may be as deep as it likes.
    patch(format!("{{\"x\": {open}{close}}}"))
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn only_json_is_read() {
    let server = Server::with_alpha().await;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "nonsense",
        "text/json",
    ] {
        let call = server
            .patch("/products/alpha")
            .admin()
            .header("content-type", kind);
        call.raw("{}").await.bad("send application/json");
    }
    let call = server
        .patch("/products/alpha")
        .admin()
        .header("content-encoding", "gzip");
    call.raw("{}").await.bad("Content-Encoding");
    for kind in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/vnd.ltdkeeper.v2+json",
    ] {
        let call = server
            .patch("/products/alpha")
            .admin()
            .header("content-type", kind);
        call.raw("{}").await.expect(StatusCode::OK);
    }
    // curl and scripts forget it.
    server
        .patch("/products/alpha")
        .admin()
        .raw("{}")
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn a_body_may_have_a_megabyte_and_no_more() {
    let server = Server::with_alpha().await;
    let of_size = |size: usize| format!("{{\"x\": \"{}\"}}", "y".repeat(size - 9));
    let patch = async |body: String| server.patch("/products/alpha").admin().raw(body).await;
    patch(of_size(1024 * 1024)).await.expect(StatusCode::OK);
    let answer = patch(of_size(1024 * 1024 + 1))
        .await
        .expect(StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json()["error"], "payload too large");
    patch("[".repeat(20 * 1024 * 1024))
        .await
        .expect(StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn messages_name_the_field_and_repeat_no_more_than_a_bit_of_it() {
    let server = Server::with_alpha().await;
    let patch = async |body: serde_json::Value| server.patch("/products/alpha").admin().json(&body).await;
    patch(json!({"title": {"a": 1}}))
        .await
        .bad("Invalid Product: title: invalid type: map");
    patch(json!({"doc_repo": true}))
        .await
        .bad("Invalid Product: doc_repo: invalid type: boolean");
    let twice = server
        .patch("/products/alpha")
        .admin()
        .raw(r#"{"title": "a", "title": "b"}"#)
        .await;
    twice.bad("duplicate field `title`");
    let long = json!({"slug": "x".repeat(100_000), "title": "x", "mode": "manual"});
    let answer = server
        .post("/products/alpha/editions/")
        .admin()
        .json(&long)
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert!(answer.bytes.len() < 400);
    let long = json!({"slug": "x", "title": "x", "mode": "manual", "build_url": "x".repeat(100_000)});
    let answer = server
        .post("/products/alpha/editions/")
        .admin()
        .json(&long)
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert!(answer.bytes.len() < 400);
}

#[tokio::test]
async fn without_a_host_there_are_no_urls() {
    let server = Server::with_alpha().await;
    let router = imprint_api::router(server.world.tenants(), crate::server::config());
    for host in [None, Some("a b"), Some("user@host"), Some("host/path"), Some("")] {
        let mut request = http::Request::builder()
            .uri("/products/alpha")
            .header("authorization", basic(ADMIN, ""));
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{host:?}");
    }
}
