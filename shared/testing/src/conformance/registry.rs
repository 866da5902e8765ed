//! What every [`Registry`] must do.

mod checkins;
mod clusters;
mod filters;
mod notes;
mod populations;
mod releases;
mod trains;

use futures_util::future::BoxFuture;
use imprint_app::ports::{Catalog, Change, Direction, Page, Registry, RegistryChange, StoreError};
use imprint_domain::registry::{
    CheckIn, Cluster, ClusterToken, Data, Head, Publication, Release, Report, Reported, TrainName,
};
use imprint_domain::slug::OrganizationSlug;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::samples::{NOON, parsed};

use super::{run_all, suite, unique};

/// A store: its registry, and the catalog that writes the registry's changes.
#[derive(Clone, Copy)]
pub struct Store<'a> {
    registry: &'a dyn Registry,
    catalog: &'a dyn Catalog,
}

/// A test of the suite.
pub type Test = for<'a> fn(Store<'a>) -> BoxFuture<'a, ()>;

/// Every test with its name, to run one by one.
pub const ALL: &[(&str, Test)] = suite![Test:
    releases::a_release_is_read_as_it_was_published,
    releases::releases_are_listed_by_instant_then_by_version,
    releases::a_list_of_releases_comes_in_pages_in_both_directions,
    releases::a_release_that_is_published_again_is_listed_once_at_its_new_time,
    releases::a_release_that_changes_at_its_time_is_listed_as_it_is_now,
    releases::a_stale_look_at_a_train_conflicts_and_writes_nothing,
    releases::of_twelve_publishers_that_saw_one_revision_exactly_one_wins,
    releases::what_rests_on_a_train_needs_its_revision,
    releases::what_is_withdrawn_vanishes_and_the_train_keeps_its_revision,
    trains::heads_of_a_hundred_trains_come_at_once_and_unknown_ones_are_left_out,
    trains::trains_are_listed_by_name_and_by_component,
    trains::a_row_says_what_the_latest_release_says,
    trains::an_organization_never_sees_anothers_releases,
    checkins::a_check_in_of_an_unknown_cluster_writes_nothing,
    checkins::a_usual_check_in_is_written,
    checkins::a_check_in_that_is_not_usual_shows_the_cluster_and_writes_nothing,
    checkins::a_check_in_that_comes_later_than_a_younger_one_counts_and_says_nothing_else,
    checkins::fifty_check_ins_at_once_make_one_cluster_and_all_count,
    checkins::check_ins_in_any_order_keep_the_first_and_the_last_time,
    clusters::a_cluster_is_read_as_it_was_created_and_created_only_once,
    clusters::an_update_of_a_cluster_needs_its_revision,
    clusters::a_forgotten_cluster_is_counted_no_more_and_may_come_again,
    clusters::clusters_are_listed_by_either_check_in,
    clusters::an_organization_never_sees_anothers_clusters,
    filters::bounds_are_exclusive_to_the_nanosecond,
    filters::a_filter_that_nothing_can_pass_finds_nothing,
    filters::any_filter_finds_what_it_admits_in_pages_of_any_size,
    notes::a_use_is_noted_with_its_latest_time_and_by_who_said_so,
    notes::a_source_takes_no_more_than_its_share,
    notes::of_many_takers_at_once_no_more_than_the_share_succeed,
    notes::documentation_is_gone_until_it_is_there_again,
    notes::the_first_report_of_an_identity_stays,
    notes::an_organization_never_sees_anothers_notes,
    populations::a_population_is_the_one_that_was_put_last,
    populations::an_organization_never_sees_anothers_populations,
];

/// Runs the whole suite.
///
/// # Panics
/// With everything that does not hold.
pub async fn run(registry: &dyn Registry, catalog: &dyn Catalog) {
    let store = Store { registry, catalog };
    run_all(ALL.iter().map(|(name, test)| (*name, test(store)))).await;
}

/// A place of a test's own: an organization that nobody else uses.
struct Place<'a> {
    registry: &'a dyn Registry,
    catalog: &'a dyn Catalog,
    org: OrganizationSlug,
}

impl<'a> Place<'a> {
    fn new(store: Store<'a>) -> Self {
        Self {
            registry: store.registry,
            catalog: store.catalog,
            org: parsed(&format!("conformance-{}", unique())),
        }
    }

    /// A release of a train that says nothing of itself.
    fn release(&self, train: &str, version: &str, released: Timestamp) -> Release {
        Release {
            organization: self.org.clone(),
            train: parsed(train),
            version: parsed(version),
            released,
            data: Data::default(),
            description: None,
            kind: None,
            published_at: NOON,
            published_by: None,
            docs: None,
        }
    }

    /// A train as it is stored, or as it is before its first release.
    async fn head(&self, train: &TrainName) -> Head {
        let news = self
            .registry
            .news(&self.org, std::slice::from_ref(train), &[])
            .await
            .unwrap();
        let stored = news.heads.into_iter().next();
        stored.unwrap_or_else(|| Head::new(self.org.clone(), train.clone()))
    }

    async fn stored(&self, release: &Release) -> Option<Release> {
        let found = self
            .registry
            .release(&self.org, &release.train, &release.version)
            .await;
        found.unwrap()
    }

    /// What publishing a release is, or withdrawing it.
    async fn publication(&self, release: &Release, what: Publishing) -> Publication {
        let head = self.head(&release.train).await;
        let stored = self.stored(release).await;
        let new = match what {
            Publishing::Publish => Some(release),
            Publishing::Withdraw => None,
        };
        let runner_up = if head.needs_runner_up(stored.as_ref(), new) {
            let all = self
                .releases(&release.train, Direction::Descending, MANY, None)
                .await;
            all.items
                .into_iter()
                .find(|other| other.version != release.version)
        } else {
            None
        };
        match what {
            Publishing::Publish => head
                .publish(stored, runner_up, release.clone())
                .expect("it is news"),
            Publishing::Withdraw => head.withdraw(stored.expect("it was published"), runner_up),
        }
    }

    async fn publish(&self, release: &Release) {
        let publication = self.publication(release, Publishing::Publish).await;
        self.commit([RegistryChange::Publish(publication)]).await;
    }

    async fn withdraw(&self, release: &Release) {
        let publication = self.publication(release, Publishing::Withdraw).await;
        self.commit([RegistryChange::Publish(publication)]).await;
    }

    async fn releases(
        &self,
        train: &TrainName,
        direction: Direction,
        limit: usize,
        cursor: Option<&str>,
    ) -> Page<Release> {
        let page = self
            .registry
            .releases(&self.org, train, direction, limit, cursor)
            .await;
        page.unwrap()
    }

    /// The versions of a train in the order of their release.
    async fn versions(&self, train: &str) -> Vec<String> {
        let all = self
            .releases(&parsed(train), Direction::Ascending, MANY, None)
            .await;
        assert_eq!(all.next, None);
        all.items
            .iter()
            .map(|release| release.version.to_string())
            .collect()
    }

    /// The cluster of a check-in, as it is before it is stored, with its use noted.
    fn cluster(&self, check_in: &CheckIn) -> Cluster {
        Cluster {
            used_at: Some(check_in.at),
            ..check_in.first(self.org.clone(), &token())
        }
    }

    /// A cluster that is stored.
    async fn with_cluster(&self, cluster: Cluster) -> Cluster {
        self.commit([RegistryChange::CreateCluster(cluster.clone())])
            .await;
        written(cluster)
    }

    async fn commit<const N: usize>(&self, changes: [RegistryChange; N]) {
        self.try_commit(changes).await.unwrap();
    }

    /// Commits what must not be committed.
    async fn conflict<const N: usize>(&self, changes: [RegistryChange; N]) {
        let what = format!("{changes:?}");
        match self.try_commit(changes).await {
            Err(StoreError::Conflict) => {}
            other => panic!("{other:?} instead of a conflict of {what}"),
        }
    }

    async fn try_commit<const N: usize>(&self, changes: [RegistryChange; N]) -> Result<(), StoreError> {
        let changes = changes.map(|change| Change::Registry(Box::new(change)));
        self.catalog.commit(changes.into()).await
    }
}

#[derive(Clone, Copy)]
enum Publishing {
    Publish,
    Withdraw,
}

/// What a cluster is after a write.
fn written(cluster: Cluster) -> Cluster {
    Cluster {
        revision: cluster.revision.next(),
        ..cluster
    }
}

/// The token of all clusters of the suite.
fn token() -> ClusterToken {
    ClusterToken::from_bytes([7; 32])
}

/// A check-in without a token, of a cluster that runs this version of the handbook.
fn check_in(id: &str, version: &str, at: Timestamp) -> CheckIn {
    let reported = Reported {
        name: "handbook".to_owned(),
        version: version.to_owned(),
        ..Reported::default()
    };
    CheckIn {
        id: parsed(id),
        report: Report::new(vec![reported]).unwrap(),
        token: None,
        at,
    }
}

/// An object that says all that JSON can.
fn odd_object(depth: usize) -> serde_json::Map<String, Value> {
    let mut nested = serde_json::json!({"end": null});
    for _ in 1..depth {
        nested = serde_json::json!([nested]);
    }
    let object = serde_json::json!({
        "": "", "große Zahl": 1e200, "whole": 1.0, "one": 1, "less": -0.5, "most": u64::MAX, "least": i64::MIN,
        "text": "Grüße \u{1f680} \"quoted\" \\ \u{0}", "yes": true, "list": [], "object": {}, "nested": nested,
    });
    match object {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

/// Half a second, which as a text sorts before the whole one (`12:00:00.5Z` before `12:00:00Z`), and is later.
fn half_past(time: Timestamp) -> Timestamp {
    time + SignedDuration::from_millis(500)
}

const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);

/// More than any list has in a test.
const MANY: usize = 10_000;
