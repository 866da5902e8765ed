//! The API through its front door, over the ports in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod archives;
mod artifacts;
mod bad_input;
mod builds;
mod clients;
mod cursors;
mod dashboards;
mod dead_letters;
mod description;
mod diffs;
mod documents;
mod editions;
mod events;
mod forms;
mod guards;
mod idempotency;
mod life;
mod limits;
mod lists;
mod matrix;
mod organizations;
mod permissions;
mod products;
mod projects;
mod reference;
mod registry;
mod registry_page;
mod retention;
mod roles;
mod rules;
mod scopes;
mod server;
mod service;
mod size;
mod slug_rules;
mod tasks;
mod tokens;
mod trouble;
mod users;
mod webhooks;
