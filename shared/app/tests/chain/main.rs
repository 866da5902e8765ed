//! The way of a build through all its steps, on the in-memory adapters: what must always hold, and what it costs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod archives;
mod artifacts;
mod concurrency;
mod costs;
mod crashes;
mod dashboards;
mod diff;
mod dns;
mod documents;
mod failures;
mod index;
mod installation;
mod keys;
mod life;
mod measured;
mod order;
mod populations;
mod products;
mod publishing;
mod registry;
mod rename;
mod rename_troubles;
mod retention;
mod templates;
mod tracking;
mod verification;
mod waiting;
mod webhooks;
