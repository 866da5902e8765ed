//! Invariants 2, 4, 5 and 6: every step may die at any of its calls, before or after its effect; what was begun is
//! finished by a redelivery or by the sweep, and the end is that of one clean run.

use imprint_app::Pace;
use imprint_app::copy_edition::Bounds;
use imprint_app::editions::{self, EditionPatch};
use imprint_domain::build::Build;
use imprint_domain::manifest::Headers;
use imprint_domain::task::TaskStatus;
use imprint_domain::tracking::TrackingMode;
use imprint_testing::{Moment, Site, Step, run_until_death};

use crate::installation::{Installation, sites};

/// What happens to the message of the run that died.
#[derive(Debug, Clone, Copy)]
enum After {
    /// The queue delivers it again.
    Redelivered,
    /// The queue loses it; only the outbox knows.
    Lost,
}

/// Publishes `a`, then begins `b`; kills `victim` at its `call`-th call; then, when `then` is given, that build comes
/// before anybody has recovered. False when the step was finished before it came to that.
async fn killed(victim: Step, call: u64, moment: Moment, after: After, then: Option<&Site>) -> bool {
    let mut here = Installation::new().await;
    // One copy at a time makes each death leave another half.
    here.bounds = Bounds {
        pace: Pace::fixed(1),
        ..Bounds::default()
    };
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    let build = here.upload(&b, "main").await;
    let task = here.confirm(&build).await.unwrap();
    let envelope = loop {
        let envelope = here.world.queue.take_any().expect("the step's message was sent");
        if Step::of(&envelope.message) == victim {
            break envelope;
        }
        here.deliver(&envelope, 1).await;
    };
    let survived = run_until_death(call, moment, here.deliver(&envelope, 1))
        .await
        .is_some();
    match after {
        After::Redelivered => here.world.queue.give_back(envelope),
        After::Lost => {}
    }
    let mut last = &b;
    let mut newest = task;
    if let Some(site) = then {
        let build = here.upload(site, "main").await;
        newest = here.confirm(&build).await.unwrap();
        last = site;
    }
    here.recover().await;
    here.assert_shows("main", last);
    let task = here.task(&newest).await;
    assert_eq!(
        task.status(),
        TaskStatus::Success,
        "{victim:?} {call} {moment:?} {after:?}: {task:?}"
    );
    assert!(!here.edition("main").is_pending());
    !survived
}

async fn killed_everywhere(victim: Step, then: Option<&Site>) {
    let mut deaths = 0;
    for after in [After::Redelivered, After::Lost] {
        for moment in [Moment::Before, Moment::After] {
            let mut call = 1;
            while killed(victim, call, moment, after, then).await {
                call += 1;
                deaths += 1;
            }
        }
    }
    assert!(
        deaths >= 12,
        "only {deaths} deaths: the step was not killed where it works"
    );
}

#[tokio::test(start_paused = true)]
async fn registering_may_die_anywhere() {
    killed_everywhere(Step::RegisterBuild, None).await;
}

#[tokio::test(start_paused = true)]
async fn copying_may_die_anywhere() {
    killed_everywhere(Step::CopyEdition, None).await;
}

#[tokio::test(start_paused = true)]
async fn purging_may_die_anywhere() {
    killed_everywhere(Step::PurgeCdn, None).await;
}

/// Invariant 6: A is published, B stops half way, C ends as exactly C.
#[tokio::test(start_paused = true)]
async fn a_copy_that_died_leaves_nothing_of_itself_in_the_next_build() {
    let [a, _, c] = sites();
    killed_everywhere(Step::CopyEdition, Some(&c)).await;
    // And back to the very files that were published before the torn copy.
    killed_everywhere(Step::CopyEdition, Some(&a)).await;
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_may_die_anywhere_and_is_said_again() {
    for moment in [Moment::Before, Moment::After] {
        for call in 1.. {
            let here = Installation::new().await;
            let [a, ..] = sites();
            let build = here.upload(&a, "main").await;
            let survived = run_until_death(call, moment, here.confirm(&build))
                .await
                .is_some();
            // The client hears nothing, so it asks again.
            here.confirm(&build).await.unwrap();
            here.recover().await;
            here.assert_shows("main", &a);
            if survived {
                break;
            }
        }
    }
}

/// What was committed is done even when nobody asks again.
#[tokio::test(start_paused = true)]
async fn a_confirmed_build_whose_message_was_never_sent_is_published_by_the_sweep() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let build = here.upload(&a, "main").await;
    here.world
        .faults()
        .from("queue.send", 1, Moment::Before, imprint_testing::Trouble::Busy);
    let task = here.confirm(&build).await.unwrap();
    assert_eq!(here.world.queue.waiting(), 0);
    here.world.faults().clear();
    here.recover().await;
    here.assert_shows("main", &a);
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
}

/// A run that finds its own generation begun redoes only what it cannot know to be done.
#[tokio::test(start_paused = true)]
async fn a_killed_copy_resumes_and_redoes_at_most_one_in_twenty() {
    kill_and_resume(400, 4, 300).await;
}

#[tokio::test(start_paused = true)]
#[ignore = "takes a minute"]
async fn a_killed_copy_of_100_000_files_resumes_and_redoes_at_most_one_in_twenty() {
    kill_and_resume(100_000, 256, 60_000).await;
}

/// Publishes a site of so many pages with so many copies at a time, and the run that copies dies after so many calls.
async fn kill_and_resume(pages: usize, at_a_time: usize, calls: u64) {
    let mut here = Installation::new().await;
    here.bounds = Bounds {
        pace: Pace::fixed(at_a_time),
        ..Bounds::default()
    };
    let site = Site::of_pages(pages);
    let build = here.upload(&site, "main").await;
    here.confirm(&build).await.unwrap();
    let register = here.world.queue.take(Step::RegisterBuild).unwrap();
    here.deliver(&register, 1).await;
    let copy = here.world.queue.take(Step::CopyEdition).unwrap();
    here.world.counts().reset();
    assert!(
        run_until_death(calls, Moment::After, here.deliver(&copy, 1))
            .await
            .is_none()
    );
    here.deliver(&copy, 2).await;
    here.settle().await;
    here.assert_shows("main", &site);
    let (copies, files) = (here.world.counts().of("objects.copy"), site.paths().len() as u64);
    println!("{copies} copies of {files} files");
    assert!(copies <= files + files / 20, "{copies} copies for {files} files");
}

/// The same bytes with another header have the same ETag, so the ETag alone does not show that a file was written.
#[tokio::test(start_paused = true)]
async fn a_resumed_copy_does_not_take_the_last_builds_objects_for_its_own() {
    let typed = |content_type: &str| {
        let headers = Headers {
            content_type: Some(content_type.into()),
            ..Headers::default()
        };
        let site = Site::of_pages(6);
        (0..5).fold(site, |site, n| {
            site.file_with(&format!("data{n}"), "the same bytes", headers.clone())
        })
    };
    for call in 1..14 {
        // Nothing moves by itself, so each build's headers are learned from its own objects.
        let mut here = Installation::tracking(TrackingMode::Manual).await;
        here.bounds = Bounds {
            pace: Pace::fixed(1),
            ..Bounds::default()
        };
        let (plain, _) = here.publish(&typed("text/plain"), "main").await;
        let (csv, _) = here.publish(&typed("text/csv"), "main").await;
        let id = here.edition("main").id;
        let to = |build: &Build| EditionPatch {
            build: Some(build.id),
            ..EditionPatch::default()
        };
        editions::update(&here.env, id, to(&plain)).await.unwrap();
        here.settle().await;
        editions::update(&here.env, id, to(&csv)).await.unwrap();
        let copy = here.world.queue.take(Step::CopyEdition).unwrap();
        run_until_death(call, Moment::After, here.deliver(&copy, 1)).await;
        here.deliver(&copy, 2).await;
        here.recover().await;
        for n in 0..5 {
            let object = here.world.objects.get(&format!("alpha/v/main/data{n}")).unwrap();
            assert_eq!(
                object.headers.content_type.as_deref(),
                Some("text/csv"),
                "data{n}, killed at {call}"
            );
        }
    }
}
