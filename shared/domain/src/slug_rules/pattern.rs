//! The parts of slug rules that people write: prefixes, globs, regular expressions and replacements.

use std::str::FromStr;

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::text::{self, TextError, checked_text};

/// The longest pattern, in characters. LTD's own has 29.
const MAX_PATTERN: usize = 200;
/// What a pattern may compile to, in bytes. `(a{100}){100}` needs more, any pattern for names of branches far less.
const MAX_COMPILED: usize = 64 * 1024;

/// Why a part of a rule was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// One of the rules of every text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// It is no regular expression, or one that compiles to too much.
    #[error("{0:?} is not a regular expression that can be used: {1}")]
    Regex(String, String),
    /// It is written for another kind of glob.
    #[error("{0:?}: a glob has *, ** and ? and no brackets or backslashes")]
    Glob(String),
    /// It names a group that the pattern does not have.
    #[error("the pattern has no group ${0}; write $$ for a dollar sign")]
    NoGroup(String),
}

checked_text!(
    /// A prefix of refs, as it is written, at most 200 characters.
    Prefix, TextError, |raw| text::check(raw, MAX_PATTERN)
);
checked_text!(
    /// What stands for a match, at most 200 characters; `$1` or `${name}` is a group of the pattern. May be empty.
    Replacement, TextError, |raw| if raw.is_empty() { Ok(()) } else { text::check(raw, MAX_PATTERN) }
);

/// Makes a newtype of a text and what it compiles to.
macro_rules! compiled {
    ($(#[$doc:meta])* $name:ident, $compile:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name {
            raw: String,
            regex: Regex,
        }

        impl $name {
            /// As it was written.
            pub fn as_str(&self) -> &str {
                &self.raw
            }
        }
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.raw == other.raw
            }
        }
        impl Eq for $name {}
        impl FromStr for $name {
            type Err = PatternError;
            fn from_str(raw: &str) -> Result<Self, Self::Err> {
                text::check(raw, MAX_PATTERN)?;
                let compile: fn(&str) -> Result<Regex, PatternError> = $compile;
                Ok(Self { raw: raw.to_owned(), regex: compile(raw)? })
            }
        }
        impl TryFrom<String> for $name {
            type Error = PatternError;
            fn try_from(raw: String) -> Result<Self, Self::Error> {
                raw.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.raw
            }
        }
    };
}

compiled!(
    /// A regular expression of the `regex` crate, over ASCII: its time is linear in the text, whatever somebody writes.
    Pattern,
    compile
);
compiled!(
    /// A glob over a whole ref: `*` is anything but slashes, `?` one character but a slash, `**` anything, `**/` any
    /// directories or none. Everything else stands for itself.
    Glob,
    |raw| compile(&expression(raw)?)
);

/// Slugs are ASCII, so nothing needs the tables of Unicode; a pattern that asks for them might compile in a function that
/// happens to be built with them, and not in the next.
fn compile(raw: &str) -> Result<Regex, PatternError> {
    let refused = |why: String| PatternError::Regex(raw.chars().take(80).collect(), why);
    if raw.split("(?").skip(1).any(asks_for_unicode) {
        return Err(refused("the flag u is not available".to_owned()));
    }
    RegexBuilder::new(raw)
        .unicode(false)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .build()
        .map_err(|error| refused(sentence(&error)))
}

/// Whether what follows `(?` is a list of flags that turns Unicode on.
fn asks_for_unicode(group: &str) -> bool {
    let is_flag = |c: char| c.is_ascii_alphabetic() || c == '-';
    let flags = group.split(|c| !is_flag(c)).next().unwrap_or("");
    let on = flags.split('-').next().unwrap_or("");
    // `(?P<user>` and `(?<user>` name a group.
    !on.starts_with('P') && on.contains('u')
}

/// The crate draws the place below the pattern; the last line says what is wrong.
fn sentence(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "it is too large when compiled".to_owned(),
        other => {
            let drawn = other.to_string();
            let last = drawn.lines().last().unwrap_or_default();
            last.trim().trim_start_matches("error: ").to_owned()
        }
    }
}

fn expression(glob: &str) -> Result<String, PatternError> {
    // Refs contain none of them; whoever writes one means a glob of another kind.
    if glob.contains(['[', ']', '\\']) {
        return Err(PatternError::Glob(glob.chars().take(80).collect()));
    }
    let mut made = String::from("^(?s:");
    let mut rest = glob;
    while let Some(first) = rest.chars().next() {
        let (length, part) = if rest.starts_with("**/") {
            (3, "(?:.*/)?".to_owned())
        } else if rest.starts_with("**") {
            (2, ".*".to_owned())
        } else {
            match first {
                '*' => (1, "[^/]*".to_owned()),
                // A character may be several bytes.
                '?' => (1, "[^/\\x80-\\xBF][\\x80-\\xBF]*".to_owned()),
                other => (other.len_utf8(), regex::escape(&rest[..other.len_utf8()])),
            }
        };
        made.push_str(&part);
        rest = &rest[length..];
    }
    made.push_str(")$");
    Ok(made)
}

impl Glob {
    /// Whether it fits a whole ref.
    pub(super) fn matches(&self, git_ref: &str) -> bool {
        self.regex.is_match(git_ref.as_bytes())
    }
}

impl Pattern {
    /// Replaces every match. What is cut within a character leaves one that is in no slug.
    pub(super) fn replace(&self, text: &str, replacement: &Replacement) -> String {
        let made = self
            .regex
            .replace_all(text.as_bytes(), replacement.as_str().as_bytes());
        String::from_utf8_lossy(&made).into_owned()
    }

    /// Checks that a replacement names only groups that are there; a missing one would stand for nothing.
    pub(super) fn check(&self, replacement: &Replacement) -> Result<(), PatternError> {
        let mut rest = replacement.as_str();
        while let Some((_, after)) = rest.split_once('$') {
            if let Some(after) = after.strip_prefix('$') {
                rest = after;
                continue;
            }
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let name = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                Some((name, _)) => name,
                None => after.split(|c| !is_name(c)).next().unwrap_or(""),
            };
            let known = match name.parse::<usize>() {
                Ok(number) => number < self.regex.captures_len(),
                Err(_) => self.regex.capture_names().flatten().any(|known| known == name),
            };
            if !known {
                return Err(PatternError::NoGroup(name.chars().take(40).collect()));
            }
            rest = after;
        }
        Ok(())
    }
}
