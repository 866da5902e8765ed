//! The queues between the steps, on SQS.

mod batch;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use imprint_app::ports::{Queue, SendError, Source};
use imprint_domain::message::{Envelope, Step};

use self::batch::{Outgoing, batches};
use crate::call::{Unusable, source};
use crate::settings::Queues;

/// The queues that this function may send to.
#[derive(Debug, Clone)]
pub(crate) struct SqsQueues {
    client: Client,
    queues: Queues,
}

impl SqsQueues {
    pub(crate) fn new(client: Client, queues: Queues) -> Self {
        Self { client, queues }
    }

    fn url(&self, step: Step) -> Result<&str, SendError> {
        let url = self.queues.url(step);
        url.map_err(|error| SendError(Box::new(Unusable(error.to_string()))))
    }

    /// Sends to one queue, and stops at the first batch that fails, so that nothing overtakes it.
    async fn send_to(&self, step: Step, envelopes: &[&Envelope]) -> Result<(), SendError> {
        let url = self.url(step)?;
        let messages = envelopes.iter().map(|envelope| Outgoing::of(envelope));
        let messages = messages
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| SendError(Box::new(error)))?;
        for batch in batches(messages) {
            self.send_batch(url, &batch).await.map_err(SendError)?;
        }
        Ok(())
    }

    /// SQS answers 200 although messages of a batch failed. Those are sent once more; the outbox sends them later
    /// if that fails too.
    async fn send_batch(&self, url: &str, batch: &[Outgoing]) -> Result<(), Source> {
        let mut entries = batch
            .iter()
            .enumerate()
            .map(|(n, message)| entry(n, message))
            .collect::<Result<_, _>>()?;
        let mut reason = String::new();
        for _ in 0..2 {
            let request = self.client.send_message_batch().queue_url(url);
            let answer = request.set_entries(Some(entries)).send().await;
            let answer = answer.map_err(|error| source("SendMessageBatch", error))?;
            let failed = answer.failed();
            let Some(first) = failed.first() else {
                return Ok(());
            };
            let message = first.message().unwrap_or("no message");
            reason = format!(
                "{} messages were refused: {}: {message}",
                failed.len(),
                first.code()
            );
            let numbers = failed
                .iter()
                .filter_map(|failed| failed.id().parse::<usize>().ok());
            let again = numbers.filter_map(|n| Some((n, batch.get(n)?)));
            entries = again
                .map(|(n, message)| entry(n, message))
                .collect::<Result<_, _>>()?;
        }
        Err(Box::new(Unusable(format!("SendMessageBatch: {reason}"))))
    }
}

/// A message as SQS takes it, named by its place in the batch.
fn entry(n: usize, message: &Outgoing) -> Result<SendMessageBatchRequestEntry, Source> {
    let entry = SendMessageBatchRequestEntry::builder()
        .id(n.to_string())
        .message_body(&message.body);
    let entry = match &message.order {
        // A FIFO queue refuses a delay of one message, even none; a standard queue has its own where none is given.
        None => entry.delay_seconds(message.delay),
        Some(order) => entry
            .message_group_id(&order.group)
            .message_deduplication_id(&order.deduplication),
    };
    entry.build().map_err(Source::from)
}

#[async_trait]
impl Queue for SqsQueues {
    async fn send(&self, envelopes: &[Envelope]) -> Result<(), SendError> {
        let mut outcome = Ok(());
        for step in Step::ALL {
            let mine = envelopes
                .iter()
                .filter(|envelope| Step::of(&envelope.message) == step);
            let mine: Vec<&Envelope> = mine.collect();
            if !mine.is_empty() {
                // A queue that fails keeps no other one from its messages.
                outcome = outcome.and(self.send_to(step, &mine).await);
            }
        }
        outcome
    }
}
