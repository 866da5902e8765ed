//! The making of a format may die at any of its calls, before or after its effect.

use imprint_domain::artifact::Format;
use imprint_domain::task::TaskStatus;
use imprint_testing::{Moment, run_until_death};

use super::{docs, format_of, page, states};
use crate::installation::{Installation, Objects};

/// Publishes one build, then begins another and kills whoever makes `victim` at its `call`-th call. What the edition shows
/// in the end, and whether it came to that.
async fn killed(victim: Format, call: u64, moment: Moment, is_lost: bool) -> (Objects, bool) {
    let here = Installation::deriving(Format::DERIVED).await;
    here.publish(&docs(), "main").await;
    let changed = docs().file("index.html", page("Home", "Changed."));
    let build = here.upload(&changed, "main").await;
    let task = here.confirm(&build).await.unwrap();
    let envelope = loop {
        let envelope = here
            .world
            .queue
            .take_any()
            .expect("the format's message was sent");
        if format_of(&envelope) == Some(victim) {
            break envelope;
        }
        here.deliver(&envelope, 1).await;
    };
    let survived = run_until_death(call, moment, here.deliver(&envelope, 1))
        .await
        .is_some();
    if !is_lost {
        here.world.queue.give_back(envelope);
    }
    here.recover().await;
    let task = here.task(&task).await;
    assert_eq!(
        task.status(),
        TaskStatus::Success,
        "{victim} {call} {moment:?}: {task:?}"
    );
    let states = states(&here, build.id);
    assert!(
        states.values().all(|state| *state == Ok("ready")),
        "{victim} {call} {moment:?}: {states:?}"
    );
    assert!(!here.edition("main").is_pending());
    (here.shown("main"), !survived)
}

async fn killed_everywhere(victim: Format, least: usize) {
    let (clean, died) = killed(victim, u64::MAX, Moment::Before, false).await;
    assert!(!died);
    let mut deaths = 0;
    for is_lost in [false, true] {
        for moment in [Moment::Before, Moment::After] {
            for call in 1.. {
                let (shown, died) = killed(victim, call, moment, is_lost).await;
                assert_eq!(shown, clean, "{victim} {call} {moment:?}");
                if !died {
                    break;
                }
                deaths += 1;
            }
        }
    }
    assert!(deaths >= 4 * least, "only {deaths} deaths");
}

#[tokio::test(start_paused = true)]
async fn making_an_archive_may_die_anywhere() {
    killed_everywhere(Format::HtmlZip, 10).await;
}

#[tokio::test(start_paused = true)]
async fn making_texts_may_die_anywhere() {
    killed_everywhere(Format::Json, 10).await;
}

#[tokio::test(start_paused = true)]
async fn making_an_index_may_die_anywhere() {
    killed_everywhere(Format::Search, 10).await;
}

#[tokio::test(start_paused = true)]
async fn making_markdown_may_die_anywhere() {
    killed_everywhere(Format::Markdown, 10).await;
}
