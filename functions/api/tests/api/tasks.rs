use http::StatusCode;
use imprint_app::ports::Change;
use imprint_domain::id::BuildId;
use imprint_domain::task::{
    CopyReport, EditionStep, FailureCode, Note, NoteCode, Registration, Task, TaskEdition,
};
use imprint_testing::samples;
use serde_json::{Value, json};

use crate::server::{HOST, Server};

fn store(server: &Server, task: Task, editions: Vec<TaskEdition>) -> String {
    let id = task.id.clone();
    server.world.catalog.seed(vec![Change::CreateTask(task)]);
    server.world.catalog.seed(
        editions
            .into_iter()
            .map(|row| Change::PutTaskEdition(id.clone(), row))
            .collect(),
    );
    format!("/queue/{id}")
}

fn done() -> Registration {
    Registration::Done {
        at: samples::after_noon(5),
        files: 61,
        bytes: 123_456,
    }
}

#[tokio::test]
async fn a_task_tells_how_far_each_edition_is() {
    let server = Server::new();
    let build = samples::build(3, "main");
    let task = Task {
        registration: done(),
        notes: vec![Note {
            code: NoteCode::EditionHasNewer,
            message: "edition x shows a newer build".to_owned(),
        }],
        ..samples::task("one", &build)
    };
    let row =
        |id, slug: &str, step| samples::task_edition(&samples::edition(id, slug, "main"), BuildId(3), step);
    let report = Some(CopyReport {
        copied: 7,
        deleted: 1,
        unchanged: 53,
    });
    let failure = FailureCode::PurgeRefused.because("the CDN said no", samples::after_noon(9));
    let rows = vec![
        row(1, "main", EditionStep::Copying { done: 10, total: 60 }),
        TaskEdition {
            report,
            ..row(
                2,
                "two",
                EditionStep::Published {
                    at: samples::after_noon(8),
                },
            )
        },
        row(4, "four", EditionStep::Failed(failure)),
    ];
    let path = store(&server, task, rows);
    let answer = server.get(&path).send().await.expect(StatusCode::OK);
    let url = format!("https://{HOST}{path}");
    assert_eq!(answer.header("location"), url);
    let edition = |slug: &str, id: u64, state: &str, progress: Value, report: Value, failure: Value| {
        json!({
            "slug": slug, "url": format!("https://{HOST}/editions/{id}"), "build_url": format!("https://{HOST}/builds/3"),
            "state": state, "progress": progress, "report": report, "failure": failure,
            "date_updated": "2026-01-01T12:00:00Z",
        })
    };
    let failure = json!({
        "code": "purge_refused", "message": "the CDN said no", "remedy": FailureCode::PurgeRefused.remedy(),
        "date": "2026-01-01T12:00:09Z",
    });
    let expected = json!({
        "id": path.rsplit('/').next().unwrap(), "self_url": url, "status": "STARTED",
        "metadata": {
            "product_url": format!("https://{HOST}/products/alpha"), "build_url": format!("https://{HOST}/builds/3"),
            "date_created": "2026-01-01T12:00:00Z",
            "registration":
                {"state": "done", "date": "2026-01-01T12:00:05Z", "files": 61, "bytes": 123_456, "failure": null},
            "editions": [
                edition("main", 1, "copying", json!({"done": 10, "total": 60}), Value::Null, Value::Null),
                edition("two", 2, "published", Value::Null, json!({"copied": 7, "deleted": 1, "unchanged": 53}), Value::Null),
                edition("four", 4, "failed", Value::Null, Value::Null, failure),
            ],
            "pages": {"state": "not_needed", "date": null, "done": 0, "total": 0, "failure": null},
            "notes": [{"code": "edition_has_newer", "message": "edition x shows a newer build"}],
        },
    });
    assert_eq!(answer.json(), expected);
}

/// D5: a failed task answered 500, so that no failure could ever be seen.
#[tokio::test]
async fn d5_a_failed_task_tells_why_and_what_to_do() {
    let server = Server::new();
    let failure = FailureCode::EmptyBuild.because("no file was uploaded", samples::NOON);
    let task = Task {
        registration: Registration::Failed(failure),
        ..samples::task("two", &samples::build(1, "main"))
    };
    let path = store(&server, task, Vec::new());
    let task = server.get(&path).send().await.expect(StatusCode::OK).json();
    assert_eq!(task["status"], "FAILURE");
    let registration = &task["metadata"]["registration"];
    assert_eq!(registration["state"], "failed");
    assert_eq!(registration["failure"]["code"], "empty_build");
    assert_eq!(
        registration["failure"]["remedy"],
        FailureCode::EmptyBuild.remedy()
    );
}

/// D5: any text was a pending task.
#[tokio::test]
async fn d5_a_task_that_is_unknown_is_not_found() {
    let server = Server::new();
    let unknown = samples::task_id("nobody's");
    for id in [
        unknown.as_str(),
        "garbage",
        "1",
        "..",
        "0123456789ABCDEF0123456789ABCDEF",
        "%00",
        "%F0%9F%92%A5",
    ] {
        server
            .get(&format!("/queue/{id}"))
            .send()
            .await
            .refused(404, "not found", "invalid resource URI");
    }
}

#[tokio::test]
async fn a_task_that_waits_is_pending_and_one_that_has_arrived_a_success() {
    let server = Server::new();
    let build = samples::build(1, "main");
    let path = store(&server, samples::task("a", &build), Vec::new());
    assert_eq!(server.get(&path).send().await.json()["status"], "PENDING");
    let task = Task {
        registration: done(),
        ..samples::task("b", &build)
    };
    let step = EditionStep::Published { at: samples::NOON };
    let row = samples::task_edition(&samples::edition(1, "main", "main"), BuildId(1), step);
    let path = store(&server, task, vec![row]);
    assert_eq!(server.get(&path).send().await.json()["status"], "SUCCESS");
}
