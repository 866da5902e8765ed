//! The page for people.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::server::{Answer, Server};

async fn page() -> (Answer, String) {
    let page = Server::new().get("/docs").send().await.expect(StatusCode::OK);
    let text = String::from_utf8(page.bytes.clone()).unwrap();
    (page, text)
}

#[tokio::test]
async fn the_reference_is_one_page_with_every_operation() {
    let (page, text) = page().await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let document = imprint_api::openapi();
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert_eq!(text.matches(&format!("id=\"{id}\"")).count(), 1, "{path}");
            assert!(text.contains(&format!("href=\"#{id}\"")), "{path}");
        }
    }
    // Every link inside the page arrives.
    let text = text.split("<script>").next().unwrap();
    for part in text.split("href=\"#").skip(1) {
        let target = part.split('"').next().unwrap();
        assert!(text.contains(&format!("id=\"{target}\"")), "{target}");
    }
}

#[tokio::test]
async fn the_reference_loads_nothing_and_runs_its_own_script_only() {
    let (page, text) = page().await;
    for loaded in ["src=", "<link", "@import", "url(", "onclick", "javascript:"] {
        assert!(!text.contains(loaded), "{loaded}");
    }
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    let (_, script) = text.split_once("<script>").unwrap();
    let (script, _) = script.split_once("</script>").unwrap();
    let hash = STANDARD.encode(Sha256::digest(script));
    assert!(
        policy.contains(&format!("script-src 'sha256-{hash}'")),
        "{policy}"
    );
}

#[tokio::test]
async fn each_command_shows_who_one_is_as_the_operation_asks() {
    let (_, text) = page().await;
    let commands: Vec<&str> = text.split("<div class=\"curl\"><pre><code>").skip(1).collect();
    let document = imprint_api::openapi();
    let operations: Vec<&Value> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .collect();
    assert_eq!(commands.len(), operations.len());
    let with = |part: &str| {
        let command = |rest: &&&str| rest.split("</code>").next().unwrap().contains(part);
        commands.iter().filter(command).count()
    };
    let asking = |scheme: &str| {
        let asks = |operation: &&&Value| {
            let all = operation["security"].as_array().unwrap();
            all.iter().any(|one| one.get(scheme).is_some())
        };
        operations.iter().filter(asks).count()
    };
    assert_eq!(with("$token:"), asking("token"));
    assert_eq!(with("$user:$password"), asking("password") + asking("doctor"));
}
