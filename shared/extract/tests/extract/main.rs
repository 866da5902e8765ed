//! Whole pages: those of generators, those of two builds, and those that want to do harm.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod builds;
mod generators;
mod hostile;
