//! The keys of the release registry, and parts of its lists.

use imprint_app::ports::Direction;
use imprint_domain::registry::{
    Cluster, ClusterId, ComponentName, Release, ReportId, Sorted, TrainLabel, TrainName, Trust, VersionName,
};
use imprint_domain::slug::OrganizationSlug;
use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::super::keys::{GSI1, GSI1PK, GSI1SK, GSI2, GSI2PK, GSI2SK, Key, moment, part};

/// How many partitions of an index the clusters of an organization are spread over. What is sorted by time is written at
/// one end, and one partition takes 1,000 writes a second
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>).
pub(super) const SHARDS: u8 = 4;

/// What the sort keys of releases in the order of time begin with.
const BY_TIME: &str = "T#";
/// What follows the version whose use nobody has proved.
const UNVERIFIED: &str = "#U";

/// Sorts before all that names, times and separators are made of.
const FIRST: char = '!';
/// Sorts between the separator and all that names and times are made of.
const AFTER_SEPARATOR: char = '$';
/// Sorts after all that names and times are made of.
const LAST: char = '\u{7f}';

impl Key {
    /// The partition of a train: its head and its releases, twice.
    pub(super) fn releases(org: &OrganizationSlug, train: &TrainName) -> String {
        let [org, component, label] =
            [org.as_str(), train.component.as_str(), train.label.as_str()].map(part);
        format!("REL#{org}#{component}#{label}")
    }

    pub(super) fn head(org: &OrganizationSlug, train: &TrainName) -> Self {
        Self::new(Self::releases(org, train), "HEAD")
    }

    pub(super) fn release(org: &OrganizationSlug, train: &TrainName, version: &VersionName) -> Self {
        Self::new(
            Self::releases(org, train),
            format!("V#{}", part(version.as_str())),
        )
    }

    /// The place of a release among those of its train, by time. At most 884 bytes of the 1,024 that a sort key may have.
    pub(super) fn release_by_time(release: &Release) -> Self {
        let sk = format!("{BY_TIME}{}", release.sort_key());
        Self::new(Self::releases(&release.organization, &release.train), sk)
    }

    /// Whether a sort key is one of a release by time.
    pub(super) fn is_release_by_time(sk: &str) -> bool {
        let mut parts = sk.strip_prefix(BY_TIME).unwrap_or_default().splitn(3, '#');
        let (at, rank, version) = (parts.next(), parts.next(), parts.next());
        at.is_some_and(|at| at.parse::<Timestamp>().is_ok())
            && rank.is_some_and(|rank| !rank.is_empty())
            && version.is_some_and(|version| version.parse::<VersionName>().is_ok())
    }

    /// The partition of an organization's trains.
    pub(super) fn trains(org: &OrganizationSlug) -> String {
        format!("TRAINS#{}", part(org.as_str()))
    }

    pub(super) fn train(org: &OrganizationSlug, train: &TrainName) -> Self {
        let [component, label] = [train.component.as_str(), train.label.as_str()].map(part);
        Self::new(Self::trains(org), format!("{component}#{label}"))
    }

    /// Whether a sort key is one of a train, and of this component where one is given.
    pub(super) fn is_train(sk: &str, of: Option<&ComponentName>) -> bool {
        sk.split_once('#').is_some_and(|(component, label)| {
            let name = component.parse::<ComponentName>();
            name.is_ok_and(|name| of.is_none_or(|of| *of == name)) && label.parse::<TrainLabel>().is_ok()
        })
    }

    pub(super) fn gone(org: &OrganizationSlug, component: &ComponentName, version: &VersionName) -> Self {
        let [org, component] = [org.as_str(), component.as_str()].map(part);
        Self::new(format!("GONE#{org}#{component}"), part(version.as_str()))
    }

    pub(super) fn cluster(org: &OrganizationSlug, id: &ClusterId) -> Self {
        let [org, id] = [org.as_str(), id.as_str()].map(part);
        Self::new(format!("CL#{org}#{id}"), "META")
    }

    pub(super) fn cluster_counter(org: &OrganizationSlug) -> Self {
        Self::new(format!("CLUSTERS#{}", part(org.as_str())), "COUNT")
    }

    /// The partition of the versions of a component that were in use.
    pub(super) fn uses(org: &OrganizationSlug, component: &ComponentName) -> String {
        let [org, component] = [org.as_str(), component.as_str()].map(part);
        format!("USE#{org}#{component}")
    }

    pub(super) fn used(
        org: &OrganizationSlug,
        component: &ComponentName,
        version: &VersionName,
        trust: Trust,
    ) -> Self {
        let mark = match trust {
            Trust::Verified => "",
            Trust::Unverified => UNVERIFIED,
        };
        let sk = format!("{}{mark}", part(version.as_str()));
        Self::new(Self::uses(org, component), sk)
    }

    /// The version that was in use, and who said so.
    pub(super) fn version_of_use(sk: &str) -> Option<(VersionName, Trust)> {
        match sk.strip_suffix(UNVERIFIED) {
            Some(version) => Some((version.parse().ok()?, Trust::Unverified)),
            None => Some((sk.parse().ok()?, Trust::Verified)),
        }
    }

    pub(super) fn spent(org: &OrganizationSlug, source: &str, day: Date) -> Self {
        let [org, source] = [org.as_str(), source].map(part);
        Self::new(format!("SOURCE#{org}#{source}"), day.to_string())
    }

    /// The partition of what installations of an organization run.
    pub(super) fn populations(org: &OrganizationSlug) -> String {
        format!("POPULATION#{}", part(org.as_str()))
    }

    pub(super) fn population(org: &OrganizationSlug, component: &ComponentName) -> Self {
        Self::new(Self::populations(org), part(component.as_str()))
    }

    pub(super) fn doctor_report(org: &OrganizationSlug, id: &ReportId) -> Self {
        let [org, id] = [org.as_str(), id.as_str()].map(part);
        Self::new(format!("DOCTOR#{org}#{id}"), "REPORT")
    }
}

/// An index that clusters are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) name: &'static str,
    pub(super) pk: &'static str,
    pub(super) sk: &'static str,
}

impl Index {
    /// The index that is in an order.
    pub(super) fn of(sorted: Sorted) -> Self {
        match sorted {
            Sorted::ByFirstSeen => Self {
                name: GSI1,
                pk: GSI1PK,
                sk: GSI1SK,
            },
            Sorted::ByLastSeen => Self {
                name: GSI2,
                pk: GSI2PK,
                sk: GSI2SK,
            },
        }
    }
}

/// A partition of both indexes.
pub(super) fn shard(org: &OrganizationSlug, shard: u8) -> String {
    format!("CL#{}#{shard}", part(org.as_str()))
}

/// The partition that a cluster is in, always the same.
pub(super) fn shard_of(org: &OrganizationSlug, id: &ClusterId) -> String {
    shard(org, Sha256::digest(id.as_str())[0] % SHARDS)
}

/// The sort key of a cluster in an index.
pub(super) fn place(at: Timestamp, id: &ClusterId) -> String {
    format!("{}#{}", moment(at), part(id.as_str()))
}

/// The place of a cluster in an order.
pub(super) fn place_of(cluster: &Cluster, sorted: Sorted) -> String {
    let at = match sorted {
        Sorted::ByFirstSeen => cluster.first_seen,
        Sorted::ByLastSeen => cluster.last_seen,
    };
    place(at, &cluster.id)
}

/// Whether a text is the place of a cluster.
pub(super) fn is_place(sk: &str) -> bool {
    sk.split_once('#')
        .is_some_and(|(at, id)| at.parse::<Timestamp>().is_ok() && id.parse::<ClusterId>().is_ok())
}

/// Neighbouring sort keys. Neither end is a sort key itself: a condition takes one clause, and of those with two ends there
/// is only `BETWEEN`, which would include both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: String,
    pub(super) to: String,
}

impl Stretch {
    /// All that begin with a text, which may be empty.
    pub(super) fn beginning_with(text: &str) -> Self {
        Self {
            from: format!("{text}{FIRST}"),
            to: format!("{text}{LAST}"),
        }
    }

    /// All releases by time.
    pub(super) fn releases() -> Self {
        Self::beginning_with(BY_TIME)
    }

    /// The trains of a component, or all.
    pub(super) fn trains(of: Option<&ComponentName>) -> Self {
        match of {
            None => Self::beginning_with(""),
            Some(component) => Self::beginning_with(&format!("{}#", part(component.as_str()))),
        }
    }

    /// The places after one time and before another, both left out.
    pub(super) fn times(after: Option<Timestamp>, before: Option<Timestamp>) -> Self {
        let all = Self::beginning_with("");
        Self {
            from: after.map_or(all.from, |at| format!("{}{AFTER_SEPARATOR}", text(at))),
            to: before.map_or(all.to, |at| format!("{}{FIRST}", text(at))),
        }
    }

    /// What follows a sort key in a direction.
    #[must_use]
    pub(super) fn following(self, sk: Option<&str>, direction: Direction) -> Self {
        match (sk, direction) {
            (None, _) => self,
            (Some(sk), Direction::Ascending) => Self {
                from: self.from.max(format!("{sk}{FIRST}")),
                ..self
            },
            (Some(sk), Direction::Descending) => Self {
                to: self.to.min(just_before(sk)),
                ..self
            },
        }
    }

    /// Whether nothing can be there. DynamoDB refuses to look.
    pub(super) fn is_empty(&self) -> bool {
        self.from >= self.to
    }
}

/// Years before our era have a sign, which does not sort; nothing was ever seen in them.
fn text(at: Timestamp) -> String {
    /// The year nought.
    const BEGINNING: Timestamp = Timestamp::constant(-62_167_219_200, 0);
    moment(at.max(BEGINNING))
}

/// A text between a sort key and the one before it, whichever that is.
fn just_before(sk: &str) -> String {
    let mut chars = sk.chars();
    let last = chars.next_back().map_or(0, u32::from);
    let mut text = chars.as_str().to_owned();
    text.extend(char::from_u32(last.saturating_sub(1)));
    text.push(LAST);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(raw: &str) -> Timestamp {
        raw.parse().unwrap()
    }

    #[test]
    fn a_place_is_in_the_stretch_exactly_when_its_time_is() {
        let times = [
            "2025-12-31T23:59:59.999999999Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.000000001Z",
            "2026-01-01T00:00:00.1Z",
        ];
        let ids = ["-", "A", "zz.z", "7e57d004-2b97-4e7a-b45f-5387367791cd"];
        for bound in times.map(at) {
            for (time, id) in times
                .map(at)
                .into_iter()
                .flat_map(|time| ids.map(|id| (time, id)))
            {
                let place = place(time, &id.parse().unwrap());
                let is_in = |stretch: Stretch| stretch.from < place && place < stretch.to;
                assert_eq!(is_in(Stretch::times(Some(bound), None)), time > bound, "{place}");
                assert_eq!(is_in(Stretch::times(None, Some(bound))), time < bound, "{place}");
            }
        }
    }

    #[test]
    fn what_follows_a_place_is_neither_it_nor_before_it() {
        let ids = ["-", "a", "a-", "a.", "a0", "aa", "az", "b", "z", "zz"];
        let places = ids.map(|id| place(at("2026-01-01T00:00:00Z"), &id.parse().unwrap()));
        assert!(places.is_sorted());
        for (n, one) in places.iter().enumerate() {
            for (m, other) in places.iter().enumerate() {
                let is_in = |direction| {
                    let stretch = Stretch::times(None, None).following(Some(one), direction);
                    stretch.from < *other && *other < stretch.to
                };
                assert_eq!(is_in(Direction::Ascending), m > n, "{one} {other}");
                assert_eq!(is_in(Direction::Descending), m < n, "{one} {other}");
            }
        }
    }

    #[test]
    fn a_stretch_without_room_is_known_as_such() {
        let (early, late) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
        assert!(!Stretch::times(Some(early), Some(late)).is_empty());
        assert!(Stretch::times(Some(late), Some(early)).is_empty());
        assert!(Stretch::times(Some(early), Some(early)).is_empty());
        let before_our_era = [at("-001900-01-01T00:00:00Z"), at("-001800-01-01T00:00:00Z")];
        assert!(Stretch::times(None, Some(before_our_era[0])).from < Stretch::times(Some(early), None).from);
        assert!(Stretch::times(Some(before_our_era[0]), Some(before_our_era[1])).is_empty());
        assert!(!Stretch::times(Some(before_our_era[0]), Some(early)).is_empty());
    }

    #[test]
    fn the_longest_release_has_a_sort_key_that_fits() {
        let sk = format!(
            "{BY_TIME}{}#{}#{}",
            moment(at("2026-01-01T00:00:00Z")),
            "r".repeat(780),
            "v".repeat(64)
        );
        assert!(sk.len() <= 1024);
        assert!(Key::is_release_by_time(&sk));
        for other in [
            "HEAD",
            "V#1.0",
            "T#",
            "T#2026-01-01T00:00:00Z",
            "T#soon#~#1.0",
            "T#2026-01-01T00:00:00Z#~#",
        ] {
            assert!(!Key::is_release_by_time(other), "{other}");
        }
    }
}
