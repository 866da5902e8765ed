//! Measurements as metrics: lines in CloudWatch's embedded metric format, which Lambda keeps with the log and of which
//! CloudWatch makes metrics. So a measurement is a line, no request, and nothing that waits for an answer.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use imprint_app::ports::{Clock, Measured, Metric, Telemetry, Untold};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Where CloudWatch keeps them. `template.yaml` says the same.
const NAMESPACE: &str = "Imprint";

/// Whose they are: several stacks in one account have one namespace.
const STACK: &str = "Stack";

/// CloudWatch takes this many numbers of a metric in one line
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
const MAX_VALUES: usize = 100;

/// Who takes the measurements of a deployed function: standard output, or nobody where no stack is named.
pub fn metrics(variables: &BTreeMap<String, String>, clock: Arc<dyn Clock>) -> Arc<dyn Telemetry> {
    match variables.get("IMPRINT_STACK").filter(|stack| !stack.is_empty()) {
        Some(stack) => Arc::new(Lines {
            stack: stack.clone(),
            clock,
            out: std::io::stdout,
        }),
        None => Arc::new(Untold),
    }
}

/// Writes each measurement as a line.
struct Lines<O> {
    stack: String,
    clock: Arc<dyn Clock>,
    out: O,
}

impl<O, W> Telemetry for Lines<O>
where
    O: Fn() -> W + Send + Sync,
    W: Write,
{
    fn note(&self, measured: &Measured<'_>) {
        for line in lines(&self.stack, self.clock.now(), measured) {
            // What is measured does not depend on whether somebody hears of it. One write, so that no other line gets
            // into it.
            let _lost = (self.out)().write_all(format!("{line}\n").as_bytes());
        }
    }
}

/// The lines of a measurement: one, or as many as its numbers need.
fn lines(stack: &str, now: Timestamp, measured: &Measured<'_>) -> Vec<Value> {
    let metrics = measured.metrics();
    let most = metrics
        .iter()
        .map(|metric| metric.values.len())
        .max()
        .unwrap_or(0);
    let parts = (0..most.div_ceil(MAX_VALUES)).map(|part| part * MAX_VALUES);
    parts
        .map(|from| {
            let part = metrics.iter().filter_map(|metric| {
                let values = metric.values.get(from..)?;
                let values = &values[..values.len().min(MAX_VALUES)];
                (!values.is_empty()).then_some((metric, values))
            });
            line(stack, now, measured, &part.collect::<Vec<_>>())
        })
        .collect()
}

/// A line: the numbers, what they are about, and what CloudWatch is to make of it.
fn line(stack: &str, now: Timestamp, measured: &Measured<'_>, part: &[(&Metric, &[u64])]) -> Value {
    let mut line = measured.properties();
    let mut dimensions = vec![STACK];
    line.insert(STACK.to_owned(), stack.into());
    if let Some((name, value)) = measured.dimension() {
        dimensions.push(name);
        line.insert(name.to_owned(), value.into());
    }
    let defined: Vec<Value> = part
        .iter()
        .map(|(metric, _)| json!({"Name": metric.name, "Unit": metric.unit.name()}))
        .collect();
    for (metric, values) in part {
        let value = match values {
            [one] => Value::from(*one),
            many => Value::from(many.to_vec()),
        };
        line.insert(metric.name.to_owned(), value);
    }
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": defined});
    let about = json!({"Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive]});
    Value::Object(
        std::iter::once(("_aws".to_owned(), about))
            .chain(line)
            .collect::<Map<_, _>>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use imprint_app::ports::{Copied, PurgeAnswer};
    use imprint_domain::id::{BuildId, EditionId, TaskId};
    use imprint_domain::slug::{OrganizationSlug, ProductSlug};
    use imprint_domain::task::{CopyReport, FailureCode, TaskKind, TaskStatus};
    use jiff::SignedDuration;
    use proptest::prelude::*;

    const NOON: Timestamp = Timestamp::UNIX_EPOCH;

    fn one(measured: &Measured<'_>) -> Value {
        let mut lines = lines("imprint", NOON, measured);
        assert_eq!(lines.len(), 1);
        lines.remove(0)
    }

    /// What the specification asks of every line.
    fn is_fit(line: &Value) {
        assert!(line.to_string().len() < 256 * 1024);
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            assert_eq!(directive["Namespace"], "Imprint");
            let sets = directive["Dimensions"].as_array().unwrap();
            assert_eq!(sets.len(), 1, "each set is another metric, and costs as much");
            let names = sets[0].as_array().unwrap();
            assert!(!names.is_empty() && names.len() <= 2);
            for name in names {
                let value = line[name.as_str().unwrap()].as_str().unwrap();
                assert!((1..=250).contains(&value.len()), "{value:?}");
            }
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!((1..=100).contains(&metrics.len()));
            for metric in metrics {
                let value = &line[metric["Name"].as_str().unwrap()];
                let many = value.as_array().map_or(1, Vec::len);
                assert!((1..=100).contains(&many), "{value}");
                assert!(value.is_u64() || value.is_array(), "{value}");
            }
        }
    }

    #[test]
    fn a_copy_is_five_metrics_and_names_what_it_was_about_without_telling_metrics_apart_by_it() {
        let organization: OrganizationSlug = "default".parse().unwrap();
        let product: ProductSlug = "handbook".parse().unwrap();
        let task = TaskId::from_bytes([1; 16]);
        let line = one(&Measured::Copied {
            copy: Copied {
                organization: &organization,
                product: &product,
                edition: EditionId(4),
                build: BuildId(7),
                task: &task,
            },
            report: CopyReport {
                copied: 30,
                deleted: 2,
                unchanged: 900,
            },
            bytes: 123_456,
            took: SignedDuration::from_millis(1_750),
        });
        is_fit(&line);
        let count = |name: &str| json!({"Name": name, "Unit": "Count"});
        assert_eq!(
            line,
            json!({
                "_aws": {"Timestamp": 0, "CloudWatchMetrics": [{
                    "Namespace": "Imprint",
                    "Dimensions": [["Stack"]],
                    "Metrics": [
                        count("ObjectsCopied"), count("ObjectsDeleted"), count("ObjectsUnchanged"),
                        {"Name": "BytesCopied", "Unit": "Bytes"},
                        {"Name": "CopyDuration", "Unit": "Milliseconds"},
                    ],
                }]},
                "Stack": "imprint",
                "organization": "default", "product": "handbook", "edition": 4, "build": 7, "task": task,
                "ObjectsCopied": 30, "ObjectsDeleted": 2, "ObjectsUnchanged": 900, "BytesCopied": 123_456,
                "CopyDuration": 1_750,
            })
        );
    }

    #[test]
    fn failures_are_told_apart_by_their_code() {
        let organization: OrganizationSlug = "default".parse().unwrap();
        let message = imprint_domain::message::Message::RenderIndex(imprint_domain::message::RenderIndex {
            organization,
            tasks: vec![],
        });
        for code in FailureCode::ALL {
            let line = one(&Measured::Failed {
                code,
                step: message.name(),
                about: message.about(),
                task: message.task(),
            });
            is_fit(&line);
            assert_eq!(
                line["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
                json!([["Stack", "Code"]])
            );
            assert_eq!(
                (&line["Code"], &line["Failures"]),
                (&json!(code.name()), &json!(1))
            );
            assert_eq!(line["step"], "render-index");
            assert_eq!(line.get("product"), None, "nothing is said of what there is not");
        }
    }

    #[test]
    fn only_tasks_that_succeed_say_how_long_tasks_take() {
        let (organization, task) = ("default".parse().unwrap(), TaskId::from_bytes([1; 16]));
        let ended = |status| {
            one(&Measured::Ended {
                task: &task,
                organization: &organization,
                kind: TaskKind::Publish,
                status,
                took: SignedDuration::from_secs(9),
            })
        };
        let (good, bad) = (ended(TaskStatus::Success), ended(TaskStatus::Failure));
        is_fit(&good);
        is_fit(&bad);
        assert_eq!(
            (&good["TaskDuration"], &good["TasksFailed"]),
            (&json!(9_000), &json!(0))
        );
        assert_eq!((bad.get("TaskDuration"), &bad["TasksFailed"]), (None, &json!(1)));
    }

    proptest! {
        #[test]
        fn a_batch_of_any_size_keeps_every_wait(ages in prop::collection::vec(-5_i64..1_000_000, 0..450)) {
            let measured = Measured::Waited {
                step: "purge-cdn",
                ages: ages.iter().copied().map(SignedDuration::from_millis).collect(),
            };
            let mut told = Vec::new();
            for line in lines("imprint", NOON, &measured) {
                is_fit(&line);
                match &line["QueueWait"] {
                    Value::Array(many) => told.extend(many.iter().map(|age| age.as_u64().unwrap())),
                    one => told.push(one.as_u64().unwrap()),
                }
            }
            let meant: Vec<u64> = ages.iter().map(|age| u64::try_from(*age).unwrap_or(0)).collect();
            prop_assert_eq!(told, meant);
        }
    }

    #[test]
    fn a_purge_has_no_dimension_but_its_stack() {
        let line = one(&Measured::Purged {
            keys: 3,
            took: SignedDuration::from_millis(80),
            answer: PurgeAnswer::Refused,
        });
        is_fit(&line);
        assert_eq!(line["PurgesRefused"], 1);
        assert_eq!(line["keys"], 3);
    }
}
