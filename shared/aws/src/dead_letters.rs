//! The queues of what steps could not handle, on SQS.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
};
use imprint_app::ports::{DeadLetter, DeadLetters, StoreError};
use imprint_domain::message::Step;
use jiff::Timestamp;

use crate::call::{refused, store_error};
use crate::settings::Queues;

/// A short look may miss what lies there; one of a second asks all of a queue's servers
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>).
const WAIT_SECONDS: i32 = 1;

/// The queues that this function may look into.
#[derive(Debug, Clone)]
pub(crate) struct SqsDeadLetters {
    client: Client,
    queues: Queues,
}

impl SqsDeadLetters {
    pub(crate) fn new(client: Client, queues: Queues) -> Self {
        Self { client, queues }
    }

    fn url(&self, step: Step) -> Result<String, StoreError> {
        self.queues
            .dead_letters(step)
            .map_err(|error| StoreError::Failed(Box::new(error)))
    }
}

#[async_trait]
impl DeadLetters for SqsDeadLetters {
    async fn count(&self, step: Step) -> Result<u64, StoreError> {
        let visible = QueueAttributeName::ApproximateNumberOfMessages;
        let hidden = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let request = self.client.get_queue_attributes().queue_url(self.url(step)?);
        let request = request
            .attribute_names(visible.clone())
            .attribute_names(hidden.clone());
        let answer = request
            .send()
            .await
            .map_err(|error| store_error("GetQueueAttributes", error))?;
        let attributes = answer.attributes.unwrap_or_default();
        let number = |name| {
            attributes
                .get(&name)
                .and_then(|number| number.parse::<u64>().ok())
        };
        number(visible)
            .zip(number(hidden))
            .map(|(visible, hidden)| visible + hidden)
            .ok_or_else(|| refused("GetQueueAttributes gave no numbers of messages"))
    }

    async fn receive(&self, step: Step, hidden: Duration) -> Result<Vec<DeadLetter>, StoreError> {
        let most = i32::try_from(<dyn DeadLetters>::MOST).unwrap_or(1);
        let request = self.client.receive_message().queue_url(self.url(step)?);
        let answer = request
            .max_number_of_messages(most)
            .wait_time_seconds(WAIT_SECONDS)
            .visibility_timeout(i32::try_from(hidden.as_secs()).unwrap_or(i32::MAX))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .map_err(|error| store_error("ReceiveMessage", error))?;
        Ok(answer
            .messages
            .unwrap_or_default()
            .into_iter()
            .map(letter)
            .collect())
    }

    async fn remove(&self, step: Step, letters: &[DeadLetter]) -> Result<(), StoreError> {
        if letters.is_empty() {
            return Ok(());
        }
        let entries = letters.iter().enumerate().map(|(n, letter)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(n.to_string());
            entry.receipt_handle(&letter.receipt).build()
        });
        let entries: Vec<_> = entries
            .collect::<Result<_, _>>()
            .map_err(|error| StoreError::Failed(Box::new(error)))?;
        let request = self
            .client
            .delete_message_batch()
            .queue_url(self.url(step)?)
            .set_entries(Some(entries));
        let answer = request
            .send()
            .await
            .map_err(|error| store_error("DeleteMessageBatch", error))?;
        match answer.failed().first() {
            None => Ok(()),
            Some(failed) => Err(refused(format!(
                "DeleteMessageBatch left {} messages: {}",
                answer.failed().len(),
                failed.code()
            ))),
        }
    }
}

fn letter(message: Message) -> DeadLetter {
    let attributes = message.attributes.unwrap_or_default();
    let received = attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount);
    DeadLetter {
        received: received.and_then(|count| count.parse().ok()).unwrap_or(0),
        sent_at: moment(&attributes, &MessageSystemAttributeName::SentTimestamp),
        first_received_at: moment(
            &attributes,
            &MessageSystemAttributeName::ApproximateFirstReceiveTimestamp,
        ),
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
    }
}

/// A time as SQS writes it: milliseconds since 1970.
fn moment(
    attributes: &HashMap<MessageSystemAttributeName, String>,
    name: &MessageSystemAttributeName,
) -> Option<Timestamp> {
    let milliseconds = attributes.get(name)?.parse().ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}
