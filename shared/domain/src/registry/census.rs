//! Statistics of clusters, gathered one cluster after the other.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::cluster::{Cluster, IN_USE_FOR};
use super::names::{ComponentName, VersionName};

/// How many clusters run each version of a component.
pub type Population = BTreeMap<VersionName, u64>;

/// What can be said of many clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    now: Timestamp,
    /// All of them.
    pub clusters: u64,
    /// Those that proved to be themselves.
    pub verified: u64,
    /// Those that checked in within a day.
    pub seen_in_a_day: u64,
    /// Those that checked in first within a week, a month (30 days), a quarter (90 days).
    pub appeared: [u64; 3],
    /// Those that checked in last before the last day, and within a week, a month, a quarter.
    pub disappeared: [u64; 3],
    /// Those whose last check-in is so new that what they run is in use, by component and version.
    pub running: BTreeMap<ComponentName, Population>,
    /// How often a version was not counted because there were already [`MAX_VERSIONS`] others.
    pub left_out: u64,
    versions: usize,
    life: SignedDuration,
}

/// Versions of components that are told apart, 10 MB of them. Anybody can check in as a cluster that runs 200 things
/// which do not exist; clusters are counted in the order of their first check-in, so those who were there before stay.
pub const MAX_VERSIONS: usize = 50_000;

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// A week, a month, a quarter.
const SPANS: [SignedDuration; 3] = [
    SignedDuration::from_hours(7 * 24),
    SignedDuration::from_hours(30 * 24),
    SignedDuration::from_hours(90 * 24),
];

impl Census {
    /// One of nobody.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            clusters: 0,
            verified: 0,
            seen_in_a_day: 0,
            appeared: [0; 3],
            disappeared: [0; 3],
            running: BTreeMap::new(),
            left_out: 0,
            versions: 0,
            life: SignedDuration::ZERO,
        }
    }

    /// Counts a cluster.
    pub fn add(&mut self, cluster: &Cluster) {
        let (age, silence) = (
            self.now.duration_since(cluster.first_seen),
            self.now.duration_since(cluster.last_seen),
        );
        self.clusters += 1;
        self.verified += u64::from(cluster.is_verified);
        self.seen_in_a_day += u64::from(silence < DAY);
        for (at, span) in SPANS.into_iter().enumerate() {
            self.appeared[at] += u64::from(age < span);
            self.disappeared[at] += u64::from(silence >= DAY && silence < span);
        }
        let life = cluster.last_seen.duration_since(cluster.first_seen);
        self.life = self.life.saturating_add(life);
        if silence < IN_USE_FOR {
            for (component, version) in cluster.report.versions() {
                self.count(component, version);
            }
        }
    }

    fn count(&mut self, component: ComponentName, version: VersionName) {
        if let Some(known) = self
            .running
            .get_mut(&component)
            .and_then(|population| population.get_mut(&version))
        {
            *known += 1;
        } else if self.versions < MAX_VERSIONS {
            self.versions += 1;
            self.running.entry(component).or_default().insert(version, 1);
        } else {
            self.left_out += 1;
        }
    }

    /// When it was taken.
    pub fn at(&self) -> Timestamp {
        self.now
    }

    /// The mean time between the first and the last check-in.
    pub fn mean_age(&self) -> SignedDuration {
        let clusters = i64::try_from(self.clusters.max(1)).unwrap_or(i64::MAX);
        SignedDuration::from_secs(self.life.as_secs() / clusters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{CheckIn, ClusterToken, Report, Reported};
    use crate::slug::OrganizationSlug;

    const NOW: Timestamp = Timestamp::constant(1_000_000_000, 0);

    fn cluster(first_days_ago: i64, last_days_ago: i64, version: &str) -> Cluster {
        let ago = |days: i64| NOW - DAY * i32::try_from(days).unwrap();
        let reported = Reported {
            name: "handbook".to_owned(),
            version: version.to_owned(),
            ..Reported::default()
        };
        let check_in = CheckIn {
            id: "c".parse().unwrap(),
            report: Report::new(vec![reported]).unwrap(),
            token: None,
            at: ago(first_days_ago),
        };
        let first = check_in.first(OrganizationSlug::default(), &ClusterToken::from_bytes([0; 32]));
        Cluster {
            last_seen: ago(last_days_ago),
            ..first
        }
    }

    #[test]
    fn d30_clusters_appear_and_disappear_and_run_versions() {
        let mut census = Census::new(NOW);
        for (first, last, version) in [
            (2, 0, "2.18.0"),
            (20, 3, "v2.18.0"),
            (80, 20, "2.17.0"),
            (200, 100, "2.1.0"),
            (300, 0, "odd version"),
        ] {
            census.add(&cluster(first, last, version));
        }
        assert_eq!((census.clusters, census.seen_in_a_day), (5, 2));
        assert_eq!(census.appeared, [1, 2, 3]);
        assert_eq!(census.disappeared, [1, 2, 2]);
        let running = &census.running[&"handbook".parse::<ComponentName>().unwrap()];
        let counts: Vec<_> = running
            .iter()
            .map(|(version, n)| (version.as_str(), *n))
            .collect();
        assert_eq!(counts, [("2.17.0", 1), ("2.18.0", 2)]);
        assert_eq!(census.mean_age(), DAY * 479 / 5);
    }

    #[test]
    fn a_flood_of_invented_versions_ends_and_those_that_are_known_are_still_counted() {
        let mut census = Census::new(NOW);
        let component: ComponentName = "handbook".parse().unwrap();
        for n in 0..=MAX_VERSIONS {
            census.count(component.clone(), format!("{n}").parse().unwrap());
        }
        census.count(component.clone(), "7".parse().unwrap());
        let running = &census.running[&component];
        assert_eq!((running.len(), census.left_out), (MAX_VERSIONS, 1));
        assert_eq!(running[&"7".parse::<VersionName>().unwrap()], 2);
    }
}
