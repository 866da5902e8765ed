//! The rules of organizations other than the default one, and of their projects. What each rule means is tested with v1.

use http::StatusCode;
use imprint_app::ports::Change;
use imprint_domain::access::{Products, Role};
use imprint_domain::build::Build;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::server::{HOST, Server};

const ORGANIZATIONS: [&str; 2] = ["acme", "other"];

/// Three organizations with a project `alpha` each.
async fn stage() -> Server {
    let server = Server::with_acme().await;
    server.organization("other", "www.example.com").await;
    server.project("other", "alpha").await;
    server
}

async fn read(server: &Server, path: &str) -> Value {
    let answer = server.get(path).admin().send().await;
    answer.expect(StatusCode::OK).json()
}

async fn put(server: &Server, path: &str, body: &Value) -> Value {
    let answer = server.put(path).admin().json(body).await;
    answer.expect(StatusCode::OK).json()
}

async fn delete(server: &Server, path: &str) -> Value {
    let answer = server.delete(path).admin().send().await;
    answer.expect(StatusCode::OK).json()
}

#[tokio::test]
async fn a_project_of_any_organization_has_slug_rules_of_its_own() {
    let server = stage().await;
    let first = read(&server, "/products/alpha/slug-rules").await;
    for org in ORGANIZATIONS {
        let url = format!("/v2/orgs/{org}/projects/alpha");
        let path = format!("{url}/slug-rules");
        let before = read(&server, &path).await;
        assert_eq!(before["is_own"], false);
        assert_eq!(before["self_url"], format!("https://{HOST}{path}"));
        assert_eq!(before["product_url"], format!("https://{HOST}{url}"));
        // Another rule in each, so that one in the wrong place would be seen.
        let own = json!({"rules": [{"type": "prefix_strip", "prefix": format!("{org}/")}]});
        let changed = put(&server, &path, &own).await;
        assert_eq!(
            (&changed["rules"], &changed["is_own"]),
            (&own["rules"], &true.into())
        );
        assert_eq!(read(&server, &path).await, changed);
    }
    assert_eq!(read(&server, "/products/alpha/slug-rules").await, first);
    for org in ORGANIZATIONS {
        let path = format!("/v2/orgs/{org}/projects/alpha/slug-rules");
        let read_again = read(&server, &path).await;
        assert_eq!(read_again["rules"][0]["prefix"], format!("{org}/"));
        let back = delete(&server, &path).await;
        assert_eq!(
            (&back["rules"], &back["is_own"]),
            (&first["rules"], &false.into())
        );
        let path = format!("/v2/orgs/{org}/projects/nothing/slug-rules");
        for method in ["GET", "PUT", "DELETE"] {
            let answer = server.call(method, &path).admin().json(&json!({})).await;
            answer.refused(404, "not found", "invalid resource URI");
        }
    }
}

#[tokio::test]
async fn a_preview_names_the_editions_of_a_project_by_their_slugs() {
    let server = stage().await;
    for org in ORGANIZATIONS {
        let url = format!("/v2/orgs/{org}/projects/alpha");
        let path = format!("{url}/slug-rules/preview");
        let rules = json!([{"type": "prefix_strip", "prefix": "x/"}]);
        let asked = json!({"git_refs": ["main", "x/y", "x/main"], "rules": rules});
        let answer = server.post(&path).admin().json(&asked).await;
        let previews = answer.expect(StatusCode::OK).json();
        let main = format!("https://{HOST}{url}/editions/main");
        let feeds = &previews["previews"][0]["feeds"];
        assert_eq!(
            feeds,
            &json!([{"slug": "main", "edition_url": main, "effect": "moves"}])
        );
        assert_eq!(
            read(&server, main.strip_prefix(&format!("https://{HOST}")).unwrap()).await["slug"],
            "main"
        );
        assert_eq!(previews["previews"][1]["creates"][0]["slug"], "y");
        assert_eq!(previews["previews"][2]["without"]["edition_url"], main);
        server
            .post(&path)
            .admin()
            .json(&json!({}))
            .await
            .bad("missing git_refs");
        let nowhere = format!("/v2/orgs/{org}/projects/nothing/slug-rules/preview");
        let answer = server.post(&nowhere).admin().json(&json!({})).await;
        answer.refused(404, "not found", "invalid resource URI");
    }
}

#[tokio::test]
async fn an_organizations_retention_is_its_projects_until_they_have_their_own() {
    let server = stage().await;
    let first = read(&server, "/products/alpha/retention").await;
    for (org, days) in ORGANIZATIONS.into_iter().zip([40, 50]) {
        let path = format!("/v2/orgs/{org}/retention");
        let before = json!({
            "self_url": format!("https://{HOST}{path}"), "organization_url": format!("https://{HOST}/v2/orgs/{org}"),
            "end_drafts_after_days": null, "delete_unreferenced_builds_after_days": null, "keep_newest_builds": 10,
            "delete_never_uploaded_after_days": 7, "delete_ended_after_days": 30,
            "history_protects_days": null, "history_protects_moves": null,
            "use_protects_days": 90, "unverified_use_protects": false,
        });
        assert_eq!(read(&server, &path).await, before);
        let rules = json!({"end_drafts_after_days": days});
        let changed = put(&server, &path, &rules).await;
        assert_eq!(changed["end_drafts_after_days"], days);
        assert_eq!(put(&server, &path, &rules).await, changed);
        assert_eq!(read(&server, &path).await, changed);
        let wrong = server
            .put(&path)
            .admin()
            .json(&json!({"end_drafts_after_days": 0}))
            .await;
        wrong.bad("0 is not a number of days");
        assert_eq!(read(&server, &path).await, changed);
    }
    for (org, days) in ORGANIZATIONS.into_iter().zip([40, 50]) {
        let url = format!("/v2/orgs/{org}/projects/alpha");
        let path = format!("{url}/retention");
        let before = read(&server, &path).await;
        assert_eq!(
            (&before["rules_of"], &before["end_drafts_after_days"]),
            (&json!("organization"), &days.into())
        );
        assert_eq!(before["self_url"], format!("https://{HOST}{path}"));
        assert_eq!(before["product_url"], format!("https://{HOST}{url}"));
        assert_eq!(before["preview_url"], format!("https://{HOST}{path}/preview"));
        let own = put(&server, &path, &json!({"end_drafts_after_days": days + 5})).await;
        assert_eq!(
            (&own["rules_of"], &own["end_drafts_after_days"]),
            (&json!("product"), &(days + 5).into())
        );
        assert_eq!(read(&server, &path).await, own);
        assert_eq!(delete(&server, &path).await, before);
        for method in ["GET", "PUT", "DELETE"] {
            let path = format!("/v2/orgs/{org}/projects/nothing/retention");
            let answer = server.call(method, &path).admin().json(&json!({})).await;
            answer.refused(404, "not found", "invalid resource URI");
        }
    }
    assert_eq!(read(&server, "/products/alpha/retention").await, first);
}

#[tokio::test]
async fn a_preview_of_retention_names_what_would_go_by_its_slug() {
    let server = stage().await;
    for org in ORGANIZATIONS {
        let path = format!("/v2/orgs/{org}/projects/alpha/builds");
        let body = json!({"git_ref": "main"});
        let made = server.post(&path).admin().json(&body).await;
        made.expect(StatusCode::CREATED);
        put(
            &server,
            &format!("/v2/orgs/{org}/retention"),
            &json!({"delete_never_uploaded_after_days": 2}),
        )
        .await;
    }
    for build in server.world.catalog.all_builds() {
        let created_at = build.created_at - SignedDuration::from_hours(49);
        let old = Build { created_at, ..build };
        server.world.catalog.seed(vec![Change::UpdateBuild(old)]);
    }
    for org in ORGANIZATIONS {
        let url = format!("/v2/orgs/{org}/projects/alpha");
        let preview = read(&server, &format!("{url}/retention/preview")).await;
        assert_eq!(preview["product_url"], format!("https://{HOST}{url}"));
        let effect = &preview["effects"][0];
        assert_eq!(
            (&effect["effect"], &effect["slug"]),
            (&json!("mark_build"), &json!("1"))
        );
        assert_eq!(effect["url"], format!("https://{HOST}{url}/builds/1"));
        assert_eq!(read(&server, &format!("{url}/builds/1")).await["slug"], "1");
        let nowhere = format!("/v2/orgs/{org}/projects/nothing/retention/preview");
        let answer = server.get(&nowhere).admin().send().await;
        answer.refused(404, "not found", "invalid resource URI");
    }
    assert!(
        server
            .world
            .catalog
            .all_builds()
            .iter()
            .all(|build| build.doom.is_none())
    );
}

#[tokio::test]
async fn all_pages_of_an_organization_are_written_anew_with_a_task_to_watch() {
    let server = stage().await;
    for org in ORGANIZATIONS {
        server.member(&format!("imp_{org}"), org, Role::Reader, Products::All);
    }
    for org in ORGANIZATIONS {
        let answer = server
            .post(&format!("/v2/orgs/{org}/dashboards"))
            .admin()
            .send()
            .await;
        let body = answer.expect(StatusCode::ACCEPTED).json();
        let url = body["task_url"].as_str().unwrap();
        assert_eq!(body, json!({ "task_url": url }));
        let path = url.strip_prefix(&format!("https://{HOST}")).unwrap();
        assert!(path.starts_with("/v2/task/"), "{path}");
        let task = read(&server, path).await;
        assert_eq!(task["status"], "PENDING");
        let pages = json!({"state": "wanted", "date": null, "done": 0, "total": 1, "failure": null});
        assert_eq!(task["metadata"]["pages"], pages);
        for member in ORGANIZATIONS {
            let answer = server.get(path).token(&format!("imp_{member}")).send().await;
            let expected = if member == org {
                StatusCode::OK
            } else {
                StatusCode::NOT_FOUND
            };
            answer.expect(expected);
        }
    }
}
