//! Renames that meet builds, deaths and failures: both names end as after one clean run.

use imprint_app::Pace;
use imprint_domain::message::Message;
use imprint_domain::task::TaskStatus;
use imprint_testing::{Moment, Trouble, run_until_death};

use crate::installation::expected;
use crate::rename::{ask, assert_leads, others, rename, site_of, with_siblings};

/// A build whose copy has begun, or waits, and builds that come meanwhile: the newest arrives at the new name, and every
/// task ends well.
#[tokio::test(start_paused = true)]
async fn no_build_is_lost_in_a_rename_whatever_the_order_of_delivery() {
    for seed in 0..40u64 {
        let mut here = with_siblings().await;
        here.bounds.pace = Pace::fixed(1);
        let mut random = seed;
        let mut choose = |of: usize| {
            random = random
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (random >> 33) as usize % of.max(1)
        };
        let untouched = others(&here, &["v1", "v1-new"]);
        let mut builds = Vec::new();
        for n in 0..4 {
            builds.push(here.upload(&site_of(&format!("storm {n}")), "v1").await);
        }
        let mut tasks = Vec::new();
        let when = choose(4);
        for (at, build) in builds.iter().enumerate() {
            if at == when {
                tasks.push(ask(&here, "v1", "v1-new").await.unwrap().task.unwrap());
            }
            tasks.push(here.confirm(build).await.unwrap());
            for _ in 0..choose(5) {
                if let Some(envelope) = here.world.queue.take_one_of(&mut choose) {
                    // Some runs die, and their message comes back.
                    if choose(3) == 0 {
                        let call = 1 + choose(20) as u64;
                        run_until_death(call, Moment::After, here.deliver(&envelope, 1)).await;
                        here.world.queue.give_back(envelope);
                    } else {
                        here.deliver(&envelope, 1).await;
                    }
                }
            }
        }
        while let Some(envelope) = here.world.queue.take_one_of(&mut choose) {
            here.deliver(&envelope, 1).await;
            if choose(4) == 0 {
                here.deliver(&envelope, 2).await;
            }
        }
        here.recover().await;
        here.assert_shows("v1-new", &site_of("storm 3"));
        assert_leads(&here, "v1", "v1-new");
        assert_eq!(others(&here, &["v1", "v1-new"]), untouched, "seed {seed}");
        assert!(!here.edition("v1-new").is_pending());
        for task in tasks {
            let task = here.task(&task).await;
            assert_eq!(task.status(), TaskStatus::Success, "seed {seed}: {task:?}");
        }
    }
}

/// Both prefixes are written in the groups of their own: what empties one waits for the last copy to it, and the first
/// copy of a successor for that.
#[tokio::test(start_paused = true)]
async fn what_empties_a_place_comes_in_the_order_of_the_copies_to_it() {
    let here = with_siblings().await;
    let build = here.upload(&site_of("late"), "v1").await;
    here.confirm(&build).await.unwrap();
    let register = here.world.queue.take_any().unwrap();
    here.deliver(&register, 1).await;
    let old_copy = here.world.queue.take_any().unwrap();
    // It has begun when the rename is accepted, and goes on after it.
    run_until_death(9, Moment::After, here.deliver(&old_copy, 1)).await;
    ask(&here, "v1", "v2").await.unwrap();
    let new_copy = here.world.queue.take_any().unwrap();
    assert_ne!(old_copy.message.group(), new_copy.message.group());
    here.deliver(&new_copy, 1).await;
    let retire = here.world.queue.take_any().unwrap();
    assert!(matches!(retire.message, Message::RetireName(_)));
    assert_eq!(old_copy.message.group(), retire.message.group());
    here.deliver(&old_copy, 2).await;
    here.deliver(&retire, 1).await;
    here.recover().await;
    here.assert_shows("v2", &site_of("late"));
    assert_leads(&here, "v1", "v2");
}

/// What the run that dies was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Request,
    Copy,
    Retire,
    Purge,
}

fn is_for(victim: Victim, message: &Message) -> bool {
    match message {
        Message::CopyEdition(_) => victim == Victim::Copy,
        Message::RetireName(_) => victim == Victim::Retire,
        Message::PurgeCdn(_) => victim == Victim::Purge,
        Message::RegisterBuild(_)
        | Message::RenderDashboard(_)
        | Message::RenderIndex(_)
        | Message::RenderAll(_)
        | Message::DeriveFormat(_)
        | Message::MoveEditions(_)
        | Message::RenderDocument(_)
        | Message::PublishRendering(_)
        | Message::UpdateDns(_)
        | Message::UnpackArchive(_)
        | Message::DeliverWebhook(_) => false,
    }
}

/// Renames an edition that had another name before; kills the victim at its `call`-th call. False when it was done before.
async fn killed(victim: Victim, call: u64, moment: Moment, lost: bool) -> bool {
    let mut here = with_siblings().await;
    here.bounds.pace = Pace::fixed(1);
    rename(&here, "v1", "v1x").await;
    let untouched = others(&here, &["v1", "v1x", "v1-new"]);
    let mut survived = true;
    if victim == Victim::Request {
        survived = run_until_death(call, moment, ask(&here, "v1x", "v1-new"))
            .await
            .is_some();
    }
    // The client that heard nothing asks again.
    let changed = ask(&here, "v1x", "v1-new").await.unwrap();
    while let Some(envelope) = here.world.queue.take_any() {
        if is_for(victim, &envelope.message) {
            survived = run_until_death(call, moment, here.deliver(&envelope, 1))
                .await
                .is_some();
            if !lost {
                here.world.queue.give_back(envelope);
            }
            break;
        }
        here.deliver(&envelope, 1).await;
    }
    here.recover().await;
    here.assert_shows("v1-new", &site_of("v1"));
    for old in ["v1", "v1x"] {
        assert_leads(&here, old, "v1-new");
    }
    assert_eq!(others(&here, &["v1", "v1x", "v1-new"]), untouched);
    let task = here.task(&changed.task.unwrap()).await;
    assert_eq!(task.status(), TaskStatus::Success, "{victim:?} {call} {moment:?}");
    assert!(!here.edition("v1-new").is_pending());
    !survived
}

#[tokio::test(start_paused = true)]
async fn a_rename_may_die_anywhere() {
    for victim in [Victim::Request, Victim::Copy, Victim::Retire, Victim::Purge] {
        let mut deaths = 0;
        for lost in [false, true] {
            for moment in [Moment::Before, Moment::After] {
                let mut call = 1;
                while killed(victim, call, moment, lost).await {
                    call += 1;
                    deaths += 1;
                }
            }
        }
        assert!(deaths >= 12, "{victim:?}: only {deaths} deaths");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_fails_shows_and_is_healed_by_the_sweep() {
    let here = with_siblings().await;
    let changed = ask(&here, "v1", "v2").await.unwrap();
    here.world
        .faults()
        .from("objects.delete", 1, Moment::Before, Trouble::Failed);
    here.settle().await;
    let task = here.task(changed.task.as_ref().unwrap()).await;
    assert_eq!(task.status(), TaskStatus::Failure, "{task:?}");
    // Readers have it at the new URL all the same.
    assert_eq!(here.shown("v2"), expected(&site_of("v1")));
    here.world.faults().clear();
    here.recover().await;
    assert_eq!(here.task(&task.id).await.status(), TaskStatus::Success);
    assert_leads(&here, "v1", "v2");
    assert!(here.edition("v2").failure.is_none());
}

/// A rename whose copy fails for good is done by the next build.
#[tokio::test(start_paused = true)]
async fn a_rename_whose_files_are_missing_shows_and_is_done_with_the_next_build() {
    let here = with_siblings().await;
    let build = here.edition("v1").desired.unwrap().build_slug;
    for key in here.world.objects.keys(&format!("alpha/builds/{build}/")) {
        here.world.objects.remove(&key);
    }
    let changed = ask(&here, "v1", "v2").await.unwrap();
    here.settle().await;
    let task = changed.task.unwrap();
    assert_eq!(here.task(&task).await.status(), TaskStatus::Failure);
    assert_eq!(here.shown("v1"), expected(&site_of("v1")), "the old URL answers");
    here.publish(&site_of("next"), "v1").await;
    here.assert_shows("v2", &site_of("next"));
    assert_leads(&here, "v1", "v2");
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
}
