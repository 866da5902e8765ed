//! Working adapters of every port, in memory.

mod catalog;
mod cdn;
mod objects;
mod places;
mod queue;
mod uploads;

pub use catalog::MemoryCatalog;
pub use cdn::{MemoryCdn, Purge, Refusal};
pub use objects::{MemoryObjects, Mutation, Object};
pub use places::MemoryPlaces;
pub use queue::{MemoryQueue, Step};
pub use uploads::MemoryUploads;
