//! What tests need: working in-memory adapters of every port, faults and counts for them, samples of every domain type,
//! and one conformance suite that every adapter passes, the in-memory ones and the real ones alike.
//!
//! Never deployed, never a dependency but for tests, and never a mock: the adapters keep the promises of the ports.

pub mod cases;
pub mod conformance;
pub mod death;
pub mod gate;
pub mod memory;
pub mod samples;
pub mod site;
pub mod surroundings;
pub mod world;

pub use death::{Life, Moment, mortal, run_until_death};
pub use gate::{Counts, Faults, Gate, Hold, Trouble};
pub use memory::{
    MemoryCatalog, MemoryCdn, MemoryDns, MemoryIndexer, MemoryObjects, MemoryPlaces, MemoryQueue,
    MemoryTelemetry, MemoryUploads, MemoryWebhooks, Mutation, Press, Step,
};
pub use site::Site;
pub use surroundings::{SeededRandom, TestClock};
pub use world::World;
