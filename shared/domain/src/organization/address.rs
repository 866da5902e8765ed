//! Where an organization's products are published, and that no two organizations are published at one place.

use serde::{Deserialize, Serialize};

use super::{Layout, Organization};
use crate::text::checked_text;

/// Why a domain or a path prefix was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a host name.
    #[error("it is not a host name, such as docs.example.org")]
    Host,
    /// Not a path.
    #[error("use nothing, or a path such as /docs of letters, digits, '-', '_' and '.'")]
    Path,
}

/// A DNS name has at most 253 characters, and in the subdomain layout a product's label of 63 and a dot come before it.
const MAX_DOMAIN: usize = 189;
/// Keeps URLs short.
const MAX_PREFIX: usize = 128;

checked_text!(
    /// A domain in lower case, with a port where there is one.
    DocsDomain, AddressError, |raw| {
        let (labels, port) = raw.split_once(':').unwrap_or((raw, "80"));
        let is_label = |label: &str| {
            let inner = label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        let is_port = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
        if labels.len() <= MAX_DOMAIN && labels.split('.').all(is_label) && is_port {
            Ok(())
        } else {
            Err(AddressError::Host)
        }
    }
);

/// The path below a domain that products come behind: empty, or begins with a slash and does not end with one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathPrefix(String);

impl PathPrefix {
    /// The path itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for PathPrefix {
    type Err = AddressError;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let path = raw.trim_end_matches('/');
        let is_part = |part: &str| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            !part.is_empty() && part.bytes().all(allowed) && part.bytes().any(|b| b != b'.')
        };
        let is_path = path.is_empty()
            || path
                .strip_prefix('/')
                .is_some_and(|path| path.split('/').all(is_part));
        if is_path && path.len() <= MAX_PREFIX {
            Ok(Self(path.to_owned()))
        } else {
            Err(AddressError::Path)
        }
    }
}
impl TryFrom<String> for PathPrefix {
    type Error = AddressError;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        raw.parse()
    }
}
impl From<PathPrefix> for String {
    fn from(prefix: PathPrefix) -> String {
        prefix.0
    }
}

/// Two organizations would answer the same URLs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("another organization publishes there already; choose another domain or path_prefix")]
pub struct Clash;

impl Organization {
    /// Checks that no URL would be both this organization's and the other's. One domain can have several organizations of
    /// the path layout, none within another.
    ///
    /// # Errors
    /// When there are such URLs.
    pub fn apart_from(&self, other: &Self) -> Result<(), Clash> {
        let apart = self.slug == other.slug
            || match (self.layout, other.layout) {
                (Layout::Path, Layout::Path) => {
                    let (a, b) = (
                        format!("{}/", self.path_prefix),
                        format!("{}/", other.path_prefix),
                    );
                    self.domain != other.domain || (!a.starts_with(&b) && !b.starts_with(&a))
                }
                (Layout::Subdomain, Layout::Subdomain) => self.domain != other.domain,
                // The domain itself of one may be a product's host of the other.
                (Layout::Path, Layout::Subdomain) => !covers(&other.domain, &self.domain),
                (Layout::Subdomain, Layout::Path) => !covers(&self.domain, &other.domain),
            };
        if apart { Ok(()) } else { Err(Clash) }
    }
}

/// Whether a host is one of a domain's products, which only a slug can be.
fn covers(domain: &str, host: &str) -> bool {
    host.strip_suffix(domain)
        .and_then(|rest| rest.strip_suffix('.'))
        .is_some_and(|label| label.parse::<crate::slug::ProductSlug>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Revision;

    fn organization(slug: &str, layout: Layout, domain: &str, path_prefix: &str) -> Organization {
        Organization {
            slug: slug.parse().unwrap(),
            title: "An organization".parse().unwrap(),
            layout,
            domain: domain.to_owned(),
            path_prefix: path_prefix.to_owned(),
            scheme: "https".to_owned(),
            bucket: "docs".to_owned(),
            fastly_domain: String::new(),
            fastly_service: None,
            fastly_key: None,
            ticket_url: None,
            default_edition: "main".parse().unwrap(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            policy: super::super::Policy::default(),
            revision: Revision::NEW,
        }
    }

    #[test]
    fn no_two_organizations_answer_the_same_urls() {
        use Layout::{Path, Subdomain};
        for (a, b, apart) in [
            ((Subdomain, "x.org", ""), (Subdomain, "x.org", ""), false),
            ((Subdomain, "x.org", ""), (Subdomain, "y.x.org", ""), true),
            ((Path, "x.org", ""), (Path, "x.org", "/docs"), false),
            ((Path, "x.org", "/a"), (Path, "x.org", "/b"), true),
            ((Path, "x.org", "/a"), (Path, "x.org", "/a/b"), false),
            ((Path, "x.org", "/a"), (Path, "x.org", "/ab"), true),
            ((Path, "x.org", "/a"), (Path, "y.org", "/a"), true),
            ((Path, "docs.x.org", ""), (Subdomain, "x.org", ""), false),
            ((Path, "a.docs.x.org", ""), (Subdomain, "x.org", ""), true),
            ((Path, "x.org", ""), (Subdomain, "x.org", ""), true),
            ((Path, "www2_.x.org", ""), (Subdomain, "x.org", ""), true),
        ] {
            let first = organization("a", a.0, a.1, a.2);
            let second = organization("b", b.0, b.1, b.2);
            assert_eq!(first.apart_from(&second).is_ok(), apart, "{a:?} {b:?}");
            assert_eq!(second.apart_from(&first).is_ok(), apart, "{b:?} {a:?}");
            assert!(first.apart_from(&first).is_ok());
        }
    }

    #[test]
    fn domains_and_prefixes_are_parsed() {
        for good in ["docs.example.org", "localhost:8701", "a", "1.2.3.4:80"] {
            assert!(good.parse::<DocsDomain>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "Docs.example.org",
            "a b",
            "a/b",
            "a..b",
            "-a",
            "a:0",
            "a:99999",
            "u@h",
            "a.",
        ] {
            assert!(bad.parse::<DocsDomain>().is_err(), "{bad}");
        }
        for (raw, path) in [("", ""), ("/", ""), ("/docs", "/docs"), ("/a/b/", "/a/b")] {
            assert_eq!(raw.parse::<PathPrefix>().unwrap().as_str(), path);
        }
        for bad in ["docs", "//", "/a//b", "/..", "/a b", "/ü", "/a?b"] {
            // Two slashes alone are none.
            assert_eq!(bad.parse::<PathPrefix>().is_ok(), bad == "//", "{bad}");
        }
    }
}
