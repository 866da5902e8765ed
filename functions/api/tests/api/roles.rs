//! Who may do what in an organization, over every operation of v2.

use http::StatusCode;
use imprint_domain::access::Permission::{AdminEdition, AdminProduct, DeprecateBuild, UploadBuild};
use imprint_domain::access::{Products, Role};
use imprint_testing::samples;
use serde_json::{Value, json};

use crate::server::{ADMIN, Server, number, path_of};
use crate::users::create as create_user;

/// The least role that each operation within an organization needs, by the contract and not by the code. Members come
/// last, so that they are there until then.
const OPERATIONS: [(&str, &str, Role); 55] = [
    ("GET", "/v2/orgs/{org}", Role::Reader),
    ("PATCH", "/v2/orgs/{org}", Role::Admin),
    ("GET", "/v2/orgs/{org}/slug-rules", Role::Reader),
    ("PUT", "/v2/orgs/{org}/slug-rules", Role::Admin),
    ("GET", "/v2/orgs/{org}/retention", Role::Reader),
    ("PUT", "/v2/orgs/{org}/retention", Role::Admin),
    ("POST", "/v2/orgs/{org}/dashboards", Role::Admin),
    ("PUT", "/v2/orgs/{org}/dashboard-template", Role::Admin),
    ("DELETE", "/v2/orgs/{org}/dashboard-template", Role::Admin),
    ("GET", "/v2/orgs/{org}/webhooks", Role::Admin),
    ("POST", "/v2/orgs/{org}/webhooks", Role::Admin),
    ("GET", "/v2/orgs/{org}/webhooks/{webhook}", Role::Admin),
    ("PATCH", "/v2/orgs/{org}/webhooks/{webhook}", Role::Admin),
    ("DELETE", "/v2/orgs/{org}/webhooks/{webhook}", Role::Admin),
    ("POST", "/v2/orgs/{org}/webhooks/{webhook}/rotate", Role::Admin),
    ("POST", "/v2/orgs/{org}/webhooks/{webhook}/ping", Role::Admin),
    ("GET", "/v2/orgs/{org}/webhooks/{webhook}/deliveries", Role::Admin),
    (
        "GET",
        "/v2/orgs/{org}/webhooks/{webhook}/deliveries/{delivery}",
        Role::Admin,
    ),
    (
        "POST",
        "/v2/orgs/{org}/webhooks/{webhook}/deliveries/{delivery}/replay",
        Role::Admin,
    ),
    ("GET", "/v2/orgs/{org}/projects", Role::Reader),
    ("POST", "/v2/orgs/{org}/projects", Role::Admin),
    ("GET", "/v2/orgs/{org}/projects/{project}", Role::Reader),
    ("PATCH", "/v2/orgs/{org}/projects/{project}", Role::Admin),
    ("DELETE", "/v2/orgs/{org}/projects/{project}", Role::Admin),
    ("POST", "/v2/orgs/{org}/projects/{project}/restore", Role::Admin),
    ("POST", "/v2/orgs/{org}/projects/{project}/dashboard", Role::Admin),
    (
        "GET",
        "/v2/orgs/{org}/projects/{project}/slug-rules",
        Role::Reader,
    ),
    ("PUT", "/v2/orgs/{org}/projects/{project}/slug-rules", Role::Admin),
    (
        "DELETE",
        "/v2/orgs/{org}/projects/{project}/slug-rules",
        Role::Admin,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/slug-rules/preview",
        Role::Admin,
    ),
    ("GET", "/v2/orgs/{org}/projects/{project}/retention", Role::Reader),
    ("PUT", "/v2/orgs/{org}/projects/{project}/retention", Role::Admin),
    (
        "DELETE",
        "/v2/orgs/{org}/projects/{project}/retention",
        Role::Admin,
    ),
    (
        "GET",
        "/v2/orgs/{org}/projects/{project}/retention/preview",
        Role::Admin,
    ),
    ("GET", "/v2/orgs/{org}/projects/{project}/builds", Role::Reader),
    ("POST", "/v2/orgs/{org}/projects/{project}/builds", Role::Uploader),
    (
        "GET",
        "/v2/orgs/{org}/projects/{project}/builds/{build}",
        Role::Reader,
    ),
    (
        "PATCH",
        "/v2/orgs/{org}/projects/{project}/builds/{build}",
        Role::Uploader,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/builds/{build}/forms",
        Role::Uploader,
    ),
    (
        "DELETE",
        "/v2/orgs/{org}/projects/{project}/builds/{build}",
        Role::Admin,
    ),
    (
        "GET",
        "/v2/orgs/{org}/projects/{project}/builds/{a}/diff/{b}",
        Role::Reader,
    ),
    ("GET", "/v2/orgs/{org}/projects/{project}/editions", Role::Reader),
    ("POST", "/v2/orgs/{org}/projects/{project}/editions", Role::Admin),
    (
        "GET",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        Role::Reader,
    ),
    (
        "PATCH",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        Role::Admin,
    ),
    (
        "GET",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/history",
        Role::Reader,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/rollback",
        Role::Admin,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/pin",
        Role::Admin,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/unpin",
        Role::Admin,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/restore",
        Role::Admin,
    ),
    (
        "DELETE",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        Role::Admin,
    ),
    ("GET", "/v2/orgs/{org}/registry", Role::Reader),
    ("GET", "/v2/orgs/{org}/members", Role::Reader),
    ("GET", "/v2/orgs/{org}/members/{user}", Role::Reader),
    ("PUT", "/v2/orgs/{org}/members/{user}", Role::Admin),
];

/// What is about no single organization, and what would end the membership that the others look at.
const OTHERS: [(&str, &str); 4] = [
    ("GET", "/v2/orgs"),
    ("POST", "/v2/orgs"),
    ("DELETE", "/v2/orgs/{org}/members/{user}"),
    ("GET", "/v2/task/{id}"),
];

/// Of what is not on the stage: who may is told that it is not there.
const NO_ID: &str = "00000000000000000000000000000000";

fn concrete(path: &str, org: &str, project: &str) -> String {
    let path = path.replace("{org}", org).replace("{project}", project);
    let path = path.replace("{build}", "1").replace("{edition}", "main");
    let path = path.replace("{a}", "1").replace("{b}", "1");
    let path = path.replace("{webhook}", NO_ID).replace("{delivery}", NO_ID);
    path.replace("{user}", "ci")
}

/// `acme` with two projects of a build each, a member, and tokens.
async fn stage() -> Server {
    let server = Server::with_acme().await;
    server.organization("other", "www.example.com").await;
    server.project("acme", "beta").await;
    create_user(&server, "ci", json!([])).await;
    let role = json!({"role": "reader"});
    let put = server.put("/v2/orgs/acme/members/ci").admin().json(&role).await;
    put.expect(StatusCode::OK);
    for project in ["alpha", "beta"] {
        register(&server, "acme", project, ADMIN)
            .await
            .expect(StatusCode::CREATED);
    }
    for role in Role::ALL {
        server.member(&format!("imp_acme_{}", role.name()), "acme", role, Products::All);
    }
    server.member("imp_other", "other", Role::Admin, Products::All);
    let alpha = Products::Only([samples::parsed("alpha")].into());
    server.member("imp_limited", "acme", Role::Admin, alpha);
    server.grant(
        "imp_default",
        &[AdminProduct, AdminEdition, UploadBuild, DeprecateBuild],
    );
    server
}

async fn register(server: &Server, org: &str, project: &str, token: &str) -> crate::server::Answer {
    let path = format!("/v2/orgs/{org}/projects/{project}/builds");
    server
        .post(&path)
        .token(token)
        .json(&json!({"git_ref": "main"}))
        .await
}

async fn status(server: &Server, method: &str, path: &str, token: &str) -> u16 {
    let answer = server.call(method, path).token(token).send().await;
    answer.status.as_u16()
}

#[test]
fn every_operation_of_v2_is_tried_here() {
    let document = imprint_api::openapi();
    let mut described = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item
            .as_object()
            .unwrap()
            .keys()
            .filter(|_| path.starts_with("/v2/orgs") || path.starts_with("/v2/task"))
        {
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    let tried = OPERATIONS.map(|(method, path, _)| (method, path));
    let tried = tried.into_iter().chain(OTHERS);
    let mut tried: Vec<_> = tried
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    described.sort();
    tried.sort();
    assert_eq!(described, tried);
}

#[tokio::test]
async fn each_operation_is_for_those_whose_role_includes_it_and_hidden_from_strangers() {
    let server = stage().await;
    for (method, path, needed) in OPERATIONS {
        let path = concrete(path, "acme", "alpha");
        let anonymous = server.call(method, &path).send().await;
        anonymous.refused(401, "unauthorized", "please send your authentication token");
        assert_eq!(status(&server, method, &path, "imp_unknown").await, 401);
        for stranger in ["imp_other", "imp_default"] {
            let answer = server.call(method, &path).token(stranger).send().await;
            answer.refused(404, "not found", "invalid resource URI");
        }
        for role in Role::ALL {
            let status = status(&server, method, &path, &format!("imp_acme_{}", role.name())).await;
            let who = format!("{method} {path} by {}", role.name());
            assert_eq!(status == 403, role < needed, "{who}: {status}");
            let hidden = status == 401 || status == 404 && !path.contains(NO_ID);
            assert!(!hidden, "{who}: {status}");
        }
        // Whoever manages the installation could become a member, and need not.
        let status = status(&server, method, &path, ADMIN).await;
        let refused = [401, 403].contains(&status) || status == 404 && !path.contains(NO_ID);
        assert!(!refused, "{method} {path}: {status}");
    }
    let path = "/v2/orgs/acme/members/ci";
    for (token, expected) in [
        ("imp_other", 404),
        ("imp_acme_uploader", 403),
        ("imp_acme_admin", 200),
    ] {
        assert_eq!(status(&server, "DELETE", path, token).await, expected, "{token}");
    }
    // An administrator of an organization is nobody to the installation.
    for (method, path) in [
        ("POST", "/v2/orgs"),
        ("GET", "/users/"),
        ("POST", "/products/"),
        ("PATCH", "/products/alpha"),
    ] {
        assert_eq!(
            status(&server, method, path, "imp_other").await,
            403,
            "{method} {path}"
        );
    }
}

/// An organization that is not there looks like one of others.
#[tokio::test]
async fn nobody_learns_which_organizations_there_are() {
    let server = stage().await;
    for (method, path, _) in OPERATIONS {
        for org in ["acme", "nothing", "NOT-A-SLUG%20"] {
            let answer = server
                .call(method, &concrete(path, org, "alpha"))
                .token("imp_other")
                .send()
                .await;
            answer.refused(404, "not found", "invalid resource URI");
        }
        let answer = server
            .call(method, &concrete(path, "nothing", "alpha"))
            .admin()
            .send()
            .await;
        answer.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_token_for_one_project_is_refused_by_every_other_and_by_the_organization() {
    let server = stage().await;
    for (method, path, _) in OPERATIONS {
        let is_of_project = path.contains("{project}");
        let elsewhere = status(&server, method, &concrete(path, "acme", "beta"), "imp_limited").await;
        assert_eq!(elsewhere, 403, "{method} {path}");
        let own = status(&server, method, &concrete(path, "acme", "alpha"), "imp_limited").await;
        assert_eq!(own == 403, !is_of_project, "{method} {path}: {own}");
        // A project of the same name in another organization is another project.
        let foreign = status(
            &server,
            method,
            &concrete(path, "default", "alpha"),
            "imp_limited",
        )
        .await;
        assert_eq!(foreign, 404, "{method} {path}");
    }
}

#[tokio::test]
async fn ltds_permissions_are_good_for_v2_of_the_default_organization() {
    let server = stage().await;
    server.build(&["main"]).await;
    server.grant("imp_upload", &[UploadBuild]);
    server.grant("imp_edition", &[AdminEdition]);
    let base = "/v2/orgs/default/projects/alpha";
    let built = register(&server, "default", "alpha", "imp_upload")
        .await
        .expect(StatusCode::CREATED)
        .json();
    assert_eq!(built["bucket_prefix"], "alpha/builds/2");
    for (method, path, token, expected) in [
        ("GET", base.to_owned(), "imp_upload", 200),
        ("GET", format!("{base}/editions"), "imp_edition", 200),
        ("POST", format!("{base}/builds"), "imp_edition", 403),
        ("PATCH", base.to_owned(), "imp_upload", 403),
        ("DELETE", format!("{base}/builds/1"), "imp_upload", 403),
        ("POST", format!("{base}/editions/main/unpin"), "imp_upload", 403),
        ("POST", format!("{base}/editions/main/unpin"), "imp_edition", 202),
        ("DELETE", format!("{base}/builds/1"), "imp_default", 200),
        ("GET", base.to_owned(), "imp_acme_reader", 404),
    ] {
        assert_eq!(
            status(&server, method, &path, token).await,
            expected,
            "{method} {path} {token}"
        );
    }
    // The same build by both names.
    let first = server.get("/builds/1").send().await;
    assert_eq!(first.status, 404);
    let own = server.world.catalog.all_builds();
    let own = own.iter().find(|build| build.organization.is_default()).unwrap();
    let first = server.get(&format!("/builds/{}", own.id)).send().await.json();
    assert!(first["date_ended"].is_string());
}

/// Numbers are given to the builds and editions of all organizations.
#[tokio::test]
async fn what_belongs_to_another_organization_has_no_number_in_v1() {
    let server = stage().await;
    server.uploaded(&["main"]).await;
    let builds = server.world.catalog.all_builds();
    let foreign = builds.iter().filter(|build| !build.organization.is_default());
    let foreign: Vec<u64> = foreign.map(|build| build.id.0).collect();
    assert_eq!(foreign.len(), 2);
    let editions = server.world.catalog.all_editions();
    let foreign_editions = editions
        .iter()
        .filter(|edition| !edition.organization.is_default());
    let foreign_editions: Vec<u64> = foreign_editions.map(|edition| edition.id.0).collect();
    let limited = imprint_domain::access::Token {
        products: Products::Only([samples::parsed("alpha")].into()),
        ..samples::token(
            &hex::encode(<sha2::Sha256 as sha2::Digest>::digest("imp_alpha")),
            "somebody",
        )
    };
    server
        .world
        .catalog
        .seed(vec![imprint_app::ports::Change::CreateToken(limited)]);
    for token in [ADMIN, "imp_alpha"] {
        for id in &foreign {
            for (method, action) in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/forms")] {
                let path = format!("/builds/{id}{action}");
                assert_eq!(
                    status(&server, method, &path, token).await,
                    404,
                    "{method} {path} {token}"
                );
            }
        }
        for id in &foreign_editions {
            for (method, action) in [
                ("GET", ""),
                ("PATCH", ""),
                ("DELETE", ""),
                ("GET", "/history"),
                ("POST", "/rollback"),
                ("POST", "/pin"),
                ("POST", "/unpin"),
                ("POST", "/restore"),
            ] {
                let path = format!("/editions/{id}{action}");
                assert_eq!(
                    status(&server, method, &path, token).await,
                    404,
                    "{method} {path} {token}"
                );
            }
        }
    }
    // Nor can an edition be made to show it.
    let body = json!({"build_url": format!("/builds/{}", foreign[0])});
    server
        .patch("/editions/1")
        .admin()
        .json(&body)
        .await
        .bad("is not one of product");
    let listed = server.get("/products/?expand=1").send().await.json();
    assert_eq!(listed["products"].as_array().unwrap().len(), 1);
    let listed = server.get("/products/alpha/builds/").send().await.json();
    assert_eq!(listed["builds"].as_array().unwrap().len(), 1);
    assert!(!foreign.contains(&number(&listed["builds"][0])));
    for build in server.world.catalog.all_builds() {
        assert_eq!(build.ended_at(), None);
    }
}

#[tokio::test]
async fn a_task_is_there_for_those_who_have_a_role_in_its_organization() {
    let server = stage().await;
    let confirm = |org: &str| {
        let path = format!("/v2/orgs/{org}/projects/alpha/builds/1");
        let call = server.patch(&path).admin();
        async move {
            let answer = call.json(&json!({"uploaded": true})).await;
            path_of(&answer.expect(StatusCode::ACCEPTED).json()["task_url"])
        }
    };
    let task = confirm("acme").await;
    let read = |token: &str| server.get(&task).token(token).send();
    let found = read("imp_acme_reader").await.expect(StatusCode::OK).json();
    assert_eq!(path_of(&found["self_url"]), task);
    assert_eq!(found["status"], "PENDING");
    let details = &found["metadata"];
    assert_eq!(path_of(&details["product_url"]), "/v2/orgs/acme/projects/alpha");
    assert_eq!(
        path_of(&details["build_url"]),
        "/v2/orgs/acme/projects/alpha/builds/1"
    );
    read("imp_limited").await.expect(StatusCode::OK);
    for stranger in ["imp_other", "imp_default"] {
        read(stranger)
            .await
            .refused(404, "not found", "invalid resource URI");
    }
    let anonymous = server.get(&task).send().await;
    anonymous.expect(StatusCode::UNAUTHORIZED);
    let first = task.replace("/v2/task/", "/queue/");
    server.get(&first).send().await.expect(StatusCode::NOT_FOUND);
    server
        .get("/v2/task/x")
        .admin()
        .send()
        .await
        .expect(StatusCode::NOT_FOUND);
    // Of the default organization by both names.
    server.build(&["main"]).await;
    let task = confirm("default").await;
    let first: Value = server
        .get(&task.replace("/v2/task/", "/queue/"))
        .send()
        .await
        .json();
    let second = server.get(&task).token("imp_default").send().await.json();
    assert_eq!(first["status"], second["status"]);
    assert_eq!(server.get(&task).token("imp_limited").send().await.status, 404);
}
