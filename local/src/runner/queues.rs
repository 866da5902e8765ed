//! The mapping of a queue to a function: polls, calls, deletes what succeeded, brings back what failed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageSystemAttributeName,
};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::invoker::Invoker;
use super::queue_event::{self, Failures};
use super::{Runner, RunnerOptions};
use crate::template::{Function, QueueSource, Reference};

/// SQS gives and takes ten messages a request
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>).
const MESSAGES_A_REQUEST: usize = 10;
/// Seconds of a long poll. A message ends it at once; one whose visibility timeout ends may be seen only by the
/// next poll, so it is short.
const LONG_POLL: i32 = 1;
/// Between two looks while a batch fills up.
const WHILE_FILLING: Duration = Duration::from_millis(50);
/// After a poll that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

pub(super) struct Poller {
    sqs: aws_sdk_sqs::Client,
    invoker: Arc<Invoker>,
    function: String,
    source: QueueSource,
    name: String,
    url: String,
    arn: String,
    region: String,
    redelivery_seconds: i32,
    permits: Arc<Semaphore>,
    concurrency: usize,
}

impl Poller {
    pub(super) fn new(
        runner: &Runner,
        function: &Function,
        source: &QueueSource,
        options: &RunnerOptions,
    ) -> anyhow::Result<Self> {
        let queue = runner
            .stack
            .queue(&source.queue)
            .with_context(|| format!("no queue {}", source.queue))?;
        let arn = Reference {
            logical: queue.logical.clone(),
            attribute: Some("Arn".to_owned()),
        };
        // FIFO queues bound themselves besides: while a message group has a message in flight, SQS gives out
        // no other message of that group.
        let bound = source.max_concurrency.unwrap_or(usize::MAX);
        let concurrency = bound.min(options.queue_concurrency).max(1);
        Ok(Self {
            sqs: runner.clients.sqs.clone(),
            invoker: Arc::clone(&runner.invoker),
            function: function.name.clone(),
            source: source.clone(),
            name: queue.name.clone(),
            url: runner.resources.name_of(&queue.logical)?,
            arn: runner.resources.value(&arn)?,
            region: runner.stack.region.clone(),
            redelivery_seconds: whole_seconds(options.redelivery_delay),
            permits: Arc::new(Semaphore::new(concurrency)),
            concurrency,
        })
    }

    /// Polls until the stack stops, then waits for what it has given to the function.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) {
        let this = Arc::new(self);
        loop {
            let batch = tokio::select! {
                batch = this.next_batch() => batch,
                _ = stop.wait_for(|stopped| *stopped) => break,
            };
            match batch {
                Ok((permit, batch)) => {
                    let this = Arc::clone(&this);
                    tokio::spawn(async move {
                        this.handle(batch).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(
                        queue = this.name,
                        error = format!("{error:#}"),
                        "the queue does not answer"
                    );
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
        let all = u32::try_from(this.concurrency).unwrap_or(u32::MAX);
        // The semaphore is never closed, and the permits are returned when the messages have been dealt with.
        let _returned = this.permits.acquire_many(all).await;
    }

    async fn next_batch(&self) -> anyhow::Result<(OwnedSemaphorePermit, Vec<Message>)> {
        let permit = Arc::clone(&self.permits).acquire_owned().await?;
        let mut batch = Vec::new();
        while batch.is_empty() {
            batch = self.receive(self.source.batch_size, LONG_POLL).await?;
        }
        let full_at = Instant::now() + self.source.window;
        while batch.len() < self.source.batch_size && Instant::now() < full_at {
            let more = self.receive(self.source.batch_size - batch.len(), 0).await?;
            if more.is_empty() {
                tokio::time::sleep_until(full_at.min(Instant::now() + WHILE_FILLING)).await;
            }
            batch.extend(more);
        }
        Ok((permit, batch))
    }

    async fn receive(&self, most: usize, wait: i32) -> anyhow::Result<Vec<Message>> {
        let received = self
            .sqs
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(most.min(MESSAGES_A_REQUEST))?)
            .wait_time_seconds(wait)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await?;
        Ok(received.messages.unwrap_or_default())
    }

    async fn handle(&self, batch: Vec<Message>) {
        let event = queue_event::event(&batch, &self.arn, &self.region);
        let trigger = format!("queue {}", self.name);
        let result = self
            .invoker
            .invoke(&self.function, trigger, batch.len(), event)
            .await;
        let failures = match &result {
            Err(error) => {
                tracing::warn!(function = self.function, queue = self.name, records = batch.len(), %error, "a batch failed");
                Failures::All
            }
            Ok(response) => self.failures(response, &batch),
        };
        let (failed, done): (Vec<&Message>, Vec<&Message>) = batch
            .iter()
            .partition(|message| failures.contains(message.message_id().unwrap_or_default()));
        if let Err(error) = self.delete(&done).await {
            tracing::error!(
                queue = self.name,
                error = format!("{error:#}"),
                "handled messages will come again"
            );
        }
        if let Err(error) = self.bring_back(&failed).await {
            tracing::error!(
                queue = self.name,
                error = format!("{error:#}"),
                "failed messages will come late"
            );
        }
    }

    fn failures(&self, response: &Value, batch: &[Message]) -> Failures {
        if !self.source.reports_failures {
            return Failures::Some(BTreeSet::new());
        }
        let failures = queue_event::failures(response, batch);
        if !failures.is_none() {
            tracing::warn!(
                function = self.function,
                queue = self.name,
                ?failures,
                "records failed"
            );
        }
        failures
    }

    async fn delete(&self, messages: &[&Message]) -> anyhow::Result<()> {
        for messages in messages.chunks(MESSAGES_A_REQUEST) {
            let mut request = self.sqs.delete_message_batch().queue_url(&self.url);
            for (index, message) in messages.iter().enumerate() {
                let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string());
                request = request.entries(
                    entry
                        .receipt_handle(message.receipt_handle().unwrap_or_default())
                        .build()?,
                );
            }
            let refused = request.send().await?.failed;
            anyhow::ensure!(refused.is_empty(), "not deleted: {refused:?}");
        }
        Ok(())
    }

    async fn bring_back(&self, messages: &[&Message]) -> anyhow::Result<()> {
        for messages in messages.chunks(MESSAGES_A_REQUEST) {
            let mut request = self.sqs.change_message_visibility_batch().queue_url(&self.url);
            for (index, message) in messages.iter().enumerate() {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(message.receipt_handle().unwrap_or_default())
                    .visibility_timeout(self.redelivery_seconds);
                request = request.entries(entry.build()?);
            }
            let refused = request.send().await?.failed;
            anyhow::ensure!(refused.is_empty(), "not brought back: {refused:?}");
        }
        Ok(())
    }
}

fn whole_seconds(delay: Duration) -> i32 {
    i32::try_from(delay.as_millis().div_ceil(1000)).unwrap_or(i32::MAX)
}
