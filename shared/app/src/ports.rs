//! What the use-cases need from the outside, in our own words and types.
//!
//! Each port is implemented by an AWS adapter and by an in-memory one; both pass the same conformance suite.

mod catalog;
mod cdn;
mod dead_letters;
mod dns;
mod documents;
mod health;
mod indexer;
mod objects;
mod places;
mod queue;
mod registry;
mod renderer;
mod surroundings;
mod telemetry;
mod uploads;
mod webhooks;

pub use catalog::{Catalog, Change, Ids, Login, Page, Walk};
pub use cdn::{Cdn, PurgeError, PurgeMode};
pub use dead_letters::{DeadLetter, DeadLetters};
pub use dns::{Dns, DnsError};
pub use documents::{DocumentChange, Documents};
pub use health::{Meter, StoreHealth};
pub use indexer::{IndexError, IndexFile, IndexLimits, Indexer, SearchIndex};
pub use objects::{DeleteFailure, ListPage, Listed, Objects, Stored};
pub use places::Places;
pub use queue::{Queue, SendError};
pub use registry::{Direction, Installed, News, Registry, RegistryChange, Touched, Used};
pub use renderer::{Draft, Files, Renderer};
pub use surroundings::{Clock, Random, SystemRandom};
pub use telemetry::{Copied, Measured, Metric, PurgeAnswer, Telemetry, Unit, Untold};
pub use uploads::{PresignError, PresignedPost, PresignedPut, UploadSlot, Uploads};
pub use webhooks::{WebhookCall, Webhooks};

/// A boxed error of the technology behind a port.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a store did not do what it was asked. The variants are what callers can act on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A condition did not hold: somebody else wrote first. Load again and decide again.
    #[error("somebody else wrote first")]
    Conflict,
    /// The thing is not there.
    #[error("{0} is not there")]
    NotFound(String),
    /// Throttled, or not reachable: the same request may succeed later.
    #[error("the store is busy")]
    Busy(#[source] Source),
    /// The request will never succeed.
    #[error("the store refused")]
    Failed(#[source] Source),
}

impl StoreError {
    /// Whether the same request may succeed later without anything being changed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Busy(_) => true,
            Self::Conflict | Self::NotFound(_) | Self::Failed(_) => false,
        }
    }
}
