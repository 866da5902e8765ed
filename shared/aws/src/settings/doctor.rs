//! Who may read the reports of clusters' doctors.

use std::collections::BTreeMap;

use super::variables::{ConfigError, Variables};
use super::{Stage, stage};

const USER: &str = "DOCTOR_AUTH_USER";
const PASSWORD: &str = "DOCTOR_AUTH_PASSWORD";

/// The pair that everybody knows: that of every local stack, and too short anywhere else.
const WELL_KNOWN: &str = "dev";

/// Shorter passwords can be guessed against a public API.
const MIN_PASSWORD_CHARACTERS: usize = 12;

/// A name and a password. They are the original's variables.
#[derive(Clone, PartialEq, Eq)]
pub struct DoctorAuth {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for DoctorAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DoctorAuth")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// The name and the password that the variables say. On a local stack both are `dev`: there the template's secret is one that
/// nobody could know.
///
/// # Errors
/// When one is not set, or can be guessed.
pub fn doctor_auth(variables: &BTreeMap<String, String>) -> Result<DoctorAuth, ConfigError> {
    let variables = Variables(variables);
    let (user, password) = match stage(variables)? {
        Stage::Local => (WELL_KNOWN, WELL_KNOWN),
        Stage::Dev | Stage::Prod => {
            let user = variables.needed(USER, "the name for reports of clusters' doctors")?;
            let password = variables.needed(PASSWORD, "a password of at least 12 characters")?;
            check(user, password)?;
            (user, password)
        }
    };
    Ok(DoctorAuth {
        user: user.to_owned(),
        password: password.to_owned(),
    })
}

fn check(user: &str, password: &str) -> Result<(), ConfigError> {
    if user.contains(':') {
        return Err(ConfigError::bad(USER, user, "a name without a colon"));
    }
    let found = password.chars().count();
    if found < MIN_PASSWORD_CHARACTERS {
        let reason = format!("has {found} characters; it should have at least {MIN_PASSWORD_CHARACTERS}");
        return Err(ConfigError::refused(PASSWORD, reason));
    }
    Ok(())
}
