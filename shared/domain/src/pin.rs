//! Pinned editions: they stay where they are, and remember what they would have followed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::build::Build;
use crate::edition::{Edition, Verdict};
use crate::git::GitRefs;
use crate::id::BuildId;
use crate::rules::Rules;
use crate::slug::BuildSlug;

/// How many waiting builds are remembered. Only the last is published; those before it matter when it is deleted. A build
/// with many refs takes some kilobytes, and the item of an edition holds 400 KB.
const MAX_WAITING: usize = 16;

/// That an edition stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Since when.
    pub at: Timestamp,
    /// What it would have followed since, the one it would show now last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
}

/// A build that waits for an edition to be unpinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The build.
    pub build: BuildId,
    /// The build's slug, by which v2 names it.
    pub slug: BuildSlug,
    /// What it was built from.
    pub git_refs: GitRefs,
}

/// Why an edition was not pinned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// It shows nothing.
    #[error("this edition has no build that it could stay at")]
    Empty,
    /// It was deleted.
    #[error("Edition was deprecated: {0}")]
    Ended(String),
}

impl Edition {
    /// Lets the edition stay where it is. Pinning it again changes nothing.
    ///
    /// # Errors
    /// When it has ended or shows nothing.
    pub fn pin(mut self, now: Timestamp) -> Result<Self, PinError> {
        if self.ended_at.is_some() {
            return Err(PinError::Ended(self.slug.to_string()));
        }
        if self.desired.is_none() {
            return Err(PinError::Empty);
        }
        self.pin = self.pin.or(Some(Pin {
            at: now,
            waiting: Vec::new(),
        }));
        Ok(self)
    }

    /// Lets the edition follow again, and says which builds waited, the one to show first.
    pub fn unpin(mut self) -> (Self, Vec<Waiting>) {
        let waiting = self.pin.take().map(|pin| pin.waiting).unwrap_or_default();
        (self, waiting.into_iter().rev().collect())
    }

    /// The build that unpinning would show.
    pub fn waiting(&self) -> Option<BuildId> {
        Some(self.next_waiting()?.build)
    }

    /// The same build with its slug.
    pub fn next_waiting(&self) -> Option<&Waiting> {
        self.pin.as_ref()?.waiting.last()
    }

    /// Whether a person may point it at a build: one that is pinned can only be given its own again.
    pub fn may_show(&self, build: BuildId) -> bool {
        self.pin.is_none() || self.desired.as_ref().map(|pointer| pointer.build) == Some(build)
    }

    /// Remembers a build that a pinned edition follows, in the order in which they would replace each other. The same
    /// build again changes nothing.
    pub fn wait(mut self, rules: &Rules, build: &Build) -> Self {
        let Some(pin) = &mut self.pin else {
            return self;
        };
        pin.waiting.retain(|waiting| waiting.build != build.id);
        let tracking = &self.tracking;
        let replaces = |waiting: &Waiting| {
            tracking.compare(rules, Some(&waiting.git_refs), Some(waiting.build), build) == Verdict::Moves
        };
        let place = pin.waiting.iter().rposition(replaces).map_or(0, |at| at + 1);
        let waiting = Waiting {
            build: build.id,
            slug: build.slug.clone(),
            git_refs: build.git_refs.clone(),
        };
        pin.waiting.insert(place, waiting);
        if pin.waiting.len() > MAX_WAITING {
            pin.waiting.remove(0);
        }
        self
    }
}
