//! The publishing chain under every fault at once, again and again: a seed decides what clients do, in which order messages
//! are delivered, how often, how late, which request fails, and at which await a process dies. Time is virtual.
//!
//! The use-cases are the real ones, on the adapters in memory. What they promise is checked while faults happen (a reader
//! never meets a gap or an older page) and when they have stopped (everything that was accepted has arrived, and nothing
//! else). A schedule is one seed; the same seed is the same schedule.

mod clients;
mod dice;
mod end;
mod functions;
mod installation;
mod queues;
mod range;
mod reader;
mod simulation;
mod sites;
mod surroundings;
mod tally;

pub use range::{Summary, simulate_all};
pub use simulation::{Broken, Report, simulate};
pub use tally::Tally;
