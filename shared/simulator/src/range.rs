//! Many schedules, so many at a time as the machine has processors.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::simulation::{Broken, Report, simulate};
use crate::tally::Tally;

/// What many schedules were.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// How many kept their promises.
    pub schedules: u64,
    /// What was done to the chain.
    pub injected: Tally,
    /// What the chain did.
    pub happened: Tally,
    /// The longest time that one took to come to rest, in virtual seconds.
    pub rested_after: i64,
}

impl Summary {
    fn add(&mut self, report: &Report) {
        self.schedules += 1;
        self.injected.add(&report.injected);
        self.happened.add(&report.happened);
        self.rested_after = self.rested_after.max(report.rested_after);
    }
}

/// Runs the schedules of a range of seeds, until `goes_on` says of a broken one that it is enough.
pub fn simulate_all(seeds: Range<u64>, mut goes_on: impl FnMut(Broken) -> bool) -> Summary {
    let next = AtomicU64::new(seeds.start);
    let is_enough = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut summary = Summary::default();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (next, is_enough, sender) = (&next, &is_enough, sender.clone());
            let end = seeds.end;
            scope.spawn(move || {
                while !is_enough.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || sender.send(simulate(seed, false)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for outcome in receiver {
            match outcome {
                Ok(report) => summary.add(&report),
                Err(broken) => {
                    let stops = !goes_on(broken);
                    is_enough.fetch_or(stops, Ordering::Relaxed);
                }
            }
        }
    });
    summary
}
