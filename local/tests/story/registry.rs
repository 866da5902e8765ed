//! The release registry over HTTP: what publishers, installations and readers see.

mod cases;

use std::process::Stdio;

use http::{Method, StatusCode};
use imprint_local::demo::{Site, text};
use imprint_local::stack::Options;
use serde_json::{Value, json};

use crate::support::{Story, succeeded, until};

/// What an installation sends: no user's token, and its own once it has one.
struct Installation {
    http: reqwest::Client,
    api: String,
    id: String,
    token: Option<String>,
}

impl Installation {
    fn of(story: &Story, id: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            api: story.stack.info().api.clone(),
            id: id.to_owned(),
            token: None,
        }
    }

    async fn check_in(&mut self, versions: &[(&str, &str)]) -> Value {
        let components = versions.iter().map(|(name, version)| {
            json!({"component": {"name": name, "type": "Deployment"}, "version": {"version": version}})
        });
        let body = json!({"id": self.id, "components": components.collect::<Vec<_>>()});
        let mut request = self.http.post(format!("{}/v3/clusters", self.api)).json(&body);
        if let Some(token) = &self.token {
            request = request.header("X-Cluster-Token", token);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        if let Some(token) = answer.headers().get("x-cluster-token") {
            self.token = Some(token.to_str().unwrap().to_owned());
        }
        answer.json().await.unwrap()
    }

    /// The client's first job: what is new of each of its components, always of the train `stable`.
    async fn available(&self, names: &[&str]) -> Value {
        let asked = names
            .iter()
            .map(|name| json!({"component": {"name": name}, "version": {"train": "stable"}}));
        let body = json!({"data": asked.collect::<Vec<_>>()});
        let request = self
            .http
            .post(format!("{}/v3/versions/latest", self.api))
            .json(&body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }
}

async fn edition(story: &Story, product: &str, slug: &str) -> Value {
    let listed = story
        .client
        .read(&format!("/products/{product}/editions/?expand=true"))
        .await
        .unwrap();
    let editions = listed["editions"].as_array().unwrap();
    editions
        .iter()
        .find(|edition| edition["slug"] == slug)
        .cloned()
        .unwrap()
}

/// A folder with a page, and one in a folder of it.
fn built_site(folder: &std::path::Path, sentence: &str) {
    std::fs::create_dir_all(folder.join("guide")).unwrap();
    for page in ["index.html", "guide/a b.html"] {
        std::fs::write(
            folder.join(page),
            format!("<!doctype html><title>x</title><p>{sentence}"),
        )
        .unwrap();
    }
}

/// The commands of the example workflow, as a runner of CI runs them.
fn commands() -> Vec<String> {
    let workflow = include_str!("../../../examples/github-actions.yml");
    let workflow: Value = serde_yaml_ng::from_str(workflow).unwrap();
    let steps = workflow["jobs"]["publish"]["steps"].as_array().unwrap();
    steps
        .iter()
        .filter_map(|step| Some(step["run"].as_str()?.to_owned()))
        .collect()
}

/// D-27: CI that uploads documentation with its train and version publishes the release, and may do so again.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs bash and python3"]
async fn d27_the_example_workflow_publishes_a_release() {
    let story = Story::begin().await;
    story.product("handbook").await;
    let follow =
        json!({"slug": "stable", "title": "Stable", "mode": "train", "tracked_refs": ["handbook/stable"]});
    let (status, _) = story
        .client
        .send(Method::POST, "/products/handbook/editions/", Some(follow))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::CREATED);
    let work = tempfile::tempdir().unwrap();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    std::os::unix::fs::symlink(root, work.path().join("examples")).unwrap();
    let [release, branch] = commands().try_into().unwrap();
    for (command, git_ref, sentence) in [
        (&branch, "main", "of main"),
        (&release, "v2.19.1", "of 2.19.1"),
        (&release, "v2.19.1", "of 2.19.1, once more"),
    ] {
        built_site(&work.path().join("_build/html"), sentence);
        let info = story.stack.info().clone();
        let token = story.client.token().to_owned();
        let mut run = tokio::process::Command::new("bash");
        run.args(["-euo", "pipefail", "-c", command])
            .current_dir(work.path())
            .env("IMPRINT_URL", &info.api)
            .env("IMPRINT_TOKEN", token)
            .env("GITHUB_REF_NAME", git_ref)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null());
        let output = run.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command}: {said}");
        story.quiesce().await;
    }
    let latest = story
        .client
        .read("/v4/versions/handbook/stable/latest")
        .await
        .unwrap();
    assert_eq!(latest["version"]["version"], "2.19.1");
    for (path, sentence) in [
        ("v/stable/guide/a b.html", "of 2.19.1, once more"),
        ("", "of main"),
    ] {
        let page = story.reader("handbook").read(path).await.unwrap();
        let page = String::from_utf8_lossy(&page.body).into_owned();
        assert!(page.contains(sentence), "{path}: {page}");
    }
    story.end().await;
}

/// Section 4.1 and 4.2: the client's exact requests, an update that is published meanwhile, and its documentation.
#[tokio::test(flavor = "multi_thread")]
async fn an_installation_learns_of_a_release_and_its_documentation() {
    let options = Options {
        clock: Some("2016-05-02T12:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let story = Story::begin_with(options).await;
    story.product("handbook").await;
    let mut installation = Installation::of(&story, "8c6da034-c8b1-489a-a55d-a2215d93f934");
    assert_eq!(installation.available(&["handbook"]).await, json!({"data": []}));
    let first = installation
        .check_in(&[("handbook", "v2.18.0"), ("deis-router", "2.0.0")])
        .await;
    assert_eq!(first["firstSeen"].as_str().unwrap()[..17], *"2016-05-02T12:00:");
    assert!(installation.token.is_some());

    let follow =
        json!({"slug": "stable", "title": "Stable", "mode": "train", "tracked_refs": ["handbook/stable"]});
    story
        .client
        .send(Method::POST, "/products/handbook/editions/", Some(follow))
        .await
        .unwrap();
    let site = Site::from([("index.html", "2.19.1"), ("a/b.html", "b")]);
    let new = json!({
        "git_refs": ["release-branch"], "directories": site.directories(), "component": "handbook", "train": "stable",
        "version": "2.19.1"
    });
    let build = story.client.create_build_from("handbook", &new).await.unwrap();
    story.client.upload(&build, &site).await.unwrap();
    let task = story.client.confirm(&build).await.unwrap();
    succeeded(&story.client, &task).await;
    assert!(!edition(&story, "handbook", "stable").await["build_url"].is_null());

    let available = installation.available(&["handbook", "deis-router"]).await;
    let version = &available["data"][0]["version"];
    assert_eq!(
        (&available["data"][0]["component"], &version["version"]),
        (&json!({"name": "handbook"}), &json!("2.19.1"))
    );
    let docs = text(&version["data"], "docs").unwrap();
    assert!(docs.contains("handbook") && docs.contains("/builds/"), "{docs}");
    let second = installation
        .check_in(&[("handbook", "v2.18.0"), ("deis-router", "2.0.0")])
        .await;
    assert_eq!(second["components"][0]["updateAvailable"], "2.19.1");
    assert_eq!(second["components"][1].get("updateAvailable"), None);
    assert_eq!(second["firstSeen"], first["firstSeen"]);
    // It is verified now; somebody else with its identity is refused.
    let stolen = Installation::of(&story, &installation.id);
    let body = json!({"id": stolen.id, "components": []});
    let refused = stolen
        .http
        .post(format!("{}/v3/clusters", stolen.api))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let count: Value = stolen
        .http
        .get(format!("{}/v3/clusters/count", stolen.api))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(count, json!(1));
    story.end().await;
}

/// D-22: with the store stopped, the service says so within two seconds.
#[tokio::test(flavor = "multi_thread")]
async fn d22_health_tells_of_a_store_that_is_down() {
    let story = Story::begin().await;
    let url = format!("{}/healthz", story.stack.info().api);
    let health: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
    assert_eq!(health["status"], "ok");
    assert!(health["store"]["reads"].as_u64().unwrap() > 0, "{health}");
    let slow = json!({"dynamodb_ms": 5000});
    let (status, _) =
        crate::support::control(&story.stack.info().control, Method::PUT, "/latency", Some(slow)).await;
    assert_eq!(status, StatusCode::OK);
    let begin = std::time::Instant::now();
    until("the service is down", || async {
        reqwest::get(&url).await.unwrap().status() == StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
    assert!(begin.elapsed() < std::time::Duration::from_secs(20));
    story.end().await;
}
