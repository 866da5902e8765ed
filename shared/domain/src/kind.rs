//! What an edition is to readers, and whether retention may end it.

use serde::{Deserialize, Serialize};

use crate::edition::{Edition, Tracking};
use crate::organization::Organization;
use crate::slug::EditionSlug;
use crate::tracking::TrackingMode;

/// What an edition is to readers. LTD's kinds, and `alternate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The one at the product's root.
    Main,
    /// A release, or what follows the releases.
    Release,
    /// Work that is under way: a branch, a ticket.
    Draft,
    /// The newest release of a major version.
    Major,
    /// The newest release of a minor version.
    Minor,
    /// The documentation of one deployment.
    Alternate,
}

/// A name that is none of the kinds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("edition kind '{0}' unknown. Valid values are main, release, draft, major, minor, alternate")]
pub struct UnknownKind(String);

impl Kind {
    const ALL: [Self; 6] = [
        Self::Main,
        Self::Release,
        Self::Draft,
        Self::Major,
        Self::Minor,
        Self::Alternate,
    ];

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Release => "release",
            Self::Draft => "draft",
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Alternate => "alternate",
        }
    }

    /// The kind of an edition of which nobody has said it. `default` is the slug of default editions.
    ///
    /// What follows versions is a release although it tracks no ref, where LTD says draft: retention ends drafts.
    pub fn of(default: &EditionSlug, slug: &EditionSlug, tracking: &Tracking) -> Self {
        if slug == default {
            return Self::Main;
        }
        if tracking.alternate.is_some() {
            return Self::Alternate;
        }
        match tracking.mode {
            TrackingMode::SemverMajor => Self::Major,
            TrackingMode::SemverMinor => Self::Minor,
            TrackingMode::LsstDoc
            | TrackingMode::EupsMajorRelease
            | TrackingMode::EupsWeeklyRelease
            | TrackingMode::EupsDailyRelease
            | TrackingMode::SemverRelease
            | TrackingMode::Train => Self::Release,
            TrackingMode::GitRefs
            | TrackingMode::GitRef
            | TrackingMode::AlternateGitRef
            | TrackingMode::Manual => {
                let tracked = tracking.refs.as_ref().map(|refs| refs.first().as_str());
                tracked.map_or(Self::Draft, Self::of_ref)
            }
        }
    }

    /// LTD's reading of a ref, `^v?\d+(\.\d+(\.\d+)?)?$`: by how many numbers it has.
    fn of_ref(raw: &str) -> Self {
        let parts: Vec<&str> = raw.strip_prefix('v').unwrap_or(raw).split('.').collect();
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        match parts.len() {
            1..=3 if !parts.iter().all(is_number) => Self::Draft,
            1 => Self::Major,
            2 => Self::Minor,
            3 => Self::Release,
            _ => Self::Draft,
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == raw);
        known.ok_or_else(|| UnknownKind(raw.chars().take(40).collect()))
    }
}

/// Whether retention may end an edition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retention {
    /// By its rules.
    #[default]
    Applies,
    /// Never: somebody wants to keep it.
    Exempt,
}

impl Retention {
    /// Whether the rules apply, which need not be stored.
    pub fn applies(&self) -> bool {
        *self == Self::Applies
    }
}

impl Edition {
    /// What it is to readers: as it was said, or as it follows from what it tracks.
    pub fn kind_in(&self, organization: &Organization) -> Kind {
        self.kind
            .unwrap_or_else(|| Kind::of(&organization.default_edition, &self.slug, &self.tracking))
    }
}

/// Why an edition cannot be of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// There is one main edition, at the product's root.
    #[error("kind: only the default edition is main")]
    NotDefault,
    /// The one at the product's root is always the main one.
    #[error("kind: the default edition is main and stays so")]
    Default,
}

impl Kind {
    /// Checks that an edition with this slug can be of this kind.
    ///
    /// # Errors
    /// When it is not the default edition and is to be main, or the other way round.
    pub fn fits(self, default: &EditionSlug, slug: &EditionSlug) -> Result<(), KindError> {
        match (self == Self::Main, slug == default) {
            (true, true) | (false, false) => Ok(()),
            (true, false) => Err(KindError::NotDefault),
            (false, true) => Err(KindError::Default),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::GitRefs;

    fn kind(slug: &str, mode: TrackingMode, tracked: Option<&str>, alternate: Option<&str>) -> Kind {
        let tracking = Tracking {
            mode,
            refs: tracked.map(|raw| GitRefs::parse(&[raw]).unwrap()),
            alternate: alternate.map(|raw| raw.parse().unwrap()),
        };
        Kind::of(&"__main".parse().unwrap(), &slug.parse().unwrap(), &tracking)
    }

    #[test]
    fn the_kind_of_a_ref_follows_the_contract() {
        for (tracked, expected) in [
            ("1.2.3", Kind::Release),
            ("v1.2.3", Kind::Release),
            ("15.0", Kind::Minor),
            ("v2.3", Kind::Minor),
            ("2", Kind::Major),
            ("v2", Kind::Major),
            ("v15_0", Kind::Draft),
            ("w_2018_01", Kind::Draft),
            ("1.2.3-rc1", Kind::Draft),
            ("1.2.3.4", Kind::Draft),
            ("main", Kind::Draft),
            ("v", Kind::Draft),
            ("1.", Kind::Draft),
            ("tickets/DM-1", Kind::Draft),
        ] {
            for mode in [TrackingMode::GitRefs, TrackingMode::GitRef] {
                assert_eq!(kind("x", mode, Some(tracked), None), expected, "{tracked}");
            }
        }
        assert_eq!(
            kind("__main", TrackingMode::GitRef, Some("1.2.3"), None),
            Kind::Main
        );
        assert_eq!(
            kind("main", TrackingMode::GitRef, Some("main"), None),
            Kind::Draft
        );
    }

    #[test]
    fn the_kind_of_what_follows_no_ref_is_its_modes() {
        for (mode, tracked, expected) in [
            (TrackingMode::SemverMajor, Some("2"), Kind::Major),
            (TrackingMode::SemverMinor, Some("2.3"), Kind::Minor),
            (TrackingMode::SemverRelease, None, Kind::Release),
            (TrackingMode::LsstDoc, Some("main"), Kind::Release),
            (TrackingMode::EupsWeeklyRelease, None, Kind::Release),
            (TrackingMode::Train, Some("handbook/stable"), Kind::Release),
            (TrackingMode::Manual, None, Kind::Draft),
        ] {
            assert_eq!(kind("x", mode, tracked, None), expected, "{mode:?}");
            assert_eq!(
                kind("a--x", mode, tracked, Some("a")),
                Kind::Alternate,
                "{mode:?}"
            );
        }
    }

    #[test]
    fn every_kind_reads_its_own_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        assert!("Main".parse::<Kind>().is_err());
    }

    #[test]
    fn there_is_one_main_edition() {
        let fits = |kind: Kind, slug: &str| kind.fits(&"__main".parse().unwrap(), &slug.parse().unwrap());
        assert_eq!(fits(Kind::Main, "__main"), Ok(()));
        assert_eq!(fits(Kind::Draft, "main"), Ok(()));
        assert_eq!(fits(Kind::Main, "main"), Err(KindError::NotDefault));
        assert_eq!(fits(Kind::Release, "__main"), Err(KindError::Default));
    }
}
