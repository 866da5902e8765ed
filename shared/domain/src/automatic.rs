//! The editions that a build brings with it.
//!
//! Editions that exist come first: they follow a build by what they track, whatever the rules of slugs make of its refs.
//! Only then a build may bring an edition of its own, and where the product wants it those of its major and minor version.

use crate::alternate::AlternateName;
use crate::build::Build;
use crate::edition::{Blueprint, Edition, Tracking};
use crate::git::GitRefs;
use crate::id::EditionId;
use crate::kind::{Kind, Retention};
use crate::rules::{Rules, SemverEditions};
use crate::slug::EditionSlug;
use crate::slug_rules::NoSlug;
use crate::tracking::{TrackingMode, lines_of_release};

/// What a build brings with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Automatic {
    /// The editions to create.
    pub births: Vec<Blueprint>,
    /// Why it gets no edition of its own, when it has none.
    pub without: Option<NoEdition>,
}

/// Why a build has no edition of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEdition {
    /// Its refs name none.
    #[error(transparent)]
    Unnamed(NoSlug),
    /// Another ref has the name (LTD's "one ref per slug"); the edition can follow both.
    #[error(
        "the slug {slug} is taken by an edition that does not follow it; let that edition track this ref too \
         (mode git_ref follows any of its tracked_refs), or change the slug rules"
    )]
    Taken {
        /// The slug that the rules make of its refs.
        slug: EditionSlug,
        /// The edition that has it.
        by: EditionId,
    },
    /// An edition that ended has the name until its last file is gone.
    #[error(
        "the slug {slug} is held by an edition whose files are being deleted; upload again when that is done"
    )]
    Held {
        /// The slug that the rules make of its refs.
        slug: EditionSlug,
    },
}

/// What the rules look at of a build.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// What it was built from.
    pub git_refs: &'a GitRefs,
    /// The deployment that it is for.
    pub alternate: Option<&'a AlternateName>,
}

impl<'a> From<&'a Build> for Origin<'a> {
    fn from(build: &'a Build) -> Self {
        Self {
            git_refs: &build.git_refs,
            alternate: build.alternate.as_ref(),
        }
    }
}

/// Decides which editions a build brings with it into a product with these editions.
pub fn automatic(rules: &Rules, origin: Origin<'_>, editions: &[Edition]) -> Automatic {
    let live: Vec<&Edition> = editions
        .iter()
        .filter(|edition| edition.ended_at.is_none())
        .collect();
    let mut made = Automatic::default();
    let has_own = live
        .iter()
        .any(|edition| is_edition_of(&edition.tracking, origin));
    let named = rules.slugs.slug(origin.git_refs, origin.alternate);
    let is_ignored = matches!(named, Err(NoSlug::Ignored { .. }));
    let is_held = |slug: &EditionSlug| {
        editions
            .iter()
            .any(|edition| edition.slug == *slug && edition.ended_at.is_some() && edition.holds_slug())
    };
    if !has_own {
        let named = named
            .map_err(NoEdition::Unnamed)
            .and_then(|slug| match is_held(&slug) {
                true => Err(NoEdition::Held { slug }),
                false => Ok(slug),
            });
        match named.and_then(|slug| own(rules, origin, slug, &live)) {
            Ok(own) => made.births.extend(own),
            Err(without) => made.without = Some(without),
        }
    }
    // A ref that is ignored is a release of nothing.
    if !is_ignored {
        for line in lines(rules, origin) {
            let is_there = live.iter().any(|edition| edition.tracking == line.tracking);
            let is_taken = taker(&live, &line.slug).is_some()
                || is_held(&line.slug)
                || made.births.iter().any(|born| born.slug == line.slug);
            if !is_there && !is_taken {
                made.births.push(line);
            }
        }
    }
    made
}

/// Whether such an edition is the one for a build of these refs. One of the first of several refs is not, though it may
/// follow the build too.
fn is_edition_of(tracking: &Tracking, origin: Origin<'_>) -> bool {
    let refs = origin.git_refs;
    let same = tracking.refs.as_ref() == Some(refs);
    let tracks_first = || {
        tracking
            .refs
            .iter()
            .flat_map(GitRefs::iter)
            .any(|one| one == refs.first())
    };
    let is_for_refs = match tracking.mode {
        TrackingMode::GitRefs => same,
        TrackingMode::GitRef | TrackingMode::AlternateGitRef => {
            same || refs.iter().count() == 1 && tracks_first()
        }
        TrackingMode::LsstDoc
        | TrackingMode::EupsMajorRelease
        | TrackingMode::EupsWeeklyRelease
        | TrackingMode::EupsDailyRelease
        | TrackingMode::Manual
        | TrackingMode::SemverRelease
        | TrackingMode::SemverMajor
        | TrackingMode::SemverMinor
        | TrackingMode::Train => false,
    };
    is_for_refs && tracking.alternate.as_ref() == origin.alternate
}

fn taker<'a>(live: &[&'a Edition], slug: &EditionSlug) -> Option<&'a Edition> {
    live.iter().copied().find(|edition| edition.slug == *slug)
}

/// The edition of a build's own refs; none when the one with its name follows it anyway.
fn own(
    rules: &Rules,
    origin: Origin<'_>,
    slug: EditionSlug,
    live: &[&Edition],
) -> Result<Option<Blueprint>, NoEdition> {
    if let Some(taker) = taker(live, &slug) {
        return if taker.follows(rules, origin.git_refs, origin.alternate) {
            Ok(None)
        } else {
            Err(NoEdition::Taken { slug, by: taker.id })
        };
    }
    let mode = match (origin.alternate, origin.git_refs.iter().count()) {
        (Some(_), _) => TrackingMode::AlternateGitRef,
        (None, 1) => TrackingMode::GitRef,
        (None, _) => TrackingMode::GitRefs,
    };
    let tracking = Tracking {
        mode,
        refs: Some(origin.git_refs.clone()),
        alternate: origin.alternate.cloned(),
    };
    Ok(Some(blueprint(rules, slug, tracking)))
}

/// The editions of the major and the minor version of a build that is a release, where they are wanted.
fn lines(rules: &Rules, origin: Origin<'_>) -> Vec<Blueprint> {
    let lines = match rules.semver_editions {
        SemverEditions::Off => None,
        SemverEditions::MajorAndMinor => lines_of_release(origin.git_refs.first().as_str()),
    };
    let named = lines.into_iter().flatten().filter_map(|(mode, line)| {
        let slug = match origin.alternate {
            None => line.parse().ok()?,
            Some(alternate) => alternate.edition_slug(&line).ok()?,
        };
        let tracking = Tracking {
            mode,
            refs: Some(GitRefs::parse(&[line]).ok()?),
            alternate: origin.alternate.cloned(),
        };
        Some(blueprint(rules, slug, tracking))
    });
    named.collect()
}

fn blueprint(rules: &Rules, slug: EditionSlug, tracking: Tracking) -> Blueprint {
    Blueprint {
        title: slug
            .as_str()
            .parse()
            .expect("every slug is a title: short and without control characters"),
        kind: Kind::of(&rules.default_edition, &slug, &tracking),
        slug,
        tracking,
        retention: Retention::Applies,
    }
}

#[cfg(test)]
mod tests;
