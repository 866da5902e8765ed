//! Everything that an organization does, in whatever bucket it has.

use bytes::Bytes;
use http::{Method, StatusCode};
use imprint_local::demo::{Client, Site, text};
use serde_json::{Value, json};

use crate::archives::tar_gz;
use crate::support::{Story, ended, succeeded};

const PDF: &[u8] = include_bytes!("../../../demo-site/v1/_artifacts/tidepool.pdf");

/// An organization with its bucket.
pub(super) struct Place<'s> {
    pub(super) story: &'s Story,
    pub(super) client: Client,
    pub(super) organization: &'static str,
    pub(super) bucket: String,
}

/// A site of two pages.
pub(super) fn site(says: &str) -> Site {
    let page = format!("<html><title>x</title><h1 id=\"a\">Home</h1><p>{says}</p></html>");
    Site::from([("index.html", page.as_str()), ("guide/first.html", page.as_str())])
}

impl Place<'_> {
    /// A path of the organization.
    pub(super) fn at(&self, path: &str) -> String {
        format!("/v2/orgs/{}{path}", self.organization)
    }

    /// Has something done, and waits for its task where it has one.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(body);
        let (status, answer) = self.client.send(method.clone(), path, body).await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        for task in ["task_url", "queue_url"] {
            if let Some(task) = answer[task].as_str() {
                ended(&self.client, task).await;
            }
        }
        answer
    }

    pub(super) async fn project(&self, slug: &str, formats: Value) -> String {
        let new = json!({"slug": slug, "title": slug, "source_repo_url": "https://github.com/example/x"});
        self.ask(Method::POST, &self.at("/projects"), new).await;
        let path = self.at(&format!("/projects/{slug}"));
        self.ask(Method::PATCH, &path, json!({"derive": formats})).await;
        path
    }

    /// Publishes a build, and gives it.
    pub(super) async fn publish(&self, project: &str, mut new: Value, site: &Site) -> Value {
        new["directories"] = json!(site.directories());
        let build = self.ask(Method::POST, &format!("{project}/builds"), new).await;
        self.client.upload(&build, site).await.unwrap();
        if build["artifact_uploads"]["pdf"].is_object() {
            let pdf = Bytes::from_static(PDF);
            self.client.upload_format(&build, "pdf", pdf).await.unwrap();
        }
        let confirm = json!({"uploaded": true});
        let url = text(&build, "self_url").unwrap();
        let (status, confirmed) = self.client.send(Method::PATCH, url, Some(confirm)).await.unwrap();
        assert_eq!(status, StatusCode::ACCEPTED, "{confirmed}");
        succeeded(&self.client, text(&confirmed, "task_url").unwrap()).await;
        build
    }

    pub(super) async fn put(&self, key: String, body: &str) {
        let put = self.story.s3().put_object().bucket(&self.bucket).key(key);
        put.body(body.as_bytes().to_vec().into()).send().await.unwrap();
    }

    /// Every format, made and uploaded; then one that each maker ends; and what differs.
    pub(super) async fn formats(&self) {
        let all = json!(["htmlzip", "json", "markdown", "search"]);
        let project = self.project("formats", all).await;
        let new = json!({"git_ref": "main", "artifacts": ["pdf"]});
        let first = self.publish(&project, new, &site("one")).await;
        let mut last = first.clone();
        for format in ["json", "search"] {
            self.ask(Method::PATCH, &project, json!({"derive": [format]}))
                .await;
            let new = json!({"git_ref": "main"});
            last = self.publish(&project, new, &site(format)).await;
        }
        let [first, last] = [&first, &last].map(|build| text(build, "slug").unwrap());
        let diff = format!("{project}/builds/{first}/diff/{last}");
        self.ask(Method::GET, &diff, Value::Null).await;
    }

    /// Editions that move, are renamed, deleted and restored, and one whose copy cannot be made.
    pub(super) async fn editions(&self) {
        let project = self.project("moves", json!([])).await;
        let of = |git_ref: &str| json!({"git_ref": git_ref});
        let first = self.publish(&project, of("main"), &site("one")).await;
        // A marker of what was confirmed already; the sweep takes it away.
        let marker = first["post_complete_url"].clone();
        let sent = self
            .client
            .upload_one(marker, None, "complete".to_owned(), Bytes::new());
        sent.await.unwrap();
        self.publish(&project, of("main"), &site("two")).await;
        self.publish(&project, of("v1"), &site("v1")).await;
        self.publish(&project, of("DM-1"), &site("DM-1")).await;
        // Nobody ever says that this one is complete.
        let forgotten = json!({"git_ref": "main", "directories": ["/"]});
        self.ask(Method::POST, &format!("{project}/builds"), forgotten)
            .await;
        let edition = |slug: &str| format!("{project}/editions/{slug}");
        // By the second name both old ones lead to the new one.
        for (from, to) in [("v1", "v1-old"), ("v1-old", "v1-new")] {
            let slug = json!({"slug": to});
            self.ask(Method::PATCH, &edition(from), slug).await;
        }
        self.ask(Method::DELETE, &edition("v1-new"), Value::Null).await;
        self.ask(Method::POST, &format!("{}/restore", edition("v1-new")), json!({}))
            .await;
        let back = json!({"build_url": first["self_url"]});
        let rollback = format!("{}/rollback", edition("main"));
        self.ask(Method::POST, &rollback, back.clone()).await;
        self.ask(Method::POST, &format!("{}/pin", edition("main")), json!({}))
            .await;
        // Nothing moves for this one.
        self.publish(&project, of("main"), &site("waits")).await;
        self.ask(Method::POST, &format!("{}/unpin", edition("main")), json!({}))
            .await;
        self.ask(Method::POST, &format!("{project}/dashboard"), json!({}))
            .await;
        // Without its manifest the first build cannot be copied any more.
        let marker = text(&first["post_complete_url"]["fields"], "key").unwrap();
        let number = marker.split('/').nth(2).unwrap();
        let (s3, bucket) = (self.story.s3(), &self.bucket);
        let list = s3
            .list_objects_v2()
            .bucket(bucket)
            .prefix(format!("_imprint/builds/{number}/"));
        for object in list.send().await.unwrap().contents() {
            let delete = s3.delete_object().bucket(bucket).key(object.key().unwrap());
            delete.send().await.unwrap();
        }
        self.ask(Method::POST, &rollback, back).await;
    }

    /// An archive that is published, one that has a link, and one that breaks off in a large file.
    pub(super) async fn archives(&self) {
        let project = self.project("packed", json!([])).await;
        let large = "x".repeat(20 * 1024 * 1024);
        let good = tar_gz(&[
            ("index.html", b'0', "<p>from an archive"),
            ("large.txt", b'0', large.as_str()),
        ]);
        let link = tar_gz(&[("index.html", b'0', "<p>x"), ("passwd", b'2', "")]);
        let broken = good[..good.len() * 3 / 4].to_vec();
        for (archive, status) in [(link, "FAILURE"), (broken, "FAILURE"), (good, "SUCCESS")] {
            let new = json!({"git_ref": "main", "upload": "archive"});
            let build = self.ask(Method::POST, &format!("{project}/builds"), new).await;
            let url = text(&build["archive_upload"], "url").unwrap();
            let sent = reqwest::Client::new()
                .put(url)
                .body(archive)
                .send()
                .await
                .unwrap();
            assert_eq!(sent.status(), StatusCode::OK);
            let url = text(&build, "self_url").unwrap();
            let confirmed = self.ask(Method::PATCH, url, json!({"uploaded": true})).await;
            let task = ended(&self.client, text(&confirmed, "task_url").unwrap()).await;
            assert_eq!(task["status"], status, "{task}");
        }
    }

    /// Templates of its own.
    pub(super) async fn templates(&self) {
        self.put(
            format!("_imprint/templates/{}/spring/404.html", self.organization),
            "<h1>{{ product.title }}</h1>",
        )
        .await;
        let path = self.at("/dashboard-template");
        self.ask(Method::PUT, &path, json!({"name": "spring"})).await;
        self.ask(Method::POST, &self.at("/dashboards"), json!({})).await;
    }

    /// A release with its documentation, a cluster that runs it, and reports of its doctor.
    pub(super) async fn registry(&self) {
        let project = self.project("released", json!([])).await;
        let follow = json!({"slug": "stable", "title": "Stable", "mode": "train", "tracked_refs": ["released/stable"]});
        self.ask(Method::POST, &format!("{project}/editions"), follow)
            .await;
        let new =
            json!({"git_ref": "v1.0.0", "component": "released", "train": "stable", "version": "1.0.0"});
        self.publish(&project, new, &site("1.0.0")).await;
        let base = match self.organization {
            "default" => String::new(),
            other => format!("/v2/orgs/{other}/registry"),
        };
        let base = format!("{}{base}", self.story.stack.info().api);
        let http = reqwest::Client::new();
        let id = "8c6da034-c8b1-489a-a55d-a2215d93f934";
        let component = json!({"component": {"name": "released"}, "version": {"version": "1.0.0"}});
        let mut token = None;
        for _ in 0..3 {
            let body = json!({"id": id, "components": [component]});
            let mut request = http.post(format!("{base}/v3/clusters")).json(&body);
            if let Some(token) = &token {
                request = request.header("X-Cluster-Token", token);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            token = answer.headers().get("x-cluster-token").cloned().or(token);
        }
        for path in [
            "/v3/clusters/count",
            "/v3/clusters/age?since=last-week",
            "/v4/clusters/stats",
            "/v4/versions",
        ] {
            self.ask(Method::GET, &format!("{base}{path}"), Value::Null).await;
        }
        let doctor = format!("{base}/v3/doctor/{id}");
        for (report, status) in [("c1", StatusCode::OK), ("c2", StatusCode::CONFLICT)] {
            let report = json!({"workflow": {"id": report}});
            let answer = http.post(&doctor).json(&report).send().await.unwrap();
            assert_eq!(answer.status(), status);
        }
        let read = http
            .get(&doctor)
            .basic_auth("dev", Some("dev"))
            .send()
            .await
            .unwrap();
        assert_eq!(read.status(), StatusCode::OK);
    }
}
