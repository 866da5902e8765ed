//! The first user, whom nobody could create over the API.

use std::collections::BTreeMap;

use imprint_app::access::Bootstrap;

use super::variables::{ConfigError, Variables};
use super::{Stage, stage};

const USER: &str = "IMPRINT_BOOTSTRAP_USER";
const PASSWORD: &str = "IMPRINT_BOOTSTRAP_PASSWORD";

/// The pair that everybody knows: welcome on a local stack, refused anywhere else.
const WELL_KNOWN: &str = "dev";

/// Shorter passwords can be guessed against a public API.
const MIN_PASSWORD_CHARACTERS: usize = 12;

/// The first user that the variables ask for. A local stack has `dev` with the password `dev` unless told otherwise.
///
/// # Errors
/// When a name comes without a password or the other way round, or when a deployed installation would have a password
/// that can be guessed.
pub fn bootstrap(variables: &BTreeMap<String, String>) -> Result<Option<Bootstrap>, ConfigError> {
    let variables = Variables(variables);
    // A password is taken as it is, white space included.
    let password = variables
        .0
        .get(PASSWORD)
        .map(String::as_str)
        .filter(|raw| !raw.is_empty());
    let user = variables.get(USER);
    let (user, password) = match stage(variables)? {
        Stage::Local => (user.unwrap_or(WELL_KNOWN), password.unwrap_or(WELL_KNOWN)),
        Stage::Dev | Stage::Prod => match (user, password) {
            (None, None) => return Ok(None),
            (Some(user), Some(password)) => {
                check_password(user, password)?;
                (user, password)
            }
            (Some(_), None) => return Err(ConfigError::refused(PASSWORD, format!("is needed with {USER}"))),
            (None, Some(_)) => return Err(ConfigError::refused(USER, format!("is needed with {PASSWORD}"))),
        },
    };
    let user = user.parse().map_err(|_| {
        ConfigError::bad(
            USER,
            user,
            "a name of at most 255 characters without colons and control characters",
        )
    })?;
    Ok(Some(Bootstrap {
        user,
        password: password.to_owned(),
    }))
}

fn check_password(user: &str, password: &str) -> Result<(), ConfigError> {
    if user == WELL_KNOWN && password == WELL_KNOWN {
        let reason = "is the well-known one of local stacks; a deployed installation needs its own";
        return Err(ConfigError::refused(PASSWORD, reason));
    }
    let found = password.chars().count();
    if found < MIN_PASSWORD_CHARACTERS {
        let reason = format!("has {found} characters; it should have at least {MIN_PASSWORD_CHARACTERS}");
        return Err(ConfigError::refused(PASSWORD, reason));
    }
    Ok(())
}
