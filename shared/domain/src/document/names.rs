use serde::{Deserialize, Serialize};

use crate::text::checked_text;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// An alias has another shape.
    #[error("{0:?} is no alias: use lower case letters, digits and hyphens, at most 32, and not only digits")]
    Alias(String),
    /// An image's name has another shape.
    #[error(
        "{0:?} is no name of an image: use letters, digits, '.', '-' and '_', begin with a letter or digit, at most \
         128 characters"
    )]
    Image(String),
}

fn shortened(raw: &str) -> String {
    raw.chars().take(40).collect()
}

/// Only digits would be taken for a document's number.
fn check_alias(raw: &str) -> Result<(), NameError> {
    let shape = (1..=32).contains(&raw.len())
        && raw.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && raw.bytes().any(|b| !b.is_ascii_digit());
    if shape {
        Ok(())
    } else {
        Err(NameError::Alias(shortened(raw)))
    }
}

fn check_image(raw: &str) -> Result<(), NameError> {
    let shape = (1..=128).contains(&raw.len())
        && raw.as_bytes()[0].is_ascii_alphanumeric()
        && raw
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if shape {
        Ok(())
    } else {
        Err(NameError::Image(shortened(raw)))
    }
}

checked_text!(
    /// A document's name in addresses, unique within its organization.
    Alias, NameError, check_alias
);
checked_text!(
    /// What a content calls an image by: the tree's `objectKey`.
    ImageName, NameError, check_image
);

/// The number of a version: `1.3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionNumber {
    /// From 1 on.
    pub major: u32,
    /// From 0 on.
    pub minor: u32,
}

/// A text that names no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no version: write `2`, `v2.1` or `latest`")]
pub struct NotNumber(String);

/// Enough for anybody, and a number of it fits into a key of fixed width.
const MAX_NUMBER: u32 = 99_999;

impl VersionNumber {
    /// The first version of a document.
    pub const FIRST: Self = Self { major: 1, minor: 0 };

    /// The first version of the next major.
    pub fn next_major(self) -> Self {
        Self {
            major: self.major + 1,
            minor: 0,
        }
    }

    /// The next minor.
    pub fn next_minor(self) -> Self {
        Self {
            minor: self.minor + 1,
            ..self
        }
    }
}

fn number(raw: &str) -> Option<u32> {
    let plain =
        !raw.is_empty() && raw.bytes().all(|b| b.is_ascii_digit()) && (raw == "0" || !raw.starts_with('0'));
    let number = plain.then(|| raw.parse().ok()).flatten()?;
    (number <= MAX_NUMBER).then_some(number)
}

impl std::fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl std::str::FromStr for VersionNumber {
    type Err = NotNumber;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        match raw.parse()? {
            Which::Exactly(number) => Ok(number),
            Which::Latest | Which::Major(_) => Err(NotNumber(shortened(raw))),
        }
    }
}
impl TryFrom<String> for VersionNumber {
    type Error = NotNumber;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        raw.parse()
    }
}
impl From<VersionNumber> for String {
    fn from(number: VersionNumber) -> String {
        number.to_string()
    }
}

/// Which version a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The newest that the caller may see.
    Latest,
    /// The newest of a major that the caller may see.
    Major(u32),
    /// That one.
    Exactly(VersionNumber),
}

impl Which {
    /// Whether a version is one of those that are asked for.
    pub fn matches(self, number: VersionNumber) -> bool {
        match self {
            Self::Latest => true,
            Self::Major(major) => number.major == major,
            Self::Exactly(wanted) => number == wanted,
        }
    }
}

impl std::str::FromStr for Which {
    type Err = NotNumber;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let wrong = || NotNumber(shortened(raw));
        if raw == "latest" {
            return Ok(Self::Latest);
        }
        let digits = raw.strip_prefix('v').unwrap_or(raw);
        let (major, minor) = match digits.split_once('.') {
            Some((major, minor)) => (major, Some(number(minor).ok_or_else(wrong)?)),
            None => (digits, None),
        };
        let major = number(major).filter(|major| *major > 0).ok_or_else(wrong)?;
        Ok(match minor {
            Some(minor) => Self::Exactly(VersionNumber { major, minor }),
            None => Self::Major(major),
        })
    }
}
