//! What ends and what is deleted, by the rules of a product, and what protects the rest.
//!
//! Nothing is deleted at once. What a rule asks for is marked first, which takes it out of use; when the grace time is
//! over everything is looked at afresh, and only what is still asked for is deleted (two phases). Unknown is never taken
//! as empty (invariant 8): where anything that could protect is not known, nothing happens at all.

mod in_use;
mod references;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::build::{Build, BuildState};
use crate::dashboard;
use crate::edition::{Cause, Edition, UNDO_TIME, Verdict};
use crate::history::Moved;
use crate::id::{BuildId, EditionId};
use crate::kind::Retention;
use crate::rules::Rules;

pub use in_use::InUse;
use references::References;
pub use rules::{Days, NotDays, RetentionRules, UnfitRules};

/// How long what is marked waits for its deletion. What began before the mark has ended by then: a function runs for 15
/// minutes at most, and a queue's five deliveries are over in less than two hours. It is also a person's time to look.
pub const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// That something is going to be deleted physically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Doom {
    /// Out of use, and whole. It can be spared.
    Marked {
        /// Since when.
        at: Timestamp,
    },
    /// Some of it may be gone: it can only be deleted.
    Deleting {
        /// When the deletion began.
        at: Timestamp,
    },
}

/// What may not be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<T> {
    /// It is known.
    Known(T),
    /// It is not, and the sentence says why. That is not the same as nothing.
    Unknown(String),
}

/// Why nothing can be decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; nothing ends and nothing is deleted before that is known")]
pub struct Unknown(pub String);

impl<T> Known<T> {
    fn get(&self) -> Result<&T, Unknown> {
        match self {
            Self::Known(known) => Ok(known),
            Self::Unknown(why) => Err(Unknown(why.clone())),
        }
    }
}

/// All there is to know of one product.
#[derive(Debug, Clone)]
pub struct Survey {
    /// When the product was deleted, if it was.
    pub product_ended_at: Option<Timestamp>,
    /// That the product is to be deleted physically.
    pub product_doom: Option<Doom>,
    /// What its editions follow by.
    pub tracking: Rules,
    /// Its editions, ended ones included.
    pub editions: Vec<Edition>,
    /// Its builds, ended ones included.
    pub builds: Known<Vec<Build>>,
    /// The moves of all its editions, newest first for each.
    pub histories: Known<Vec<Moved>>,
    /// Builds that a message on its way names.
    pub busy: Known<BTreeSet<BuildId>>,
    /// What the release registry protects, whatever a rule asks for.
    pub in_use: Known<InUse>,
}

/// What happens to one thing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What happens.
    pub action: Action,
    /// A sentence.
    pub reason: String,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// A draft ends, as if a person had deleted it. That can be undone.
    EndEdition(EditionId),
    /// A marked build is of use again.
    SpareBuild(BuildId),
    /// A marked edition is not to be deleted any more.
    SpareEdition(EditionId),
    /// The product is not to be deleted any more.
    SpareProduct,
    /// A build is taken out of use, to be deleted when the grace time is over.
    MarkBuild(BuildId),
    /// An ended edition is to be deleted when the grace time is over.
    MarkEdition(EditionId),
    /// The ended product is to be deleted when the grace time is over.
    MarkProduct,
    /// A build, its files and its manifests are deleted.
    DeleteBuild(BuildId),
    /// An edition with its history is deleted.
    DeleteEdition(EditionId, EditionFiles),
    /// The product is deleted with all that it has.
    DeleteProduct,
}

/// What becomes of the files below the prefix of an edition that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EditionFiles {
    /// They are its own.
    Deleted,
    /// Another edition had or has the slug, and they are that one's.
    LeftToAnother,
}

/// What a rule asks for.
enum Claim {
    /// Nothing.
    Stays,
    /// That it be deleted, for this reason.
    Goes(String),
}

/// Decides what happens to a product's things now. The same survey always gives the same effects, so what a person is
/// shown beforehand is what a run does.
///
/// # Errors
/// When something that could protect is not known.
pub fn decide(survey: &Survey, rules: &RetentionRules, now: Timestamp) -> Result<Vec<Effect>, Unknown> {
    let builds = survey.builds.get()?;
    let in_use = survey.in_use.get()?.builds(builds);
    let look = Look {
        survey,
        rules,
        now,
        builds,
        histories: survey.histories.get()?,
        busy: survey.busy.get()?,
        kept: in_use::kept(&survey.editions, &in_use),
        in_use,
    };
    if matches!(survey.product_doom, Some(Doom::Deleting { .. })) {
        let [spare, mark, delete] = [Action::SpareProduct, Action::MarkProduct, Action::DeleteProduct];
        let effect = look.phase(survey.product_doom, Claim::Stays, [spare, mark, delete]);
        return Ok(effect.into_iter().collect());
    }
    if let Some(ended_at) = survey.product_ended_at {
        // As long as it can be restored, all that it has can be.
        return Ok(look.product(ended_at).into_iter().collect());
    }
    let mut effects: Vec<Effect> = Vec::new();
    effects.extend(spare_product(survey.product_doom));
    effects.extend(look.drafts());
    effects.extend(survey.editions.iter().filter_map(|edition| look.edition(edition)));
    let references = References::of(&look);
    effects.extend(
        look.builds
            .iter()
            .filter_map(|build| look.build(build, &references)),
    );
    effects.sort_by_key(|effect| effect.action);
    Ok(effects)
}

fn spare_product(doom: Option<Doom>) -> Option<Effect> {
    match doom {
        Some(Doom::Marked { .. }) => Some(Effect {
            action: Action::SpareProduct,
            reason: "the product was restored".to_owned(),
        }),
        Some(Doom::Deleting { .. }) | None => None,
    }
}

/// A survey of which everything is known.
struct Look<'a> {
    survey: &'a Survey,
    rules: &'a RetentionRules,
    now: Timestamp,
    builds: &'a [Build],
    histories: &'a [Moved],
    busy: &'a BTreeSet<BuildId>,
    /// Builds that the registry protects.
    in_use: BTreeSet<BuildId>,
    /// Editions that show one of them.
    kept: BTreeSet<EditionId>,
}

impl Look<'_> {
    /// The phases: mark, wait, look again, delete. `actions` are to spare, to mark, to delete.
    fn phase(&self, doom: Option<Doom>, claim: Claim, actions: [Action; 3]) -> Option<Effect> {
        let [spare, mark, delete] = actions;
        let (action, reason) = match (doom, claim) {
            (None, Claim::Stays) => return None,
            (None, Claim::Goes(reason)) => (mark, reason),
            (Some(Doom::Marked { at }), Claim::Goes(reason)) => {
                if self.now.duration_since(at) < GRACE {
                    return None;
                }
                (delete, format!("{reason}; marked at {}", moment(at)))
            }
            (Some(Doom::Marked { at }), Claim::Stays) => (
                spare,
                format!("no rule asks for it any more; marked at {}", moment(at)),
            ),
            (Some(Doom::Deleting { at }), _) => {
                let reason = format!("its deletion began at {} and is not finished", moment(at));
                (delete, reason)
            }
        };
        Some(Effect { action, reason })
    }

    fn product(&self, ended_at: Timestamp) -> Option<Effect> {
        let claim = if !self.in_use.is_empty() || !self.busy.is_empty() {
            Claim::Stays
        } else {
            self.ended("the product", ended_at)
        };
        let actions = [Action::SpareProduct, Action::MarkProduct, Action::DeleteProduct];
        self.phase(self.survey.product_doom, claim, actions)
    }

    fn ended(&self, what: &str, at: Timestamp) -> Claim {
        // At the last moment that it can be restored nothing is gone yet.
        let is_final = self.now > at + UNDO_TIME;
        match self.rules.delete_ended_after_days {
            Some(days) if is_final && days.have_passed(at, self.now) => Claim::Goes(format!(
                "{what} was deleted at {}, more than {days} ago",
                moment(at)
            )),
            Some(_) | None => Claim::Stays,
        }
    }

    fn drafts(&self) -> Vec<Effect> {
        let Some(days) = self.rules.end_drafts_after_days else {
            return Vec::new();
        };
        let mut last_moves: BTreeMap<EditionId, Timestamp> = BTreeMap::new();
        for moved in self.histories.iter().filter(|moved| is_activity(moved.cause)) {
            let last = last_moves.entry(moved.edition).or_insert(moved.at);
            *last = moved.at.max(*last);
        }
        let drafts = self
            .survey
            .editions
            .iter()
            .filter(|edition| self.may_end(edition));
        let due = drafts.filter_map(|edition| {
            let last_build = self.newest_followed(edition)?;
            let last_move = last_moves.get(&edition.id).copied();
            let last = edition
                .created_at
                .max(last_build)
                .max(last_move.unwrap_or(last_build));
            days.have_passed(last, self.now).then(|| Effect {
                action: Action::EndEdition(edition.id),
                reason: format!(
                    "draft {} has had no new build since {}, more than {days} ago",
                    edition.slug,
                    moment(last)
                ),
            })
        });
        due.collect()
    }

    /// Whether an edition is a draft that nobody holds on to.
    fn may_end(&self, edition: &Edition) -> bool {
        edition.ended_at.is_none()
            && edition.slug != self.survey.tracking.default_edition
            && edition.pin.is_none()
            && !edition.is_pending()
            && !self.kept.contains(&edition.id)
            && edition.retention == Retention::Applies
            && dashboard::is_draft(&self.survey.tracking, edition)
    }

    /// When the newest build came that an edition follows or shows; its own creation when there is none. Nothing when
    /// such a build is being worked on.
    fn newest_followed(&self, edition: &Edition) -> Option<Timestamp> {
        let shown = edition.desired.as_ref().map(|pointer| pointer.build);
        let mut newest = edition.created_at;
        for build in self.builds {
            if shown == Some(build.id) || edition.judge(&self.survey.tracking, build) != Verdict::NotTracked {
                if self.busy.contains(&build.id) {
                    return None;
                }
                newest = newest.max(came_at(build));
            }
        }
        Some(newest)
    }

    fn edition(&self, edition: &Edition) -> Option<Effect> {
        let claim = match edition.ended_at {
            Some(at) if !self.kept.contains(&edition.id) => {
                self.ended(&format!("edition {}", edition.slug), at)
            }
            Some(_) | None => Claim::Stays,
        };
        let files = self.files_of(edition);
        let actions = [
            Action::SpareEdition(edition.id),
            Action::MarkEdition(edition.id),
            Action::DeleteEdition(edition.id, files),
        ];
        self.phase(edition.doom, claim, actions)
    }

    /// Files below a slug belong to the edition that had it last. Only when every edition that had it is beyond restoring
    /// they are nobody's any more.
    fn files_of(&self, edition: &Edition) -> EditionFiles {
        let others = self.survey.editions.iter().filter(|other| other.id != edition.id);
        let mut namesakes = others.filter(|other| other.slug == edition.slug);
        let wanted = |other: &Edition| {
            let ended = other.ended_at.map(|at| self.ended("it", at));
            self.kept.contains(&other.id) || !matches!(ended, Some(Claim::Goes(_)))
        };
        if namesakes.any(wanted) {
            EditionFiles::LeftToAnother
        } else {
            EditionFiles::Deleted
        }
    }

    fn build(&self, build: &Build, references: &References) -> Option<Effect> {
        let claim = if references.protects(build.id) {
            Claim::Stays
        } else {
            self.unprotected(build)
        };
        let actions = [
            Action::SpareBuild(build.id),
            Action::MarkBuild(build.id),
            Action::DeleteBuild(build.id),
        ];
        self.phase(build.doom, claim, actions)
    }

    fn unprotected(&self, build: &Build) -> Claim {
        let slug = &build.slug;
        match &build.state {
            BuildState::Uploading => match self.rules.delete_never_uploaded_after_days {
                Some(days) if days.have_passed(build.created_at, self.now) => Claim::Goes(format!(
                    "build {slug} was registered at {}, more than {days} ago, and never uploaded",
                    moment(build.created_at)
                )),
                Some(_) | None => Claim::Stays,
            },
            BuildState::Uploaded { at } => match self.rules.delete_unreferenced_builds_after_days {
                Some(days) if days.have_passed(*at, self.now) => Claim::Goes(format!(
                    "build {slug} was uploaded at {}, more than {days} ago, and no edition refers to it",
                    moment(*at)
                )),
                Some(_) | None => Claim::Stays,
            },
            BuildState::Ended { at, .. } => self.ended(&format!("build {slug}"), *at),
        }
    }
}

/// Whether a move shows that somebody or something still works with the edition. A repair does not.
fn is_activity(cause: Cause) -> bool {
    match cause {
        Cause::Tracking | Cause::Person | Cause::Rollback | Cause::Unpin | Cause::Restore | Cause::Rename => {
            true
        }
        Cause::Repair | Cause::Artifacts => false,
    }
}

fn came_at(build: &Build) -> Timestamp {
    match &build.state {
        BuildState::Uploading => build.created_at,
        BuildState::Uploaded { at } => *at,
        BuildState::Ended { uploaded_at, .. } => uploaded_at.unwrap_or(build.created_at),
    }
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
