//! Asynchronous invocations: what S3 and schedules do. The caller does not wait, failures are repeated, and what
//! failed for good goes to the function's destination.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::invoker::{InvocationError, Invoker, Pending, request_id};
use super::resources::Resources;
use super::wall_clock;
use crate::template;

/// Invocations at once of all functions together; Lambda's own bound is the account's.
const CONCURRENCY: usize = 16;

pub(super) struct Asynchronous {
    invoker: Arc<Invoker>,
    sqs: aws_sdk_sqs::Client,
    resources: Arc<Resources>,
    retry_delay: Duration,
    permits: Arc<Semaphore>,
    pending: Pending,
}

/// How a function wants asynchronous invocations handled.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) function: String,
    arn: String,
    retries: u32,
    on_failure: Option<String>,
}

impl Target {
    pub(super) fn new(stack: &template::Stack, function: &template::Function) -> Self {
        Self {
            function: function.name.clone(),
            arn: super::resources::function_arn(stack, &function.deployed_name),
            retries: function.retries,
            on_failure: function.on_failure.clone(),
        }
    }
}

impl Asynchronous {
    pub(super) fn new(
        invoker: Arc<Invoker>,
        sqs: aws_sdk_sqs::Client,
        resources: Arc<Resources>,
        retry_delay: Duration,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(CONCURRENCY));
        Self {
            invoker,
            sqs,
            resources,
            retry_delay,
            permits,
            pending: Pending::default(),
        }
    }

    /// How many invocations wait, run or wait again.
    pub(super) fn pending(&self) -> usize {
        self.pending.count()
    }

    /// Takes an event over.
    pub(super) fn send(self: &Arc<Self>, target: Target, trigger: String, payload: Value) {
        let pending = self.pending.one();
        let this = Arc::clone(self);
        tokio::spawn(async move {
            this.deliver(&target, &trigger, payload).await;
            drop(pending);
        });
    }

    async fn deliver(&self, target: &Target, trigger: &str, payload: Value) {
        let mut attempt = 1;
        loop {
            let result = {
                let _permit = self.permits.acquire().await;
                self.invoker
                    .invoke(&target.function, trigger.to_owned(), 1, payload.clone())
                    .await
            };
            match result {
                Ok(_) | Err(InvocationError::CutOff) => return,
                Err(error) if attempt > target.retries => {
                    tracing::error!(function = target.function, trigger, attempt, %error, "gave an event up");
                    return self.give_up(target, payload, attempt, &error).await;
                }
                Err(error) => {
                    tracing::warn!(function = target.function, trigger, attempt, %error, "will repeat an event");
                }
            }
            attempt += 1;
            tokio::time::sleep(self.retry_delay).await;
        }
    }

    /// The record that Lambda sends to a destination
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>).
    async fn give_up(&self, target: &Target, payload: Value, attempts: u32, error: &InvocationError) {
        let Some(logical) = &target.on_failure else { return };
        let record = json!({
            "version": "1.0",
            "timestamp": wall_clock().to_string(),
            "requestContext": {
                "requestId": request_id(),
                "functionArn": format!("{}:$LATEST", target.arn),
                "condition": "RetriesExhausted",
                "approximateInvokeCount": attempts,
            },
            "requestPayload": payload,
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "responsePayload": { "errorMessage": error.to_string() },
        });
        let Some(url) = self.resources.reference(logical) else {
            return;
        };
        if let Err(error) = self
            .sqs
            .send_message()
            .queue_url(url)
            .message_body(record.to_string())
            .send()
            .await
        {
            tracing::error!(function = target.function, queue = logical, %error, "lost a given-up event");
        }
    }
}
