//! Variables by name, with errors that say what each should be.

use std::collections::BTreeMap;

/// A variable is missing or bad. The sentence names it and says what it should be.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not set, or empty.
    #[error("{variable} is not set; it should be {should_be}")]
    Missing {
        /// The variable.
        variable: &'static str,
        /// What it should be.
        should_be: String,
    },
    /// Set to something else.
    #[error("{variable} is {found:?}; it should be {should_be}")]
    Bad {
        /// The variable.
        variable: &'static str,
        /// What it is.
        found: String,
        /// What it should be.
        should_be: String,
    },
    /// Not acceptable, for a reason that does not repeat a secret.
    #[error("{variable} {reason}")]
    Refused {
        /// The variable.
        variable: &'static str,
        /// Why not.
        reason: String,
    },
}

impl ConfigError {
    pub(super) fn bad(variable: &'static str, found: &str, should_be: impl Into<String>) -> Self {
        Self::Bad {
            variable,
            found: found.chars().take(80).collect(),
            should_be: should_be.into(),
        }
    }

    pub(super) fn refused(variable: &'static str, reason: impl Into<String>) -> Self {
        Self::Refused {
            variable,
            reason: reason.into(),
        }
    }
}

/// Variables by name. An empty one counts as not set: a template can only leave a value empty, not leave it out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variables<'a>(pub(super) &'a BTreeMap<String, String>);

impl<'a> Variables<'a> {
    pub(super) fn get(self, variable: &str) -> Option<&'a str> {
        self.0
            .get(variable)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn needed(self, variable: &'static str, should_be: &str) -> Result<&'a str, ConfigError> {
        let missing = || ConfigError::Missing {
            variable,
            should_be: should_be.to_owned(),
        };
        self.get(variable).ok_or_else(missing)
    }

    pub(super) fn one_of<T: Copy>(
        self,
        variable: &'static str,
        choices: &[(&str, T)],
        default: T,
    ) -> Result<T, ConfigError> {
        let Some(raw) = self.get(variable) else {
            return Ok(default);
        };
        let chosen = choices.iter().find(|(name, _)| *name == raw);
        chosen.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            ConfigError::bad(variable, raw, names.join(" or "))
        })
    }

    pub(super) fn url(self, variable: &'static str) -> Result<Option<String>, ConfigError> {
        const SHOULD_BE: &str = "an address that starts with https:// or http://";
        let Some(raw) = self.get(variable) else {
            return Ok(None);
        };
        let parsed = reqwest::Url::parse(raw).ok();
        let fits = parsed.is_some_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        if fits {
            Ok(Some(raw.to_owned()))
        } else {
            Err(ConfigError::bad(variable, raw, SHOULD_BE))
        }
    }
}
