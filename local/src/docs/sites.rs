//! Which organization answers a request, as the configurations of their CDN services would say it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::Uri;
use imprint_app::organizations;
use imprint_app::tenants::Tenants;
use imprint_domain::organization::{Layout, Organization};

use super::address::{self, Wanted};

/// How long a list of organizations is good. A new one is served after this time.
const KEPT: Duration = Duration::from_secs(1);

/// The organizations of the installation. Deployed, each has a service of the CDN that is configured once.
pub(super) struct Sites {
    tenants: Tenants,
    kept: Mutex<Option<(Instant, Arc<Vec<Organization>>)>>,
}

impl Sites {
    pub(super) fn new(tenants: Tenants) -> Self {
        Self {
            tenants,
            kept: Mutex::default(),
        }
    }

    /// Who answers a request, and what it asks for.
    pub(super) async fn find(&self, host: Option<&str>, uri: &Uri) -> anyhow::Result<(Organization, Wanted)> {
        let all = self.all().await?;
        if let Some((organization, wanted)) = of_others(&all, host, uri) {
            return Ok((organization.clone(), wanted));
        }
        let own = all.iter().find(|one| one.slug.is_default());
        let own = own.ok_or_else(|| anyhow::anyhow!("the default organization is missing"))?;
        let wanted = if is_of_another(&all, own, host) {
            Wanted::Nothing
        } else {
            address::wanted(host, uri)
        };
        Ok((own.clone(), wanted))
    }

    async fn all(&self) -> anyhow::Result<Arc<Vec<Organization>>> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, all)) = kept().as_ref()
            && at.elapsed() < KEPT
        {
            return Ok(all.clone());
        }
        let all = Arc::new(organizations::all(&self.tenants).await?);
        *kept() = Some((Instant::now(), all.clone()));
        Ok(all)
    }
}

/// The organization with a domain of its own that a request is for: the one with the longest address.
fn of_others<'a>(
    all: &'a [Organization],
    host: Option<&str>,
    uri: &Uri,
) -> Option<(&'a Organization, Wanted)> {
    let host = host?.to_ascii_lowercase();
    let mut others: Vec<&Organization> = all.iter().filter(|one| !one.slug.is_default()).collect();
    others.sort_by_key(|one| std::cmp::Reverse((one.domain.len(), one.path_prefix.len())));
    others
        .into_iter()
        .find_map(|one| Some((one, within(one, &host, uri)?)))
}

/// Whether a host is that of another organization than the default one: outside its prefix there is nothing then.
fn is_of_another(all: &[Organization], own: &Organization, host: Option<&str>) -> bool {
    let Some(host) = host.map(str::to_ascii_lowercase) else {
        return false;
    };
    let is_at = |one: &Organization| named(one, &host) == one.domain;
    all.iter().any(|one| !one.slug.is_default() && is_at(one)) && !is_at(own)
}

/// A host as an organization's domain has it: without its port unless the domain has one.
fn named<'a>(organization: &Organization, host: &'a str) -> &'a str {
    if organization.domain.contains(':') {
        host
    } else {
        host.split(':').next().unwrap_or(host)
    }
}

fn within(organization: &Organization, host: &str, uri: &Uri) -> Option<Wanted> {
    let host = named(organization, host);
    match organization.layout {
        Layout::Subdomain if host == organization.domain => Some(address::of_index(uri.path())),
        Layout::Subdomain => {
            let product = host.strip_suffix(&organization.domain)?.strip_suffix('.')?;
            Some(address::of_product(product, uri))
        }
        Layout::Path if host == organization.domain => {
            let below = uri.path().strip_prefix(&organization.path_prefix)?;
            (below.is_empty() || below.starts_with('/')).then(|| address::by_path(below))
        }
        Layout::Path => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(slug: &str, layout: Layout, domain: &str, prefix: &str) -> Organization {
        let own = serde_json::json!({
            "slug": slug, "title": slug, "layout": layout, "domain": domain, "path_prefix": prefix,
            "scheme": "http", "bucket": "docs", "fastly_domain": "", "default_edition": "main",
            "created_at": "2026-01-01T00:00:00Z", "revision": 1,
        });
        serde_json::from_value(own).unwrap()
    }

    #[test]
    fn an_organization_answers_below_its_own_address_only() {
        let all = [
            organization("default", Layout::Subdomain, "localhost:8701", ""),
            organization("acme", Layout::Path, "acme.localhost:8701", "/docs"),
            organization("more", Layout::Path, "acme.localhost:8701", "/docs-more"),
            organization("sub", Layout::Subdomain, "sub.example.org", ""),
        ];
        let path = |product: &str, path: &str| Wanted::Path(product.parse().unwrap(), path.to_owned());
        for (host, uri, expected) in [
            (
                "acme.localhost:8701",
                "/docs/alpha/x",
                Some(("acme", path("alpha", "/x"))),
            ),
            ("ACME.localhost:8701", "/docs/", Some(("acme", Wanted::Products))),
            ("acme.localhost:8701", "/docs", Some(("acme", Wanted::Products))),
            (
                "acme.localhost:8701",
                "/docs/alpha",
                Some(("acme", Wanted::SlashMissing)),
            ),
            (
                "acme.localhost:8701",
                "/docs-more/beta/",
                Some(("more", path("beta", "/"))),
            ),
            ("acme.localhost:8701", "/docsx/alpha/", None),
            ("acme.localhost:8701", "/other", None),
            (
                "alpha.sub.example.org:80",
                "/a",
                Some(("sub", path("alpha", "/a"))),
            ),
            ("sub.example.org", "/", Some(("sub", Wanted::Products))),
            ("sub.example.org", "/index.html", Some(("sub", Wanted::Products))),
            ("sub.example.org", "/alpha/", Some(("sub", Wanted::Nothing))),
            ("alpha.localhost:8701", "/a", None),
            ("127.0.0.1:8701", "/alpha/a", None),
        ] {
            let found = of_others(&all, Some(host), &uri.parse().unwrap());
            let found = found.map(|(one, wanted)| (one.slug.to_string(), wanted));
            let expected = expected.map(|(slug, wanted)| (slug.to_owned(), wanted));
            assert_eq!(found, expected, "{host}{uri}");
        }
        for (host, expected) in [
            ("acme.localhost:8701", true),
            ("Sub.example.org:80", true),
            ("localhost:8701", false),
            ("127.0.0.1:8701", false),
            ("docs.example.org", false),
        ] {
            assert_eq!(is_of_another(&all, &all[0], Some(host)), expected, "{host}");
        }
        assert!(!is_of_another(&all, &all[0], None));
    }
}
