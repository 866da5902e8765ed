//! The editions that a build brings with it.
//!
//! Editions that exist come first: they follow a build by what they track, whatever the rules of slugs make of its refs.
//! Only then a build may bring an edition of its own, and where the product wants it those of its major and minor version.

use crate::build::Build;
use crate::edition::{Blueprint, Edition, Tracking, Verdict};
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
}

/// Decides which editions a build brings with it into a product with these editions.
pub fn automatic(rules: &Rules, build: &Build, editions: &[Edition]) -> Automatic {
    let live: Vec<&Edition> = editions
        .iter()
        .filter(|edition| edition.ended_at.is_none())
        .collect();
    let mut made = Automatic::default();
    let has_own = live.iter().any(|edition| is_edition_of(&edition.tracking, build));
    let named = rules.slugs.slug(&build.git_refs, build.alternate.as_ref());
    let is_ignored = matches!(named, Err(NoSlug::Ignored { .. }));
    if !has_own {
        match own(rules, build, named, &live) {
            Ok(own) => made.births.extend(own),
            Err(without) => made.without = Some(without),
        }
    }
    // A ref that is ignored is a release of nothing.
    if is_ignored {
        return made;
    }
    match rules.semver_editions {
        SemverEditions::Off => {}
        SemverEditions::MajorAndMinor => {
            for line in lines(rules, build) {
                let is_new = !live.iter().any(|edition| edition.tracking == line.tracking);
                if is_new
                    && taker(&live, &line.slug).is_none()
                    && made.births.iter().all(|born| born.slug != line.slug)
                {
                    made.births.push(line);
                }
            }
        }
    }
    made
}

/// Whether such an edition is the one for a build of these refs. One of the first of several refs is not, though it may
/// follow the build too.
fn is_edition_of(tracking: &Tracking, build: &Build) -> bool {
    let refs = &build.git_refs;
    let tracked = |git_ref| {
        tracking
            .refs
            .iter()
            .any(|refs| refs.iter().any(|one| one == git_ref))
    };
    let same = match tracking.mode {
        TrackingMode::GitRefs => tracking.refs.as_ref() == Some(refs),
        TrackingMode::GitRef | TrackingMode::AlternateGitRef => {
            tracking.refs.as_ref() == Some(refs) || refs.iter().count() == 1 && tracked(refs.first())
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
    same && tracking.alternate == build.alternate
}

fn taker<'a>(live: &[&'a Edition], slug: &EditionSlug) -> Option<&'a Edition> {
    live.iter().copied().find(|edition| edition.slug == *slug)
}

/// The edition of a build's own refs; none when the one with its name follows it anyway.
fn own(
    rules: &Rules,
    build: &Build,
    named: Result<EditionSlug, NoSlug>,
    live: &[&Edition],
) -> Result<Option<Blueprint>, NoEdition> {
    let slug = named.map_err(NoEdition::Unnamed)?;
    if let Some(taker) = taker(live, &slug) {
        return match taker.judge(rules, build) {
            Verdict::NotTracked => Err(NoEdition::Taken { slug, by: taker.id }),
            Verdict::Moves | Verdict::Waits | Verdict::Older => Ok(None),
        };
    }
    let mode = match (&build.alternate, build.git_refs.iter().count()) {
        (Some(_), _) => TrackingMode::AlternateGitRef,
        (None, 1) => TrackingMode::GitRef,
        (None, _) => TrackingMode::GitRefs,
    };
    let tracking = Tracking {
        mode,
        refs: Some(build.git_refs.clone()),
        alternate: build.alternate.clone(),
    };
    Ok(Some(blueprint(rules, slug, tracking)))
}

/// The editions of the major and the minor version of a build that is a release.
fn lines(rules: &Rules, build: &Build) -> Vec<Blueprint> {
    let lines = lines_of_release(build.git_refs.first().as_str())
        .into_iter()
        .flatten();
    let named = lines.filter_map(|(mode, line)| {
        let slug = match &build.alternate {
            None => line.parse().ok()?,
            Some(alternate) => alternate.edition_slug(&line).ok()?,
        };
        let tracking = Tracking {
            mode,
            refs: Some(GitRefs::parse(&[line]).ok()?),
            alternate: build.alternate.clone(),
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
