//! How git refs become slugs of editions: a list of rules that an organization or a product chooses.
//!
//! LTD's own reading of refs is the list that is used where nobody chose one. The rules come from outside and are bounded:
//! in number, in length, in what they compile to, and in what they may make of a ref. They only name new editions; what an
//! existing edition follows is never their business.

mod pattern;

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use crate::alternate::AlternateName;
use crate::git::{GitRef, GitRefs};
use crate::slug::{EditionSlug, SlugError};

pub use pattern::{Glob, Pattern, PatternError, Prefix, Replacement};

/// The longest text that rules work on, in bytes. A slug has at most 128; what is longer needs no further rule, and a rule
/// that doubles a text cannot be repeated for long.
const MAX_TEXT: usize = 1024;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SlugRule {
    /// Takes a prefix off, where it is there.
    PrefixStrip {
        /// The prefix, as it is written.
        prefix: Prefix,
    },
    /// Replaces every match of a regular expression.
    Regex {
        /// The expression.
        pattern: Pattern,
        /// What stands for each match; `$1` or `${name}` is a group of the expression.
        replacement: Replacement,
    },
    /// Lets refs bring no edition.
    Ignore {
        /// Which refs, as a glob over the whole ref: `*` and `?` stop at slashes, `**` does not.
        pattern: Glob,
    },
}

/// Rules in their order: each works on what the one before made of the refs, but `ignore` looks at the refs themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<SlugRule>", into = "Vec<SlugRule>")]
pub struct SlugRules(Arc<[SlugRule]>);

/// Why refs name no edition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSlug {
    /// A rule says so.
    #[error("rule {rule} of the slug rules ignores it")]
    Ignored {
        /// Which one, counted from 1.
        rule: usize,
    },
    /// What the rules made is no slug.
    #[error("the slug rules make no slug of it: {0}")]
    Invalid(SlugError),
}

impl SlugRules {
    /// More rules than these nobody can follow, and each is compiled whenever a list is read.
    pub const MAX: usize = 20;

    /// The rules in their order.
    pub fn iter(&self) -> impl Iterator<Item = &SlugRule> {
        self.0.iter()
    }

    /// The slug for an edition of these refs. Several refs are one text with hyphens between, as in LTD.
    ///
    /// # Errors
    /// When the refs are ignored, or the rules make no slug of them.
    pub fn slug(&self, refs: &GitRefs, alternate: Option<&AlternateName>) -> Result<EditionSlug, NoSlug> {
        let joined = refs.iter().map(GitRef::as_str).collect::<Vec<_>>().join("-");
        let ignores = |rule: &SlugRule| match rule {
            SlugRule::Ignore { pattern } => pattern.matches(&joined),
            SlugRule::PrefixStrip { .. } | SlugRule::Regex { .. } => false,
        };
        if let Some(at) = self.iter().position(ignores) {
            return Err(NoSlug::Ignored { rule: at + 1 });
        }
        // A name within an alternate is one that would be allowed outside it.
        let slug: EditionSlug = self.rewrite(joined).parse().map_err(NoSlug::Invalid)?;
        match alternate {
            None => Ok(slug),
            Some(alternate) => alternate.edition_slug(slug.as_str()).map_err(NoSlug::Invalid),
        }
    }

    fn rewrite(&self, mut text: String) -> String {
        for rule in self.iter() {
            if text.len() > MAX_TEXT {
                break;
            }
            match rule {
                SlugRule::PrefixStrip { prefix } => {
                    if let Some(rest) = text.strip_prefix(prefix.as_str()) {
                        text = rest.to_owned();
                    }
                }
                SlugRule::Regex { pattern, replacement } => text = pattern.replace(&text, replacement),
                SlugRule::Ignore { .. } => {}
            }
        }
        text
    }
}

/// LTD's rules: a ticket's branch is named by its key, and slashes are hyphens.
impl Default for SlugRules {
    fn default() -> Self {
        static LTD: LazyLock<SlugRules> = LazyLock::new(|| {
            let regex = |pattern: &str, replacement: &str| SlugRule::Regex {
                pattern: pattern.parse().expect("a pattern of ours compiles"),
                replacement: replacement.parse().expect("a replacement of ours is one"),
            };
            let rules = [regex("^tickets/([A-Z]+-[0-9]+)$", "$1"), regex("/", "-")];
            SlugRules(rules.into())
        });
        LTD.clone()
    }
}

impl TryFrom<Vec<SlugRule>> for SlugRules {
    type Error = RulesError;
    fn try_from(rules: Vec<SlugRule>) -> Result<Self, Self::Error> {
        if rules.len() > Self::MAX {
            return Err(RulesError::TooMany);
        }
        for (at, rule) in rules.iter().enumerate() {
            if let SlugRule::Regex { pattern, replacement } = rule {
                pattern
                    .check(replacement)
                    .map_err(|source| RulesError::Replacement { rule: at + 1, source })?;
            }
        }
        Ok(Self(rules.into()))
    }
}
impl From<SlugRules> for Vec<SlugRule> {
    fn from(rules: SlugRules) -> Self {
        rules.0.to_vec()
    }
}

/// Why a list of rules was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// There are more than are allowed.
    #[error("at most {} slug rules are allowed", SlugRules::MAX)]
    TooMany,
    /// A replacement does not fit its pattern.
    #[error("rule {rule}: {source}")]
    Replacement {
        /// Which one, counted from 1.
        rule: usize,
        /// What is wrong.
        source: PatternError,
    },
}

#[cfg(test)]
mod tests;
