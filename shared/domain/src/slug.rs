//! Slugs: the names that appear in URLs and object keys.

use crate::text::checked_text;

/// Why a slug was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// The characters or their order are not allowed.
    #[error("{0:?} is not a slug: {1}")]
    Shape(String, &'static str),
    /// Too long for a DNS label (products) or an object key part (builds, editions).
    #[error("a slug has at most {max} characters, this has {found}")]
    TooLong {
        /// The limit in characters.
        max: usize,
        /// The length found.
        found: usize,
    },
    /// A name that Imprint's own pages need in the same place.
    #[error("{0:?} is the name of a page of Imprint's own")]
    Reserved(String),
}

const PRODUCT_RULE: &str = "use lower case letters, digits and hyphens, start with a letter, end with a letter or digit, \
                            at least two characters";
const PATH_RULE: &str = "use letters, digits, '-', '_' and '.', and not only dots";

/// A DNS label has at most 63 octets (RFC 1035, 2.3.4), and a product is one in the subdomain layout.
const MAX_PRODUCT: usize = 63;
/// Docverse's limit; keeps the longest key well below S3's 1,024 bytes.
const MAX_PATH: usize = 128;

/// Objects that Imprint writes beside editions and builds (`<product>/v/index.html`), so no edition may be named so.
const RESERVED: [&str; 8] = [
    "index.html",
    "404.html",
    "switcher.json",
    "versions.json",
    "sitemap.xml",
    "robots.txt",
    "llms.txt",
    "search.json",
];

fn shortened(raw: &str) -> String {
    raw.chars().take(40).collect()
}

fn too_long(raw: &str, max: usize) -> Result<(), SlugError> {
    let found = raw.chars().count();
    if found > max {
        Err(SlugError::TooLong { max, found })
    } else {
        Ok(())
    }
}

fn check_product(raw: &str) -> Result<(), SlugError> {
    too_long(raw, MAX_PRODUCT)?;
    let bytes = raw.as_bytes();
    let shape = matches!(bytes, [b'a'..=b'z', .., b'a'..=b'z' | b'0'..=b'9'])
        && bytes
            .iter()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if shape {
        Ok(())
    } else {
        Err(SlugError::Shape(shortened(raw), PRODUCT_RULE))
    }
}

fn check_path(raw: &str) -> Result<(), SlugError> {
    too_long(raw, MAX_PATH)?;
    let allowed = |b: &u8| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    let shape = !raw.is_empty() && raw.as_bytes().iter().all(allowed) && raw.bytes().any(|b| b != b'.');
    if !shape {
        return Err(SlugError::Shape(shortened(raw), PATH_RULE));
    }
    if RESERVED.contains(&raw.to_ascii_lowercase().as_str()) {
        return Err(SlugError::Reserved(raw.to_owned()));
    }
    Ok(())
}

checked_text!(
    /// A product's name: a DNS label, because it is one in the subdomain layout.
    ProductSlug, SlugError, check_product
);
checked_text!(
    /// A build's name, unique within its product for ever.
    BuildSlug, SlugError, check_path
);
checked_text!(
    /// An edition's name, unique within its product.
    EditionSlug, SlugError, check_path
);
checked_text!(
    /// An organization's (tenant's) name.
    OrganizationSlug, SlugError, check_path
);

/// The organization that every installation has, and that the v1 API speaks of.
const DEFAULT_ORGANIZATION: &str = "default";

impl Default for OrganizationSlug {
    fn default() -> Self {
        Self(DEFAULT_ORGANIZATION.to_owned())
    }
}

impl OrganizationSlug {
    /// Whether it is the default organization.
    pub fn is_default(&self) -> bool {
        self.0 == DEFAULT_ORGANIZATION
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn product_slugs_follow_the_contract() {
        for good in ["dm-1234", "pipelines", "ldm-151", "a1", "a--b"] {
            assert!(good.parse::<ProductSlug>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "0qserv",
            "qserv_distrib",
            "qserv.distrib",
            "DM_1234",
            "ab\n",
            "-ab",
            "ab-",
            "..",
            "a/b",
            "äb",
        ] {
            assert!(bad.parse::<ProductSlug>().is_err(), "{bad:?}");
        }
        assert!("a".repeat(63).parse::<ProductSlug>().is_ok());
        assert!("a".repeat(64).parse::<ProductSlug>().is_err());
    }

    /// D15: `.`, `..` and a trailing newline were accepted.
    #[test]
    fn d15_dots_and_trailing_newlines_are_no_slugs() {
        for bad in [".", "..", "...", "v1\n", "\nv1", "", "a/b", "a b", "ü"] {
            assert!(bad.parse::<EditionSlug>().is_err(), "{bad:?}");
        }
        for good in ["v1.0", "__main", "-x", "u-rowen-r12_patch1", "1", ".hidden"] {
            assert!(good.parse::<EditionSlug>().is_ok(), "{good}");
        }
        assert!("a".repeat(300).parse::<EditionSlug>().is_err());
    }

    #[test]
    fn the_pages_beside_the_editions_keep_their_names() {
        assert_eq!(
            "index.html".parse::<EditionSlug>(),
            Err(SlugError::Reserved("index.html".into()))
        );
    }

    proptest! {
        #[test]
        fn a_slug_never_leaves_its_place_in_a_key(raw in "\\PC{0,40}") {
            if let Ok(slug) = raw.parse::<EditionSlug>() {
                prop_assert!(!slug.as_str().contains('/'));
                prop_assert!(slug.as_str() != "." && slug.as_str() != "..");
            }
        }
    }
}
