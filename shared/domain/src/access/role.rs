//! What somebody is in an organization.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Permission, Permissions, UserName};
use crate::slug::OrganizationSlug;

/// What a member of an organization may do there; each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// See everything.
    Reader,
    /// Register and upload builds, and bring the editions that these need.
    Uploader,
    /// Everything, the organization's rules and members included.
    Admin,
}

/// A word that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such role; there are reader, uploader and admin")]
pub struct UnknownRole;

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 3] = [Self::Reader, Self::Uploader, Self::Admin];

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Uploader => "uploader",
            Self::Admin => "admin",
        }
    }

    /// The permissions that a member has within the organization.
    pub fn permissions(self) -> Permissions {
        let releases = match self {
            Self::Reader => Permissions::NONE,
            Self::Uploader | Self::Admin => Permissions::of(&[Permission::PublishRelease]),
        };
        self.permissions_of_ltd().union(releases)
    }

    /// Those of them that LTD has: its users are what they were, whether or not they may publish releases.
    fn permissions_of_ltd(self) -> Permissions {
        match self {
            Self::Reader => Permissions::NONE,
            Self::Uploader => Permissions::of(&[Permission::UploadBuild]),
            Self::Admin => Permissions::of(&[
                Permission::AdminProduct,
                Permission::AdminEdition,
                Permission::UploadBuild,
                Permission::DeprecateBuild,
            ]),
        }
    }

    /// What LTD's permissions make of somebody in the default organization.
    pub fn of_permissions(permissions: Permissions) -> Option<Self> {
        let held = |role: &Self| role.permissions_of_ltd().is_within(permissions);
        match permissions {
            Permissions::NONE => None,
            _ => Self::ALL.into_iter().rev().find(held),
        }
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == raw)
            .ok_or(UnknownRole)
    }
}

/// Somebody in an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The organization.
    pub organization: OrganizationSlug,
    /// Who it is.
    pub user: UserName,
    /// What the member may do.
    pub role: Role,
}

/// The organizations that somebody is a member of. All of them travel with each token, so there is a limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Memberships(BTreeMap<OrganizationSlug, Role>);

/// A user with one more membership would not fit into a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user is a member of at most {MAX_MEMBERSHIPS} organizations")]
pub struct TooManyMemberships;

/// 150 bytes each at most, of an item's 400 KB.
const MAX_MEMBERSHIPS: usize = 200;

impl Memberships {
    /// One membership.
    pub fn of(organization: OrganizationSlug, role: Role) -> Self {
        Self(BTreeMap::from([(organization, role)]))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The role in an organization, if any.
    pub fn role(&self, organization: &OrganizationSlug) -> Option<Role> {
        self.0.get(organization).copied()
    }

    /// All of them, in the order of the organizations' slugs.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&OrganizationSlug, Role)> {
        self.0.iter().map(|(organization, role)| (organization, *role))
    }

    /// Makes somebody a member, whatever the role was before.
    ///
    /// # Errors
    /// When there would be too many.
    pub fn with(mut self, organization: OrganizationSlug, role: Role) -> Result<Self, TooManyMemberships> {
        self.0.insert(organization, role);
        if self.0.len() > MAX_MEMBERSHIPS {
            return Err(TooManyMemberships);
        }
        Ok(self)
    }

    /// Ends a membership. Ending what is none changes nothing.
    pub fn without(mut self, organization: &OrganizationSlug) -> Self {
        self.0.remove(organization);
        self
    }

    /// Whether the other is at least as much everywhere.
    pub fn is_within(&self, other: &Self) -> bool {
        self.iter()
            .all(|(organization, role)| Some(role) <= other.role(organization))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ltds_permissions_are_a_role_in_the_default_organization() {
        use Permission::{AdminEdition, AdminUser, PublishRelease, UploadBuild};
        for (permissions, role) in [
            (Permissions::ALL, Some(Role::Admin)),
            (Role::Admin.permissions(), Some(Role::Admin)),
            (
                Permissions::of(&[UploadBuild, AdminEdition]),
                Some(Role::Uploader),
            ),
            (Permissions::of(&[UploadBuild]), Some(Role::Uploader)),
            (Permissions::of(&[PublishRelease]), Some(Role::Reader)),
            (Permissions::of(&[AdminUser]), Some(Role::Reader)),
            (Permissions::of(&[AdminEdition]), Some(Role::Reader)),
            (Permissions::NONE, None),
        ] {
            assert_eq!(Role::of_permissions(permissions), role);
        }
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        assert_eq!("owner".parse::<Role>(), Err(UnknownRole));
    }

    #[test]
    fn memberships_are_compared_organization_by_organization() {
        let acme = |role| Memberships::of("acme".parse().unwrap(), role);
        assert!(acme(Role::Reader).is_within(&acme(Role::Admin)));
        assert!(!acme(Role::Admin).is_within(&acme(Role::Uploader)));
        assert!(!acme(Role::Reader).is_within(&Memberships::default()));
        assert!(Memberships::default().is_within(&Memberships::default()));
        let both = acme(Role::Admin)
            .with("other".parse().unwrap(), Role::Reader)
            .unwrap();
        assert!(acme(Role::Admin).is_within(&both));
        assert_eq!(both.without(&"other".parse().unwrap()), acme(Role::Admin));
        let many = (0..200).try_fold(Memberships::default(), |all, n| {
            all.with(format!("o{n}").parse().unwrap(), Role::Reader)
        });
        assert!(
            many.unwrap()
                .with("one-more".parse().unwrap(), Role::Reader)
                .is_err()
        );
    }
}
