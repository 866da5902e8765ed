//! Projects of an organization with their builds and editions: LTD's second API.

mod builds;
mod editions;

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
