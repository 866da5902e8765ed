mod metrics;

use imprint_domain::id::{BuildId, EditionId, TaskId};
use imprint_domain::message::About;
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use imprint_domain::task::{CopyReport, FailureCode, TaskKind, TaskStatus};
use jiff::SignedDuration;

pub use metrics::{Metric, Unit};

/// Something that was measured, with what it was about. Only what has few values can be told apart in a metric: queues,
/// codes, kinds. The rest is for whoever looks at one measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measured<'a> {
    /// An edition was made the same as a build.
    Copied {
        /// What it was about.
        copy: Copied<'a>,
        /// What was copied, deleted and left alone.
        report: CopyReport,
        /// The size of what was copied.
        bytes: u64,
        /// From its first write to its last, hand-overs included.
        took: SignedDuration,
    },
    /// The CDN was asked to forget.
    Purged {
        /// How many keys.
        keys: usize,
        /// Until it answered.
        took: SignedDuration,
        /// What it answered.
        answer: PurgeAnswer,
    },
    /// Messages were delivered for the first time.
    Waited {
        /// The step that they are for, as its queue is called.
        step: &'a str,
        /// How long each lay in the queue beyond what it was held back for, at most as many as SQS delivers at once.
        ages: Vec<SignedDuration>,
    },
    /// A step failed, and it shows.
    Failed {
        /// How.
        code: FailureCode,
        /// What it should have done, such as `copy-edition`.
        step: &'static str,
        /// What it was about.
        about: About<'a>,
        /// The task that watches.
        task: Option<&'a TaskId>,
    },
    /// A task ended, as was noticed some minutes later.
    Ended {
        /// Which.
        task: &'a TaskId,
        /// The tenant.
        organization: &'a OrganizationSlug,
        /// What it did.
        kind: TaskKind,
        /// How.
        status: TaskStatus,
        /// From its acceptance to the last thing that happened.
        took: SignedDuration,
    },
}

/// What a copy was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied<'a> {
    /// The tenant.
    pub organization: &'a OrganizationSlug,
    /// The product.
    pub product: &'a ProductSlug,
    /// The edition.
    pub edition: EditionId,
    /// The build.
    pub build: BuildId,
    /// The task that watches.
    pub task: &'a TaskId,
}

/// What the CDN answered to a purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurgeAnswer {
    /// It will forget.
    Accepted,
    /// It will not, or said nothing.
    Refused,
}

/// Takes measurements. Returns at once, asks nobody and cannot fail: what is measured never depends on it.
pub trait Telemetry: Send + Sync {
    /// Takes one.
    fn note(&self, measured: &Measured<'_>);
}

/// Nobody wants to know.
#[derive(Debug, Clone, Copy, Default)]
pub struct Untold;

impl Telemetry for Untold {
    fn note(&self, _measured: &Measured<'_>) {}
}
