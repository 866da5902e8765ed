//! Tokens for machines: made, listed and revoked by their user.

use imprint_domain::access::{Products, Rights, Token, TokenDays, TokenKind, TokenScope, User, UserName};
use imprint_domain::id::TokenId;
use imprint_domain::text::Title;

use super::{Issued, issue};
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::ports::{Change, Page, StoreError};

/// What a token for a machine needs.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What its user calls it.
    pub label: Title,
    /// What it may do.
    pub rights: Rights,
    /// The products that it is limited to.
    pub products: Products,
    /// How long it lives.
    pub days: TokenDays,
}

/// Makes a token. What is answered with it is the only place where it ever is: the store has its hash.
///
/// # Errors
/// `NotFound` for an unknown user, `Invalid` for a disabled one or for more than the user may.
pub async fn create(env: &Env, name: &UserName, new: NewToken) -> Result<Issued, AppError> {
    for _ in 0..MAX_TRIES {
        let user = super::users::get(env, name).await?;
        if user.disabled_at.is_some() {
            return Err(AppError::Invalid(
                "Invalid Token: the user is disabled".to_owned(),
            ));
        }
        let scope = TokenScope::new(new.rights.clone(), new.products.clone(), &user.rights())
            .map_err(|error| AppError::Invalid(format!("Invalid Token: {error}")))?;
        let now = env.clock.now();
        let label = new.label.clone();
        let issued = issue(
            env,
            name,
            TokenKind::Machine { label },
            scope.into_parts(),
            now,
            new.days.from(now),
        );
        // Whoever disables the user at this moment either sees the token and revokes it, or prevents it.
        let changes = vec![
            Change::RequireUser(user.name, user.revision),
            Change::CreateToken(issued.token.clone()),
        ];
        match env.catalog.commit(changes).await {
            Ok(()) => return Ok(issued),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}

/// The tokens of a user that are still accepted, the first to expire first, those of logins included.
///
/// # Errors
/// When the store fails.
pub async fn list(
    env: &Env,
    name: &UserName,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Token>, AppError> {
    Ok(env.catalog.tokens(name, env.clock.now(), limit, cursor).await?)
}

/// Revokes a token. From the answer on nobody is let in with it.
///
/// # Errors
/// `NotFound` when the user has no such token: it may be wrong, revoked or expired.
pub async fn revoke(env: &Env, name: &UserName, id: &TokenId) -> Result<(), AppError> {
    let all = all(env, name, |token| token.id == *id).await?;
    let token = all.into_iter().next().ok_or(AppError::NotFound)?;
    env.catalog.commit(vec![Change::RevokeToken(token)]).await?;
    Ok(())
}

/// How many tokens are read at a time.
const PAGE: usize = 500;

/// The tokens of a user that are accepted now and that a question is answered with yes for.
async fn all(env: &Env, name: &UserName, asked: impl Fn(&Token) -> bool) -> Result<Vec<Token>, AppError> {
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = list(env, name, PAGE, cursor.as_deref()).await?;
        found.extend(page.items.into_iter().filter(&asked));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

/// Commits a changed user together with the end of the tokens that it must not have any more.
///
/// Their first ones end in the commit that changes the user, the others and those that were issued meanwhile right
/// after it: none can be issued to the former user from then on, because each is issued on condition of the user's
/// revision. So no request has to ask for the user besides the token. Where it stops in between, the same request
/// again ends the rest.
pub(super) async fn change_user(
    env: &Env,
    mut changes: Vec<Change>,
    user: &User,
    doomed: impl Fn(&Token) -> bool,
) -> Result<(), AppError> {
    let room = <dyn crate::ports::Catalog>::MAX_CHANGES - changes.len();
    let mut tokens = all(env, &user.name, &doomed).await?;
    let rest = tokens.split_off(tokens.len().min(room));
    changes.extend(tokens.into_iter().map(Change::RevokeToken));
    env.catalog.commit(changes).await?;
    end(env, rest).await?;
    // What others issued between the list and the commit. There can be no more of them after it.
    end(env, all(env, &user.name, &doomed).await?).await
}

async fn end(env: &Env, tokens: Vec<Token>) -> Result<(), AppError> {
    for batch in tokens.chunks(<dyn crate::ports::Catalog>::MAX_CHANGES) {
        let changes = batch.iter().cloned().map(Change::RevokeToken);
        env.catalog.commit(changes.collect()).await?;
    }
    Ok(())
}
