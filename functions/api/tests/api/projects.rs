//! Projects of an organization with their builds and editions: LTD's second API.

use std::collections::BTreeSet;

use http::StatusCode;
use imprint_app::ports::Change;
use imprint_domain::build::Build;
use imprint_domain::product::Product;
use imprint_testing::samples;
use serde_json::{Value, json};

use crate::server::{Answer, HOST, Server, path_of};

const ALPHA: &str = "/v2/orgs/acme/projects/alpha";

fn url(path: &str) -> String {
    format!("https://{HOST}{path}")
}

/// Checks that these are the fields and no others.
#[track_caller]
fn has_fields(value: &Value, of_ltd: &[&str], ours: &[&str]) {
    let found: BTreeSet<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = of_ltd.iter().chain(ours).copied().collect();
    assert_eq!(found, wanted);
}

/// Registers a build of `alpha` of `acme` and confirms it, with its files known as after its registration.
async fn uploaded(server: &Server, git_ref: &str) -> Value {
    let post = server.post(&format!("{ALPHA}/builds")).admin();
    let built = post
        .json(&json!({ "git_ref": git_ref }))
        .await
        .expect(StatusCode::CREATED)
        .json();
    let own = path_of(&built["self_url"]);
    let patch = server.patch(&own).admin().json(&json!({"uploaded": true})).await;
    let confirmed = patch.expect(StatusCode::ACCEPTED).json();
    let stored = server.world.catalog.all_builds().into_iter();
    let stored = stored
        .filter(|build| build.slug.as_str() == built["slug"])
        .max_by_key(|build| build.id)
        .unwrap();
    let known = Build {
        manifest: Some(samples::manifest_id("m")),
        ..stored
    };
    server.world.catalog.seed(vec![Change::UpdateBuild(known)]);
    confirmed
}

async fn act(server: &Server, action: &str, body: Value) -> Answer {
    let path = format!("{ALPHA}/editions/main/{action}");
    server.post(&path).admin().json(&body).await
}

#[tokio::test]
async fn a_project_has_the_fields_of_ltd_and_its_default_edition() {
    let server = Server::new();
    server.organization("acme", "www.example.net").await;
    let body = json!({"slug": "alpha", "title": "Alpha", "source_repo_url": "https://github.com/example/alpha",
        "default_edition_mode": "lsst_doc"});
    let created = server.post("/v2/orgs/acme/projects/").admin().json(&body).await;
    let created = created.expect(StatusCode::CREATED);
    assert_eq!(created.header("location"), url(ALPHA));
    let project = created.json();
    has_fields(
        &project,
        &[
            "self_url",
            "organization_url",
            "builds_url",
            "editions_url",
            "task_url",
            "slug",
            "source_repo_url",
            "title",
            "published_url",
            "surrogate_key",
            "default_edition",
        ],
        &["date_created", "date_ended"],
    );
    assert_eq!(
        (
            &project["self_url"],
            &project["organization_url"],
            &project["task_url"]
        ),
        (&json!(url(ALPHA)), &json!(url("/v2/orgs/acme")), &json!(null))
    );
    assert_eq!(
        (
            &project["builds_url"],
            &project["editions_url"],
            &project["published_url"]
        ),
        (
            &json!(url(&format!("{ALPHA}/builds"))),
            &json!(url(&format!("{ALPHA}/editions"))),
            &json!("https://www.example.net/docs/alpha")
        )
    );
    let edition = &project["default_edition"];
    has_fields(
        edition,
        &[
            "self_url",
            "organization_url",
            "project_url",
            "build_url",
            "queue_url",
            "published_url",
            "slug",
            "title",
            "date_created",
            "date_rebuilt",
            "date_ended",
            "surrogate_key",
            "pending_rebuild",
            "tracked_ref",
            "mode",
            "kind",
        ],
        &[
            "task_url",
            "tracked_refs",
            "failure",
            "pinned",
            "waiting_build_url",
            "exempt",
            "alternate_name",
        ],
    );
    assert_eq!(
        (
            &edition["self_url"],
            &edition["slug"],
            &edition["mode"],
            &edition["kind"],
            &edition["tracked_ref"]
        ),
        (
            &json!(url(&format!("{ALPHA}/editions/main"))),
            &json!("main"),
            &json!("lsst_doc"),
            &json!("main"),
            &json!(null)
        )
    );
    let read = server.get(ALPHA).admin().send().await.json();
    assert_eq!(read, project);
    let listed = server.get("/v2/orgs/acme/projects").admin().send().await.json();
    assert_eq!(listed, json!([project]));
    assert_eq!(
        server
            .get(&path_of(&edition["self_url"]))
            .admin()
            .send()
            .await
            .json(),
        *edition
    );
}

#[tokio::test]
async fn a_wrong_project_is_refused_by_the_names_of_v2() {
    let server = Server::with_acme().await;
    let good = json!({"slug": "beta", "title": "Beta", "source_repo_url": "https://github.com/example/beta"});
    for (field, value, part) in [
        ("slug", json!(null), "Invalid Project: missing slug"),
        ("slug", json!("Beta"), "Invalid slug"),
        ("slug", json!("alpha"), "already exists with slug 'alpha'"),
        ("title", json!(null), "Invalid Project: missing title"),
        (
            "source_repo_url",
            json!(null),
            "Invalid Project: missing source_repo_url",
        ),
        (
            "source_repo_url",
            json!("ftp://x"),
            "Invalid Project: source_repo_url",
        ),
        ("source_repo_url", json!(7), "Invalid Project: source_repo_url"),
        (
            "default_edition_mode",
            json!("best"),
            "Edition tracking mode 'best' unknown",
        ),
    ] {
        let mut body = good.clone();
        body[field] = value;
        server
            .post("/v2/orgs/acme/projects")
            .admin()
            .json(&body)
            .await
            .bad(part);
    }
    // Keeper has every key of a change known, and of nothing else.
    let unknown = json!({"title": "Other", "bucket_name": "x"});
    server
        .patch(ALPHA)
        .admin()
        .json(&unknown)
        .await
        .bad("unknown field `bucket_name`");
    let mut known = good;
    known["bucket_name"] = json!("x");
    server
        .post("/v2/orgs/acme/projects")
        .admin()
        .json(&known)
        .await
        .expect(StatusCode::CREATED);
    let missing = server
        .patch("/v2/orgs/acme/projects/nothing")
        .admin()
        .json(&unknown)
        .await;
    missing.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_project_is_changed_deleted_and_restored() {
    let server = Server::with_acme().await;
    let patch = json!({"title": "Another", "source_repo_url": "https://github.com/example/another"});
    let changed = server
        .patch(ALPHA)
        .admin()
        .json(&patch)
        .await
        .expect(StatusCode::OK);
    assert_eq!(changed.header("location"), url(ALPHA));
    let changed = changed.json();
    assert_eq!(
        (&changed["title"], &changed["source_repo_url"]),
        (&patch["title"], &patch["source_repo_url"])
    );
    assert_eq!(
        server.get("/products/alpha").send().await.json()["title"],
        "Alpha"
    );
    let rendered = server.post(&format!("{ALPHA}/dashboard")).admin().send().await;
    let rendered = rendered.expect(StatusCode::OK);
    assert_eq!(rendered.header("location"), url(ALPHA));
    let task = path_of(&rendered.json()["task_url"]);
    let task = server
        .get(&task)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    let details = &task["metadata"];
    assert_eq!(
        (&details["product_url"], &details["build_url"]),
        (&json!(url(ALPHA)), &json!(null))
    );
    let ended = server
        .delete(ALPHA)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(ended["date_ended"], "2026-01-01T12:00:00Z");
    assert_eq!(
        server.get("/v2/orgs/acme/projects").admin().send().await.json(),
        json!([])
    );
    let build = server.post(&format!("{ALPHA}/builds")).admin();
    build
        .json(&json!({"git_ref": "main"}))
        .await
        .expect(StatusCode::BAD_REQUEST);
    let restored = server.post(&format!("{ALPHA}/restore")).admin().send().await;
    assert_eq!(restored.expect(StatusCode::OK).json()["date_ended"], json!(null));
}

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

/// `n` projects of `acme`, each with its default edition.
fn seed_projects(server: &Server, n: u64) {
    for n in 1..=n {
        let product = Product {
            organization: samples::parsed("acme"),
            created_at: samples::after_noon(i64::try_from(n).unwrap()),
            ..samples::product(&format!("p{n}"))
        };
        let edition = samples::edition_of(&product, 10_000 + n, "main", "main");
        server.world.catalog.seed(vec![
            Change::CreateProduct(product),
            Change::CreateEdition(edition),
        ]);
    }
}

/// D20, in v2: what is embedded is not fetched one by one.
#[tokio::test]
async fn d20_a_page_of_projects_costs_no_more_for_their_default_editions() {
    let server = Server::new();
    server.organization("acme", "www.example.net").await;
    seed_projects(&server, 250);
    let list = |query: &str| {
        server
            .get(&format!("/v2/orgs/acme/projects{query}"))
            .admin()
            .send()
    };
    list("").await;
    server.world.counts().reset();
    let page = list("?limit=100").await;
    // The token, the page, whose the slugs are, the editions.
    assert_eq!(server.world.counts().port("catalog"), 4);
    let projects = page.json();
    assert_eq!(projects.as_array().unwrap().len(), 100);
    assert!(
        projects
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["default_edition"]["slug"] == "main")
    );
    assert!(
        page.header("link")
            .contains("/v2/orgs/acme/projects?limit=100&cursor=")
    );
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
