//! What an organization's index says: its products by title, each with its newest release.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Dashboard, EditionView};
use crate::id::SurrogateKey;
use crate::layout;
use crate::organization::Organization;
use crate::product::Product;
use crate::slug::{OrganizationSlug, ProductSlug};
use crate::text::Title;

/// What the index says of one product. Stored whenever the product's own pages are written, so that the index is one read
/// of small things and not one of every product's editions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The product.
    pub product: ProductSlug,
    /// Its title.
    pub title: Title,
    /// The domain it is published under, when it differs from the organization's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_domain: Option<String>,
    /// Its highest finished version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<NewestRelease>,
    /// The day on which readers last got something new; none when nothing is published. A day and no more, so that a busy
    /// product changes the index once a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
}

/// The release that the index links to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewestRelease {
    /// The edition's title.
    pub title: String,
    /// Where it is below the product's URL, with a final slash.
    pub path: String,
}

/// An organization's index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Index {
    /// The organization's title.
    pub title: String,
    /// Its own URL with a final slash.
    pub url: String,
    /// Its products, by title.
    pub products: Vec<IndexedProduct>,
}

/// A product on the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexedProduct {
    /// Its name in URLs.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its URL with a final slash.
    pub url: String,
    /// Its highest finished version.
    pub newest: Option<NewestRelease>,
    /// The day on which readers last got something new.
    pub updated: Option<String>,
}

impl Dashboard {
    /// What the organization's index says of this product.
    pub fn index_entry(&self, product: &Product) -> IndexEntry {
        let is_finished = |edition: &&EditionView| {
            edition
                .version
                .as_ref()
                .is_some_and(|version| !version.is_earlier())
        };
        let newest = self.releases.iter().find(is_finished).or(self.releases.first());
        let editions = self.main.iter().chain(&self.releases).chain(&self.drafts);
        IndexEntry {
            organization: product.organization.clone(),
            product: product.slug.clone(),
            title: product.title.clone(),
            root_domain: product.root_domain.clone(),
            newest: newest.map(|edition| NewestRelease {
                title: edition.title.clone(),
                path: edition.path.clone(),
            }),
            updated: editions.map(|edition| edition.updated.day.clone()).max(),
        }
    }
}

impl Index {
    /// Puts an organization's products into the order of readers.
    pub fn of(organization: &Organization, entries: Vec<IndexEntry>) -> Self {
        let mut products: Vec<IndexedProduct> = entries
            .into_iter()
            .map(|entry| IndexedProduct {
                url: layout::url_of(organization, entry.root_domain.as_deref(), &entry.product) + "/",
                slug: entry.product.to_string(),
                title: entry.title.to_string(),
                newest: entry.newest,
                updated: entry.updated,
            })
            .collect();
        products.sort_by_cached_key(|product| (product.title.to_lowercase(), product.slug.clone()));
        Self {
            title: organization.title.to_string(),
            url: layout::index_url(organization),
            products,
        }
    }
}

/// What the CDN purges an organization's index by. It belongs to no product, and is the same for ever.
pub fn index_key(organization: &OrganizationSlug) -> SurrogateKey {
    let digest = Sha256::digest(format!("the index of organization {organization}"));
    let mut identity = [0; 16];
    identity.copy_from_slice(&digest[..16]);
    SurrogateKey::from_bytes(identity)
}
