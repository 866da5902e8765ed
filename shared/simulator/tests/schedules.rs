//! A range of schedules, the same each time. A seed that breaks a promise is printed with the command that replays it.

use std::ops::Range;

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
