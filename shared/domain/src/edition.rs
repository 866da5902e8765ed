//! Editions: named views at stable URLs that follow builds, and how far each has got on its way to a build.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::alternate::AlternateName;
use crate::artifact::Format;
use crate::build::Build;
use crate::git::GitRefs;
use crate::id::{BuildId, EditionId, Generation, ManifestId, Revision, SurrogateKey};
use crate::key::KeyPrefix;
use crate::kind::{Kind, Retention};
use crate::pin::Pin;
use crate::registry::TrainName;
use crate::rename::Renaming;
use crate::retention::Doom;
use crate::rules::Rules;
use crate::slug::{BuildSlug, EditionSlug, OrganizationSlug, ProductSlug};
use crate::task::Failure;
use crate::text::Title;
use crate::tracking::{Standing, TrackingMode, UnfitRefs, standing, train};

/// What an edition follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    /// How it chooses.
    pub mode: TrackingMode,
    /// The refs it was created for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refs: Option<GitRefs>,
    /// The deployment whose builds it follows, and no others; without one it follows builds that are for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternate: Option<AlternateName>,
}

/// A decision to show a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// The build.
    pub build: BuildId,
    /// The build's slug, from which its prefix follows.
    pub build_slug: BuildSlug,
    /// Its files at the time of the decision.
    pub manifest: ManifestId,
    /// What it was built from.
    pub git_refs: GitRefs,
    /// The generation the decision made.
    pub generation: Generation,
    /// Which formats it shows, and of which build each is: another one's when its own has none that is good.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub formats: BTreeMap<Format, BuildId>,
}

impl Pointer {
    /// Every build whose files it shows.
    pub fn builds(&self) -> impl Iterator<Item = BuildId> {
        std::iter::once(self.build).chain(self.formats.values().copied())
    }
}

/// A pointer with the time at which a stage was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Where the edition points.
    #[serde(flatten)]
    pub pointer: Pointer,
    /// When it got there.
    pub at: Timestamp,
}

/// A named view of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Its number.
    pub id: EditionId,
    /// The tenant it belongs to.
    pub organization: OrganizationSlug,
    /// The product it belongs to.
    pub product: ProductSlug,
    /// Its name in URLs and keys.
    pub slug: EditionSlug,
    /// Its title for people.
    pub title: Title,
    /// What it follows.
    pub tracking: Tracking,
    /// What it is to readers; none in what was stored before there were kinds, see [`kind_in`](Self::kind_in).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Whether retention may end it.
    #[serde(default, skip_serializing_if = "Retention::applies")]
    pub retention: Retention,
    /// Stable for life: all its objects carry it, and the CDN purges by it.
    pub surrogate_key: SurrogateKey,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The newest generation handed out.
    pub generation: Generation,
    /// Where it shall point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<Pointer>,
    /// Where its objects are exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied: Option<Reached>,
    /// Where its readers are: the CDN has accepted the purge that followed the copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Reached>,
    /// Copies begun since `copied` and not finished: what they touched cannot be trusted (invariant 6).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Reached>,
    /// The newest build of the present refs or version that tracking moved it to, so that a late older one cannot slip
    /// in after a roll-back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_seen: Option<BuildId>,
    /// That it stays where it is, whatever it tracks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    /// A rename that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renaming: Option<Renaming>,
    /// The names it gave up that nobody else took, the last one first: what lies there leads readers to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<EditionSlug>,
    /// The keys of other editions that the CDN may still hold at its URLs: its next purge is theirs, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale_keys: Vec<SurrogateKey>,
    /// Why the newest move has not arrived, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// That retention is about to delete it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doom: Option<Doom>,
    /// How often it was written.
    pub revision: Revision,
}

/// An edition that does not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blueprint {
    /// Its name in URLs and keys.
    pub slug: EditionSlug,
    /// Its title for people.
    pub title: Title,
    /// What it will follow.
    pub tracking: Tracking,
    /// What it will be to readers.
    pub kind: Kind,
    /// Whether retention may end it.
    pub retention: Retention,
}

/// What tracking says of a build that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The edition moves to it.
    Moves,
    /// The edition would move to it, but is pinned.
    Waits,
    /// The edition follows such builds, but already has a newer one.
    Older,
    /// The edition does not follow such builds.
    NotTracked,
}

/// What a copy step that was told to copy a generation has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyOrder {
    /// Copy. Nobody has begun this generation.
    Start,
    /// Somebody began this generation and did not finish.
    Resume,
    /// The objects are there already.
    AlreadyCopied,
    /// A newer generation is wanted, or the edition has ended.
    Superseded,
}

impl Edition {
    /// The prefix of the files that readers get.
    pub fn prefix(&self) -> KeyPrefix {
        KeyPrefix::edition(&self.organization, &self.product, &self.slug)
    }

    /// Whether readers do not yet see what was decided.
    pub fn is_pending(&self) -> bool {
        let published = self
            .published
            .as_ref()
            .map_or(Generation::NONE, |reached| reached.pointer.generation);
        self.ended_at.is_none()
            && self
                .desired
                .as_ref()
                .is_some_and(|desired| desired.generation > published)
    }

    /// Whether readers see a generation, or have seen it.
    pub fn has_published(&self, generation: Generation) -> bool {
        let published = self.published.as_ref();
        published.is_some_and(|reached| reached.pointer.generation >= generation)
    }

    /// Whether this edition follows a build that has just been uploaded.
    pub fn judge(&self, rules: &Rules, build: &Build) -> Verdict {
        if self.ended_at.is_some() {
            return Verdict::NotTracked;
        }
        let current = self.desired.as_ref();
        let refs = current.map(|pointer| &pointer.git_refs);
        let newest = self.newest_seen.max(current.map(|pointer| pointer.build));
        match self.tracking.compare(rules, refs, newest, build) {
            Verdict::Moves if self.pin.is_some() => Verdict::Waits,
            verdict => verdict,
        }
    }

    /// The train of the release registry that it follows, when it does.
    pub fn train(&self) -> Option<TrainName> {
        let follows = self.ended_at.is_none() && self.tracking.mode == TrackingMode::Train;
        follows
            .then(|| train::tracked(self.tracking.refs.as_ref()))
            .flatten()
    }

    /// Whether it follows builds of these refs for this alternate, be they older than what it shows or not.
    pub fn follows(&self, rules: &Rules, git_refs: &GitRefs, alternate: Option<&AlternateName>) -> bool {
        let shown = self.desired.as_ref().map(|pointer| &pointer.git_refs);
        self.ended_at.is_none()
            && self.tracking.standing(rules, shown, git_refs, alternate) != Standing::Foreign
    }

    /// Re-points the edition: a new generation that shows `build` with these files.
    pub fn repoint(mut self, build: &Build, manifest: ManifestId, cause: Cause) -> Self {
        self.generation = self.generation.next();
        self.desired = Some(Pointer {
            build: build.id,
            build_slug: build.slug.clone(),
            manifest,
            git_refs: build.git_refs.clone(),
            generation: self.generation,
            formats: build.formats(),
        });
        match cause {
            // Among equals the verdict has seen to it that this is the newest; a higher version begins anew.
            Cause::Tracking | Cause::Unpin => self.newest_seen = Some(build.id),
            Cause::Person
            | Cause::Rollback
            | Cause::Restore
            | Cause::Rename
            | Cause::Repair
            | Cause::Artifacts => {}
        }
        self.failure = None;
        self
    }

    /// The same move with files of its own: those of the build, and what is kept of the one before.
    #[must_use]
    pub fn keeping(mut self, manifest: ManifestId, formats: BTreeMap<Format, BuildId>) -> Self {
        if let Some(desired) = &mut self.desired {
            desired.manifest = manifest;
            desired.formats = formats;
        }
        self
    }

    /// Shows what it shows once more, as a new generation.
    pub fn republish(mut self) -> Self {
        self.generation = self.generation.next();
        if let Some(desired) = &mut self.desired {
            desired.generation = self.generation;
        }
        self.failure = None;
        self
    }

    /// What its objects are said to be, when they can be looked at: nothing of one that has ended, shows nothing, or is
    /// on its way to a build.
    pub fn at_rest(&self) -> Option<&Pointer> {
        let copied = &self.copied.as_ref()?.pointer;
        let rests = self.ended_at.is_none()
            && !self.is_pending()
            && self.attempts.is_empty()
            && self.desired.as_ref() == Some(copied);
        rests.then_some(copied)
    }

    /// Forgets what its objects were said to be, so that the next copy trusts none of them.
    pub fn distrust(mut self) -> Self {
        self.copied = None;
        self
    }

    /// Whether nobody else may have its slug: it is live, or its files are being deleted.
    pub fn holds_slug(&self) -> bool {
        self.ended_at.is_none() || matches!(self.doom, Some(Doom::Deleting { .. }))
    }

    /// What a copy step has to do for this generation.
    pub fn copy_order(&self, generation: Generation) -> CopyOrder {
        let copied = self.copied.as_ref().map(|reached| reached.pointer.generation);
        if copied == Some(generation) {
            return CopyOrder::AlreadyCopied;
        }
        let wanted = self.desired.as_ref().map(|pointer| pointer.generation);
        if self.ended_at.is_some() || copied > Some(generation) || wanted > Some(generation) {
            return CopyOrder::Superseded;
        }
        let begun = self
            .attempts
            .iter()
            .any(|attempt| attempt.pointer.generation == generation);
        if begun {
            CopyOrder::Resume
        } else {
            CopyOrder::Start
        }
    }

    /// Notes that a copy begins, before the first object is written. Attempts at the same files are one.
    pub fn begin_copy(mut self, pointer: &Pointer, now: Timestamp) -> Self {
        self.attempts
            .retain(|attempt| attempt.pointer.manifest != pointer.manifest);
        self.attempts.push(Reached {
            pointer: pointer.clone(),
            at: now,
        });
        self
    }

    /// Notes that every object is there and no other: earlier attempts leave no trace.
    pub fn finish_copy(mut self, pointer: &Pointer, now: Timestamp) -> Self {
        self.copied = Some(Reached {
            pointer: pointer.clone(),
            at: now,
        });
        self.attempts.clear();
        self
    }

    /// Notes that the CDN has accepted the purge of a generation. A late notice changes nothing.
    pub fn finish_purge(mut self, pointer: &Pointer, now: Timestamp) -> Self {
        let published = self.published.as_ref().map(|reached| reached.pointer.generation);
        if published < Some(pointer.generation) {
            self.published = Some(Reached {
                pointer: pointer.clone(),
                at: now,
            });
            if self.desired.as_ref().map(|desired| desired.generation) == Some(pointer.generation) {
                self.failure = None;
            }
        }
        self
    }

    /// Notes why a generation did not arrive, unless a newer one is wanted by now.
    pub fn fail(mut self, generation: Generation, failure: Failure) -> Self {
        if self.generation == generation {
            self.failure = Some(failure);
        }
        self
    }

    /// Deletes it for readers' lists. Its objects stay until retention removes them. Ending again changes nothing.
    pub fn end(mut self, now: Timestamp) -> Self {
        self.ended_at = self.ended_at.or(Some(now));
        self
    }

    /// Undoes the deletion. Restoring what has not ended changes nothing.
    ///
    /// # Errors
    /// When it was deleted too long ago.
    pub fn restore(mut self, objects: Objects, now: Timestamp) -> Result<Self, TooLate> {
        let Some(ended_at) = self.ended_at else {
            return Ok(self);
        };
        if now > ended_at + UNDO_TIME || self.doom.is_some() {
            return Err(TooLate { what: "edition" });
        }
        self.ended_at = None;
        match objects {
            Objects::Own => {}
            // What lies at its prefix is another edition's: the next copy trusts none of it.
            Objects::Foreign => {
                self.copied = None;
                self.published = None;
                self.attempts.clear();
            }
        }
        Ok(self)
    }
}

/// How long a deletion can be undone.
pub const UNDO_TIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A deletion that cannot be undone any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {what} was deleted more than {days} days ago", days = UNDO_TIME.as_hours() / 24)]
pub struct TooLate {
    /// What was deleted.
    pub what: &'static str,
}

/// Whose objects lie at the prefix of an edition that was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objects {
    /// Its own.
    Own,
    /// Perhaps those of an edition that had its slug since.
    Foreign,
}

impl Tracking {
    /// What an edition follows, once it is known that it can follow something.
    ///
    /// # Errors
    /// When the mode lacks what it needs: an edition without would follow nothing for ever (D24).
    pub fn checked(
        mode: TrackingMode,
        refs: Option<GitRefs>,
        alternate: Option<AlternateName>,
    ) -> Result<Self, UnfitRefs> {
        mode.check(refs.as_ref(), alternate.as_ref())?;
        Ok(Self {
            mode,
            refs,
            alternate,
        })
    }

    fn standing(
        &self,
        rules: &Rules,
        shown: Option<&GitRefs>,
        candidate: &GitRefs,
        alternate: Option<&AlternateName>,
    ) -> Standing {
        if self.alternate.as_ref() == alternate {
            standing(rules, self.mode, self.refs.as_ref(), shown, candidate)
        } else {
            Standing::Foreign
        }
    }

    /// What follows from a build that arrives where one of these refs is shown and `newest` was followed.
    pub(crate) fn compare(
        &self,
        rules: &Rules,
        shown: Option<&GitRefs>,
        newest: Option<BuildId>,
        build: &Build,
    ) -> Verdict {
        if self.mode == TrackingMode::Train {
            return if self.alternate == build.alternate {
                train::verdict(&rules.trains, self.refs.as_ref(), build)
            } else {
                Verdict::NotTracked
            };
        }
        match self.standing(rules, shown, &build.git_refs, build.alternate.as_ref()) {
            Standing::Foreign => Verdict::NotTracked,
            Standing::Lower => Verdict::Older,
            Standing::Higher => Verdict::Moves,
            Standing::Same if Some(build.id) >= newest => Verdict::Moves,
            Standing::Same => Verdict::Older,
        }
    }
}

/// Why an edition moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A build arrived that the edition follows.
    Tracking,
    /// Somebody named the build.
    Person,
    /// Somebody went back to a build that the edition had shown.
    Rollback,
    /// The edition was unpinned, and the build had waited for that.
    Unpin,
    /// The edition was restored after its deletion.
    Restore,
    /// The edition got another slug, and its build moved with it.
    Rename,
    /// Its objects were found not to be those of its build.
    Repair,
    /// Artifacts of its build were finished after its pages.
    Artifacts,
}
