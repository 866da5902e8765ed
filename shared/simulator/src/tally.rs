//! What happened in schedules.

use std::collections::BTreeMap;

/// How often each kind of thing happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<&'static str, u64>);

impl Tally {
    pub(crate) fn count(&mut self, kind: &'static str) {
        self.add_some(kind, 1);
    }

    pub(crate) fn add_some(&mut self, kind: &'static str, times: usize) {
        *self.0.entry(kind).or_default() += times as u64;
    }

    /// Adds those of another schedule.
    pub fn add(&mut self, other: &Self) {
        for (kind, times) in &other.0 {
            *self.0.entry(kind).or_default() += times;
        }
    }
}
