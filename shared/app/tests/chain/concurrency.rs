//! Many at once.

use std::time::Duration;

use imprint_app::Pace;
use imprint_app::copy_edition::Bounds;
use imprint_domain::task::TaskStatus;
use imprint_testing::{Site, Step};
use tokio::time::Instant;

use crate::installation::{Installation, sites};

/// D3 and invariant 2: twenty builds at once of one branch. LTD rejected or lost all that came during a rebuild.
#[tokio::test(start_paused = true)]
async fn builds_that_are_confirmed_at_once_all_end_and_the_newest_is_shown() {
    for seed in 0..10 {
        let here = Installation::new().await;
        let [a, b, c] = sites();
        let mut builds = Vec::new();
        for n in 0..8 {
            builds.push(here.upload([&a, &b, &c][n % 3], "main").await);
        }
        here.world.gate.interleave(seed, 3);
        let (t0, t1, t2, t3) = tokio::join!(
            here.confirm(&builds[7]),
            here.confirm(&builds[3]),
            here.confirm(&builds[0]),
            here.confirm(&builds[7]),
        );
        let envelopes = here.world.queue.take_all_of(Step::RegisterBuild);
        let run = |at: usize| here.deliver(&envelopes[at], 1);
        tokio::join!(run(0), run(1), run(2), run(3));
        here.recover().await;
        here.assert_shows("main", &b);
        for task in [t0, t1, t2, t3] {
            assert_eq!(
                here.task(&task.unwrap()).await.status(),
                TaskStatus::Success,
                "seed {seed}"
            );
        }
    }
}

/// A message that comes again while its first run still works does no harm: both write the same files.
#[tokio::test(start_paused = true)]
async fn two_runs_of_one_copy_at_once_end_as_one() {
    for seed in 0..10 {
        let here = Installation::new().await;
        let [a, b, _] = sites();
        here.publish(&a, "main").await;
        let build = here.upload(&b, "main").await;
        let task = here.confirm(&build).await.unwrap();
        let register = here.world.queue.take(Step::RegisterBuild).unwrap();
        here.deliver(&register, 1).await;
        let copy = here.world.queue.take(Step::CopyEdition).unwrap();
        here.world.gate.interleave(seed, 4);
        tokio::join!(here.deliver(&copy, 1), here.deliver(&copy, 2));
        here.recover().await;
        here.assert_shows("main", &b);
        assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
    }
}

/// A copy that does not fit into a function's time is handed on, as often as it takes, and redoes almost nothing.
#[tokio::test(start_paused = true)]
async fn a_long_copy_is_handed_on_and_redoes_at_most_one_in_twenty() {
    hand_on(300, 25, 41).await;
}

#[tokio::test(start_paused = true)]
#[ignore = "takes a minute"]
async fn a_copy_of_100_000_files_is_handed_on_twenty_times_and_redoes_at_most_one_in_twenty() {
    hand_on(100_000, 5_000, 20).await;
}

/// Publishes a site of so many pages with so many copies at a time. Time is over as soon as the first of them have begun,
/// so each run copies that many at most; after so many runs the rest is copied in one.
async fn hand_on(pages: usize, at_a_time: usize, hand_overs: u32) {
    let mut here = Installation::new().await;
    let site = Site::of_pages(pages);
    let build = here.upload(&site, "main").await;
    let task = here.confirm(&build).await.unwrap();
    here.world.counts().reset();
    let mut runs = 0;
    while let Some(envelope) = here.world.queue.take_any() {
        here.bounds = Bounds {
            pace: Pace::fixed(at_a_time),
            deadline: Some(Instant::now()),
        };
        if Step::of(&envelope.message) == Step::CopyEdition {
            runs += 1;
            if runs >= hand_overs {
                here.bounds.deadline = Some(Instant::now() + Duration::from_secs(60));
            }
        }
        here.deliver(&envelope, 1).await;
    }
    assert!(runs >= hand_overs, "{runs} runs");
    here.assert_shows("main", &site);
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
    let (copies, files) = (here.world.counts().of("objects.copy"), site.paths().len() as u64);
    println!("{copies} copies of {files} files in {runs} runs");
    assert!(copies <= files + files / 20, "{copies} copies for {files} files");
}

/// A newer build that waits makes the rest of a long copy unnecessary.
#[tokio::test(start_paused = true)]
async fn a_copy_that_was_handed_on_gives_way_to_a_newer_build() {
    let mut here = Installation::new().await;
    let [a, b, _] = sites();
    let first = here.upload(&a, "main").await;
    let first = here.confirm(&first).await.unwrap();
    let register = here.world.queue.take(Step::RegisterBuild).unwrap();
    here.deliver(&register, 1).await;
    here.bounds = Bounds {
        pace: Pace::fixed(1),
        deadline: Some(Instant::now()),
    };
    let copy = here.world.queue.take(Step::CopyEdition).unwrap();
    here.deliver(&copy, 1).await;
    here.bounds = Bounds::default();
    let rest = here.world.queue.take(Step::CopyEdition).unwrap();
    let second = here.upload(&b, "main").await;
    here.confirm(&second).await.unwrap();
    let register = here.world.queue.take(Step::RegisterBuild).unwrap();
    here.deliver(&register, 1).await;
    here.world.queue.give_back(rest);
    here.settle().await;
    here.assert_shows("main", &b);
    let rows = here.task(&first).await.editions;
    assert_eq!(rows[0].step, imprint_domain::task::EditionStep::Superseded);
}

/// A copy that takes longer than the sweep's patience says now and then that it is alive, so it is not sent again.
#[tokio::test(start_paused = true)]
async fn the_sweep_leaves_a_long_copy_alone_while_it_gets_on() {
    use imprint_app::sweep::sweep;
    use jiff::SignedDuration;
    let here = Installation::new().await;
    let build = here.upload(&sites()[0], "main").await;
    here.confirm(&build).await.unwrap();
    let register = here.world.queue.take(Step::RegisterBuild).unwrap();
    here.deliver(&register, 1).await;
    let copy = here.world.queue.take(Step::CopyEdition).unwrap();
    let hold = here.world.faults().hold("objects.copy", 5);
    let patience = SignedDuration::from_secs(120);
    let watch = async {
        hold.reached().await;
        here.world.clock.advance(SignedDuration::from_secs(600));
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert_eq!(
            sweep(&here.world.tenants(), patience).await.unwrap().sent_again,
            0,
            "it said that it is alive"
        );
        hold.release();
    };
    tokio::join!(here.deliver(&copy, 1), watch);
    here.settle().await;
    here.assert_shows("main", &sites()[0]);
}
