//! Alternates: the same documentation for several deployments, each in a namespace of its own.

use crate::slug::{EditionSlug, SlugError};
use crate::text::checked_text;

/// Why a name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of an alternate has lower case letters, digits and single hyphens between them, at most {MAX} characters"
)]
pub struct AlternateError;

/// Leaves room for the slug after it, which has 128 characters with it.
const MAX: usize = 63;

/// Stands between an alternate's name and the slug within it. No name contains it, so the two can be told apart.
const SEPARATOR: &str = "--";

fn check(raw: &str) -> Result<(), AlternateError> {
    let is_word = |word: &str| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        !word.is_empty() && word.bytes().all(allowed)
    };
    if raw.len() <= MAX && raw.split('-').all(is_word) {
        Ok(())
    } else {
        Err(AlternateError)
    }
}

checked_text!(
    /// The name of a deployment whose documentation is built apart, such as `usdf-dev`.
    AlternateName, AlternateError, check
);

impl AlternateName {
    /// The slug of an edition of this alternate: `usdf-dev--main`.
    ///
    /// # Errors
    /// When both together are no slug: they are too long.
    pub fn edition_slug(&self, within: &str) -> Result<EditionSlug, SlugError> {
        format!("{self}{SEPARATOR}{within}").parse()
    }

    /// Whether a slug is one of this alternate.
    pub fn names(&self, slug: &EditionSlug) -> bool {
        let rest = slug.as_str().strip_prefix(self.as_str());
        rest.and_then(|rest| rest.strip_prefix(SEPARATOR))
            .is_some_and(|within| !within.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_words_with_single_hyphens_between() {
        for good in ["a", "usdf-dev", "summit2", "1"] {
            assert!(good.parse::<AlternateName>().is_ok(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", "-a", "a-", "a--b", "A", "a.b", "a/b", "a b", "a\n", &long] {
            assert!(bad.parse::<AlternateName>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        /// A slug is of one alternate at most, so that namespaces never overlap.
        #[test]
        fn namespaces_do_not_overlap(
            a in "[a-z0-9]{1,3}(-[a-z0-9]{1,3}){0,2}", b in "[a-z0-9]{1,3}(-[a-z0-9]{1,3}){0,2}", within in "[-a-z0-9_.]{1,8}",
        ) {
            let (a, b): (AlternateName, AlternateName) = (a.parse().unwrap(), b.parse().unwrap());
            let slug = a.edition_slug(&within).unwrap();
            prop_assert!(a.names(&slug));
            prop_assert!(a == b || !b.names(&slug));
        }
    }
}
