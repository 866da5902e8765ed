//! What happened: facts as they were then, so that a delivery hours later says the same.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::build::Build;
use crate::edition::{Edition, Pointer};
use crate::git::GitRefs;
use crate::id::{BuildId, EditionId, EventId, Generation};
use crate::layout;
use crate::organization::Organization;
use crate::product::Product;
use crate::slug::{BuildSlug, EditionSlug, ProductSlug};
use crate::task::Failure;
use crate::text::{Title, WebUrl};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What can happen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum EventKind {
            $($(#[$doc])* #[serde(rename = $name)] $kind,)*
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name, such as `edition.updated`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// A product was created.
    ProductCreated = "product.created",
    /// A client says that all files of a build are there.
    BuildUploaded = "build.uploaded",
    /// A build's files are known, and the editions that follow it are on their way to it.
    BuildRegistered = "build.registered",
    /// A build could not be registered.
    BuildFailed = "build.failed",
    /// An edition was created, by a request or by a build.
    EditionCreated = "edition.created",
    /// Readers see an edition's new files: the CDN has accepted the purge.
    EditionUpdated = "edition.updated",
    /// An edition's move to a build did not arrive.
    EditionFailed = "edition.failed",
    /// An edition's slug, and so its URL, is another one.
    EditionRenamed = "edition.renamed",
    /// An edition was deleted.
    EditionDeleted = "edition.deleted",
    /// An edition's deletion was undone.
    EditionRestored = "edition.restored",
    /// Somebody tries a webhook out.
    Ping = "ping",
}

/// A word that names no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no event; there are {names}", names = EventKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", "))]
pub struct UnknownEvent(String);

impl std::str::FromStr for EventKind {
    type Err = UnknownEvent;
    fn from_str(raw: &str) -> Result<Self, UnknownEvent> {
        let found = Self::ALL.iter().copied().find(|kind| kind.name() == raw);
        found.ok_or_else(|| UnknownEvent(raw.chars().take(40).collect()))
    }
}

/// Something that happened. The same one is told to every webhook that wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its identity, by which a receiver knows that it was told before.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// To what; nothing for a ping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The product.
    pub product: ProductFacts,
    /// The edition, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<EditionFacts>,
    /// The build, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildFacts>,
    /// What went wrong, when something did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// A product as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductFacts {
    /// Its slug.
    pub slug: ProductSlug,
    /// Its title.
    pub title: Title,
    /// Where its source lives.
    pub doc_repo: WebUrl,
    /// Where readers find it.
    pub published_url: String,
}

/// An edition as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionFacts {
    /// Its number.
    pub id: EditionId,
    /// Its slug.
    pub slug: EditionSlug,
    /// Its title.
    pub title: Title,
    /// Where readers find it.
    pub published_url: String,
    /// Which of its moves it is about: of two events the one with the greater number is the newer.
    pub generation: Generation,
}

/// A build as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildFacts {
    /// Its number.
    pub id: BuildId,
    /// Its slug.
    pub slug: BuildSlug,
    /// What it was built from.
    pub git_refs: GitRefs,
    /// Where it can be seen by itself.
    pub published_url: String,
}

impl Subject {
    /// A product, and nothing of it in particular.
    pub fn product(organization: &Organization, product: &Product) -> Self {
        Self {
            product: ProductFacts {
                slug: product.slug.clone(),
                title: product.title.clone(),
                doc_repo: product.doc_repo.clone(),
                published_url: layout::product_url(organization, product),
            },
            edition: None,
            build: None,
            failure: None,
        }
    }

    /// An edition of the product.
    pub fn edition(organization: &Organization, product: &Product, edition: &Edition) -> Self {
        Self {
            edition: Some(EditionFacts {
                id: edition.id,
                slug: edition.slug.clone(),
                title: edition.title.clone(),
                published_url: layout::edition_url(organization, product, &edition.slug),
                generation: edition.generation,
            }),
            ..Self::product(organization, product)
        }
    }

    /// A move of an edition of the product to a build.
    pub fn moved(
        organization: &Organization,
        product: &Product,
        edition: &Edition,
        pointer: &Pointer,
    ) -> Self {
        let mut subject = Self::edition(organization, product, edition);
        if let Some(edition) = &mut subject.edition {
            edition.generation = pointer.generation;
        }
        subject.build = Some(BuildFacts {
            id: pointer.build,
            slug: pointer.build_slug.clone(),
            git_refs: pointer.git_refs.clone(),
            published_url: layout::build_url(organization, product, &pointer.build_slug),
        });
        subject
    }

    /// A build of the product.
    pub fn build(organization: &Organization, product: &Product, build: &Build) -> Self {
        Self {
            build: Some(BuildFacts {
                id: build.id,
                slug: build.slug.clone(),
                git_refs: build.git_refs.clone(),
                published_url: layout::build_url(organization, product, &build.slug),
            }),
            ..Self::product(organization, product)
        }
    }

    /// And it failed.
    pub fn failed(mut self, failure: &Failure) -> Self {
        self.failure = Some(failure.clone());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_by_the_name_it_is_stored_under() {
        for kind in EventKind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
            let stored = serde_json::to_string(kind).unwrap();
            assert_eq!(stored, format!("{:?}", kind.name()));
        }
        let error = "edition.exploded".parse::<EventKind>().unwrap_err().to_string();
        assert!(error.contains("edition.updated"), "{error}");
    }
}
