//! What every adapter of a port must do, as tests that only know the port.
//!
//! Each suite takes an adapter, makes what it needs under names of its own, and so can share a table or a bucket with
//! everything else. It never looks behind the port.

#![expect(
    clippy::unwrap_used,
    reason = "these are tests; they are a library so that every adapter can run them"
)]

pub mod catalog;
pub mod cdn;
pub mod dead_letters;
pub mod dns;
pub mod documents;
pub mod objects;
pub mod queue;
pub mod registry;

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use imprint_app::ports::{Random, SystemRandom};

/// A text that nobody else uses: 16 hexadecimal digits.
fn unique() -> String {
    hex::encode(&SystemRandom.bytes()[..8])
}

/// Runs every test of a suite, also after one has failed, and then fails with all that was wrong.
async fn run_all<'a>(tests: impl IntoIterator<Item = (&'static str, BoxFuture<'a, ()>)>) {
    let mut wrong = Vec::new();
    for (name, test) in tests {
        if let Err(panic) = AssertUnwindSafe(test).catch_unwind().await {
            wrong.push(format!("{name}: {}", sentence(&*panic)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} do not hold:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn sentence(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default()
}

/// Names async functions of a suite in a list of its test type.
macro_rules! suite {
    ($test:ty: $($path:path),* $(,)?) => {
        &[$((
            stringify!($path),
            (|place| Box::pin($path(place))) as $test,
        )),*]
    };
}
use suite;
