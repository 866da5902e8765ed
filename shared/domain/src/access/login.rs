//! Passwords, and how often somebody may guess them.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Shorter passwords can be guessed against a public API.
const MIN_CHARACTERS: usize = 12;

/// Longer ones only cost time to hash.
const MAX_BYTES: usize = 1024;

/// A password that somebody chose. It is never stored or shown.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(String);

/// Why a password was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too easy to guess.
    #[error("it has fewer than {MIN_CHARACTERS} characters")]
    TooShort,
    /// Longer than any password has to be.
    #[error("it has more than {MAX_BYTES} bytes")]
    TooLong,
    /// One character over and over.
    #[error("it is one character again and again")]
    Monotonous,
}

impl NewPassword {
    /// The password itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

impl std::str::FromStr for NewPassword {
    type Err = PasswordError;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        if raw.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        if raw.chars().count() < MIN_CHARACTERS {
            return Err(PasswordError::TooShort);
        }
        let mut characters = raw.chars();
        let first = characters.next();
        if characters.all(|other| Some(other) == first) {
            return Err(PasswordError::Monotonous);
        }
        Ok(Self(raw.to_owned()))
    }
}

/// So many wrong passwords of one name are borne within a window.
pub const MAX_FAILURES: u64 = 10;

/// How long wrong passwords are remembered, from the first of them on.
pub const FAILURE_WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// Wrong passwords that were given with one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginFailures {
    /// When the first of them was given.
    pub since: Timestamp,
    /// How many there were since.
    pub count: u64,
}

impl LoginFailures {
    /// What is remembered after one more. A window that is over begins anew.
    pub fn one_more(seen: Option<Self>, now: Timestamp) -> Self {
        match seen.filter(|seen| seen.counts(now)) {
            Some(seen) => Self {
                count: seen.count + 1,
                ..seen
            },
            None => Self { since: now, count: 1 },
        }
    }

    /// Whether the window is still open.
    pub fn counts(&self, now: Timestamp) -> bool {
        now < self.since + FAILURE_WINDOW
    }

    /// How long nobody is let in by this name; nothing when the next password is looked at.
    pub fn locked_for(&self, now: Timestamp) -> Option<SignedDuration> {
        let locked = self.counts(now) && self.count >= MAX_FAILURES;
        locked.then(|| (self.since + FAILURE_WINDOW).duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_767_268_800, 0);

    #[test]
    fn a_password_has_at_least_twelve_characters_and_is_never_shown() {
        for good in ["correct horse", "zwölf Zeichen", "            -"] {
            assert!(good.parse::<NewPassword>().is_ok(), "{good}");
        }
        assert_eq!("elevenchars".parse::<NewPassword>(), Err(PasswordError::TooShort));
        assert_eq!(
            "x".repeat(40).parse::<NewPassword>(),
            Err(PasswordError::Monotonous)
        );
        assert_eq!(
            "ab".repeat(513).parse::<NewPassword>(),
            Err(PasswordError::TooLong)
        );
        let password: NewPassword = "correct horse".parse().unwrap();
        assert!(!format!("{password:?}").contains("correct"));
    }

    #[test]
    fn the_tenth_failure_within_the_window_locks_until_the_window_is_over() {
        let minute = SignedDuration::from_mins(1);
        let mut failures = None;
        for n in 1..=MAX_FAILURES {
            assert_eq!(
                failures.and_then(|failures: LoginFailures| failures.locked_for(NOON)),
                None
            );
            failures = Some(LoginFailures::one_more(failures, NOON));
            assert_eq!(failures.unwrap().count, n);
        }
        let failures = failures.unwrap();
        assert_eq!(failures.locked_for(NOON), Some(FAILURE_WINDOW));
        assert_eq!(failures.locked_for(NOON + minute * 14), Some(minute));
        assert_eq!(failures.locked_for(NOON + FAILURE_WINDOW), None);
        let again = LoginFailures::one_more(Some(failures), NOON + FAILURE_WINDOW);
        assert_eq!(again.count, 1);
    }
}
