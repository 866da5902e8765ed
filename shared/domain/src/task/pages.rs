//! Pages that are written anew on behalf of a task: a product's own, or an organization's index.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Failure;
use crate::id::OutboxId;
use crate::slug::ProductSlug;

/// Whose pages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagesOf {
    /// The organization's index.
    Organization,
    /// A product's own pages.
    Product(ProductSlug),
}

/// Pages that a task waits for, each stored on its own so that they never wait for an edition's part, nor it for them.
///
/// They are those of the task's last commit that changed what they show: a rendering that began before that commit answers
/// other entries of the outbox, so it does not end the task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskPages {
    /// Whose they are.
    pub of: PagesOf,
    /// The rendering that is waited for, by its entry in the outbox.
    pub entry: OutboxId,
    /// Since when.
    pub wanted_at: Timestamp,
    /// How far they are.
    pub step: PagesStep,
}

/// How far pages are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PagesStep {
    /// Not yet written.
    Wanted,
    /// Written, and the CDN has been told.
    Rendered {
        /// When.
        at: Timestamp,
    },
    /// Failed for good.
    Failed(Failure),
}

impl TaskPages {
    /// Pages that are to be written.
    pub fn wanted(of: PagesOf, entry: OutboxId, now: Timestamp) -> Self {
        Self {
            of,
            entry,
            wanted_at: now,
            step: PagesStep::Wanted,
        }
    }

    /// Whether the outcome of a rendering that answered these entries is what is waited for. The first success stays.
    pub fn heeds(&self, entries: &[OutboxId]) -> bool {
        let open = match &self.step {
            PagesStep::Wanted | PagesStep::Failed(_) => true,
            PagesStep::Rendered { .. } => false,
        };
        open && entries.contains(&self.entry)
    }
}

impl PagesStep {
    /// Whether nothing more will happen.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Wanted => false,
            Self::Rendered { .. } | Self::Failed(_) => true,
        }
    }
}
