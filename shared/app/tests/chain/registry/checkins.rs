//! Check-ins: one write, first seen once, and what they cost (D-09, D-11, D-12, D-25, D-33).

use imprint_app::error::AppError;
use imprint_app::registry::{self, MOST_UNVERIFIED_USES};
use imprint_domain::registry::{AgeFilter, CheckIn, ClusterToken, Report, TrainName, Trust};
use imprint_testing::samples::parsed;
use jiff::{SignedDuration, Timestamp};

use super::reported;
use crate::installation::Installation;

#[tokio::test(start_paused = true)]
async fn d11_the_first_check_in_is_kept_and_each_is_counted() {
    let here = Installation::new().await;
    let first = here.check_in("c1", &["1.0"], None).await.cluster;
    here.world.clock.advance(SignedDuration::from_hours(12));
    let second = here.check_in("c1", &["1.0"], None).await.cluster;
    assert_eq!(second.first_seen, first.first_seen);
    assert!(second.last_seen > first.last_seen);
    here.world.clock.advance(SignedDuration::from_hours(12));
    let third = here.check_in("c1", &["1.1"], None).await.cluster;
    assert_eq!((third.first_seen, third.checkins), (first.first_seen, 3));
    assert_eq!(
        registry::cluster(&here.env, &parsed("c1")).await.unwrap().report,
        third.report
    );
}

/// D-11, D-12: whatever their order, fifty check-ins of a new cluster are one cluster that was first seen once.
#[tokio::test(start_paused = true)]
async fn d11_fifty_first_check_ins_at_once_are_one_cluster() {
    for seed in 0..20 {
        let here = Installation::new().await;
        here.world.gate.interleave(seed, 3);
        let all = futures_util::future::join_all((0..50).map(|_| here.check_in("c1", &["1.0"], None))).await;
        let tokens: Vec<_> = all
            .iter()
            .filter_map(|checked_in| checked_in.token.as_ref())
            .collect();
        assert_eq!(tokens.len(), 1, "one of them is told the token");
        let firsts: std::collections::BTreeSet<Timestamp> =
            all.iter().map(|one| one.cluster.first_seen).collect();
        assert_eq!(firsts.len(), 1);
        let stored = registry::cluster(&here.env, &parsed("c1")).await.unwrap();
        assert_eq!(stored.checkins, 50);
        assert_eq!(
            registry::count(&here.env, &AgeFilter::default()).await.unwrap(),
            1
        );
    }
}

#[tokio::test(start_paused = true)]
async fn d12_a_steady_check_in_is_one_write_and_one_read_for_the_news() {
    let here = Installation::new().await;
    let versions = ["1.0", "1.1", "1.2"];
    let token = here.verified_check_in("c1", &versions).await;
    for _ in 0..10 {
        here.world.clock.advance(SignedDuration::from_hours(12));
        let counts = here.world.counts();
        counts.reset();
        here.check_in("c1", &versions, Some(&token)).await;
        assert_eq!((counts.of("registry.touch"), counts.of("registry.news")), (1, 1));
        assert_eq!(counts.total(), 2, "{:?}", counts.all());
    }
    // Once a week the use of each version is noted again, by three more requests and a commit.
    here.world.clock.advance(SignedDuration::from_hours(5 * 24));
    let counts = here.world.counts();
    counts.reset();
    here.check_in("c1", &versions, Some(&token)).await;
    assert_eq!(
        (counts.of("registry.note_use"), counts.of("catalog.commit")),
        (3, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn d09_a_hundred_trains_are_one_request_and_come_in_the_order_asked() {
    let here = Installation::new().await;
    let name = |n: usize| -> TrainName { parsed(&format!("c{n}/stable")) };
    for n in (0..100).step_by(7) {
        here.post_release(&format!("c{n}/stable"), "1.0").await;
    }
    let asked: Vec<TrainName> = (0..100).rev().chain([7, 7]).map(name).collect();
    let counts = here.world.counts();
    counts.reset();
    let found = registry::latest_of(&here.env, &asked).await.unwrap();
    assert_eq!((counts.of("registry.news"), counts.total()), (1, 1));
    let names = found
        .iter()
        .flatten()
        .map(|release| release.train.component.to_string());
    let mut wanted: Vec<String> = (0..100).step_by(7).rev().map(|n| format!("c{n}")).collect();
    wanted.extend(["c7".to_owned(), "c7".to_owned()]);
    assert_eq!(names.collect::<Vec<_>>(), wanted);
}

#[tokio::test(start_paused = true)]
async fn d25_a_stolen_identity_without_its_token_is_refused_and_changes_nothing() {
    let here = Installation::new().await;
    let token = here.verified_check_in("c1", &["1.0"]).await;
    let before = registry::cluster(&here.env, &parsed("c1")).await.unwrap();
    for stolen in [None, Some(ClusterToken::given("guess"))] {
        let check_in = CheckIn {
            id: parsed("c1"),
            report: Report::new(vec![reported("alpha", "6.6.6")]).unwrap(),
            token: stolen,
            at: here.env.clock.now(),
        };
        let refused = registry::check_in(&here.env, check_in, "elsewhere").await;
        assert!(matches!(refused, Err(AppError::Forbidden)));
    }
    assert_eq!(registry::cluster(&here.env, &parsed("c1")).await.unwrap(), before);
    // Who has lost the token asks an administrator to forget the cluster, and begins anew.
    registry::forget(&here.env, &parsed("c1")).await.unwrap();
    let anew = here.check_in("c1", &["1.0"], None).await;
    assert_ne!(anew.token.unwrap(), token);
    assert_eq!(
        (
            anew.cluster.checkins,
            registry::count(&here.env, &AgeFilter::default()).await.unwrap()
        ),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_check_in_is_told_what_is_newer_in_its_train() {
    let here = Installation::new().await;
    here.post_release("alpha/stable", "v2.10.0").await;
    here.post_release("alpha/beta", "3.0.0-beta.1").await;
    let mut on_beta = reported("alpha", "2.10.0");
    "beta".clone_into(&mut on_beta.train);
    let components = vec![
        reported("alpha", "2.9.0"),
        reported("alpha", "2.10.0"),
        on_beta,
        reported("unknown", "1.0"),
        reported("", "1.0"),
    ];
    let check_in = CheckIn {
        id: parsed("c1"),
        report: Report::new(components).unwrap(),
        token: None,
        at: here.env.clock.now(),
    };
    let news = registry::check_in(&here.env, check_in, "s").await.unwrap().news;
    let updates: Vec<_> = news
        .updates
        .iter()
        .map(|update| update.as_ref().map(|version| version.as_str()))
        .collect();
    assert_eq!(updates, [Some("v2.10.0"), None, Some("3.0.0-beta.1"), None, None]);
}

/// D-33: a flood of invented clusters keeps a few versions in use, however many it names, and no verified one.
#[tokio::test(start_paused = true)]
async fn d33_a_flood_of_unverified_clusters_of_one_source_is_bounded() {
    let here = Installation::new().await;
    for n in 0..30 {
        let versions: Vec<String> = (0..5).map(|minor| format!("{n}.{minor}")).collect();
        let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
        here.check_in(&format!("c{n}"), &versions, None).await;
    }
    let org = &here.env.organization.slug;
    let used = here
        .env
        .registry
        .in_use(org, &parsed("alpha"), Timestamp::MIN)
        .await
        .unwrap();
    assert_eq!(used.len() as u64, MOST_UNVERIFIED_USES);
    assert!(used.iter().all(|used| used.trust == Trust::Unverified));
    assert_eq!(
        registry::count(&here.env, &AgeFilter::default()).await.unwrap(),
        30
    );
}
