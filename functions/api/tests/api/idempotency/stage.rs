//! A world in which every mutation can do something.

use http::StatusCode;
use imprint_app::ports::Change;
use imprint_domain::build::Build;
use imprint_domain::document::VersionNumber;
use imprint_domain::id::BuildId;
use imprint_domain::manifest::Headers;
use imprint_testing::{Step, samples};
use serde_json::{Value, json};

use crate::documents::{Desk, Press, png, saying, showing};
use crate::registry::{publish, release};
use crate::server::{Server, path_of};

const ACME: &str = "/v2/orgs/acme/projects/alpha";

/// The world, and the names of what is in it that nobody chose.
pub(super) struct Stage {
    pub(super) desk: Desk,
    token: String,
    webhook: String,
    delivery: String,
    message: String,
    edition: String,
}

/// The last part of a URL.
fn last(url: &Value) -> String {
    url.as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

impl Stage {
    pub(super) async fn new() -> Self {
        let desk = Desk {
            server: Server::with_acme().await,
            press: Press,
        };
        let server = &desk.server;
        let edition = builds(server).await;
        server
            .world
            .catalog
            .seed(vec![Change::CreateUser(samples::user("ci"))]);
        for org in ["acme", "default"] {
            let files = format!("_imprint/templates/{org}/spring/404.html");
            server
                .world
                .objects
                .put(&files, "<h1>Nothing</h1>", Headers::default());
        }
        let sent = async |path: &str, body: Value| send(server, "POST", path, body).await;
        let member = json!({"role": "reader"});
        send(server, "PUT", "/v2/orgs/acme/members/ci", member).await;
        let token = sent("/users/ci/tokens/", json!({"label": "laptop"})).await;
        let hook = json!({"url": "https://hooks.example.org/imprint"});
        let hook = sent("/v2/orgs/acme/webhooks", hook).await;
        let webhook = last(&hook["self_url"]);
        let ping = sent(&format!("/v2/orgs/acme/webhooks/{webhook}/ping"), json!({})).await;
        publish(
            server,
            &release("handbook", "stable", "1.0", "2026-01-01T00:00:00Z"),
        )
        .await;
        sent("/v3/clusters", json!({"id": "c1"})).await;
        documents(&desk).await;
        let message = bury(&desk.server);
        Self {
            message,
            edition,
            token: token_id(&token),
            webhook,
            delivery: ping["id"].as_str().unwrap().to_owned(),
            desk,
        }
    }

    pub(super) fn server(&self) -> &Server {
        &self.desk.server
    }

    /// A path of the description with the names of what is on the stage.
    pub(super) fn concrete(&self, path: &str) -> String {
        // The one that is uploaded.
        let build = if path.ends_with("/forms") { "3" } else { "2" };
        let id = match path {
            _ if path.starts_with("/users/") => &self.token,
            _ if path.contains("/clusters/") => "c1",
            // The default edition stays.
            _ if path.starts_with("/editions/") => &self.edition,
            _ => build,
        };
        let names = [
            ("{id}", id),
            ("{slug}", "alpha"),
            ("{org}", "acme"),
            ("{project}", "alpha"),
            ("{build}", build),
            ("{edition}", "v1"),
            ("{user}", "ci"),
            ("{webhook}", &self.webhook),
            ("{delivery}", &self.delivery),
            ("{document}/versions/{version}", "1/versions/1.0"),
            ("{document}", "2"),
            ("images/{name}", "images/moon.png"),
            ("{name}", "ci"),
            ("{uuid}", "7e57d004-2b97-4e7a-b45f-5387367791cd"),
            ("{train}", "stable"),
            ("{component}", "handbook"),
            ("{release}", "1.0"),
            ("{queue}", "register-build"),
            ("{message}", &self.message),
        ];
        names
            .iter()
            .fold(path.to_owned(), |path, (name, value)| path.replace(name, value))
    }
}

fn token_id(created: &Value) -> String {
    last(&created["self_url"])
}

async fn send(server: &Server, method: &str, path: &str, body: Value) -> Value {
    let answer = server.call(method, path).admin().json(&body).await;
    let body = String::from_utf8_lossy(&answer.bytes).into_owned();
    assert!(
        answer.status.is_success(),
        "{method} {path}: {} {body}",
        answer.status
    );
    serde_json::from_str(&body).unwrap_or_default()
}

/// Two builds of each `alpha`, and one that is being uploaded, and an edition `v1` that showed one and shows the other. The number of the default organization's.
async fn builds(server: &Server) -> String {
    let mut number = String::new();
    for (path, list) in [("/products/alpha", "builds/"), (ACME, "builds")] {
        let refs = if path == ACME {
            json!({"git_ref": "x"})
        } else {
            json!({"git_refs": ["x"]})
        };
        let mut urls = Vec::new();
        for _ in 0..2 {
            let build = send(server, "POST", &format!("{path}/{list}"), refs.clone()).await;
            send(
                server,
                "PATCH",
                &path_of(&build["self_url"]),
                json!({"uploaded": true}),
            )
            .await;
            urls.push(build["self_url"].clone());
        }
        send(server, "POST", &format!("{path}/{list}"), refs).await;
        know_files(server);
        let edition = if path == ACME {
            let body = json!({"slug": "v1", "title": "One", "tracked_ref": "v1"});
            send(server, "POST", &format!("{path}/editions"), body).await;
            format!("{ACME}/editions/v1")
        } else {
            let body = json!({"slug": "v1", "title": "One", "tracked_refs": ["v1"]});
            let edition = send(server, "POST", &format!("{path}/editions/"), body).await;
            number = last(&edition["self_url"]);
            path_of(&edition["self_url"])
        };
        for url in urls {
            send(server, "PATCH", &edition, json!({ "build_url": url })).await;
        }
    }
    number
}

/// A dead letter that a step could read, and its id.
fn bury(server: &Server) -> String {
    let build = samples::build(1, "main");
    let message = samples::register_message(&samples::task_id("a task"), &build);
    let envelope = samples::outbox_entry("dead", message).envelope();
    let body = serde_json::to_string(&envelope).unwrap();
    server.world.queue.bury(Step::RegisterBuild, &body)
}

/// Makes all builds registered ones.
fn know_files(server: &Server) {
    for stored in server.world.catalog.all_builds() {
        let known = Build {
            manifest: Some(samples::manifest_id("m")),
            ..stored
        };
        server.world.catalog.seed(vec![Change::UpdateBuild(known)]);
    }
}

/// The first document is a draft with an image, the second is published.
async fn documents(desk: &Desk) {
    let draft = json!({"title": "Draft", "product": "alpha", "content": showing("moon.png")});
    desk.create(&draft).await;
    desk.upload(VersionNumber::FIRST, "moon.png", png(20), "1").await;
    let other = json!({"title": "Fluxes", "product": "alpha", "content": saying("One")});
    desk.create(&other).await;
    desk.render().await;
    desk.publish("/documents/2/versions/1.0").await;
    desk.render().await;
}

/// The numbers that [`Stage::concrete`] names are those of the default organization.
#[tokio::test]
async fn the_stage_has_what_its_paths_name() {
    let stage = Stage::new().await;
    let server = stage.server();
    let build = server.world.env().catalog.build(BuildId(2)).await.unwrap();
    assert!(build.unwrap().organization.is_default());
    for path in [
        "/editions/{id}",
        "/documents/{document}",
        "/documents/{document}/versions/{version}",
        "/v4/clusters/{id}",
        "/v4/versions/{component}/{train}/{release}",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        "/v2/orgs/{org}/webhooks/{webhook}/deliveries/{delivery}",
        "/users/{name}",
    ] {
        let answer = server.get(&stage.concrete(path)).admin().send().await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
}
