//! Products: what has documentation.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::artifact::Derivation;
use crate::edition::{Blueprint, Edition, TooLate, Tracking, UNDO_TIME};
use crate::git::GitRefs;
use crate::id::{EditionId, Generation, Revision, SurrogateKey};
use crate::key::KeyPrefix;
use crate::kind::{Kind, Retention};
use crate::organization::Organization;
use crate::retention::{Doom, RetentionRules};
use crate::rules::SemverEditions;
use crate::slug::{OrganizationSlug, ProductSlug};
use crate::slug_rules::SlugRules;
use crate::text::{Title, WebUrl};
use crate::tracking::TrackingMode;

/// A documentation project (v2 API: project).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// The tenant it belongs to.
    pub organization: OrganizationSlug,
    /// Its name in URLs and keys.
    pub slug: ProductSlug,
    /// Its title for people.
    pub title: Title,
    /// Where its source lives.
    pub doc_repo: WebUrl,
    /// The domain it is published under, when it differs from the organization's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_domain: Option<String>,
    /// The CDN host of that domain, when it differs from the organization's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_fastly_domain: Option<String>,
    /// Purges what belongs to no edition: dashboards, switcher, sitemap.
    pub surrogate_key: SurrogateKey,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The smallest number that may still be free as an automatic build slug. Slugs are never freed, so it only grows.
    pub next_build_slug: u64,
    /// Its own rules, where they differ from the organization's.
    #[serde(default)]
    pub policy: ProductPolicy,
    /// That retention is about to delete it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doom: Option<Doom>,
    /// How often it was written.
    pub revision: Revision,
}

/// A write to a product that was deleted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Product was deprecated: {0}; POST to its /restore first")]
pub struct ProductEnded(pub ProductSlug);

/// The rules of a product. Each part that is there takes the place of the organization's as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPolicy {
    /// How refs become slugs of editions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug_rules: Option<SlugRules>,
    /// Whether releases bring editions of their major and minor version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver_editions: Option<SemverEditions>,
    /// What ends and what is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionRules>,
    /// Which formats are made of the pages of each build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derive: Option<Derivation>,
}

impl Product {
    /// The prefix of everything that is published of it.
    pub fn prefix(&self) -> KeyPrefix {
        KeyPrefix::product(&self.organization, &self.slug)
    }

    /// The domain its URLs are built on.
    pub fn root_domain<'a>(&'a self, organization: &'a Organization) -> &'a str {
        self.root_domain.as_deref().unwrap_or(&organization.domain)
    }

    /// The CDN host of its domain.
    pub fn root_fastly_domain<'a>(&'a self, organization: &'a Organization) -> &'a str {
        self.root_fastly_domain
            .as_deref()
            .unwrap_or(&organization.fastly_domain)
    }

    /// Deletes it for lists and writers. Its files and editions stay as they are. Ending again changes nothing.
    pub fn end(mut self, now: Timestamp) -> Self {
        self.ended_at = self.ended_at.or(Some(now));
        self
    }

    /// Undoes the deletion. Restoring what has not ended changes nothing.
    ///
    /// # Errors
    /// When it was deleted too long ago.
    pub fn restore(mut self, now: Timestamp) -> Result<Self, TooLate> {
        let is_late = self.ended_at.is_some_and(|ended_at| now > ended_at + UNDO_TIME);
        if is_late || matches!(self.doom, Some(Doom::Deleting { .. })) {
            return Err(TooLate { what: "product" });
        }
        self.ended_at = None;
        Ok(self)
    }

    /// Lets only live products be written to.
    ///
    /// # Errors
    /// When it was deleted.
    pub fn writable(&self) -> Result<(), ProductEnded> {
        match self.ended_at {
            None => Ok(()),
            Some(_) => Err(ProductEnded(self.slug.clone())),
        }
    }

    /// The edition every product is born with: at the product's root URL, tracking `main`.
    pub fn default_edition(
        &self,
        organization: &Organization,
        mode: TrackingMode,
        id: EditionId,
        surrogate_key: SurrogateKey,
    ) -> Edition {
        let main = GitRefs::parse(&["main"]).expect("`main` is a git ref");
        let blueprint = Blueprint {
            slug: organization.default_edition.clone(),
            title: "Latest".parse().expect("`Latest` is a title"),
            tracking: Tracking {
                mode,
                refs: Some(main),
                alternate: None,
            },
            kind: Kind::Main,
            retention: Retention::Applies,
        };
        self.edition(id, blueprint, surrogate_key, self.created_at)
    }

    /// An edition of this product that shows nothing yet.
    pub fn edition(
        &self,
        id: EditionId,
        blueprint: Blueprint,
        surrogate_key: SurrogateKey,
        created_at: Timestamp,
    ) -> Edition {
        Edition {
            id,
            organization: self.organization.clone(),
            product: self.slug.clone(),
            slug: blueprint.slug,
            title: blueprint.title,
            tracking: blueprint.tracking,
            kind: Some(blueprint.kind),
            retention: blueprint.retention,
            surrogate_key,
            created_at,
            ended_at: None,
            generation: Generation::NONE,
            desired: None,
            copied: None,
            published: None,
            attempts: Vec::new(),
            newest_seen: None,
            pin: None,
            renaming: None,
            former: Vec::new(),
            stale_keys: Vec::new(),
            failure: None,
            doom: None,
            revision: Revision::NEW,
        }
    }
}
