//! Tokens: what is stored of them, and what they may do.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Memberships, Permission, Permissions, Role, UserName};
use crate::id::TokenId;
use crate::slug::{OrganizationSlug, ProductSlug};
use crate::text::Title;

/// LTD's tokens live an hour.
pub const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// A list of products longer than this is no limit any more, and has to fit into an item.
const MAX_PRODUCTS: usize = 100;

/// A token as it is stored: its hash, never itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// SHA-256 of the token, in hexadecimal.
    pub hash: String,
    /// What it is called by those who list and revoke it.
    pub id: TokenId,
    /// Whose token it is.
    pub user: UserName,
    /// How it was got.
    pub kind: TokenKind,
    /// What it may do: at most what the user might when it was issued.
    #[serde(flatten)]
    pub rights: Rights,
    /// The products of the one organization that it is limited to.
    pub products: Products,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
}

/// What a user or a token may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// In the default organization; and whether it manages the installation's users and organizations.
    pub permissions: Permissions,
    /// What it is in organizations.
    #[serde(default, skip_serializing_if = "Memberships::is_empty")]
    pub memberships: Memberships,
}

impl Rights {
    /// Those that LTD's permissions are.
    pub fn of(permissions: Permissions) -> Self {
        Self {
            permissions,
            memberships: Memberships::default(),
        }
    }

    /// Whether the other has every right of this one.
    pub fn is_within(&self, other: &Self) -> bool {
        self.permissions.is_within(other.permissions) && self.memberships.is_within(&other.memberships)
    }

    /// What they are in an organization. Whoever manages the installation could make itself a member of any, so it need
    /// not; in the default organization LTD's permissions say everything.
    pub fn role_in(&self, organization: &OrganizationSlug) -> Option<Role> {
        let member = self.memberships.role(organization);
        let by_permissions = if organization.is_default() {
            Role::of_permissions(self.permissions)
        } else {
            self.permissions.has(Permission::AdminUser).then_some(Role::Admin)
        };
        member.max(by_permissions)
    }

    /// LTD's permissions within an organization.
    pub fn permissions_in(&self, organization: &OrganizationSlug) -> Permissions {
        let of = |role: Option<Role>| role.map_or(Permissions::NONE, Role::permissions);
        if organization.is_default() {
            of(self.memberships.role(organization)).union(self.permissions)
        } else {
            of(self.role_in(organization))
        }
    }

    /// Whether they are in organizations, and nothing in the default one: then LTD's first API has nothing for them.
    pub fn are_elsewhere(&self) -> bool {
        !self.memberships.is_empty() && self.role_in(&OrganizationSlug::default()).is_none()
    }

    /// Whether a build that they upload may bring the edition that it needs: LTD asks for the permission to administer
    /// editions, which an uploader of an organization has for just this.
    pub fn bring_editions_to(&self, organization: &OrganizationSlug) -> bool {
        self.permissions_in(organization).has(Permission::AdminEdition)
            || self.memberships.role(organization) >= Some(Role::Uploader)
    }
}

/// How a token was got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TokenKind {
    /// For a password, a moment ago: whoever has it is the user.
    Login,
    /// Made by the user for a machine, such as CI.
    Machine {
        /// What the user calls it.
        label: Title,
    },
}

/// The products that a token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Products {
    /// All, those to come included.
    All,
    /// These.
    Only(BTreeSet<ProductSlug>),
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'a> {
    /// One product, or what belongs to it.
    Product(&'a ProductSlug),
    /// The installation, or several products.
    Everything,
}

impl Products {
    /// Whether a request about this is within the limit.
    pub fn include(&self, about: About<'_>) -> bool {
        match (self, about) {
            (Self::All, _) => true,
            (Self::Only(products), About::Product(product)) => products.contains(product),
            (Self::Only(_), About::Everything) => false,
        }
    }
}

impl Token {
    /// Whether it is still accepted. The table's own expiry deletes late, so every reader compares the time.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

/// Somebody whose token was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub user: UserName,
    /// How the token was got.
    pub kind: TokenKind,
    /// What the token may do.
    pub rights: Rights,
    /// The products that it is limited to.
    pub products: Products,
}

impl From<Token> for Caller {
    /// Whoever manages the installation is an administrator of every organization. A limit names products and not whose they
    /// are, so a limited token is good for nothing of that: only for where its other rights are.
    fn from(token: Token) -> Self {
        let mut rights = token.rights;
        if token.products != Products::All {
            rights.permissions = rights.permissions.without(Permission::AdminUser);
        }
        Self {
            user: token.user,
            kind: token.kind,
            rights,
            products: token.products,
        }
    }
}

impl Caller {
    /// Whether the token is good for what a request does within an organization to what it is about.
    pub fn may(&self, organization: &OrganizationSlug, permission: Permission, about: About<'_>) -> bool {
        self.rights.permissions_in(organization).has(permission) && self.products.include(about)
    }

    /// Whether the token is good for the installation's users and organizations.
    pub fn manages_installation(&self) -> bool {
        self.rights.permissions.has(Permission::AdminUser) && self.products == Products::All
    }

    /// Whether the user itself asks. A token of a machine is not the user: whoever steals it from CI shall not make
    /// others that outlive it.
    pub fn is(&self, user: &UserName) -> bool {
        match self.kind {
            TokenKind::Login => self.user == *user,
            TokenKind::Machine { .. } => false,
        }
    }
}

/// What a new token of a machine may do and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenScope {
    rights: Rights,
    products: Products,
}

/// Why a scope was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A token for nothing.
    #[error("it has no permission, so it could do nothing")]
    Nothing,
    /// More than the user may.
    #[error("it would have permissions that its user does not have")]
    TooMuch,
    /// Products are those of one organization.
    #[error("a token that is limited to products has rights in one organization only")]
    ProductsOfSeveral,
    /// Users are not part of a product.
    #[error("a token that is limited to products cannot have ADMIN_USER")]
    UsersOfAProduct,
    /// No product at all.
    #[error("products is empty, so it could do nothing; leave it out for all products")]
    NoProduct,
    /// A list that is no limit.
    #[error("products has more than {MAX_PRODUCTS} entries")]
    TooManyProducts,
}

impl TokenScope {
    /// The scope of a token for a user who has `held`.
    ///
    /// # Errors
    /// When it exceeds what is held, or makes no sense.
    pub fn new(rights: Rights, products: Products, held: &Rights) -> Result<Self, ScopeError> {
        let places = rights.memberships.iter().len() + usize::from(rights.permissions != Permissions::NONE);
        if places == 0 {
            return Err(ScopeError::Nothing);
        }
        if !rights.is_within(held) {
            return Err(ScopeError::TooMuch);
        }
        if let Products::Only(products) = &products {
            match products.len() {
                0 => return Err(ScopeError::NoProduct),
                1..=MAX_PRODUCTS => {}
                _ => return Err(ScopeError::TooManyProducts),
            }
            if rights.permissions.has(Permission::AdminUser) {
                return Err(ScopeError::UsersOfAProduct);
            }
            if places > 1 {
                return Err(ScopeError::ProductsOfSeveral);
            }
        }
        Ok(Self { rights, products })
    }

    /// What the token may do, and where.
    pub fn into_parts(self) -> (Rights, Products) {
        (self.rights, self.products)
    }
}

/// How many days a token of a machine lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenDays(u16);

/// A number of days that no token lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token lives from 1 to 365 days")]
pub struct TokenDaysError;

impl TokenDays {
    /// A quarter of a year, for those who do not say.
    pub const DEFAULT: Self = Self(90);

    /// When a token that is issued now expires.
    pub fn from(self, now: Timestamp) -> Timestamp {
        now + SignedDuration::from_hours(24) * i32::from(self.0)
    }
}

impl TryFrom<u64> for TokenDays {
    type Error = TokenDaysError;
    fn try_from(days: u64) -> Result<Self, Self::Error> {
        match u16::try_from(days) {
            Ok(days @ 1..=365) => Ok(Self(days)),
            Ok(_) | Err(_) => Err(TokenDaysError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Permission::{AdminUser, UploadBuild};

    fn slug(raw: &str) -> ProductSlug {
        raw.parse().unwrap()
    }

    fn slug_of_organization(raw: &str) -> OrganizationSlug {
        raw.parse().unwrap()
    }

    #[test]
    fn rights_in_one_organization_are_none_in_another() {
        let (own, acme) = (OrganizationSlug::default(), slug_of_organization("acme"));
        let member = Rights {
            permissions: Permissions::NONE,
            memberships: Memberships::of(acme.clone(), Role::Uploader),
        };
        assert_eq!(member.role_in(&acme), Some(Role::Uploader));
        assert_eq!(member.role_in(&own), None);
        assert!(member.bring_editions_to(&acme) && !member.bring_editions_to(&own));
        let ltd = Rights::of(Role::Admin.permissions());
        assert_eq!((ltd.role_in(&own), ltd.role_in(&acme)), (Some(Role::Admin), None));
        let manager = Rights::of(Permissions::of(&[AdminUser]));
        assert_eq!(manager.role_in(&acme), Some(Role::Admin));
        assert!(manager.permissions_in(&acme).has(UploadBuild));
        assert!(!manager.permissions_in(&own).has(UploadBuild));
    }

    #[test]
    fn a_token_for_products_is_one_for_a_single_organization() {
        let acme = Memberships::of(slug_of_organization("acme"), Role::Admin);
        let upload = Permissions::of(&[UploadBuild]);
        let held = Rights {
            permissions: upload,
            memberships: acme.clone(),
        };
        assert_eq!(
            TokenScope::new(held.clone(), only(&["aa"]), &held),
            Err(ScopeError::ProductsOfSeveral)
        );
        let less = Rights {
            permissions: Permissions::NONE,
            memberships: Memberships::of(slug_of_organization("acme"), Role::Uploader),
        };
        assert!(TokenScope::new(less.clone(), only(&["aa"]), &held).is_ok());
        assert_eq!(
            TokenScope::new(held.clone(), Products::All, &less),
            Err(ScopeError::TooMuch)
        );
    }

    fn only(slugs: &[&str]) -> Products {
        Products::Only(slugs.iter().map(|raw| slug(raw)).collect())
    }

    #[test]
    fn a_token_for_one_product_is_for_nothing_else() {
        let (a, b) = (slug("aa"), slug("ab"));
        assert!(only(&["aa"]).include(About::Product(&a)));
        assert!(!only(&["aa"]).include(About::Product(&b)));
        assert!(!only(&["aa"]).include(About::Everything));
        assert!(Products::All.include(About::Product(&b)) && Products::All.include(About::Everything));
    }

    #[test]
    fn only_a_login_is_the_user_itself() {
        let dev: UserName = "dev".parse().unwrap();
        let login = Caller {
            user: dev.clone(),
            kind: TokenKind::Login,
            rights: Rights::of(Permissions::of(&[UploadBuild])),
            products: only(&["aa"]),
        };
        assert!(login.is(&dev) && !login.is(&"other".parse().unwrap()));
        let label = "CI".parse().unwrap();
        let machine = Caller {
            kind: TokenKind::Machine { label },
            ..login
        };
        assert!(!machine.is(&dev));
        let about = slug("aa");
        let own = OrganizationSlug::default();
        assert!(machine.may(&own, UploadBuild, About::Product(&about)));
        assert!(!machine.may(&own, UploadBuild, About::Everything));
        assert!(!machine.may(&own, AdminUser, About::Product(&about)));
        assert!(!machine.may(&slug_of_organization("acme"), UploadBuild, About::Product(&about)));
    }

    #[test]
    fn a_token_never_has_more_than_its_user() {
        let upload = Permissions::of(&[UploadBuild]);
        let scope = |permissions, products, held| {
            TokenScope::new(Rights::of(permissions), products, &Rights::of(held)).map(drop)
        };
        assert_eq!(scope(upload, Products::All, Permissions::ALL), Ok(()));
        assert_eq!(scope(upload, only(&["aa"]), upload), Ok(()));
        assert_eq!(
            scope(Permissions::ALL, Products::All, upload),
            Err(ScopeError::TooMuch)
        );
        assert_eq!(
            scope(Permissions::NONE, Products::All, upload),
            Err(ScopeError::Nothing)
        );
        assert_eq!(scope(upload, only(&[]), upload), Err(ScopeError::NoProduct));
        let users = Permissions::of(&[AdminUser]);
        assert_eq!(
            scope(users, only(&["aa"]), users),
            Err(ScopeError::UsersOfAProduct)
        );
        let many: Vec<String> = (0..=MAX_PRODUCTS).map(|n| format!("p{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(
            scope(upload, only(&many), upload),
            Err(ScopeError::TooManyProducts)
        );
    }

    #[test]
    fn a_token_for_a_product_is_good_for_none_of_the_same_name_elsewhere() {
        let token = |products| Token {
            hash: "0".repeat(64),
            id: TokenId::from_bytes([1; 16]),
            user: "dev".parse().unwrap(),
            kind: TokenKind::Login,
            rights: Rights::of(Permissions::ALL),
            products,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            expires_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let acme = slug_of_organization("acme");
        let limited = Caller::from(token(only(&["aa"])));
        assert_eq!(limited.rights.role_in(&acme), None);
        assert!(limited.may(
            &OrganizationSlug::default(),
            UploadBuild,
            About::Product(&slug("aa"))
        ));
        assert_eq!(
            Caller::from(token(Products::All)).rights.role_in(&acme),
            Some(Role::Admin)
        );
    }

    #[test]
    fn a_token_lives_at_most_a_year() {
        for bad in [0, 366, 65_537, u64::MAX] {
            assert_eq!(TokenDays::try_from(bad), Err(TokenDaysError));
        }
        let year = TokenDays::try_from(365).unwrap().from(Timestamp::UNIX_EPOCH);
        assert_eq!(year.to_string(), "1971-01-01T00:00:00Z");
    }
}
