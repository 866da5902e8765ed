//! Users: made, changed, disabled.

use imprint_domain::access::{
    Caller, Memberships, NewPassword, Permission, Permissions, TokenKind, User, UserName,
};
use imprint_domain::id::Revision;

use super::password::{self, Secret, Verdict};
use super::tokens::change_user;
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::ports::{Change, Login, Page, StoreError};

/// What a new user needs.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name. It is never given to anybody else.
    pub name: UserName,
    /// The password.
    pub secret: Secret,
    /// What tokens of the user may do.
    pub permissions: Permissions,
}

/// Creates a user.
///
/// # Errors
/// `Invalid` for a name that is taken.
pub async fn create(env: &Env, new: NewUser) -> Result<User, AppError> {
    let user = User {
        password_hash: new.secret.stored(env)?,
        name: new.name,
        permissions: new.permissions,
        memberships: Memberships::default(),
        created_at: env.clock.now(),
        disabled_at: None,
        revision: Revision::NEW,
    };
    match env.catalog.commit(vec![Change::CreateUser(user.clone())]).await {
        Ok(()) => Ok(user),
        Err(StoreError::Conflict) => Err(AppError::Invalid(format!(
            "A user already exists with the name '{}'",
            user.name
        ))),
        Err(error) => Err(error.into()),
    }
}

/// Users in the order of their names.
///
/// # Errors
/// When the store fails.
pub async fn list(env: &Env, limit: usize, cursor: Option<&str>) -> Result<Page<User>, AppError> {
    Ok(env.catalog.users(limit, cursor).await?)
}

/// A user.
///
/// # Errors
/// `NotFound` for an unknown one.
pub async fn get(env: &Env, name: &UserName) -> Result<User, AppError> {
    env.catalog.user(name).await?.ok_or(AppError::NotFound)
}

/// What shall change. Nothing given changes nothing.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    /// What tokens of the user may do from now on.
    pub permissions: Option<Permissions>,
    /// Whether the user gets tokens.
    pub standing: Option<Standing>,
    /// Another password.
    pub password: Option<NewPassword>,
    /// The password so far, which those who change their own have to know.
    pub old_password: Option<String>,
}

/// Whether a user gets tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Enabled,
    /// No, and those that there are end.
    Disabled,
}

/// Changes a user. Tokens that the changed user must not have end at once: all when it is disabled, those with
/// permissions that it lost, and those of logins when its password changes.
///
/// # Errors
/// `Forbidden` for what only those who manage users may do, `Invalid` for a wrong old password and for whoever would
/// lock itself out, `Locked` after too many wrong ones.
pub async fn update(
    env: &Env,
    caller: &Caller,
    name: &UserName,
    patch: &UserPatch,
) -> Result<User, AppError> {
    check_rights(caller, name, patch)?;
    for _ in 0..MAX_TRIES {
        let login = env.catalog.login(name).await?;
        let Some(user) = login.user.clone() else {
            return Err(AppError::NotFound);
        };
        if let (true, Some(new)) = (caller.user == *name, &patch.password) {
            check_old_password(env, name, &login, patch, new).await?;
        }
        let changed = changed(env, &user, patch)?;
        let doomed = |token: &imprint_domain::access::Token| {
            changed.disabled_at.is_some()
                || !token.rights.is_within(&changed.rights())
                || (patch.password.is_some() && token.kind == TokenKind::Login)
        };
        let change = if changed == user {
            Change::RequireUser(user.name.clone(), user.revision)
        } else {
            Change::UpdateUser(changed.clone())
        };
        match change_user(env, vec![change], &user, doomed).await {
            Ok(()) => return Ok(changed),
            Err(AppError::Contended) => {}
            Err(error) => return Err(error),
        }
    }
    Err(AppError::Contended)
}

fn check_rights(caller: &Caller, name: &UserName, patch: &UserPatch) -> Result<(), AppError> {
    let is_own = caller.user == *name;
    let manages = caller.manages_installation();
    if !manages && (!is_own || patch.permissions.is_some() || patch.standing.is_some()) {
        return Err(AppError::Forbidden);
    }
    let loses = patch
        .permissions
        .is_some_and(|permissions| !permissions.has(Permission::AdminUser));
    if is_own && (loses || patch.standing == Some(Standing::Disabled)) {
        let sentence = "Invalid User: nobody can lock itself out; ask another one who manages users";
        return Err(AppError::Invalid(sentence.to_owned()));
    }
    Ok(())
}

/// A stolen token of a login is no reason to hand over the account, so the old password is asked for.
async fn check_old_password(
    env: &Env,
    name: &UserName,
    login: &Login,
    patch: &UserPatch,
    new: &NewPassword,
) -> Result<(), AppError> {
    super::check_unlocked(login, env.clock.now())?;
    let Some(old) = &patch.old_password else {
        return Err(AppError::Invalid("Invalid User: missing old_password".to_owned()));
    };
    let stored = login.user.as_ref().map(|user| user.password_hash.as_str());
    let is = |password: &str| password::verify(stored, password) != Verdict::Wrong;
    // The second look is for a request whose first answer was lost.
    if is(old) || is(new.as_str()) {
        return Ok(());
    }
    env.catalog.note_login_failure(name, env.clock.now()).await?;
    Err(AppError::Invalid(
        "Invalid User: old_password is not the present one".to_owned(),
    ))
}

fn changed(env: &Env, user: &User, patch: &UserPatch) -> Result<User, AppError> {
    let mut changed = user.clone();
    if let Some(permissions) = patch.permissions {
        changed.permissions = permissions;
    }
    match patch.standing {
        Some(Standing::Disabled) => {
            changed.disabled_at = user.disabled_at.or_else(|| Some(env.clock.now()));
        }
        Some(Standing::Enabled) => changed.disabled_at = None,
        None => {}
    }
    if let Some(new) = &patch.password
        && password::verify(Some(&user.password_hash), new.as_str()) != Verdict::Right
    {
        changed.password_hash = password::hash(env, new.as_str())?;
    }
    Ok(changed)
}
