//! What the rules of a product remove, and what is repaired, on the whole stack with a clock that is moved.

use http::{Method, StatusCode};
use imprint_local::demo::{Site, text};
use serde_json::{Value, json};

use crate::support::{Story, control, succeeded, until, upload_of};

pub(crate) async fn move_clock(story: &Story, days: i64) {
    let base = &story.stack.info().control;
    let (_, clock) = control(base, Method::GET, "/clock", None).await;
    let now: jiff::Timestamp = text(&clock, "now").unwrap().parse().unwrap();
    let later = now + jiff::SignedDuration::from_hours(24 * days);
    let (status, answer) = control(
        base,
        Method::PUT,
        "/clock",
        Some(json!({"now": later.to_string()})),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

async fn run(story: &Story, schedule: &str) {
    let base = &story.stack.info().control;
    let (status, answer) = control(base, Method::POST, &format!("/schedules/{schedule}/run"), None).await;
    assert!(status.is_success(), "{answer}");
    story.quiesce().await;
}

async fn preview(story: &Story) -> Vec<String> {
    // A token lives for some weeks at most.
    let client = crate::support::client(&story.stack).await;
    let preview = client.read("/products/handbook/retention/preview").await.unwrap();
    assert_eq!(preview["unknown"], Value::Null, "{preview}");
    let effects = preview["effects"].as_array().unwrap();
    effects
        .iter()
        .map(|effect| {
            format!(
                "{} {}",
                text(effect, "effect").unwrap(),
                text(effect, "slug").unwrap()
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_rests_for_thirty_days_ends_and_a_month_later_its_files_are_gone() {
    let story = Story::begin().await;
    story.product("handbook").await;
    let site = Site::from([("index.html", "draft"), ("a/b.html", "b")]);
    for git_ref in ["main", "DM-1", "DM-10"] {
        // A token does not outlive the days that pass here.
        let client = crate::support::client(&story.stack).await;
        let build = upload_of(&client, "handbook", git_ref, &site).await;
        let task = client.confirm(&build).await.unwrap();
        succeeded(&client, &task).await;
        if git_ref == "DM-1" {
            let rules = json!({"end_drafts_after_days": 30, "delete_never_uploaded_after_days": 2});
            let rules = client
                .send(Method::PUT, "/products/handbook/retention", Some(rules))
                .await
                .unwrap();
            assert_eq!(rules.0, StatusCode::OK, "{}", rules.1);
            // The sibling is younger than the draft.
            move_clock(&story, 20).await;
        }
    }
    let forgotten = upload_of(
        &crate::support::client(&story.stack).await,
        "handbook",
        "main",
        &site,
    )
    .await;
    story.quiesce().await;

    move_clock(&story, 11).await;
    let slug = text(&forgotten, "slug").unwrap();
    assert_eq!(
        preview(&story).await,
        ["end_edition DM-1".to_owned(), format!("mark_build {slug}")]
    );
    run(&story, "retain").await;
    assert_eq!(preview(&story).await, [""; 0]);
    assert!(!story.written("handbook/v/DM-1/").await.is_empty());
    story.reader("handbook").has_all(&site).await.unwrap();

    move_clock(&story, 1).await;
    run(&story, "retain").await;
    assert!(
        story
            .written(&format!("handbook/builds/{slug}/"))
            .await
            .is_empty()
    );
    let siblings = story.written("handbook/v/").await;

    // The sibling's turn has come too.
    move_clock(&story, 30).await;
    assert_eq!(preview(&story).await, ["end_edition DM-10", "mark_edition DM-1"]);
    run(&story, "retain").await;
    move_clock(&story, 1).await;
    run(&story, "retain").await;
    assert!(story.written("handbook/v/DM-1/").await.is_empty());
    let left = story.written("handbook/v/").await;
    let (gone, kept): (Vec<_>, Vec<_>) = siblings
        .into_keys()
        .partition(|key| key.starts_with("DM-1/") || key == "DM-1");
    assert_eq!(
        gone.len(),
        4,
        "two files, the redirect of a directory and that of the edition: {gone:?}"
    );
    assert!(kept.iter().all(|key| left.contains_key(key)), "{kept:?}");
    story.reader("handbook").has_all(&site).await.unwrap();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_somebody_deleted_from_the_bucket_comes_back() {
    let story = Story::begin().await;
    story.product("handbook").await;
    let site = Site::from([("index.html", "home"), ("a/b.html", "b")]);
    story.publish("handbook", &site).await;
    story.quiesce().await;
    let bucket = &story.stack.info().bucket;
    let gone = story
        .s3()
        .delete_object()
        .bucket(bucket)
        .key("handbook/v/main/a/b.html");
    gone.send().await.unwrap();
    run(&story, "sweep").await;
    until("the page is there again", async || {
        story.written("handbook/v/main/").await.contains_key("a/b.html")
    })
    .await;
    story.quiesce().await;
    story.reader("handbook").has_all(&site).await.unwrap();
    let edition = story.main_edition("handbook").await;
    let history = format!("{}/history", text(&edition, "self_url").unwrap());
    let moves = story.client.read(&history).await.unwrap();
    assert_eq!(moves["history"][0]["reason"], "repair", "{moves}");
    story.end().await;
}
