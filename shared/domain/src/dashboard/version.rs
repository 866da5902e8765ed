//! Versions in the order of their numbers, for lists (D17: LTD sorted them as texts, 9.0 above 10.0).

use std::cmp::Ordering;

/// More numbers than this are a date or an address, not a version.
const MAX_NUMBERS: usize = 4;
/// Words that make what they follow come before the version itself, also without a hyphen (`1.0rc1`, `v16_0_rc1`).
const EARLIER: [&str; 9] = ["a", "alpha", "b", "beta", "c", "rc", "pre", "preview", "dev"];

/// A version as a list shows it: `v1.10`, `2.0.0-rc.2`, `v15_0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    /// Without trailing zeros, so that `1` and `1.0` are one version.
    numbers: Vec<u64>,
    /// What makes it come before the version itself.
    earlier: Option<Vec<Part>>,
}

/// A part of a pre-release. Numbers come before words (<https://semver.org/#spec-item-11>).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

impl Version {
    /// Reads a ref or slug, or nothing when it is no version.
    pub(super) fn read(raw: &str) -> Option<Self> {
        let raw = raw.split('+').next().unwrap_or("");
        let raw = raw.strip_prefix(['v', 'V']).unwrap_or(raw);
        let separator = if raw.contains('.') { '.' } else { '_' };
        let mut numbers = Vec::new();
        let mut rest = raw;
        loop {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            // Nineteen digits may not fit, and are no version of this world.
            if end == 0 || end > 18 || numbers.len() == MAX_NUMBERS {
                return None;
            }
            numbers.push(rest[..end].parse().ok()?);
            rest = &rest[end..];
            match rest.strip_prefix(separator) {
                Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
                Some(_) | None => break,
            }
        }
        let earlier = match rest {
            "" => None,
            rest => Some(earlier(rest, numbers.len())?),
        };
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self { numbers, earlier })
    }

    /// Whether it comes before the version whose numbers it has.
    pub(super) fn is_earlier(&self) -> bool {
        self.earlier.is_some()
    }
}

fn earlier(rest: &str, numbers: usize) -> Option<Vec<Part>> {
    let is_semantic = numbers == 3 && rest.starts_with('-');
    let parts = parts(rest.trim_start_matches(['-', '.', '_']))?;
    let known = match parts.first() {
        Some(Part::Word(word)) => EARLIER.contains(&word.as_str()),
        Some(Part::Number(_)) | None => false,
    };
    (known || is_semantic).then_some(parts)
}

/// Runs of digits and of letters: `rc10` and `rc.10` are the same two parts.
fn parts(raw: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for piece in raw.split(['.', '-', '_']) {
        let mut rest = piece;
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let other = |c: char| c.is_ascii_digit() != digits;
            let run = &rest[..rest.find(other).unwrap_or(rest.len())];
            rest = &rest[run.len()..];
            parts.push(match digits {
                true if run.len() <= 18 => Part::Number(run.parse().ok()?),
                true => return None,
                false if run.bytes().all(|b| b.is_ascii_alphabetic()) => Part::Word(run.to_ascii_lowercase()),
                false => return None,
            });
        }
    }
    (!parts.is_empty()).then_some(parts)
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let of_parts = match (&self.earlier, &other.earlier) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(mine), Some(others)) => mine.cmp(others),
        };
        self.numbers.cmp(&other.numbers).then(of_parts)
    }
}
impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn d17_versions_are_ordered_by_their_numbers() {
        let ascending = [
            "0.9",
            "v1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-beta.2",
            "1.0rc2",
            "1.0.0-rc.10",
            "v1",
            "v1.0.1",
            "1.9",
            "1.10",
            "2.0.0-rc.2",
            "v2_0",
            "9.0.0",
            "10.0.0",
            "v15_0",
            "v16_0_rc1",
            "16.0",
        ];
        let versions = ascending.map(|raw| Version::read(raw).expect(raw));
        assert!(versions.is_sorted(), "{versions:?}");
        assert_eq!(Version::read("v1.0"), Version::read("1"));
        assert_eq!(Version::read("1.2.3+build.7"), Version::read("1.2.3"));
    }

    #[test]
    fn what_is_no_version_is_none() {
        for raw in [
            "",
            "v",
            "main",
            "tickets/DM-1",
            "w_2024_10",
            "1-fix",
            "2024-01-05",
            "1.2.3.4.5",
            "v1.2x",
            "1..2",
            "release-1.2",
            "1234567890123456789",
            "1.0-ü",
            "v1.2.3-",
        ] {
            assert_eq!(Version::read(raw), None, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(raw in ".{0,20}") {
            let _read = Version::read(&raw);
        }
    }
}
