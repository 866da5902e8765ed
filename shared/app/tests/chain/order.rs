//! Readers never meet a gap, and late comers never win.

use std::collections::BTreeSet;

use imprint_domain::task::{EditionStep, TaskStatus};
use imprint_domain::tracking::TrackingMode;
use imprint_testing::{Mutation, Step};

use crate::installation::{Installation, expected, sites};

/// Invariant 3: replays what was done to the bucket and looks after every single change.
#[tokio::test(start_paused = true)]
async fn a_path_in_both_builds_answers_after_every_single_change() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    here.world.objects.forget_history();
    here.publish(&b, "main").await;
    let (old, new) = (expected(&a), expected(&b));
    let mut present: BTreeSet<String> = old.keys().cloned().collect();
    let mut deleting = false;
    let mut home_copied = false;
    for change in here.world.objects.history() {
        let Some(path) = change.key().as_str().strip_prefix("alpha/v/main/") else {
            continue;
        };
        match change {
            Mutation::Copied { .. } => {
                assert!(!deleting, "{path} was copied after a deletion");
                assert!(!home_copied, "{path} was copied after the home page");
                home_copied = path == "index.html";
                present.insert(path.to_owned());
            }
            Mutation::Deleted { .. } => {
                deleting = true;
                present.remove(path);
            }
            Mutation::Written { .. } => {}
        }
        for both in old.keys().filter(|path| new.contains_key(*path)) {
            assert!(present.contains(both), "{both} was missing");
        }
    }
    assert!(deleting && home_copied);
}

/// Invariants 1 and 2: builds confirmed and delivered in any order end at the newest; nothing is lost.
#[tokio::test(start_paused = true)]
async fn whatever_the_order_of_delivery_the_newest_build_wins() {
    for seed in 0..60u64 {
        let here = Installation::new().await;
        let [a, b, c] = sites();
        let builds = [
            here.upload(&a, "main").await,
            here.upload(&b, "main").await,
            here.upload(&c, "main").await,
        ];
        let mut random = seed;
        let mut choose = |of: usize| {
            random = random
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (random >> 33) as usize % of.max(1)
        };
        let mut order = vec![0, 1, 2];
        order.rotate_left(choose(3));
        if choose(2) == 1 {
            order.swap(0, 1);
        }
        let mut tasks = Vec::new();
        for at in order {
            tasks.push(here.confirm(&builds[at]).await.unwrap());
            for _ in 0..choose(3) {
                if let Some(envelope) = here.world.queue.take_one_of(&mut choose) {
                    here.deliver(&envelope, 1).await;
                }
            }
        }
        while let Some(envelope) = here.world.queue.take_one_of(&mut choose) {
            here.deliver(&envelope, 1).await;
            // Standard queues deliver some messages twice.
            if choose(4) == 0 {
                here.deliver(&envelope, 1).await;
            }
        }
        here.recover().await;
        here.assert_shows("main", &c);
        for task in tasks {
            let task = here.task(&task).await;
            assert_eq!(task.status(), TaskStatus::Success, "seed {seed}: {task:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn builds_that_wait_behind_a_newer_one_end_as_superseded() {
    let here = Installation::new().await;
    let [a, b, c] = sites();
    let mut tasks = Vec::new();
    for site in [&a, &b, &c] {
        let build = here.upload(site, "main").await;
        tasks.push(here.confirm(&build).await.unwrap());
        let register = here.world.queue.take(Step::RegisterBuild).unwrap();
        here.deliver(&register, 1).await;
    }
    here.world.objects.forget_history();
    here.settle().await;
    here.assert_shows("main", &c);
    let steps: Vec<EditionStep> = [
        here.task(&tasks[0]).await.editions[0].step.clone(),
        here.task(&tasks[1]).await.editions[0].step.clone(),
    ]
    .into();
    assert_eq!(steps, [EditionStep::Superseded, EditionStep::Superseded]);
    let copies = here
        .world
        .objects
        .history()
        .into_iter()
        .filter(|change| matches!(change, Mutation::Copied { .. }));
    assert_eq!(copies.count(), expected(&c).len(), "only the newest is copied");
}

/// The contract's timeline of `lsst_doc`: main until the first version, then the highest version.
#[tokio::test(start_paused = true)]
async fn a_version_edition_follows_its_timeline() {
    let here = Installation::tracking(TrackingMode::LsstDoc).await;
    let [a, b, c] = sites();
    for (site, git_ref, shows) in [
        (&a, "main", &a),
        (&b, "v1.0", &b),
        (&c, "main", &b),
        (&a, "v1.10", &a),
        (&c, "v1.9", &a),
        (&c, "v1.10", &c),
    ] {
        here.publish(site, git_ref).await;
        assert_eq!(here.shown("main"), expected(shows), "after {git_ref}");
    }
}
