//! The rules of an organization or a product: what ends and what is deleted after how long. Nothing is lost by default
//! but what was deleted on purpose and what was never uploaded.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::edition::UNDO_TIME;
use crate::registry::{IN_USE_FOR, Trust, USE_WRITTEN_EVERY};

/// A number of days, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Days(u32);

/// A number that no rule can wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a number of days from 1 to {max}", max = Days::MAX)]
pub struct NotDays(u32);

impl Days {
    /// A hundred years.
    pub const MAX: u32 = 36_500;

    /// Takes a number of days.
    ///
    /// # Errors
    /// When it is zero or more than a hundred years.
    pub fn new(days: u32) -> Result<Self, NotDays> {
        if (1..=Self::MAX).contains(&days) {
            Ok(Self(days))
        } else {
            Err(NotDays(days))
        }
    }

    /// Whether so many days have passed since a time.
    pub(super) fn have_passed(self, since: Timestamp, now: Timestamp) -> bool {
        now.duration_since(since) >= SignedDuration::from_hours(i64::from(self.0) * 24)
    }
}

impl std::fmt::Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            1 => f.write_str("1 day"),
            days => write!(f, "{days} days"),
        }
    }
}
impl TryFrom<u32> for Days {
    type Error = NotDays;
    fn try_from(days: u32) -> Result<Self, NotDays> {
        Self::new(days)
    }
}
impl From<Days> for u32 {
    fn from(days: Days) -> u32 {
        days.0
    }
}

/// What ends and what is deleted. A rule that is `None` never applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct RetentionRules {
    /// Drafts end so long after their last new build.
    pub end_drafts_after_days: Option<Days>,
    /// Builds that nothing refers to are deleted so long after their upload.
    pub delete_unreferenced_builds_after_days: Option<Days>,
    /// So many of a product's newest uploaded builds stay, whether or not anything refers to them.
    pub keep_newest_builds: u32,
    /// Builds that were registered and never uploaded are deleted after so long.
    pub delete_never_uploaded_after_days: Option<Days>,
    /// What was deleted on purpose is deleted physically after so long, when it cannot be restored any more.
    pub delete_ended_after_days: Option<Days>,
    /// Moves of an edition's history protect their builds for so long. With neither this nor the next, all do for ever.
    pub history_protects_days: Option<Days>,
    /// So many of an edition's newest moves protect their builds, whatever their age.
    pub history_protects_moves: Option<u32>,
    /// Versions that an installation ran protect their builds and editions for so long after its last check-in. Without it
    /// nothing is protected by use.
    pub use_protects_days: Option<Days>,
    /// Whether installations that nobody has verified protect too.
    pub unverified_use_protects: bool,
}

impl Default for RetentionRules {
    fn default() -> Self {
        Self {
            end_drafts_after_days: None,
            delete_unreferenced_builds_after_days: None,
            keep_newest_builds: 10,
            delete_never_uploaded_after_days: Some(Days(7)),
            delete_ended_after_days: Some(UNDO_DAYS),
            history_protects_days: None,
            history_protects_moves: None,
            use_protects_days: Some(USE_DAYS),
            unverified_use_protects: false,
        }
    }
}

/// How long a deletion can be undone. Nothing is deleted physically before that.
const UNDO_DAYS: Days = Days((UNDO_TIME.as_hours() / 24) as u32);
/// A quarter: clients check in twice a day.
const USE_DAYS: Days = Days((IN_USE_FOR.as_hours() / 24) as u32);
/// Uses are remembered for 400 days; one may be noted a week late.
const REMEMBERED_DAYS: Days = Days(365);
/// Upload forms are good for a day, so a build is not given up before two have passed.
const UPLOAD_DAYS: Days = Days(2);

/// Why rules were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitRules {
    /// What was deleted can still be restored then.
    #[error("delete_ended_after_days: a deletion can be undone for {UNDO_DAYS}, so it must be at least that")]
    StillUndoable,
    /// Files may still be on their way then.
    #[error(
        "delete_never_uploaded_after_days: an upload may take a day, so it must be at least {UPLOAD_DAYS}"
    )]
    StillUploading,
    /// Uses are forgotten after that.
    #[error("use_protects_days: uses are remembered for {REMEMBERED_DAYS}, so it must be at most that")]
    Forgotten,
}

/// The rules as anybody may write them. What is absent is as by default.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct Unchecked {
    end_drafts_after_days: Option<Days>,
    delete_unreferenced_builds_after_days: Option<Days>,
    keep_newest_builds: u32,
    delete_never_uploaded_after_days: Option<Days>,
    delete_ended_after_days: Option<Days>,
    history_protects_days: Option<Days>,
    history_protects_moves: Option<u32>,
    use_protects_days: Option<Days>,
    unverified_use_protects: bool,
}

impl Default for Unchecked {
    fn default() -> Self {
        let RetentionRules {
            end_drafts_after_days,
            delete_unreferenced_builds_after_days,
            keep_newest_builds,
            delete_never_uploaded_after_days,
            delete_ended_after_days,
            history_protects_days,
            history_protects_moves,
            use_protects_days,
            unverified_use_protects,
        } = RetentionRules::default();
        Self {
            end_drafts_after_days,
            delete_unreferenced_builds_after_days,
            keep_newest_builds,
            delete_never_uploaded_after_days,
            delete_ended_after_days,
            history_protects_days,
            history_protects_moves,
            use_protects_days,
            unverified_use_protects,
        }
    }
}

impl TryFrom<Unchecked> for RetentionRules {
    type Error = UnfitRules;
    fn try_from(raw: Unchecked) -> Result<Self, UnfitRules> {
        if raw.delete_ended_after_days.is_some_and(|days| days < UNDO_DAYS) {
            return Err(UnfitRules::StillUndoable);
        }
        if raw
            .delete_never_uploaded_after_days
            .is_some_and(|days| days < UPLOAD_DAYS)
        {
            return Err(UnfitRules::StillUploading);
        }
        if raw.use_protects_days.is_some_and(|days| days > REMEMBERED_DAYS) {
            return Err(UnfitRules::Forgotten);
        }
        Ok(Self {
            end_drafts_after_days: raw.end_drafts_after_days,
            delete_unreferenced_builds_after_days: raw.delete_unreferenced_builds_after_days,
            keep_newest_builds: raw.keep_newest_builds,
            delete_never_uploaded_after_days: raw.delete_never_uploaded_after_days,
            delete_ended_after_days: raw.delete_ended_after_days,
            history_protects_days: raw.history_protects_days,
            history_protects_moves: raw.history_protects_moves,
            use_protects_days: raw.use_protects_days,
            unverified_use_protects: raw.unverified_use_protects,
        })
    }
}

impl RetentionRules {
    /// Since when a use still protects; nothing when none does. Longer than the days by as much as a use may be noted late.
    pub fn used_since(&self, now: Timestamp) -> Option<Timestamp> {
        let days = i64::from(u32::from(self.use_protects_days?));
        let length = SignedDuration::from_hours(days * 24) + USE_WRITTEN_EVERY;
        Some(now.checked_sub(length).unwrap_or(Timestamp::MIN))
    }

    /// Whether a use by somebody of this trust protects.
    pub fn heeds(&self, trust: Trust) -> bool {
        match trust {
            Trust::Verified => true,
            Trust::Unverified => self.unverified_use_protects,
        }
    }

    /// Whether a move protects its build: the `nth` of its edition's history, the newest being the first.
    pub(super) fn protects_move(&self, nth: usize, at: Timestamp, now: Timestamp) -> bool {
        let (days, moves) = (self.history_protects_days, self.history_protects_moves);
        if days.is_none() && moves.is_none() {
            return true;
        }
        let young = days.is_some_and(|days| !days.have_passed(at, now));
        young || moves.is_some_and(|moves| nth < moves as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<RetentionRules, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_absent_is_as_by_default_and_null_is_never() {
        assert_eq!(read("{}"), Ok(RetentionRules::default()));
        let never = read(r#"{"delete_never_uploaded_after_days": null}"#).unwrap();
        assert_eq!(never.delete_never_uploaded_after_days, None);
        assert_eq!(never.delete_ended_after_days, Some(UNDO_DAYS));
    }

    #[test]
    fn rules_read_back_as_they_were_stored() {
        let rules = RetentionRules {
            end_drafts_after_days: Some(Days(30)),
            delete_ended_after_days: None,
            history_protects_moves: Some(3),
            ..RetentionRules::default()
        };
        let json = serde_json::to_string(&rules).unwrap();
        assert_eq!(read(&json), Ok(rules));
    }

    #[test]
    fn rules_that_delete_too_early_are_refused() {
        for (json, field) in [
            (r#"{"delete_ended_after_days": 29}"#, "delete_ended_after_days"),
            (
                r#"{"delete_never_uploaded_after_days": 1}"#,
                "delete_never_uploaded_after_days",
            ),
            (r#"{"use_protects_days": 366}"#, "use_protects_days"),
            (r#"{"end_drafts_after_days": 0}"#, "0 is not a number of days"),
            (
                r#"{"end_drafts_after_days": 36501}"#,
                "36501 is not a number of days",
            ),
            (r#"{"keep_newest_builds": -1}"#, "invalid value"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(field), "{json}: {error}");
        }
    }

    #[test]
    fn either_bound_of_a_history_is_enough_to_protect() {
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let (old, young) = (now - SignedDuration::from_hours(24 * 9), now);
        let rules = |days: Option<u32>, moves| RetentionRules {
            history_protects_days: days.map(Days),
            history_protects_moves: moves,
            ..RetentionRules::default()
        };
        for (rules, wanted) in [
            (rules(None, None), [true, true, true]),
            (rules(Some(7), None), [false, true, false]),
            (rules(None, Some(1)), [true, false, false]),
            (rules(Some(7), Some(1)), [true, true, false]),
        ] {
            let found = [(0, old), (1, young), (1, old)].map(|(nth, at)| rules.protects_move(nth, at, now));
            assert_eq!(found, wanted, "{rules:?}");
        }
    }
}
