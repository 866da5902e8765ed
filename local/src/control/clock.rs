//! The clock that every function of the local stack sees.

use std::sync::{Mutex, PoisonError};

use imprint_app::ports::Clock;
use jiff::{SignedDuration, Timestamp};

/// Runs as fast as the machine's clock, from wherever it was put.
#[derive(Debug, Default)]
pub struct LocalClock {
    ahead: Mutex<SignedDuration>,
}

impl LocalClock {
    /// A clock that shows `now`, or the machine's time.
    pub fn starting_at(now: Option<Timestamp>) -> Self {
        let clock = Self::default();
        if let Some(now) = now {
            clock.set(now);
        }
        clock
    }

    /// Puts the clock forward or back; it goes on from there.
    pub fn set(&self, now: Timestamp) {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = now.duration_since(real());
    }
}

impl Clock for LocalClock {
    fn now(&self) -> Timestamp {
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        // At the end of time the clock stands still.
        real().saturating_add(ahead).unwrap_or(Timestamp::MAX)
    }
}

/// The machine's time, which the stand-ins go by as AWS goes by its own.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that the functions ask"
)]
pub(crate) fn real() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_goes_on_from_where_it_was_put() {
        let start: Timestamp = "2031-04-01T12:00:00Z".parse().unwrap();
        let clock = LocalClock::starting_at(Some(start));
        let first = clock.now();
        assert!(first >= start && first < start + SignedDuration::from_secs(60));
        assert!(clock.now() >= first);
        clock.set(Timestamp::UNIX_EPOCH);
        assert!(clock.now() < Timestamp::UNIX_EPOCH + SignedDuration::from_secs(60));
        clock.set(Timestamp::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
