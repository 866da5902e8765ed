//! How much anybody may send who shows no credentials. Each process counts for itself, so this is not a quota: it keeps one
//! source from filling the table, while the gateway's throttling keeps the service up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

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

/// How many are counted at a time; a name is 40 bytes.
const MAX_NAMES: usize = 10_000;
const MINUTE: Duration = Duration::from_secs(60);

/// What every process counts.
pub(crate) struct Limits {
    check_ins_of_source: Limit,
    check_ins_of_cluster: Limit,
    wrong_tokens: Limit,
    reports: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            check_ins_of_source: Limit::new(CHECK_INS_OF_SOURCE),
            check_ins_of_cluster: Limit::new(CHECK_INS_OF_CLUSTER),
            wrong_tokens: Limit::new(WRONG_TOKENS),
            reports: Limit::new(REPORTS),
        }
    }
}

impl Limits {
    /// Takes a check-in without a token. Nothing is known of the source where no gateway says it.
    pub(crate) fn check_in(&self, source: Option<&str>, cluster: &str) -> Result<(), ApiError> {
        of_source(&self.check_ins_of_source, source)?;
        self.check_ins_of_cluster.take(cluster).map_err(ApiError::Limited)
    }

    /// Takes a check-in with a token, which is not counted unless the token turns out to be wrong.
    pub(crate) fn check_in_with_token(&self, source: Option<&str>) -> Result<(), ApiError> {
        let wait = source.and_then(|source| self.wrong_tokens.wait(source));
        wait.map_or(Ok(()), |wait| Err(ApiError::Limited(wait)))
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
        let limits = Limits::default();
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
        let limits = Limits::default();
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
        let limits = Limits::default();
        for _ in 0..WRONG_TOKENS {
            limits.check_in_with_token(Some("s")).unwrap();
            limits.wrong_token(Some("s"));
        }
        assert!(limits.check_in_with_token(Some("s")).is_err());
        assert!(limits.check_in_with_token(Some("t")).is_ok());
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
