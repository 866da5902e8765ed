//! What an answer of Fastly means.

use imprint_app::ports::PurgeError;
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::call::Unusable;

/// When the limit is lifted, in seconds since 1970
/// (<https://www.fastly.com/documentation/reference/api/#rate-limiting>).
const RATE_LIMIT_RESET: &str = "fastly-ratelimit-reset";

/// What was answered.
pub(super) struct Answer<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    /// The beginning of the body.
    pub(super) body: &'a str,
}

/// Whether the purge was accepted, may be accepted later, or never will be.
pub(super) fn judge(answer: &Answer<'_>, now: Timestamp) -> Result<(), PurgeError> {
    let status = answer.status;
    if status.is_success() {
        return Ok(());
    }
    let source = Box::new(Unusable(format!(
        "the purge was answered with {status}: {}",
        answer.body
    )));
    let busy = [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status);
    if busy || status.is_server_error() {
        Err(PurgeError::Busy {
            retry_after: retry_after(answer, now),
            source,
        })
    } else {
        Err(PurgeError::Refused(source))
    }
}

/// How long the answer asks to wait, in either form of `Retry-After` (RFC 9110, 10.2.3) or in Fastly's own. The latter
/// is on every answer, and asks for something only when the limit is what it is about.
fn retry_after(answer: &Answer<'_>, now: Timestamp) -> Option<SignedDuration> {
    let text = |name: &str| answer.headers.get(name)?.to_str().ok().map(str::trim);
    let until = |at: Timestamp| at.duration_since(now).max(SignedDuration::ZERO);
    if let Some(raw) = text(RETRY_AFTER.as_str()) {
        let seconds = raw.parse().ok().filter(|seconds| *seconds >= 0);
        let wait = seconds.map(SignedDuration::from_secs);
        let wait = wait.or_else(|| http_date(raw).map(until));
        if wait.is_some() {
            return wait;
        }
    }
    if answer.status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let reset = text(RATE_LIMIT_RESET)?.parse().ok()?;
    Timestamp::from_second(reset).ok().map(until)
}

fn http_date(raw: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(raw).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Result<(), PurgeError> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let headers = headers.collect();
        let said = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
            body: "no such service",
        };
        judge(&said, Timestamp::from_second(1_000).unwrap())
    }

    fn wait(status: u16, headers: &[(&'static str, &'static str)]) -> Option<i64> {
        match answer(status, headers) {
            Err(PurgeError::Busy { retry_after, .. }) => retry_after.map(|wait| wait.as_secs()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_accepted_purge_is_a_success() {
        assert!(answer(200, &[]).is_ok());
        assert!(answer(202, &[]).is_ok());
    }

    #[test]
    fn a_busy_cdn_says_how_long_to_wait() {
        assert_eq!(wait(503, &[]), None);
        assert_eq!(wait(429, &[("retry-after", "7")]), Some(7));
        assert_eq!(
            wait(429, &[("retry-after", "Thu, 01 Jan 1970 00:16:55 GMT")]),
            Some(15)
        );
        assert_eq!(wait(429, &[("fastly-ratelimit-reset", "1030")]), Some(30));
        assert_eq!(wait(429, &[("fastly-ratelimit-reset", "900")]), Some(0));
        assert_eq!(
            wait(
                429,
                &[("retry-after", "soon"), ("fastly-ratelimit-reset", "1001")]
            ),
            Some(1)
        );
        assert_eq!(wait(502, &[("retry-after", "-3")]), None);
        assert_eq!(wait(503, &[("fastly-ratelimit-reset", "4600")]), None);
    }

    #[test]
    fn a_refusal_says_what_was_answered() {
        for status in [301, 400, 401, 403, 404] {
            match answer(status, &[]) {
                Err(PurgeError::Refused(source)) => {
                    let said = source.to_string();
                    assert!(
                        said.contains(&status.to_string()) && said.contains("no such service"),
                        "{said}"
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
