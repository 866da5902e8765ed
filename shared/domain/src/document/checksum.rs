use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::version::Version;
use super::{Document, VersionNumber};
use crate::text::checked_text;

/// Grows when what the checksum is made of changes its meaning.
const SCHEMA: u32 = 1;

/// A text that is no checksum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a checksum has 64 lower case hexadecimal digits")]
pub struct NotChecksum;

fn check(raw: &str) -> Result<(), NotChecksum> {
    let digits = raw.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if raw.len() == 64 && digits {
        Ok(())
    } else {
        Err(NotChecksum)
    }
}

checked_text!(
    /// SHA-256 over everything that a rendering depends on, in lower case hexadecimal digits.
    Checksum, NotChecksum, check
);

/// A number that JSON's canonical form does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it has no canonical form: {0}")]
pub struct NotCanonical(String);

/// The canonical form of a JSON value (RFC 8785) and its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    /// The text.
    pub json: Vec<u8>,
    /// Its digest.
    pub digest: Checksum,
}

/// Brings a JSON value into its canonical form (RFC 8785): the same value is the same text.
///
/// # Errors
/// When a number in it has none.
pub fn canonical(value: &impl Serialize) -> Result<Canonical, NotCanonical> {
    let json = serde_json_canonicalizer::to_vec(value).map_err(|error| NotCanonical(error.to_string()))?;
    let digest = Checksum(hex::encode(Sha256::digest(&json)));
    Ok(Canonical { json, digest })
}

impl Version {
    /// The checksum of what `engine` would make of it now; none as long as it has no content.
    ///
    /// The content is in it by the digest of its own canonical form, and each image that it shows by that of its bytes, so that
    /// no file need be read to know whether anything has changed. Who looks at it, how often it was written and when is not.
    pub fn checksum(&self, document: &Document, engine: &str) -> Option<Checksum> {
        let content = self.content.as_ref()?;
        let VersionNumber { major, minor } = self.number;
        let printed = self.publication.as_ref().map_or_else(
            || (&document.title, document.alias.as_ref()),
            |publication| (&publication.title, publication.alias.as_ref()),
        );
        let facts = json!({
            "schema": SCHEMA,
            "engine": engine,
            "document": document.id,
            "title": printed.0,
            "alias": printed.1,
            "major": major,
            "minor": minor,
            "status": self.status,
            "published_at": self.publication.as_ref().map(|publication| publication.at.to_string()),
            "touched_at": self.touched_at.map(|at| at.to_string()),
            "content": content.digest,
            "images": self.shown_images().map(|(name, image)| json!([name, image.map(|image| &image.sha256)]))
                .collect::<Vec<Value>>(),
        });
        let canonical = canonical(&facts).expect("texts, null and small numbers have a canonical form");
        Some(canonical.digest)
    }
}
