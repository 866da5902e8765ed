//! Inbound glue between Lambda's events and Imprint's steps.
//!
//! Never decides anything about publishing, never names an AWS SDK crate.

mod function;
mod log;
mod metrics;
mod objects;
mod observe;
mod serve;
mod sqs;

pub use function::{Function, FunctionError, LambdaEvent};
pub use log::log_to_stdout;
pub use metrics::metrics;
pub use objects::{CreatedObject, created_objects};
pub use observe::observe;
pub use serve::serve;
pub use sqs::{Batch, Record, is_sqs};
