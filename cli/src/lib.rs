//! The command line of Imprint, for those who run an installation: what is too long for one request.
//!
//! It speaks to Imprint over its HTTP API alone, as anybody may. It never names a table or a queue, never sends a token to
//! another host than the one it was given for, and never writes to the keeper that it reads.

pub mod cli;
pub mod dead_letters;
pub mod import;
pub mod progress;
pub mod task;

mod bucket;
mod http;
mod imprint;
mod keeper;

pub use bucket::S3Access;
pub use http::{Api, ApiError, Base, BaseError, Login, Secret};
