//! SQS batches: each record is parsed by itself, so that a poisonous one harms no other.

use std::collections::HashSet;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use serde_json::Value;

use imprint_app::Chain;
use imprint_app::env::Env;
use imprint_app::step::{Delivery, Disposal, StepError, dispose};
use imprint_app::tenants::Tenants;
use imprint_domain::message::Message;

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
    /// Reads an event as Lambda sends it.
    ///
    /// # Errors
    /// When the event as a whole is no SQS event; then no record can be named.
    pub fn read(event: Value) -> Result<Self, FunctionError> {
        let event: SqsEvent = serde_json::from_value(event)?;
        let records = event.records.into_iter().map(record).collect();
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
        match tenants.of(message.organization()).await {
            Ok(env) => Some(env),
            Err(error) => {
                let organization = message.organization();
                tracing::error!(%organization, error = %Chain(&error), "no view of the organization");
                self.give_back(record);
                None
            }
        }
    }

    /// Notes the outcome of a record: makes a failure visible on its task and decides whether it is delivered again.
    pub async fn settle(&mut self, env: &Env, record: &Record, outcome: Result<(), StepError>) {
        let disposal = match &record.delivery {
            Ok(delivery) => dispose(env, delivery, outcome).await,
            Err(_) => Disposal::Redeliver,
        };
        if disposal == Disposal::Redeliver {
            self.give_back(record);
        }
    }

    /// Gives a record back to the queue: it is delivered again, or put aside after too many deliveries.
    pub fn give_back(&mut self, record: &Record) {
        if let Err(reason) = &record.delivery {
            tracing::error!(
                message_id = record.message_id,
                reason,
                "a message that cannot be read"
            );
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

fn record(message: SqsMessage) -> Record {
    let count = message
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok())
        .unwrap_or(1);
    let body = message.body.unwrap_or_default();
    let delivery = serde_json::from_str(&body)
        .map(|envelope| Delivery {
            envelope,
            receive_count: count,
        })
        .map_err(|error| error.to_string());
    Record {
        message_id: message.message_id.unwrap_or_default(),
        group: message.attributes.get("MessageGroupId").cloned(),
        delivery,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn batch(bodies: &[(&str, &str)]) -> Batch {
        let records: Vec<Value> = bodies
            .iter()
            .zip(1..)
            .map(|((group, body), n)| {
                json!({"messageId": format!("m{n}"), "body": body, "eventSource": "aws:sqs",
                       "attributes": {"ApproximateReceiveCount": "2", "MessageGroupId": group}})
            })
            .collect();
        Batch::read(json!({ "Records": records })).unwrap()
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
        assert!(Batch::read(json!({"hello": 1})).is_err());
        assert!(!is_sqs(&json!({"Records": []})));
    }
}
