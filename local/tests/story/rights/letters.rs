//! Messages of every step that nobody expects: dead letters that are sent again, and work that was committed and never sent.

use std::path::Path;

use futures_util::future::join_all;
use http::{Method, StatusCode};
use imprint_app::ports::Change;
use imprint_domain::message::{Envelope, Step};
use imprint_domain::outbox::{MAX_SENDS, OutboxEntry};
use imprint_local::stack::Stack;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Story, until};

/// The first message of a sample event.
fn message(function: &str, case: &str) -> String {
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let event = events.join(function).join(format!("{case}.json"));
    let event: Value = serde_json::from_slice(&std::fs::read(event).unwrap()).unwrap();
    event["Records"][0]["body"].as_str().unwrap().to_owned()
}

/// A message of a step.
fn message_of(step: Step) -> String {
    let case = if step == Step::PurgeCdn {
        "batch"
    } else {
        "requested"
    };
    message(step.name(), case)
}

/// Puts a message of each step among its dead letters and has all of them sent again; then deletes one that is none.
pub(super) async fn redriven(story: &Story) {
    join_all(Step::ALL.into_iter().map(|step| redrive(story, step))).await;
    let api = &story.stack.info().api;
    let runner = &story.stack.controlled().runner;
    let dead = runner.reference("RegisterBuildDeadLetters").unwrap();
    let poison = story.sqs().send_message().queue_url(dead).message_body("poison");
    poison.send().await.unwrap();
    until("the poison is deleted", async || {
        let seen = story
            .client
            .read(&format!("{api}/v2/dead-letters"))
            .await
            .unwrap();
        let queues = seen["queues"].as_array().unwrap().iter();
        let mut messages = queues.flat_map(|queue| queue["messages"].as_array().unwrap());
        let Some(own) = messages.find_map(|message| message["self_url"].as_str()) else {
            return false;
        };
        let (status, _) = story.client.send(Method::DELETE, own, None).await.unwrap();
        status == StatusCode::OK
    })
    .await;
}

async fn redrive(story: &Story, step: Step) {
    let runner = &story.stack.controlled().runner;
    let stack = runner.stack();
    let mut queues = stack.queues.iter();
    let queue = queues.find(|queue| queue.name.trim_end_matches(".fifo") == step.name());
    let queue = queue.unwrap();
    let dead = &queue.redrive.as_ref().unwrap().target;
    let url = runner.reference(dead).unwrap();
    let mut letter = story
        .sqs()
        .send_message()
        .queue_url(url)
        .message_body(message_of(step));
    if queue.fifo {
        letter = letter.message_group_id("a").message_deduplication_id("a");
    }
    letter.send().await.unwrap();
    let api = &story.stack.info().api;
    let url = format!("{api}/v2/dead-letters/{}/redrive", step.name());
    let (status, moved) = story.client.send(Method::POST, &url, None).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{step}: {moved}");
    assert!(moved["moved"].as_u64() >= Some(1), "{step}: {moved}");
}

/// Commits work of each step, and has the sweep find it.
pub(super) async fn swept(story: &Story) {
    let clock = story.stack.controlled().clock.clone();
    let tenants = imprint_aws::connect(&operator(&story.stack), clock).unwrap();
    let installation = tenants.installation();
    let yesterday = installation.clock.now() - SignedDuration::from_hours(24);
    let messages = Step::ALL.map(|step| (message_of(step), 1));
    // One that has been sent often enough, and has tasks to tell of that.
    let hopeless = (message("render-dashboard", "organization"), MAX_SENDS);
    for (n, (message, attempt)) in messages.into_iter().chain([hopeless]).enumerate() {
        let envelope: Envelope = serde_json::from_str(&message).unwrap();
        let id = format!("{:032x}", 0xabc0 + n).parse().unwrap();
        let mut entry = OutboxEntry::new(id, envelope.message, yesterday);
        entry.attempt = attempt;
        installation
            .catalog
            .commit(vec![Change::PutOutbox(entry)])
            .await
            .unwrap();
    }
    let runner = &story.stack.controlled().runner;
    let swept = runner
        .run_schedule_with("sweep", json!({"older_than_seconds": 0}))
        .await
        .unwrap();
    assert!(
        swept["sent_again"].as_u64().unwrap() >= Step::ALL.len() as u64,
        "{swept}"
    );
}

/// The variables of somebody who is no function.
fn operator(stack: &Stack) -> std::collections::BTreeMap<String, String> {
    let (info, endpoints) = (stack.info(), stack.endpoints());
    let variables = [
        ("IMPRINT_STAGE", "local"),
        ("IMPRINT_TABLE", &info.table),
        ("IMPRINT_BUCKET", &info.bucket),
        ("IMPRINT_DOMAIN", "docs.example.org"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", &endpoints.access_key),
        ("AWS_SECRET_ACCESS_KEY", &endpoints.secret_key),
        ("AWS_ENDPOINT_URL_S3", &endpoints.s3),
        ("AWS_ENDPOINT_URL_DYNAMODB", &endpoints.dynamodb),
        ("AWS_ENDPOINT_URL_SQS", &endpoints.sqs),
    ];
    variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}
