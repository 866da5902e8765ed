//! The runner calls functions as AWS would: shown with fake functions, and real queues in this process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod asynchronous;
mod http;
mod queues;
mod resources;
mod support;
