//! What is published is what it is said to be, and is repaired when it is not; a marker that nobody heard of is heard.

use imprint_app::sweep::confirm_unheard;
use imprint_app::verification::{Verified, verify, verify_next};
use imprint_domain::build::Build;
use imprint_domain::edition::Cause;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_domain::retention::Doom;
use imprint_testing::{Moment, Step, run_until_death};
use jiff::SignedDuration;

use crate::installation::{Installation, sites};

async fn look(here: &Installation, slug: &str) -> Verified {
    let product = here.world.catalog.all_products().remove(0);
    let edition = here.edition(slug);
    verify(&here.env, &product, &edition).await.unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

#[tokio::test(start_paused = true)]
async fn what_is_right_costs_three_requests() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    here.publish(&a, "main").await;
    here.world.counts().reset();
    assert_eq!(look(&here, "main").await, Verified::Right);
    assert_eq!(here.world.counts().total(), 3);
}

/// Files that vanished, that somebody wrote over, that do not belong, and the redirect of the edition itself.
#[tokio::test(start_paused = true)]
async fn whatever_is_wrong_is_copied_again_by_the_ordinary_way() {
    let hurts: [fn(&Installation); 4] = [
        |here| here.world.objects.remove("alpha/v/main/index.html"),
        |here| {
            here.world
                .objects
                .put("alpha/v/main/index.html", "hacked", Headers::default())
        },
        |here| {
            here.world
                .objects
                .put("alpha/v/main/stray.html", "stray", Headers::default())
        },
        |here| here.world.objects.remove("alpha/v/main"),
    ];
    for hurt in hurts {
        let here = Installation::new().await;
        let [a, b, _] = sites();
        here.publish(&a, "main").await;
        here.publish(&b, "DM-1").await;
        hurt(&here);
        let Verified::Repaired { task, differences } = look(&here, "main").await else {
            panic!("it was not repaired");
        };
        assert!(differences.starts_with('1'), "{differences}");
        // Readers still have what they had, and it is known that more is to come.
        assert_eq!(here.published("main"), Some(1));
        assert_eq!(look(&here, "main").await, Verified::NotAtRest);
        here.settle().await;
        here.assert_shows("main", &a);
        assert!(here.world.objects.get("alpha/v/main").is_some());
        assert_eq!(look(&here, "main").await, Verified::Right);
        assert_eq!(look(&here, "DM-1").await, Verified::Right);
        let task = here.task(&task).await;
        assert!(task.is_final(), "{task:?}");
        let main = here.edition("main");
        let moved = here
            .env
            .catalog
            .moved(main.id, main.generation)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((moved.cause, moved.pointer.build.0), (Cause::Repair, 1));
        // A repair is no new build: what is followed still comes.
        here.publish(&b, "main").await;
        here.assert_shows("main", &b);
    }
}

/// A store whose ETags mean something else must not have whole sites copied all day.
#[tokio::test(start_paused = true)]
async fn what_differs_again_at_once_is_left_alone_for_a_day() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    here.publish(&a, "main").await;
    let hurt = || here.world.objects.remove("alpha/v/main/index.html");
    hurt();
    assert!(matches!(look(&here, "main").await, Verified::Repaired { .. }));
    here.settle().await;
    hurt();
    assert!(matches!(look(&here, "main").await, Verified::LeftAlone { .. }));
    here.world.clock.advance(hours(25));
    assert!(matches!(look(&here, "main").await, Verified::Repaired { .. }));
    here.settle().await;
    here.assert_shows("main", &a);
}

/// A half-done copy looks wrong, and is nobody's to repair.
#[tokio::test(start_paused = true)]
async fn a_copy_under_way_is_not_looked_at_and_one_that_began_meanwhile_wins() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    let product = here.world.catalog.all_products().remove(0);
    let loaded = here.edition("main");
    let build = here.upload(&b, "main").await;
    here.confirm(&build).await.unwrap();
    let register = here.world.queue.take(Step::RegisterBuild).unwrap();
    here.deliver(&register, 1).await;
    let copy = here.world.queue.take(Step::CopyEdition).unwrap();
    run_until_death(14, Moment::After, here.deliver(&copy, 1)).await;
    assert_eq!(look(&here, "main").await, Verified::NotAtRest);
    let late = verify(&here.env, &product, &loaded).await.unwrap();
    assert!(
        matches!(late, Verified::LeftAlone { .. } | Verified::Right),
        "{late:?}"
    );
    here.deliver(&copy, 2).await;
    here.recover().await;
    here.assert_shows("main", &b);
}

#[tokio::test(start_paused = true)]
async fn a_vanished_manifest_is_told_and_nothing_is_touched() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let (build, _) = here.publish(&a, "main").await;
    for key in here.world.objects.keys(&format!("_imprint/builds/{}/", build.id)) {
        here.world.objects.remove(&key);
    }
    assert!(matches!(look(&here, "main").await, Verified::LeftAlone { .. }));
    here.assert_shows("main", &a);
}

#[tokio::test(start_paused = true)]
async fn a_marker_whose_event_was_lost_confirms_its_build_once() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    let build = here.upload(&a, "main").await;
    let marker = ObjectKey::completion_marker(build.id);
    here.world.objects.put(marker.as_str(), "", Headers::default());
    let of_nobody = ObjectKey::completion_marker(imprint_domain::id::BuildId(77));
    here.world.objects.put(of_nobody.as_str(), "", Headers::default());
    assert_eq!(
        confirm_unheard(&here.world.tenants()).await.unwrap(),
        0,
        "its event may still come"
    );
    here.world.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(confirm_unheard(&here.world.tenants()).await.unwrap(), 1);
    assert_eq!(confirm_unheard(&here.world.tenants()).await.unwrap(), 0);
    assert_eq!(here.world.objects.keys("_imprint/uploads/"), [""; 0]);
    here.settle().await;
    here.assert_shows("main", &a);

    // One whose event was heard is only taken away.
    let (build, _) = here.publish(&b, "main").await;
    here.world.objects.put(
        ObjectKey::completion_marker(build.id).as_str(),
        "",
        Headers::default(),
    );
    here.world.clock.advance(SignedDuration::from_mins(6));
    let tasks = here.world.catalog.all_tasks().len();
    assert_eq!(confirm_unheard(&here.world.tenants()).await.unwrap(), 0);
    assert_eq!(here.world.catalog.all_tasks().len(), tasks);
    here.world.counts().reset();
    confirm_unheard(&here.world.tenants()).await.unwrap();
    // Whose buckets there are, and one page of the markers in each.
    assert_eq!(here.world.counts().total(), 4, "the list stays short");
}

#[tokio::test(start_paused = true)]
async fn a_marker_that_nobody_heard_of_spares_an_upload_that_the_rules_have_marked() {
    let here = Installation::new().await;
    let [a, _, _] = sites();
    let build = here.upload(&a, "main").await;
    here.world.objects.put(
        ObjectKey::completion_marker(build.id).as_str(),
        "",
        Headers::default(),
    );
    let at = here.world.clock.stands_at();
    let marked = Build {
        doom: Some(Doom::Marked { at }),
        ..here.build(build.id).unwrap()
    };
    here.world
        .catalog
        .seed(vec![imprint_app::ports::Change::UpdateBuild(marked)]);
    here.world.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(confirm_unheard(&here.world.tenants()).await.unwrap(), 1);
    here.settle().await;
    here.assert_shows("main", &a);
}

#[tokio::test(start_paused = true)]
async fn the_walk_comes_to_every_edition_and_begins_anew() {
    let here = Installation::new().await;
    let [a, b, c] = sites();
    for (site, git_ref) in [(&a, "main"), (&b, "DM-1"), (&c, "DM-2")] {
        here.publish(site, git_ref).await;
    }
    for n in 0..25 {
        let product = imprint_testing::samples::product(&format!("empty-{n}"));
        here.world
            .catalog
            .seed(vec![imprint_app::ports::Change::CreateProduct(product)]);
    }
    here.world.objects.remove("alpha/v/DM-2/index.html");
    let mut found = Vec::new();
    for _ in 0..12 {
        let verified = verify_next(&here.world.tenants()).await.unwrap();
        let repaired = matches!(verified, Some(Verified::Repaired { .. }));
        found.push(verified);
        if repaired {
            here.settle().await;
            here.assert_shows("DM-2", &c);
        }
    }
    let right = found
        .iter()
        .filter(|verified| **verified == Some(Verified::Right))
        .count();
    let repaired = found
        .iter()
        .filter(|verified| matches!(verified, Some(Verified::Repaired { .. })))
        .count();
    assert_eq!((right, repaired), (7, 1), "{found:?}");
}

/// An edition that cannot be read must not be the only one that is ever looked at.
#[tokio::test(start_paused = true)]
async fn an_edition_whose_look_fails_is_passed_by() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    here.publish(&b, "DM-1").await;
    here.world
        .faults()
        .once("objects.list", 1, Moment::Before, imprint_testing::Trouble::Busy);
    verify_next(&here.world.tenants()).await.unwrap_err();
    let product = here.world.catalog.all_products().remove(0);
    assert_eq!(product.slug.as_str(), "alpha");
    here.world.objects.remove("alpha/v/DM-1/index.html");
    let next = verify_next(&here.world.tenants()).await.unwrap();
    assert!(matches!(next, Some(Verified::Repaired { .. })), "{next:?}");
}
