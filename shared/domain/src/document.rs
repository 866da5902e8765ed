//! Documents: structured text that Imprint itself makes into pages and PDFs.
//!
//! A *document* has *versions*, each with one *content*; a *rendering* is what is made of one state of a version. The state's
//! checksum names the rendering, so that each state is rendered once, whoever asks for it and how often.

mod checksum;
mod garbage;
mod image;
mod incoming;
mod names;
mod outputs;
mod rendering;
mod version;

pub use checksum::{Canonical, Checksum, NotCanonical, NotChecksum, canonical};
pub use garbage::{Garbage, UNUSED_FOR, garbage};
pub use image::{
    Image, ImageError, MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, MAX_SHOWN_BYTES, MAX_SHOWN_PIXELS, MediaType,
    Picture,
};
pub use incoming::{Incoming, Notice, Sequencer, Taken};
pub use names::{Alias, ImageName, NameError, NotNumber, VersionNumber, Which};
pub use outputs::{Output, OutputName, UnknownOutput};
pub use rendering::{
    Claim, ErrorCode, Fresh, LEASE, MAX_ATTEMPTS, MAX_WARNINGS, Rendered, Rendering, RenderingError,
    RenderingState, Warning, WarningCode,
};
pub use version::{
    ContentRef, Debounce, Dirty, Form, Publication, QUIET, Reader, Status, UnknownStatus, Version,
    VersionError,
};

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::UserName;
use crate::id::{DocumentId, Revision};
use crate::slug::{OrganizationSlug, ProductSlug};
use crate::text::Title;

/// How many aliases a document keeps, the present one left out: old addresses go on answering.
pub const MAX_FORMER_ALIASES: usize = 20;

/// Whether unpublished versions of a document become builds of its product.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Drafts {
    /// They do, as those of a branch do: an edition of their own shows them to whoever may read the product.
    #[default]
    Public,
    /// They do not: only editors see them.
    Private,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its number.
    pub id: DocumentId,
    /// The tenant.
    pub organization: OrganizationSlug,
    /// Its title.
    pub title: Title,
    /// Its name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Alias>,
    /// Names that it had; they still lead to it, and nobody else gets them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub former_aliases: BTreeSet<Alias>,
    /// The product whose builds its renderings become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// Whether drafts become builds.
    #[serde(default)]
    pub drafts: Drafts,
    /// The newest version there is.
    pub newest: VersionNumber,
    /// The greatest version that is published; none as long as the public sees nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<VersionNumber>,
    /// The write of the batch import that was taken last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Taken>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserName>,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// How often it was written.
    pub revision: Revision,
}

/// Why a document cannot be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Too many names.
    #[error("it has had {MAX_FORMER_ALIASES} aliases, which still lead to it; go back to one of them")]
    TooManyAliases,
}

impl Document {
    /// Gives it another alias, or none. The one it had goes on leading to it.
    ///
    /// # Errors
    /// When it had too many.
    pub fn rename(mut self, alias: Option<Alias>) -> Result<Self, DocumentError> {
        if self.alias == alias {
            return Ok(self);
        }
        self.former_aliases.extend(self.alias.take());
        if let Some(alias) = &alias {
            self.former_aliases.remove(alias);
        }
        if self.former_aliases.len() > MAX_FORMER_ALIASES {
            return Err(DocumentError::TooManyAliases);
        }
        self.alias = alias;
        Ok(self)
    }

    /// Whether a reader may know of it.
    pub fn is_visible(&self, reader: Reader) -> bool {
        let is_known = match reader {
            Reader::Public => self.published.is_some(),
            Reader::Editor => true,
        };
        is_known && self.ended_at.is_none()
    }

    /// What it is once it is written.
    pub fn stored(self) -> Self {
        Self {
            revision: self.revision.next(),
            ..self
        }
    }

    /// Every alias that leads to it.
    pub fn aliases(&self) -> impl Iterator<Item = &Alias> {
        self.alias.iter().chain(&self.former_aliases)
    }
}

#[cfg(test)]
mod tests;
