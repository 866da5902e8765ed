//! Builds that record releases, and editions that follow trains (D-02, D-06, D-27, section 4.2).

use imprint_app::editions::{self, EditionPatch};
use imprint_app::error::AppError;
use imprint_app::ports::Direction;
use imprint_app::registry;
use imprint_domain::task::TaskStatus;
use imprint_domain::tracking::TrackingMode;
use imprint_testing::samples::parsed;
use imprint_testing::{Moment, Step, run_until_death};
use jiff::SignedDuration;

use crate::installation::{Installation, sites};

const STABLE: &str = "alpha/stable";

/// The versions of the train in the order of their release.
async fn versions(here: &Installation) -> Vec<String> {
    let train = parsed(STABLE);
    let page = registry::releases(&here.env, &train, Direction::Ascending, 100, None)
        .await
        .unwrap();
    page.items
        .into_iter()
        .map(|release| release.version.to_string())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn d27_a_build_that_names_its_release_records_it_and_its_train_moves() {
    let here = Installation::new().await;
    here.follow("current", STABLE).await;
    let [a, b, _] = sites();
    let first = here
        .publish_release(&a, "some-branch", Some(("stable", "2.18.0")))
        .await;
    let release = here.latest(STABLE).await.unwrap();
    assert_eq!(release.version.as_str(), "2.18.0");
    assert_eq!(release.docs.unwrap().build, first.id);
    here.assert_shows("current", &a);
    let second = here
        .publish_release(&b, "some-branch", Some(("stable", "2.19.0")))
        .await;
    assert_eq!(here.published("current"), Some(second.id.0));
    here.assert_shows("current", &b);
    // One of another train moves nothing.
    here.publish_release(&a, "some-branch", Some(("beta", "3.0.0-beta.1")))
        .await;
    assert_eq!(here.published("current"), Some(second.id.0));
    assert_eq!(
        here.latest_version("alpha/beta").await.as_deref(),
        Some("3.0.0-beta.1")
    );
}

/// CI retries, and sites are built anew: the release keeps its date and gets the newest documentation.
#[tokio::test(start_paused = true)]
async fn d27_a_rebuild_of_a_release_keeps_its_date_and_brings_its_documentation() {
    let here = Installation::new().await;
    here.follow("current", STABLE).await;
    let [a, b, _] = sites();
    let first = here.publish_release(&a, "x", Some(("stable", "2.18.0"))).await;
    let before = here.latest(STABLE).await.unwrap();
    here.confirm(&first).await.unwrap();
    here.settle().await;
    assert_eq!(here.latest(STABLE).await.unwrap(), before);
    let second = here.publish_release(&b, "x", Some(("stable", "2.18.0"))).await;
    let after = here.latest(STABLE).await.unwrap();
    assert_eq!(
        (after.released, after.docs.unwrap().build),
        (before.released, second.id)
    );
    here.assert_shows("current", &b);
    // The older upload, confirmed once more, takes nothing back.
    here.confirm(&first).await.unwrap();
    here.settle().await;
    assert_eq!(here.published("current"), Some(second.id.0));
    assert_eq!(here.latest(STABLE).await.unwrap().docs.unwrap().build, second.id);
}

#[tokio::test(start_paused = true)]
async fn a_release_edition_that_is_published_records_its_release_and_a_branch_does_not() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    for git_ref in ["main", "tickets/DM-1", "v2.0.0-rc.1"] {
        here.publish(&a, git_ref).await;
        assert_eq!(here.latest(STABLE).await, None, "{git_ref}");
    }
    here.publish(&a, "v1.4.0").await;
    here.publish(&a, "1.5.0").await;
    assert_eq!(here.latest_version(STABLE).await.as_deref(), Some("1.5.0"));
    assert_eq!(versions(&here).await, ["1.4.0", "1.5.0"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_posts_a_release_moves_the_editions_of_its_train_forth_and_back() {
    let here = Installation::new().await;
    let [a, b, c] = sites();
    let (one, _) = here.publish(&a, "r1").await;
    let (two, _) = here.publish(&b, "2.0").await;
    let (three, _) = here.publish(&c, "3.0").await;
    here.follow("current", STABLE).await;
    assert_eq!(here.published("current"), None);
    let posted = here.post_release(STABLE, "v2.0").await;
    let task = here.task(&posted.task.expect("an edition moves")).await;
    assert_eq!(task.status(), TaskStatus::Success);
    assert_eq!(here.published("current"), Some(two.id.0));
    here.assert_shows("current", &b);
    here.post_release(STABLE, "3.0").await;
    assert_eq!(here.published("current"), Some(three.id.0));
    // An older release that is posted later moves nothing.
    let mut old = here.release(STABLE, "r1");
    old.released -= SignedDuration::from_hours(99);
    assert_eq!(registry::publish(&here.env, old, None).await.unwrap().task, None);
    here.settle().await;
    assert_eq!(here.published("current"), Some(three.id.0));
    // The latest release goes back in time, and the train with it.
    let mut back = here.release(STABLE, "3.0");
    back.released -= SignedDuration::from_hours(100);
    registry::publish(&here.env, back, None).await.unwrap();
    here.settle().await;
    assert_eq!(here.published("current"), Some(two.id.0));
    here.assert_shows("current", &b);
    // It is withdrawn: the one before it is the latest.
    registry::withdraw(&here.env, &parsed(STABLE), &parsed("v2.0"))
        .await
        .unwrap();
    here.settle().await;
    assert_eq!(here.latest_version(STABLE).await.as_deref(), Some("r1"));
    assert_eq!(here.published("current"), Some(one.id.0));
    for version in ["r1", "3.0"] {
        registry::withdraw(&here.env, &parsed(STABLE), &parsed(version))
            .await
            .unwrap();
    }
    here.settle().await;
    assert_eq!(here.latest(STABLE).await, None);
    // Nothing is known of the train any more, so the edition stays.
    assert!(here.published("current").is_some());
    let gone = registry::withdraw(&here.env, &parsed(STABLE), &parsed("3.0")).await;
    assert!(matches!(gone, Err(AppError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn a_release_that_is_posted_before_its_documentation_gets_it_with_the_build() {
    let here = Installation::new().await;
    here.follow("current", STABLE).await;
    here.post_release(STABLE, "v2.0.0").await;
    assert_eq!(here.latest(STABLE).await.unwrap().docs, None);
    let [a, b, _] = sites();
    let (build, _) = here.publish(&a, "2.0.0").await;
    let release = here.latest(STABLE).await.unwrap();
    // It is not recorded a second time in another spelling.
    assert_eq!(
        (release.version.as_str(), release.docs.unwrap().build),
        ("v2.0.0", build.id)
    );
    here.assert_shows("current", &a);
    // An edition that begins to follow a train later is there at once.
    here.follow("too", STABLE).await;
    here.assert_shows("too", &a);
    let patch = EditionPatch {
        mode: Some(TrackingMode::Train),
        tracked_refs: Some(imprint_domain::git::GitRefs::parse(&[STABLE]).unwrap()),
        ..EditionPatch::default()
    };
    here.publish(&b, "main").await;
    editions::update(&here.env, here.edition("main").id, patch)
        .await
        .unwrap();
    here.settle().await;
    here.assert_shows("main", &a);
}

/// Where trains are is one request, however many a product's editions follow.
#[tokio::test(start_paused = true)]
async fn a_build_asks_once_where_all_trains_are() {
    let here = Installation::new().await;
    for train in ["stable", "beta", "edge"] {
        here.follow(train, &format!("alpha/{train}")).await;
    }
    let [a, ..] = sites();
    let build = here.upload_release(&a, "x", Some(("stable", "1.0"))).await;
    here.confirm(&build).await.unwrap();
    let register = here.world.queue.take(Step::RegisterBuild).unwrap();
    let counts = here.world.counts();
    counts.reset();
    here.deliver(&register, 1).await;
    assert_eq!(counts.of("registry.news"), 1, "{:?}", counts.all());
    here.settle().await;
    here.assert_shows("stable", &a);
}

#[tokio::test(start_paused = true)]
async fn an_edition_follows_trains_of_its_own_product_only() {
    let here = Installation::new().await;
    let patch = EditionPatch {
        mode: Some(TrackingMode::Train),
        tracked_refs: Some(imprint_domain::git::GitRefs::parse(&["other/stable"]).unwrap()),
        ..EditionPatch::default()
    };
    let refused = editions::update(&here.env, here.edition("main").id, patch)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("alpha/stable"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_pinned_edition_waits_for_its_train() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.follow("current", STABLE).await;
    here.publish_release(&a, "x", Some(("stable", "1.0"))).await;
    let id = here.edition("current").id;
    editions::pin(&here.env, id).await.unwrap();
    let (two, _) = here.publish(&b, "2.0").await;
    here.post_release(STABLE, "2.0").await;
    here.assert_shows("current", &a);
    assert_eq!(here.edition("current").waiting(), Some(two.id));
    editions::unpin(&here.env, id, None).await.unwrap();
    here.settle().await;
    here.assert_shows("current", &b);
}

/// Invariant 4 with a release beside the registration: killed at each call, the end is that of one clean run.
#[tokio::test(start_paused = true)]
async fn recording_a_release_may_die_anywhere() {
    let mut deaths = 0;
    for moment in [Moment::Before, Moment::After] {
        for call in 1.. {
            let here = Installation::new().await;
            here.follow("current", STABLE).await;
            let [a, ..] = sites();
            let build = here.upload_release(&a, "x", Some(("stable", "1.0"))).await;
            here.confirm(&build).await.unwrap();
            let envelope = here.world.queue.take(Step::RegisterBuild).unwrap();
            let survived = run_until_death(call, moment, here.deliver(&envelope, 1))
                .await
                .is_some();
            here.world.queue.give_back(envelope);
            here.recover().await;
            here.assert_shows("current", &a);
            assert_eq!(here.latest(STABLE).await.unwrap().docs.unwrap().build, build.id);
            if survived {
                break;
            }
            deaths += 1;
        }
    }
    assert!(deaths >= 12, "{deaths}");
}

/// D-06: a publication that dies leaves the old state or the new one, and the edition where its train is.
#[tokio::test(start_paused = true)]
async fn d06_publishing_may_die_anywhere_and_leaves_the_old_state_or_the_new() {
    let mut outcomes = [0, 0];
    for moment in [Moment::Before, Moment::After] {
        for call in 1.. {
            let here = Installation::new().await;
            let [a, b, _] = sites();
            here.publish_release(&a, "x", Some(("stable", "1.0"))).await;
            here.follow("current", STABLE).await;
            here.publish(&b, "2.0").await;
            let publishing = registry::publish(&here.env, here.release(STABLE, "2.0"), None);
            let survived = run_until_death(call, moment, publishing).await.is_some();
            here.recover().await;
            match here.latest_version(STABLE).await.as_deref() {
                Some("1.0") => {
                    outcomes[0] += 1;
                    here.assert_shows("current", &a);
                }
                Some("2.0") => {
                    outcomes[1] += 1;
                    here.assert_shows("current", &b);
                }
                other => panic!("{other:?}"),
            }
            // A caller who got no answer sends it again.
            here.post_release(STABLE, "2.0").await;
            here.assert_shows("current", &b);
            if survived {
                break;
            }
        }
    }
    assert!(outcomes[0] >= 4 && outcomes[1] >= 2, "{outcomes:?}");
}

/// D-06: eight at once are eight successes, one record, and the right latest.
#[tokio::test(start_paused = true)]
async fn d06_publications_at_once_all_succeed() {
    for seed in 0..10 {
        let here = Installation::new().await;
        here.world.gate.interleave(seed, 3);
        let same = futures_util::future::join_all(
            (0..8).map(|_| registry::publish(&here.env, here.release(STABLE, "1.0"), None)),
        );
        for published in same.await {
            published.unwrap();
        }
        let releases = (0..5).map(|minor| here.release(STABLE, &format!("2.{minor}")));
        let releases: Vec<_> = releases.collect();
        let last = releases
            .iter()
            .max_by_key(|release| release.released)
            .unwrap()
            .version
            .clone();
        let different = releases
            .into_iter()
            .map(|release| registry::publish(&here.env, release, None));
        for published in futures_util::future::join_all(different).await {
            published.unwrap();
        }
        assert_eq!(here.latest(STABLE).await.unwrap().version, last);
        assert_eq!(versions(&here).await.len(), 6);
    }
}
