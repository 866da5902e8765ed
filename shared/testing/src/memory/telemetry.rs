//! Measurements that are kept to be looked at.

use std::sync::{Mutex, PoisonError};

use imprint_app::ports::{Measured, Metric, Telemetry};

/// Keeps every measurement. No call of it is counted or fails: nothing depends on measurements.
#[derive(Debug, Default)]
pub struct MemoryTelemetry(Mutex<Vec<(Option<String>, Metric)>>);

impl MemoryTelemetry {
    /// All numbers of a metric so far, of one value of its dimension or, with none, of all together.
    pub fn values(&self, name: &str, dimension: Option<&str>) -> Vec<u64> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = noted.iter().filter(|(value, metric)| {
            metric.name == name && (dimension.is_none() || value.as_deref() == dimension)
        });
        wanted.flat_map(|(_, metric)| metric.values.clone()).collect()
    }
}

impl Telemetry for MemoryTelemetry {
    fn note(&self, measured: &Measured<'_>) {
        let value = measured.dimension().map(|(_, value)| value.to_owned());
        let metrics = measured.metrics().into_iter();
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.extend(metrics.map(|metric| (value.clone(), metric)));
    }
}
