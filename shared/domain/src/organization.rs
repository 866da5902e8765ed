//! The organization: the tenant whose domain, bucket and CDN service a product uses.

use serde::{Deserialize, Serialize};

use crate::slug::{EditionSlug, OrganizationSlug};
use crate::text::WebUrl;
use crate::webhook::{EventKind, Webhook};

/// How products get their URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `https://<product>.<domain>`
    Subdomain,
    /// `https://<domain>/<path prefix>/<product>`
    Path,
}

/// A tenant's settings that the publishing rules need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its name in URLs and keys.
    pub slug: OrganizationSlug,
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
    pub fastly_service: Option<String>,
    /// What a ticket's key is put behind to link to it; none when branches name no tickets.
    pub ticket_url: Option<WebUrl>,
    /// The slug of each product's default edition: LTD 1.x has `main`, LTD 2.x `__main`.
    pub default_edition: EditionSlug,
    /// What can be changed while it runs.
    #[serde(default)]
    pub policy: Policy,
}

/// What an organization decides for all its products.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Who is told of what happens, at most [`MAX_WEBHOOKS`](crate::webhook::MAX_WEBHOOKS).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<Webhook>,
}

impl Policy {
    /// The webhooks that are told of such events.
    pub fn webhooks_for(&self, kind: EventKind) -> impl Iterator<Item = &Webhook> {
        self.webhooks.iter().filter(move |webhook| webhook.wants(kind))
    }
}
