//! Which metrics a measurement is.

use imprint_domain::task::TaskStatus;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::{Measured, PurgeAnswer};

/// A metric and what was measured of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What its numbers count.
    pub unit: Unit,
    /// The numbers: one as a rule, one a message for a batch.
    pub values: Vec<u64>,
}

/// What a metric's numbers count, in CloudWatch's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Thousandths of a second.
    Milliseconds,
}

impl Unit {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Bytes => "Bytes",
            Self::Milliseconds => "Milliseconds",
        }
    }
}

fn count(name: &'static str, value: u64) -> Metric {
    Metric {
        name,
        unit: Unit::Count,
        values: vec![value],
    }
}

fn duration(name: &'static str, values: impl IntoIterator<Item = SignedDuration>) -> Metric {
    let values = values.into_iter();
    Metric {
        name,
        unit: Unit::Milliseconds,
        values: values
            .map(|took| u64::try_from(took.as_millis()).unwrap_or(0))
            .collect(),
    }
}

impl Measured<'_> {
    /// The one thing by which its metrics are told apart, and its value. Each value is a metric that costs money every
    /// month, so there is none with more values than somebody has written down in a list.
    pub fn dimension(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Copied { .. } | Self::Purged { .. } => None,
            Self::Waited { step, .. } => Some(("Queue", step)),
            Self::Failed { code, .. } => Some(("Code", code.name())),
            Self::Ended { kind, .. } => Some(("Kind", kind.name())),
        }
    }

    /// Its metrics.
    pub fn metrics(&self) -> Vec<Metric> {
        match self {
            Self::Copied {
                report, bytes, took, ..
            } => vec![
                count("ObjectsCopied", report.copied),
                count("ObjectsDeleted", report.deleted),
                count("ObjectsUnchanged", report.unchanged),
                Metric {
                    unit: Unit::Bytes,
                    ..count("BytesCopied", *bytes)
                },
                duration("CopyDuration", [*took]),
            ],
            Self::Purged { keys, took, answer } => {
                // Both, so that the average of either is a rate.
                let (accepted, refused) = match answer {
                    PurgeAnswer::Accepted => (1, 0),
                    PurgeAnswer::Refused => (0, 1),
                };
                vec![
                    count("PurgesAccepted", accepted),
                    count("PurgesRefused", refused),
                    count("KeysPurged", *keys as u64 * accepted),
                    duration("PurgeLatency", [*took]),
                ]
            }
            Self::Waited { ages, .. } => vec![duration("QueueWait", ages.iter().copied())],
            Self::Failed { .. } => vec![count("Failures", 1)],
            Self::Ended { status, took, .. } => {
                let failed = u64::from(*status == TaskStatus::Failure);
                // How long a failed task took says when it was given up, and nothing of how fast work is done.
                let took = (failed == 0).then(|| duration("TaskDuration", [*took]));
                took.into_iter().chain([count("TasksFailed", failed)]).collect()
            }
        }
    }

    /// What it was about: numbers and slugs.
    pub fn properties(&self) -> Map<String, Value> {
        let properties = match self {
            Self::Copied { copy, .. } => json!({
                "organization": copy.organization,
                "product": copy.product,
                "edition": copy.edition,
                "build": copy.build,
                "task": copy.task,
            }),
            Self::Purged { keys, .. } => json!({ "keys": keys }),
            Self::Waited { .. } => json!({}),
            Self::Failed {
                step, about, task, ..
            } => json!({
                "step": step,
                "organization": about.organization,
                "product": about.product,
                "edition": about.edition,
                "build": about.build,
                "document": about.document,
                "task": task,
            }),
            Self::Ended {
                task,
                organization,
                status,
                ..
            } => json!({
                "task": task,
                "organization": organization,
                "status": status,
            }),
        };
        match properties {
            Value::Object(all) => all.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Map::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purged(answer: PurgeAnswer) -> Vec<(&'static str, Vec<u64>)> {
        let measured = Measured::Purged {
            keys: 7,
            took: SignedDuration::from_millis(120),
            answer,
        };
        let metrics = measured.metrics().into_iter();
        metrics.map(|metric| (metric.name, metric.values)).collect()
    }

    #[test]
    fn the_average_of_refused_purges_is_the_rate_of_refusals() {
        let all = [purged(PurgeAnswer::Accepted), purged(PurgeAnswer::Refused)].concat();
        let refused = all.iter().filter(|(name, _)| *name == "PurgesRefused");
        assert_eq!(refused.map(|(_, values)| values[0]).collect::<Vec<_>>(), [0, 1]);
        let keys = all.iter().filter(|(name, _)| *name == "KeysPurged");
        assert_eq!(keys.map(|(_, values)| values[0]).collect::<Vec<_>>(), [7, 0]);
    }

    #[test]
    fn a_wait_that_clocks_say_was_negative_is_none() {
        let measured = Measured::Waited {
            step: "copy-edition",
            ages: vec![SignedDuration::from_secs(-3), SignedDuration::from_secs(2)],
        };
        assert_eq!(measured.metrics()[0].values, [0, 2000]);
        assert_eq!(measured.dimension(), Some(("Queue", "copy-edition")));
    }
}
