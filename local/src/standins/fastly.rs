//! A Fastly stand-in: takes purges, remembers them, and fails when told to.
//!
//! <https://www.fastly.com/documentation/reference/api/purging/>

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower::ServiceExt as _;

use super::server::{Answer, BoxError, StandIn};

/// Fastly accepts 256 keys a call.
const MAX_KEYS: usize = 256;
/// Fastly accepts 16,384 bytes of keys a call, separators included.
const MAX_KEY_BYTES: usize = 16_384;
/// What an hour starts with. Fastly's own limit depends on the contract; only the header's shape matters.
const CALLS_AN_HOUR: u64 = 100_000;
const SECONDS_AN_HOUR: i64 = 3600;

/// One accepted purge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Purge {
    /// The service whose cache was purged.
    pub service: String,
    /// The surrogate keys, in the order of the request.
    pub keys: Vec<String>,
    /// A soft purge marks as stale, a hard one drops.
    pub soft: bool,
    /// When it was accepted.
    pub time: jiff::Timestamp,
}

/// The recorder; clones share what they recorded.
#[derive(Debug, Clone, Default)]
pub struct Fastly(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    purges: Vec<Purge>,
    failures: Option<(u32, StatusCode)>,
    calls: u64,
    subscribers: Vec<UnboundedSender<Purge>>,
}

impl Fastly {
    /// Every purge accepted so far.
    pub fn purges(&self) -> Vec<Purge> {
        self.recorded(|recorded| recorded.purges.clone())
    }

    /// Answers the next `n` calls with `status` (429, 503, ...) and purges nothing.
    pub fn fail_next(&self, n: u32, status: StatusCode) {
        self.recorded(|recorded| recorded.failures = (n > 0).then_some((n, status)));
    }

    /// A stream of the purges accepted from now on, complete and in order.
    pub fn subscribe(&self) -> UnboundedReceiver<Purge> {
        let (sender, receiver) = unbounded_channel();
        self.recorded(|recorded| recorded.subscribers.push(sender));
        receiver
    }

    fn recorded<T>(&self, look: impl FnOnce(&mut Recorded) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn purge(&self, service: String, keys: Vec<String>, headers: &HeaderMap) -> Result<(), StatusCode> {
        let soft = headers.get("fastly-soft-purge").is_some_and(|value| value == "1");
        self.recorded(|recorded| {
            recorded.calls += 1;
            if let Some((left, status)) = recorded.failures.take() {
                recorded.failures = (left > 1).then_some((left - 1, status));
                return Err(status);
            }
            let purge = Purge {
                service,
                keys,
                soft,
                time: jiff::Timestamp::now(),
            };
            recorded
                .subscribers
                .retain(|subscriber| subscriber.send(purge.clone()).is_ok());
            recorded.purges.push(purge);
            Ok(())
        })
    }

    /// Headers that say how many calls are left in this hour, as Fastly sends with every answer.
    fn rate_limit(&self, status: StatusCode) -> [(&'static str, String); 2] {
        let now = jiff::Timestamp::now().as_second();
        let left = CALLS_AN_HOUR.saturating_sub(self.recorded(|recorded| recorded.calls));
        let (left, reset) = match status {
            // Told to be over the limit: a second is what a test wants to wait.
            StatusCode::TOO_MANY_REQUESTS => (0, now + 1),
            _ => (left, now - now % SECONDS_AN_HOUR + SECONDS_AN_HOUR),
        };
        [
            ("fastly-ratelimit-remaining", left.to_string()),
            ("fastly-ratelimit-reset", reset.to_string()),
        ]
    }

    fn routes(self) -> axum::Router {
        axum::Router::new()
            .route("/service/{service}/purge", post(purge_keys))
            .route("/service/{service}/purge/{key}", post(purge_key))
            .with_state(self)
    }
}

impl StandIn for Fastly {
    async fn answer(&self, request: http::Request<Incoming>) -> Answer {
        let request = request.map(axum::body::Body::new);
        let answer = match request
            .headers()
            .get("fastly-key")
            .is_none_or(|key| key.is_empty())
        {
            true => refuse(
                self,
                StatusCode::UNAUTHORIZED,
                "Provided credentials are missing or invalid",
            ),
            false => match self.clone().routes().oneshot(request).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            },
        };
        answer.map(|body| body.map_err(BoxError::from).boxed_unsync())
    }
}

#[derive(Deserialize)]
struct PurgeBody {
    surrogate_keys: Vec<String>,
}

async fn purge_keys(
    State(fastly): State<Fastly>,
    Path(service): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let named = headers.get("surrogate-key").and_then(|keys| keys.to_str().ok());
    let keys = match named {
        Some(keys) => keys.split_ascii_whitespace().map(str::to_owned).collect(),
        None => match serde_json::from_slice::<PurgeBody>(&body) {
            Ok(body) => body.surrogate_keys,
            Err(error) => return refuse(&fastly, StatusCode::BAD_REQUEST, &error.to_string()),
        },
    };
    if keys.is_empty() || keys.len() > MAX_KEYS {
        return refuse(
            &fastly,
            StatusCode::BAD_REQUEST,
            "between 1 and 256 surrogate keys are accepted",
        );
    }
    if keys.iter().map(|key| key.len() + 1).sum::<usize>() - 1 > MAX_KEY_BYTES {
        return refuse(
            &fastly,
            StatusCode::BAD_REQUEST,
            "the surrogate keys exceed 16384 bytes",
        );
    }
    let ids: BTreeMap<String, String> = keys
        .iter()
        .map(|key| (key.clone(), purge_id(&service, key)))
        .collect();
    accept(&fastly, service, keys, &headers, json!(ids))
}

async fn purge_key(
    State(fastly): State<Fastly>,
    Path((service, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let done = json!({"status": "ok", "id": purge_id(&service, &key)});
    accept(&fastly, service, vec![key], &headers, done)
}

fn accept(
    fastly: &Fastly,
    service: String,
    keys: Vec<String>,
    headers: &HeaderMap,
    done: serde_json::Value,
) -> Response {
    match fastly.purge(service, keys, headers) {
        Ok(()) => (fastly.rate_limit(StatusCode::OK), Json(done)).into_response(),
        Err(status) => refuse(fastly, status, "told to fail"),
    }
}

fn refuse(fastly: &Fastly, status: StatusCode, detail: &str) -> Response {
    let msg = status.canonical_reason().unwrap_or("error");
    (
        status,
        fastly.rate_limit(status),
        Json(json!({"msg": msg, "detail": detail})),
    )
        .into_response()
}

fn purge_id(service: &str, key: &str) -> String {
    format!("{service}-{key}")
}
