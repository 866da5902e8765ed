//! What the functions measured, added up. Deployed, the measurements are lines of the log; here standard output belongs to
//! whoever started the stack.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use imprint_app::ports::{Measured, Telemetry};
use serde::Serialize;

/// Sums of all measurements since the start. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<BTreeMap<String, Sum>>>);

/// A metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// How often it was measured.
    pub times: u64,
    /// All numbers together.
    pub total: u64,
    /// The greatest of them.
    pub most: u64,
}

impl Tally {
    /// The metrics by name, with the value of their dimension where they have one: `Failures.catalog`.
    pub fn snapshot(&self) -> BTreeMap<String, Sum> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Telemetry for Tally {
    fn note(&self, measured: &Measured<'_>) {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for metric in measured.metrics() {
            let name = match measured.dimension() {
                Some((_, value)) => format!("{}.{value}", metric.name),
                None => metric.name.to_owned(),
            };
            let sum = sums.entry(name).or_default();
            for value in metric.values {
                sum.times += 1;
                sum.total = sum.total.saturating_add(value);
                sum.most = sum.most.max(value);
            }
        }
    }
}
