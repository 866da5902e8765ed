use std::fmt;

use serde::{Deserialize, Serialize};

use crate::git::GitRef;
use crate::slug::ProductSlug;
use crate::text::checked_text;

/// Why a name was refused. The sentence says what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Too short, too long, or with other characters.
    #[error("it should have 1 to {max} characters from A-Z a-z 0-9 . _ + ~ -")]
    Unfit {
        /// The most characters that it may have.
        max: usize,
    },
    /// The word by which the newest version is asked for.
    #[error("latest is no version: it asks for the newest one")]
    Latest,
    /// An identity of a cluster with other characters.
    #[error("it should have 1 to 128 characters from A-Z a-z 0-9 . _ -")]
    Cluster,
}

fn check(raw: &str, max: usize) -> Result<(), NameError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._+~-".contains(&b);
    if (1..=max).contains(&raw.len()) && raw.bytes().all(allowed) {
        Ok(())
    } else {
        Err(NameError::Unfit { max })
    }
}

checked_text!(
    /// What has releases, 1 to 64 characters: `deis-builder`. `#` and `/` never occur in it.
    ComponentName, NameError, |raw| check(raw, 64)
);

checked_text!(
    /// A channel in which versions of a component come out, 1 to 24 characters: `stable`, `beta`.
    TrainLabel, NameError, |raw| check(raw, 24)
);

checked_text!(
    /// A version of a component, 1 to 64 characters, whatever its scheme: `2.19.1`, `v2.0.0-beta`, `2026-11`.
    VersionName, NameError, |raw| {
        check(raw, 64)?;
        if raw == "latest" { Err(NameError::Latest) } else { Ok(()) }
    }
);

checked_text!(
    /// The identity of a cluster, which it gives itself: 1 to 128 characters, mostly a UUID.
    ClusterId, NameError, |raw| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if (1..=128).contains(&raw.len()) && raw.bytes().all(allowed) { Ok(()) } else { Err(NameError::Cluster) }
    }
);

impl ComponentName {
    /// The component that a product is.
    pub fn of_product(product: &ProductSlug) -> Self {
        product
            .as_str()
            .parse()
            .expect("slugs of products are names of components")
    }

    /// The product whose component this is, if one can have this name.
    pub fn product(&self) -> Option<ProductSlug> {
        self.as_str().parse().ok()
    }
}

impl VersionName {
    /// The same for `2.18.0` and `v2.18.0`: installations and tags spell one version both ways.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self(canonical(self.as_str()).to_owned())
    }

    /// Whether a ref names this version.
    pub fn is_named_by(&self, git_ref: &GitRef) -> bool {
        canonical(self.as_str()) == canonical(git_ref.as_str())
    }
}

fn canonical(raw: &str) -> &str {
    match raw.strip_prefix('v') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        Some(_) | None => raw,
    }
}

/// Why a train's name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a train is component/train, such as handbook/stable: letters, digits and . _ + ~ -, at most 64 and 24 characters"
)]
pub struct TrainError;

/// A component's train: `handbook/stable`. It is what an edition tracks instead of a ref.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrainName {
    /// The component.
    pub component: ComponentName,
    /// Which of its trains.
    pub label: TrainLabel,
}

impl std::str::FromStr for TrainName {
    type Err = TrainError;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let (component, label) = raw.split_once('/').ok_or(TrainError)?;
        Ok(Self {
            component: component.parse().map_err(|_| TrainError)?,
            label: label.parse().map_err(|_| TrainError)?,
        })
    }
}

impl TryFrom<String> for TrainName {
    type Error = TrainError;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        raw.parse()
    }
}

impl From<TrainName> for String {
    fn from(name: TrainName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for TrainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.component, self.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d08_names_have_their_lengths_and_characters_and_latest_is_no_version() {
        let long = |n: usize| "a".repeat(n);
        assert!(long(64).parse::<ComponentName>().is_ok() && long(65).parse::<ComponentName>().is_err());
        assert!(long(24).parse::<TrainLabel>().is_ok() && long(25).parse::<TrainLabel>().is_err());
        assert!(long(64).parse::<VersionName>().is_ok() && long(65).parse::<VersionName>().is_err());
        for hostile in ["", "a#b", "a/b", "a b", "ä", "a\n", "a%b", "a\0"] {
            assert!(hostile.parse::<ComponentName>().is_err(), "{hostile:?}");
            assert!(hostile.parse::<VersionName>().is_err(), "{hostile:?}");
            assert!(hostile.parse::<ClusterId>().is_err(), "{hostile:?}");
        }
        assert_eq!("latest".parse::<VersionName>(), Err(NameError::Latest));
        assert!("latest".parse::<ComponentName>().is_ok());
        assert!("1.0+build~1-rc_2".parse::<VersionName>().is_ok());
        assert!("a+b".parse::<ClusterId>().is_err());
    }

    #[test]
    fn one_version_is_spelled_with_and_without_its_letter() {
        let version: VersionName = "v2.18.0".parse().unwrap();
        assert_eq!(version.canonical().as_str(), "2.18.0");
        assert!(version.is_named_by(&"2.18.0".parse().unwrap()));
        let word: VersionName = "vanilla".parse().unwrap();
        assert_eq!(word.canonical(), word);
        assert!(!word.is_named_by(&"anilla".parse().unwrap()));
    }

    #[test]
    fn a_train_is_a_component_and_a_label() {
        let train: TrainName = "handbook/stable".parse().unwrap();
        assert_eq!(
            (train.component.as_str(), train.label.as_str()),
            ("handbook", "stable")
        );
        assert_eq!(train.to_string(), "handbook/stable");
        for bad in ["handbook", "handbook/", "/stable", "a/b/c", "a/a b"] {
            assert!(bad.parse::<TrainName>().is_err(), "{bad}");
        }
    }
}
