//! DNS: under which name a product is published, and in whose zone that name lies.

use serde::{Deserialize, Serialize};

use crate::layout;
use crate::organization::{Layout, Organization};
use crate::product::Product;
use crate::text::checked_text;

/// A name has at most 253 characters when it is written with dots (RFC 1035, 2.3.4).
const MAX_NAME: usize = 253;
/// A label has at most 63 (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a DNS name")]
pub struct DomainNameError(String);

/// A DNS name in its one spelling: lower case, without the final dot, labels of letters, digits, hyphens and
/// underscores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

impl DomainName {
    /// The name without a final dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is this zone's name or below it, label by label: `xlsst.io` is not in `lsst.io`.
    pub fn is_in(&self, zone: &Self) -> bool {
        match self.0.strip_suffix(&zone.0) {
            Some(before) => before.is_empty() || before.ends_with('.'),
            None => false,
        }
    }
}

impl std::str::FromStr for DomainName {
    type Err = DomainNameError;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let name = raw.strip_suffix('.').unwrap_or(raw).to_ascii_lowercase();
        let is_label = |label: &str| {
            let inner = label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            inner && (1..=MAX_LABEL).contains(&label.len())
        };
        if name.len() <= MAX_NAME && name.split('.').all(is_label) {
            Ok(Self(name))
        } else {
            Err(DomainNameError(raw.chars().take(80).collect()))
        }
    }
}
impl TryFrom<String> for DomainName {
    type Error = DomainNameError;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        raw.parse()
    }
}
impl From<DomainName> for String {
    fn from(name: DomainName) -> String {
        name.0
    }
}
impl std::fmt::Display for DomainName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that stands for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cname {
    /// What readers type.
    pub name: DomainName,
    /// Where they are led: the CDN's host.
    pub target: DomainName,
}

/// Why a text is no zone's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a zone's id is 1 to 32 letters and digits")]
pub struct ZoneIdError;

checked_text!(
    /// What Route 53 calls a zone, at most 32 characters. It becomes a part of paths.
    ZoneId, ZoneIdError, |raw| {
        let fits = (1..=32).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then_some(()).ok_or(ZoneIdError)
    }
);

/// Who can ask for the names of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Machines of one network.
    Private,
}

/// A zone that we may write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// Its name.
    pub name: DomainName,
    /// Who sees it.
    pub visibility: Visibility,
}

/// The zone that a name is to be written to: of those that readers see, the one with the longest name that the name lies
/// in, because names below a delegated zone are asked for nowhere else (D23: LTD knew zones of two labels only). Of two
/// with the same name the first.
pub fn zone_of<'a>(zones: &'a [Zone], name: &DomainName) -> Option<&'a Zone> {
    let mut best: Option<&Zone> = None;
    for zone in zones {
        let fits = zone.visibility == Visibility::Public && name.is_in(&zone.name);
        if fits && best.is_none_or(|best| zone.name.as_str().len() > best.name.as_str().len()) {
            best = Some(zone);
        }
    }
    best
}

/// The record that leads a product's readers to the CDN. None in the path layout, where all products share one name;
/// without a CDN; and for what is no DNS name, such as the host and port of a local stack.
pub fn record_of(organization: &Organization, product: &Product) -> Option<Cname> {
    match organization.layout {
        Layout::Subdomain => Some(Cname {
            name: layout::domain(organization, product).parse().ok()?,
            target: product.root_fastly_domain(organization).parse().ok()?,
        }),
        Layout::Path => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(raw: &str) -> DomainName {
        raw.parse().unwrap()
    }

    fn zones(all: &[(&str, Visibility)]) -> Vec<Zone> {
        let zone = |(n, (raw, visibility)): (usize, &(&str, Visibility))| Zone {
            id: format!("Z{n}").parse().unwrap(),
            name: name(raw),
            visibility: *visibility,
        };
        all.iter().enumerate().map(zone).collect()
    }

    #[test]
    fn the_longest_zone_that_a_name_lies_in_is_the_one_it_is_written_to() {
        use Visibility::{Private, Public};
        let all = zones(&[
            ("io", Public),
            ("xlsst.io", Public),
            ("lsst.io.", Public),
            ("LSST.io", Public),
            ("b.a.lsst.io", Private),
            ("a.lsst.io", Public),
        ]);
        for (asked, zone) in [
            ("pipelines.lsst.io", "Z2"),
            ("pipelines.a.lsst.io", "Z5"),
            ("a.lsst.io", "Z5"),
            ("x.b.a.lsst.io", "Z5"),
            ("pipelines.xlsst.io", "Z1"),
            ("pipelines.ylsst.io", "Z0"),
            ("sst.io", "Z0"),
        ] {
            assert_eq!(zone_of(&all, &name(asked)).unwrap().id.as_str(), zone, "{asked}");
        }
        assert_eq!(zone_of(&all, &name("lsst.io.example.org")), None);
        assert_eq!(zone_of(&[], &name("lsst.io")), None);
    }

    #[test]
    fn names_have_one_spelling_and_hostile_ones_are_none() {
        assert_eq!(name("Docs.Example.ORG.").as_str(), "docs.example.org");
        assert!("_dmarc.example.org".parse::<DomainName>().is_ok());
        let long = "a".repeat(64);
        for bad in [
            "",
            ".",
            "a..b",
            "a b",
            "a/b",
            "localhost:8701",
            "<x>",
            "ü.org",
            "*.org",
            &long,
        ] {
            assert!(bad.parse::<DomainName>().is_err(), "{bad:?}");
        }
        for bad in ["", "../Z1", "Z1/rrset", &"Z".repeat(33)] {
            assert!(bad.parse::<ZoneId>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_lies_in_its_own_suffixes_and_in_nothing_else(
            labels in prop::collection::vec("[ab]{1,2}", 1..5),
            others in prop::collection::vec("[ab]{1,2}", 1..5),
        ) {
            let ends_so = labels.ends_with(&others);
            prop_assert_eq!(name(&labels.join(".")).is_in(&name(&others.join("."))), ends_so);
        }
    }
}
