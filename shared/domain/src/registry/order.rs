//! The order of versions whose scheme nobody knows: semantic ones by precedence, all others by their bytes.

use semver::{Prerelease, Version};

/// Reads a version leniently: `v2.19` is `2.19.0`, since tags and installations leave letters on and zeros out.
fn read(raw: &str) -> Option<Version> {
    let raw = raw.strip_prefix('v').unwrap_or(raw);
    let end = raw.find(['-', '+']).unwrap_or(raw.len());
    let (numbers, rest) = raw.split_at(end);
    let missing = match numbers.matches('.').count() {
        0 => ".0.0",
        1 => ".0",
        _ => "",
    };
    Version::parse(&format!("{numbers}{missing}{rest}")).ok()
}

/// Whether a text reads as a version, so that a ref of this name is taken for one: `v2.19`, not `main`.
pub fn is_version(raw: &str) -> bool {
    read(raw).is_some()
}

/// Whether a version comes after another by semantic versioning. What is no semantic version is not known to.
pub fn is_newer(candidate: &str, installed: &str) -> bool {
    match (read(candidate), read(installed)) {
        (Some(candidate), Some(installed)) => candidate.cmp_precedence(&installed).is_gt(),
        (Some(_) | None, Some(_) | None) => false,
    }
}

/// A text that sorts as the version does: semantic versions by precedence, then those that are none.
///
/// Numbers are written with 20 digits, which hold any of 64 bits. Each part of a pre-release is closed with `!`, which
/// sorts below all that a version may contain and above nothing at all, so that a shorter list comes first. The text is at
/// most 780 bytes long.
pub(super) fn rank(raw: &str) -> String {
    let Some(version) = read(raw) else {
        return "~".to_owned();
    };
    let Version {
        major,
        minor,
        patch,
        pre,
        ..
    } = version;
    format!("{major:020}.{minor:020}.{patch:020}{}", rank_of(&pre))
}

fn rank_of(pre: &Prerelease) -> String {
    if pre.is_empty() {
        return "~".to_owned();
    }
    let parts = pre.split('.').map(|part| match part.parse::<u64>() {
        // Numbers come before words.
        Ok(number) => format!("0{number:020}!"),
        Err(_) => format!("1{part}!"),
    });
    format!("-{}", parts.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn newer_is_by_number_and_not_by_letter() {
        for (candidate, installed) in [
            ("3.0.0", "2.0.0"),
            ("2.0.1", "2.0.0"),
            ("2.4.5", "2.3.99"),
            ("2.10.0", "2.9.0"),
            ("v2.19.0", "2.18.0"),
            ("2.19", "v2.18.4"),
            ("2.0.0", "2.0.0-rc.1"),
        ] {
            assert!(is_newer(candidate, installed), "{candidate} {installed}");
            assert!(!is_newer(installed, candidate), "{installed} {candidate}");
        }
        for (one, other) in [
            ("1.0.0", "1.0.0"),
            ("1.0.0+a", "1.0.0+b"),
            ("nightly", "1.0.0"),
            ("b", "a"),
        ] {
            assert!(!is_newer(one, other) && !is_newer(other, one), "{one} {other}");
        }
    }

    fn versions() -> impl Strategy<Value = String> {
        "(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]?)\\.(0|[1-9])(-[0-9a-z-]{1,3}(\\.[0-9a-z]{1,3}){0,2})?"
    }

    proptest! {
        #[test]
        fn the_text_sorts_as_the_versions_do(a in versions(), b in versions()) {
            if let (Some(one), Some(other)) = (read(&a), read(&b)) {
                prop_assert_eq!(rank(&a).cmp(&rank(&b)), one.cmp_precedence(&other), "{} {}", a, b);
            }
        }
    }

    #[test]
    fn what_is_no_version_comes_after_all_versions() {
        assert!(rank("nightly") > rank("999.0.0"));
        assert_eq!(rank("nightly"), rank("2026.011.x"));
        let longest = format!("1.0.0-{}", vec!["1"; 29].join("."));
        assert!(rank(&longest).len() < 780);
    }
}
