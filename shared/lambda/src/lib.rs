//! Inbound glue between Lambda's events and Imprint's steps.
//!
//! Never decides anything about publishing, never names an AWS SDK crate.

mod function;

pub use function::{Function, FunctionError, LambdaEvent};
