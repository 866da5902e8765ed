//! Failures are seen, never swallowed, and never in the way of the next build.

use imprint_app::step::{Disposal, MAX_RECEIVES};
use imprint_domain::message::Message;
use imprint_domain::task::{EditionStep, FailureCode, Registration, TaskStatus};
use imprint_testing::{Moment, Site, Step, Trouble};

use crate::installation::{Installation, expected, sites};
use imprint_testing::MemoryCdn;

/// D4: LTD reported a failed copy as a success. D3: and one failed copy blocked the edition until a person came.
#[tokio::test(start_paused = true)]
async fn d3_d4_a_failed_copy_is_reported_and_does_not_block_the_next_build() {
    let here = Installation::new().await;
    let [a, b, c] = sites();
    here.publish(&a, "main").await;
    here.world
        .faults()
        .from("objects.copy", 2, Moment::Before, Trouble::Failed);
    let (_, task) = here.publish(&b, "main").await;
    assert_eq!(task.status(), TaskStatus::Failure);
    let EditionStep::Failed(failure) = &task.editions[0].step else {
        panic!("{task:?}")
    };
    assert_eq!(failure.code, FailureCode::ObjectStore);
    assert!(!failure.remedy.is_empty());
    let edition = here.edition("main");
    assert_eq!(
        edition.failure.as_ref().map(|failure| failure.code),
        Some(FailureCode::ObjectStore)
    );
    assert_eq!(
        here.published("main"),
        Some(1),
        "readers are still told of the first build"
    );

    here.world.faults().clear();
    let (_, task) = here.publish(&c, "main").await;
    assert_eq!(task.status(), TaskStatus::Success);
    here.assert_shows("main", &c);
    assert_eq!(here.edition("main").failure, None);
}

/// Invariant 5: an edition is published when the CDN has accepted, and not before.
#[tokio::test(start_paused = true)]
async fn a_purge_that_fails_a_few_times_is_retried_until_it_is_accepted() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    busy(&here.world.cdn, 3);
    let (_, task) = here.publish(&a, "main").await;
    assert_eq!(task.status(), TaskStatus::Success);
    let key = here.edition("main").surrogate_key;
    let purges = here.world.cdn.purges().into_iter();
    assert_eq!(purges.filter(|purge| purge.keys.contains(&key)).count(), 1);
    here.assert_shows("main", &a);
}

fn busy(cdn: &MemoryCdn, times: usize) {
    cdn.fail_next(
        times,
        imprint_testing::memory::Refusal::Busy { retry_after: None },
    );
}

#[tokio::test(start_paused = true)]
async fn a_purge_that_keeps_failing_shows_and_is_healed_by_the_sweep() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    busy(&here.world.cdn, 7);
    let (build, task) = here.publish(&a, "main").await;
    assert_eq!(task.status(), TaskStatus::Failure);
    assert_eq!(
        here.published("main"),
        None,
        "not published before the CDN has accepted"
    );
    assert!(here.edition("main").is_pending());
    assert_eq!(
        here.edition("main").failure.unwrap().code,
        FailureCode::PurgeRefused
    );

    here.recover().await;
    assert_eq!(here.task(&task.id).await.status(), TaskStatus::Success);
    assert_eq!(here.published("main"), Some(build.id.0));
    assert_eq!(here.edition("main").failure, None);
}

#[tokio::test(start_paused = true)]
async fn a_purge_that_is_refused_shows_at_once() {
    let here = Installation::new().await;
    here.world
        .cdn
        .fail_next(1, imprint_testing::memory::Refusal::Refused);
    let (_, task) = here.publish(&sites()[0], "main").await;
    let EditionStep::Failed(failure) = &task.editions[0].step else {
        panic!("{task:?}")
    };
    assert_eq!(failure.code, FailureCode::PurgeRefused);
    here.recover().await;
    assert_eq!(here.task(&task.id).await.status(), TaskStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn throttling_slows_a_copy_down_and_needs_no_second_delivery() {
    let here = Installation::new().await;
    let site = Site::of_pages(60);
    let build = here.upload(&site, "main").await;
    here.confirm(&build).await.unwrap();
    let register = here
        .world
        .queue
        .take(imprint_testing::Step::RegisterBuild)
        .unwrap();
    here.deliver(&register, 1).await;
    let copy = here.world.queue.take(imprint_testing::Step::CopyEdition).unwrap();
    here.world
        .faults()
        .times("objects.copy", 10, 40, Moment::After, Trouble::Busy);
    assert_eq!(here.deliver(&copy, 1).await, Disposal::Done);
    here.settle().await;
    here.assert_shows("main", &site);
}

/// S3 answers 200 to a DeleteObjects whose keys it did not all delete.
#[tokio::test(start_paused = true)]
async fn keys_that_could_not_be_deleted_are_deleted_by_another_try() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    here.world
        .objects
        .fail_deletes_of("alpha/v/main/img/a b.png", 2, true);
    let (_, task) = here.publish(&b, "main").await;
    assert_eq!(task.status(), TaskStatus::Success);
    here.assert_shows("main", &b);
}

#[tokio::test(start_paused = true)]
async fn keys_that_can_never_be_deleted_are_a_failure_that_shows() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    here.world
        .objects
        .fail_deletes_of("alpha/v/main/img/a b.png", 100, false);
    let (_, task) = here.publish(&b, "main").await;
    assert_eq!(task.status(), TaskStatus::Failure);
}

#[tokio::test(start_paused = true)]
async fn a_build_without_files_is_refused_and_the_edition_keeps_its_pages() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    here.publish(&a, "main").await;
    let (_, task) = here.publish(&Site::new(), "main").await;
    let Registration::Failed(failure) = &task.registration else {
        panic!("{task:?}")
    };
    assert_eq!(failure.code, FailureCode::EmptyBuild);
    assert_eq!(here.shown("main"), expected(&a));
    assert!(here.world.catalog.all_outbox().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_vanished_before_the_copy_is_a_failure_that_names_it() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    let build = here.upload(&b, "main").await;
    let task = here.confirm(&build).await.unwrap();
    let register = here
        .world
        .queue
        .take(imprint_testing::Step::RegisterBuild)
        .unwrap();
    here.deliver(&register, 1).await;
    here.world
        .objects
        .remove(&format!("{}new/ü.html", build.prefix()));
    here.settle().await;
    let EditionStep::Failed(failure) = &here.task(&task).await.editions[0].step else {
        panic!("no failure")
    };
    assert_eq!(failure.code, FailureCode::FilesMissing);
    assert!(failure.message.contains("new/ü.html"), "{}", failure.message);
}

#[tokio::test(start_paused = true)]
async fn a_build_that_ended_before_it_was_registered_is_a_failure_that_says_so() {
    let here = Installation::new().await;
    let build = here.upload(&sites()[0], "main").await;
    let task = here.confirm(&build).await.unwrap();
    imprint_app::builds::end(&here.env, build.id).await.unwrap();
    here.settle().await;
    let Registration::Failed(failure) = here.task(&task).await.registration else {
        panic!("no failure")
    };
    assert_eq!(failure.code, FailureCode::BuildEnded);
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_busy_now_and_then_loses_nothing() {
    for seed in 0..40 {
        let here = Installation::new().await;
        let [a, b, _] = sites();
        here.publish(&a, "main").await;
        let build = here.upload(&b, "main").await;
        here.world.faults().chaos(seed, 6);
        let task = loop {
            if let Ok(task) = here.confirm(&build).await {
                break task;
            }
        };
        here.settle().await;
        here.world.faults().clear();
        here.recover().await;
        here.assert_shows("main", &b);
        assert_eq!(
            here.task(&task).await.status(),
            TaskStatus::Success,
            "seed {seed}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn work_that_never_gets_done_is_given_up_after_a_while_and_says_so() {
    let here = Installation::new().await;
    let build = here.upload(&sites()[0], "main").await;
    let task = here.confirm(&build).await.unwrap();
    for _ in 0..10 {
        // Every message is lost.
        here.world.queue.take_all();
        here.world.clock.advance(jiff::SignedDuration::from_hours(1));
        imprint_app::sweep::sweep(&here.world.tenants(), jiff::SignedDuration::from_secs(120))
            .await
            .unwrap();
    }
    let Registration::Failed(failure) = here.task(&task).await.registration else {
        panic!("no failure")
    };
    assert_eq!(failure.code, FailureCode::GaveUp);
    assert!(here.world.catalog.all_outbox().is_empty());
    assert!(here.world.catalog.all_open_tasks().is_empty());
}

/// A copy that is superseded changes nothing of its edition, on which giving up could stumble.
#[tokio::test(start_paused = true)]
async fn what_is_done_while_the_sweep_gives_it_up_is_not_given_up() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let build = here.upload(&a, "DM-1").await;
    let task = here.confirm(&build).await.unwrap();
    let register = here.world.queue.take(Step::RegisterBuild).unwrap();
    here.deliver(&register, 1).await;
    let copy = here.world.queue.take(Step::CopyEdition).unwrap();
    imprint_app::editions::end(&here.env, here.edition("DM-1").id)
        .await
        .unwrap();
    here.settle().await;
    let sweep = async || {
        here.world.clock.advance(jiff::SignedDuration::from_hours(1));
        let patience = jiff::SignedDuration::from_secs(120);
        imprint_app::sweep::sweep(&here.world.tenants(), patience)
            .await
            .unwrap()
    };
    while here.world.catalog.all_outbox()[0].attempt < 5 {
        sweep().await;
        here.world.queue.take_all();
    }
    let hold = here.world.faults().hold("catalog.commit", 1);
    let meanwhile = async {
        hold.reached().await;
        here.deliver(&copy, 1).await;
        hold.release();
    };
    let (swept, ()) = tokio::join!(sweep(), meanwhile);
    assert_eq!(swept.given_up, 1, "it was about to");
    let task = here.task(&task).await;
    assert_eq!(task.editions[0].step, EditionStep::Superseded);
    assert!(here.world.catalog.all_outbox().is_empty());
}

/// The queue delivers twice, and the second delivery meets a CDN that does not answer any more.
#[tokio::test(start_paused = true)]
async fn a_second_delivery_that_fails_takes_back_nothing_of_the_first() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let (_, task) = here.publish(&a, "main").await;
    let sent = here.world.queue.sent();
    let purge = sent
        .iter()
        .find(|sent| matches!(sent.message, Message::PurgeCdn(_)))
        .unwrap();
    here.world
        .faults()
        .from("cdn.purge", 1, Moment::Before, Trouble::Busy);
    here.deliver(purge, MAX_RECEIVES).await;
    assert_eq!(here.task(&task.id).await.status(), TaskStatus::Success);
    assert_eq!(here.edition("main").failure, None);
}
