//! Builds of a project.

use super::*;

#[tokio::test]
async fn a_build_always_comes_with_forms_and_is_confirmed_with_a_202() {
    let server = Server::with_acme().await;
    let body = json!({"git_ref": "tickets/DM-1", "directories": ["/", "a b/"], "slug": "b-1", "unknown": 1});
    let created = server.post(&format!("{ALPHA}/builds/")).admin().json(&body).await;
    let created = created.expect(StatusCode::CREATED);
    let own = format!("{ALPHA}/builds/b-1");
    assert_eq!(created.header("location"), url(&own));
    let build = created.json();
    has_fields(
        &build,
        &[
            "self_url",
            "organization_url",
            "project_url",
            "task_url",
            "slug",
            "date_created",
            "date_ended",
            "uploaded",
            "bucket_name",
            "bucket_prefix",
            "git_ref",
            "published_url",
            "surrogate_key",
            "post_prefix_urls",
            "post_dir_urls",
        ],
        &[
            "post_complete_url",
            "git_refs",
            "github_requester",
            "alternate_name",
        ],
    );
    assert_eq!(
        (
            &build["bucket_prefix"],
            &build["git_ref"],
            &build["published_url"],
            &build["task_url"]
        ),
        (
            &json!("_orgs/acme/alpha/builds/b-1"),
            &json!("tickets/DM-1"),
            &json!("https://www.example.net/docs/alpha/builds/b-1"),
            &json!(null)
        )
    );
    for forms in ["post_prefix_urls", "post_dir_urls"] {
        has_fields(&build[forms], &["/", "a b/"], &[]);
    }
    let read = server.get(&own).admin().send().await.json();
    assert_eq!(
        (&read["post_prefix_urls"], &read["uploaded"]),
        (&json!(null), &json!(false))
    );
    let patch = |body: Value| {
        let call = server.patch(&own).admin();
        async move { call.json(&body).await }
    };
    assert_eq!(patch(json!({})).await.expect(StatusCode::ACCEPTED).json(), read);
    let confirmed = patch(json!({"uploaded": true}))
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(confirmed.header("location"), url(&own));
    let confirmed = confirmed.json();
    assert!(path_of(&confirmed["task_url"]).starts_with("/v2/task/"));
    assert_eq!(confirmed["uploaded"], true);
    // The edition that nobody had for the ref.
    let edition = server
        .get(&format!("{ALPHA}/editions/DM-1"))
        .admin()
        .send()
        .await
        .json();
    assert_eq!(edition["tracked_ref"], "tickets/DM-1");

    let ended = server
        .delete(&own)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(
        (&ended["date_ended"], &ended["uploaded"]),
        (&json!("2026-01-01T12:00:00Z"), &json!(true))
    );
    patch(json!({"uploaded": true}))
        .await
        .bad("Build was deprecated: b-1");
    server.get(&own).admin().send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_build_is_refused_with_a_sentence() {
    let server = Server::with_acme().await;
    let post = |project: &str, body: Value| {
        let call = server
            .post(&format!("/v2/orgs/acme/projects/{project}/builds"))
            .admin();
        async move { call.json(&body).await }
    };
    for (body, part) in [
        (json!({}), "missing git_ref"),
        (json!({"git_ref": null}), "missing git_ref"),
        (json!({"git_ref": ["main"]}), "git_ref"),
        (json!({"git_ref": ""}), "git_refs"),
        (
            json!({"git_ref": "main", "git_refs": ["main"]}),
            "either git_ref or git_refs",
        ),
        (json!({"git_refs": []}), "at least one git ref"),
        (json!({"git_ref": "main", "slug": "../x"}), "Invalid slug"),
        (
            json!({"git_ref": "main", "directories": ["../x/"]}),
            "directories",
        ),
        (json!({"git_ref": "main", "directories": "/"}), "directories"),
    ] {
        post("alpha", body).await.bad(part);
    }
    post("nothing", json!({})).await.expect(StatusCode::NOT_FOUND);
    let both = post("alpha", json!({"git_refs": ["tickets/DM-1", "tickets/DM-2"]})).await;
    let both = both.expect(StatusCode::CREATED).json();
    assert_eq!(
        (&both["git_ref"], &both["git_refs"][1]),
        (&json!("tickets/DM-1"), &json!("tickets/DM-2"))
    );
    for path in ["builds/nothing", "builds/..%2fx", "editions/nothing"] {
        let answer = server.get(&format!("{ALPHA}/{path}")).admin().send().await;
        answer.refused(404, "not found", "invalid resource URI");
    }
}

#[tokio::test]
async fn d20_a_thousand_builds_are_ten_pages_of_a_few_requests() {
    let server = Server::with_acme().await;
    let product = Product {
        organization: samples::parsed("acme"),
        ..samples::product("alpha")
    };
    for n in 1..=1000 {
        let build = samples::build_of(&product, n, if n % 100 == 0 { "release" } else { "main" });
        server.world.catalog.seed(vec![Change::CreateBuild(build)]);
    }
    let mut path = Some(format!("{ALPHA}/builds?limit=100"));
    let mut slugs = Vec::new();
    server.get(ALPHA).admin().send().await;
    while let Some(this) = path {
        server.world.counts().reset();
        let page = server.get(&this).admin().send().await.expect(StatusCode::OK);
        // The token, the project, the page; the use-case looks at the project, too.
        assert!(server.world.counts().port("catalog") <= 4, "{this}");
        let builds = page.json();
        assert_eq!(builds.as_array().unwrap().len(), 100);
        slugs.extend(
            builds
                .as_array()
                .unwrap()
                .iter()
                .map(|build| build["slug"].as_str().unwrap().to_owned()),
        );
        path = page
            .header("link")
            .strip_prefix('<')
            .and_then(|link| link.split_once('>'))
            .map(|(next, _)| path_of(&json!(next)));
    }
    let newest_first: Vec<String> = (1..=1000).rev().map(|n: u32| n.to_string()).collect();
    assert_eq!(slugs, newest_first);

    // A filter that fits little looks at ten pages and no more, and says where it goes on.
    server.world.counts().reset();
    let found = server
        .get(&format!("{ALPHA}/builds?git_ref=release&limit=10"))
        .admin()
        .send()
        .await;
    assert!(server.world.counts().port("catalog") <= 23);
    assert_eq!(found.json().as_array().unwrap().len(), 1);
    assert!(
        found.header("link").contains("&git_ref=release"),
        "{}",
        found.header("link")
    );
    let all = server
        .get(&format!("{ALPHA}/builds?git_ref=release"))
        .admin()
        .send()
        .await;
    assert_eq!(
        (all.json().as_array().unwrap().len(), all.header("link")),
        (10, "")
    );
}
