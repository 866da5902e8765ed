//! What is different between two builds of a product.

use futures_util::future::try_join;

use imprint_domain::build::{Build, BuildState};
use imprint_domain::diff::{self, Diff, PageDigests};
use imprint_domain::id::{BuildId, ManifestId};
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Manifest;
use imprint_domain::product::Product;
use imprint_domain::slug::{BuildSlug, ProductSlug};

use crate::env::Env;
use crate::error::AppError;
use crate::ports::StoreError;

/// Two builds of a product with their files.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The product.
    pub product: Product,
    /// The build that is compared with.
    pub before: Side,
    /// The build that is compared.
    pub after: Side,
}

/// A build with its files.
#[derive(Debug, Clone)]
pub struct Side {
    /// The build.
    pub build: Build,
    manifest: Manifest,
    pages: Option<PageDigests>,
}

impl Compared {
    /// What is different.
    pub fn diff(&self) -> Diff<'_> {
        diff::diff(self.before.as_domain(), self.after.as_domain())
    }
}

impl Side {
    fn as_domain(&self) -> diff::Side<'_> {
        diff::Side {
            manifest: &self.manifest,
            pages: self.pages.as_ref(),
        }
    }
}

/// Reads what two builds of a product consist of. Each is named by its slug, or by its number where no build has that as its
/// slug: slugs are often numbers.
///
/// Nine requests: the product, two for each build, and the files and the pages of each. A build that is named by its number
/// costs one more.
///
/// # Errors
/// `NotFound` when the product does not have them, `Refused` when the files of one are not known.
pub async fn compare(
    env: &Env,
    product: &ProductSlug,
    before: &BuildSlug,
    after: &BuildSlug,
) -> Result<Compared, AppError> {
    let product = crate::products::get(env, product).await?;
    let builds = try_join(named(env, &product, before), named(env, &product, after));
    let (before, after) = builds.await?;
    let (before, after) = try_join(side(env, before), side(env, after)).await?;
    Ok(Compared {
        product,
        before,
        after,
    })
}

async fn side(env: &Env, build: Build) -> Result<Side, AppError> {
    let site = site_of(&build)?;
    let (manifest, pages) = try_join(files(env, &build, site), pages(env, &build, site)).await?;
    Ok(Side {
        build,
        manifest,
        pages,
    })
}

async fn named(env: &Env, product: &Product, name: &BuildSlug) -> Result<Build, AppError> {
    let (org, slug) = (&product.organization, &product.slug);
    if let Some(build) = env.catalog.build_with_slug(org, slug, name).await? {
        return Ok(build);
    }
    let number: Option<BuildId> = name.as_str().parse().ok();
    let id = number.filter(|id| id.to_string() == name.as_str());
    let id = id.ok_or(AppError::NotFound)?;
    env.catalog
        .build_of(org, slug, id)
        .await?
        .ok_or(AppError::NotFound)
}

/// The manifest of a build's own files.
fn site_of(build: &Build) -> Result<&ManifestId, AppError> {
    let site = build.artifacts.site.as_ref().or(build.manifest.as_ref());
    site.ok_or_else(|| {
        let what_to_do = match build.state {
            BuildState::Uploading => "confirm its upload with {\"uploaded\": true} first",
            BuildState::Uploaded { .. } => "its upload is confirmed; ask again when its task is done",
            BuildState::Ended { .. } => "it was deleted before; compare another build",
        };
        AppError::Refused(format!(
            "Build has not been registered, so its files are not known: {}; {what_to_do}",
            build.slug
        ))
    })
}

async fn files(env: &Env, build: &Build, site: &ManifestId) -> Result<Manifest, AppError> {
    let stored = env.objects.read(&ObjectKey::manifest(build.id, site)).await?;
    let stored = stored.ok_or_else(|| {
        AppError::Refused(format!(
            "The files of build {} are not there any more; compare another build",
            build.slug
        ))
    })?;
    Manifest::read(&stored.body).map_err(|error| StoreError::Failed(error.into()).into())
}

/// What the pages say; nothing where nobody has looked at them, or what was written of them cannot be read: then their bytes
/// are compared.
async fn pages(env: &Env, build: &Build, site: &ManifestId) -> Result<Option<PageDigests>, AppError> {
    let stored = env.objects.read(&ObjectKey::page_digests(build.id, site)).await?;
    Ok(stored.and_then(|stored| serde_json::from_slice(&stored.body).ok()))
}
