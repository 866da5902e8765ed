//! The adapters against the stand-ins, over HTTP, as they are deployed.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod catalog;
mod cdn;
mod conformance;
mod documents;
mod objects;
mod queue;
mod registry;
mod route53;
mod stack;
mod uploads;
mod webhooks;
