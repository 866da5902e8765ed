//! Upload forms for builds that are there already.

use http::StatusCode;
use imprint_domain::access::Permission::{AdminEdition, UploadBuild};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::server::{Server, WITH_FORMS};

fn keys(build: &Value, forms: &str) -> Vec<String> {
    let forms = build[forms].as_object().unwrap().values();
    forms
        .map(|form| form["fields"]["key"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn forms_are_made_for_some_directories_at_a_time_until_the_upload_is_confirmed() {
    let server = Server::with_alpha().await;
    let registered = server.build(&["main"]).await;
    let make = async |body: Value| server.post("/builds/1/forms").admin().json(&body).await;
    let root = make(json!({})).await.expect(StatusCode::OK).json();
    assert_eq!(keys(&root, "post_prefix_urls"), ["alpha/builds/1/${filename}"]);
    for field in ["self_url", "surrogate_key", "date_created", "uploaded"] {
        assert_eq!(root[field], registered[field], "{field}");
    }
    // Their day begins anew.
    server.world.clock.advance(SignedDuration::from_mins(30));
    let some = server.post("/builds/1/forms").admin();
    let some = some
        .json(&json!({"directories": ["a/", "b c"]}))
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(
        keys(&some, "post_dir_urls"),
        ["alpha/builds/1/a", "alpha/builds/1/b c"]
    );
    assert_eq!(
        some["post_prefix_urls"]["a/"]["fields"]["x-expires"],
        "2026-01-02T12:30:00Z"
    );

    let confirm = server.patch("/builds/1").admin();
    confirm
        .json(&json!({"uploaded": true}))
        .await
        .expect(StatusCode::OK);
    let answer = server.post("/builds/1/forms").admin().json(&json!({})).await;
    answer.refused(
        409,
        "conflict",
        "Build was uploaded: 1; upload what changed as a new one",
    );
}

#[tokio::test]
async fn forms_are_refused_for_what_is_no_upload_any_more() {
    let server = Server::with_alpha().await;
    server.build(&["main"]).await;
    let make = async |path: &str, body: Value| server.post(path).admin().json(&body).await;
    make("/builds/1/forms", json!({"directories": ["../"]}))
        .await
        .bad("directories");
    make("/builds/1/forms", json!({"directories": "/"}))
        .await
        .bad("directories");
    make("/builds/9/forms", json!({}))
        .await
        .expect(StatusCode::NOT_FOUND);
    server
        .delete("/builds/1")
        .admin()
        .send()
        .await
        .expect(StatusCode::OK);
    make("/builds/1/forms", json!({}))
        .await
        .bad("Build was deprecated: 1");
    assert!(server.world.uploads.slots().is_empty(), "nothing was signed");
}

#[tokio::test]
async fn a_build_in_an_archive_gets_a_new_address() {
    let server = Server::with_alpha().await;
    let body = json!({"git_refs": ["main"], "upload": "archive"});
    let call = server.post("/products/alpha/builds/").admin();
    call.json(&body).await.expect(StatusCode::CREATED);
    server.world.clock.advance(SignedDuration::from_mins(30));
    let again = server
        .post("/builds/1/forms")
        .admin()
        .json(&json!({}))
        .await
        .json();
    assert_eq!(again["archive_upload"]["expires"], "2026-01-02T12:30:00Z");
    assert_eq!(again["post_prefix_urls"], Value::Null);
}

#[tokio::test]
async fn a_build_of_a_project_gets_forms_by_its_slug() {
    let server = Server::with_acme().await;
    let builds = "/v2/orgs/acme/projects/alpha/builds";
    let body = json!({"git_ref": "main", "slug": "b-1"});
    server
        .post(builds)
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED);
    let path = format!("{builds}/b-1/forms");
    let made = server
        .post(&path)
        .admin()
        .json(&json!({"directories": ["a"]}))
        .await;
    let made = made.expect(StatusCode::OK).json();
    assert_eq!(
        keys(&made, "post_prefix_urls"),
        ["_orgs/acme/alpha/builds/b-1/a/${filename}"]
    );
}

#[tokio::test]
async fn a_build_brings_no_edition_when_it_is_not_to() {
    let server = Server::with_alpha().await;
    server.grant("imp_both", &[UploadBuild, AdminEdition]);
    for (new_editions, editions) in [(json!(false), 1), (json!(true), 2), (Value::Null, 2)] {
        let body = json!({"git_refs": ["tickets/DM-1"], "new_editions": new_editions});
        let call = server.post("/products/alpha/builds/").token("imp_both");
        call.header("accept", WITH_FORMS)
            .json(&body)
            .await
            .expect(StatusCode::CREATED);
        assert_eq!(server.world.catalog.all_editions().len(), editions, "{body}");
    }
}
