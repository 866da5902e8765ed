//! Builds whose files come in one archive.

use http::StatusCode;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_domain::upload::Upload;
use imprint_testing::Step;
use serde_json::{Value, json};

use crate::server::{Server, WITH_FORMS};

const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

async fn registered(server: &Server, body: &Value, accept: &str) -> Value {
    let call = server
        .post("/products/alpha/builds/")
        .admin()
        .header("accept", accept);
    call.json(body).await.expect(StatusCode::CREATED).json()
}

#[tokio::test]
async fn a_build_in_an_archive_has_one_address_and_no_forms() {
    let server = Server::with_alpha().await;
    let body =
        json!({"git_refs": ["main"], "upload": "archive", "digest": DIGEST, "directories": ["/", "a/"]});
    for (accept, number) in [("application/json", 1), (WITH_FORMS, 2)] {
        let build = registered(&server, &body, accept).await;
        let archive = &build["archive_upload"];
        let place = format!("/_imprint/uploads/{number}/archive?");
        assert!(archive["url"].as_str().unwrap().contains(&place), "{archive}");
        assert_eq!(archive["headers"], json!({}));
        assert_eq!(archive["expires"], "2026-01-02T12:00:00Z");
        assert_eq!(archive["max_bytes"], 2_147_483_648_u64);
        assert_eq!(build["post_prefix_urls"], Value::Null);
        assert_eq!(build.get("post_complete_url"), None);
        let read = server.get(&format!("/builds/{number}")).send().await;
        // Whoever may read a build may not write it.
        assert_eq!(read.expect(StatusCode::OK).json().get("archive_upload"), None);
    }
    let build = server.world.catalog.all_builds().remove(0);
    assert_eq!(build.upload, Upload::archive(Some(DIGEST.parse().unwrap())));
}

#[tokio::test]
async fn files_come_one_by_one_unless_an_archive_is_asked_for() {
    let server = Server::with_alpha().await;
    for body in [
        json!({"git_refs": ["main"]}),
        json!({"git_refs": ["main"], "upload": "files"}),
    ] {
        let build = registered(&server, &body, WITH_FORMS).await;
        assert_eq!(build.get("archive_upload"), None);
        assert!(build["post_prefix_urls"].is_object());
    }
    for (upload, digest, said) in [
        (
            json!("tarball"),
            Value::Null,
            "upload: it is `files` or `archive`",
        ),
        (Value::Null, json!(DIGEST), "digest: only an archive has one"),
        (
            json!("archive"),
            json!("sha256:12"),
            "digest: \"sha256:12\" is no digest",
        ),
    ] {
        let body = json!({"git_refs": ["main"], "upload": upload, "digest": digest});
        let answer = server.post("/products/alpha/builds/").admin().json(&body).await;
        answer.bad(said);
    }
}

#[tokio::test]
async fn a_patch_is_a_hint_that_comes_too_early_or_names_the_task() {
    let server = Server::with_alpha().await;
    let body = json!({"git_refs": ["main"], "upload": "archive"});
    registered(&server, &body, "application/json").await;
    let confirm = async || {
        let call = server.patch("/builds/1").admin();
        call.json(&json!({"uploaded": true})).await
    };
    let early = confirm().await.expect(StatusCode::CONFLICT).json();
    assert!(
        early["message"].as_str().unwrap().contains("archive_upload"),
        "{early}"
    );
    let read = server.get("/builds/1").send().await;
    assert_eq!(read.expect(StatusCode::OK).json()["uploaded"], false);

    let key = ObjectKey::archive(imprint_domain::id::BuildId(1));
    server.world.objects.put(key.as_str(), "PK", Headers::default());
    let first = confirm().await.expect(StatusCode::OK).json();
    let second = confirm().await.expect(StatusCode::OK).json();
    assert_eq!(first, second);
    assert!(server.world.queue.take(Step::UnpackArchive).is_some());
    assert!(server.world.queue.take(Step::UnpackArchive).is_none());
    let build = server.get("/builds/1").send().await.expect(StatusCode::OK).json();
    assert_eq!(build["queue_url"], first["queue_url"], "nobody has to ask for it");
    // One that was refused is deleted, and its task is still named.
    server.world.objects.remove(key.as_str());
    assert_eq!(confirm().await.expect(StatusCode::OK).json(), first);
    let queue = first["queue_url"].as_str().unwrap();
    let path = queue.strip_prefix("https://keeper.example.org").unwrap();
    let task = server
        .get(path)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(task["metadata"]["registration"]["state"], "queued");
}

#[tokio::test]
async fn projects_take_archives_as_well() {
    let server = Server::with_alpha().await;
    let body = json!({"git_ref": "main", "upload": "archive"});
    let path = "/v2/orgs/default/projects/alpha/builds";
    let created = server.post(path).admin().json(&body).await;
    let build = created.expect(StatusCode::CREATED).json();
    let url = build["archive_upload"]["url"].as_str().unwrap();
    assert!(url.contains("/_imprint/uploads/1/archive?"), "{url}");
    assert_eq!(build["post_prefix_urls"], Value::Null);
}

#[tokio::test]
async fn a_task_says_how_many_files_are_unpacked() {
    use imprint_app::ports::Change;
    use imprint_domain::task::Registration;
    use imprint_testing::samples;
    let server = Server::with_alpha().await;
    let build = server.build(&["main"]).await;
    assert_eq!(build["slug"], "1");
    let stored = server.world.catalog.all_builds().remove(0);
    let mut task = samples::task("unpacking", &stored);
    for (total, progress) in [(None, None), (Some(9), Some(json!({"done": 3, "total": 9})))] {
        task.id = samples::task(&format!("{total:?}"), &stored).id;
        task.registration = Registration::Unpacking {
            done: 3,
            total,
            updated_at: samples::NOON,
        };
        server.world.catalog.seed(vec![Change::CreateTask(task.clone())]);
        let path = format!("/queue/{}", task.id);
        let read = server
            .get(&path)
            .admin()
            .send()
            .await
            .expect(StatusCode::OK)
            .json();
        let registration = &read["metadata"]["registration"];
        assert_eq!(
            (read["status"].as_str(), registration["state"].as_str()),
            (Some("STARTED"), Some("unpacking"))
        );
        assert_eq!(registration["date"], "2026-01-01T12:00:00Z");
        assert_eq!(registration.get("progress").cloned(), progress);
    }
}
