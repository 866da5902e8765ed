//! The life of an edition over HTTP: history, rollback, pin, restore. What follows from each is tested below the API.

use http::StatusCode;
use imprint_app::ports::{Change, Clock as _};
use imprint_domain::build::Build;
use imprint_domain::edition::Cause;
use imprint_domain::history::Moved;
use imprint_domain::id::BuildId;
use imprint_domain::rules::Rules;
use imprint_testing::samples;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::server::{Answer, Server};

/// A server whose default edition is on its way to build 1, and whose build 2 is registered.
async fn with_builds() -> Server {
    let server = Server::with_alpha().await;
    for id in [1, 2] {
        assert_eq!(server.uploaded(&["x"]).await, id);
        let env = server.world.env();
        let stored = env.catalog.build(BuildId(id)).await.unwrap().unwrap();
        let known = Build {
            manifest: Some(samples::manifest_id("m")),
            ..stored
        };
        server.world.catalog.seed(vec![Change::UpdateBuild(known)]);
    }
    show(&server, 1).await.expect(StatusCode::OK);
    server
}

async fn show(server: &Server, build: u64) -> Answer {
    let body = json!({"build_url": format!("/builds/{build}")});
    server.patch("/editions/1").admin().json(&body).await
}

async fn act(server: &Server, action: &str) -> Answer {
    server.post(&format!("/editions/1/{action}")).admin().send().await
}

async fn roll_back(server: &Server, body: Value) -> Answer {
    server.post("/editions/1/rollback").admin().json(&body).await
}

#[tokio::test]
async fn the_history_is_paged_newest_first_and_names_people_to_those_with_a_token() {
    let server = with_builds().await;
    show(&server, 2).await.expect(StatusCode::OK);
    roll_back(&server, json!({"generation": 1}))
        .await
        .expect(StatusCode::OK);
    let build = samples::build(2, "x");
    let tracked = Moved {
        edition: imprint_domain::id::EditionId(1),
        pointer: samples::pointer(&build, samples::manifest_id("m"), 4),
        cause: Cause::Tracking,
        by: None,
        at: samples::NOON,
    };
    server.world.catalog.seed(vec![Change::PutMoved(tracked)]);
    let page = server.get("/editions/1/history?limit=3").admin().send().await;
    let moves = page.json();
    let said = |at: usize| {
        let one = &moves["history"][at];
        [&one["generation"], &one["reason"], &one["actor"]].map(Clone::clone)
    };
    assert_eq!(said(0), [json!(4), json!("tracking"), json!("tracking")]);
    assert_eq!(said(1), [json!(3), json!("rollback"), json!("somebody")]);
    assert_eq!(said(2), [json!(2), json!("person"), json!("somebody")]);
    let first = json!({
        "generation": 1, "build_url": "https://keeper.example.org/builds/1", "git_refs": ["x"], "reason": "person",
        "actor": null, "date": "2026-01-01T12:00:00Z",
    });
    let next = page.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
    let next = next.strip_prefix("https://keeper.example.org").unwrap();
    for token in [None, Some("imp_unknown")] {
        let call = server.get(next);
        let call = match token {
            Some(token) => call.token(token),
            None => call,
        };
        let rest = call.send().await.expect(StatusCode::OK);
        assert_eq!(rest.json(), json!({ "history": [first] }));
        assert_eq!(rest.header("link"), "");
    }
    for query in ["limit=0", "limit=x", "cursor=what"] {
        let answer = server.get(&format!("/editions/1/history?{query}")).send().await;
        answer.bad(query.split('=').next().unwrap());
    }
    let unknown = server.get("/editions/99/history").send().await;
    unknown.refused(404, "not found", "invalid resource URI");
}

#[tokio::test]
async fn a_rollback_answers_with_the_edition_and_what_to_watch() {
    let server = with_builds().await;
    show(&server, 2).await.expect(StatusCode::OK);
    server.world.queue.take_all();
    let edition = roll_back(
        &server,
        json!({"build_url": "https://keeper.example.org/builds/1"}),
    )
    .await;
    let edition = edition.expect(StatusCode::OK).json();
    assert_eq!(
        (&edition["slug"], &edition["pinned"]),
        (&json!("main"), &json!(false))
    );
    let queue = edition["queue_url"].as_str().unwrap();
    let queue = queue.strip_prefix("https://keeper.example.org").unwrap();
    server.get(queue).send().await.expect(StatusCode::OK);
    assert_eq!(server.world.queue.waiting(), 1);
}

#[tokio::test]
async fn a_wrong_rollback_is_refused_and_moves_nothing() {
    let server = with_builds().await;
    server.world.queue.take_all();
    for (body, message) in [
        (json!({}), "a rollback needs either build_url or generation"),
        (
            json!({"build_url": "/builds/1", "generation": 1}),
            "a rollback needs either build_url or generation",
        ),
        (
            json!({"generation": -1}),
            "Invalid Edition: generation: invalid value",
        ),
        (
            json!({"generation": "1"}),
            "Invalid Edition: generation: invalid type",
        ),
        (json!({"generation": 0}), "the edition has no generation 0"),
        (json!({"generation": u64::MAX}), "the edition has no generation"),
        (
            json!({"build_url": "/builds/2"}),
            "the edition never showed build 2",
        ),
        (
            json!({"build_url": "/builds/77"}),
            "the edition never showed build 77",
        ),
        (
            json!({"build_url": "https://elsewhere.org/builds/1"}),
            "Invalid build_url",
        ),
    ] {
        roll_back(&server, body).await.bad(message);
    }
    server
        .delete("/builds/1")
        .admin()
        .send()
        .await
        .expect(StatusCode::OK);
    roll_back(&server, json!({"generation": 1}))
        .await
        .bad("Build was deprecated: 1");
    let unknown = server.post("/editions/9/rollback").admin().json(&json!({})).await;
    unknown.refused(404, "not found", "invalid resource URI");
    assert_eq!(server.world.queue.waiting_to_publish(), 0);
}

#[tokio::test]
async fn a_pinned_edition_says_so_and_is_moved_by_nobody() {
    let server = with_builds().await;
    for _ in 0..2 {
        let edition = act(&server, "pin").await.expect(StatusCode::OK).json();
        assert_eq!(
            (&edition["pinned"], &edition["queue_url"]),
            (&json!(true), &Value::Null)
        );
    }
    show(&server, 2)
        .await
        .bad("Edition is pinned to build 1: main; POST to its /unpin first");
    server.world.queue.take_all();
    let again = server
        .patch("/editions/1")
        .admin()
        .json(&json!({"pending_rebuild": true}))
        .await;
    assert!(again.expect(StatusCode::OK).json()["queue_url"].is_string());

    let env = server.world.env();
    let stored = env
        .catalog
        .edition(imprint_domain::id::EditionId(1))
        .await
        .unwrap();
    let build = env.catalog.build(BuildId(2)).await.unwrap().unwrap();
    let rules = Rules::of(&samples::organization(), &samples::product("alpha"));
    let waiting = stored.unwrap().wait(&rules, &build);
    server.world.catalog.seed(vec![Change::UpdateEdition(waiting)]);
    let edition = server.get("/editions/1").send().await.json();
    assert_eq!(
        edition["waiting_build_url"],
        "https://keeper.example.org/builds/2"
    );
    let edition = act(&server, "unpin").await.expect(StatusCode::OK).json();
    assert_eq!(
        (&edition["pinned"], &edition["waiting_build_url"]),
        (&json!(false), &Value::Null)
    );
    assert!(edition["queue_url"].is_string());
    let again = act(&server, "unpin").await.expect(StatusCode::OK).json();
    assert_eq!(again["queue_url"], Value::Null);
}

#[tokio::test]
async fn what_shows_nothing_cannot_be_pinned() {
    let server = Server::with_alpha().await;
    act(&server, "pin")
        .await
        .bad("this edition has no build that it could stay at");
    server
        .delete("/editions/1")
        .admin()
        .send()
        .await
        .expect(StatusCode::OK);
    act(&server, "pin").await.bad("Edition was deprecated: main");
    for action in ["pin", "unpin", "restore"] {
        let unknown = server.post(&format!("/editions/9/{action}")).admin().send().await;
        unknown.refused(404, "not found", "invalid resource URI");
    }
}

#[tokio::test]
async fn a_deleted_edition_gives_its_slug_back_and_can_be_restored_while_that_is_free() {
    let server = with_builds().await;
    let create = async || {
        let body = json!({"slug": "main", "title": "Main", "mode": "manual"});
        server.post("/products/alpha/editions/").admin().json(&body).await
    };
    create().await.bad("slug (main) already exists");
    server
        .delete("/editions/1")
        .admin()
        .send()
        .await
        .expect(StatusCode::OK);
    let new = create().await.expect(StatusCode::CREATED).json();
    act(&server, "restore")
        .await
        .bad("slug (main) already exists: edition 3 has it now; delete that one first");
    let url = new["self_url"].as_str().unwrap();
    let path = url.strip_prefix("https://keeper.example.org").unwrap();
    server.delete(path).admin().send().await.expect(StatusCode::OK);

    let edition = act(&server, "restore").await.expect(StatusCode::OK).json();
    assert_eq!(edition["date_ended"], Value::Null);
    assert!(edition["queue_url"].is_string());
    let again = act(&server, "restore").await.expect(StatusCode::OK).json();
    assert_eq!(again["queue_url"], Value::Null);
    let listed = server.get("/products/alpha/editions/").send().await.json();
    assert!(
        listed["editions"]
            .as_array()
            .unwrap()
            .contains(&edition["self_url"])
    );

    server
        .delete("/editions/1")
        .admin()
        .send()
        .await
        .expect(StatusCode::OK);
    server
        .world
        .clock
        .advance(SignedDuration::from_hours(30 * 24 + 1));
    let later = imprint_domain::access::Token {
        expires_at: server.world.clock.now() + SignedDuration::from_secs(60),
        ..samples::token(&hex::encode(Sha256::digest("imp_later")), "somebody")
    };
    server.world.catalog.seed(vec![Change::CreateToken(later)]);
    let late = server.post("/editions/1/restore").token("imp_later").send().await;
    late.bad("the edition was deleted more than 30 days ago");
}
