//! Short texts that people type: titles, repository addresses, requester names.

use serde::{Deserialize, Serialize};

/// Why a text was refused. The sentence names the limit, so that a caller can mend the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// Longer than the limit, in characters.
    #[error("it has {found} characters, at most {max} are allowed")]
    TooLong {
        /// The limit in characters.
        max: usize,
        /// The length found, in characters.
        found: usize,
    },
    /// A control character, which no page or header can show.
    #[error("it contains a control character")]
    Control,
}

/// A number as people read it: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b',')).into_owned()
}

/// Checks the three rules every short text follows.
pub(crate) fn check(raw: &str, max: usize) -> Result<(), TextError> {
    if raw.trim().is_empty() {
        return Err(TextError::Empty);
    }
    let found = raw.chars().count();
    if found > max {
        return Err(TextError::TooLong { max, found });
    }
    if raw.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    Ok(())
}

/// Makes a newtype over `String` whose only way in is a check, also when it is deserialized.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $error:ty, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::str::FromStr for $name {
            type Err = $error;
            fn from_str(raw: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> Result<(), $error> = $check;
                check(raw)?;
                Ok(Self(raw.to_owned()))
            }
        }
        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(raw: String) -> Result<Self, Self::Error> {
                raw.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use checked_text;

checked_text!(
    /// A title for people, at most 255 characters (LTD's column width). Hostile until escaped.
    Title, TextError, |raw| check(raw, 255)
);

/// The address of a repository or page, at most 1,024 characters, `http` or `https`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebUrl(String);

/// Why an address was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebUrlError {
    /// One of the rules of every text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Not `http://host…` or `https://host…`, or with white space or quotes inside.
    #[error("it is not an absolute http or https URL")]
    NotAbsolute,
}

impl WebUrl {
    /// The address itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for WebUrl {
    type Err = WebUrlError;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        check(raw, 1024)?;
        let rest = raw
            .strip_prefix("https://")
            .or_else(|| raw.strip_prefix("http://"));
        let host = rest.unwrap_or("").split(['/', '?', '#']).next().unwrap_or("");
        let bad = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\' | '`');
        if host.is_empty() || raw.contains(bad) {
            return Err(WebUrlError::NotAbsolute);
        }
        Ok(Self(raw.to_owned()))
    }
}
impl TryFrom<String> for WebUrl {
    type Error = WebUrlError;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        raw.parse()
    }
}
impl From<WebUrl> for String {
    fn from(value: WebUrl) -> String {
        value.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn an_address_is_absolute_and_free_of_quotes() {
        for good in ["https://github.com/org/repo.git", "http://a"] {
            assert!(good.parse::<WebUrl>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "github.com/x",
            "javascript:alert(1)",
            "https://",
            "https://a/\"><script>",
            "https://a b",
        ] {
            assert!(bad.parse::<WebUrl>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_title_has_bounds_and_no_control_characters() {
        assert!("Grüße".parse::<Title>().is_ok());
        assert!("x".repeat(256).parse::<Title>().is_err());
        assert!("a\nb".parse::<Title>().is_err());
        assert!("  ".parse::<Title>().is_err());
    }
}
