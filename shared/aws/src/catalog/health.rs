//! How the table is: whether it answers, and what it was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use imprint_app::ports::{Meter, StoreError, StoreHealth};
use serde::Deserialize;

use super::DynamoCatalog;
use super::keys::Key;

/// The header that names the operation of a request: `DynamoDB_20120810.GetItem`.
const TARGET: &str = "x-amz-target";
const READS: [&str; 4] = ["GetItem", "BatchGetItem", "Query", "Scan"];
/// Alone, or as the reason of a cancelled transaction.
const THROTTLED: [&str; 5] = [
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingError",
    "ThrottlingException",
];
const CONDITION_FAILED: [&str; 2] = ["ConditionalCheckFailed", "ConditionalCheckFailedException"];

#[async_trait]
impl StoreHealth for DynamoCatalog {
    async fn probe(&self) -> Result<(), StoreError> {
        self.item(Key::build_counter()).await.map(drop)
    }

    fn meter(&self) -> Meter {
        self.requests.read()
    }
}

/// Counts the requests of a client, repetitions by the SDK included. Clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    reads: AtomicU64,
    writes: AtomicU64,
    errors: AtomicU64,
    throttles: AtomicU64,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// As it should, or because its condition did not hold.
    Answered,
    Throttled,
    Failed,
}

impl Requests {
    fn read(&self) -> Meter {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Meter {
            reads: count(&self.0.reads),
            writes: count(&self.0.writes),
            errors: count(&self.0.errors),
            throttles: count(&self.0.throttles),
        }
    }

    fn began(&self, target: &str) {
        let operation = target.rsplit('.').next().unwrap_or_default();
        let counter = if READS.contains(&operation) {
            &self.0.reads
        } else {
            &self.0.writes
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn ended(&self, end: End) {
        let (errors, throttles) = match end {
            End::Answered => (0, 0),
            End::Throttled => (1, 1),
            End::Failed => (1, 0),
        };
        self.0.errors.fetch_add(errors, Ordering::Relaxed);
        self.0.throttles.fetch_add(throttles, Ordering::Relaxed);
    }
}

impl Intercept for Requests {
    fn name(&self) -> &'static str {
        "imprint: requests"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.began(context.request().headers().get(TARGET).unwrap_or_default());
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.ended(match context.output_or_error() {
            Some(Ok(_)) => End::Answered,
            Some(Err(_)) | None => refusal(context.response()),
        });
        Ok(())
    }
}

/// What DynamoDB says when it refuses: `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException", …}`.
#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type")]
    kind: String,
    #[serde(default, rename = "CancellationReasons")]
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default, rename = "Code")]
    code: String,
}

fn refusal(response: Option<&HttpResponse>) -> End {
    let body = response.and_then(|response| response.body().bytes());
    let refusal = body.and_then(|body| serde_json::from_slice::<Refusal>(body).ok());
    refusal.map_or(End::Failed, |refusal| {
        let kind = refusal.kind.rsplit('#').next().unwrap_or_default();
        let codes = refusal.reasons.iter().map(|reason| reason.code.as_str());
        let codes: Vec<&str> = codes.chain([kind]).collect();
        let any = |of: &[&str]| codes.iter().any(|code| of.contains(code));
        if any(&CONDITION_FAILED) {
            End::Answered
        } else if any(&THROTTLED) {
            End::Throttled
        } else {
            End::Failed
        }
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::primitives::SdkBody;

    use super::*;

    fn answered(body: &str) -> End {
        refusal(Some(&HttpResponse::new(
            400.try_into().unwrap(),
            SdkBody::from(body),
        )))
    }

    #[test]
    fn a_condition_that_did_not_hold_is_no_error_and_a_throttled_request_is_one_of_its_own() {
        let kind = |name: &str| {
            answered(&format!(
                r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{name}"}}"#
            ))
        };
        assert_eq!(kind("ConditionalCheckFailedException"), End::Answered);
        assert_eq!(kind("ProvisionedThroughputExceededException"), End::Throttled);
        assert_eq!(kind("ResourceNotFoundException"), End::Failed);
        let cancelled = |code: &str| {
            answered(&format!(
                r#"{{"__type":"x#TransactionCanceledException","CancellationReasons":[{{"Code":"None"}},{{"Code":"{code}"}}]}}"#
            ))
        };
        assert_eq!(cancelled("ConditionalCheckFailed"), End::Answered);
        assert_eq!(cancelled("ThrottlingError"), End::Throttled);
        assert_eq!(cancelled("TransactionConflict"), End::Failed);
        assert_eq!(answered("<html>"), End::Failed);
        assert_eq!(refusal(None), End::Failed);
    }
}
