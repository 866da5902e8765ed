//! The layer in front of every stand-in: counts requests, adds latency.
//!
//! Requests are what AWS bills and what a Lambda waits for, so tests and benches assert on them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};

use super::operation;
use super::server::{Answer, StandIn};

/// A service that is stood in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Objects.
    S3,
    /// Tables.
    DynamoDb,
    /// Queues.
    Sqs,
    /// The CDN.
    Fastly,
}

impl Service {
    /// The name in counts and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::DynamoDb => "dynamodb",
            Self::Sqs => "sqs",
            Self::Fastly => "fastly",
        }
    }
}

/// Requests by function, service and operation.
///
/// The function is the `app/<name>` part of the SDK's user agent (its `AppName`), `-` when there is none.
#[derive(Debug, Clone, Default)]
pub struct RequestCounts(Arc<Mutex<Counted>>);

/// What [`RequestCounts::snapshot`] gives: function, service, operation, requests.
pub type Snapshot = BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>;
type Counted = BTreeMap<String, BTreeMap<&'static str, BTreeMap<String, u64>>>;

impl RequestCounts {
    /// The requests since the start or the last reset.
    pub fn snapshot(&self) -> Snapshot {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let owned = |services: &BTreeMap<&'static str, BTreeMap<String, u64>>| {
            services
                .iter()
                .map(|(service, operations)| ((*service).to_owned(), operations.clone()))
                .collect()
        };
        counted
            .iter()
            .map(|(function, services)| (function.clone(), owned(services)))
            .collect()
    }

    /// Starts again from nothing.
    pub fn reset(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn add(&self, function: &str, service: Service, operation: &str) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !counted.contains_key(function) {
            counted.insert(function.to_owned(), BTreeMap::new());
        }
        let services = counted.get_mut(function).expect("it was put there above");
        let operations = services.entry(service.name()).or_default();
        match operations.get_mut(operation) {
            Some(count) => *count += 1,
            None => {
                operations.insert(operation.to_owned(), 1);
            }
        }
    }
}

/// Milliseconds added to every request before the stand-in sees it, by service. None are added to the CDN.
#[derive(Debug, Clone, Default)]
pub struct Latency(Arc<Delays>);

#[derive(Debug, Default)]
struct Delays {
    s3_ms: AtomicU64,
    dynamodb_ms: AtomicU64,
    sqs_ms: AtomicU64,
}

/// The latencies in force, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LatencySettings {
    /// Added to each S3 request.
    pub s3_ms: u64,
    /// Added to each DynamoDB request.
    pub dynamodb_ms: u64,
    /// Added to each SQS request.
    pub sqs_ms: u64,
}

/// A change of latencies; what is absent stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyChange {
    /// New latency of each S3 request.
    pub s3_ms: Option<u64>,
    /// New latency of each DynamoDB request.
    pub dynamodb_ms: Option<u64>,
    /// New latency of each SQS request.
    pub sqs_ms: Option<u64>,
}

impl Latency {
    /// Changes the latencies that are named, from the next request on.
    pub fn set(&self, change: LatencyChange) {
        let set = |place: &AtomicU64, ms: Option<u64>| {
            if let Some(ms) = ms {
                place.store(ms, Ordering::Relaxed);
            }
        };
        set(&self.0.s3_ms, change.s3_ms);
        set(&self.0.dynamodb_ms, change.dynamodb_ms);
        set(&self.0.sqs_ms, change.sqs_ms);
    }

    /// The latencies in force.
    pub fn get(&self) -> LatencySettings {
        LatencySettings {
            s3_ms: self.0.s3_ms.load(Ordering::Relaxed),
            dynamodb_ms: self.0.dynamodb_ms.load(Ordering::Relaxed),
            sqs_ms: self.0.sqs_ms.load(Ordering::Relaxed),
        }
    }

    fn of(&self, service: Service) -> Duration {
        let settings = self.get();
        Duration::from_millis(match service {
            Service::S3 => settings.s3_ms,
            Service::DynamoDb => settings.dynamodb_ms,
            Service::Sqs => settings.sqs_ms,
            Service::Fastly => 0,
        })
    }
}

/// Counts and delays the requests of one service.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    service: Service,
    counts: RequestCounts,
    latency: Latency,
}

impl Front {
    /// A front for `service`.
    pub(crate) fn new(service: Service, counts: RequestCounts, latency: Latency) -> Self {
        Self {
            service,
            counts,
            latency,
        }
    }

    /// Counts the request, waits, and hands it on.
    pub(crate) async fn pass<S: StandIn>(&self, request: http::Request<Incoming>, to: &S) -> Answer {
        let operation = match self.service {
            Service::S3 => operation::of_s3(request.method(), request.uri(), request.headers()).into(),
            Service::DynamoDb | Service::Sqs => operation::of_target(request.headers()),
            Service::Fastly => operation::of_fastly(request.method(), request.uri()).into(),
        };
        self.counts
            .add(function_name(request.headers()), self.service, &operation);
        let delay = self.latency.of(self.service);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        to.answer(request).await
    }
}

/// The function that sent the request, as the SDK writes it: `aws-sdk-rust/1.3 ... app/copy-edition`.
fn function_name(headers: &HeaderMap) -> &str {
    // The SDK for Rust writes its short form to `user-agent`, the long one with the name to the other.
    ["x-amz-user-agent", "user-agent"]
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok())
        .flat_map(str::split_ascii_whitespace)
        .find_map(|part| part.strip_prefix("app/"))
        .unwrap_or("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_function_is_the_app_name_of_the_user_agent() {
        let long = "aws-sdk-rust/1.3 ua/2.1 api/s3/1.157 os/linux lang/rust/1.95 app/copy-edition";
        assert_eq!(
            function_name(&headers(&[("x-amz-user-agent", long)])),
            "copy-edition"
        );
        assert_eq!(function_name(&headers(&[("user-agent", long)])), "copy-edition");
        assert_eq!(
            function_name(&headers(&[("user-agent", "curl/8.0 myapp/x")])),
            "-"
        );
        assert_eq!(function_name(&headers(&[])), "-");
    }

    #[test]
    fn counts_start_again_after_a_reset() {
        let counts = RequestCounts::default();
        counts.add("api", Service::S3, "GetObject");
        counts.add("api", Service::S3, "GetObject");
        assert_eq!(counts.snapshot()["api"]["s3"]["GetObject"], 2);
        counts.reset();
        assert!(counts.snapshot().is_empty());
    }
}
