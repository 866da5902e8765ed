//! A range of schedules, the same each time, and some that nobody has run before. A seed that breaks a promise is printed
//! with the command that replays it.

use std::time::{SystemTime, UNIX_EPOCH};

use imprint_simulator::simulate;

/// So many threads as CI has processors.
const THREADS: u64 = 2;

fn all_keep_their_promises(from: u64, count: u64) {
    let share = count.div_ceil(THREADS);
    let threads: Vec<_> = (0..THREADS)
        .map(|nth| {
            std::thread::spawn(move || {
                let begin = from + nth * share;
                let seeds = begin..(begin + share).min(from + count);
                seeds.filter_map(|seed| simulate(seed, false).err()).next()
            })
        })
        .collect();
    for thread in threads {
        if let Some(broken) = thread.join().expect("a schedule does not panic") {
            panic!(
                "seed {}: {}\nreplay it with: cargo run -p imprint-simulator -- --trace {}",
                broken.seed,
                broken.complaints.join("\n  "),
                broken.seed
            );
        }
    }
}

#[test]
fn whatever_happens_what_was_accepted_arrives_and_nothing_else() {
    all_keep_their_promises(0, 400);
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
    all_keep_their_promises(from, 100);
}
