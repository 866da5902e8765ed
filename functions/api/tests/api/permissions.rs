use http::StatusCode;
use imprint_domain::access::Permission::{
    self, AdminEdition, AdminProduct, AdminUser, DeprecateBuild, PublishRelease, UploadBuild,
};
use jiff::SignedDuration;
use serde_json::json;

use crate::server::{ADMIN, Answer, Server, basic};

const ALL: [Permission; 6] = [
    AdminUser,
    AdminProduct,
    AdminEdition,
    UploadBuild,
    DeprecateBuild,
    PublishRelease,
];

/// What each mutation needs, by the contract and not by the code, and all that is about users.
const MUTATIONS: &[(&str, &str, Permission)] = &[
    ("POST", "/products/", AdminProduct),
    ("PATCH", "/products/{slug}", AdminProduct),
    ("DELETE", "/products/{slug}", AdminProduct),
    ("POST", "/products/{slug}/restore", AdminProduct),
    ("PUT", "/products/{slug}/slug-rules", AdminProduct),
    ("DELETE", "/products/{slug}/slug-rules", AdminProduct),
    ("POST", "/products/{slug}/slug-rules/preview", AdminProduct),
    ("POST", "/products/{slug}/dashboard", AdminProduct),
    ("POST", "/dashboards", AdminProduct),
    ("POST", "/products/{slug}/builds/", UploadBuild),
    ("PATCH", "/builds/{id}", UploadBuild),
    ("POST", "/builds/{id}/forms", UploadBuild),
    ("DELETE", "/builds/{id}", DeprecateBuild),
    ("POST", "/products/{slug}/editions/", AdminEdition),
    ("PATCH", "/editions/{id}", AdminEdition),
    ("DELETE", "/editions/{id}", AdminEdition),
    ("POST", "/editions/{id}/rollback", AdminEdition),
    ("POST", "/editions/{id}/pin", AdminEdition),
    ("POST", "/editions/{id}/unpin", AdminEdition),
    ("POST", "/editions/{id}/restore", AdminEdition),
    ("GET", "/products/{slug}/retention", AdminProduct),
    ("PUT", "/products/{slug}/retention", AdminProduct),
    ("DELETE", "/products/{slug}/retention", AdminProduct),
    ("GET", "/products/{slug}/retention/preview", AdminProduct),
    (
        "POST",
        "/v3/versions/{train}/{component}/{release}",
        PublishRelease,
    ),
    (
        "POST",
        "/v4/versions/{component}/{train}/{release}",
        PublishRelease,
    ),
    (
        "DELETE",
        "/v4/versions/{component}/{train}/{release}",
        AdminProduct,
    ),
    ("PATCH", "/v4/clusters/{id}", AdminProduct),
    ("DELETE", "/v4/clusters/{id}", AdminProduct),
    ("POST", "/documents", UploadBuild),
    ("PATCH", "/documents/{document}", UploadBuild),
    ("DELETE", "/documents/{document}", UploadBuild),
    ("POST", "/documents/{document}/versions", UploadBuild),
    ("PATCH", "/documents/{document}/versions/{version}", UploadBuild),
    (
        "PUT",
        "/documents/{document}/versions/{version}/content",
        UploadBuild,
    ),
    (
        "PATCH",
        "/documents/{document}/versions/{version}/content",
        UploadBuild,
    ),
    (
        "POST",
        "/documents/{document}/versions/{version}/touch",
        UploadBuild,
    ),
    (
        "POST",
        "/documents/{document}/versions/{version}/images",
        UploadBuild,
    ),
    (
        "DELETE",
        "/documents/{document}/versions/{version}/images/{name}",
        UploadBuild,
    ),
    ("GET", "/v2/dead-letters", AdminUser),
    ("POST", "/v2/dead-letters/{queue}/redrive", AdminUser),
    ("DELETE", "/v2/dead-letters/{queue}/messages/{message}", AdminUser),
    ("GET", "/users/", AdminUser),
    ("POST", "/users/", AdminUser),
    ("GET", "/users/{name}", AdminUser),
    ("PATCH", "/users/{name}", AdminUser),
    ("GET", "/users/{name}/tokens/", AdminUser),
    ("POST", "/users/{name}/tokens/", AdminUser),
    ("DELETE", "/users/{name}/tokens/{id}", AdminUser),
];

/// What installations send, who have no tokens of users, and what only reads.
const FOR_ANYBODY: [&str; 6] = [
    "/v2/clusters/{id}",
    "/v2/versions/latest",
    "/v3/clusters",
    "/v3/doctor/{uuid}",
    "/v3/versions/latest",
    "/v4/versions/latest",
];

fn concrete(path: &str) -> String {
    let path = path.replace("{slug}", "nothing").replace("{id}", "99");
    let path = path.replace("{document}", "99").replace("{version}", "latest");
    let path = path
        .replace("{component}", "nothing")
        .replace("{train}", "stable");
    path.replace("{name}", "nobody").replace("{release}", "1.0")
}

/// D8: half of LTD's API asked for a token and no permission.
#[tokio::test]
async fn d8_every_mutation_asks_for_a_token_and_one_permission() {
    let server = Server::new();
    for permission in ALL {
        server.grant(&format!("imp_{permission:?}"), &[permission]);
        let others: Vec<_> = ALL.into_iter().filter(|other| *other != permission).collect();
        server.grant(&format!("imp_all_but_{permission:?}"), &others);
    }
    for &(method, path, needed) in MUTATIONS {
        let path = concrete(path);
        let call = |authorization: &str| {
            server
                .call(method, &path)
                .header("authorization", authorization)
                .send()
        };
        let anonymous = server.call(method, &path).send().await;
        refused(&anonymous, &path, 401, "please send your authentication token");
        assert_eq!(
            anonymous.header("www-authenticate"),
            r#"Basic realm="Authentication Required""#
        );
        for value in [
            "Basic",
            "Basic ???",
            "Bearer",
            "Bearer ",
            "Digest x",
            "Bearer imp_unknown",
            "\u{fc}",
        ] {
            call(value).await.expect(StatusCode::UNAUTHORIZED);
        }
        let answer = call(&basic(&format!("imp_all_but_{needed:?}"), "")).await;
        refused(&answer, &path, 403, "not authorized");
        for permission in ALL {
            let answer = call(&basic(&format!("imp_{permission:?}"), "")).await;
            let forbidden = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(
                forbidden,
                permission != needed,
                "{method} {path} with {permission:?}: {answer:?}"
            );
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED);
        }
    }
}

/// Checks that an answer is a refusal in the form of its path.
fn refused(answer: &Answer, path: &str, status: u16, message: &str) {
    if path.starts_with("/v3/") || path.starts_with("/v4/") {
        assert_eq!(
            answer.json(),
            json!({"code": status, "message": message}),
            "{path}"
        );
        assert_eq!(answer.status.as_u16(), status);
    } else {
        answer.refused(status, "unauthorized", message);
    }
}

/// D8, from the other side: what the description lists and the router serves is what the table above lists.
#[test]
fn d8_there_is_no_mutation_without_a_permission() {
    let document = serde_json::to_value(imprint_api::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            let secured = operation["security"] == json!([{"token": []}, {"bearer": []}]);
            let is_guarded = method != "GET" && !FOR_ANYBODY.contains(&path.as_str())
                || path.starts_with("/users")
                || path.starts_with("/v2/dead-letters")
                || is_of_role(path)
                || path.contains("/retention");
            assert_eq!(secured, is_guarded, "{method} {path}");
            // What v2 asks for is a role, and has tests of its own. A content is checked for whoever has a token.
            if secured && !is_of_role(path) && path != "/documents/check" {
                found.push((method, path.clone()));
            }
        }
    }
    let listed = MUTATIONS.iter();
    let listed = listed.map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()));
    let mut listed: Vec<(String, String)> = listed.collect();
    listed.sort();
    found.sort();
    assert_eq!(found, listed);
}

fn is_of_role(path: &str) -> bool {
    path.starts_with("/v2/orgs") || path.starts_with("/v2/task")
}

#[tokio::test]
async fn reading_needs_nobody_to_be_known() {
    let server = Server::with_alpha().await;
    server.build(&["main"]).await;
    for path in ["/products/alpha", "/builds/1", "/editions/1"] {
        server.get(path).send().await.expect(StatusCode::OK);
        // A client that sends its token everywhere is served, too, also when it has expired.
        server
            .get(path)
            .token("imp_unknown")
            .send()
            .await
            .expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn authentication_comes_before_permission_before_the_thing_before_its_body() {
    let server = Server::with_alpha().await;
    server.grant("imp_upload", &[UploadBuild]);
    let post = |path: &str| server.post(path);
    let broken = "{\"git_refs\": ";
    post("/products/nothing/builds/")
        .raw(broken)
        .await
        .expect(StatusCode::UNAUTHORIZED);
    post("/products/nothing/editions/")
        .token("imp_upload")
        .raw(broken)
        .await
        .expect(StatusCode::FORBIDDEN);
    for (path, missing) in [
        ("/products/nothing/builds/", "/products/alpha/builds/"),
        ("/products/nothing/editions/", "/products/alpha/editions/"),
    ] {
        post(path)
            .admin()
            .raw(broken)
            .await
            .refused(404, "not found", "invalid resource URI");
        post(missing)
            .admin()
            .raw(broken)
            .await
            .bad("the body is not JSON");
    }
    for (path, there) in [
        ("/builds/9", "/builds/1"),
        ("/editions/9", "/editions/1"),
        ("/products/no", "/products/alpha"),
    ] {
        server.build(&["main"]).await;
        server
            .patch(path)
            .admin()
            .raw(broken)
            .await
            .refused(404, "not found", "invalid resource URI");
        server
            .patch(there)
            .admin()
            .raw(broken)
            .await
            .bad("the body is not JSON");
    }
}

#[tokio::test]
async fn an_expired_token_is_none() {
    let server = Server::with_alpha().await;
    server.world.clock.advance(SignedDuration::from_secs(3599));
    server
        .patch("/products/alpha")
        .token(ADMIN)
        .json(&json!({}))
        .await
        .expect(StatusCode::OK);
    server.world.clock.advance(SignedDuration::from_secs(1));
    server
        .patch("/products/alpha")
        .token(ADMIN)
        .json(&json!({}))
        .await
        .expect(StatusCode::UNAUTHORIZED);
}
