//! The members of organizations.

use imprint_domain::access::{Member, Role, User, UserName};
use imprint_domain::slug::OrganizationSlug;

use super::tokens::change_user;
use super::users;
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::ports::{Change, Page};

/// The members of the organization in the order of their names.
///
/// # Errors
/// When the store fails.
pub async fn list(env: &Env, limit: usize, cursor: Option<&str>) -> Result<Page<Member>, AppError> {
    let org = &env.organization.slug;
    Ok(env.catalog.members(org, limit, cursor).await?)
}

/// A member of the organization.
///
/// # Errors
/// `NotFound` for somebody who is none.
pub async fn get(env: &Env, name: &UserName) -> Result<Member, AppError> {
    let user = users::get(env, name).await?;
    member(&env.organization.slug, &user).ok_or(AppError::NotFound)
}

fn member(org: &OrganizationSlug, user: &User) -> Option<Member> {
    Some(Member {
        organization: org.clone(),
        user: user.name.clone(),
        role: user.memberships.role(org)?,
    })
}

/// Makes a user a member, or gives a member another role. Tokens that then may do more than their user end.
///
/// # Errors
/// `Invalid` for an unknown user, or for one with too many memberships.
pub async fn set(env: &Env, name: &UserName, role: Role) -> Result<Member, AppError> {
    let org = &env.organization.slug;
    for _ in 0..MAX_TRIES {
        let user = env.catalog.user(name).await?.ok_or_else(|| {
            AppError::Invalid(format!(
                "Invalid Member: there is no user '{name}'; create it first"
            ))
        })?;
        let memberships = user.memberships.clone().with(org.clone(), role);
        let memberships =
            memberships.map_err(|error| AppError::Invalid(format!("Invalid Member: {error}")))?;
        let new = Member {
            organization: org.clone(),
            user: name.clone(),
            role,
        };
        if user.memberships == memberships {
            return Ok(new);
        }
        let changed = User {
            memberships,
            ..user.clone()
        };
        match become_user(env, &user, changed, Change::PutMember(new.clone())).await {
            Ok(()) => return Ok(new),
            Err(AppError::Contended) => {}
            Err(error) => return Err(error),
        }
    }
    Err(AppError::Contended)
}

/// Ends a membership, and the tokens that rest on it. Ending what is none changes nothing.
///
/// # Errors
/// `NotFound` for an unknown user.
pub async fn remove(env: &Env, name: &UserName) -> Result<(), AppError> {
    let org = &env.organization.slug;
    for _ in 0..MAX_TRIES {
        let user = users::get(env, name).await?;
        let Some(former) = member(org, &user) else {
            return Ok(());
        };
        let changed = User {
            memberships: user.memberships.clone().without(org),
            ..user.clone()
        };
        match become_user(env, &user, changed, Change::RemoveMember(former)).await {
            Ok(()) => return Ok(()),
            Err(AppError::Contended) => {}
            Err(error) => return Err(error),
        }
    }
    Err(AppError::Contended)
}

async fn become_user(env: &Env, user: &User, changed: User, row: Change) -> Result<(), AppError> {
    let rights = changed.rights();
    let changes = vec![Change::UpdateUser(changed), row];
    change_user(env, changes, user, |token| !token.rights.is_within(&rights)).await
}
