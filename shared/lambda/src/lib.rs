//! Inbound glue between Lambda's events and Imprint's steps.
//!
//! Never decides anything about publishing, never names an AWS SDK crate.

mod function;
mod objects;
mod serve;
mod sqs;

pub use function::{Function, FunctionError, LambdaEvent};
pub use objects::{CreatedObject, created_objects};
pub use serve::{log_to_stdout, serve};
pub use sqs::{Batch, Record, is_sqs};
