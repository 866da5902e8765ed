//! How much anybody may send. Each process counts for itself, so this is not a quota: a client that sends one request after
//! the other meets mostly one process, and one that sends a hundred at once meets many. It keeps one source from filling the
//! table and one client in a loop from being everybody's trouble, while the gateway's throttling keeps the service up. A count
//! in the table would be exact, and a write for every request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::error::ApiError;

/// Check-ins without a token of one source a minute. Behind one address may be a whole company.
const CHECK_INS_OF_SOURCE: u32 = 1_200;
/// Check-ins without a token of one cluster a minute. Clients come every twelve hours.
const CHECK_INS_OF_CLUSTER: u32 = 300;
/// Tokens of one source a minute that are not those of their clusters.
const WRONG_TOKENS: u32 = 120;
/// Reports of one source a minute, of five megabytes at most.
const REPORTS: u32 = 120;
/// Requests of one token a minute. A client that registers builds and asks for their tasks sends a few a second.
const REQUESTS_OF_TOKEN: u32 = 3_000;
/// Wrong passwords of one source a minute. Each name has a lock of its own; this is for those who try many names.
const WRONG_PASSWORDS: u32 = 120;
/// How many times as much of one client a local stack takes: tests ask it, all of them from the same place.
const LOCAL: u32 = 100;

/// How many are counted at a time; a name is 64 bytes at most.
const MAX_NAMES: usize = 10_000;
const MINUTE: Duration = Duration::from_secs(60);

/// What every process counts.
pub(crate) struct Limits {
    check_ins_of_source: Limit,
    check_ins_of_cluster: Limit,
    wrong_tokens: Limit,
    reports: Limit,
    requests_of_token: Limit,
    wrong_passwords: Limit,
}

impl Limits {
    /// Nothing has been counted.
    pub(crate) fn new(is_local: bool) -> Self {
        let times = if is_local { LOCAL } else { 1 };
        Self {
            check_ins_of_source: Limit::new(CHECK_INS_OF_SOURCE),
            check_ins_of_cluster: Limit::new(CHECK_INS_OF_CLUSTER),
            wrong_tokens: Limit::new(WRONG_TOKENS),
            reports: Limit::new(REPORTS),
            requests_of_token: Limit::new(REQUESTS_OF_TOKEN * times),
            wrong_passwords: Limit::new(WRONG_PASSWORDS * times),
        }
    }

    /// Takes a request with a token, before anybody looks whose it is. The token itself is not kept.
    pub(crate) fn request(&self, token: &str) -> Result<(), ApiError> {
        let name = STANDARD.encode(Sha256::digest(token));
        self.requests_of_token.take(&name).map_err(ApiError::Limited)
    }

    /// Takes a password, which is not counted unless it turns out to be wrong.
    pub(crate) fn password(&self, source: Option<&str>) -> Result<(), ApiError> {
        waited(&self.wrong_passwords, source)
    }

    /// Counts a password that was wrong.
    pub(crate) fn wrong_password(&self, source: Option<&str>) {
        // The next one is refused.
        let _counted = of_source(&self.wrong_passwords, source);
    }

    /// Takes a check-in without a token. Nothing is known of the source where no gateway says it.
    pub(crate) fn check_in(&self, source: Option<&str>, cluster: &str) -> Result<(), ApiError> {
        of_source(&self.check_ins_of_source, source)?;
        self.check_ins_of_cluster.take(cluster).map_err(ApiError::Limited)
    }

    /// Takes a check-in with a token, which is not counted unless the token turns out to be wrong.
    pub(crate) fn check_in_with_token(&self, source: Option<&str>) -> Result<(), ApiError> {
        waited(&self.wrong_tokens, source)
    }

    /// Counts a token that was not its cluster's.
    pub(crate) fn wrong_token(&self, source: Option<&str>) {
        // The next one is refused.
        let _counted = of_source(&self.wrong_tokens, source);
    }

    /// Takes a report.
    pub(crate) fn report(&self, source: Option<&str>) -> Result<(), ApiError> {
        of_source(&self.reports, source)
    }
}

/// Whether there is one left for a source. None is taken.
fn waited(limit: &Limit, source: Option<&str>) -> Result<(), ApiError> {
    let wait = source.and_then(|source| limit.wait(source));
    wait.map_or(Ok(()), |wait| Err(ApiError::Limited(wait)))
}

fn of_source(limit: &Limit, source: Option<&str>) -> Result<(), ApiError> {
    source.map_or(Ok(()), |source| limit.take(source).map_err(ApiError::Limited))
}

/// So many a minute of each name, all at once if need be.
struct Limit {
    most: u32,
    counted: Mutex<Counted>,
}

/// What a name has left.
#[derive(Debug, Clone, Copy)]
struct Left {
    number: f64,
    at: Instant,
}

struct Counted {
    now: HashMap<String, Left>,
    /// Those of the minute before. What is older has all left again and need not be known.
    before: HashMap<String, Left>,
    since: Instant,
}

impl Limit {
    fn new(most: u32) -> Self {
        let counted = Counted {
            now: HashMap::new(),
            before: HashMap::new(),
            since: Instant::now(),
        };
        Self {
            most,
            counted: Mutex::new(counted),
        }
    }

    /// Takes one; when there is none left, says how long to wait for it.
    fn take(&self, name: &str) -> Result<(), Duration> {
        self.left(name, |left| {
            if left.number < 1.0 {
                return Err(self.until_one(left));
            }
            left.number -= 1.0;
            Ok(())
        })
    }

    /// How long to wait for the next one; nothing when there is one.
    fn wait(&self, name: &str) -> Option<Duration> {
        self.left(name, |left| (left.number < 1.0).then(|| self.until_one(left)))
    }

    fn until_one(&self, left: &Left) -> Duration {
        MINUTE.mul_f64((1.0 - left.number) / f64::from(self.most))
    }

    fn left<T>(&self, name: &str, with: impl FnOnce(&mut Left) -> T) -> T {
        let now = Instant::now();
        let most = f64::from(self.most);
        // A panic between two statements leaves the maps whole.
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.turn(now);
        let before = counted.before.get(name).copied();
        let left = counted
            .now
            .entry(name.to_owned())
            .or_insert(before.unwrap_or(Left {
                number: most,
                at: now,
            }));
        let passed = now.saturating_duration_since(left.at).as_secs_f64() / MINUTE.as_secs_f64();
        left.number = (left.number + passed * most).min(most);
        left.at = now;
        with(left)
    }
}

impl Counted {
    /// Forgets those of whom nothing came for a minute; earlier when there are too many, as then they are not one source.
    fn turn(&mut self, now: Instant) {
        if now.saturating_duration_since(self.since) >= MINUTE || self.now.len() >= MAX_NAMES {
            self.before = std::mem::take(&mut self.now);
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn d25_a_thousand_check_ins_a_minute_pass_and_a_flood_does_not() {
        let limits = Limits::new(false);
        let flood = |source: &str, n: usize| {
            (0..n)
                .filter(|at| limits.check_in(Some(source), &format!("c{at}")).is_ok())
                .count()
        };
        assert_eq!(flood("a", 1_000), 1_000);
        assert_eq!(flood("a", 1_000), 200);
        assert_eq!(flood("b", 10), 10);
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(flood("a", 1_000), 600);
        tokio::time::advance(Duration::from_secs(300)).await;
        assert_eq!(flood("a", 1_300), 1_200);
    }

    #[tokio::test(start_paused = true)]
    async fn d25_a_cluster_without_a_token_has_a_limit_whatever_its_sources() {
        let limits = Limits::new(false);
        let taken = (0..1_000)
            .filter(|at| limits.check_in(Some(&format!("s{at}")), "c").is_ok())
            .count();
        assert_eq!(taken, 300);
        let ApiError::Limited(wait) = limits.check_in(None, "c").unwrap_err() else {
            panic!("it is a limit");
        };
        assert_eq!(wait, Duration::from_millis(200));
    }

    #[tokio::test(start_paused = true)]
    async fn d25_tokens_cannot_be_guessed_without_end() {
        let limits = Limits::new(false);
        for _ in 0..WRONG_TOKENS {
            limits.check_in_with_token(Some("s")).unwrap();
            limits.wrong_token(Some("s"));
        }
        assert!(limits.check_in_with_token(Some("s")).is_err());
        assert!(limits.check_in_with_token(Some("t")).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_in_a_loop_waits_and_no_other_does() {
        let limits = Limits::new(false);
        let taken = |token: &str| (0..4_000).filter(|_| limits.request(token).is_ok()).count();
        assert_eq!(taken("imp_a"), 3_000);
        assert_eq!(taken("imp_b"), 3_000);
        let ApiError::Limited(wait) = limits.request("imp_a").unwrap_err() else {
            panic!("it is a limit");
        };
        assert_eq!(wait, Duration::from_millis(20));
        tokio::time::advance(wait).await;
        limits.request("imp_a").unwrap();
        assert!(limits.request("imp_a").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn only_wrong_passwords_are_counted() {
        let limits = Limits::new(false);
        for _ in 0..WRONG_PASSWORDS {
            limits.password(Some("s")).unwrap();
            limits.password(Some("s")).unwrap();
            limits.wrong_password(Some("s"));
        }
        assert!(limits.password(Some("s")).is_err());
        assert!(limits.password(Some("t")).is_ok());
        assert!(limits.password(None).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn d25_what_is_counted_is_bounded() {
        let limit = Limit::new(1);
        for at in 0..3 * MAX_NAMES {
            limit.take(&format!("s{at}")).unwrap();
        }
        let counted = limit.counted.lock().unwrap();
        assert!(counted.now.len() + counted.before.len() <= 2 * MAX_NAMES);
    }
}
