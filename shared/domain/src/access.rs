//! Who may do what.

mod login;
mod role;
mod token;

pub use login::{FAILURE_WINDOW, LoginFailures, MAX_FAILURES, NewPassword, PasswordError};
pub use role::{Member, Memberships, Role, TooManyMemberships, UnknownRole};
pub use token::{
    About, Caller, Products, Rights, ScopeError, TOKEN_LIFE, Token, TokenDays, TokenDaysError, TokenKind,
    TokenScope,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::Revision;
use crate::text::{self, TextError, checked_text};

checked_text!(
    /// A user's name, at most 255 characters, without the colon that Basic authentication splits at.
    UserName, TextError, |raw| {
        text::check(raw, 255)?;
        if raw.contains(':') { Err(TextError::Control) } else { Ok(()) }
    }
);

/// What a route can ask for: LTD's permission bits, and one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Manage users.
    AdminUser,
    /// Create and change products.
    AdminProduct,
    /// Create, change and delete editions.
    AdminEdition,
    /// Register and upload builds.
    UploadBuild,
    /// End builds.
    DeprecateBuild,
    /// Publish releases. LTD knows no releases, so none of its users needs this to be what it was.
    PublishRelease,
}

/// A word that names no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no such permission; there are ADMIN_USER, ADMIN_PRODUCT, ADMIN_EDITION, UPLOAD_BUILD, DEPRECATE_BUILD and \
     PUBLISH_RELEASE"
)]
pub struct UnknownPermission;

impl std::str::FromStr for Permission {
    type Err = UnknownPermission;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        // What the registry calls it.
        if raw.eq_ignore_ascii_case("registry:publish") {
            return Ok(Self::PublishRelease);
        }
        let named = |permission: &Self| permission.name().eq_ignore_ascii_case(raw);
        Self::ALL.into_iter().find(named).ok_or(UnknownPermission)
    }
}

impl Permission {
    /// Every permission, by its bit.
    pub const ALL: [Self; 6] = [
        Self::AdminUser,
        Self::AdminProduct,
        Self::AdminEdition,
        Self::UploadBuild,
        Self::DeprecateBuild,
        Self::PublishRelease,
    ];

    /// Its name, LTD's where LTD has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AdminUser => "ADMIN_USER",
            Self::AdminProduct => "ADMIN_PRODUCT",
            Self::AdminEdition => "ADMIN_EDITION",
            Self::UploadBuild => "UPLOAD_BUILD",
            Self::DeprecateBuild => "DEPRECATE_BUILD",
            Self::PublishRelease => "PUBLISH_RELEASE",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::AdminUser => 1,
            Self::AdminProduct => 2,
            Self::AdminEdition => 4,
            Self::UploadBuild => 8,
            Self::DeprecateBuild => 16,
            Self::PublishRelease => 32,
        }
    }
}

/// A set of permissions, stored as LTD stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(u8);

impl Permissions {
    /// Every permission.
    pub const ALL: Self = Self(63);

    /// The set with these permissions.
    pub fn of(permissions: &[Permission]) -> Self {
        Self(
            permissions
                .iter()
                .fold(0, |bits, permission| bits | permission.bit()),
        )
    }

    /// No permission.
    pub const NONE: Self = Self(0);

    /// The set without a permission.
    #[must_use]
    pub fn without(self, permission: Permission) -> Self {
        Self(self.0 & !permission.bit())
    }

    /// The set with these of LTD's bits; nothing when one of them has no meaning.
    pub fn from_bits(bits: u64) -> Option<Self> {
        u8::try_from(bits)
            .ok()
            .filter(|bits| *bits <= Self::ALL.0)
            .map(Self)
    }

    /// LTD's bits.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Its permissions, by their bits.
    pub fn list(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .into_iter()
            .filter(move |permission| self.has(*permission))
    }

    /// Whether the other set has every permission of this one.
    pub fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The permissions of both sets.
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set has this permission.
    pub fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }
}

/// Somebody who can ask for tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name.
    pub name: UserName,
    /// An argon2id hash in PHC form, or a PBKDF2 hash in werkzeug's form until the first login after a migration.
    pub password_hash: String,
    /// What tokens of this user may do in the default organization, and whether they manage the installation.
    pub permissions: Permissions,
    /// What this user is in organizations.
    #[serde(default, skip_serializing_if = "Memberships::is_empty")]
    pub memberships: Memberships,
    /// When the user was created.
    pub created_at: Timestamp,
    /// Since when the user gets no tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
    /// How often it was written.
    pub revision: Revision,
}

impl User {
    /// All that the user may do.
    pub fn rights(&self) -> Rights {
        Rights {
            permissions: self.permissions,
            memberships: self.memberships.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_the_bits_of_the_contract() {
        use Permission::{
            AdminEdition, AdminProduct, AdminUser, DeprecateBuild, PublishRelease, UploadBuild,
        };
        let all = [
            AdminUser,
            AdminProduct,
            AdminEdition,
            UploadBuild,
            DeprecateBuild,
            PublishRelease,
        ];
        assert_eq!(Permissions::of(&all), Permissions::ALL);
        let upload = Permissions::of(&[UploadBuild]);
        assert_eq!(serde_json::to_string(&upload).unwrap(), "8");
        assert_eq!(Permissions::of(&all[..5]).bits(), 31);
        assert!(upload.has(UploadBuild) && !upload.has(AdminEdition));
    }

    #[test]
    fn permissions_come_as_names_and_as_bits() {
        assert_eq!("upload_build".parse(), Ok(Permission::UploadBuild));
        assert_eq!("registry:publish".parse(), Ok(Permission::PublishRelease));
        for permission in Permission::ALL {
            assert_eq!(permission.name().parse(), Ok(permission));
            assert!(Permissions::of(&[permission]).is_within(Permissions::ALL));
        }
        assert!("ROOT".parse::<Permission>().is_err());
        assert_eq!(Permissions::from_bits(63), Some(Permissions::ALL));
        for meaningless in [64, 256, 264, u64::MAX] {
            assert_eq!(Permissions::from_bits(meaningless), None);
        }
        let set = Permissions::from_bits(9).unwrap();
        assert_eq!(
            set.list().collect::<Vec<_>>(),
            [Permission::AdminUser, Permission::UploadBuild]
        );
        assert!(!set.is_within(Permissions::of(&[Permission::UploadBuild])));
    }

    #[test]
    fn a_user_name_has_no_colon() {
        assert!("dev".parse::<UserName>().is_ok());
        assert!("a:b".parse::<UserName>().is_err());
    }
}
