//! The life of an edition: history, going back, being pinned, deleted and restored, and its slug used again.

use imprint_app::editions::{self, EditionPatch, NewEdition, NewName, RollbackTo};
use imprint_app::error::AppError;
use imprint_domain::build::Build;
use imprint_domain::edition::{Cause, Edition, Tracking};
use imprint_domain::history::Moved;
use imprint_domain::id::{BuildId, EditionId, Generation};
use imprint_domain::kind::Retention;
use imprint_domain::task::{NoteCode, TaskStatus};
use imprint_domain::tracking::TrackingMode;
use imprint_testing::samples::parsed;
use imprint_testing::{Moment, Site, Step, run_until_death};
use jiff::SignedDuration;

use crate::installation::{Installation, sites};

fn to(build: &Build) -> EditionPatch {
    EditionPatch {
        build: Some(build.id),
        by: Some(parsed("dev")),
        ..EditionPatch::default()
    }
}

async fn history(here: &Installation, id: EditionId) -> Vec<Moved> {
    editions::history(&here.env, id, 100, None).await.unwrap().items
}

/// Every live edition's history leads to where it is: what was committed and what was recorded are one.
async fn assert_recorded(here: &Installation, edition: &Edition) {
    let moves = history(here, edition.id).await;
    assert_eq!(
        moves.first().map(|moved| &moved.pointer),
        edition.desired.as_ref()
    );
    let generations: Vec<u64> = moves.iter().map(|moved| moved.pointer.generation.0).collect();
    let expected: Vec<u64> = (1..=edition.generation.0).rev().collect();
    assert_eq!(generations, expected, "each generation is recorded once");
}

fn told(result: Result<editions::Changed, AppError>) -> String {
    match result {
        Err(AppError::Invalid(sentence)) => sentence,
        other => panic!("{other:?} is no refusal"),
    }
}

#[tokio::test(start_paused = true)]
async fn every_move_is_recorded_with_who_made_it_and_why() {
    let here = Installation::new().await;
    let [a, b, c] = sites();
    let (first, _) = here.publish(&a, "main").await;
    here.publish(&b, "main").await;
    let id = here.edition("main").id;
    editions::update(&here.env, id, to(&first)).await.unwrap();
    here.settle().await;
    let by = || Some(parsed("ops"));
    let back = editions::rollback(&here.env, id, RollbackTo::Generation(Generation(2)), by()).await;
    here.settle().await;
    assert_eq!(
        here.task(&back.unwrap().task.unwrap()).await.status(),
        TaskStatus::Success
    );
    here.assert_shows("main", &b);
    // A build that was named before its files were known.
    let named = here.upload(&c, "x").await;
    here.confirm(&named).await.unwrap();
    editions::update(&here.env, id, to(&named)).await.unwrap();
    here.settle().await;
    here.assert_shows("main", &c);

    let moves = history(&here, id).await;
    let said = |moved: &Moved| {
        (
            moved.pointer.build.0,
            moved.cause,
            moved.by.as_ref().map(ToString::to_string),
        )
    };
    let said: Vec<_> = moves.iter().map(said).collect();
    let somebody = |name: &str| Some(name.to_owned());
    let expected = [
        (3, Cause::Person, somebody("dev")),
        (2, Cause::Rollback, somebody("ops")),
        (1, Cause::Person, somebody("dev")),
        (2, Cause::Tracking, None),
        (1, Cause::Tracking, None),
    ];
    assert_eq!(said, expected);
    assert_recorded(&here, &here.edition("main")).await;
}

#[tokio::test(start_paused = true)]
async fn an_edition_goes_back_only_to_what_it_has_shown_and_what_is_still_there() {
    let here = Installation::new().await;
    let [a, b, c] = sites();
    let (first, _) = here.publish(&a, "main").await;
    let (other, _) = here.publish(&c, "elsewhere").await;
    let (second, _) = here.publish(&b, "main").await;
    let id = here.edition("main").id;
    let back = async |to| editions::rollback(&here.env, id, to, None).await;
    assert!(told(back(RollbackTo::Build(other.id)).await).contains("never showed build"));
    assert!(told(back(RollbackTo::Generation(Generation(9))).await).contains("no generation 9"));
    back(RollbackTo::Build(first.id)).await.unwrap();
    here.settle().await;
    here.assert_shows("main", &a);

    imprint_app::builds::end(&here.env, second.id).await.unwrap();
    let sentence = told(back(RollbackTo::Build(second.id)).await);
    assert!(sentence.contains("deprecated"), "{sentence}");
    editions::end(&here.env, id).await.unwrap();
    assert!(told(back(RollbackTo::Build(first.id)).await).contains("Edition was deprecated: main"));
    let unknown = editions::rollback(&here.env, EditionId(99), RollbackTo::Build(first.id), None).await;
    assert!(matches!(unknown, Err(AppError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn a_pinned_edition_sits_out_a_storm_and_shows_the_newest_in_one_move() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    let id = here.edition("main").id;
    editions::pin(&here.env, id).await.unwrap();
    let mut builds = Vec::new();
    for n in 0..20 {
        let site = a.clone().file("storm.html", format!("build {n}"));
        builds.push(here.upload(&site, "main").await);
    }
    let last = a.clone().file("storm.html", "build 19");
    // In an order of their own: 7 and 20 have no common divisor.
    for n in 0..20 {
        let task = here.confirm(&builds[n * 7 % 20]).await.unwrap();
        here.settle().await;
        let task = here.task(&task).await;
        assert_eq!(
            (task.status(), task.notes[0].code),
            (TaskStatus::Success, NoteCode::EditionPinned)
        );
    }
    here.assert_shows("main", &a);
    let pinned = here.edition("main");
    assert_eq!(
        (pinned.generation, pinned.waiting()),
        (Generation(1), Some(builds[19].id))
    );
    assert!(told(editions::update(&here.env, id, to(&builds[3])).await).contains("Edition is pinned"));
    let back = editions::rollback(&here.env, id, RollbackTo::Build(BuildId(1)), None).await;
    assert!(back.is_ok(), "its own build can be published again");
    here.settle().await;

    let changed = editions::unpin(&here.env, id, Some(parsed("dev"))).await.unwrap();
    here.settle().await;
    assert_eq!(
        here.task(&changed.task.unwrap()).await.status(),
        TaskStatus::Success
    );
    here.assert_shows("main", &last);
    assert_eq!(here.edition("main").generation, pinned.generation.next().next());
    assert_eq!(history(&here, id).await[0].cause, Cause::Unpin);
    // Again changes nothing, and the edition follows as ever.
    assert!(editions::unpin(&here.env, id, None).await.unwrap().task.is_none());
    here.publish(&b, "main").await;
    here.assert_shows("main", &b);
    assert_recorded(&here, &here.edition("main")).await;
}

#[tokio::test(start_paused = true)]
async fn a_build_that_was_deleted_while_it_waited_is_passed_over() {
    let here = Installation::new().await;
    let [a, b, c] = sites();
    here.publish(&a, "main").await;
    let id = here.edition("main").id;
    editions::pin(&here.env, id).await.unwrap();
    here.publish(&b, "main").await;
    let (newest, _) = here.publish(&c, "main").await;
    imprint_app::builds::end(&here.env, newest.id).await.unwrap();
    editions::unpin(&here.env, id, None).await.unwrap();
    here.settle().await;
    here.assert_shows("main", &b);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_edition_is_not_rebuilt_and_comes_back_as_it_was() {
    let here = Installation::new().await;
    let [a, b, c] = sites();
    here.publish(&a, "main").await;
    // Deleted with a move on its way, which stops there.
    let build = here.upload(&b, "main").await;
    here.confirm(&build).await.unwrap();
    let register = here.world.queue.take(Step::RegisterBuild).unwrap();
    here.deliver(&register, 1).await;
    let id = here.edition("main").id;
    editions::end(&here.env, id).await.unwrap();
    here.settle().await;
    here.publish(&c, "other").await;
    assert_eq!(here.published("main"), Some(1));
    let d10 = here.edition("main");
    assert!(d10.ended_at.is_some());

    here.world.clock.advance(SignedDuration::from_hours(30 * 24 - 1));
    let changed = editions::restore(&here.env, id, Some(parsed("dev")))
        .await
        .unwrap();
    here.settle().await;
    assert_eq!(
        here.task(&changed.task.unwrap()).await.status(),
        TaskStatus::Success
    );
    here.assert_shows("main", &b);
    assert!(!here.edition("main").is_pending());
    // Again changes nothing.
    assert!(
        editions::restore(&here.env, id, None)
            .await
            .unwrap()
            .task
            .is_none()
    );
    assert_recorded(&here, &here.edition("main")).await;

    editions::end(&here.env, id).await.unwrap();
    here.world.clock.advance(SignedDuration::from_hours(30 * 24 + 1));
    assert!(told(editions::restore(&here.env, id, None).await).contains("more than 30 days ago"));
}

fn named(slug: &str, build: &Build) -> NewEdition {
    NewEdition {
        name: NewName::Given {
            slug: parsed(slug),
            title: parsed(slug),
        },
        tracking: Tracking {
            mode: TrackingMode::Manual,
            refs: None,
            alternate: None,
        },
        kind: None,
        retention: Retention::Applies,
        build: Some(build.id),
        by: None,
    }
}

fn live(here: &Installation, slug: &str) -> Edition {
    let all = here.world.catalog.all_editions();
    all.into_iter()
        .find(|edition| edition.slug.as_str() == slug && edition.ended_at.is_none())
        .expect("one is live")
}

/// Two editions of one slug, one after the other: each shows exactly its own build, under one key for the CDN.
#[tokio::test(start_paused = true)]
async fn the_slug_of_a_deleted_edition_can_be_used_again_and_goes_back_to_it() {
    let here = Installation::new().await;
    let [a, b, c] = sites();
    let (first, _) = here.publish(&a, "one").await;
    let (second, _) = here.publish(&b, "two").await;
    here.publish(&c, "v1.0").await;
    let product = parsed("alpha");
    let old = editions::create(&here.env, &product, named("v1", &first))
        .await
        .unwrap();
    here.settle().await;
    let taken = editions::create(&here.env, &product, named("v1", &second)).await;
    assert!(told(taken).contains("already exists"));
    editions::end(&here.env, old.edition.id).await.unwrap();
    let new = editions::create(&here.env, &product, named("v1", &second))
        .await
        .unwrap();
    here.settle().await;
    assert_eq!(new.edition.surrogate_key, old.edition.surrogate_key);
    here.assert_shows("v1", &b);
    assert!(told(editions::restore(&here.env, old.edition.id, None).await).contains("delete that one first"));

    editions::end(&here.env, new.edition.id).await.unwrap();
    editions::restore(&here.env, old.edition.id, None).await.unwrap();
    here.settle().await;
    here.assert_shows("v1", &a);
    assert_eq!(live(&here, "v1").published.unwrap().pointer.build, first.id);
    here.assert_shows("v1.0", &c);
}

/// The last copy of a deleted edition and the first of its successor write below one prefix, so they never run at once.
#[tokio::test(start_paused = true)]
async fn the_copies_of_an_edition_and_its_successor_come_one_after_the_other() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    let (first, _) = here.publish(&a, "one").await;
    let (second, _) = here.publish(&b, "two").await;
    let product = parsed("alpha");
    let old = editions::create(&here.env, &product, named("v1", &first))
        .await
        .unwrap();
    let copy = here.world.queue.take(Step::CopyEdition).unwrap();
    // It dies half way.
    run_until_death(12, Moment::After, here.deliver(&copy, 1)).await;
    editions::end(&here.env, old.edition.id).await.unwrap();
    editions::create(&here.env, &product, named("v1", &second))
        .await
        .unwrap();
    let next = here.world.queue.take(Step::CopyEdition).unwrap();
    assert_eq!(copy.message.group(), next.message.group());
    here.deliver(&copy, 2).await;
    here.deliver(&next, 1).await;
    here.recover().await;
    here.assert_shows("v1", &b);
}

/// A use-case that dies anywhere and is asked again has moved the edition, recorded each move, and lost none.
#[tokio::test(start_paused = true)]
async fn what_a_person_asks_for_may_die_anywhere_and_is_asked_again() {
    for action in 0..3 {
        for moment in [Moment::Before, Moment::After] {
            for call in 1.. {
                let here = Installation::new().await;
                let [a, b, _] = sites();
                let (first, _) = here.publish(&a, "main").await;
                let id = here.edition("main").id;
                if action == 1 {
                    editions::pin(&here.env, id).await.unwrap();
                }
                here.publish(&b, "main").await;
                if action == 2 {
                    editions::end(&here.env, id).await.unwrap();
                }
                let ask = async || match action {
                    0 => editions::rollback(&here.env, id, RollbackTo::Build(first.id), None).await,
                    1 => editions::unpin(&here.env, id, None).await,
                    _ => editions::restore(&here.env, id, None).await,
                };
                let survived = run_until_death(call, moment, ask()).await.is_some();
                ask().await.unwrap();
                here.recover().await;
                let expected: &Site = if action == 0 { &a } else { &b };
                here.assert_shows("main", expected);
                let edition = here.edition("main");
                assert!(edition.ended_at.is_none() && edition.pin.is_none() && !edition.is_pending());
                assert_recorded(&here, &edition).await;
                if survived {
                    break;
                }
            }
        }
    }
}

/// A registration that moves many editions takes several commits; killed between them it decides the same again.
#[tokio::test(start_paused = true)]
async fn a_build_for_many_editions_may_die_between_its_commits() {
    for moment in [Moment::Before, Moment::After] {
        for call in 1.. {
            let here = Installation::new().await;
            let [a, b, _] = sites();
            for n in 0..20 {
                let new = NewEdition {
                    name: NewName::Given {
                        slug: parsed(&format!("e{n}")),
                        title: parsed("e"),
                    },
                    tracking: here.edition("main").tracking,
                    kind: None,
                    retention: Retention::Applies,
                    build: None,
                    by: None,
                };
                editions::create(&here.env, &parsed("alpha"), new).await.unwrap();
            }
            here.publish(&a, "main").await;
            for slug in ["e3", "e17"] {
                editions::pin(&here.env, here.edition(slug).id).await.unwrap();
            }
            let build = here.upload(&b, "main").await;
            here.confirm(&build).await.unwrap();
            let register = here.world.queue.take(Step::RegisterBuild).unwrap();
            let survived = run_until_death(call, moment, here.deliver(&register, 1))
                .await
                .is_some();
            here.world.queue.give_back(register);
            here.recover().await;
            for n in 0..20 {
                let edition = here.edition(&format!("e{n}"));
                let pinned = n == 3 || n == 17;
                assert_eq!(here.published(&format!("e{n}")), Some(if pinned { 1 } else { 2 }));
                assert_eq!(edition.waiting(), pinned.then_some(build.id));
                assert_recorded(&here, &edition).await;
            }
            if survived {
                break;
            }
        }
    }
}
