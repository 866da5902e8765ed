//! What goes wrong, and how that shows and heals.

use std::time::Duration;

use http::{Method, StatusCode};
use imprint_local::demo::{Site, text};
use serde_json::{Value, json};

use crate::place::Place;
use crate::support::{Story, control, ended, succeeded, until, upload};

fn site(text: &str) -> Site {
    Site::from([("index.html", text), ("a/b.html", "b")])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cdn_that_is_down_for_a_while_is_asked_again() {
    let story = Story::begin().await;
    story.product("handbook").await;
    story.publish("handbook", &site("one")).await;
    story.quiesce().await;
    let failures = json!({"count": 3, "status": 503});
    let (status, _) = control(
        &story.stack.info().control,
        Method::PUT,
        "/fastly/failures",
        Some(failures),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    let task = story.publish("handbook", &site("two")).await;
    assert_eq!(task["metadata"]["editions"][0]["state"], "published", "{task}");
    assert_eq!(story.purges_of(&story.main_edition("handbook").await), 2);
    assert_eq!(story.reader("handbook").read("").await.unwrap().body, "two");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cdn_that_refuses_fails_the_task_until_somebody_mends_it() {
    let story = Story::begin().await;
    story.product("handbook").await;
    let fastly = &story.stack.controlled().fastly;
    fastly.fail_next(u32::MAX, StatusCode::UNAUTHORIZED);
    let build = upload(&story.client, "handbook", &site("one")).await;
    let task = story.client.confirm(&build).await.unwrap();
    let failed = ended(&story.client, &task).await;
    assert_eq!(failed["status"], "FAILURE", "{failed}");
    let failure = &failed["metadata"]["editions"][0]["failure"];
    assert_eq!(failure["code"], "purge_refused", "{failed}");
    assert!(text(failure, "message").unwrap().contains("401"), "{failure}");
    let edition = story.main_edition("handbook").await;
    assert_eq!(edition["failure"]["code"], "purge_refused", "{edition}");

    fastly.fail_next(0, StatusCode::UNAUTHORIZED);
    let url = text(&edition, "self_url").unwrap();
    let reset = Some(json!({"pending_rebuild": false}));
    let (status, patched) = story.client.send(Method::PATCH, url, reset).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{patched}");
    if let Some(again) = patched["queue_url"].as_str() {
        succeeded(&story.client, again).await;
    }
    story.quiesce().await;
    let edition = story.main_edition("handbook").await;
    assert_eq!(
        (&edition["failure"], &edition["pending_rebuild"]),
        (&json!(null), &json!(false)),
        "{edition}"
    );
    assert_eq!(story.purges_of(&edition), 1);
    story.reader("handbook").has_all(&site("one")).await.unwrap();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_json_ends_among_the_dead_and_harms_no_neighbour() {
    let story = Story::begin().await;
    story.product("handbook").await;
    let runner = &story.stack.controlled().runner;
    let queue = runner.reference("RegisterBuildQueue").unwrap();
    let build = upload(&story.client, "handbook", &site("one")).await;
    for body in ["this is no JSON", "{\"version\": 1}", "[]"] {
        story
            .sqs()
            .send_message()
            .queue_url(queue)
            .message_body(body)
            .send()
            .await
            .unwrap();
    }
    let task = story.client.confirm(&build).await.unwrap();
    succeeded(&story.client, &task).await;
    story.reader("handbook").has_all(&site("one")).await.unwrap();
    until("three dead letters", async || {
        runner.queues().await.unwrap()["register-build"].dead_letters == 3
    })
    .await;
    story.quiesce().await;
    story.end().await;
}

/// The whole of the runbook: looked at, sent again, deleted.
#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_seen_sent_again_and_deleted_over_the_api() {
    let story = Story::begin().await;
    story.product("handbook").await;
    let build = upload(&story.client, "handbook", &site("one")).await;
    let task = story.client.confirm(&build).await.unwrap();
    succeeded(&story.client, &task).await;
    story.quiesce().await;
    // A message whose work is done, and poison.
    let dead = story.queue("register-build-dead-letters").await;
    for body in [again("handbook", &build, &task), POISON.to_owned()] {
        let send = story.sqs().send_message().queue_url(&dead).message_body(body);
        send.send().await.unwrap();
    }
    let seen = dead_letters(&story).await;
    assert_eq!(seen["count"], 2);
    let own = of_kind(&seen, "register-build");
    assert_eq!(own["about"]["product"], "handbook");
    assert_eq!(last(text(&own, "task_url").unwrap()), last(&task));
    let poison = of_kind(&seen, "unreadable");
    assert_eq!(poison["unread"]["excerpts"], json!([POISON]));
    let redrive = text(&seen, "redrive_url").unwrap();
    let (status, moved) = story.client.send(Method::POST, redrive, None).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{moved}");
    assert_eq!((&moved["moved"], &moved["unreadable"]), (&json!(1), &json!(1)));
    poison_is_deleted(&story, &poison).await;
    story.quiesce().await;
    story.end().await;
}

/// What no function can read.
pub(crate) const POISON: &str = "<b>poison";

fn last(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

/// The message that has a confirmed build registered, as it may come a second time.
pub(crate) fn again(product: &str, build: &Value, task: &str) -> String {
    let number: u64 = last(text(build, "self_url").unwrap()).parse().unwrap();
    let message = json!({"id": "0".repeat(32), "attempt": 1, "step": "register-build", "task": last(task),
        "organization": "default", "product": product, "build": number});
    message.to_string()
}

/// What the API tells of register-build's dead letters.
pub(crate) async fn dead_letters(place: &Place) -> Value {
    let all = place.client.read("/v2/dead-letters").await.unwrap();
    let mut queues = all["queues"].as_array().unwrap().iter();
    let own = queues.find(|queue| queue["queue"] == "register-build");
    own.unwrap().clone()
}

/// One of the letters that were seen.
pub(crate) fn of_kind(seen: &Value, kind: &str) -> Value {
    let mut letters = seen["messages"].as_array().unwrap().iter();
    letters.find(|letter| letter["kind"] == kind).unwrap().clone()
}

/// Deletes the only letter that is left. What was seen a moment ago is hidden for twenty seconds.
pub(crate) async fn poison_is_deleted(place: &Place, poison: &Value) {
    let url = text(poison, "self_url").unwrap();
    until("the poison is deleted", async || {
        let (status, _) = place.client.send(Method::DELETE, url, None).await.unwrap();
        status == StatusCode::OK
    })
    .await;
    assert_eq!(dead_letters(place).await["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_quiet_ends_with_what_is_left() {
    let story = Story::begin().await;
    story.product("handbook").await;
    let build = upload(&story.client, "handbook", &site("one")).await;
    let base = &story.stack.info().control;
    let (status, latency) = control(base, Method::PUT, "/latency", Some(json!({"s3_ms": 700}))).await;
    assert_eq!((status, &latency["s3_ms"]), (StatusCode::OK, &json!(700)));
    let task = story.client.confirm(&build).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (status, busy) = control(base, Method::POST, "/quiesce?timeout_seconds=0", None).await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT, "{busy}");
    assert_eq!(busy["left"]["running"]["register-build"], 1, "{busy}");
    control(base, Method::PUT, "/latency", Some(json!({"s3_ms": 0}))).await;
    let (status, quiet) = control(base, Method::POST, "/quiesce", None).await;
    assert_eq!((status, &quiet["quiet"]), (StatusCode::OK, &json!(true)));
    succeeded(&story.client, &task).await;
    story.end().await;
}
