//! What decides about builds and editions besides themselves.

use serde::{Deserialize, Serialize};

use crate::artifact::Derivation;
use crate::organization::Organization;
use crate::product::Product;
use crate::registry::Trains;
use crate::slug::EditionSlug;
use crate::slug_rules::SlugRules;
use crate::tracking::LsstDocGrammar;

/// Whether a release brings the editions of its major and minor version with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SemverEditions {
    /// It does not, as with LTD.
    #[default]
    Off,
    /// A build of `2.3.1` creates `2` and `2.3` where they are missing.
    MajorAndMinor,
}

/// A name that is none of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither off nor major_and_minor")]
pub struct UnknownSemverEditions(String);

impl SemverEditions {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::MajorAndMinor => "major_and_minor",
        }
    }
}

impl std::str::FromStr for SemverEditions {
    type Err = UnknownSemverEditions;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let known = [Self::Off, Self::MajorAndMinor]
            .into_iter()
            .find(|one| one.name() == raw);
        known.ok_or_else(|| UnknownSemverEditions(raw.chars().take(40).collect()))
    }
}

/// The rules of a product: its own where it has some, else its organization's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The slug of default editions.
    pub default_edition: EditionSlug,
    /// How refs become slugs of editions.
    pub slugs: SlugRules,
    /// Whether releases bring editions of their line.
    pub semver_editions: SemverEditions,
    /// Which tags the mode `lsst_doc` follows.
    pub lsst_doc: LsstDocGrammar,
    /// Which formats are made of the pages of a build.
    pub derive: Derivation,
    /// What the release registry says.
    pub trains: Trains,
}

impl Rules {
    /// The rules of a product, with no train known.
    pub fn of(organization: &Organization, product: &Product) -> Self {
        let (theirs, own) = (&organization.policy, &product.policy);
        Self {
            default_edition: organization.default_edition.clone(),
            slugs: own.slug_rules.as_ref().unwrap_or(&theirs.slug_rules).clone(),
            semver_editions: own.semver_editions.unwrap_or(theirs.semver_editions),
            lsst_doc: theirs.lsst_doc,
            derive: own.derive.as_ref().unwrap_or(&theirs.derive).clone(),
            trains: Trains::new(),
        }
    }

    /// The same with what the release registry says.
    #[must_use]
    pub fn with_trains(self, trains: Trains) -> Self {
        Self { trains, ..self }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// LTD's rules, with `__main` as the slug of default editions.
    pub(crate) fn rules() -> Rules {
        Rules {
            default_edition: "__main".parse().unwrap(),
            slugs: SlugRules::default(),
            semver_editions: SemverEditions::Off,
            lsst_doc: LsstDocGrammar::Keeper2,
            derive: Derivation::none(),
            trains: Trains::new(),
        }
    }
}
