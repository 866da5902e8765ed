//! The story of a build, told over HTTP to the running local stack: what uploaders, readers and operators see.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod documents;
mod failures;
mod organizations;
mod publishing;
mod registry;
mod rename;
mod restart;
mod retention;
mod support;
mod users;
mod webhooks;
