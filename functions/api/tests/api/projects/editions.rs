//! Editions by their slugs.

use super::*;

async fn act(server: &Server, action: &str, body: Value) -> Answer {
    let path = format!("{ALPHA}/editions/main/{action}");
    server.post(&path).admin().json(&body).await
}

/// D19: the answer names the task.
#[tokio::test]
async fn an_edition_is_created_changed_deleted_and_restored_by_its_slug() {
    let server = Server::with_acme().await;
    let build = uploaded(&server, "main").await;
    let body = json!({"slug": "v1.0", "title": "1.0", "tracked_ref": "v1.0", "build_url": build["self_url"]});
    let created = server
        .post(&format!("{ALPHA}/editions/"))
        .admin()
        .json(&body)
        .await;
    let created = created.expect(StatusCode::ACCEPTED);
    let own = format!("{ALPHA}/editions/v1.0");
    assert_eq!(created.header("location"), url(&own));
    let edition = created.json();
    assert!(path_of(&edition["task_url"]).starts_with("/v2/task/"));
    assert_eq!(
        (&edition["queue_url"], &edition["pending_rebuild"]),
        (&edition["task_url"], &json!(true))
    );
    assert_eq!(
        edition["published_url"],
        "https://www.example.net/docs/alpha/v/v1.0"
    );

    let patch = |body: Value| {
        let call = server.patch(&own).admin();
        async move { call.json(&body).await }
    };
    let changed = patch(json!({"title": "One", "tracked_ref": "v1.1"})).await;
    let changed = changed.expect(StatusCode::ACCEPTED).json();
    assert_eq!(
        (&changed["title"], &changed["tracked_ref"], &changed["task_url"]),
        (&json!("One"), &json!("v1.1"), &json!(null))
    );
    for (body, part) in [
        (json!({"build_url": "/builds/1"}), "Invalid build_url: /builds/1"),
        (
            json!({"build_url": url("/v2/orgs/acme/projects/alpha/builds/99")}),
            "Invalid build_url",
        ),
        (
            json!({"build_url": url("/v2/orgs/default/projects/alpha/builds/1")}),
            "Invalid build_url",
        ),
        (json!({"build_url": 7}), "build_url"),
        (
            json!({"tracked_ref": "a", "tracked_refs": ["b"]}),
            "either tracked_ref or tracked_refs",
        ),
        (json!({"mode": "best"}), "unknown"),
        (json!({"kind": "best"}), "unknown"),
    ] {
        patch(body).await.bad(part);
    }
    let missing = server
        .patch(&format!("{ALPHA}/editions/none"))
        .admin()
        .json(&json!({}))
        .await;
    missing.expect(StatusCode::NOT_FOUND);

    let ended = server
        .delete(&own)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert!(ended["date_ended"].is_string());
    assert_eq!(
        server.get(&own).admin().send().await.json()["date_ended"],
        ended["date_ended"]
    );
    // Another one with its slug hides it, until that has gone, too.
    let again = json!({"slug": "v1.0", "title": "Another", "tracked_ref": "v1.0"});
    let post = server
        .post(&format!("{ALPHA}/editions"))
        .admin()
        .json(&again)
        .await;
    post.expect(StatusCode::ACCEPTED);
    assert_eq!(server.get(&own).admin().send().await.json()["title"], "Another");
    server.world.clock.advance(jiff::SignedDuration::from_secs(1));
    server.delete(&own).admin().send().await.expect(StatusCode::OK);
    let restored = server.post(&format!("{own}/restore")).admin().send().await;
    let restored = restored.expect(StatusCode::ACCEPTED).json();
    assert_eq!(
        (&restored["title"], &restored["date_ended"]),
        (&json!("Another"), &json!(null))
    );
}

#[tokio::test]
async fn an_edition_goes_back_and_is_pinned_with_the_urls_of_v2() {
    let server = Server::with_acme().await;
    let first = uploaded(&server, "x").await;
    let second = uploaded(&server, "x").await;
    for build in [&first, &second] {
        let body = json!({"build_url": build["self_url"]});
        let path = format!("{ALPHA}/editions/main");
        let shown = server
            .patch(&path)
            .admin()
            .json(&body)
            .await
            .expect(StatusCode::ACCEPTED)
            .json();
        assert_eq!(shown["pending_rebuild"], true);
    }
    let history = server
        .get(&format!("{ALPHA}/editions/main/history?limit=1"))
        .admin()
        .send()
        .await;
    let next = format!("{ALPHA}/editions/main/history?limit=1&cursor=");
    assert!(
        history.header("link").contains(&next),
        "{}",
        history.header("link")
    );
    let history = history.json();
    assert_eq!(
        (&history[0]["build_url"], &history[0]["actor"]),
        (&second["self_url"], &json!("somebody"))
    );
    let back = act(&server, "rollback", json!({"build_url": first["self_url"]})).await;
    assert!(back.expect(StatusCode::ACCEPTED).json()["task_url"].is_string());
    act(&server, "rollback", json!({"build_url": "/builds/1"}))
        .await
        .bad("Invalid build_url");
    act(&server, "rollback", json!({}))
        .await
        .bad("either build_url or generation");
    let again = act(&server, "rollback", json!({"generation": 2})).await;
    again.expect(StatusCode::ACCEPTED);
    let pinned = act(&server, "pin", json!({}))
        .await
        .expect(StatusCode::ACCEPTED)
        .json();
    assert_eq!(
        (&pinned["pinned"], &pinned["task_url"]),
        (&json!(true), &json!(null))
    );
    let elsewhere = json!({"build_url": first["self_url"]});
    let refused = server
        .patch(&format!("{ALPHA}/editions/main"))
        .admin()
        .json(&elsewhere)
        .await;
    refused.bad("Edition is pinned");
    let unpinned = act(&server, "unpin", json!({}))
        .await
        .expect(StatusCode::ACCEPTED)
        .json();
    assert_eq!(unpinned["pinned"], false);
}
