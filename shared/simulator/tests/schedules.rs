//! A range of schedules, the same each time, and some that nobody has run before. A seed that breaks a promise is printed
//! with the command that replays it.

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use imprint_simulator::simulate_all;

fn all_keep_their_promises(seeds: Range<u64>) {
    let mut broken = Vec::new();
    let summary = simulate_all(seeds, |found| {
        broken.push(found.to_string());
        false
    });
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    println!("{summary:#?}");
}

#[test]
fn whatever_happens_what_was_accepted_arrives_and_nothing_else() {
    all_keep_their_promises(0..500);
}

#[expect(
    clippy::disallowed_methods,
    reason = "other seeds each time are what it is for"
)]
#[test]
fn so_it_is_in_schedules_that_nobody_has_run_before() {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is after 1970");
    let from = now.as_secs() * 1000;
    println!("seeds from {from}");
    all_keep_their_promises(from..from + 100);
}
