//! Artifacts: what a build has besides its pages, one for each format, and where each has got to.
//!
//! An artifact is uploaded with the build, found in its tree, or derived from its pages. Each stands for itself: one that
//! fails stops none of the others, and an edition goes on showing the last good one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::ManifestId;
use crate::key::{KeyPrefix, ObjectKey};
use crate::slug::{BuildSlug, OrganizationSlug, ProductSlug};
use crate::task::Failure;

mod compose;
mod place;

pub use compose::{Kept, Shown, compose};
pub use place::{FOUND_IN, download_name, format_of, found, published_path};

/// A format that a build is published in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The pages and all that belongs to them.
    Html,
    /// The pages in one archive to read offline.
    HtmlZip,
    /// One PDF.
    Pdf,
    /// One EPUB.
    Epub,
    /// What each page says, section by section, for search engines: `search.json`.
    Json,
    /// A full-text index with a page to search in.
    Search,
    /// A Markdown twin of each page and `llms.txt`, for agents.
    Markdown,
}

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no format here; these are: {known}")]
pub struct UnknownFormat {
    name: String,
    known: String,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Html,
        Self::HtmlZip,
        Self::Pdf,
        Self::Epub,
        Self::Json,
        Self::Search,
        Self::Markdown,
    ];
    /// Those that a client may upload as one file beside the pages.
    pub const UPLOADED: [Self; 4] = [Self::HtmlZip, Self::Pdf, Self::Epub, Self::Json];
    /// Those that can be made of the pages.
    pub const DERIVED: [Self; 4] = [Self::HtmlZip, Self::Json, Self::Search, Self::Markdown];

    /// The name in the API and in keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::HtmlZip => "htmlzip",
            Self::Pdf => "pdf",
            Self::Epub => "epub",
            Self::Json => "json",
            Self::Search => "search",
            Self::Markdown => "markdown",
        }
    }

    /// One of some formats by its name.
    ///
    /// # Errors
    /// When none of them has the name.
    pub fn among(known: &[Self], name: &str) -> Result<Self, UnknownFormat> {
        let found = known.iter().find(|format| format.name() == name);
        found.copied().ok_or_else(|| UnknownFormat {
            name: name.chars().take(40).collect(),
            known: known
                .iter()
                .map(|format| format.name())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    /// What an edition keeps from the build that it showed before when the new one has none: an upload without pages never
    /// empties a site.
    pub fn is_never_removed(self) -> bool {
        match self {
            Self::Html | Self::Json | Self::Search | Self::Markdown => true,
            Self::HtmlZip | Self::Pdf | Self::Epub => false,
        }
    }

    /// Whether an older one may stand beside newer pages. A page's twin must say what the page says.
    pub fn may_be_older(self) -> bool {
        match self {
            Self::Html | Self::Markdown => false,
            Self::HtmlZip | Self::Pdf | Self::Epub | Self::Json | Self::Search => true,
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Which formats are made of the pages of each build. Without a rule all of them are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Derivation(pub BTreeSet<Format>);

impl Derivation {
    /// No format.
    pub fn none() -> Self {
        Self(BTreeSet::new())
    }
}

impl Default for Derivation {
    fn default() -> Self {
        Self(Format::DERIVED.into())
    }
}

/// Where a good artifact came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The client uploaded it, beside the pages or among them.
    Uploaded,
    /// It was made of the pages.
    Derived,
}

/// Where an artifact has got to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// The client has a form to upload it with, and nobody has looked yet.
    Expected,
    /// It is being made of the pages.
    Pending {
        /// When that was asked for.
        since: Timestamp,
    },
    /// It is there.
    Ready {
        /// Its files, as a manifest that is stored beside that of the pages.
        manifest: ManifestId,
        /// How many.
        files: u64,
        /// Their size in bytes.
        bytes: u64,
        /// Where it came from.
        origin: Origin,
        /// What people may want to know of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
        /// Since when.
        at: Timestamp,
    },
    /// It failed for good. Confirming the upload again tries again.
    Failed(Failure),
    /// It is not made of a site like this.
    Declined {
        /// The sentence that says why.
        reason: String,
    },
}

impl State {
    /// Whether nothing more will happen to it by itself.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Expected | Self::Pending { .. } => false,
            Self::Ready { .. } | Self::Failed(_) | Self::Declined { .. } => true,
        }
    }
}

/// The artifacts of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifacts {
    /// Those that the client said it would upload.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub announced: BTreeSet<Format>,
    /// The pages that they belong to, once these are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<ManifestId>,
    /// Where each has got to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<Format, State>,
}

impl Artifacts {
    /// Whether there is nothing to say of any.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Those that a client will upload.
    pub fn announced(formats: BTreeSet<Format>) -> Self {
        let states = formats.iter().map(|format| (*format, State::Expected));
        Self {
            site: None,
            states: states.collect(),
            announced: formats,
        }
    }

    /// Those that are being made.
    pub fn pending(&self) -> impl Iterator<Item = Format> {
        let pending = self
            .states
            .iter()
            .filter(|(_, state)| matches!(state, State::Pending { .. }));
        pending.map(|(format, _)| *format)
    }

    /// Whether each has got where it will get.
    pub fn are_final(&self) -> bool {
        self.states.values().all(State::is_final)
    }

    /// Whether a format still has to be made of these pages: not when there are others by now, or it is there.
    pub fn awaits(&self, site: &ManifestId, format: Format) -> bool {
        let is_open = matches!(
            self.states.get(&format),
            Some(State::Pending { .. } | State::Failed(_) | State::Declined { .. })
        );
        self.site.as_ref() == Some(site) && is_open && !self.announced.contains(&format)
    }

    /// Takes what became of a format that was made of these pages. Nothing when it was not awaited any more.
    pub fn conclude(mut self, site: &ManifestId, format: Format, state: State) -> Option<Self> {
        if !self.awaits(site, format) {
            return None;
        }
        self.states.insert(format, state);
        Some(self)
    }

    /// The manifests of those that are there besides the pages.
    pub fn ready(&self) -> impl Iterator<Item = (Format, &ManifestId)> {
        self.states.iter().filter_map(|(format, state)| match state {
            State::Ready { .. } if *format == Format::Html => None,
            State::Ready { manifest, .. } => Some((*format, manifest)),
            State::Expected | State::Pending { .. } | State::Failed(_) | State::Declined { .. } => None,
        })
    }

    /// What an edition keeps of the build before when it moves to this one: the last good file of what has failed, and what
    /// an upload without it does not remove.
    pub fn kept_beside(&self) -> BTreeSet<Format> {
        let has_pages = matches!(self.states.get(&Format::Html), Some(State::Ready { .. }));
        let kept = |format: &Format| match self.states.get(format) {
            Some(State::Ready { .. }) => false,
            Some(State::Failed(_) | State::Expected | State::Pending { .. }) if has_pages => {
                format.may_be_older()
            }
            Some(State::Failed(_) | State::Expected | State::Pending { .. } | State::Declined { .. })
            | None => !has_pages && format.is_never_removed(),
        };
        Format::ALL.into_iter().filter(kept).collect()
    }

    /// What becomes of them when the build's pages are known: what the client brought is as it was found, what shall be made
    /// of other pages than before, or has failed before, is made again.
    #[must_use]
    pub fn of_site(
        self,
        site: &ManifestId,
        brought: BTreeMap<Format, State>,
        derive: &Derivation,
        now: Timestamp,
    ) -> Self {
        let is_same = self.site.as_ref() == Some(site);
        let made = derive
            .0
            .iter()
            .filter(|format| !brought.contains_key(format))
            .map(|format| {
                let before = self.states.get(format).filter(|_| is_same);
                let state = match before {
                    Some(
                        ready @ State::Ready {
                            origin: Origin::Derived,
                            ..
                        },
                    ) => ready.clone(),
                    Some(pending @ State::Pending { .. }) => pending.clone(),
                    Some(
                        State::Ready { .. } | State::Expected | State::Failed(_) | State::Declined { .. },
                    )
                    | None => State::Pending { since: now },
                };
                (*format, state)
            });
        let mut states: BTreeMap<Format, State> = made.collect();
        states.extend(brought);
        Self {
            announced: self.announced,
            site: Some(site.clone()),
            states,
        }
    }
}

impl ObjectKey {
    /// Where an artifact's object lies that belongs to one build.
    pub fn artifact(place: ArtifactPlace<'_>, format: Format, name: &str) -> Self {
        place.prefix().file(&format!("{format}/{name}"))
    }
}

/// The build that artifacts belong to.
#[derive(Debug, Clone, Copy)]
pub struct ArtifactPlace<'a> {
    /// The tenant.
    pub organization: &'a OrganizationSlug,
    /// The product.
    pub product: &'a ProductSlug,
    /// The build.
    pub build: &'a BuildSlug,
}

impl ArtifactPlace<'_> {
    /// Where all artifacts of the build lie.
    pub fn prefix(&self) -> KeyPrefix {
        KeyPrefix::artifacts(self.organization, self.product, self.build)
    }
}

#[cfg(test)]
mod tests;
