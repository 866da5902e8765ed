//! SQS: rustack's queues, in memory, mounted in our server, with a few answers put right:
//!
//! - a batch of more than 1 MiB is refused as a whole;
//! - a receipt handle that no queue can have given out is refused;
//! - ListDeadLetterSourceQueues spells its member as the service model does.

use std::net::Ipv4Addr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use rustack_sqs_core::config::SqsConfig;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_http::body::SqsResponseBody;
use rustack_sqs_http::dispatch::dispatch_operation;
use rustack_sqs_http::response::{error_to_response, json_response};
use rustack_sqs_http::router::resolve_operation;
use rustack_sqs_model::error::{SqsError, SqsErrorCode};
use rustack_sqs_model::operations::SqsOperation;
use serde_json::Value;

use super::operation;
use super::server::{Answer, BoxError, StandIn};
use crate::rights::{self, Uses};

/// Bodies and attributes of a batch together:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
const MAX_BATCH: usize = 1024 * 1024;
const REQUEST_ID: &str = "local";

/// The queues. Signatures are not checked: nothing here is worth guarding, and S3 shows wrong keys.
#[derive(Debug)]
pub(crate) struct Queues {
    handler: RustackSqsHandler,
    uses: Uses,
}

impl Queues {
    /// No queues yet; the URLs of those to come name `port`.
    pub(crate) fn new(port: u16, uses: Uses) -> Self {
        let config = SqsConfig {
            host: Ipv4Addr::LOCALHOST.to_string(),
            port,
            ..SqsConfig::default()
        };
        Self {
            handler: RustackSqsHandler::new(Arc::new(RustackSqs::new(config))),
            uses,
        }
    }

    async fn operate(
        &self,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<SqsResponseBody>, SqsError> {
        let operation = resolve_operation(request.headers())?;
        let unread = |error: hyper::Error| SqsError::invalid_parameter_value(error.to_string());
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(unread)?.to_bytes();
        self.note(&parts.headers, &body);
        check(operation, &body)?;
        let answer = dispatch_operation(&self.handler, operation, body).await?;
        match operation {
            SqsOperation::ListDeadLetterSourceQueues => respell(answer).await,
            _ => Ok(answer),
        }
    }

    fn note(&self, headers: &http::HeaderMap, body: &[u8]) {
        let Some(function) = self.uses.function(rights::signer(headers)) else {
            return;
        };
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        for (action, resource) in rights::of_sqs(&operation::of_target(headers), &body) {
            self.uses.add(function, &action, resource);
        }
    }
}

impl StandIn for Queues {
    async fn answer(&self, request: http::Request<Incoming>) -> Answer {
        let answer = self
            .operate(request)
            .await
            .unwrap_or_else(|error| error_to_response(&error, REQUEST_ID));
        answer.map(|body| body.map_err(BoxError::from).boxed_unsync())
    }
}

fn check(operation: SqsOperation, body: &[u8]) -> Result<(), SqsError> {
    // Bodies that are not JSON are refused by the operation itself.
    let input = || serde_json::from_slice::<Value>(body).unwrap_or_default();
    match operation {
        SqsOperation::SendMessageBatch if body.len() > MAX_BATCH => {
            let entries = input()["Entries"].as_array().cloned().unwrap_or_default();
            let size: usize = entries
                .iter()
                .map(|entry| entry["MessageBody"].as_str().map_or(0, str::len))
                .sum();
            if size > MAX_BATCH {
                let message = format!("Batch requests cannot be longer than {MAX_BATCH} bytes.");
                return Err(SqsError::new(SqsErrorCode::BatchRequestTooLong, message));
            }
            Ok(())
        }
        SqsOperation::DeleteMessage | SqsOperation::ChangeMessageVisibility => match input()["ReceiptHandle"]
            .as_str()
        {
            Some(handle) if !is_receipt_handle(handle) => {
                let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
                Err(SqsError::new(SqsErrorCode::ReceiptHandleIsInvalid, message))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Rustack gives out the base64 of `<message id>:<nanoseconds>:<nonce>`.
fn is_receipt_handle(handle: &str) -> bool {
    BASE64
        .decode(handle)
        .is_ok_and(|raw| raw.split(|byte| *byte == b':').count() == 3)
}

async fn respell(
    answer: http::Response<SqsResponseBody>,
) -> Result<http::Response<SqsResponseBody>, SqsError> {
    let internal = |error: &dyn std::error::Error| SqsError::internal_error(error.to_string());
    let body = answer
        .into_body()
        .collect()
        .await
        .map_err(|error| internal(&error))?
        .to_bytes();
    let mut output: Value = serde_json::from_slice(&body).map_err(|error| internal(&error))?;
    if let Some(members) = output.as_object_mut()
        && let Some(urls) = members.remove("QueueUrls")
    {
        members.insert("queueUrls".to_owned(), urls);
    }
    Ok(json_response(output.to_string().into_bytes(), REQUEST_ID))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_that_no_queue_gave_out_is_refused() {
        let check = |handle: &str| {
            let body = serde_json::json!({"QueueUrl": "q", "ReceiptHandle": handle}).to_string();
            check(SqsOperation::DeleteMessage, body.as_bytes())
        };
        assert!(check(&rustack_sqs_core::message::generate_receipt_handle("m")).is_ok());
        assert!(check("junk").is_err());
    }
}
