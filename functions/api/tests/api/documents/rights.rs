//! Who may do what with documents, over every operation.

use http::StatusCode;
use imprint_app::ports::Change;
use imprint_domain::access::Permission::{AdminEdition, AdminProduct, DeprecateBuild, UploadBuild};
use imprint_domain::access::{Permissions, Products, Rights, Role, Token};
use imprint_testing::samples;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Desk, saying};
use crate::server::Server;

/// Every operation of a document, below its path, with the least role that it needs where nothing of it is published; none for
/// those that only read. What is deleted comes last.
const OPERATIONS: [(&str, &str, Option<Role>); 24] = [
    ("GET", "", None),
    ("GET", "/versions", None),
    ("GET", "/versions/1.0", None),
    ("GET", "/versions/1.0/content", None),
    ("GET", "/versions/1.0/images", None),
    ("GET", "/versions/1.0/status", None),
    ("GET", "/versions/1.0/pdf", None),
    ("GET", "/versions/1.0/html", None),
    ("GET", "/versions/1.0/epub", None),
    ("GET", "/versions/1.0/latex", None),
    ("GET", "/versions/1.0/bibliography", None),
    ("GET", "/versions/1.0/search", None),
    ("GET", "/renderings/{checksum}/document.pdf", None),
    ("GET", "/renderings/{checksum}/images/moon.png", None),
    ("PATCH", "", Some(Role::Uploader)),
    ("POST", "/versions", Some(Role::Uploader)),
    ("PATCH", "/versions/1.0", Some(Role::Uploader)),
    ("PUT", "/versions/1.0/content", Some(Role::Uploader)),
    ("PATCH", "/versions/1.0/content", Some(Role::Uploader)),
    ("POST", "/versions/1.0/touch", Some(Role::Uploader)),
    ("POST", "/versions/1.0/images", Some(Role::Uploader)),
    ("DELETE", "/versions/1.0/images/moon.png", Some(Role::Uploader)),
    ("PUT", "/versions/latest/content", Some(Role::Uploader)),
    ("DELETE", "", Some(Role::Uploader)),
];

/// What is about no single document.
const OTHERS: [(&str, &str); 3] = [
    ("GET", "/documents"),
    ("POST", "/documents"),
    ("POST", "/documents/check"),
];

const ACME: &str = "/v2/orgs/acme";

/// `acme` with a draft of each of two projects and one of none, and the same in the default organization; tokens of members,
/// and of those who are limited to `alpha`.
async fn stage() -> Desk {
    let desk = Desk {
        server: Server::with_acme().await,
        press: super::Press,
    };
    let server = &desk.server;
    server.project("acme", "beta").await;
    server.project("default", "beta").await;
    server.organization("other", "www.example.com").await;
    for base in ["", ACME] {
        for product in [Some("alpha"), Some("beta"), None] {
            let body = json!({"title": "T", "product": product, "content": super::showing("moon.png")});
            let path = format!("{base}/documents");
            server
                .post(&path)
                .admin()
                .json(&body)
                .await
                .expect(StatusCode::CREATED);
        }
    }
    for role in Role::ALL {
        server.member(&format!("imp_acme_{}", role.name()), "acme", role, Products::All);
    }
    let alpha = || Products::Only([samples::parsed("alpha")].into());
    server.member("imp_limited", "acme", Role::Admin, alpha());
    server.member("imp_other", "other", Role::Admin, Products::All);
    server.grant("imp_upload", &[UploadBuild]);
    server.grant("imp_all_but", &[AdminProduct, AdminEdition, DeprecateBuild]);
    server.world.catalog.seed(vec![Change::CreateToken(Token {
        rights: Rights::of(Permissions::of(&[UploadBuild, AdminEdition, AdminProduct])),
        products: alpha(),
        ..samples::token(&hex::encode(Sha256::digest("imp_alpha")), "somebody")
    })]);
    desk.render().await;
    desk
}

/// The documents of both organizations by their products, in the order of the stage.
fn paths() -> [String; 6] {
    [1, 2, 3, 4, 5, 6].map(|id| match id {
        1..=3 => format!("/documents/{id}"),
        _ => format!("{ACME}/documents/{id}"),
    })
}

/// A body that every operation can do something with.
fn body(method: &str, below: &str) -> Value {
    match (method, below) {
        ("PATCH", "") => json!({}),
        ("POST", "/versions") => json!({"bump": "major"}),
        ("PATCH", "/versions/1.0") => json!({"status": "DRAFT"}),
        ("POST", "/versions/1.0/images") => json!({"names": ["moon.png"]}),
        _ => saying("One"),
    }
}

async fn call(desk: &Desk, method: &str, document: &str, below: &str, token: &str) -> u16 {
    let shown = format!("{document}/versions/1.0");
    let checksum = desk.server.get(&shown).admin().send().await;
    let checksum: Value = serde_json::from_slice(&checksum.bytes).unwrap();
    let checksum = checksum["rendering"]["served"].as_str().unwrap_or("x").to_owned();
    let path = format!("{document}{below}").replace("{checksum}", &checksum);
    let call = desk.server.call(method, &path);
    let call = if token.is_empty() { call } else { call.token(token) };
    let answer = match method {
        "GET" => call.send().await,
        _ => call.json(&body(method, below)).await,
    };
    answer.status.as_u16()
}

#[test]
fn every_operation_of_documents_is_tried_here() {
    let document = imprint_api::openapi();
    let mut described = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item
            .as_object()
            .unwrap()
            .keys()
            .filter(|_| path.starts_with("/documents"))
        {
            let path = path
                .replace("{version}", "1.0")
                .replace("images/{name}", "images/moon.png");
            described.push((method.to_uppercase(), path.replace("{name}", "document.pdf")));
        }
    }
    let own = OPERATIONS.iter().filter(|(_, path, _)| !path.contains("latest"));
    let own = own.map(|(method, path, _)| ((*method).to_owned(), format!("/documents/{{document}}{path}")));
    let others = OTHERS.map(|(method, path)| (method.to_owned(), path.to_owned()));
    let mut tried: Vec<_> = own.chain(others).collect();
    tried.sort();
    described.sort();
    assert_eq!(described, tried);
}

#[tokio::test]
async fn what_is_not_published_is_there_for_nobody_who_may_not_write_it() {
    let desk = stage().await;
    for document in paths() {
        for (method, below, needed) in OPERATIONS {
            let name = format!("{method} {document}{below}");
            let strangers = [("", 401), ("imp_unknown", 401)];
            for (token, refused) in strangers {
                let expected = if needed.is_some() { refused } else { 404 };
                assert_eq!(
                    call(&desk, method, &document, below, token).await,
                    expected,
                    "{name} {token}"
                );
            }
            let own = !document.starts_with(ACME);
            // Whoever may not write here at all learns nothing, neither of documents nor of organizations.
            let refused = if own { 403 } else { 404 };
            for token in ["imp_other", "imp_all_but"] {
                let expected = if needed.is_some() { refused } else { 404 };
                assert_eq!(
                    call(&desk, method, &document, below, token).await,
                    expected,
                    "{name} {token}"
                );
            }
            let reader = if needed.is_some() { 403 } else { 404 };
            assert_eq!(
                call(&desk, method, &document, below, "imp_acme_reader").await,
                reader,
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn whoever_may_upload_builds_writes_and_sees_what_is_not_published() {
    let desk = stage().await;
    for (method, below, _) in OPERATIONS {
        for (document, token) in [
            ("/documents/1", "imp_upload"),
            ("/v2/orgs/acme/documents/4", "imp_acme_uploader"),
        ] {
            // A new version needs a published one, and the image is not there.
            let status = call(&desk, method, document, below, token).await;
            let expected: &[u16] = match (method, below) {
                ("GET", "/versions/1.0/pdf" | "/versions/1.0/html" | "/versions/1.0/epub") => &[302],
                ("GET", "/versions/1.0/latex" | "/versions/1.0/bibliography" | "/versions/1.0/search") => {
                    &[302]
                }
                ("GET", "/renderings/{checksum}/images/moon.png") => &[404],
                ("POST", "/versions") => &[409],
                ("POST", "/versions/1.0/touch") => &[202],
                _ => &[200],
            };
            assert!(expected.contains(&status), "{method} {document}{below}: {status}");
        }
    }
}

#[tokio::test]
async fn a_token_for_one_product_reaches_no_other_document_and_none_without_a_product() {
    let desk = stage().await;
    for (documents, token) in [(&paths()[..3], "imp_alpha"), (&paths()[3..], "imp_limited")] {
        for (method, below, _) in OPERATIONS {
            for (at, document) in documents.iter().enumerate() {
                let status = call(&desk, method, document, below, token).await;
                // The image is not there for anybody.
                let is_hidden = status == 404 && !below.contains("{checksum}/images");
                let is_refused = [401, 403].contains(&status) || is_hidden;
                assert!(at > 0 || !is_refused, "{method} {document}{below}: {status}");
                assert!(at == 0 || status == 404, "{method} {document}{below}: {status}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_for_one_product_may_have_documents_of_that_one_only() {
    let desk = stage().await;
    for (base, token) in [("", "imp_alpha"), (ACME, "imp_limited")] {
        let path = format!("{base}/documents");
        let create = async |product: Value| {
            let body = json!({"title": "T", "product": product});
            desk.server.post(&path).token(token).json(&body).await
        };
        let made = create(json!("alpha")).await.expect(StatusCode::CREATED).json();
        for product in [json!("beta"), json!(null), json!("nothing")] {
            create(product)
                .await
                .refused(403, "unauthorized", "not authorized");
        }
        let own = format!("{path}/{}", made["id"]);
        for product in [json!("beta"), json!(null)] {
            let body = json!({"product": product});
            let answer = desk.server.patch(&own).token(token).json(&body).await;
            answer.refused(403, "unauthorized", "not authorized");
        }
        let body = json!({"product": "alpha", "title": "U"});
        let answer = desk.server.patch(&own).token(token).json(&body).await;
        assert_eq!(answer.expect(StatusCode::OK).json()["title"], "U");
        // Its list has what it may see.
        let listed = desk.server.get(&path).token(token).send().await.json();
        let ids: Vec<&Value> = listed["documents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["id"])
            .collect();
        assert_eq!(ids.len(), 2, "{listed}");
    }
}

#[tokio::test]
async fn creating_needs_the_permission_and_checking_any_token() {
    let desk = stage().await;
    let body = json!({"title": "T"});
    for (path, token, expected) in [
        ("/documents", "", 401),
        ("/documents", "imp_all_but", 403),
        ("/documents", "imp_acme_reader", 403),
        ("/documents", "imp_upload", 201),
        ("/v2/orgs/acme/documents", "", 401),
        ("/v2/orgs/acme/documents", "imp_upload", 404),
        ("/v2/orgs/acme/documents", "imp_other", 404),
        ("/v2/orgs/acme/documents", "imp_acme_reader", 403),
        ("/v2/orgs/acme/documents", "imp_acme_uploader", 201),
        ("/v2/orgs/nothing/documents", "imp_upload", 404),
        ("/documents/check", "", 401),
        ("/documents/check", "imp_alpha", 200),
        ("/v2/orgs/acme/documents/check", "imp_acme_reader", 200),
    ] {
        let call = desk.server.post(path);
        let call = if token.is_empty() { call } else { call.token(token) };
        assert_eq!(call.json(&body).await.status.as_u16(), expected, "{path} {token}");
    }
}

/// Published, a document is there for everybody, and refused instead of hidden.
#[tokio::test]
async fn what_is_published_everybody_reads_and_only_its_editors_write() {
    let desk = stage().await;
    desk.publish("/documents/2/versions/1.0").await;
    desk.render().await;
    for token in ["", "imp_unknown", "imp_alpha", "imp_other", "imp_upload"] {
        for below in [
            "",
            "/versions",
            "/versions/1.0",
            "/versions/latest/content",
            "/versions/1/status",
        ] {
            assert_eq!(
                call(&desk, "GET", "/documents/2", below, token).await,
                200,
                "{below} {token}"
            );
        }
        assert_eq!(
            call(&desk, "GET", "/documents/2", "/versions/1.0/pdf", token).await,
            302,
            "{token}"
        );
        let file = "/renderings/{checksum}/document.pdf";
        assert_eq!(
            call(&desk, "GET", "/documents/2", file, token).await,
            200,
            "{token}"
        );
    }
    for (method, below, needed) in OPERATIONS {
        if needed.is_some() {
            assert_eq!(
                call(&desk, method, "/documents/2", below, "imp_alpha").await,
                403,
                "{method} {below}"
            );
        }
    }
    let public = desk.server.get("/documents/2/versions/1.0").send().await.json();
    for hidden in [
        &public["rendering"],
        &public["updated_by"],
        &public["publication"]["by"],
    ] {
        assert_eq!(hidden, &Value::Null);
    }
}
