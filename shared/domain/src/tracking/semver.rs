//! Semantic versions (<https://semver.org/spec/v2.0.0.html>), with or without a leading `v`.

use std::cmp::Ordering;

use semver::Version;

/// A version in the order of precedence: build metadata does not count.
#[derive(Debug, Clone)]
pub(super) struct Precedence(Version);

impl Precedence {
    fn parse(raw: &str) -> Option<Self> {
        let version = Version::parse(raw.strip_prefix('v').unwrap_or(raw)).ok()?;
        Some(Self(version))
    }

    /// Its major and its minor number.
    pub(super) fn line(&self) -> (u64, u64) {
        (self.0.major, self.0.minor)
    }
}

impl Ord for Precedence {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp_precedence(&other.0)
    }
}

impl PartialOrd for Precedence {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Precedence {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Precedence {}

/// The version that a ref names, unless it is a pre-release.
pub(super) fn release(raw: &str) -> Option<Precedence> {
    Precedence::parse(raw).filter(|version| version.0.pre.is_empty())
}

/// The versions that begin with the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    major: u64,
    minor: Option<u64>,
}

impl Line {
    /// Reads `2` or `2.3`, by the rules of versions: no leading zeros.
    pub(super) fn parse(raw: &str) -> Option<Self> {
        let numbers = raw.strip_prefix('v').unwrap_or(raw);
        let has_minor = numbers.contains('.');
        let completed = format!("{numbers}{}", if has_minor { ".0" } else { ".0.0" });
        let first = Version::parse(&completed).ok()?;
        (first.pre.is_empty() && first.build.is_empty()).then_some(Self {
            major: first.major,
            minor: has_minor.then_some(first.minor),
        })
    }

    pub(super) fn is_major(self) -> bool {
        self.minor.is_none()
    }

    pub(super) fn is_minor(self) -> bool {
        self.minor.is_some()
    }

    /// The version that a ref names, when it is a release of this line.
    pub(super) fn release(self, raw: &str) -> Option<Precedence> {
        release(raw).filter(|Precedence(version)| {
            version.major == self.major && self.minor.is_none_or(|minor| minor == version.minor)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::GitRefs;
    use crate::rules::tests::rules;
    use crate::tracking::{Standing, TrackingMode, UnfitRefs, standing};
    use proptest::prelude::*;

    fn refs(raw: &str) -> GitRefs {
        GitRefs::parse(&[raw]).unwrap()
    }

    #[test]
    fn versions_are_read_by_the_contract() {
        for (raw, pre) in [
            ("1.2.3", ""),
            ("0.0.1", ""),
            ("1.0.0-rc.1", "rc.1"),
            ("1.0.0-beta.2", "beta.2"),
            ("v1.0.0-alpha-1", "alpha-1"),
            ("v2.0.0-0.3.7+exp.sha-5", "0.3.7"),
        ] {
            let version = Precedence::parse(raw);
            assert_eq!(version.unwrap().0.pre.as_str(), pre, "{raw}");
        }
        for raw in [
            "1.2",
            "1.2.3.4",
            "w_2024_05",
            "01.2.3",
            "1.2.3-",
            "1.2.3-01",
            "vv1.2.3",
            "V1.2.3",
            "",
            " 1.2.3",
        ] {
            assert!(Precedence::parse(raw).is_none(), "{raw}");
        }
    }

    #[test]
    fn versions_are_ordered_by_the_specification() {
        let ascending = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0-rc.2",
            "1.0.0-rc.10",
            "1.0.0-rc.99999999999999999999999",
            "1.0.0",
            "1.1.0",
            "1.1.1",
            "1.9.0",
            "1.10.0",
            "2.0.0",
        ];
        for pair in ascending.windows(2) {
            assert!(
                Precedence::parse(pair[0]) < Precedence::parse(pair[1]),
                "{pair:?}"
            );
        }
        assert_eq!(Precedence::parse("1.0.0+a"), Precedence::parse("v1.0.0+b"));
    }

    fn accepted(mode: TrackingMode, tracked: &str, current: &str, candidate: &str) -> bool {
        let current = (current != "-").then(|| refs(current));
        match standing(
            &rules(),
            mode,
            Some(&refs(tracked)),
            current.as_ref(),
            &refs(candidate),
        ) {
            Standing::Same | Standing::Higher => true,
            Standing::Lower | Standing::Foreign => false,
        }
    }

    #[test]
    fn an_edition_follows_the_highest_release_of_what_it_tracks() {
        use TrackingMode::{SemverMajor, SemverMinor, SemverRelease};
        for (mode, tracked, current, candidate, expected) in [
            (SemverRelease, "main", "-", "v1.0.0", true),
            (SemverRelease, "main", "main", "1.0.0", true),
            (SemverRelease, "main", "1.0.0", "main", false),
            (SemverRelease, "main", "-", "1.0.0-rc.1", false),
            (SemverRelease, "main", "1.9.0", "1.10.0", true),
            (SemverRelease, "main", "1.10.0", "1.9.9", false),
            (SemverRelease, "main", "1.0.0", "1.0.0+fixed", true),
            (SemverMajor, "2", "-", "2.0.0", true),
            (SemverMajor, "v2", "2.0.0", "2.1.0", true),
            (SemverMajor, "2", "2.0.0", "3.0.0", false),
            (SemverMajor, "2", "2.0.0", "20.0.0", false),
            (SemverMajor, "2", "2.0.0", "2.1.0-rc.1", false),
            (SemverMajor, "2", "2.1.0", "2.0.9", false),
            (SemverMinor, "2.3", "-", "v2.3.0", true),
            (SemverMinor, "2.3", "2.3.0", "2.3.1", true),
            (SemverMinor, "2.3", "2.3.0", "2.4.0", false),
            (SemverMinor, "2.3", "2.3.0", "2.30.0", false),
            // A person showed something that the mode does not follow: there is nothing to compare with.
            (SemverMinor, "2.3", "9.9.9", "2.3.0", true),
        ] {
            let is = accepted(mode, tracked, current, candidate);
            assert_eq!(is, expected, "{mode:?} {tracked}: {current} -> {candidate}");
        }
    }

    #[test]
    fn a_line_of_versions_is_exactly_one_major_or_minor_version() {
        use TrackingMode::{SemverMajor, SemverMinor, SemverRelease};
        let check = |mode: TrackingMode, raw: &[&str]| mode.check(Some(&GitRefs::parse(raw).unwrap()), None);
        for good in ["0", "2", "v2"] {
            assert_eq!(check(SemverMajor, &[good]), Ok(()), "{good}");
            assert_eq!(check(SemverMinor, &[good]), Err(UnfitRefs::NoMinor), "{good}");
        }
        for good in ["0.0", "2.3", "v2.30"] {
            assert_eq!(check(SemverMinor, &[good]), Ok(()), "{good}");
            assert_eq!(check(SemverMajor, &[good]), Err(UnfitRefs::NoMajor), "{good}");
        }
        for bad in [
            &["main"][..],
            &["2.3.4"],
            &["02"],
            &["2."],
            &["2", "3"],
            &["2+x"],
            &["2-x"],
            &["-"],
        ] {
            assert_eq!(check(SemverMajor, bad), Err(UnfitRefs::NoMajor), "{bad:?}");
            assert_eq!(check(SemverMinor, bad), Err(UnfitRefs::NoMinor), "{bad:?}");
        }
        assert_eq!(SemverMajor.check(None, None), Err(UnfitRefs::Missing));
        assert_eq!(SemverRelease.check(None, None), Ok(()));
    }

    fn version() -> impl Strategy<Value = String> {
        "v?[0-3]\\.[0-3]\\.(0|[1-9][0-9]?)(-(rc|beta)\\.(0|[1-9][0-9]?))?(\\+[a-z]{1,2})?"
    }

    proptest! {
        /// Precedence is a total order: no cycles, and nothing that cannot be compared.
        #[test]
        fn precedence_is_a_total_order(a in version(), b in version(), c in version()) {
            let [a, b, c] = [a, b, c].map(|raw| Precedence::parse(&raw).unwrap());
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }

        /// Of two refs that a mode follows, exactly one may replace the other, unless they are the same version.
        #[test]
        fn releases_never_replace_each_other_in_a_circle(a in version(), b in version()) {
            for (mode, tracked) in [
                (TrackingMode::SemverRelease, "main"), (TrackingMode::SemverMajor, "1"), (TrackingMode::SemverMinor, "1.2"),
            ] {
                let stands = |current: &str, candidate: &str| {
                    standing(&rules(), mode, Some(&refs(tracked)), Some(&refs(current)), &refs(candidate))
                };
                let followed = |raw: &str| standing(&rules(), mode, Some(&refs(tracked)), None, &refs(raw)) == Standing::Higher;
                if followed(&a) && followed(&b) {
                    prop_assert_eq!(stands(&a, &b) == Standing::Higher, stands(&b, &a) == Standing::Lower);
                    prop_assert_eq!(stands(&a, &b) == Standing::Same, stands(&b, &a) == Standing::Same);
                }
            }
        }
    }
}
