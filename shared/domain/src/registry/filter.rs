use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::cluster::{Cluster, Label};
use super::moment::Given;

/// What a query for clusters bounds, as it was given. All bounds are exclusive; an absent one does not bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Checked in last before this.
    pub checked_in_before: Option<Given>,
    /// Checked in last after this.
    pub checked_in_after: Option<Given>,
    /// Checked in first before this.
    pub created_before: Option<Given>,
    /// Checked in first after this.
    pub created_after: Option<Given>,
}

/// No cluster can pass such a filter. The sentence is the original's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("impossible filter for keys/times ({0} ({1}), {2} ({3})): {4}", keys[0].0, keys[0].1, keys[1].0, keys[1].1, reason)]
pub struct Impossible {
    keys: [(&'static str, Given); 2],
    reason: &'static str,
}

const CHECKED_IN_BEFORE: &str = "checked_in_before";
const CHECKED_IN_AFTER: &str = "checked_in_after";
const CREATED_BEFORE: &str = "created_before";
const CREATED_AFTER: &str = "created_after";

impl Bounds {
    /// Checks that some cluster could pass. A rule applies where both its bounds are given; the first that fails is told.
    ///
    /// # Errors
    /// When none could.
    pub fn check(&self) -> Result<(), Impossible> {
        let last_before = self.checked_in_before.map(|at| (CHECKED_IN_BEFORE, at));
        let last_after = self.checked_in_after.map(|at| (CHECKED_IN_AFTER, at));
        let first_before = self.created_before.map(|at| (CREATED_BEFORE, at));
        let first_after = self.created_after.map(|at| (CREATED_AFTER, at));
        let not_after = |a: Timestamp, b: Timestamp| a <= b;
        let before = |a: Timestamp, b: Timestamp| a < b;
        rule(
            [first_before, last_before],
            not_after,
            "checked_in_before needs to be greater than or equal to created_before",
        )?;
        rule(
            [last_before, last_after],
            |last_before, last_after| before(last_after, last_before),
            "checked_in_before needs to be greater than checked_in_after",
        )?;
        rule(
            [first_after, first_before],
            before,
            "created_before needs to be greater than created_after",
        )?;
        rule(
            [last_before, first_after],
            |last_before, first_after| before(first_after, last_before),
            "checked_in_before needs to be after created_after",
        )
    }
}

type Bound = Option<(&'static str, Given)>;

fn rule(
    keys: [Bound; 2],
    holds: impl Fn(Timestamp, Timestamp) -> bool,
    reason: &'static str,
) -> Result<(), Impossible> {
    match keys {
        [Some(one), Some(other)] if !holds(one.1.at, other.1.at) => Err(Impossible {
            keys: [one, other],
            reason,
        }),
        _ => Ok(()),
    }
}

/// Checks the two times of a query for persistent clusters.
///
/// # Errors
/// When no cluster could pass.
pub fn check_persistent(epoch: Option<Given>, timestamp: Option<Given>) -> Result<(), Impossible> {
    rule(
        [
            epoch.map(|at| ("epoch", at)),
            timestamp.map(|at| ("timestamp", at)),
        ],
        |epoch, timestamp| epoch < timestamp,
        "epoch needs to be less than timestamp",
    )
}

/// The order in which clusters are listed, which is also the index that finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorted {
    /// By the first check-in, the oldest first.
    ByFirstSeen,
    /// By the last check-in, the oldest first.
    ByLastSeen,
}

/// Which clusters are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgeFilter {
    /// First and last check-in.
    pub bounds: Bounds,
    /// At least so long between the first and the last check-in.
    pub active_for: Option<SignedDuration>,
    /// At least so many check-ins.
    pub min_checkins: u64,
    /// None of these labels.
    pub without_labels: BTreeSet<Label>,
}

/// Labels of clusters that are nobody's installation: whoever publishes the software runs them.
pub const NOT_OF_USERS: [&str; 3] = ["ci", "staff", "test"];

impl AgeFilter {
    /// All clusters but those that administrators have labelled as [nobody's installation](NOT_OF_USERS) (D-29).
    pub fn of_users() -> Self {
        let labels = NOT_OF_USERS.iter().filter_map(|label| label.parse().ok());
        Self {
            without_labels: labels.collect(),
            ..Self::default()
        }
    }

    /// Whether it lets every cluster through.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a cluster passes.
    pub fn admits(&self, cluster: &Cluster) -> bool {
        let after = |bound: Option<Given>, at: Timestamp| bound.is_none_or(|bound| at > bound.at);
        let before = |bound: Option<Given>, at: Timestamp| bound.is_none_or(|bound| at < bound.at);
        let (first, last) = (cluster.first_seen, cluster.last_seen);
        after(self.bounds.created_after, first)
            && before(self.bounds.created_before, first)
            && after(self.bounds.checked_in_after, last)
            && before(self.bounds.checked_in_before, last)
            && self
                .active_for
                .is_none_or(|least| last.duration_since(first) >= least)
            && cluster.checkins >= self.min_checkins
            && cluster.labels.is_disjoint(&self.without_labels)
    }

    /// Which order finds its clusters with the least reading: the one that is bounded.
    pub fn sorted(&self) -> Sorted {
        let Bounds {
            checked_in_before,
            checked_in_after,
            created_before,
            created_after,
        } = &self.bounds;
        let is_by_last = checked_in_before.is_some() || checked_in_after.is_some();
        if is_by_last && created_before.is_none() && created_after.is_none() {
            Sorted::ByLastSeen
        } else {
            Sorted::ByFirstSeen
        }
    }

    /// The bounds of what it is sorted by: after, before.
    pub fn range(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let (after, before) = match self.sorted() {
            Sorted::ByFirstSeen => (self.bounds.created_after, self.bounds.created_before),
            Sorted::ByLastSeen => (self.bounds.checked_in_after, self.bounds.checked_in_before),
        };
        (after.map(|at| at.at), before.map(|at| at.at))
    }

    /// Whether a cluster in its range could still be refused.
    pub fn looks_further(&self) -> bool {
        let Self {
            bounds,
            active_for,
            min_checkins,
            without_labels,
        } = self;
        let is_by_first = self.sorted() == Sorted::ByFirstSeen;
        active_for.is_some()
            || *min_checkins > 0
            || !without_labels.is_empty()
            || is_by_first && (bounds.checked_in_before.is_some() || bounds.checked_in_after.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(raw: &str) -> Option<Given> {
        (!raw.is_empty()).then(|| super::super::rfc3339(raw).unwrap())
    }

    fn bounds([last_before, last_after, first_before, first_after]: [&str; 4]) -> Bounds {
        let hour = |raw: &str| {
            if raw.is_empty() {
                None
            } else {
                given(&format!("2016-05-02T{raw}:00:00Z"))
            }
        };
        Bounds {
            checked_in_before: hour(last_before),
            checked_in_after: hour(last_after),
            created_before: hour(first_before),
            created_after: hour(first_after),
        }
    }

    /// D-14, D-17: bounds by hour: checked in before, after; created before, after.
    #[test]
    fn d17_the_first_rule_that_fails_is_told() {
        for (hours, reason) in [
            (
                ["12", "12", "13", "12"],
                "greater than or equal to created_before",
            ),
            (
                ["13", "12", "12", "12"],
                "created_before needs to be greater than created_after",
            ),
            (["13", "13", "12", "11"], "greater than checked_in_after"),
            (
                ["12", "", "", "12"],
                "checked_in_before needs to be after created_after",
            ),
            (
                ["", "", "12", "12"],
                "created_before needs to be greater than created_after",
            ),
            (["12", "12", "", ""], "greater than checked_in_after"),
            (["11", "", "12", ""], "greater than or equal to created_before"),
        ] {
            let error = bounds(hours).check().unwrap_err().to_string();
            assert!(error.ends_with(reason), "{hours:?} {error}");
        }
        for hours in [
            ["15", "11", "13", "10"],
            ["", "", "", ""],
            ["12", "", "12", ""],
            ["13", "", "", "12"],
            ["", "13", "11", ""],
        ] {
            assert_eq!(bounds(hours).check(), Ok(()), "{hours:?}");
        }
    }

    #[test]
    fn d17_the_sentence_is_the_originals() {
        let at = given("2020-01-01T00:00:00Z");
        let impossible = Bounds {
            checked_in_before: at,
            checked_in_after: at,
            ..Bounds::default()
        };
        assert_eq!(
            impossible.check().unwrap_err().to_string(),
            "impossible filter for keys/times (checked_in_before (2020-01-01 00:00:00 +0000 UTC), checked_in_after \
             (2020-01-01 00:00:00 +0000 UTC)): checked_in_before needs to be greater than checked_in_after"
        );
        assert_eq!(
            check_persistent(at, at).unwrap_err().to_string(),
            "impossible filter for keys/times (epoch (2020-01-01 00:00:00 +0000 UTC), timestamp (2020-01-01 00:00:00 \
             +0000 UTC)): epoch needs to be less than timestamp"
        );
    }

    #[test]
    fn d29_what_users_run_leaves_out_staff_ci_and_tests() {
        let labels: Vec<String> = AgeFilter::of_users()
            .without_labels
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(labels, NOT_OF_USERS);
    }

    #[test]
    fn the_order_is_by_what_is_bounded() {
        let sorted = |hours| AgeFilter {
            bounds: bounds(hours),
            ..AgeFilter::default()
        };
        let by_last = sorted(["13", "", "", ""]);
        assert_eq!(
            (by_last.sorted(), by_last.looks_further()),
            (Sorted::ByLastSeen, false)
        );
        let both = sorted(["13", "", "12", ""]);
        assert_eq!((both.sorted(), both.looks_further()), (Sorted::ByFirstSeen, true));
        assert_eq!(AgeFilter::default().sorted(), Sorted::ByFirstSeen);
    }
}
