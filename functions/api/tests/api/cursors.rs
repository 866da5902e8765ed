//! Cursors are of callers: made up, taken from other lists, or from lists of another organization.

use http::StatusCode;
use imprint_domain::access::{Products, Role};

use crate::server::Server;

/// `acme` and `other` with three projects each, and an administrator of each.
async fn stage() -> Server {
    let server = Server::with_acme().await;
    server.organization("other", "www.example.com").await;
    for (org, slugs) in [("acme", ["beta", "gamma"]), ("other", ["delta", "epsilon"])] {
        for slug in slugs {
            server.project(org, slug).await;
        }
        server.member(&format!("imp_{org}"), org, Role::Admin, Products::All);
    }
    server
}

fn next(link: &str) -> String {
    let (_, cursor) = link.split_once("cursor=").unwrap();
    cursor.split(['&', '>']).next().unwrap().to_owned()
}

#[tokio::test]
async fn a_cursor_of_another_organization_leads_to_nothing_of_it() {
    let server = stage().await;
    let list = async |org: &str, cursor: &str| {
        let path = format!("/v2/orgs/{org}/projects?limit=1&cursor={cursor}");
        server.get(&path).token(&format!("imp_{org}")).send().await
    };
    let first = server
        .get("/v2/orgs/acme/projects?limit=1")
        .token("imp_acme")
        .send()
        .await;
    let cursor = next(first.header("link"));
    let own = list("acme", &cursor).await.expect(StatusCode::OK);
    assert!(String::from_utf8_lossy(&own.bytes).contains("/v2/orgs/acme/projects/"));
    let foreign = list("other", &cursor).await;
    // A store may know that it never handed it out for this list.
    assert!([200, 400].contains(&foreign.status.as_u16()));
    let text = String::from_utf8_lossy(&foreign.bytes).into_owned();
    assert!(
        !text.contains("acme") && !text.contains("alpha") && !text.contains("beta"),
        "{text}"
    );
    // With the cursor of one, the list of the other is still for its own people.
    let stolen = server
        .get(&format!("/v2/orgs/acme/projects?cursor={cursor}"))
        .token("imp_other")
        .send()
        .await;
    stolen.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_made_up_cursor_is_the_callers_mistake() {
    let server = stage().await;
    server.build(&["main"]).await;
    let long = "A".repeat(4_000);
    for path in [
        "/products/",
        "/products/alpha/builds/",
        "/products/alpha/editions/",
        "/editions/1/history",
        "/users/",
        "/documents",
        "/v2/orgs",
        "/v2/orgs/acme/projects",
        "/v2/orgs/acme/members",
        "/v4/versions",
        "/v4/clusters",
    ] {
        for cursor in ["x", "%00", "..%2f..", "UFJPRFVDVA", "' OR 1=1", &long] {
            let cursor = cursor.replace(' ', "%20");
            let answer = server
                .get(&format!("{path}?limit=1&cursor={cursor}"))
                .admin()
                .send()
                .await;
            let text = String::from_utf8_lossy(&answer.bytes).into_owned();
            // Lists that are read as a whole take any place in their order.
            let is_fine = [400, 422, 200].contains(&answer.status.as_u16());
            assert!(is_fine, "{path} {cursor}: {} {text}", answer.status);
            assert!(text.len() < 4_000, "{path}: the cursor is not repeated");
        }
    }
}
