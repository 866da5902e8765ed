//! Working adapters of every port, in memory.

mod catalog;
mod cdn;
mod dns;
mod indexer;
mod objects;
mod places;
mod press;
mod queue;
mod telemetry;
mod uploads;
mod webhooks;

pub use catalog::MemoryCatalog;
pub use cdn::{MemoryCdn, Purge, Refusal};
pub use dns::{DnsRefusal, MemoryDns};
pub use imprint_domain::message::Step;
pub use indexer::MemoryIndexer;
pub use objects::{MemoryObjects, Mutation, Object};
pub use places::MemoryPlaces;
pub use press::Press;
pub use queue::{Dead, MemoryQueue};
pub use telemetry::MemoryTelemetry;
pub use uploads::MemoryUploads;
pub use webhooks::{MemoryWebhooks, Told};
