//! The use-cases of Imprint: load, decide, commit, send, in that order. Deciding is the domain's business.
//!
//! Never names AWS or HTTP, never asks the machine for the time: everything outside is a port.

pub mod access;
mod announce;
pub mod artifacts;
pub mod builds;
pub mod copy_edition;
pub mod dashboards;
pub mod dead_letters;
pub mod deliver_webhook;
pub mod diff;
pub mod documents;
pub mod editions;
pub mod env;
pub mod error;
pub mod idempotency;
pub mod index;
mod measured_cdn;
pub mod move_editions;
pub mod organizations;
mod outgoing;
mod pace;
pub mod pages;
pub mod ports;
pub mod products;
pub mod purge_cdn;
pub mod register_build;
pub mod registry;
mod removal;
pub mod render_dashboard;
pub mod retention;
pub mod retire_name;
pub mod seal;
pub mod slug_rules;
pub mod step;
pub mod sweep;
pub mod tasks;
pub mod telemetry;
pub mod templates;
pub mod tenants;
pub mod unpack_archive;
pub mod update_dns;
pub mod verification;
mod walk;
pub mod webhooks;

pub use outgoing::Chain;
pub use pace::{Pace, Ran};
