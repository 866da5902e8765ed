//! Which builds an edition follows: the seven tracking modes of LTD, three of semantic versions, one of alternates and
//! one of the release registry.
//!
//! Where LTD 1.x and 2.x differ, 2.x is taken, and `master` is accepted too where the edition tracks `master`; the grammar
//! of `lsst_doc` is the organization's choice.

mod semver;
pub(crate) mod train;
mod versions;

use serde::{Deserialize, Serialize};

use crate::alternate::AlternateName;
use crate::git::GitRefs;
use crate::registry::TrainError;
use crate::rules::Rules;

pub use versions::{LsstDocGrammar, UnknownGrammar};

/// How an edition chooses its builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackingMode {
    /// Builds with exactly the tracked list of refs.
    GitRefs,
    /// Builds of any of the tracked refs; of a build with several refs the first counts.
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
    /// Builds of any of the tracked refs for the edition's alternate.
    AlternateGitRef,
    /// The version that a train of the release registry is at.
    Train,
}

/// A name that is none of the modes. The sentence is LTD's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Edition tracking mode '{0}' unknown. Valid values are {names}", names = TrackingMode::NAMES)]
pub struct UnknownMode(String);

impl TrackingMode {
    const ALL: [Self; 12] = [
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
        Self::AlternateGitRef,
        Self::Train,
    ];
    const NAMES: &str = "git_refs, lsst_doc, eups_major_release, eups_weekly_release, eups_daily_release, manual, \
                         git_ref, semver_release, semver_major, semver_minor, alternate_git_ref, train";

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
            Self::AlternateGitRef => "alternate_git_ref",
            Self::Train => "train",
        }
    }

    /// Whether the tracked refs say what is followed, so that the mode needs them and the API shows them.
    pub fn shows_refs(self) -> bool {
        match self {
            Self::GitRefs
            | Self::GitRef
            | Self::SemverMajor
            | Self::SemverMinor
            | Self::AlternateGitRef
            | Self::Train => true,
            Self::SemverRelease
            | Self::LsstDoc
            | Self::EupsMajorRelease
            | Self::EupsWeeklyRelease
            | Self::EupsDailyRelease
            | Self::Manual => false,
        }
    }

    /// Checks that the mode can follow something with these tracked refs and this alternate. One that cannot would follow nothing for ever.
    ///
    /// # Errors
    /// When refs are missing that it needs, or name no line of versions.
    pub(crate) fn check(
        self,
        tracked: Option<&GitRefs>,
        alternate: Option<&AlternateName>,
    ) -> Result<(), UnfitRefs> {
        if !self.shows_refs() {
            return Ok(());
        }
        let tracked = tracked.ok_or(UnfitRefs::Missing)?;
        let line = || semver::Line::parse(tracked.first().as_str()).filter(|_| tracked.iter().count() == 1);
        match self {
            Self::SemverMajor if !line().is_some_and(|line| line.is_major()) => Err(UnfitRefs::NoMajor),
            Self::SemverMinor if !line().is_some_and(|line| line.is_minor()) => Err(UnfitRefs::NoMinor),
            Self::Train if train::tracked(Some(tracked)).is_none() => Err(UnfitRefs::NoTrain),
            Self::AlternateGitRef if alternate.is_none() => Err(UnfitRefs::NoAlternate),
            Self::SemverMajor
            | Self::SemverMinor
            | Self::AlternateGitRef
            | Self::Train
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

/// Why a mode would follow nothing. The first sentence is LTD's.
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
    /// The mode follows one train.
    #[error("tracked_refs: train needs exactly one, {error}", error = TrainError)]
    NoTrain,
    /// The mode follows builds of one alternate.
    #[error("alternate_git_ref needs an alternate_name")]
    NoAlternate,
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
    rules: &Rules,
    mode: TrackingMode,
    tracked: Option<&GitRefs>,
    current: Option<&GitRefs>,
    candidate: &GitRefs,
) -> Standing {
    match mode {
        TrackingMode::Manual => Standing::Foreign,
        TrackingMode::GitRefs => same_if(tracked == Some(candidate)),
        TrackingMode::GitRef | TrackingMode::AlternateGitRef => {
            same_if(tracked.is_some_and(|refs| refs.iter().any(|one| one == candidate.first())))
        }
        TrackingMode::LsstDoc => versions::lsst_doc(rules.lsst_doc, tracked, current, candidate),
        TrackingMode::EupsMajorRelease => by_version(versions::eups_major, current, candidate),
        TrackingMode::EupsWeeklyRelease => by_version(versions::eups_weekly, current, candidate),
        TrackingMode::EupsDailyRelease => by_version(versions::eups_daily, current, candidate),
        TrackingMode::SemverRelease => by_version(semver::release, current, candidate),
        TrackingMode::SemverMajor | TrackingMode::SemverMinor => {
            match tracked.and_then(|refs| semver::Line::parse(refs.first().as_str())) {
                Some(line) => by_version(|raw| line.release(raw), current, candidate),
                None => Standing::Foreign,
            }
        }
        TrackingMode::Train => train::standing(&rules.trains, tracked, current, candidate),
    }
}

fn same_if(tracked: bool) -> Standing {
    if tracked {
        Standing::Same
    } else {
        Standing::Foreign
    }
}

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

/// Whether a ref names a release by the rules of semantic versions: no pre-release.
pub fn is_semver_release(raw: &str) -> bool {
    semver::release(raw).is_some()
}

/// The major and the minor version of the release that a ref names: `2` and `2.3` of `v2.3.1`.
pub fn lines_of_release(raw: &str) -> Option<[(TrackingMode, String); 2]> {
    let (major, minor) = semver::release(raw)?.line();
    Some([
        (TrackingMode::SemverMajor, major.to_string()),
        (TrackingMode::SemverMinor, format!("{major}.{minor}")),
    ])
}

#[cfg(test)]
mod tests;
