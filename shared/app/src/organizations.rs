//! Organizations: create, read, change.

use futures_util::future::try_join_all;
use imprint_domain::access::Caller;
use imprint_domain::artifact::Derivation;
use imprint_domain::id::Revision;
use imprint_domain::key::KeyPrefix;
use imprint_domain::organization::{DocsDomain, Layout, Organization, PathPrefix, Policy};
use imprint_domain::slug::{EditionSlug, OrganizationSlug, ProductSlug};
use imprint_domain::text::{Title, WebUrl};

use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::ports::{Change, Page, StoreError};
use crate::tenants::Tenants;

/// How many organizations are read at a time when all are looked at.
const PAGE: usize = 200;

/// What a new organization needs.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// Its slug.
    pub slug: OrganizationSlug,
    /// Its title.
    pub title: Title,
    /// Subdomains or paths.
    pub layout: Layout,
    /// Its domain.
    pub domain: DocsDomain,
    /// What comes before its products in the path layout.
    pub path_prefix: PathPrefix,
    /// Its bucket; the installation's when none is named.
    pub bucket: Option<String>,
    /// Its CDN.
    pub cdn: NewCdn,
    /// What tickets are linked to.
    pub ticket_url: Option<WebUrl>,
    /// The slug of default editions; the installation's when none is named.
    pub default_edition: Option<EditionSlug>,
}

/// The Fastly service of an organization.
#[derive(Clone, Default)]
pub struct NewCdn {
    /// Its host name.
    pub domain: String,
    /// The service to purge; none when there is no CDN.
    pub service: Option<String>,
    /// The API token; the installation's when none is given.
    pub key: Option<String>,
}

impl std::fmt::Debug for NewCdn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCdn")
            .field("domain", &self.domain)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// Creates an organization.
///
/// # Errors
/// `Invalid` when its slug or its place on the web is taken, or its bucket cannot be used.
pub async fn create(tenants: &Tenants, new: NewOrganization) -> Result<Organization, AppError> {
    let installation = tenants.installation();
    let deployment = installation.deployment.as_ref();
    if new.slug.is_default() || installation.catalog.organization(&new.slug).await?.is_some() {
        return Err(taken(&new.slug));
    }
    let sealed = new
        .cdn
        .key
        .map(|key| installation.sealing.seal(&*installation.random, &new.slug, &key));
    let organization = Organization {
        slug: new.slug,
        title: new.title,
        layout: new.layout,
        domain: new.domain.to_string(),
        path_prefix: new.path_prefix.as_str().to_owned(),
        scheme: deployment.scheme.clone(),
        bucket: new.bucket.unwrap_or_else(|| deployment.bucket.clone()),
        fastly_domain: new.cdn.domain,
        fastly_service: new.cdn.service,
        fastly_key: sealed,
        ticket_url: new.ticket_url,
        default_edition: new
            .default_edition
            .unwrap_or_else(|| deployment.default_edition.clone()),
        created_at: installation.clock.now(),
        policy: Policy::default(),
        revision: Revision::NEW,
    };
    check_place(tenants, &organization).await?;
    if organization.bucket != deployment.bucket {
        check_bucket(&tenants.env(organization.clone())).await?;
    }
    let changes = vec![Change::CreateOrganization(organization.clone())];
    match installation.catalog.commit(changes).await {
        Ok(()) => Ok(organization),
        Err(StoreError::Conflict) => Err(taken(&organization.slug)),
        Err(error) => Err(error.into()),
    }
}

fn taken(slug: &OrganizationSlug) -> AppError {
    AppError::Invalid(format!("An organization already exists with slug '{slug}'"))
}

/// Two requests at the same moment could still get one place; only those who manage the installation can send them.
async fn check_place(tenants: &Tenants, organization: &Organization) -> Result<(), AppError> {
    for other in all(tenants).await? {
        organization
            .apart_from(&other)
            .map_err(|clash| AppError::Invalid(format!("Invalid Organization: {clash}")))?;
    }
    Ok(())
}

/// A bucket that cannot be listed would fail every build later, and tell nobody who could mend it.
async fn check_bucket(env: &Env) -> Result<(), AppError> {
    let probe: ProductSlug = "probe".parse().expect("the name is a slug");
    let prefix = KeyPrefix::product(&env.organization.slug, &probe);
    let listed = env.objects.list(&prefix, None).await;
    listed.map(drop).map_err(|error| match error {
        busy @ StoreError::Busy(_) => busy.into(),
        StoreError::NotFound(_) | StoreError::Failed(_) | StoreError::Conflict => AppError::Invalid(format!(
            "Invalid Organization: s3_bucket: {} is not there, or Imprint may not use it; see OrganizationBuckets of \
             template.yaml",
            env.organization.bucket
        )),
    })
}

/// An organization with its stored rules.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get(tenants: &Tenants, slug: &OrganizationSlug) -> Result<Organization, AppError> {
    tenants.read(slug).await?.ok_or(AppError::NotFound)
}

/// The organizations that a caller may see, in the order of their slugs. Those who manage the installation see all, a page
/// at a time; the others those that they are in, which are few.
///
/// # Errors
/// When the store fails.
pub async fn list(
    tenants: &Tenants,
    caller: &Caller,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Organization>, AppError> {
    if caller.manages_installation() {
        return page(tenants, limit, cursor).await;
    }
    let own = OrganizationSlug::default();
    let mut slugs: Vec<&OrganizationSlug> = caller.rights.memberships.iter().map(|(slug, _)| slug).collect();
    if caller.rights.role_in(&own).is_some() && !slugs.contains(&&own) {
        slugs.push(&own);
    }
    slugs.sort();
    let after = |slug: &&OrganizationSlug| cursor.is_none_or(|cursor| slug.as_str() > cursor);
    let mut slugs: Vec<&OrganizationSlug> = slugs.into_iter().filter(after).collect();
    let more = slugs.len() > limit;
    slugs.truncate(limit);
    let next = slugs.last().filter(|_| more).map(ToString::to_string);
    let found = try_join_all(slugs.into_iter().map(|slug| tenants.read(slug))).await?;
    Ok(Page {
        items: found.into_iter().flatten().collect(),
        next,
    })
}

/// Where the stored organizations begin, when the default one has filled a page by itself.
const AFTER_DEFAULT: &str = "";

/// A page of the stored organizations. The default one comes first, stored or not.
async fn page(tenants: &Tenants, limit: usize, cursor: Option<&str>) -> Result<Page<Organization>, AppError> {
    let own = match cursor {
        None => tenants.read(&OrganizationSlug::default()).await?,
        Some(_) => None,
    };
    let rest = limit - own.iter().len();
    if rest == 0 {
        return Ok(Page {
            items: own.into_iter().collect(),
            next: Some(AFTER_DEFAULT.to_owned()),
        });
    }
    let cursor = cursor.filter(|cursor| *cursor != AFTER_DEFAULT);
    let mut page = tenants.installation().catalog.organizations(rest, cursor).await?;
    page.items.retain(|organization| !organization.slug.is_default());
    page.items.splice(0..0, own);
    Ok(page)
}

/// All organizations of the installation.
///
/// # Errors
/// When the store fails.
pub async fn all(tenants: &Tenants) -> Result<Vec<Organization>, AppError> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let found = page(tenants, PAGE, cursor.as_deref()).await?;
        all.extend(found.items);
        cursor = found.next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

/// What can be changed of an organization. The bucket stays what it is: its products' files lie there.
#[derive(Debug, Clone, Default)]
pub struct OrganizationPatch {
    /// A new title.
    pub title: Option<Title>,
    /// Where it is published from now on.
    pub place: PlacePatch,
    /// Another CDN host.
    pub fastly_domain: Option<String>,
    /// Another service, or none.
    pub fastly_service: Option<Option<String>>,
    /// Another API token, or the installation's.
    pub fastly_key: Option<Option<String>>,
    /// Other tickets, or none.
    pub ticket_url: Option<Option<WebUrl>>,
    /// Other formats to make of each build's pages.
    pub derive: Option<Derivation>,
}

/// What can be changed of where an organization is published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlacePatch {
    /// Another layout.
    pub layout: Option<Layout>,
    /// Another domain.
    pub domain: Option<DocsDomain>,
    /// Another prefix.
    pub path_prefix: Option<PathPrefix>,
}

impl OrganizationPatch {
    /// Whether it changes what the deployment decides for the default organization.
    fn is_of_deployment(&self) -> bool {
        self.place != PlacePatch::default()
            || self.fastly_domain.is_some()
            || self.fastly_service.is_some()
            || self.fastly_key.is_some()
            || self.ticket_url.is_some()
    }
}

/// Changes an organization. A change to what it already is succeeds.
///
/// # Errors
/// `NotFound` when there is none, `Invalid` for a place that is taken and for what only a deployment can change.
pub async fn update(
    tenants: &Tenants,
    slug: &OrganizationSlug,
    patch: OrganizationPatch,
) -> Result<Organization, AppError> {
    if slug.is_default() && patch.is_of_deployment() {
        let sentence = "Invalid Organization: where the default organization is published is set by its deployment; change \
                        the parameters of template.yaml";
        return Err(AppError::Invalid(sentence.to_owned()));
    }
    let installation = tenants.installation();
    let key = patch.fastly_key.map(|key| {
        let seal = |key: String| installation.sealing.seal(&*installation.random, slug, &key);
        key.map(seal)
    });
    if patch.place != PlacePatch::default() {
        check_place(tenants, &moved(get(tenants, slug).await?, &patch.place)).await?;
    }
    change(tenants, slug, |mut organization| {
        organization = moved(organization, &patch.place);
        if let Some(title) = &patch.title {
            organization.title = title.clone();
        }
        if let Some(domain) = &patch.fastly_domain {
            organization.fastly_domain.clone_from(domain);
        }
        if let Some(service) = &patch.fastly_service {
            organization.fastly_service.clone_from(service);
        }
        if let Some(key) = &key {
            organization.fastly_key.clone_from(key);
        }
        if let Some(ticket_url) = &patch.ticket_url {
            organization.ticket_url.clone_from(ticket_url);
        }
        if let Some(derive) = &patch.derive {
            organization.policy.derive.clone_from(derive);
        }
        Ok(organization)
    })
    .await
}

fn moved(mut organization: Organization, to: &PlacePatch) -> Organization {
    if let Some(layout) = to.layout {
        organization.layout = layout;
    }
    if let Some(domain) = &to.domain {
        organization.domain = domain.to_string();
    }
    if let Some(prefix) = &to.path_prefix {
        organization.path_prefix = prefix.as_str().to_owned();
    }
    organization
}

/// Changes an organization as `decide` says, as often as somebody else writes first. Its rules are changed by this.
///
/// # Errors
/// `NotFound` when there is none, and whatever `decide` says.
pub async fn change(
    tenants: &Tenants,
    slug: &OrganizationSlug,
    decide: impl Fn(Organization) -> Result<Organization, AppError>,
) -> Result<Organization, AppError> {
    for _ in 0..MAX_TRIES {
        let before = get(tenants, slug).await?;
        let changed = decide(before.clone())?;
        if changed == before {
            return Ok(changed);
        }
        // The default organization is stored with its first change.
        let write = if before.revision == Revision::NEW {
            Change::CreateOrganization(changed.clone())
        } else {
            Change::UpdateOrganization(changed.clone())
        };
        match tenants.installation().catalog.commit(vec![write]).await {
            Ok(()) => {
                tenants.forget(slug);
                return Ok(changed);
            }
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}
