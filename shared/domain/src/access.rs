//! Who may do what.

use jiff::{SignedDuration, Timestamp};
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

/// What a route can ask for: LTD's permission bits.
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
}

impl Permission {
    const fn bit(self) -> u8 {
        match self {
            Self::AdminUser => 1,
            Self::AdminProduct => 2,
            Self::AdminEdition => 4,
            Self::UploadBuild => 8,
            Self::DeprecateBuild => 16,
        }
    }
}

/// A set of permissions, stored as LTD stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(u8);

impl Permissions {
    /// Every permission.
    pub const ALL: Self = Self(31);

    /// The set with these permissions.
    pub fn of(permissions: &[Permission]) -> Self {
        Self(
            permissions
                .iter()
                .fold(0, |bits, permission| bits | permission.bit()),
        )
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
    /// An argon2id hash in PHC form.
    pub password_hash: String,
    /// What tokens of this user may do.
    pub permissions: Permissions,
    /// When the user was created.
    pub created_at: Timestamp,
    /// How often it was written.
    pub revision: Revision,
}

/// LTD's tokens live an hour.
pub const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// A token as it is stored: its hash, never itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// SHA-256 of the token, in hexadecimal.
    pub hash: String,
    /// Whose token it is.
    pub user: UserName,
    /// What it may do: the user's permissions when it was issued.
    pub permissions: Permissions,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
}

impl Token {
    /// Whether it is still accepted. The table's own expiry deletes late, so every reader compares the time.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_the_bits_of_the_contract() {
        use Permission::{AdminEdition, AdminProduct, AdminUser, DeprecateBuild, UploadBuild};
        let all = [AdminUser, AdminProduct, AdminEdition, UploadBuild, DeprecateBuild];
        assert_eq!(Permissions::of(&all), Permissions::ALL);
        let upload = Permissions::of(&[UploadBuild]);
        assert_eq!(serde_json::to_string(&upload).unwrap(), "8");
        assert!(upload.has(UploadBuild) && !upload.has(AdminEdition));
    }

    #[test]
    fn a_user_name_has_no_colon() {
        assert!("dev".parse::<UserName>().is_ok());
        assert!("a:b".parse::<UserName>().is_err());
    }
}
