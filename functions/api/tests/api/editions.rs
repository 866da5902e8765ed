use http::StatusCode;
use imprint_app::ports::Change;
use imprint_domain::build::Build;
use imprint_domain::edition::{Edition, Reached};
use imprint_domain::id::Generation;
use imprint_domain::task::FailureCode;
use imprint_testing::samples;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::server::{Answer, Server};

async fn post(server: &Server, body: Value) -> Answer {
    server.post("/products/alpha/editions/").admin().json(&body).await
}

async fn patch(server: &Server, body: Value) -> Answer {
    server.patch("/editions/1").admin().json(&body).await
}

#[tokio::test]
async fn an_edition_is_created_with_every_field_of_the_contract() {
    let server = Server::with_alpha().await;
    let body = json!({"slug": "v1.0", "title": "Version 1.0", "tracked_refs": ["v1.0", "x"], "published_url": "ignored"});
    let answer = post(&server, body).await.expect(StatusCode::CREATED);
    assert_eq!(answer.header("location"), "https://keeper.example.org/editions/2");
    let mut edition = answer.json();
    let key = edition["surrogate_key"].take();
    assert_eq!(key.as_str().unwrap().len(), 32);
    let expected = json!({
        "self_url": "https://keeper.example.org/editions/2", "product_url": "https://keeper.example.org/products/alpha",
        "build_url": null, "published_url": "https://alpha.example.org/v/v1.0", "slug": "v1.0", "title": "Version 1.0",
        "date_created": "2026-01-01T12:00:00Z", "date_rebuilt": "2026-01-01T12:00:00Z", "date_ended": null,
        "surrogate_key": null, "pending_rebuild": false, "tracked_refs": ["v1.0", "x"], "mode": "git_refs",
        "queue_url": null, "failure": null, "pinned": false, "waiting_build_url": null,
        "kind": "minor", "exempt": false, "alternate_name": null,
    });
    assert_eq!(edition, expected);
    assert_eq!(
        server
            .get("/editions/2")
            .send()
            .await
            .expect(StatusCode::OK)
            .bytes,
        answer.bytes
    );
}

#[tokio::test]
async fn tracked_refs_are_shown_only_by_modes_that_compare_refs() {
    let server = Server::with_alpha().await;
    for (mode, shown) in [
        ("git_refs", true),
        ("git_ref", true),
        ("lsst_doc", false),
        ("eups_major_release", false),
        ("eups_weekly_release", false),
        ("eups_daily_release", false),
        ("manual", false),
        ("semver_release", false),
    ] {
        let body = json!({"slug": mode, "title": mode, "mode": mode, "tracked_refs": ["x"]});
        let edition = post(&server, body).await.expect(StatusCode::CREATED).json();
        assert_eq!(edition["mode"], mode);
        assert_eq!(
            edition["tracked_refs"],
            if shown { json!(["x"]) } else { Value::Null },
            "{mode}"
        );
    }
    post(
        &server,
        json!({"slug": "w", "title": "w", "mode": "eups_weekly_release"}),
    )
    .await
    .expect(StatusCode::CREATED);
}

#[tokio::test]
async fn an_edition_can_follow_the_releases_of_one_major_or_minor_version() {
    let server = Server::with_alpha().await;
    for (mode, line, wrong) in [("semver_major", "2", "2.3"), ("semver_minor", "2.3", "2")] {
        let body = |line: &str| json!({"slug": line, "title": line, "mode": mode, "tracked_refs": [line]});
        let edition = post(&server, body(line)).await.expect(StatusCode::CREATED).json();
        assert_eq!(
            (&edition["mode"], &edition["tracked_refs"]),
            (&mode.into(), &json!([line]))
        );
        post(&server, body(wrong))
            .await
            .bad(&format!("tracked_refs: {mode} needs exactly one"));
        let nothing = json!({"slug": "x", "title": "x", "mode": mode});
        post(&server, nothing).await.bad("missing tracked_refs");
        // The default edition tracks main, which is no version.
        patch(&server, json!({"mode": mode}))
            .await
            .bad(&format!("tracked_refs: {mode} needs exactly one"));
        let product =
            json!({"slug": "beta", "title": "Beta", "doc_repo": "https://example.org/b", "main_mode": mode});
        let answer = server.post("/products/").admin().json(&product).await;
        answer.bad("Invalid Product: main_mode");
    }
}

/// D24: an edition that compares refs and has none was created, and could never be read again.
#[tokio::test]
async fn d24_an_edition_that_compares_refs_needs_some() {
    let server = Server::with_alpha().await;
    for body in [
        json!({"slug": "a", "title": "a"}),
        json!({"slug": "a", "title": "a", "mode": "git_refs"}),
        json!({"slug": "a", "title": "a", "mode": "git_ref", "tracked_refs": null}),
        json!({"autoincrement": true}),
    ] {
        post(&server, body)
            .await
            .refused(400, "bad request", "Invalid Edition: missing tracked_refs");
    }
    let manual = json!({"slug": "a", "title": "a", "mode": "manual"});
    post(&server, manual).await.expect(StatusCode::CREATED);
    let call = server
        .patch("/editions/2")
        .admin()
        .json(&json!({"mode": "git_refs"}))
        .await;
    call.refused(400, "bad request", "Invalid Edition: missing tracked_refs");
    server.get("/editions/2").send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_edition_is_refused_and_leaves_nothing_behind() {
    let server = Server::with_alpha().await;
    for (field, value, message) in [
        ("slug", json!(null), "Invalid Edition: missing slug"),
        ("title", json!(null), "Invalid Edition: missing title"),
        (
            "slug",
            json!("main"),
            "Invalid edition: slug (main) already exists",
        ),
        ("slug", json!(["x"]), "Invalid Edition: slug: invalid type"),
        ("title", json!("a\nb"), "Invalid Edition: title"),
        (
            "mode",
            json!("semver"),
            "Edition tracking mode 'semver' unknown. Valid values are git_refs",
        ),
        ("mode", json!(5), "Invalid Edition: mode: invalid type"),
        (
            "tracked_refs",
            json!("main"),
            "Invalid Edition: tracked_refs must be an array of strings",
        ),
        (
            "tracked_refs",
            json!([5]),
            "Invalid Edition: tracked_refs must be an array of strings",
        ),
        (
            "tracked_refs",
            json!([]),
            "Invalid Edition: tracked_refs: at least one git ref is needed",
        ),
        (
            "autoincrement",
            json!("maybe"),
            "Invalid Edition: autoincrement: expected a boolean",
        ),
        (
            "autoincrement",
            json!(true),
            "Invalid Edition: slug cannot be given together with autoincrement",
        ),
        (
            "build_url",
            json!("https://elsewhere.example.org/builds/1"),
            "Invalid build_url: https://elsewhere",
        ),
        (
            "build_url",
            json!("https://keeper.example.org/builds/77"),
            "Invalid build_url: build 77",
        ),
        ("build_url", json!("nonsense"), "Invalid build_url: nonsense"),
        ("build_url", json!(1), "Invalid Edition: build_url: invalid type"),
    ] {
        let mut body = json!({"slug": "v1", "title": "v1", "tracked_refs": ["v1"]});
        body[field] = value;
        post(&server, body).await.bad(message);
    }
    assert_eq!(server.world.catalog.all_editions().len(), 1);
    assert_eq!(server.world.queue.waiting_to_publish(), 0);
}

#[tokio::test]
async fn editions_can_be_numbered() {
    let server = Server::with_alpha().await;
    for (flag, number) in [(json!(true), "1"), (json!("True"), "2")] {
        let body = json!({"autoincrement": flag, "mode": "manual", "title": "ignored"});
        let edition = post(&server, body).await.expect(StatusCode::CREATED).json();
        assert_eq!(
            (&edition["slug"], &edition["title"]),
            (&number.into(), &number.into())
        );
    }
    let body = json!({"autoincrement": "False", "mode": "manual", "slug": "v1.0", "title": "v1.0"});
    post(&server, body).await.expect(StatusCode::CREATED);
    let body = json!({"autoincrement": true, "mode": "manual"});
    assert_eq!(post(&server, body).await.json()["slug"], "3");
}

#[tokio::test]
async fn naming_a_build_moves_the_edition_and_can_be_watched() {
    let server = Server::with_alpha().await;
    server.uploaded(&["main"]).await;
    server.build(&["main"]).await;
    server.world.queue.take_all();
    for url in [
        "https://keeper.example.org/builds/1",
        "/builds/1",
        "http://keeper.example.org/builds/1/",
    ] {
        let edition = patch(&server, json!({"build_url": url}))
            .await
            .expect(StatusCode::OK)
            .json();
        let queue = edition["queue_url"]
            .as_str()
            .unwrap()
            .strip_prefix("https://keeper.example.org")
            .unwrap()
            .to_owned();
        server.get(&queue).send().await.expect(StatusCode::OK);
        assert_eq!(server.world.queue.take_all().len(), 1);
    }
    patch(&server, json!({"build_url": "/builds/2"}))
        .await
        .bad("Build has not been uploaded: 2");
    server
        .delete("/builds/1")
        .admin()
        .send()
        .await
        .expect(StatusCode::OK);
    patch(&server, json!({"build_url": "/builds/1"}))
        .await
        .bad("Build was deprecated: 1");
    patch(&server, json!({"build_url": "https://elsewhere.org/builds/1"}))
        .await
        .bad("Invalid build_url: https://else");
    patch(&server, json!({"build_url": "/builds/9"}))
        .await
        .bad("Invalid build_url: build 9 is not one of product alpha");
    assert_eq!(server.world.queue.waiting_to_publish(), 0);
}

#[tokio::test]
async fn a_new_edition_can_show_a_build_at_once() {
    let server = Server::with_alpha().await;
    server.uploaded(&["v1"]).await;
    let body = json!({"slug": "one", "title": "One", "mode": "manual", "build_url": "https://keeper.example.org/builds/1"});
    let edition = post(&server, body).await.expect(StatusCode::CREATED).json();
    assert!(edition["queue_url"].is_string());
}

#[tokio::test]
async fn a_build_of_another_product_is_none_to_show() {
    let server = Server::with_alpha().await;
    server.uploaded(&["main"]).await;
    let beta = json!({"slug": "beta", "title": "Beta", "doc_repo": "https://example.org/b"});
    server
        .post("/products/")
        .admin()
        .json(&beta)
        .await
        .expect(StatusCode::CREATED);
    let body = json!({"slug": "x", "title": "x", "mode": "manual", "build_url": "/builds/1"});
    let answer = server.post("/products/beta/editions/").admin().json(&body).await;
    answer.bad("Invalid build_url: build 1 is not one of product beta");
    let answer = server.post("/products/gamma/editions/").admin().json(&body).await;
    answer.refused(404, "not found", "invalid resource URI");
}

#[tokio::test]
async fn an_edition_changes_by_what_is_named_only() {
    let server = Server::with_alpha().await;
    let before = server.get("/editions/1").send().await.json();
    for body in [
        json!({}),
        json!({"slug": "main"}),
        json!({"title": "Latest"}),
        json!({"pending_rebuild": false}),
    ] {
        let answer = patch(&server, body).await.expect(StatusCode::OK);
        assert_eq!(answer.json(), before);
        assert_eq!(answer.header("location"), "");
    }
    let body = json!({"title": "Newest", "mode": "git_ref", "tracked_refs": ["trunk"]});
    let edition = patch(&server, body).await.expect(StatusCode::OK).json();
    assert_eq!(edition["title"], "Newest");
    assert_eq!(
        (&edition["mode"], &edition["tracked_refs"]),
        (&"git_ref".into(), &json!(["trunk"]))
    );
    // Following something else moves nothing.
    assert_eq!(edition["queue_url"], Value::Null);
    assert_eq!(server.world.queue.waiting_to_publish(), 0);
}

#[tokio::test]
async fn a_wrong_change_is_refused_and_changes_nothing() {
    let server = Server::with_alpha().await;
    let before = server.get("/editions/1").send().await.bytes;
    for (body, message) in [
        (
            json!({"slug": "other", "title": "x"}),
            "the default edition (main) cannot be renamed",
        ),
        (json!({"slug": ".."}), "Invalid slug"),
        (json!({"title": ""}), "Invalid Edition: title"),
        (json!({"mode": "x"}), "Edition tracking mode 'x' unknown"),
        (
            json!({"tracked_refs": "main"}),
            "Invalid Edition: tracked_refs must be an array of strings",
        ),
        (
            json!({"pending_rebuild": "yes"}),
            "Invalid Edition: pending_rebuild: invalid type",
        ),
        (json!({"pending_rebuild": true}), "this edition has no build"),
    ] {
        patch(&server, body).await.bad(message);
    }
    assert_eq!(server.get("/editions/1").send().await.bytes, before);
}

/// An edition that shows build 1 since a minute after noon, and is on its way to build 2.
fn moving(build: &Build, next: &Build) -> Edition {
    let at = samples::NOON + SignedDuration::from_millis(60_900);
    let published = Reached {
        pointer: samples::pointer(build, samples::manifest_id("1"), 1),
        at,
    };
    Edition {
        desired: Some(samples::pointer(next, samples::manifest_id("2"), 2)),
        published: Some(published),
        failure: Some(FailureCode::PurgeRefused.because("the CDN said no", at)),
        ..samples::edition(9, "moving", "main")
    }
}

#[tokio::test]
async fn an_edition_shows_where_its_readers_are_and_what_is_pending() {
    let server = Server::with_alpha().await;
    let (one, two) = (samples::build(1, "main"), samples::build(2, "main"));
    server
        .world
        .catalog
        .seed(vec![Change::CreateEdition(moving(&one, &two))]);
    let edition = server
        .get("/editions/9")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(edition["build_url"], "https://keeper.example.org/builds/1");
    assert_eq!(edition["date_rebuilt"], "2026-01-01T12:01:00Z");
    assert_eq!(edition["pending_rebuild"], true);
    assert_eq!(edition["failure"]["code"], "purge_refused");
    assert_eq!(edition["failure"]["message"], "the CDN said no");
    assert!(edition["failure"]["remedy"].is_string());
    assert_eq!(edition["failure"]["date"], "2026-01-01T12:01:00Z");
}

#[tokio::test]
async fn a_deleted_edition_is_still_readable_and_in_no_list() {
    let server = Server::with_alpha().await;
    for _ in 0..2 {
        let answer = server
            .delete("/editions/1")
            .admin()
            .send()
            .await
            .expect(StatusCode::OK);
        assert_eq!(answer.json(), json!({"queue_url": null}));
    }
    assert_eq!(
        server.get("/editions/1").send().await.json()["date_ended"],
        "2026-01-01T12:00:00Z"
    );
    let list = server.get("/products/alpha/editions/").send().await.json();
    assert_eq!(list, json!({"editions": []}));
    server
        .delete("/editions/9")
        .admin()
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
}

/// A rename is asked for over HTTP; what it does is tested below the API.
#[tokio::test]
async fn another_slug_is_claimed_at_once_and_watched_by_a_task() {
    let server = Server::with_alpha().await;
    let build = samples::build(1, "x");
    let shown = Edition {
        generation: Generation(1),
        desired: Some(samples::pointer(&build, samples::manifest_id("1"), 1)),
        ..samples::edition(7, "v1", "x")
    };
    server.world.catalog.seed(vec![Change::CreateEdition(shown)]);
    let rename = async |id: u64, slug: &str| {
        let call = server.patch(&format!("/editions/{id}")).admin();
        call.json(&json!({ "slug": slug })).await
    };
    let accepted = rename(7, "v2").await.expect(StatusCode::OK).json();
    // Readers are at the old one until the files are there.
    assert_eq!(
        (&accepted["slug"], &accepted["published_url"]),
        (&json!("v1"), &json!("https://alpha.example.org/v/v1"))
    );
    assert_eq!(accepted["pending_rebuild"], true);
    let queue = accepted["queue_url"].as_str().unwrap();
    let task = queue.strip_prefix("https://keeper.example.org").unwrap();
    let task = server.get(task).send().await.expect(StatusCode::OK).json();
    assert_eq!(task["status"], "PENDING");
    assert_eq!(rename(7, "v2").await.json()["queue_url"], accepted["queue_url"]);
    rename(7, "v3").await.bad("v1 is being renamed to v2");
    rename(7, "main").await.bad("that of the default edition");
    let new = json!({"slug": "v2", "title": "x", "mode": "manual"});
    let taken = server.post("/products/alpha/editions/").admin().json(&new).await;
    taken.bad("slug (v2) already exists");
    let history = server.get("/editions/7/history").send().await.json();
    assert_eq!(history["history"][0]["reason"], "rename");

    // Nothing to move: renamed at once.
    let new = json!({"slug": "empty", "title": "x", "mode": "manual"});
    let new = server.post("/products/alpha/editions/").admin().json(&new).await;
    let id = crate::server::number(&new.json()["self_url"]);
    let renamed = rename(id, "other").await.expect(StatusCode::OK).json();
    assert_eq!(
        (&renamed["slug"], &renamed["queue_url"]),
        (&json!("other"), &Value::Null)
    );
    let call = server.patch("/editions/7").json(&json!({"slug": "v2"})).await;
    assert_eq!(call.status, StatusCode::UNAUTHORIZED);
}
