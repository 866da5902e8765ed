use http::StatusCode;
use imprint_domain::access::Permission::{AdminEdition, UploadBuild};
use imprint_testing::{Moment, Trouble};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::server::{Server, WITH_FORMS, number};

#[tokio::test]
async fn a_build_is_registered_with_every_field_of_the_contract() {
    let server = Server::with_alpha().await;
    server.world.clock.advance(SignedDuration::from_millis(1_987));
    let body =
        json!({"git_refs": ["main"], "slug": "b1", "github_requester": "someone", "directories": ["/", "a"]});
    let answer = server
        .post("/products/alpha/builds/")
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(answer.header("location"), "https://keeper.example.org/builds/1");
    let mut build = answer.json();
    let key = build["surrogate_key"].take();
    assert_eq!(key.as_str().unwrap().len(), 32);
    // D13: whole seconds, and UTC.
    let expected = json!({
        "self_url": "https://keeper.example.org/builds/1", "product_url": "https://keeper.example.org/products/alpha",
        "slug": "b1", "date_created": "2026-01-01T12:00:01Z", "date_ended": null, "uploaded": false,
        "bucket_name": "docs", "bucket_root_dir": "alpha/builds/b1", "git_refs": ["main"],
        "github_requester": "someone", "published_url": "https://alpha.example.org/builds/b1", "surrogate_key": null,
        "queue_url": null, "post_prefix_urls": null, "post_dir_urls": null, "alternate_name": null,
    });
    assert_eq!(build, expected);
    let read = server.get("/builds/1").send().await.expect(StatusCode::OK);
    assert_eq!(read.bytes, answer.bytes);
}

#[tokio::test]
async fn builds_without_a_slug_get_the_smallest_free_number() {
    let server = Server::with_alpha().await;
    let post = async |body: Value| server.post("/products/alpha/builds/").admin().json(&body).await;
    post(json!({"git_refs": ["main"], "slug": "b1"}))
        .await
        .expect(StatusCode::CREATED);
    post(json!({"git_refs": ["main"], "slug": "2"}))
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(server.build(&["main"]).await["slug"], "1");
    assert_eq!(server.build(&["main"]).await["slug"], "3");
    let again = post(json!({"git_refs": ["main"], "slug": "b1"})).await;
    again.refused(400, "bad request", "A build already exists with slug 'b1'");
    server
        .delete("/builds/1")
        .admin()
        .send()
        .await
        .expect(StatusCode::OK);
    post(json!({"git_refs": ["main"], "slug": "b1"}))
        .await
        .bad("already exists");
}

#[tokio::test]
async fn the_media_type_alone_decides_about_forms() {
    let server = Server::with_alpha().await;
    let body = json!({"git_refs": ["main"], "directories": ["/", "a/", "a", " dir with space/ ", "/b/"]});
    for (accept, with_forms) in [
        (WITH_FORMS, true),
        ("application/json, application/vnd.ltdkeeper.v2+json", true),
        (
            "application/json;q=0.9, Application/vnd.LTDkeeper.v2+json;q=0.1",
            true,
        ),
        ("application/vnd.ltdkeeper.v2+json;q=0", false),
        ("application/vnd.ltdkeeper.v3+json", false),
        ("*/*", false),
        ("application/*", false),
        ("application/json", false),
    ] {
        let call = server
            .post("/products/alpha/builds/")
            .admin()
            .header("accept", accept);
        let build = call.json(&body).await.expect(StatusCode::CREATED).json();
        assert_eq!(build["post_prefix_urls"].is_object(), with_forms, "{accept}");
        assert_eq!(build["post_dir_urls"].is_object(), with_forms, "{accept}");
        assert_eq!(build.get("post_complete_url").is_some(), with_forms, "{accept}");
    }
}

#[tokio::test]
async fn forms_go_by_the_directories_that_the_client_named() {
    let server = Server::with_alpha().await;
    let body =
        json!({"git_refs": ["main"], "directories": ["/", "a/", "a", " dir with space/ ", "/b/", "ü/x"]});
    let call = server
        .post("/products/alpha/builds/")
        .admin()
        .header("accept", WITH_FORMS);
    let build = call.json(&body).await.expect(StatusCode::CREATED).json();
    let keys = |name: &str| -> Vec<(String, String)> {
        let forms = build[name].as_object().unwrap();
        let key = |form: &Value| form["fields"]["key"].as_str().unwrap().to_owned();
        forms
            .iter()
            .map(|(directory, form)| (directory.clone(), key(form)))
            .collect()
    };
    let pairs = |all: [(&str, &str); 5]| all.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
    assert_eq!(
        keys("post_prefix_urls"),
        pairs([
            ("/", "alpha/builds/1/${filename}"),
            ("/b/", "alpha/builds/1/b/${filename}"),
            ("a/", "alpha/builds/1/a/${filename}"),
            ("dir with space/", "alpha/builds/1/dir with space/${filename}"),
            ("ü/x/", "alpha/builds/1/ü/x/${filename}"),
        ])
    );
    assert_eq!(
        keys("post_dir_urls"),
        pairs([
            ("/", "alpha/builds/1"),
            ("/b/", "alpha/builds/1/b"),
            ("a/", "alpha/builds/1/a"),
            ("dir with space/", "alpha/builds/1/dir with space"),
            ("ü/x/", "alpha/builds/1/ü/x"),
        ])
    );
    assert_eq!(
        build["post_complete_url"]["fields"]["key"],
        "_imprint/uploads/1/complete"
    );
    // Five directories, two forms each, and the marker: nothing was signed twice.
    assert_eq!(server.world.uploads.slots().len(), 11);
}

/// D9: LTD's directory forms expired after an hour, although its client posts them last.
#[tokio::test]
async fn d9_every_form_is_good_for_a_day() {
    let server = Server::with_alpha().await;
    let call = server
        .post("/products/alpha/builds/")
        .admin()
        .header("accept", WITH_FORMS);
    let build = call
        .json(&json!({"git_refs": ["main"]}))
        .await
        .expect(StatusCode::CREATED)
        .json();
    for form in [
        &build["post_prefix_urls"]["/"],
        &build["post_dir_urls"]["/"],
        &build["post_complete_url"],
    ] {
        assert_eq!(form["fields"]["x-expires"], "2026-01-02T12:00:00Z");
    }
}

/// D15: `.`, `..` and a trailing newline were slugs.
#[tokio::test]
async fn d15_dots_and_newlines_are_no_slugs() {
    let server = Server::with_alpha().await;
    let long = "a".repeat(300);
    for slug in [".", "..", "v1\n", "a/b", "", "index.html", "a b", &long] {
        let body = json!({"git_refs": ["main"], "slug": slug});
        server
            .post("/products/alpha/builds/")
            .admin()
            .json(&body)
            .await
            .bad("Invalid slug");
        let body = json!({"slug": slug, "title": "x", "tracked_refs": ["x"]});
        server
            .post("/products/alpha/editions/")
            .admin()
            .json(&body)
            .await
            .bad("Invalid slug");
    }
    assert!(server.world.catalog.all_builds().is_empty());
    assert_eq!(server.world.catalog.all_editions().len(), 1);
}

/// D18: a build of several refs was cut down to its first.
#[tokio::test]
async fn d18_every_ref_of_a_build_is_kept() {
    let server = Server::with_alpha().await;
    let build = server.build(&["tickets/DM-1", "tickets/DM-2"]).await;
    assert_eq!(build["git_refs"], json!(["tickets/DM-1", "tickets/DM-2"]));
    let edition = server
        .get("/editions/2")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(edition["tracked_refs"], json!(["tickets/DM-1", "tickets/DM-2"]));
    assert_eq!(edition["slug"], "tickets-DM-1-tickets-DM-2");
}

/// D21: when the forms could not be signed, the build stayed behind and its slug was used up.
#[tokio::test]
async fn d21_a_build_whose_forms_cannot_be_signed_leaves_nothing_behind() {
    let server = Server::with_alpha().await;
    let body = json!({"git_refs": ["new"], "directories": ["/", "a/"]});
    for nth in 1..=5 {
        server
            .world
            .faults()
            .once("uploads.presign", nth, Moment::Before, Trouble::Failed);
        let call = server
            .post("/products/alpha/builds/")
            .admin()
            .header("accept", WITH_FORMS);
        let answer = call.json(&body).await.expect(StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.json()["error"], "internal server error");
        server.world.faults().clear();
    }
    assert!(server.world.catalog.all_builds().is_empty());
    assert_eq!(server.world.catalog.all_editions().len(), 1);
    assert_eq!(server.build(&["main"]).await["slug"], "1");
}

#[tokio::test]
async fn refs_that_nobody_tracks_bring_an_edition_when_the_caller_may() {
    let server = Server::with_alpha().await;
    server.grant("imp_upload", &[UploadBuild]);
    server.grant("imp_both", &[UploadBuild, AdminEdition]);
    let body = json!({"git_refs": ["tickets/DM-1234"]});
    let post = |token: &'static str| server.post("/products/alpha/builds/").token(token).json(&body);
    post("imp_upload").await.expect(StatusCode::CREATED);
    assert_eq!(server.world.catalog.all_editions().len(), 1);
    post("imp_both").await.expect(StatusCode::CREATED);
    post("imp_both").await.expect(StatusCode::CREATED);
    let editions = server
        .get("/products/alpha/editions/?expand=1")
        .send()
        .await
        .json();
    let slugs: Vec<_> = editions["editions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edition| &edition["slug"])
        .collect();
    assert_eq!(slugs, ["main", "DM-1234"]);
}

#[tokio::test]
async fn a_confirmed_build_is_uploaded_and_can_be_watched() {
    let server = Server::with_alpha().await;
    server.build(&["main"]).await;
    for nothing in [json!({"uploaded": false}), json!({}), json!({"uploaded": null})] {
        let answer = server
            .patch("/builds/1")
            .admin()
            .json(&nothing)
            .await
            .expect(StatusCode::OK);
        assert_eq!(answer.json(), json!({"queue_url": null}));
        assert_eq!(answer.header("location"), "https://keeper.example.org/builds/1");
    }
    assert_eq!(server.get("/builds/1").send().await.json()["uploaded"], false);
    let answer = server
        .patch("/builds/1")
        .admin()
        .json(&json!({"uploaded": true}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(answer.header("location"), "https://keeper.example.org/builds/1");
    let queue = answer.json()["queue_url"].as_str().unwrap().to_owned();
    let path = queue.strip_prefix("https://keeper.example.org").unwrap();
    assert_eq!(
        server.get(path).send().await.expect(StatusCode::OK).json()["status"],
        "PENDING"
    );
    assert_eq!(server.get("/builds/1").send().await.json()["uploaded"], true);
    assert_eq!(server.world.queue.waiting_to_publish(), 1);
    // Saying it again publishes again.
    server
        .patch("/builds/1")
        .admin()
        .json(&json!({"uploaded": true}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(server.world.queue.waiting_to_publish(), 2);
}

#[tokio::test]
async fn confirming_a_build_takes_at_most_six_requests_to_the_catalog() {
    let server = Server::with_alpha().await;
    server.build(&["main"]).await;
    server.world.counts().reset();
    server
        .patch("/builds/1")
        .admin()
        .json(&json!({"uploaded": true}))
        .await
        .expect(StatusCode::OK);
    let counts = server.world.counts();
    assert!(counts.port("catalog") <= 6, "{:?}", counts.all());
    assert_eq!(counts.port("objects") + counts.port("cdn"), 0);
}

/// D14: the answer to a confirmation was 200 whatever had happened.
#[tokio::test]
async fn d14_a_confirmation_that_failed_says_so() {
    let server = Server::with_alpha().await;
    let confirm = async |path| server.patch(path).admin().json(&json!({"uploaded": true})).await;
    confirm("/builds/9")
        .await
        .refused(404, "not found", "invalid resource URI");
    server.build(&["main"]).await;
    server
        .world
        .faults()
        .once("catalog.commit", 1, Moment::Before, Trouble::Failed);
    confirm("/builds/1")
        .await
        .expect(StatusCode::INTERNAL_SERVER_ERROR);
    server.world.faults().clear();
    server
        .world
        .faults()
        .once("catalog.commit", 1, Moment::Before, Trouble::Busy);
    confirm("/builds/1").await.expect(StatusCode::SERVICE_UNAVAILABLE);
    server.world.faults().clear();
    assert_eq!(server.get("/builds/1").send().await.json()["uploaded"], false);
    server
        .delete("/builds/1")
        .admin()
        .send()
        .await
        .expect(StatusCode::OK);
    confirm("/builds/1")
        .await
        .refused(400, "bad request", "Build was deprecated: 1");
    for wrong in [json!("yes"), json!(1), json!([true])] {
        server
            .patch("/builds/1")
            .admin()
            .json(&json!({"uploaded": wrong}))
            .await
            .bad("Invalid Build: uploaded");
    }
    assert_eq!(server.world.queue.waiting_to_publish(), 0);
}

#[tokio::test]
async fn a_deleted_build_is_still_readable_and_in_no_list() {
    let server = Server::with_alpha().await;
    server.build(&["main"]).await;
    let second = server.build(&["main"]).await;
    for _ in 0..2 {
        let answer = server
            .delete("/builds/1")
            .admin()
            .send()
            .await
            .expect(StatusCode::OK);
        assert_eq!(answer.json(), json!({}));
        server.world.clock.advance(SignedDuration::from_secs(60));
    }
    assert_eq!(
        server.get("/builds/1").send().await.json()["date_ended"],
        "2026-01-01T12:00:00Z"
    );
    let list = server.get("/products/alpha/builds/").send().await.json();
    assert_eq!(list, json!({"builds": [second["self_url"]]}));
    assert_eq!(number(&second["self_url"]), 2);
    server
        .delete("/builds/9")
        .admin()
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
}

#[tokio::test]
async fn a_wrong_build_is_refused_and_leaves_nothing_behind() {
    let server = Server::with_alpha().await;
    let many = vec!["a"; 65];
    let directories: Vec<String> = (0..20_001).map(|n| n.to_string()).collect();
    for (body, message) in [
        (json!({}), "Invalid Build: missing git_refs"),
        (json!({"git_refs": null}), "Invalid Build: missing git_refs"),
        (
            json!({"git_refs": "main"}),
            "Invalid Build: git_refs must be an array of strings",
        ),
        (
            json!({"git_refs": ["main", 5]}),
            "Invalid Build: git_refs must be an array of strings",
        ),
        (
            json!({"git_refs": []}),
            "Invalid Build: git_refs: at least one git ref is needed",
        ),
        (json!({"git_refs": [""]}), "Invalid Build: git_refs"),
        (json!({"git_refs": many}), "Invalid Build: git_refs: at most 64"),
        (
            json!({"git_refs": ["main"], "directories": "a"}),
            "Invalid Build: directories must be an array of strings",
        ),
        (
            json!({"git_refs": ["main"], "directories": ["../x"]}),
            "Invalid Build: directories",
        ),
        (
            json!({"git_refs": ["main"], "directories": ["a//b"]}),
            "Invalid Build: directories",
        ),
        (
            json!({"git_refs": ["main"], "directories": directories}),
            "Invalid Build: directories: at most 20000",
        ),
        (
            json!({"git_refs": ["main"], "github_requester": 5}),
            "Invalid Build: github_requester",
        ),
        (
            json!({"git_refs": ["main"], "github_requester": "a\u{7}"}),
            "Invalid Build: github_requester",
        ),
    ] {
        let call = server
            .post("/products/alpha/builds/")
            .admin()
            .header("accept", WITH_FORMS);
        call.json(&body).await.bad(message);
    }
    assert!(server.world.catalog.all_builds().is_empty());
}

#[tokio::test]
async fn a_number_has_one_spelling() {
    let server = Server::with_alpha().await;
    server.build(&["main"]).await;
    for id in [
        "01",
        "+1",
        "1.0",
        "-1",
        "x",
        "18446744073709551616",
        "%31%00",
        " 1",
    ] {
        let path = format!("/builds/{}", id.replace(' ', "%20"));
        server
            .get(&path)
            .send()
            .await
            .refused(404, "not found", "invalid resource URI");
    }
    server.get("/builds/%31").send().await.expect(StatusCode::OK);
}
