//! The control port: what tests, benches and demos may do to a local stack, and nobody to a deployed one.
//!
//! Listens on loopback only and answers loopback names only, so that no page in a browser can reach it through a name
//! of its own. Never part of a deployed function.

mod clock;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use imprint_app::ports::Clock as _;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::runner::Runner;
use crate::stack::Tally;
use crate::standins::fastly::Fastly;
use crate::standins::front::{Latency, LatencyChange, RequestCounts};
use crate::template::Source;

pub use self::clock::LocalClock;
pub(crate) use self::clock::real;
use self::reply::{Answer, Refusal, json_response, ok};

/// What the control port controls.
#[derive(Debug, Clone)]
pub struct Controlled {
    /// The clock of every function.
    pub clock: Arc<LocalClock>,
    /// The functions and their queues.
    pub runner: Arc<Runner>,
    /// The requests that were sent.
    pub counts: RequestCounts,
    /// The latency of the stand-ins.
    pub latency: Latency,
    /// The CDN.
    pub fastly: Fastly,
    /// What the functions measured.
    pub tally: Tally,
}

/// Every route with what it does, as `GET /` lists them.
const ROUTES: [(&str, &str); 13] = [
    ("GET /clock", "the time that every function sees"),
    ("PUT /clock", "moves it: {\"now\": \"2031-01-01T00:00:00Z\"}"),
    (
        "GET /requests",
        "requests to the stand-ins by function, service and operation",
    ),
    ("POST /requests/reset", "counts from nothing again"),
    (
        "GET /metrics",
        "what the functions measured, added up: copies, purges, waits, failures",
    ),
    ("GET /purges", "what the CDN was told to forget"),
    (
        "GET /queues",
        "waiting, in flight, delayed and dead messages by queue",
    ),
    (
        "POST /schedules/{name}/run",
        "runs a schedule now, with the body as its input if there is one",
    ),
    ("GET /latency", "milliseconds added to each request"),
    (
        "PUT /latency",
        "changes what is named: {\"s3_ms\": 20, \"dynamodb_ms\": 5, \"sqs_ms\": 5}",
    ),
    (
        "POST /quiesce",
        "answers when nothing is queued or running, or 504 after ?timeout_seconds=60 with what is",
    ),
    (
        "PUT /fastly/failures",
        "lets the CDN refuse its next calls: {\"count\": 3, \"status\": 503}",
    ),
    ("GET /", "this list"),
];

/// No body of this port needs more.
const MAX_BODY: usize = 64 * 1024;
const QUIESCE_SECONDS: u64 = 60;
/// Longer waits are better asked again.
const MAX_QUIESCE_SECONDS: u64 = 600;

/// The routes of the control port.
pub fn routes(controlled: Controlled) -> Router {
    Router::new().fallback(answer).with_state(controlled)
}

async fn answer(State(controlled): State<Controlled>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answered = async {
        check_caller(&parts.headers)?;
        let body = axum::body::to_bytes(body, MAX_BODY)
            .await
            .map_err(|error| Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()))?;
        controlled.route(&parts.method, &parts.uri, &body).await
    };
    answered.await.unwrap_or_else(|refusal| reply::refusal(&refusal))
}

/// Refuses what a page of another site could send: names that only seem to be this machine, and foreign origins.
fn check_caller(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !["127.0.0.1", "localhost", "[::1]"].contains(&name) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "this port is for this machine: use http://127.0.0.1",
        ));
    }
    match text(header::ORIGIN) {
        Some(origin) if origin.strip_prefix("http://") != Some(host) => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "pages of other origins may not use this port",
        )),
        Some(_) | None => Ok(()),
    }
}

impl Controlled {
    async fn route(&self, method: &Method, uri: &Uri, body: &Bytes) -> Answer {
        let path: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
        match (method.as_str(), path.as_slice()) {
            ("GET", []) => ok(&ROUTES
                .iter()
                .copied()
                .collect::<std::collections::BTreeMap<_, _>>()),
            ("GET", ["clock"]) => self.clock(),
            ("PUT", ["clock"]) => self.set_clock(body),
            ("GET", ["requests"]) => ok(&self.counts.snapshot()),
            ("POST", ["requests", "reset"]) => {
                self.counts.reset();
                ok(&self.counts.snapshot())
            }
            ("GET", ["metrics"]) => ok(&self.tally.snapshot()),
            ("GET", ["purges"]) => ok(&json!({ "purges": self.fastly.purges() })),
            ("GET", ["queues"]) => self.queues().await,
            ("POST", ["schedules", name, "run"]) => self.run_schedule(name, body).await,
            ("GET", ["latency"]) => ok(&self.latency.get()),
            ("PUT", ["latency"]) => {
                self.latency.set(parsed::<LatencyChange>(body)?);
                ok(&self.latency.get())
            }
            ("POST", ["quiesce"]) => self.quiesce(uri).await,
            ("PUT", ["fastly", "failures"]) => self.fail_fastly(body),
            _ => {
                let message = format!("there is no {method} {}; GET / lists what there is", uri.path());
                Err(Refusal::new(StatusCode::NOT_FOUND, message))
            }
        }
    }

    fn clock(&self) -> Answer {
        ok(&json!({ "now": self.clock.now() }))
    }

    fn set_clock(&self, body: &Bytes) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Change {
            now: Timestamp,
        }
        self.clock.set(parsed::<Change>(body)?.now);
        self.clock()
    }

    async fn queues(&self) -> Answer {
        match self.runner.queues().await {
            Ok(queues) => ok(&queues),
            Err(error) => Err(Refusal::new(StatusCode::BAD_GATEWAY, format!("{error:#}"))),
        }
    }

    async fn run_schedule(&self, name: &str, body: &Bytes) -> Answer {
        let names = self.schedules();
        if !names.iter().any(|known| known == name) {
            let message = format!("there is no schedule {name}; there is {}", names.join(", "));
            return Err(Refusal::new(StatusCode::NOT_FOUND, message));
        }
        let ran = match body.trim_ascii() {
            [] => self.runner.run_schedule(name).await,
            _ => self.runner.run_schedule_with(name, parsed::<Value>(body)?).await,
        };
        match ran {
            Ok(result) => ok(&json!({ "schedule": name, "result": result })),
            Err(error) => Err(Refusal::new(StatusCode::BAD_GATEWAY, format!("{error:#}"))),
        }
    }

    fn schedules(&self) -> Vec<String> {
        let functions = &self.runner.stack().functions;
        let sources = functions.iter().flat_map(|function| &function.sources);
        sources
            .filter_map(|source| match source {
                Source::Schedule(schedule) => Some(schedule.name.clone()),
                Source::Queue(_) | Source::Objects(_) | Source::Http(_) => None,
            })
            .collect()
    }

    async fn quiesce(&self, uri: &Uri) -> Answer {
        let timeout = timeout(uri.query())?;
        match self.runner.quiesce(timeout).await {
            Ok(()) => ok(&json!({ "quiet": true })),
            Err(busy) => {
                let left = json!({
                    "quiet": false,
                    "status": 504,
                    "error": "gateway timeout",
                    "message": busy.to_string(),
                    "left": busy,
                });
                Ok(json_response(StatusCode::GATEWAY_TIMEOUT, &left))
            }
        }
    }

    fn fail_fastly(&self, body: &Bytes) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Failures {
            count: u32,
            status: u16,
        }
        let failures: Failures = parsed(body)?;
        let status = StatusCode::from_u16(failures.status)
            .ok()
            .filter(|status| status.as_u16() >= 400);
        let status = status.ok_or_else(|| Refusal::bad("status must be one of an error, such as 503"))?;
        self.fastly.fail_next(failures.count, status);
        ok(&json!({ "count": failures.count, "status": failures.status }))
    }
}

fn parsed<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad(format!("the body is not what is wanted: {error}")))
}

fn timeout(query: Option<&str>) -> Result<Duration, Refusal> {
    let mut seconds = QUIESCE_SECONDS;
    for pair in query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let wanted = pair
            .strip_prefix("timeout_seconds=")
            .and_then(|value| value.parse().ok());
        seconds = wanted
            .filter(|seconds| *seconds <= MAX_QUIESCE_SECONDS)
            .ok_or_else(|| {
                Refusal::bad(format!(
                    "{pair:?} is not understood; timeout_seconds takes 0 to {MAX_QUIESCE_SECONDS}"
                ))
            })?;
    }
    Ok(Duration::from_secs(seconds))
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
    fn only_this_machine_may_ask() {
        for host in ["127.0.0.1:8702", "localhost:8702", "[::1]:8702", "127.0.0.1"] {
            assert_eq!(check_caller(&headers(&[("host", host)])), Ok(()), "{host}");
        }
        for host in [
            "evil.example:8702",
            "127.0.0.1.evil.example",
            "tidepool.localhost:8702",
            "",
        ] {
            assert!(check_caller(&headers(&[("host", host)])).is_err(), "{host}");
        }
    }

    #[test]
    fn a_page_of_another_origin_may_not() {
        let own = [("host", "127.0.0.1:8702"), ("origin", "http://127.0.0.1:8702")];
        assert_eq!(check_caller(&headers(&own)), Ok(()));
        for origin in ["https://evil.example", "http://127.0.0.1:8701", "null"] {
            assert!(
                check_caller(&headers(&[("host", "127.0.0.1:8702"), ("origin", origin)])).is_err(),
                "{origin}"
            );
        }
    }

    #[test]
    fn the_patience_of_quiesce_is_bounded() {
        assert_eq!(timeout(None), Ok(Duration::from_secs(60)));
        assert_eq!(timeout(Some("timeout_seconds=5")), Ok(Duration::from_secs(5)));
        for query in ["timeout_seconds=x", "timeout_seconds=601", "timeout=5"] {
            assert!(timeout(Some(query)).is_err(), "{query}");
        }
    }
}
