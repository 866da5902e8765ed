//! What every answer says to browsers, whoever asks and whatever comes of it.

use serde_json::Value;

use crate::server::{Answer, Server};

fn check(answer: &Answer, name: &str) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{name}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{name}");
    assert_ne!(answer.header("strict-transport-security"), "", "{name}");
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{name}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{name}: {policy}");
    if !answer.bytes.is_empty() {
        let kind = answer.header("content-type");
        let is_known = [
            "application/json",
            "text/html; charset=utf-8",
            "text/markdown; charset=utf-8",
        ]
        .contains(&kind);
        assert!(is_known, "{name}: {kind:?}");
        let is_page = kind.starts_with("text/html");
        assert_eq!(is_page, answer.bytes.starts_with(b"<!doctype html>"), "{name}");
    }
}

/// All operations, by nobody and by an administrator: refusals are answers, too.
#[tokio::test]
async fn every_answer_says_that_it_is_nothing_to_run_or_to_frame() {
    let server = Server::with_alpha().await;
    server.build(&["main"]).await;
    let document = imprint_api::openapi();
    let mut pages = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let path = path.replace("{slug}", "alpha").replace("{org}", "default");
            let path = path.replace("{project}", "alpha").replace("{id}", "1");
            // What is left names nothing.
            let path = path.replace(['{', '}'], "");
            for is_admin in [false, true] {
                let call = server.call(&method.to_uppercase(), &path);
                let call = if is_admin { call.admin() } else { call };
                let answer = call.send().await;
                check(&answer, &format!("{method} {path}: {}", answer.status));
                pages += u32::from(answer.header("content-type").starts_with("text/html"));
            }
        }
    }
    // The reference and the registry's page, of the installation and of the organization.
    assert_eq!(pages, 5);
    for (method, path) in [
        ("GET", "/nothing"),
        ("TRACE", "/"),
        ("OPTIONS", "/products/"),
        ("PUT", "/docs"),
    ] {
        check(&server.call(method, path).send().await, path);
    }
    for broken in [
        "/products/%ff",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/products/<script>alert(1)<%2fscript>",
    ] {
        let Ok(uri) = broken.parse::<http::Uri>() else {
            continue;
        };
        check(&server.get(&uri.to_string()).send().await, broken);
    }
}

/// A host that a caller makes up, and one that carries another header.
#[tokio::test]
async fn a_made_up_host_stays_in_the_answer_to_whoever_made_it_up() {
    let server = Server::with_alpha().await;
    for host in [
        "evil.example/..//",
        "a@evil.example",
        "evil example",
        "evil.example?x",
        "<script>",
    ] {
        let call = server.get("/products/").header("host", host);
        let answer = call.send().await;
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(!text.contains(host), "{host}: {text}");
        let is_shared = answer.header("cache-control").contains("public");
        assert!(!is_shared, "{host}");
    }
    let answer = server.get("/products/").send().await;
    let listed: Value = answer.json();
    assert!(
        listed["products"][0]
            .as_str()
            .unwrap()
            .starts_with("https://keeper.example.org/")
    );
}
