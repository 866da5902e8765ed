//! The versions that LTD's modes read from tags.

use serde::{Deserialize, Serialize};

use crate::git::{GitRef, GitRefs};

use super::{Standing, by_version, same_if};

/// Which tags and which trunk the mode `lsst_doc` follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LsstDocGrammar {
    /// `v<major>.<minor>` and nothing else, as LTD Keeper 1.x; `master` is as good as `main`.
    #[serde(rename = "1.x")]
    Keeper1,
    /// `v` and patch may be there or not, as LTD Keeper 2.x; `master` counts only where the edition tracks it.
    #[default]
    #[serde(rename = "2.x")]
    Keeper2,
}

/// A name that is none of the grammars.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither 1.x nor 2.x")]
pub struct UnknownGrammar(String);

impl std::str::FromStr for LsstDocGrammar {
    type Err = UnknownGrammar;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let known = [Self::Keeper1, Self::Keeper2]
            .into_iter()
            .find(|one| one.name() == raw);
        known.ok_or_else(|| UnknownGrammar(raw.chars().take(40).collect()))
    }
}

impl LsstDocGrammar {
    /// The name in the API: the version of the keeper that has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keeper1 => "1.x",
            Self::Keeper2 => "2.x",
        }
    }

    fn is_trunk(self, tracked: Option<&GitRefs>, candidate: &GitRef) -> bool {
        let master_counts = match self {
            Self::Keeper1 => true,
            Self::Keeper2 => tracked.is_some_and(|refs| refs.first().as_str() == "master"),
        };
        candidate.as_str() == "main" || (master_counts && candidate.as_str() == "master")
    }

    fn version(self, raw: &str) -> Option<Version> {
        match self {
            Self::Keeper1 => numbers(raw.strip_prefix('v')?, '.', 2),
            Self::Keeper2 => {
                let raw = raw.strip_prefix('v').unwrap_or(raw);
                let two = || numbers(raw, '.', 2).map(|parts| vec![parts[0], parts[1], 0]);
                numbers(raw, '.', 3).or_else(two)
            }
        }
    }
}

pub(super) fn lsst_doc(
    grammar: LsstDocGrammar,
    tracked: Option<&GitRefs>,
    current: Option<&GitRefs>,
    candidate: &GitRefs,
) -> Standing {
    if grammar.is_trunk(tracked, candidate.first()) {
        return match current {
            None => Standing::Higher,
            Some(current) => same_if(grammar.is_trunk(tracked, current.first())),
        };
    }
    by_version(|raw| grammar.version(raw), current, candidate)
}

/// A version as numbers of equal weight from left to right.
pub(super) type Version = Vec<u64>;

/// Decimal ASCII digits that fit; anything longer is no version number of this world.
fn number(raw: &str) -> Option<u64> {
    let digits = !raw.is_empty() && raw.len() <= 18 && raw.bytes().all(|b| b.is_ascii_digit());
    if digits { raw.parse().ok() } else { None }
}

fn numbers(raw: &str, separator: char, count: usize) -> Option<Version> {
    let parts: Option<Version> = raw.split(separator).map(number).collect();
    parts.filter(|parts| parts.len() == count)
}

pub(super) fn eups_major(raw: &str) -> Option<Version> {
    match raw.strip_prefix('v') {
        Some(rest) => numbers(rest, '_', 2),
        None => numbers(raw, '.', 2),
    }
}

pub(super) fn eups_weekly(raw: &str) -> Option<Version> {
    eups_dated(raw, 'w', 2)
}

pub(super) fn eups_daily(raw: &str) -> Option<Version> {
    eups_dated(raw, 'd', 3)
}

fn eups_dated(raw: &str, letter: char, count: usize) -> Option<Version> {
    let rest = raw.strip_prefix(letter)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '_' | '.'))?;
    numbers(&rest[1..], separator, count)
}
