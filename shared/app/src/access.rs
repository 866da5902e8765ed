//! Users and tokens: who is asking.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use imprint_domain::access::{Permissions, TOKEN_LIFE, Token, User, UserName};
use imprint_domain::id::Revision;

use crate::env::Env;
use crate::error::AppError;
use crate::ports::{Change, StoreError};

/// The first user of an installation, who exists as soon as he asks for a token.
#[derive(Clone)]
pub struct Bootstrap {
    /// The name.
    pub user: UserName,
    /// The password.
    pub password: String,
}

/// Somebody whose token was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub user: UserName,
    /// What the token may do.
    pub permissions: Permissions,
}

/// A prefix by which people and scanners of leaked secrets recognize a token.
const TOKEN_PREFIX: &str = "imp_";

/// No token is longer, so nothing longer is hashed.
const MAX_TOKEN: usize = 256;

fn hash_of(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// Exchanges a name and a password for a token, or nothing when they do not fit.
///
/// # Errors
/// When the store fails.
pub async fn issue_token(
    env: &Env,
    bootstrap: Option<&Bootstrap>,
    name: &str,
    password: &str,
) -> Result<Option<String>, AppError> {
    let Ok(name) = name.parse::<UserName>() else {
        return Ok(None);
    };
    let user = match env.catalog.user(&name).await? {
        Some(user) => user,
        None => match bootstrap.filter(|bootstrap| bootstrap.user == name) {
            Some(bootstrap) => create_first_user(env, bootstrap).await?,
            None => return Ok(None),
        },
    };
    if !verify(&user.password_hash, password) {
        return Ok(None);
    }
    let now = env.clock.now();
    let token = format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(env.random.bytes()));
    let stored = Token {
        hash: hash_of(&token),
        user: user.name,
        permissions: user.permissions,
        expires_at: now + TOKEN_LIFE,
    };
    env.catalog.commit(vec![Change::CreateToken(stored)]).await?;
    Ok(Some(token))
}

/// Who presents this token, or nobody when it is unknown or has expired. One read.
///
/// The token is looked up by its hash: no secret is compared byte by byte, so no timing tells anything about it.
///
/// # Errors
/// When the store fails.
pub async fn authenticate(env: &Env, presented: &str) -> Result<Option<Caller>, AppError> {
    if presented.is_empty() || presented.len() > MAX_TOKEN {
        return Ok(None);
    }
    let token = env.catalog.token(&hash_of(presented)).await?;
    let valid = token.filter(|token| token.is_valid(env.clock.now()));
    Ok(valid.map(|token| Caller {
        user: token.user,
        permissions: token.permissions,
    }))
}

async fn create_first_user(env: &Env, bootstrap: &Bootstrap) -> Result<User, AppError> {
    let user = User {
        name: bootstrap.user.clone(),
        password_hash: hash_password(env, &bootstrap.password)?,
        permissions: Permissions::ALL,
        created_at: env.clock.now(),
        revision: Revision::NEW,
    };
    match env.catalog.commit(vec![Change::CreateUser(user.clone())]).await {
        // Somebody else was first with the same password: the hashes differ, both verify.
        Ok(()) | Err(StoreError::Conflict) => Ok(user),
        Err(error) => Err(error.into()),
    }
}

fn hash_password(env: &Env, password: &str) -> Result<String, AppError> {
    let salt = env.random.identity();
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string())
        .map_err(|error| AppError::Store(StoreError::Failed(error.to_string().into())))
}

fn verify(stored: &str, password: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}
