//! D-27: builds that say which release they document, and releases that say where their documentation is.

use http::StatusCode;
use imprint_app::register_build::register_build;
use imprint_domain::access::{Permission, Products, Role};
use imprint_domain::message::Message;
use imprint_testing::{Site, Step, samples};
use serde_json::{Value, json};

use crate::server::{Answer, HOST, Server, number, path_of};

async fn register(server: &Server, token: &str, body: &Value) -> Answer {
    server
        .post("/products/alpha/builds/")
        .token(token)
        .json(body)
        .await
}

#[tokio::test]
async fn d27_a_build_says_what_it_documents() {
    let server = Server::with_acme().await;
    let body = json!({"git_refs": ["v2.19.1"], "component": "alpha", "train": "stable", "version": "2.19.1"});
    let built = register(&server, "imp_admin", &body)
        .await
        .expect(StatusCode::CREATED)
        .json();
    for (field, value) in [("component", "alpha"), ("train", "stable"), ("version", "2.19.1")] {
        assert_eq!(built[field], value);
    }
    let id = number(&built["self_url"]);
    assert_eq!(
        server.get(&format!("/builds/{id}")).send().await.json()["version"],
        "2.19.1"
    );
    let plain = register(
        &server,
        "imp_admin",
        &json!({"git_refs": ["main"], "component": "alpha"}),
    )
    .await;
    let plain = plain.expect(StatusCode::CREATED).json();
    assert!(
        ["component", "train", "version"]
            .iter()
            .all(|field| plain.get(field).is_none())
    );
    let path = "/v2/orgs/acme/projects/alpha/builds";
    let body = json!({"git_ref": "v1", "train": "beta", "version": "1"});
    let built = server
        .post(path)
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED)
        .json();
    assert_eq!(
        (&built["component"], &built["train"], &built["version"]),
        (&json!("alpha"), &json!("beta"), &json!("1"))
    );
}

#[tokio::test]
async fn d27_train_and_version_come_together_and_the_component_is_the_product() {
    let server = Server::with_alpha().await;
    for (more, part) in [
        (
            json!({"train": "stable"}),
            "Invalid Build: train and version come together",
        ),
        (
            json!({"version": "1"}),
            "Invalid Build: train and version come together",
        ),
        (
            json!({"train": "stable", "version": "1", "component": "other"}),
            "Invalid Build: component",
        ),
        (json!({"train": "a b", "version": "1"}), "Invalid Build: train"),
        (
            json!({"train": "stable", "version": "latest"}),
            "Invalid Build: version",
        ),
    ] {
        let mut body = json!({"git_refs": ["main"]});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        register(&server, "imp_admin", &body).await.bad(part);
    }
    assert!(server.world.catalog.all_builds().is_empty());
}

#[tokio::test]
async fn d27_who_uploads_needs_to_be_a_publisher_to_document_a_release() {
    let server = Server::with_alpha().await;
    server.grant("imp_upload", &[Permission::UploadBuild]);
    server.grant("imp_both", &[Permission::UploadBuild, Permission::PublishRelease]);
    server.member(
        "imp_member",
        "default",
        Role::Uploader,
        Products::Only([samples::parsed("alpha")].into()),
    );
    let body = json!({"git_refs": ["main"], "train": "stable", "version": "1"});
    register(&server, "imp_upload", &body)
        .await
        .refused(403, "unauthorized", "not authorized");
    register(&server, "imp_upload", &json!({"git_refs": ["main"]}))
        .await
        .expect(StatusCode::CREATED);
    for token in ["imp_both", "imp_member"] {
        register(&server, token, &body).await.expect(StatusCode::CREATED);
    }
}

/// Uploads and confirms a build and registers it, as the function behind the queue does.
async fn publish(server: &Server, body: &Value) -> Value {
    let built = register(server, "imp_admin", body)
        .await
        .expect(StatusCode::CREATED)
        .json();
    let id = number(&built["self_url"]);
    let builds = server.world.catalog.all_builds();
    let build = builds.iter().find(|build| build.id.0 == id).unwrap();
    Site::new()
        .file("index.html", "hello")
        .upload(&server.world.objects, build);
    let confirm = json!({"uploaded": true});
    server
        .patch(&format!("/builds/{id}"))
        .admin()
        .json(&confirm)
        .await
        .expect(StatusCode::OK);
    let env = server.world.tenants().of_default().await.unwrap();
    while let Some(envelope) = server.world.queue.take(Step::RegisterBuild) {
        let Message::RegisterBuild(message) = &envelope.message else {
            panic!("{envelope:?}")
        };
        register_build(&env, &envelope.id, message).await.unwrap();
    }
    built
}

#[tokio::test]
async fn d27_an_uploaded_build_publishes_its_release_with_its_documentation() {
    let server = Server::with_alpha().await;
    let body = json!({"git_refs": ["v2.19.1"], "train": "stable", "version": "2.19.1"});
    let built = publish(&server, &body).await;
    let id = number(&built["self_url"]);
    let release = server
        .get("/v3/versions/stable/alpha/latest")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    let data = &release["version"]["data"];
    assert_eq!(data["docs"], built["published_url"]);
    assert!(!data["checksum"].as_str().unwrap().is_empty());
    // The URL is known without another look.
    server.world.counts().reset();
    let known = server.get("/v4/versions/alpha/stable/2.19.1").send().await.json();
    assert_eq!(server.world.counts().total_except(&["catalog.organization"]), 1);
    let docs = json!({"url": built["published_url"], "build_url": format!("https://{HOST}/builds/{id}"), "checksum": data["checksum"]});
    assert_eq!(known["docs"], docs);
    assert!(known.get("published_by").is_none());
    assert_eq!(known["version"]["data"], json!({}));
    // Publishing more of it over the API takes the documentation not away.
    let more = json!({"component": {}, "version": {"released": "2026-01-01T12:00:00Z", "data": {"description": "d", "docs": "mine"}}});
    let published = server
        .post("/v3/versions/stable/alpha/2.19.1")
        .admin()
        .json(&more)
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(published["version"]["data"]["docs"], built["published_url"]);
    assert_eq!(published["version"]["data"]["description"], "d");
}

/// An edition that follows a train goes where that goes, and the answer says where to watch it.
#[tokio::test]
async fn a_publication_that_moves_editions_says_where_to_watch_them() {
    let server = Server::with_alpha().await;
    let edition =
        json!({"slug": "stable", "title": "Stable", "mode": "train", "tracked_refs": ["alpha/stable"]});
    server
        .post("/products/alpha/editions/")
        .admin()
        .json(&edition)
        .await
        .expect(StatusCode::CREATED);
    publish(&server, &json!({"git_refs": ["1.0"]})).await;
    publish(&server, &json!({"git_refs": ["2.0"]})).await;
    let body = json!({"component": {}, "version": {"released": "2026-01-01T12:00:00Z"}});
    let release = |version: &str| format!("/v3/versions/stable/alpha/{version}");
    let published = server
        .post(&release("1.0"))
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::OK);
    let link = published.header("link");
    let url = link
        .strip_prefix('<')
        .and_then(|link| link.strip_suffix(">; rel=\"monitor\""))
        .unwrap();
    let task = server
        .get(&path_of(&url.into()))
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(task["self_url"], url);
    // The same again moves nothing.
    let again = server
        .post(&release("1.0"))
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::OK);
    assert_eq!(again.header("link"), "");
    let path = "/v4/versions/alpha/stable/2.0";
    let published = server
        .post(path)
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::OK)
        .json();
    assert!(
        published["queue_url"]
            .as_str()
            .unwrap()
            .starts_with(&format!("https://{HOST}/queue/"))
    );
    assert!(server.get(path).send().await.json().get("queue_url").is_none());
    let withdrawn = server
        .delete(path)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert!(withdrawn["queue_url"].is_string());
}
