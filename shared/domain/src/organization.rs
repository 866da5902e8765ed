//! The organization: the tenant whose domain, bucket and CDN service a product uses.

mod address;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::artifact::Derivation;
use crate::id::Revision;
use crate::retention::RetentionRules;
use crate::rules::SemverEditions;
use crate::secret::Sealed;
use crate::slug::{EditionSlug, OrganizationSlug};
use crate::slug_rules::SlugRules;
use crate::template::OwnTemplates;
use crate::text::{Title, WebUrl};
use crate::tracking::LsstDocGrammar;
use crate::webhook::{EventKind, Webhook};

pub use address::{AddressError, Clash, DocsDomain, PathPrefix};

/// How products get their URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `https://<product>.<domain>`
    Subdomain,
    /// `https://<domain>/<path prefix>/<product>`
    Path,
}

impl Layout {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Subdomain => "subdomain",
            Self::Path => "path",
        }
    }
}

/// A tenant: where its products are published, and by which rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its name in URLs and keys.
    pub slug: OrganizationSlug,
    /// Its title for people.
    pub title: Title,
    /// Subdomains or paths.
    pub layout: Layout,
    /// The domain, with a port where there is one.
    pub domain: String,
    /// The path below the domain in the path layout; empty or `/…`.
    pub path_prefix: String,
    /// `https`, or `http` on a local stack.
    pub scheme: String,
    /// The bucket with the published files.
    pub bucket: String,
    /// The CDN host that domains point to; empty when there is no CDN.
    pub fastly_domain: String,
    /// The Fastly service to purge; none when there is no CDN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fastly_service: Option<String>,
    /// The API token of that service, when it is not the installation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fastly_key: Option<Sealed>,
    /// What a ticket's key is put behind to link to it; none when branches name no tickets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_url: Option<WebUrl>,
    /// The slug of each product's default edition: LTD 1.x has `main`, LTD 2.x `__main`.
    pub default_edition: EditionSlug,
    /// When it was created; the default organization is as old as time.
    pub created_at: Timestamp,
    /// Its rules.
    #[serde(default)]
    pub policy: Policy,
    /// How often it was written.
    pub revision: Revision,
}

/// The rules of an organization. Every part has a default, so that an organization without rules behaves as LTD does, and has
/// every format made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// How refs become slugs of editions.
    #[serde(default)]
    pub slug_rules: SlugRules,
    /// Whether releases bring editions of their major and minor version.
    #[serde(default)]
    pub semver_editions: SemverEditions,
    /// Which tags the mode `lsst_doc` follows.
    #[serde(default)]
    pub lsst_doc: LsstDocGrammar,
    /// Who is told of what happens, at most [`MAX_WEBHOOKS`](crate::webhook::MAX_WEBHOOKS).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<Webhook>,
    /// What ends and what is deleted.
    #[serde(default)]
    pub retention: RetentionRules,
    /// Which formats are made of the pages of each build.
    #[serde(default)]
    pub derive: Derivation,
    /// Its own templates for its pages, when it does not use the program's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dashboard_template: Option<OwnTemplates>,
}

impl Policy {
    /// The webhooks that are told of such events.
    pub fn webhooks_for(&self, kind: EventKind) -> impl Iterator<Item = &Webhook> {
        self.webhooks.iter().filter(move |webhook| webhook.wants(kind))
    }
}

impl Organization {
    /// The default organization as it is now: where it is published is the deployment's business, its title and rules
    /// are stored.
    pub fn deployed_as(self, deployment: &Self) -> Self {
        Self {
            title: self.title,
            policy: self.policy,
            revision: self.revision,
            ..deployment.clone()
        }
    }
}
