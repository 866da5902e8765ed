//! SQS batches: each record is parsed by itself, so that a poisonous one harms no other.

use std::collections::HashSet;
use std::future::Future;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tracing::{Instrument as _, Span};

use imprint_app::Chain;
use imprint_app::env::Env;
use imprint_app::ports::Measured;
use imprint_app::step::{Delivery, Disposal, StepError, dispose};
use imprint_app::telemetry;
use imprint_app::tenants::Tenants;
use imprint_domain::message::{Message, Step};

use crate::FunctionError;

/// One record of a batch.
#[derive(Debug, Clone)]
pub struct Record {
    /// What the response names a failed record by.
    pub message_id: String,
    /// The group within which order matters, on a FIFO queue.
    pub group: Option<String>,
    /// The message, or why it cannot be read.
    pub delivery: Result<Delivery, String>,
    sent_at: Option<Timestamp>,
    span: Span,
}

impl Record {
    /// Runs what is done for this record, so that each line of its log says which it is and what it is about.
    pub async fn within<T>(&self, work: impl Future<Output = T>) -> T {
        work.instrument(self.span.clone()).await
    }

    /// How long it lay in its queue beyond what it was held back for. Only its first delivery tells: a later one would
    /// say how long the queue hides what failed.
    fn age(&self, now: Timestamp) -> Option<(Step, SignedDuration)> {
        let Delivery {
            envelope,
            receive_count: 1,
        } = self.delivery.as_ref().ok()?
        else {
            return None;
        };
        let age = now.duration_since(self.sent_at?) - envelope.message.delay();
        Some((Step::of(&envelope.message), age.max(SignedDuration::ZERO)))
    }
}

/// A batch on its way through a function, and which of its records failed so far.
#[derive(Debug)]
pub struct Batch {
    records: Vec<Record>,
    failed: Vec<String>,
    stopped_groups: HashSet<String>,
}

/// Whether an event is a batch of an SQS queue.
pub fn is_sqs(event: &Value) -> bool {
    event.pointer("/Records/0/eventSource").and_then(Value::as_str) == Some("aws:sqs")
}

impl Batch {
    /// Reads an event as Lambda sends it, and measures how long its messages waited.
    ///
    /// # Errors
    /// When the event as a whole is no SQS event; then no record can be named.
    pub fn read(tenants: &Tenants, event: Value) -> Result<Self, FunctionError> {
        let event: SqsEvent = serde_json::from_value(event)?;
        let records: Vec<Record> = event.records.into_iter().map(record).collect();
        tell_ages(tenants, &records);
        Ok(Self {
            records,
            failed: Vec::new(),
            stopped_groups: HashSet::new(),
        })
    }

    /// The records, in the order of the batch.
    pub fn records(&self) -> Vec<Record> {
        self.records.clone()
    }

    /// Whether a record may be handled: after a failure, the later records of its group have to wait for it.
    pub fn may_handle(&self, record: &Record) -> bool {
        record
            .group
            .as_ref()
            .is_none_or(|group| !self.stopped_groups.contains(group))
    }

    /// The view of the organization that a message is about. Without it nothing can be done: the record is given back.
    pub async fn env(&mut self, tenants: &Tenants, record: &Record, message: &Message) -> Option<Env> {
        match record.within(tenants.of(message.organization())).await {
            Ok(env) => Some(env),
            Err(error) => {
                let _about = record.span.enter();
                tracing::error!(code = "no_organization", error = %Chain(&error), "no view of the organization");
                self.give_back(record);
                None
            }
        }
    }

    /// Notes the outcome of a record: makes a failure visible on its task and decides whether it is delivered again.
    pub async fn settle(&mut self, env: &Env, record: &Record, outcome: Result<(), StepError>) {
        let disposal = match &record.delivery {
            Ok(delivery) => record.within(dispose(env, delivery, outcome)).await,
            Err(_) => Disposal::Redeliver,
        };
        if disposal == Disposal::Redeliver {
            self.give_back(record);
        }
    }

    /// Gives a record back to the queue: it is delivered again, or put aside after too many deliveries.
    pub fn give_back(&mut self, record: &Record) {
        if let Err(reason) = &record.delivery {
            let _about = record.span.enter();
            tracing::error!(code = "unreadable", reason, "a message that cannot be read");
        }
        self.failed.push(record.message_id.clone());
        self.stopped_groups.extend(record.group.clone());
    }

    /// The response that names the failed records.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which does not happen.
    pub fn response(self) -> Result<Value, FunctionError> {
        let mut response = SqsBatchResponse::default();
        for id in self.failed {
            response.add_failure(id);
        }
        Ok(serde_json::to_value(response)?)
    }
}

/// One measurement for the batch: it is of one queue, so of one step.
fn tell_ages(tenants: &Tenants, records: &[Record]) {
    let installation = tenants.installation();
    let now = installation.clock.now();
    let ages: Vec<(Step, SignedDuration)> = records.iter().filter_map(|record| record.age(now)).collect();
    if let Some((step, _)) = ages.first() {
        installation.telemetry.note(&Measured::Waited {
            step: step.name(),
            ages: ages.iter().map(|(_, age)| *age).collect(),
        });
    }
}

fn record(message: SqsMessage) -> Record {
    let number = |name: &str| message.attributes.get(name)?.parse::<i64>().ok();
    let receive_count = number("ApproximateReceiveCount").and_then(|count| u32::try_from(count).ok());
    let receive_count = receive_count.unwrap_or(1);
    let sent_at = number("SentTimestamp").and_then(|sent| Timestamp::from_millisecond(sent).ok());
    let body = message.body.unwrap_or_default();
    let delivery = serde_json::from_str(&body)
        .map(|envelope| Delivery {
            envelope,
            receive_count,
        })
        .map_err(|error| error.to_string());
    let message_id = message.message_id.unwrap_or_default();
    let queue = message.event_source_arn.unwrap_or_default();
    Record {
        span: span(&message_id, &queue, &delivery),
        group: message.attributes.get("MessageGroupId").cloned(),
        message_id,
        delivery,
        sent_at,
    }
}

/// The span of a record, and within it that of the step.
fn span(message_id: &str, queue: &str, delivery: &Result<Delivery, String>) -> Span {
    let queue = queue.rsplit(':').next();
    let outer = tracing::error_span!("record", message_id, queue);
    match delivery {
        Ok(Delivery { envelope, .. }) => {
            outer.in_scope(|| telemetry::span((&envelope.id, envelope.attempt), &envelope.message))
        }
        Err(_) => outer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use imprint_testing::{World, samples};
    use serde_json::json;

    fn batch(bodies: &[(&str, &str)]) -> Batch {
        let tenants = World::new().tenants();
        let records: Vec<Value> = bodies
            .iter()
            .zip(1..)
            .map(|((group, body), n)| {
                json!({"messageId": format!("m{n}"), "body": body, "eventSource": "aws:sqs",
                       "attributes": {"ApproximateReceiveCount": "2", "MessageGroupId": group}})
            })
            .collect();
        Batch::read(&tenants, json!({ "Records": records })).unwrap()
    }

    #[test]
    fn a_body_that_cannot_be_read_is_given_back_and_harms_only_its_own_group() {
        let mut batch = batch(&[("a", "{nonsense"), ("a", "{}"), ("b", "{}")]);
        let records = batch.records();
        assert!(records[0].delivery.is_err());
        batch.give_back(&records[0]);
        assert!(!batch.may_handle(&records[1]));
        assert!(batch.may_handle(&records[2]));
        assert_eq!(
            batch.response().unwrap(),
            json!({"batchItemFailures": [{"itemIdentifier": "m1"}]})
        );
    }

    #[test]
    fn an_event_without_records_is_refused_as_a_whole() {
        assert!(Batch::read(&World::new().tenants(), json!({"hello": 1})).is_err());
        assert!(!is_sqs(&json!({"Records": []})));
    }

    /// A record of a message that was sent some seconds before the sample's noon.
    fn sent(seconds_ago: i64, receive_count: u32, message: &Value) -> Value {
        let sent = (samples::NOON - SignedDuration::from_secs(seconds_ago)).as_millisecond();
        json!({"messageId": "m", "body": message.to_string(), "eventSource": "aws:sqs",
               "eventSourceARN": "arn:aws:sqs:eu-west-1:1:imprint-render-document",
               "attributes": {"ApproximateReceiveCount": receive_count.to_string(), "SentTimestamp": sent.to_string()}})
    }

    #[test]
    fn what_is_measured_is_how_long_first_deliveries_waited_beyond_what_they_were_held_back_for() {
        let world = World::new();
        let id = "0".repeat(32);
        let render = json!({"id": id, "attempt": 1, "step": "render-document", "organization": "default",
            "document": 1, "version": "1.0", "edit": 1, "quiet": 5});
        let records = [
            sent(9, 1, &render),
            sent(3, 1, &render),
            sent(600, 2, &render),
            sent(50, 1, &json!("nonsense")),
        ];
        let batch = Batch::read(&world.tenants(), json!({ "Records": records })).unwrap();
        assert!(batch.records()[0].delivery.is_ok(), "{:?}", batch.records()[0]);
        assert_eq!(
            world.telemetry.values("QueueWait", Some("render-document")),
            [4_000, 0]
        );
    }

    #[test]
    fn every_line_of_a_record_says_which_it_is_and_what_it_is_about() {
        let world = World::new();
        let (id, task) = ("0".repeat(32), "1".repeat(32));
        let register = json!({"id": id, "attempt": 2, "step": "register-build", "organization": "default",
            "product": "handbook", "build": 7, "task": task});
        let lines = crate::log::tests::lines("error", || {
            let records = [sent(1, 3, &register), sent(1, 1, &json!("nonsense"))];
            let mut batch = Batch::read(&world.tenants(), json!({ "Records": records })).unwrap();
            let [readable, poison] = batch.records().try_into().unwrap();
            let told = readable.within(async { tracing::error!(code = "catalog", "a step says something") });
            told.now_or_never().unwrap();
            batch.give_back(&poison);
        });
        assert_eq!(
            lines[0],
            json!({"level": "ERROR", "target": "imprint_lambda::sqs::tests", "message": "a step says something",
                "code": "catalog", "message_id": "m", "queue": "imprint-render-document", "step": "register-build",
                "entry": id, "attempt": 2, "organization": "default", "product": "handbook", "build": 7, "task": task})
        );
        assert_eq!(
            (
                &lines[1]["code"],
                &lines[1]["message_id"],
                lines[1].get("organization")
            ),
            (&json!("unreadable"), &json!("m"), None)
        );
    }
}
