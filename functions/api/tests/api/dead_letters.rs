//! What steps could not handle, over HTTP: for those who run the installation.

use http::StatusCode;
use imprint_app::ports::Change;
use imprint_domain::access::{Products, Role};
use imprint_domain::message::Message;
use imprint_domain::task::{EditionStep, FailureCode};
use imprint_testing::{Moment, Step, Trouble, samples};
use serde_json::{Value, json};

use crate::server::{ADMIN, Server, path_of};

const QUEUES: &str = "/v2/dead-letters";

async fn queue(server: &Server, name: &str) -> Value {
    let answer = server.get(QUEUES).admin().send().await.expect(StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    let queues = body["queues"].as_array().unwrap();
    assert_eq!(queues.len(), Step::ALL.len());
    queues
        .iter()
        .find(|queue| queue["queue"] == name)
        .unwrap()
        .clone()
}

async fn redrive(server: &Server, name: &str) -> Value {
    let path = format!("{QUEUES}/{name}/redrive");
    let answer = server.post(&path).admin().send().await;
    answer.expect(StatusCode::OK).json()
}

/// A copy that failed, whose task says why.
fn failed_copy(server: &Server) -> Message {
    let build = samples::build(7, "main");
    let edition = samples::edition(4, "main", "main");
    let task = samples::task("copying", &build);
    let failure = FailureCode::ObjectStore.because("the bucket is not there", samples::NOON);
    let row = samples::task_edition(&edition, build.id, EditionStep::Failed(failure));
    let message = samples::copy_message(&task.id, &edition, &build, 3);
    let changes = vec![
        Change::CreateTask(task.clone()),
        Change::PutTaskEdition(task.id, row),
    ];
    server.world.catalog.seed(changes);
    message
}

fn body_of(name: &str, message: Message) -> String {
    serde_json::to_string(&samples::outbox_entry(name, message).envelope()).unwrap()
}

fn bury_registrations(server: &Server, many: usize) {
    for n in 0..many {
        let build = samples::build(n as u64, "main");
        let message = samples::register_message(&samples::task_id(&format!("task {n}")), &build);
        let body = body_of(&format!("dead {n}"), message);
        server.world.queue.bury(Step::RegisterBuild, &body);
    }
}

#[tokio::test]
async fn a_message_is_shown_with_what_it_is_about_and_why_it_failed() {
    let server = Server::new();
    let message = failed_copy(&server);
    let id = server
        .world
        .queue
        .bury(Step::CopyEdition, &body_of("dead", message));
    let found = queue(&server, "copy-edition").await;
    let task = samples::task_id("copying");
    let base = "https://keeper.example.org/v2";
    assert_eq!(
        found,
        json!({
            "queue": "copy-edition", "count": 1, "redrive_url": format!("{base}/dead-letters/copy-edition/redrive"),
            "messages": [{
                "id": id, "self_url": format!("{base}/dead-letters/copy-edition/messages/{id}"), "kind": "copy-edition",
                "about": {"organization": "default", "product": "alpha", "edition": 4, "build": 7, "document": null},
                "task_url": format!("{base}/task/{task}"),
                "failure": {
                    "code": "object_store", "message": "the bucket is not there",
                    "remedy": FailureCode::ObjectStore.remedy(), "date": "2026-01-01T12:00:00Z",
                },
                "unread": null, "times_received": 6,
                "date_sent": "2026-01-01T11:50:00Z", "date_first_received": "2026-01-01T11:51:00Z",
            }],
        })
    );
    assert_eq!(queue(&server, "purge-cdn").await["messages"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_read_is_shown_bounded_and_as_text() {
    let server = Server::new();
    let poison = format!("\u{1b}[2J<script>\u{0}{}", "ü".repeat(10_000));
    server.world.queue.bury(Step::PurgeCdn, &poison);
    let event = json!({
        "requestContext": {"condition": "RetriesExhausted"},
        "requestPayload": {"Records": [{"s3": {"object": {"key": "_imprint/uploads/7/complete"}}}, {}]},
    });
    server.world.queue.bury(Step::RegisterBuild, &event.to_string());
    let found = queue(&server, "purge-cdn").await["messages"][0].clone();
    assert_eq!(
        (&found["kind"], &found["about"], &found["task_url"]),
        (&json!("unreadable"), &json!(null), &json!(null))
    );
    let excerpt = found["unread"]["excerpts"][0].as_str().unwrap();
    assert_eq!(excerpt.chars().count(), 500);
    assert!(excerpt.starts_with("\u{fffd}[2J<script>\u{fffd}ü"), "{excerpt}");
    let found = queue(&server, "register-build").await["messages"][0].clone();
    assert_eq!(found["kind"], "event");
    let unread = json!({"reason": "RetriesExhausted", "excerpts": ["_imprint/uploads/7/complete"]});
    assert_eq!(found["unread"], unread);
    // No step could do anything with them.
    for name in ["purge-cdn", "register-build"] {
        let nothing = json!({"queue": name, "moved": 0, "unreadable": 1, "left": 1});
        assert_eq!(redrive(&server, name).await, nothing);
    }
    assert_eq!(server.world.queue.waiting(), 0);
}

#[tokio::test]
async fn a_redrive_sends_all_that_can_be_read_and_leaves_the_rest() {
    let server = Server::new();
    bury_registrations(&server, 13);
    server.world.queue.bury(Step::RegisterBuild, "poison");
    bury_registrations(&server, 12);
    let moved = redrive(&server, "register-build").await;
    let expected = json!({"queue": "register-build", "moved": 25, "unreadable": 1, "left": 1});
    assert_eq!(moved, expected);
    let sent = server.world.queue.take_all_of(Step::RegisterBuild);
    assert_eq!(sent.len(), 25);
    // A queue that knows the first send does not swallow the second.
    assert!(sent.iter().all(|envelope| envelope.attempt == 2));
    assert_eq!(redrive(&server, "purge-cdn").await["moved"], 0);
}

#[tokio::test]
async fn a_redrive_ends_after_a_thousand_messages() {
    let server = Server::new();
    bury_registrations(&server, 1_010);
    let moved = redrive(&server, "register-build").await;
    assert_eq!((&moved["moved"], &moved["left"]), (&json!(1000), &json!(10)));
}

#[tokio::test]
async fn a_redrive_that_stops_halfway_loses_nothing_and_may_be_sent_again() {
    for (method, moment) in [
        ("queue.send", Moment::Before),
        ("queue.send", Moment::After),
        ("dead_letters.remove", Moment::Before),
        ("dead_letters.remove", Moment::After),
    ] {
        let server = Server::new();
        bury_registrations(&server, 25);
        server.world.faults().once(method, 2, moment, Trouble::Busy);
        let path = format!("{QUEUES}/register-build/redrive");
        let failed = server.post(&path).admin().send().await;
        failed.expect(StatusCode::SERVICE_UNAVAILABLE);
        server.world.clock.advance(jiff::SignedDuration::from_secs(30));
        redrive(&server, "register-build").await;
        assert!(server.world.queue.dead().is_empty());
        let sent = server.world.queue.take_all_of(Step::RegisterBuild).into_iter();
        let sent: std::collections::BTreeSet<_> = sent.map(|envelope| envelope.id).collect();
        assert_eq!(sent.len(), 25, "{method} {moment:?}");
    }
}

#[tokio::test]
async fn one_message_is_deleted_by_its_id() {
    let server = Server::new();
    bury_registrations(&server, 30);
    let id = server.world.queue.bury(Step::RegisterBuild, "poison");
    let path = format!("{QUEUES}/register-build/messages/{id}");
    let gone = server.delete(&path).admin().send().await;
    assert_eq!(gone.expect(StatusCode::OK).json(), json!({}));
    assert_eq!(server.world.queue.dead().len(), 30);
    // What was looked through is hidden for a while.
    server.world.clock.advance(jiff::SignedDuration::from_secs(30));
    let again = server.delete(&path).admin().send().await;
    again.refused(404, "not found", "invalid resource URI");
    // The search has hidden all of them; after a while the next one is found.
    server.world.clock.advance(jiff::SignedDuration::from_secs(30));
    let shown = queue(&server, "register-build").await;
    let other = path_of(&shown["messages"][0]["self_url"]);
    server.delete(&other).admin().send().await.expect(StatusCode::OK);
    assert_eq!(server.world.queue.dead().len(), 29);
}

#[tokio::test]
async fn dead_letters_are_for_those_who_run_the_installation() {
    let server = Server::with_acme().await;
    server.member("imp_acme", "acme", Role::Admin, Products::All);
    server.member("imp_default", "default", Role::Admin, Products::All);
    for (method, path) in [
        ("GET", QUEUES.to_owned()),
        ("POST", format!("{QUEUES}/copy-edition/redrive")),
        ("DELETE", format!("{QUEUES}/copy-edition/messages/x")),
    ] {
        let status = async |token: Option<&str>| {
            let call = server.call(method, &path);
            let call = token.into_iter().fold(call, |call, token| call.token(token));
            call.send().await.status
        };
        assert_eq!(status(None).await, StatusCode::UNAUTHORIZED);
        for stranger in ["imp_acme", "imp_default"] {
            assert_eq!(
                status(Some(stranger)).await,
                StatusCode::FORBIDDEN,
                "{method} {path}"
            );
        }
        assert!(![401, 403].contains(&status(Some(ADMIN)).await.as_u16()));
    }
    for (method, path) in [
        ("POST", "/v2/dead-letters/nothing/redrive"),
        ("POST", "/v2/dead-letters/Copy-Edition/redrive"),
        ("DELETE", "/v2/dead-letters/nothing/messages/x"),
    ] {
        let answer = server.call(method, path).admin().send().await;
        answer.refused(404, "not found", "invalid resource URI");
    }
}
