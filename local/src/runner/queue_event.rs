//! The event that Lambda makes of queue messages, and what it reads from the answer.

use std::collections::BTreeSet;

use aws_sdk_sqs::types::{Message, MessageAttributeValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
pub(super) fn event(messages: &[Message], arn: &str, region: &str) -> Value {
    let records: Vec<Value> = messages
        .iter()
        .map(|message| record(message, arn, region))
        .collect();
    json!({ "Records": records })
}

fn record(message: &Message, arn: &str, region: &str) -> Value {
    let attributes: Map<String, Value> = message
        .attributes()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str().to_owned(), Value::from(value.as_str())))
        .collect();
    let message_attributes: Map<String, Value> = message
        .message_attributes()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), message_attribute(value)))
        .collect();
    let mut record = json!({
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "attributes": attributes,
        "messageAttributes": message_attributes,
        "md5OfBody": message.md5_of_body(),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    });
    if let Some(md5) = message.md5_of_message_attributes() {
        record["md5OfMessageAttributes"] = md5.into();
    }
    record
}

fn message_attribute(value: &MessageAttributeValue) -> Value {
    let mut attribute = json!({
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value.data_type(),
    });
    if let Some(text) = value.string_value() {
        attribute["stringValue"] = text.into();
    }
    if let Some(bytes) = value.binary_value() {
        attribute["binaryValue"] = STANDARD.encode(bytes).into();
    }
    attribute
}

/// Which records of a batch failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failures {
    /// Those with these message ids.
    Some(BTreeSet<String>),
    /// All of them.
    All,
}

impl Failures {
    pub(super) fn contains(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(ids) => ids.contains(id),
        }
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Some(ids) if ids.is_empty())
    }
}

/// Lambda's rules: nothing named means success, and an answer that makes no sense means that all failed
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>).
pub(super) fn failures(response: &Value, batch: &[Message]) -> Failures {
    let named = match response.get("batchItemFailures") {
        None | Some(Value::Null) => return Failures::Some(BTreeSet::new()),
        Some(Value::Array(named)) => named,
        Some(_) => return Failures::All,
    };
    let known = |id: &str| batch.iter().any(|message| message.message_id() == Some(id));
    let ids = named.iter().map(|item| {
        let id = item.get("itemIdentifier").and_then(Value::as_str)?;
        known(id).then(|| id.to_owned())
    });
    ids.collect::<Option<BTreeSet<String>>>()
        .map_or(Failures::All, Failures::Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Vec<Message> {
        ["a", "b"]
            .map(|id| Message::builder().message_id(id).build())
            .into()
    }

    #[test]
    fn an_answer_that_names_no_record_is_a_success() {
        for answer in [
            json!(null),
            json!({}),
            json!(""),
            json!({"batchItemFailures": null}),
            json!({"batchItemFailures": []}),
        ] {
            assert!(failures(&answer, &batch()).is_none(), "{answer}");
        }
    }

    #[test]
    fn an_answer_that_makes_no_sense_fails_the_whole_batch() {
        for answer in [
            json!({"batchItemFailures": "a"}),
            json!({"batchItemFailures": [{"itemIdentifier": ""}]}),
            json!({"batchItemFailures": [{"itemIdentifier": null}]}),
            json!({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "stranger"}]}),
            json!({"batchItemFailures": [{"itemidentifier": "a"}]}),
        ] {
            assert_eq!(failures(&answer, &batch()), Failures::All, "{answer}");
        }
    }

    #[test]
    fn a_named_record_fails_alone() {
        let failed = failures(&json!({"batchItemFailures": [{"itemIdentifier": "b"}]}), &batch());
        assert!(failed.contains("b") && !failed.contains("a"));
    }
}
