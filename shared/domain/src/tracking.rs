//! Which builds an edition follows: the seven tracking modes of LTD, and three of semantic versions.
//!
//! Where LTD 1.x and 2.x differ, 2.x is taken, and `master` is accepted too where the edition tracks `master`.

mod semver;

use serde::{Deserialize, Serialize};

use crate::git::{GitRef, GitRefs};

/// How an edition chooses its builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackingMode {
    /// Builds with exactly the tracked list of refs.
    GitRefs,
    /// Builds of exactly the tracked ref.
    GitRef,
    /// The highest `v<major>.<minor>[.<patch>]` tag, or `main` until there is one.
    LsstDoc,
    /// The highest `v<major>_<minor>` or `<major>.<minor>` tag.
    EupsMajorRelease,
    /// The highest `w_<year>_<week>` or `w.<year>.<week>` tag.
    EupsWeeklyRelease,
    /// The highest `d_<year>_<month>_<day>` or dotted tag.
    EupsDailyRelease,
    /// No build: only a person moves it.
    Manual,
    /// The highest semantic version that is no pre-release.
    SemverRelease,
    /// The highest such version of the tracked major version (`2`).
    SemverMajor,
    /// The highest such version of the tracked minor version (`2.3`).
    SemverMinor,
}

/// A name that is none of the modes. The sentence is LTD's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Edition tracking mode '{0}' unknown. Valid values are {names}", names = TrackingMode::NAMES)]
pub struct UnknownMode(String);

impl TrackingMode {
    const ALL: [Self; 10] = [
        Self::GitRefs,
        Self::LsstDoc,
        Self::EupsMajorRelease,
        Self::EupsWeeklyRelease,
        Self::EupsDailyRelease,
        Self::Manual,
        Self::GitRef,
        Self::SemverRelease,
        Self::SemverMajor,
        Self::SemverMinor,
    ];
    const NAMES: &str = "git_refs, lsst_doc, eups_major_release, eups_weekly_release, eups_daily_release, manual, \
                         git_ref, semver_release, semver_major, semver_minor";

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::GitRefs => "git_refs",
            Self::GitRef => "git_ref",
            Self::LsstDoc => "lsst_doc",
            Self::EupsMajorRelease => "eups_major_release",
            Self::EupsWeeklyRelease => "eups_weekly_release",
            Self::EupsDailyRelease => "eups_daily_release",
            Self::Manual => "manual",
            Self::SemverRelease => "semver_release",
            Self::SemverMajor => "semver_major",
            Self::SemverMinor => "semver_minor",
        }
    }

    /// Whether the tracked refs say what is followed, so that the mode needs them and the API shows them.
    pub fn shows_refs(self) -> bool {
        match self {
            Self::GitRefs | Self::GitRef | Self::SemverMajor | Self::SemverMinor => true,
            Self::SemverRelease
            | Self::LsstDoc
            | Self::EupsMajorRelease
            | Self::EupsWeeklyRelease
            | Self::EupsDailyRelease
            | Self::Manual => false,
        }
    }

    /// Checks that the mode can follow something with these tracked refs. One that cannot would follow nothing for ever.
    ///
    /// # Errors
    /// When refs are missing that it needs, or name no line of versions.
    pub fn check(self, tracked: Option<&GitRefs>) -> Result<(), UnfitRefs> {
        if !self.shows_refs() {
            return Ok(());
        }
        let tracked = tracked.ok_or(UnfitRefs::Missing)?;
        let line = || semver::Line::parse(tracked.first().as_str()).filter(|_| tracked.iter().count() == 1);
        match self {
            Self::SemverMajor if !line().is_some_and(|line| line.is_major()) => Err(UnfitRefs::NoMajor),
            Self::SemverMinor if !line().is_some_and(|line| line.is_minor()) => Err(UnfitRefs::NoMinor),
            Self::SemverMajor
            | Self::SemverMinor
            | Self::GitRefs
            | Self::GitRef
            | Self::SemverRelease
            | Self::LsstDoc
            | Self::EupsMajorRelease
            | Self::EupsWeeklyRelease
            | Self::EupsDailyRelease
            | Self::Manual => Ok(()),
        }
    }
}

/// Tracked refs with which a mode would follow nothing. The first sentence is LTD's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitRefs {
    /// There are none.
    #[error("missing tracked_refs")]
    Missing,
    /// The mode follows one major version.
    #[error("tracked_refs: semver_major needs exactly one, a major version such as 2")]
    NoMajor,
    /// The mode follows one minor version.
    #[error("tracked_refs: semver_minor needs exactly one, a minor version such as 2.3")]
    NoMinor,
}

impl std::str::FromStr for TrackingMode {
    type Err = UnknownMode;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|mode| mode.name() == raw);
        known.ok_or_else(|| UnknownMode(raw.chars().take(40).collect()))
    }
}

/// How a candidate stands to what an edition shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The mode does not follow such a ref.
    Foreign,
    /// A lower version than the current one.
    Lower,
    /// The same version or the same refs: who registered later decides.
    Same,
    /// Nothing to compare with, or a higher version.
    Higher,
}

/// Compares a candidate's refs with those of the build that the edition shows now.
///
/// `tracked` are the edition's own refs; version modes look at the first ref of each side only.
pub fn standing(
    mode: TrackingMode,
    tracked: Option<&GitRefs>,
    current: Option<&GitRefs>,
    candidate: &GitRefs,
) -> Standing {
    match mode {
        TrackingMode::Manual => Standing::Foreign,
        TrackingMode::GitRefs => same_if(tracked == Some(candidate)),
        TrackingMode::GitRef => same_if(tracked.map(GitRefs::first) == Some(candidate.first())),
        TrackingMode::LsstDoc => lsst_doc(tracked, current, candidate),
        TrackingMode::EupsMajorRelease => by_version(eups_major, current, candidate),
        TrackingMode::EupsWeeklyRelease => by_version(eups_weekly, current, candidate),
        TrackingMode::EupsDailyRelease => by_version(eups_daily, current, candidate),
        TrackingMode::SemverRelease => by_version(semver::release, current, candidate),
        TrackingMode::SemverMajor | TrackingMode::SemverMinor => {
            match tracked.and_then(|refs| semver::Line::parse(refs.first().as_str())) {
                Some(line) => by_version(|raw| line.release(raw), current, candidate),
                None => Standing::Foreign,
            }
        }
    }
}

fn same_if(tracked: bool) -> Standing {
    if tracked {
        Standing::Same
    } else {
        Standing::Foreign
    }
}

fn lsst_doc(tracked: Option<&GitRefs>, current: Option<&GitRefs>, candidate: &GitRefs) -> Standing {
    let tracks_master = tracked.is_some_and(|refs| refs.first().as_str() == "master");
    let is_trunk = |r: &GitRef| r.as_str() == "main" || (tracks_master && r.as_str() == "master");
    if is_trunk(candidate.first()) {
        return match current {
            None => Standing::Higher,
            Some(current) => same_if(is_trunk(current.first())),
        };
    }
    by_version(semantic, current, candidate)
}

/// A version as numbers of equal weight from left to right.
type Version = Vec<u64>;

fn by_version<V: Ord>(
    parse: impl Fn(&str) -> Option<V>,
    current: Option<&GitRefs>,
    candidate: &GitRefs,
) -> Standing {
    let Some(candidate) = parse(candidate.first().as_str()) else {
        return Standing::Foreign;
    };
    match current.and_then(|refs| parse(refs.first().as_str())) {
        None => Standing::Higher,
        Some(current) => match candidate.cmp(&current) {
            std::cmp::Ordering::Less => Standing::Lower,
            std::cmp::Ordering::Equal => Standing::Same,
            std::cmp::Ordering::Greater => Standing::Higher,
        },
    }
}

/// Decimal ASCII digits that fit; anything longer is no version number of this world.
fn number(raw: &str) -> Option<u64> {
    let digits = !raw.is_empty() && raw.len() <= 18 && raw.bytes().all(|b| b.is_ascii_digit());
    if digits { raw.parse().ok() } else { None }
}

fn numbers(raw: &str, separator: char, count: usize) -> Option<Version> {
    let parts: Option<Version> = raw.split(separator).map(number).collect();
    parts.filter(|parts| parts.len() == count)
}

fn semantic(raw: &str) -> Option<Version> {
    let raw = raw.strip_prefix('v').unwrap_or(raw);
    let two = || numbers(raw, '.', 2).map(|parts| vec![parts[0], parts[1], 0]);
    numbers(raw, '.', 3).or_else(two)
}

fn eups_major(raw: &str) -> Option<Version> {
    match raw.strip_prefix('v') {
        Some(rest) => numbers(rest, '_', 2),
        None => numbers(raw, '.', 2),
    }
}

fn eups_weekly(raw: &str) -> Option<Version> {
    eups_dated(raw, 'w', 2)
}

fn eups_daily(raw: &str) -> Option<Version> {
    eups_dated(raw, 'd', 3)
}

fn eups_dated(raw: &str, letter: char, count: usize) -> Option<Version> {
    let rest = raw.strip_prefix(letter)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '_' | '.'))?;
    numbers(&rest[1..], separator, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refs(raw: &str) -> GitRefs {
        GitRefs::parse(&raw.split(',').collect::<Vec<_>>()).unwrap()
    }

    /// LTD's yes or no: equal is accepted, to allow publishing a tag again.
    fn accepted(mode: TrackingMode, tracked: Option<&str>, current: &str, candidate: &str) -> bool {
        let tracked = tracked.map(refs);
        let current = (current != "-").then(|| refs(current));
        match standing(mode, tracked.as_ref(), current.as_ref(), &refs(candidate)) {
            Standing::Same | Standing::Higher => true,
            Standing::Lower | Standing::Foreign => false,
        }
    }

    fn check(mode: TrackingMode, tracked: Option<&str>, cases: &[(&str, &str, bool)]) {
        for (current, candidate, expected) in cases {
            assert_eq!(
                accepted(mode, tracked, current, candidate),
                *expected,
                "{current} -> {candidate}"
            );
        }
    }

    #[test]
    fn lsst_doc_follows_the_contract_table() {
        let cases = [
            ("-", "main", true),
            ("-", "master", false),
            ("main", "main", true),
            ("main", "master", false),
            ("main", "tickets/DM-1", false),
            ("main", "v1.0", true),
            ("tickets/DM-1", "main", false),
            ("tickets/DM-1", "v1.0", true),
            ("v1.0", "main", false),
            ("v1.0", "v0.9", false),
            ("v1.0", "v1.0", true),
            ("v1.9", "v1.10", true),
            ("v1.10", "v1.9", false),
            ("v1.0", "1.1", true),
            ("v1.0", "v1.0.1", true),
            ("v1.0.1", "v1.0", false),
            ("v1.0", "v2.0-rc1", false),
            ("v1.0", "v2", false),
            ("v1.0", "docushare-v1.2", false),
            ("v1.0", "v1.2.3.4", false),
            ("v1.1", "v01.02", true),
        ];
        check(TrackingMode::LsstDoc, Some("main"), &cases);
        check(TrackingMode::LsstDoc, None, &cases);
    }

    #[test]
    fn lsst_doc_accepts_master_where_master_is_tracked() {
        let cases = [
            ("-", "master", true),
            ("master", "master", true),
            ("main", "master", true),
            ("v1.0", "master", false),
        ];
        check(TrackingMode::LsstDoc, Some("master"), &cases);
    }

    #[test]
    fn eups_major_follows_the_contract() {
        let cases = [
            ("-", "v1_0", true),
            ("main", "v1_0", true),
            ("v1_0", "main", false),
            ("v1_0", "v2_0", true),
            ("v2_0", "v1_5", false),
            ("v9_0", "v10_0", true),
            ("v15_0", "15.0", true),
            ("16.1", "v16_0", false),
            ("-", "2_0", false),
            ("-", "v2", false),
            ("-", "2.0.0", false),
            ("-", "v1_0_1", false),
            ("-", "v16_0_rc1", false),
            ("-", "v1.0", false),
        ];
        check(TrackingMode::EupsMajorRelease, None, &cases);
    }

    #[test]
    fn eups_weekly_follows_the_contract() {
        let cases = [
            ("w_2018_01", "w_2018_02", true),
            ("w_2018_02", "w_2017_36", false),
            ("w_2018_52", "w_2019_01", true),
            ("w_2018_09", "w.2018.10", true),
            ("w_2018_9", "w_2018_10", true),
            ("w_2018_01", "w_2018_01", true),
            ("-", "w_18_1", true),
            ("-", "w_2018", false),
            ("-", "w_2018_01rc1", false),
            ("-", "w-2018-01", false),
            ("-", "w_2018.01", false),
        ];
        check(TrackingMode::EupsWeeklyRelease, None, &cases);
    }

    #[test]
    fn eups_daily_follows_the_contract() {
        let cases = [
            ("d_2018_07_01", "d_2018_07_02", true),
            ("d_2018_07_02", "d_2017_01_01", false),
            ("d_2018_07_31", "d.2018.08.01", true),
            ("d_2018_12_31", "d_2019_01_01", true),
            ("-", "d_2018_13_45", true),
            ("-", "2018_02_01", false),
            ("-", "d_2018_02", false),
            ("-", "d_2018.02.01", false),
        ];
        check(TrackingMode::EupsDailyRelease, None, &cases);
    }

    #[test]
    fn ref_modes_compare_texts() {
        let cases = [("main", true), ("main,b", false), ("master", false)];
        for (candidate, expected) in cases {
            assert_eq!(
                accepted(TrackingMode::GitRefs, Some("main"), "-", candidate),
                expected,
                "{candidate}"
            );
        }
        assert!(!accepted(TrackingMode::GitRefs, Some("a,b"), "-", "b,a"));
        assert!(!accepted(
            TrackingMode::GitRefs,
            Some("DM-1"),
            "-",
            "tickets/DM-1"
        ));
        assert!(!accepted(TrackingMode::GitRef, Some("1.0"), "-", "v1.0"));
        assert!(!accepted(TrackingMode::Manual, Some("main"), "-", "main"));
    }

    #[test]
    fn every_mode_reads_its_own_name() {
        for mode in TrackingMode::ALL {
            assert_eq!(mode.name().parse(), Ok(mode));
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.name());
        }
        let message = "bogus".parse::<TrackingMode>().unwrap_err().to_string();
        assert!(
            message.starts_with("Edition tracking mode 'bogus' unknown. Valid values are git_refs"),
            "{message}"
        );
    }

    proptest! {
        /// Of two version tags, at most one may replace the other unless they are the same version.
        #[test]
        fn versions_never_replace_each_other_in_a_circle(a in "v[0-9]{1,3}\\.[0-9]{1,3}", b in "v[0-9]{1,3}\\.[0-9]{1,3}") {
            let there = standing(TrackingMode::LsstDoc, None, Some(&refs(&a)), &refs(&b));
            let back = standing(TrackingMode::LsstDoc, None, Some(&refs(&b)), &refs(&a));
            prop_assert_eq!(there == Standing::Higher, back == Standing::Lower);
            prop_assert_eq!(there == Standing::Same, back == Standing::Same);
        }
    }
}
