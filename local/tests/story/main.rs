//! The story of a build, told over HTTP to the running local stack: what uploaders, readers and operators see.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod archives;
mod artifacts;
mod chaos;
mod deployed;
mod documents;
mod export;
mod failures;
mod migration;
mod organizations;
mod place;
mod program;
mod publishing;
mod reading;
mod registry;
mod rename;
mod restart;
mod retention;
mod rights;
mod secrets;
mod served;
mod support;
mod users;
mod webhooks;
