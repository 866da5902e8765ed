use serde::Deserialize;
use utoipa::ToSchema;

use imprint_app::access::Secret;
use imprint_app::access::tokens::NewToken;
use imprint_app::access::users::{NewUser, Standing, UserPatch};
use imprint_domain::access::{Memberships, Permission, Permissions, Products, Rights, Role, TokenDays};
use imprint_domain::slug::OrganizationSlug;

use crate::error::ApiError;
use crate::extract::RequestBody;

use super::{invalid, parsed, required};

const USER: &str = "User";
const TOKEN: &str = "Token";

/// More entries than a limit of products may have.
const MAX_NAMES: usize = 1000;

/// A new user. Other fields are ignored.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateUser {
    /// Its name. It is never given to anybody else.
    #[schema(required, nullable = false, example = "ci-pipelines", max_length = 255)]
    username: Option<String>,
    /// Its password, unless `password_hash` is given.
    #[schema(min_length = 12, max_length = 1024, example = "correct horse battery")]
    password: Option<String>,
    /// What LTD Keeper has stored of its password, for users who move here: `pbkdf2:sha256:<iterations>$<salt>$<hash>`.
    password_hash: Option<String>,
    /// What its tokens may do.
    #[schema(required, nullable = false)]
    permissions: Option<PermissionSet>,
}

/// A change of a user. Other fields are ignored.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UpdateUser {
    /// What its tokens may do. Tokens that may do more end. Needs ADMIN_USER.
    permissions: Option<PermissionSet>,
    /// `true` ends its tokens and gives it no others. Needs ADMIN_USER.
    disabled: Option<bool>,
    /// Another password. Its logins end; its tokens for machines stay.
    #[schema(min_length = 12, max_length = 1024)]
    password: Option<String>,
    /// The password so far. Needed by those who change their own.
    old_password: Option<String>,
}

/// A new token. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateToken {
    /// What it is for.
    #[schema(required, nullable = false, example = "pipelines on GitHub", max_length = 255)]
    label: Option<String>,
    /// What it may do in the default organization, at most what its user may. `["UPLOAD_BUILD"]` when it is absent.
    permissions: Option<PermissionSet>,
    /// Another organization that it is for, with a `role` instead of `permissions`.
    #[schema(example = "acme")]
    organization: Option<String>,
    /// What it is in that organization, at most what its user is: `reader`, `uploader` or `admin`. `uploader` when it is
    /// absent.
    #[schema(example = "uploader")]
    role: Option<String>,
    /// The slugs of the products that it is good for. All when it is absent.
    #[schema(example = json!(["pipelines"]), min_items = 1, max_items = 100)]
    products: Option<Vec<String>>,
    /// How many days it lives. 90 when it is absent.
    #[schema(minimum = 1, maximum = 365, example = 90)]
    expires_in_days: Option<u64>,
}

/// Permissions as names, or as bits, LTD's first: 1 ADMIN_USER, 2 ADMIN_PRODUCT, 4 ADMIN_EDITION, 8 UPLOAD_BUILD,
/// 16 DEPRECATE_BUILD, and 32 PUBLISH_RELEASE.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "a list of names such as UPLOAD_BUILD, or a number from 0 to 63"
)]
pub(crate) enum PermissionSet {
    /// As names.
    #[schema(example = json!(["UPLOAD_BUILD"]))]
    Names(Vec<String>),
    /// As bits.
    Bits(u64),
}

impl RequestBody for CreateUser {
    const NOUN: &'static str = USER;
}
impl RequestBody for UpdateUser {
    const NOUN: &'static str = USER;
}
impl RequestBody for CreateToken {
    const NOUN: &'static str = TOKEN;
}

impl PermissionSet {
    fn parse(&self, noun: &str) -> Result<Permissions, ApiError> {
        match self {
            Self::Names(names) if names.len() > MAX_NAMES => {
                Err(invalid(noun, "permissions: there are too many"))
            }
            Self::Names(names) => {
                let list = names.iter().map(|name| name.parse::<Permission>());
                let list: Result<Vec<_>, _> = list.collect();
                let list = list.map_err(|error| invalid(noun, format_args!("permissions: {error}")))?;
                Ok(Permissions::of(&list))
            }
            Self::Bits(bits) => Permissions::from_bits(*bits)
                .ok_or_else(|| invalid(noun, "permissions: it is not a number from 0 to 63")),
        }
    }
}

fn permissions(noun: &str, set: Option<&PermissionSet>) -> Result<Option<Permissions>, ApiError> {
    set.map(|set| set.parse(noun)).transpose()
}

impl CreateUser {
    pub(crate) fn parse(self) -> Result<NewUser, ApiError> {
        let name = parsed(USER, "username", self.username.as_deref())?;
        let password = parsed(USER, "password", self.password.as_deref())?;
        let migrated = parsed(USER, "password_hash", self.password_hash.as_deref())?;
        let secret = match (password, migrated) {
            (Some(password), None) => Secret::Chosen(password),
            (None, Some(migrated)) => Secret::Migrated(migrated),
            (None, None) => return Err(invalid(USER, "missing password")),
            (Some(_), Some(_)) => return Err(invalid(USER, "either password or password_hash, not both")),
        };
        Ok(NewUser {
            name: required(USER, "username", name)?,
            secret,
            permissions: required(USER, "permissions", permissions(USER, self.permissions.as_ref())?)?,
        })
    }
}

impl UpdateUser {
    pub(crate) fn parse(self) -> Result<UserPatch, ApiError> {
        Ok(UserPatch {
            permissions: permissions(USER, self.permissions.as_ref())?,
            standing: self.disabled.map(|disabled| match disabled {
                true => Standing::Disabled,
                false => Standing::Enabled,
            }),
            password: parsed(USER, "password", self.password.as_deref())?,
            old_password: self.old_password,
        })
    }
}

impl CreateToken {
    pub(crate) fn parse(self) -> Result<NewToken, ApiError> {
        let label = parsed(TOKEN, "label", self.label.as_deref())?;
        let days = self.expires_in_days.map(TokenDays::try_from).transpose();
        let days = days.map_err(|error| invalid(TOKEN, format_args!("expires_in_days: {error}")))?;
        Ok(NewToken {
            label: required(TOKEN, "label", label)?,
            rights: self.rights()?,
            products: products(self.products)?,
            days: days.unwrap_or(TokenDays::DEFAULT),
        })
    }
}

impl CreateToken {
    fn rights(&self) -> Result<Rights, ApiError> {
        let organization = parsed::<OrganizationSlug>(TOKEN, "organization", self.organization.as_deref())?;
        let role = parsed::<Role>(TOKEN, "role", self.role.as_deref())?;
        let permissions = permissions(TOKEN, self.permissions.as_ref())?;
        match organization.filter(|organization| !organization.is_default()) {
            Some(_) if permissions.is_some() => {
                let sentence =
                    "permissions are those of the default organization; give a role for another one";
                Err(invalid(TOKEN, sentence))
            }
            Some(organization) => Ok(Rights {
                permissions: Permissions::NONE,
                memberships: Memberships::of(organization, role.unwrap_or(Role::Uploader)),
            }),
            None if role.is_some() && permissions.is_some() => {
                Err(invalid(TOKEN, "either role or permissions, not both"))
            }
            None => {
                let upload = Permissions::of(&[Permission::UploadBuild]);
                let of_role = role.map(Role::permissions);
                Ok(Rights::of(permissions.or(of_role).unwrap_or(upload)))
            }
        }
    }
}

fn products(raw: Option<Vec<String>>) -> Result<Products, ApiError> {
    let Some(raw) = raw else {
        return Ok(Products::All);
    };
    if raw.len() > MAX_NAMES {
        return Err(invalid(TOKEN, "products: there are too many"));
    }
    let slugs = raw.iter().map(|slug| slug.parse());
    let slugs: Result<_, _> = slugs.collect();
    slugs
        .map(Products::Only)
        .map_err(|error| invalid(TOKEN, format_args!("products: {error}")))
}
