//! The organization: the tenant whose domain, bucket and CDN service a product uses.

use serde::{Deserialize, Serialize};

use crate::rules::SemverEditions;
use crate::slug::{EditionSlug, OrganizationSlug};
use crate::slug_rules::SlugRules;
use crate::text::WebUrl;
use crate::tracking::LsstDocGrammar;

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
    /// Its rules.
    #[serde(default)]
    pub policy: Policy,
}

/// The rules of an organization. Every part has a default, so that an organization without rules behaves as LTD does.
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
}
