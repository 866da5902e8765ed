//! An organization's own templates for its pages: where they are uploaded, and how they are known once they were tried.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::key::{KeyPrefix, ObjectKey};
use crate::slug::OrganizationSlug;
use crate::text::checked_text;

/// How long a name may be.
const MAX_NAME: usize = 64;

/// A text that cannot name a folder of templates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a template's name has 1 to {MAX_NAME} lower case letters, digits and hyphens")]
pub struct NameError;

fn check_name(raw: &str) -> Result<(), NameError> {
    let plain = raw
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if plain && (1..=MAX_NAME).contains(&raw.len()) {
        Ok(())
    } else {
        Err(NameError)
    }
}

checked_text!(
    /// A folder of templates in an organization's bucket.
    TemplateName, NameError, check_name
);

/// The templates that an organization uses: those that were tried, whatever becomes of the folder they came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnTemplates {
    /// The folder.
    pub name: TemplateName,
    /// The digest of their text, which names the object that holds it.
    pub digest: String,
}

impl OwnTemplates {
    /// Templates of a folder, by the text of all of them.
    pub fn of(name: TemplateName, text: &[u8]) -> Self {
        let digest = hex::encode(&Sha256::digest(text)[..16]);
        Self { name, digest }
    }

    /// The object that holds their text. It names the content, so it is written once and never changed.
    pub fn object(&self, organization: &OrganizationSlug) -> ObjectKey {
        KeyPrefix::tried_templates(organization).file(&format!("{}.json", self.digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_plain_word() {
        for good in ["a", "spring-2026", &"x".repeat(64)] {
            assert!(good.parse::<TemplateName>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "A", "a.zip", "ä", &"x".repeat(65)] {
            assert!(bad.parse::<TemplateName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn tried_templates_lie_where_no_form_can_write() {
        let organization = "default".parse().unwrap();
        let name: TemplateName = "spring".parse().unwrap();
        let folder = KeyPrefix::templates(&organization, &name);
        let tried = OwnTemplates::of(name, b"{}").object(&organization);
        assert_eq!(folder.as_str(), "_imprint/templates/default/spring/");
        assert_eq!(folder.strip(&tried), None);
        assert!(tried.as_str().starts_with("_imprint/tried-templates/default/"));
    }
}
