//! What goes wrong on our side, and what the router itself refuses.

use std::sync::Arc;

use http::StatusCode;
use imprint_app::ports::{PresignError, PresignedPost, PresignedPut, UploadSlot, Uploads};
use imprint_domain::key::ObjectKey;
use imprint_testing::{Moment, Trouble};
use serde_json::json;

use crate::server::{Server, WITH_FORMS};

/// D7: LTD's handlers of errors failed themselves, so that clients saw pages of HTML.
#[tokio::test]
async fn d7_every_refusal_is_json_in_the_form_of_the_contract() {
    let server = Server::with_alpha().await;
    server
        .get("/nothing")
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
    server
        .post("/nothing")
        .admin()
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
    server
        .get("/builds/1")
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
    for (method, path, allowed) in [
        ("PUT", "/products/alpha", "GET,HEAD,PATCH,DELETE"),
        ("PUT", "/products/", "GET,HEAD,POST"),
        ("POST", "/builds/1", "GET,HEAD,PATCH,DELETE"),
        ("POST", "/queue/x", "GET,HEAD"),
        ("PATCH", "/", "GET,HEAD"),
        ("BREW", "/token/", "GET,HEAD"),
    ] {
        let answer = server.call(method, path).send().await;
        answer.refused(405, "method not supported", "the method is not supported");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
    let options = server
        .call("OPTIONS", "/products/alpha")
        .send()
        .await
        .expect(StatusCode::NO_CONTENT);
    assert_eq!(options.header("allow"), "GET,HEAD,PATCH,DELETE");
}

#[tokio::test]
async fn a_store_that_fails_is_a_500_that_tells_nothing_but_the_requests_name() {
    let server = Server::with_alpha().await;
    server
        .world
        .faults()
        .once("catalog.product", 1, Moment::Before, Trouble::Failed);
    let answer = server
        .get("/products/alpha")
        .send()
        .await
        .expect(StatusCode::INTERNAL_SERVER_ERROR);
    let body = answer.json();
    let message = body["message"].as_str().unwrap();
    let id = answer.header("x-request-id");
    assert!(!id.is_empty() && message.contains(id), "{message}");
    assert!(!message.contains("a test made it fail"), "{message}");
    assert_eq!(
        body,
        json!({"status": 500, "error": "internal server error", "message": message})
    );
}

#[tokio::test]
async fn a_busy_store_is_a_503_that_says_when_to_come_back() {
    let server = Server::with_alpha().await;
    server
        .world
        .faults()
        .once("catalog.token", 1, Moment::Before, Trouble::Busy);
    let answer = server.patch("/products/alpha").admin().json(&json!({})).await;
    let answer = answer.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.json()["error"], "service unavailable");
    assert!(
        !answer.json()["message"]
            .as_str()
            .unwrap()
            .contains("a test made it busy")
    );
}

#[tokio::test]
async fn writers_who_never_agree_are_told_to_try_again() {
    let server = Server::with_alpha().await;
    server
        .world
        .faults()
        .from("catalog.commit", 1, Moment::Before, Trouble::Conflict);
    let answer = server
        .patch("/products/alpha")
        .admin()
        .json(&json!({"title": "x"}))
        .await
        .expect(StatusCode::CONFLICT);
    assert_eq!(answer.json()["error"], "conflict");
}

struct Panics;

impl Uploads for Panics {
    fn presign(
        &self,
        _: &UploadSlot,
        _: jiff::Timestamp,
        _: jiff::SignedDuration,
    ) -> Result<PresignedPost, PresignError> {
        panic!("a secret of the inside")
    }

    fn presign_put(
        &self,
        _: &ObjectKey,
        _: jiff::Timestamp,
        _: jiff::SignedDuration,
    ) -> Result<PresignedPut, PresignError> {
        panic!("a secret of the inside")
    }

    fn presign_download(
        &self,
        _: &ObjectKey,
        _: jiff::Timestamp,
        _: jiff::SignedDuration,
    ) -> Result<String, PresignError> {
        panic!("a secret of the inside")
    }
}

#[tokio::test]
async fn a_panic_is_a_500_like_any_other() {
    let server = Server::with_alpha().await;
    let tenants = server.world.tenants_with(Arc::new(Panics));
    let server = Server::over(tenants, server.world);
    let call = server
        .post("/products/alpha/builds/")
        .admin()
        .header("accept", WITH_FORMS);
    let answer = call
        .json(&json!({"git_refs": ["main"]}))
        .await
        .expect(StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.json()["error"], "internal server error");
    assert!(
        answer.json()["message"]
            .as_str()
            .unwrap()
            .contains(answer.header("x-request-id"))
    );
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("secret"));
}
