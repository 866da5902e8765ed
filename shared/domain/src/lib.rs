//! The publishing rules of Imprint: what a build, an edition, a manifest and a task are, and what follows from what.
//!
//! Pure by intention: nothing here is async, asks for the time, reads the environment, or knows of AWS or HTTP.
//! Every type parses its own text form, also when it is read back from storage, because stored data is input too.

pub mod access;
pub mod alternate;
pub mod artifact;
pub mod automatic;
pub mod build;
pub mod dashboard;
pub mod diff;
pub mod dns;
pub mod document;
pub mod edition;
pub mod git;
pub mod history;
pub mod id;
pub mod idempotency;
pub mod key;
pub mod kind;
pub mod layout;
pub mod manifest;
pub mod media;
pub mod message;
pub mod organization;
pub mod outbox;
pub mod pin;
pub mod plan;
pub mod preview;
pub mod product;
pub mod publish;
pub mod purge;
pub mod registry;
pub mod rename;
pub mod retention;
pub mod rules;
pub mod secret;
pub mod slug;
pub mod slug_rules;
pub mod task;
pub mod template;
pub mod text;
pub mod tracking;
pub mod upload;
pub mod verification;
pub mod webhook;
