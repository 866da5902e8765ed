//! What installations run is kept, whatever a rule asks for (D-31 .. D-33).

use imprint_app::retention::preview;
use imprint_domain::id::BuildId;
use imprint_domain::registry::{Trust, VersionName};
use imprint_domain::retention::{Action, Days, RetentionRules};
use imprint_testing::samples::parsed;
use imprint_testing::{Faults, Moment, run_until_death};

use crate::installation::{Installation, sites};

/// Whatever nothing refers to goes after a day.
pub(super) fn strict() -> RetentionRules {
    RetentionRules {
        end_drafts_after_days: Some(Days::new(1).unwrap()),
        delete_unreferenced_builds_after_days: Some(Days::new(1).unwrap()),
        keep_newest_builds: 0,
        history_protects_moves: Some(0),
        ..RetentionRules::default()
    }
}

/// A product with one build that no edition shows, `1.0` of no release, old enough to go.
async fn with_old_build() -> (Installation, BuildId) {
    let here = Installation::new().await;
    here.rule(strict());
    let [a, b, _] = sites();
    let old = here.publish_release(&a, "main", Some(("stable", "1.0"))).await;
    // It is the latest release no longer, and `main` shows another build.
    here.later(1);
    here.publish_release(&b, "main", Some(("stable", "2.0"))).await;
    here.later(7);
    (here, old.id)
}

#[tokio::test(start_paused = true)]
async fn what_nobody_runs_goes_and_is_said_to_be_gone() {
    let (here, old) = with_old_build().await;
    let token = here.verified_check_in("c1", &["1.0"]).await;
    here.later(97);
    assert_eq!(here.retain().await, [Action::MarkBuild(old)]);
    here.later(1);
    assert_eq!(here.retain().await, [Action::DeleteBuild(old)]);
    assert!(here.below("alpha/builds/1/").is_empty());
    // D-32: whoever still runs it learns that at its next check-in, and at each one after that.
    for _ in 0..2 {
        let news = here.check_in("c1", &["v1.0", "2.0"], Some(&token)).await.news;
        assert_eq!(news.gone, [(parsed("alpha"), parsed("1.0"))]);
    }
    // The same version, built anew, is there again.
    let [a, ..] = sites();
    here.publish_release(&a, "main", Some(("stable", "1.0"))).await;
    assert!(
        here.check_in("c1", &["v1.0", "2.0"], Some(&token))
            .await
            .news
            .gone
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn d31_what_a_verified_cluster_ran_within_the_window_stays() {
    let (here, old) = with_old_build().await;
    let token = here.verified_check_in("c1", &["v1.0"]).await;
    assert_eq!(here.retain().await, []);
    here.later(89);
    assert_eq!(here.retain().await, []);
    // It checks in once more, as it always does; that alone keeps the version for another quarter.
    here.check_in("c1", &["v1.0"], Some(&token)).await;
    here.later(89);
    assert_eq!(here.retain().await, []);
    here.later(9);
    assert_eq!(here.retain().await, [Action::MarkBuild(old)]);
}

#[tokio::test(start_paused = true)]
async fn d31_the_latest_release_of_any_train_stays() {
    let here = Installation::new().await;
    here.rule(strict());
    let [a, b, _] = sites();
    let beta = here.publish_release(&a, "main", Some(("beta", "3.0-beta"))).await;
    here.later(1);
    here.publish_release(&b, "main", Some(("stable", "2.0"))).await;
    here.later(500);
    assert_eq!(here.retain().await, []);
    here.post_release("alpha/beta", "3.1-beta").await;
    assert_eq!(here.retain().await, [Action::MarkBuild(beta.id)]);
}

/// D-31 for what an installation reads at its own URL: the edition neither ends nor goes.
#[tokio::test(start_paused = true)]
async fn d31_the_edition_of_a_version_that_runs_neither_ends_nor_goes() {
    let here = Installation::new().await;
    here.rule(strict());
    let [a, ..] = sites();
    here.publish(&a, "v1.0").await;
    let edition = here.edition("v1.0");
    imprint_app::editions::end(&here.env, edition.id).await.unwrap();
    here.settle().await;
    here.verified_check_in("c1", &["1.0"]).await;
    here.later(60);
    assert_eq!(here.retain().await, []);
    assert!(!here.below("alpha/v/v1.0/").is_empty());
}

#[tokio::test(start_paused = true)]
async fn d33_an_unverified_cluster_protects_only_where_the_project_says_so() {
    for (opted_in, is_marked) in [(false, true), (true, false)] {
        let (here, old) = with_old_build().await;
        here.rule(RetentionRules {
            unverified_use_protects: opted_in,
            ..strict()
        });
        here.check_in("c1", &["1.0"], None).await;
        let effects = here.retain().await;
        assert_eq!(effects == [Action::MarkBuild(old)], is_marked, "{effects:?}");
    }
}

/// D-32: a check-in between the mark and the deletion un-marks it.
#[tokio::test(start_paused = true)]
async fn d32_a_check_in_un_marks_what_is_whole() {
    let (here, old) = with_old_build().await;
    assert_eq!(here.retain().await, [Action::MarkBuild(old)]);
    assert!(here.check_in("c1", &["1.0"], None).await.news.gone.is_empty());
    here.verified_check_in("c2", &["1.0"]).await;
    here.later(1);
    assert_eq!(here.retain().await, [Action::SpareBuild(old)]);
    assert!(here.build(old).unwrap().publishable().is_ok());
}

/// The race: a check-in comes between the decision and the deletion, at each point where the run waits. Either the build is
/// whole and nobody is told otherwise, or it is gone and the installation is told so.
#[tokio::test(start_paused = true)]
async fn d32_a_check_in_at_any_moment_of_a_deletion_either_saves_it_or_is_told() {
    let (mut saved, mut told) = (0, 0);
    for at in 1.. {
        let (here, old) = with_old_build().await;
        here.retain().await;
        here.later(1);
        // The run stops at a call, the check-in comes, the run goes on.
        let hold = here.world.faults().hold(Faults::ANY, at);
        let mut run = Box::pin(here.retain());
        let is_over = tokio::select! {
            _ = &mut run => true,
            () = hold.reached() => false,
        };
        if is_over {
            break;
        }
        let token = here.verified_check_in("c1", &["1.0"]).await;
        let news = here.check_in("c1", &["1.0"], Some(&token)).await.news;
        hold.release();
        run.await;
        let is_whole = !here.below("alpha/builds/1/").is_empty();
        if news.gone.is_empty() {
            saved += 1;
            assert!(is_whole, "held at call {at}: it is gone and nobody was told");
            assert!(here.build(old).unwrap().doom.is_none());
        } else {
            told += 1;
        }
    }
    assert!(saved >= 3 && told >= 3, "saved {saved}, told {told}");
}

/// A run that dies leaves nothing that is used and gone.
#[tokio::test(start_paused = true)]
async fn d31_retention_may_die_anywhere() {
    for moment in [Moment::Before, Moment::After] {
        for call in 1.. {
            let (here, old) = with_old_build().await;
            here.retain().await;
            here.later(1);
            let product = parsed("alpha");
            let run = imprint_app::retention::retain_product(&here.env, &product, None);
            let survived = run_until_death(call, moment, run).await.is_some();
            let token = here.verified_check_in("c1", &["1.0"]).await;
            let gone = here.check_in("c1", &["1.0"], Some(&token)).await.news.gone;
            for _ in 0..3 {
                here.retain().await;
                here.later(1);
            }
            let is_whole = !here.below("alpha/builds/1/").is_empty();
            assert!(is_whole || !gone.is_empty(), "{call} {moment:?}");
            assert_eq!(is_whole, here.build(old).is_some(), "{call} {moment:?}");
            if survived {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_preview_says_what_a_run_does_also_of_what_is_in_use() {
    let (here, old) = with_old_build().await;
    here.verified_check_in("c1", &["1.0"]).await;
    assert_eq!(
        preview(&here.env, &parsed("alpha")).await.unwrap().effects,
        Ok(vec![])
    );
    here.later(100);
    let effects = preview(&here.env, &parsed("alpha"))
        .await
        .unwrap()
        .effects
        .unwrap();
    assert_eq!(effects[0].action, Action::MarkBuild(old));
}

/// Asking costs nothing where nothing could happen.
#[tokio::test(start_paused = true)]
async fn a_product_with_nothing_to_do_asks_the_registry_nothing() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    here.publish(&a, "main").await;
    here.world.counts().reset();
    here.retain().await;
    assert_eq!(
        here.world.counts().port("registry"),
        0,
        "{:?}",
        here.world.counts().all()
    );
}

/// A use by somebody else's product of the same version says nothing.
#[tokio::test(start_paused = true)]
async fn a_version_of_another_component_protects_nothing() {
    let (here, old) = with_old_build().await;
    let org = &here.env.organization.slug;
    let version: VersionName = parsed("1.0");
    let now = imprint_app::ports::Clock::now(&*here.env.clock);
    here.env
        .registry
        .note_use(org, &[(parsed("beta"), version)], Trust::Verified, now)
        .await
        .unwrap();
    assert_eq!(here.retain().await, [Action::MarkBuild(old)]);
}
