//! Retention over HTTP. What ends and what is deleted is tested below the API.

use http::StatusCode;
use imprint_domain::access::Permission;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::server::{Answer, Server};

const RULES: &str = "/products/alpha/retention";
const PREVIEW: &str = "/products/alpha/retention/preview";

async fn put(server: &Server, rules: Value) -> Answer {
    server.call("PUT", RULES).admin().json(&rules).await
}

#[tokio::test]
async fn a_product_has_its_organizations_rules_until_it_has_its_own() {
    let server = Server::with_alpha().await;
    let read = server.get(RULES).admin().send().await.expect(StatusCode::OK);
    let mut rules = json!({
        "self_url": "https://keeper.example.org/products/alpha/retention",
        "product_url": "https://keeper.example.org/products/alpha",
        "preview_url": "https://keeper.example.org/products/alpha/retention/preview",
        "rules_of": "organization",
        "end_drafts_after_days": null, "delete_unreferenced_builds_after_days": null, "keep_newest_builds": 10,
        "delete_never_uploaded_after_days": 7, "delete_ended_after_days": 30,
        "history_protects_days": null, "history_protects_moves": null,
        "use_protects_days": 90, "unverified_use_protects": false,
    });
    assert_eq!(read.json(), rules);
    let own = json!({"end_drafts_after_days": 60, "delete_never_uploaded_after_days": null});
    let changed = put(&server, own.clone()).await.expect(StatusCode::OK);
    rules["rules_of"] = json!("product");
    rules["end_drafts_after_days"] = json!(60);
    rules["delete_never_uploaded_after_days"] = json!(null);
    assert_eq!(changed.json(), rules);
    let again = put(&server, own).await.expect(StatusCode::OK);
    assert_eq!(again.bytes, changed.bytes);
    let back = server.delete(RULES).admin().send().await.expect(StatusCode::OK);
    assert_eq!(back.bytes, read.bytes);
}

#[tokio::test]
async fn rules_that_nobody_can_mean_are_refused_and_change_nothing() {
    let server = Server::with_alpha().await;
    for (rules, message) in [
        (json!({"end_drafts_after_days": 0}), "0 is not a number of days"),
        (json!({"end_drafts_after_days": "30"}), "Invalid Retention"),
        (json!({"end_drafts_after_days": -1}), "Invalid Retention"),
        (
            json!({"delete_ended_after_days": 7}),
            "delete_ended_after_days: a deletion can be undone for 30 days",
        ),
        (json!({"delete_never_uploaded_after_days": 1}), "at least 2 days"),
        (json!({"keep_newest_builds": null}), "Invalid Retention"),
        (json!({"end_draft_after_days": 30}), "end_draft_after_days"),
        (json!([]), "the body must be a JSON object"),
    ] {
        put(&server, rules).await.bad(message);
    }
    let read = server.get(RULES).admin().send().await.json();
    assert_eq!(read["rules_of"], "organization");
    let nowhere = server
        .call("PUT", "/products/beta/retention")
        .admin()
        .json(&json!({}))
        .await;
    nowhere.refused(404, "not found", "invalid resource URI");
}

#[tokio::test]
async fn the_preview_names_each_effect_and_does_nothing() {
    let server = Server::with_alpha().await;
    server.build(&["main"]).await;
    let empty = server
        .get(PREVIEW)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!((&empty["effects"], &empty["unknown"]), (&json!([]), &json!(null)));
    put(&server, json!({"delete_never_uploaded_after_days": 2}))
        .await
        .expect(StatusCode::OK);
    // Within the life of the token that asks.
    server.world.clock.advance(SignedDuration::from_mins(50));
    let build = server.world.catalog.all_builds().remove(0);
    let old = imprint_domain::build::Build {
        created_at: build.created_at - SignedDuration::from_hours(48),
        ..build
    };
    server
        .world
        .catalog
        .seed(vec![imprint_app::ports::Change::UpdateBuild(old)]);
    for _ in 0..2 {
        let preview = server
            .get(PREVIEW)
            .admin()
            .send()
            .await
            .expect(StatusCode::OK)
            .json();
        assert_eq!(
            preview["effects"],
            json!([{
                "effect": "mark_build", "url": "https://keeper.example.org/builds/1", "slug": "1",
                "reason": "build 1 was registered at 2025-12-30T12:00:00Z, more than 2 days ago, and never uploaded",
            }])
        );
        assert_eq!(preview["rules"]["delete_never_uploaded_after_days"], 2);
    }
    assert_eq!(server.world.catalog.all_builds()[0].doom, None);
}

#[tokio::test]
async fn retention_is_for_those_who_administer_products() {
    let server = Server::with_alpha().await;
    server.grant(
        "imp_editor",
        &[Permission::AdminEdition, Permission::DeprecateBuild],
    );
    for (method, path) in [
        ("GET", RULES),
        ("PUT", RULES),
        ("DELETE", RULES),
        ("GET", PREVIEW),
    ] {
        let refused = server
            .call(method, path)
            .token("imp_editor")
            .json(&json!({}))
            .await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{method} {path}");
        let refused = server.call(method, path).json(&json!({})).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}
