use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::access::Issued;
use imprint_domain::access::{Memberships, Permission, Permissions, Products, Token, TokenKind, User};

use super::Moment;
use crate::urls::Urls;

/// Somebody who can ask for tokens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/users/ci-pipelines")]
    self_url: String,
    /// Its name.
    #[schema(example = "ci-pipelines")]
    username: String,
    /// What its tokens may do.
    #[schema(value_type = Vec<String>, example = json!(["UPLOAD_BUILD"]))]
    permissions: Vec<&'static str>,
    /// The same as LTD's bits.
    #[schema(example = 8)]
    permission_bits: u8,
    /// What it is in organizations, by their slugs.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"acme": "uploader"}))]
    organizations: BTreeMap<String, &'static str>,
    /// Whether it gets no tokens.
    disabled: bool,
    /// Since when it gets no tokens.
    date_disabled: Option<Moment>,
    /// When it was created.
    date_created: Moment,
    /// Its tokens.
    #[schema(example = "https://keeper.example.org/users/ci-pipelines/tokens/")]
    tokens_url: String,
}

/// All users, or a page of them, in the order of their names.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum UserList {
    /// As URLs.
    Urls {
        /// URLs of users.
        users: Vec<String>,
    },
    /// As resources.
    Resources {
        /// Users.
        users: Vec<UserResource>,
    },
}

/// What there is to know about a token that is accepted, but for the token itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenInfo)]
pub(crate) struct TokenResource {
    /// Where to revoke it.
    self_url: String,
    /// Its name in URLs.
    #[schema(example = "5f2b1c9e8d7a46b3a0c4e1d2f3b4a596")]
    id: String,
    /// `login` for one that a password was exchanged for, `machine` for one that was made here.
    #[schema(value_type = String, example = "machine")]
    kind: &'static str,
    /// What it is for; null for a login.
    #[schema(example = "pipelines on GitHub")]
    label: Option<String>,
    /// What it may do.
    #[schema(value_type = Vec<String>, example = json!(["UPLOAD_BUILD"]))]
    permissions: Vec<&'static str>,
    /// What it is in organizations, by their slugs.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"acme": "uploader"}))]
    organizations: BTreeMap<String, &'static str>,
    /// The products that it is good for; null for all.
    #[schema(example = json!(["pipelines"]))]
    products: Option<Vec<String>>,
    /// When it was made.
    date_created: Moment,
    /// When it stops being accepted.
    date_expires: Moment,
}

/// A new token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssuedToken)]
pub(crate) struct IssuedTokenResource {
    /// What is known about it.
    #[serde(flatten)]
    info: TokenResource,
    /// The token: the user name of Basic authentication, or a Bearer token. It is shown here and never again.
    #[schema(example = "imp_47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")]
    token: String,
}

/// The tokens of a user that are accepted, the first to expire first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenList {
    /// Tokens.
    pub(crate) tokens: Vec<TokenResource>,
}

fn memberships(memberships: &Memberships) -> BTreeMap<String, &'static str> {
    let all = memberships.iter();
    all.map(|(organization, role)| (organization.to_string(), role.name()))
        .collect()
}

fn names(permissions: Permissions) -> Vec<&'static str> {
    permissions.list().map(Permission::name).collect()
}

impl UserResource {
    pub(crate) fn new(urls: &Urls, user: &User) -> Self {
        Self {
            self_url: urls.user(&user.name),
            username: user.name.to_string(),
            permissions: names(user.permissions),
            permission_bits: user.permissions.bits(),
            organizations: memberships(&user.memberships),
            disabled: user.disabled_at.is_some(),
            date_disabled: user.disabled_at.map(Moment),
            date_created: Moment(user.created_at),
            tokens_url: urls.tokens(&user.name),
        }
    }
}

impl TokenResource {
    pub(crate) fn new(urls: &Urls, token: &Token) -> Self {
        let (kind, label) = match &token.kind {
            TokenKind::Login => ("login", None),
            TokenKind::Machine { label } => ("machine", Some(label.to_string())),
        };
        Self {
            self_url: urls.token(&token.user, &token.id),
            id: token.id.to_string(),
            kind,
            label,
            permissions: names(token.rights.permissions),
            organizations: memberships(&token.rights.memberships),
            products: match &token.products {
                Products::All => None,
                Products::Only(products) => Some(products.iter().map(ToString::to_string).collect()),
            },
            date_created: Moment(token.created_at),
            date_expires: Moment(token.expires_at),
        }
    }
}

impl IssuedTokenResource {
    pub(crate) fn new(urls: &Urls, issued: Issued) -> Self {
        Self {
            info: TokenResource::new(urls, &issued.token),
            token: issued.secret,
        }
    }
}
