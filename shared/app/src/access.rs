//! Users and tokens: who is asking.

pub mod members;
mod password;
pub mod tokens;
pub mod users;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub use imprint_domain::access::Caller;
use imprint_domain::access::{
    LoginFailures, Memberships, Permissions, Products, Rights, TOKEN_LIFE, Token, TokenKind, User, UserName,
};
use imprint_domain::id::{Revision, TokenId};

use self::password::Verdict;
pub use self::password::{MigratedHash, MigratedHashError, Secret};
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::ports::{Change, Login, StoreError};

/// The first user of an installation, who exists as soon as he asks for a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Bootstrap {
    /// The name.
    pub user: UserName,
    /// The password. It is hashed before it is stored.
    pub password: String,
}

impl std::fmt::Debug for Bootstrap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bootstrap")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A token that was just made.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The token itself. It is nowhere else.
    pub secret: String,
    /// What is stored of it.
    pub token: Token,
}

/// A prefix by which people and scanners of leaked secrets recognize a token.
const TOKEN_PREFIX: &str = "imp_";

/// No token is longer, so nothing longer is hashed.
const MAX_TOKEN: usize = 256;

fn hash_of(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

fn issue(
    env: &Env,
    user: &UserName,
    kind: TokenKind,
    (rights, products): (Rights, Products),
    created_at: Timestamp,
    expires_at: Timestamp,
) -> Issued {
    let secret = format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(env.random.bytes()));
    let token = Token {
        hash: hash_of(&secret),
        id: TokenId::from_bytes(env.random.identity()),
        user: user.clone(),
        kind,
        rights,
        products,
        created_at,
        expires_at,
    };
    Issued { secret, token }
}

/// Exchanges a name and a password for a token, or nothing when they do not fit. Three requests, two for a password that
/// is wrong.
///
/// Nobody learns from the answer or its time whether there is such a user: a name that nobody has is refused, counted
/// and locked like any other.
///
/// # Errors
/// `Locked` after too many wrong passwords, whatever this one is; and when the store fails.
pub async fn issue_token(
    env: &Env,
    bootstrap: Option<&Bootstrap>,
    name: &str,
    password: &str,
) -> Result<Option<String>, AppError> {
    let Ok(name) = name.parse::<UserName>() else {
        return Ok(None);
    };
    for _ in 0..MAX_TRIES {
        let login = env.catalog.login(&name).await?;
        let now = env.clock.now();
        check_unlocked(&login, now)?;
        let first = bootstrap.filter(|bootstrap| login.user.is_none() && bootstrap.user == name);
        if let Some(first) = first {
            create_first_user(env, first).await?;
            continue;
        }
        let stored = login.user.as_ref().map(|user| user.password_hash.as_str());
        let verdict = password::verify(stored, password);
        let user = match (login.user, verdict) {
            (Some(user), Verdict::Right | Verdict::RightButOutdated) if user.disabled_at.is_none() => user,
            _ => {
                env.catalog.note_login_failure(&name, now).await?;
                return Ok(None);
            }
        };
        if let Some(secret) = let_in(env, user, verdict, password, login.failures).await? {
            return Ok(Some(secret));
        }
    }
    Err(AppError::Contended)
}

/// Stores a token for somebody whose password was right; nothing when the user was changed meanwhile, so that the
/// password or the rights may be others.
async fn let_in(
    env: &Env,
    user: User,
    verdict: Verdict,
    password: &str,
    failures: Option<LoginFailures>,
) -> Result<Option<String>, AppError> {
    let now = env.clock.now();
    let rights = (user.rights(), Products::All);
    let issued = issue(env, &user.name, TokenKind::Login, rights, now, now + TOKEN_LIFE);
    let mut changes = vec![Change::CreateToken(issued.token.clone())];
    if failures.is_some() {
        changes.push(Change::ForgetLoginFailures(user.name.clone()));
    }
    if verdict == Verdict::RightButOutdated {
        let password_hash = password::hash(env, password)?;
        changes.push(Change::UpdateUser(User {
            password_hash,
            ..user
        }));
        return match env.catalog.commit(changes).await {
            Ok(()) => Ok(Some(issued.secret)),
            Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        };
    }
    env.catalog.commit(changes).await?;
    // The user is looked at again instead of being a condition of the commit: many CI jobs that log in at the same
    // moment would stop each other's transactions at it. Whoever changes the user before this look is seen by it, and
    // whoever changes it later sees the token. Nobody knows the token before it is answered with.
    let again = env.catalog.user(&user.name).await?;
    if again.is_some_and(|again| again.revision == user.revision) {
        return Ok(Some(issued.secret));
    }
    env.catalog
        .commit(vec![Change::RevokeToken(issued.token)])
        .await?;
    Ok(None)
}

fn check_unlocked(login: &Login, now: Timestamp) -> Result<(), AppError> {
    match login.failures.and_then(|failures| failures.locked_for(now)) {
        Some(wait) => Err(AppError::Locked { wait }),
        None => Ok(()),
    }
}

/// Who presents this token, or nobody when it is unknown or has expired. One read: tokens of users who were disabled
/// or lost permissions are removed when that happens, so the user need not be read, too.
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
    Ok(token
        .filter(|token| token.is_valid(env.clock.now()))
        .map(Caller::from))
}

async fn create_first_user(env: &Env, bootstrap: &Bootstrap) -> Result<(), AppError> {
    let user = User {
        name: bootstrap.user.clone(),
        password_hash: password::hash(env, &bootstrap.password)?,
        permissions: Permissions::ALL,
        memberships: Memberships::default(),
        created_at: env.clock.now(),
        disabled_at: None,
        revision: Revision::NEW,
    };
    match env.catalog.commit(vec![Change::CreateUser(user)]).await {
        // Somebody else was first with the same password.
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
