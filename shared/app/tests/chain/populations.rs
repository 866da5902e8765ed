//! What installations run is counted once a round of retention, and shown beside the editions.

use imprint_app::ports::{Change, StoreError};
use imprint_app::products::{self, NewProduct};
use imprint_app::registry::{self, MAX_POPULATION, count_populations};
use imprint_app::retention::{Retained, retain};
use imprint_domain::organization::Organization;
use imprint_domain::registry::{CheckIn, Population, Report, Reported, VersionName};
use imprint_domain::slug::OrganizationSlug;
use imprint_domain::tracking::TrackingMode;
use imprint_testing::samples::{self, parsed};
use imprint_testing::{Moment, Step, Trouble, run_until_death};
use jiff::SignedDuration;

use crate::installation::{Installation, sites};

fn report(versions: &[(&str, &str)]) -> Report {
    let reported = versions.iter().map(|(name, version)| Reported {
        name: (*name).to_owned(),
        version: (*version).to_owned(),
        ..Reported::default()
    });
    Report::new(reported.collect()).unwrap()
}

impl Installation {
    /// An installation says what it runs.
    async fn reports(&self, id: &str, versions: &[(&str, &str)]) {
        let check_in = CheckIn {
            id: parsed(id),
            report: report(versions),
            token: None,
            at: self.env.clock.now(),
        };
        registry::check_in(&self.env, check_in, "somewhere")
            .await
            .unwrap();
    }

    async fn count(&self) -> Retained {
        retain(&self.world.tenants(), None).await.unwrap()
    }

    fn editions_page(&self) -> String {
        let object = self.world.objects.get("alpha/v/index.html").unwrap();
        String::from_utf8(object.body.to_vec()).unwrap()
    }

    async fn population(&self, component: &str) -> Option<Population> {
        let org = &self.env.organization.slug;
        self.env
            .registry
            .population(org, &parsed(component))
            .await
            .unwrap()
    }
}

fn population(versions: &[(&str, u64)]) -> Population {
    let versions = versions.iter().map(|(version, count)| (parsed(version), *count));
    versions.collect()
}

async fn beta(here: &Installation) {
    let new = NewProduct {
        slug: parsed("beta"),
        title: parsed("Beta"),
        doc_repo: parsed("https://example.org/beta"),
        root_domain: None,
        root_fastly_domain: None,
        main_mode: TrackingMode::GitRefs,
    };
    products::create(&here.env, new).await.unwrap();
    here.settle().await;
}

#[tokio::test(start_paused = true)]
async fn how_many_installations_run_a_release_is_on_the_pages_after_retention() {
    let here = Installation::new().await;
    here.publish(&sites()[0], "v1.0").await;
    here.publish(&sites()[1], "v2.0").await;
    for n in 0..12 {
        here.reports(&format!("c{n}"), &[("alpha", "1.0")]).await;
    }
    here.reports("other", &[("alpha", "v2.0"), ("beta", "7")]).await;
    assert!(!here.editions_page().contains("installation"));
    assert_eq!(here.count().await.populations, 1, "beta is no product");
    here.settle().await;
    let page = here.editions_page();
    assert!(page.contains("<span>12 installations run this</span>"), "{page}");
    assert!(page.contains("<span>1 installation runs this</span>"), "{page}");
    assert_eq!(
        here.population("alpha").await,
        Some(population(&[("1.0", 12), ("2.0", 1)]))
    );
    assert_eq!(here.population("beta").await, None);
    assert!(here.world.catalog.all_outbox().is_empty());
}

/// The numbers stay what they are until somebody else runs it, whatever retention does meanwhile.
#[tokio::test(start_paused = true)]
async fn a_repeated_count_writes_nothing_and_renders_nothing() {
    let here = Installation::new().await;
    here.reports("c", &[("alpha", "1.0")]).await;
    here.count().await;
    here.settle().await;
    here.world.counts().reset();
    assert_eq!(count_populations(&here.env).await.unwrap(), 0);
    let counts = here.world.counts();
    assert_eq!((counts.of("catalog.commit"), here.world.queue.waiting()), (0, 0));
    // What is stored; the clusters, of which there is a page in four partitions; the index.
    assert_eq!(counts.total(), 1 + 4 + 1, "{:?}", counts.all());
}

#[tokio::test(start_paused = true)]
async fn where_nobody_checked_in_counting_costs_two_requests() {
    let here = Installation::new().await;
    assert_eq!(count_populations(&here.env).await.unwrap(), 0);
    assert_eq!(here.world.counts().total(), 2, "{:?}", here.world.counts().all());
}

#[tokio::test(start_paused = true)]
async fn numbers_that_changed_are_two_changes_a_product_and_one_commit_for_fourteen() {
    let here = Installation::new().await;
    let names: Vec<String> = (0..29).map(|n| format!("p{n}")).collect();
    for name in &names {
        let entry = samples::index_entry(&samples::product(name));
        here.world.catalog.seed(vec![Change::PutIndexEntry(entry)]);
    }
    let runs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.0")).collect();
    here.reports("c", &runs).await;
    here.world.counts().reset();
    assert_eq!(count_populations(&here.env).await.unwrap(), 29);
    assert_eq!(here.world.counts().of("catalog.commit"), 3);
    assert_eq!(here.world.catalog.all_outbox().len(), 29);
    assert_eq!(here.world.queue.take_all_of(Step::RenderDashboard).len(), 29);
}

#[tokio::test(start_paused = true)]
async fn numbers_vanish_when_nobody_runs_it_any_more() {
    let here = Installation::new().await;
    here.publish(&sites()[0], "v1.0").await;
    here.reports("c", &[("alpha", "1.0")]).await;
    here.count().await;
    here.settle().await;
    assert!(here.editions_page().contains("1 installation runs this"));
    here.world.clock.advance(SignedDuration::from_hours(91 * 24));
    assert_eq!(here.count().await.populations, 1);
    here.settle().await;
    assert!(!here.editions_page().contains("installation"));
    assert_eq!(here.population("alpha").await, None);
    assert_eq!(here.count().await.populations, 0);
}

/// D-29: those who publish it are not its users.
#[tokio::test(start_paused = true)]
async fn what_staff_ci_and_tests_run_is_not_counted() {
    let here = Installation::new().await;
    for id in ["user", "ci", "staff", "fleet"] {
        here.reports(id, &[("alpha", "1.0")]).await;
    }
    for id in ["ci", "staff", "fleet"] {
        let labels = [parsed(id)].into();
        registry::label(&here.env, &parsed(id), &labels).await.unwrap();
    }
    here.count().await;
    assert_eq!(here.population("alpha").await, Some(population(&[("1.0", 2)])));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_invented_versions_leaves_the_frequent_ones() {
    let here = Installation::new().await;
    here.reports("a", &[("alpha", "1.0")]).await;
    here.reports("b", &[("alpha", "1.0")]).await;
    for flood in 0..6 {
        let versions: Vec<String> = (0..100).map(|n| format!("0.{flood}.{n}")).collect();
        let versions: Vec<(&str, &str)> = versions
            .iter()
            .map(|version| ("alpha", version.as_str()))
            .collect();
        here.reports(&format!("flood{flood}"), &versions).await;
    }
    here.count().await;
    let stored = here.population("alpha").await.unwrap();
    assert_eq!(stored.len(), MAX_POPULATION);
    assert_eq!(stored[&parsed::<VersionName>("1.0")], 2);
    here.settle().await;
    assert_eq!(here.count().await.populations, 0, "the same are left each time");
}

/// The product goes from the index when it ends, and with it the numbers.
#[tokio::test(start_paused = true)]
async fn a_product_that_has_ended_has_no_numbers() {
    let here = Installation::new().await;
    beta(&here).await;
    here.reports("c", &[("beta", "1.0")]).await;
    here.count().await;
    here.settle().await;
    assert!(here.population("beta").await.is_some());
    products::end(&here.env, &parsed("beta")).await.unwrap();
    here.settle().await;
    here.count().await;
    assert_eq!(here.population("beta").await, None);
    assert_eq!(here.world.queue.waiting(), 0);
}

/// Invariant 4: killed at each of its calls, the next round shows the right numbers, and shows them once.
#[tokio::test(start_paused = true)]
async fn counting_may_die_anywhere() {
    for moment in [Moment::Before, Moment::After] {
        for call in 1.. {
            let here = Installation::new().await;
            here.publish(&sites()[0], "v1.0").await;
            here.reports("c", &[("alpha", "1.0")]).await;
            let survived = run_until_death(call, moment, count_populations(&here.env))
                .await
                .is_some();
            here.count().await;
            here.recover().await;
            assert!(
                here.editions_page().contains("1 installation runs this"),
                "killed at {call}"
            );
            assert_eq!(here.count().await.populations, 0);
            if survived {
                assert!(call > 4, "only {call} calls");
                break;
            }
        }
    }
}

fn acme() -> Organization {
    Organization {
        slug: parsed("acme"),
        title: parsed("Acme"),
        domain: "docs.acme.example".to_owned(),
        ..samples::organization()
    }
}

/// The same component in two organizations is two components, and trouble in one is none of the other's.
#[tokio::test(start_paused = true)]
async fn each_organization_is_counted_by_itself_and_a_failing_one_holds_up_no_other() {
    let here = Installation::new().await;
    here.world.catalog.seed(vec![Change::CreateOrganization(acme())]);
    let tenants = here.world.tenants();
    let org: OrganizationSlug = parsed("acme");
    let other = tenants.of(&org).await.unwrap();
    let new = NewProduct {
        slug: parsed("alpha"),
        title: parsed("Another alpha"),
        doc_repo: parsed("https://example.org/alpha"),
        root_domain: None,
        root_fastly_domain: None,
        main_mode: TrackingMode::GitRefs,
    };
    products::create(&other, new).await.unwrap();
    let mut entry = samples::index_entry(&samples::product("alpha"));
    entry.organization = org.clone();
    here.world.catalog.seed(vec![Change::PutIndexEntry(entry)]);
    here.reports("ours", &[("alpha", "1.0")]).await;
    let check_in = CheckIn {
        id: parsed("theirs"),
        report: report(&[("alpha", "9.0")]),
        token: None,
        at: here.env.clock.now(),
    };
    registry::check_in(&other, check_in, "elsewhere").await.unwrap();
    // The first count of the round is the default organization's.
    here.world
        .faults()
        .once("registry.populations", 1, Moment::Before, Trouble::Busy);
    let retained = here.count().await;
    assert_eq!(
        (retained.failed, retained.populations, retained.products),
        (1, 1, 2)
    );
    assert_eq!(here.population("alpha").await, None);
    let theirs = here.env.registry.population(&org, &parsed("alpha")).await;
    assert!(matches!(theirs, Ok::<_, StoreError>(Some(found)) if found == population(&[("9.0", 1)])));
    let retained = here.count().await;
    assert_eq!((retained.failed, retained.populations), (0, 1));
    assert_eq!(here.population("alpha").await, Some(population(&[("1.0", 1)])));
}
