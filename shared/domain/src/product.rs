//! Products: what has documentation.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::edition::{Edition, Tracking};
use crate::git::GitRefs;
use crate::id::{EditionId, Generation, Revision, SurrogateKey};
use crate::key::KeyPrefix;
use crate::organization::Organization;
use crate::retention::{Doom, RetentionRules};
use crate::slug::{EditionSlug, OrganizationSlug, ProductSlug};
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

/// The rules of a product. Each part that is there takes the place of the organization's as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPolicy {
    /// What ends and what is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionRules>,
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

    /// The edition every product is born with: at the product's root URL, tracking `main`.
    pub fn default_edition(
        &self,
        organization: &Organization,
        mode: TrackingMode,
        id: EditionId,
        surrogate_key: SurrogateKey,
    ) -> Edition {
        let main = GitRefs::parse(&["main"]).expect("`main` is a git ref");
        let title = "Latest".parse().expect("`Latest` is a title");
        let tracking = Tracking {
            mode,
            refs: Some(main),
        };
        let slug = organization.default_edition.clone();
        self.edition(id, slug, title, tracking, surrogate_key, self.created_at)
    }

    /// An edition of this product that shows nothing yet.
    pub fn edition(
        &self,
        id: EditionId,
        slug: EditionSlug,
        title: Title,
        tracking: Tracking,
        surrogate_key: SurrogateKey,
        created_at: Timestamp,
    ) -> Edition {
        Edition {
            id,
            organization: self.organization.clone(),
            product: self.slug.clone(),
            slug,
            title,
            tracking,
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
            failure: None,
            doom: None,
            revision: Revision::NEW,
        }
    }
}
