//! The registries of organizations, below a path of their own.

use http::StatusCode;
use imprint_domain::access::{Permission, Products, Role};
use imprint_testing::samples;
use serde_json::{Value, json};

use super::{NOW, doctor};
use crate::server::Server;

const ACME: &str = "/v2/orgs/acme/registry";

/// What each operation needs: of nobody, or a role.
const OPERATIONS: &[(&str, &str, Option<Role>)] = &[
    ("GET", "/v3/versions/beta/alpha/1", None),
    ("POST", "/v3/versions/beta/alpha/1", Some(Role::Uploader)),
    ("GET", "/v3/versions/beta/alpha", None),
    ("POST", "/v3/versions/latest", None),
    ("POST", "/v2/versions/latest", None),
    ("GET", "/v3/clusters/count", None),
    ("GET", "/v3/clusters/age", None),
    ("GET", "/v3/clusters/checkins", None),
    ("GET", "/v3/clusters/persistent", None),
    ("GET", "/v3/clusters/c", None),
    ("POST", "/v3/clusters", None),
    ("POST", "/v2/clusters/c", None),
    ("POST", "/v3/doctor/7e57d004-2b97-4e7a-b45f-5387367791cd", None),
    ("GET", "/v4/versions", None),
    ("GET", "/v4/versions/alpha", None),
    ("GET", "/v4/versions/alpha/beta", None),
    ("GET", "/v4/versions/alpha/beta/1", None),
    ("POST", "/v4/versions/alpha/beta/1", Some(Role::Uploader)),
    ("POST", "/v4/versions/latest", None),
    ("GET", "/v4/clusters", None),
    ("GET", "/v4/clusters/stats", None),
    ("GET", "/v4/clusters/c", None),
    ("PATCH", "/v4/clusters/c", Some(Role::Admin)),
    ("DELETE", "/v4/clusters/c", Some(Role::Admin)),
    ("DELETE", "/v4/versions/alpha/beta/1", Some(Role::Admin)),
];

/// A body that every operation can do something with.
fn body() -> Value {
    json!({"component": {}, "version": {"released": NOW}, "id": "c", "data": [], "labels": [], "workflow": {"id": "c"}})
}

async fn status(server: &Server, method: &str, path: &str, token: &str) -> u16 {
    let call = server.call(method, path);
    let call = if token.is_empty() { call } else { call.token(token) };
    call.json(&body()).await.status.as_u16()
}

#[tokio::test]
async fn each_organization_has_every_operation_of_the_registry() {
    let server = Server::with_acme().await;
    for (token, role) in [
        ("imp_reader", Role::Reader),
        ("imp_uploader", Role::Uploader),
        ("imp_admin_of_acme", Role::Admin),
    ] {
        server.member(token, "acme", role, Products::All);
    }
    server.member(
        "imp_limited",
        "acme",
        Role::Uploader,
        Products::Only([samples::parsed("beta")].into()),
    );
    server.grant(
        "imp_publish",
        &[Permission::PublishRelease, Permission::AdminProduct],
    );
    // So that everything that is read is there, and nothing is deleted before it is.
    let there = |server: Server| async move {
        for path in [
            format!("{ACME}/v3/versions/beta/alpha/1"),
            format!("{ACME}/v3/clusters"),
        ] {
            server
                .post(&path)
                .admin()
                .json(&body())
                .await
                .expect(StatusCode::OK);
        }
        server
    };
    let mut server = there(server).await;
    for (method, path, needed) in OPERATIONS {
        let path = format!("{ACME}{path}");
        let name = format!("{method} {path}");
        let anonymous = status(&server, method, &path, "").await;
        assert_eq!(anonymous, if needed.is_some() { 401 } else { 200 }, "{name}");
        for (token, role) in [
            ("imp_reader", Role::Reader),
            ("imp_uploader", Role::Uploader),
            ("imp_admin_of_acme", Role::Admin),
        ] {
            server = there(server).await;
            let found = status(&server, method, &path, token).await;
            let expected = if needed.is_some_and(|needed| role < needed) {
                403
            } else {
                200
            };
            assert_eq!(found, expected, "{name} {token}");
        }
        if needed.is_some() {
            // Rights in the default organization are none here.
            assert_eq!(status(&server, method, &path, "imp_publish").await, 404, "{name}");
            assert_eq!(status(&server, method, &path, "imp_limited").await, 403, "{name}");
        }
        let unknown = server
            .call(method, &path.replace("acme", "nothing"))
            .admin()
            .json(&body())
            .await;
        assert_eq!(
            (unknown.status.as_u16(), &unknown.json()["code"]),
            (404, &json!(404)),
            "{name}"
        );
        for method in ["HEAD", "OPTIONS", "PUT"] {
            let answer = server.call(method, &path).send().await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
    }
}

#[test]
fn every_operation_of_the_registry_is_tried_here() {
    let document = imprint_api::openapi();
    let mut described = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["tags"][0].as_str().unwrap().starts_with("registry")
                && !["/ping", "/swagger.json"].contains(&path.as_str())
            {
                let path = path
                    .replace("{train}", "beta")
                    .replace("{component}", "alpha")
                    .replace("{release}", "1");
                let path = path
                    .replace("{id}", "c")
                    .replace("{uuid}", "7e57d004-2b97-4e7a-b45f-5387367791cd");
                described.push((method.to_uppercase(), path));
            }
        }
    }
    let tried = OPERATIONS
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()));
    let doctor = (
        "GET".to_owned(),
        "/v3/doctor/7e57d004-2b97-4e7a-b45f-5387367791cd".to_owned(),
    );
    let mut tried: Vec<_> = tried.chain([doctor]).collect();
    tried.sort();
    described.sort();
    assert_eq!(described, tried);
}

#[tokio::test]
async fn organizations_know_nothing_of_each_other() {
    let server = Server::with_acme().await;
    let body = body();
    server
        .post(&format!("{ACME}/v3/versions/beta/alpha/1"))
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::OK);
    server
        .post(&format!("{ACME}/v3/clusters"))
        .json(&body)
        .await
        .expect(StatusCode::OK);
    let report = "/v3/doctor/7e57d004-2b97-4e7a-b45f-5387367791cd";
    server
        .post(&format!("{ACME}{report}"))
        .json(&body)
        .await
        .expect(StatusCode::OK);
    for path in [
        "/v3/versions/beta/alpha/1",
        "/v3/versions/beta/alpha/latest",
        "/v3/clusters/c",
    ] {
        assert_eq!(server.get(path).send().await.status, 404, "{path}");
        server
            .get(&format!("{ACME}{path}"))
            .send()
            .await
            .expect(StatusCode::OK);
    }
    assert_eq!(doctor(server.get(report)).send().await.status, 404);
    doctor(server.get(&format!("{ACME}{report}")))
        .send()
        .await
        .expect(StatusCode::OK);
    assert_eq!(server.get("/v3/clusters/count").send().await.json(), json!(0));
    assert_eq!(
        server
            .get(&format!("{ACME}/v3/clusters/count"))
            .send()
            .await
            .json(),
        json!(1)
    );
    // The default one has its registry there, too.
    let own = server
        .get("/v2/orgs/default/registry/v3/clusters/count")
        .send()
        .await;
    assert_eq!(own.expect(StatusCode::OK).json(), json!(0));
}
