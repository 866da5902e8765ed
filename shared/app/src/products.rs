//! Products: create, read, change.

use imprint_domain::edition::{Edition, Tracking};
use imprint_domain::id::{Revision, SurrogateKey};
use imprint_domain::product::{Product, ProductPolicy};
use imprint_domain::slug::ProductSlug;
use imprint_domain::text::{Title, WebUrl};
use imprint_domain::tracking::TrackingMode;

use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::commit_and_send;
use crate::ports::{Change, Ids, Page, StoreError};
use crate::render_dashboard;

/// What a new product needs.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// Its slug.
    pub slug: ProductSlug,
    /// Its title.
    pub title: Title,
    /// Where its source lives.
    pub doc_repo: WebUrl,
    /// The domain it is published under, when it differs from the organization's.
    pub root_domain: Option<String>,
    /// The CDN host of that domain.
    pub root_fastly_domain: Option<String>,
    /// How its default edition chooses builds.
    pub main_mode: TrackingMode,
}

/// Creates a product with its default edition.
///
/// # Errors
/// `Invalid` when the slug is taken.
pub async fn create(env: &Env, new: NewProduct) -> Result<(Product, Edition), AppError> {
    let product = Product {
        organization: env.organization.slug.clone(),
        slug: new.slug,
        title: new.title,
        doc_repo: new.doc_repo,
        root_domain: new.root_domain,
        root_fastly_domain: new.root_fastly_domain,
        surrogate_key: SurrogateKey::from_bytes(env.random.identity()),
        created_at: env.clock.now(),
        next_build_slug: 1,
        policy: ProductPolicy::default(),
        doom: None,
        revision: Revision::NEW,
    };
    if env
        .catalog
        .product(&product.organization, &product.slug)
        .await?
        .is_some()
    {
        return Err(taken(&product.slug));
    }
    let (_, id) = env
        .catalog
        .allot(Ids {
            editions: 1,
            ..Ids::default()
        })
        .await?;
    let key = SurrogateKey::from_bytes(env.random.identity());
    let edition = product.default_edition(&env.organization, new.main_mode, id, key);
    let Tracking { mode, refs } = &edition.tracking;
    mode.check(refs.as_ref()).map_err(|_| {
        AppError::Invalid(format!(
            "Invalid Product: main_mode: the default edition tracks main, which {} cannot follow",
            mode.name()
        ))
    })?;
    let changes = vec![
        Change::CreateProduct(product.clone()),
        Change::CreateEdition(edition.clone()),
    ];
    let rendering = render_dashboard::message(&product.organization, &product.slug);
    match commit_and_send(env, changes, vec![rendering]).await {
        Ok(()) => Ok((product, edition)),
        Err(StoreError::Conflict) => Err(taken(&product.slug)),
        Err(error) => Err(error.into()),
    }
}

fn taken(slug: &ProductSlug) -> AppError {
    AppError::Invalid(format!("A product already exists with slug '{slug}'"))
}

/// A product.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get(env: &Env, slug: &ProductSlug) -> Result<Product, AppError> {
    env.catalog
        .product(&env.organization.slug, slug)
        .await?
        .ok_or(AppError::NotFound)
}

/// Products in the order of creation.
///
/// # Errors
/// When the store fails.
pub async fn list(env: &Env, limit: usize, cursor: Option<&str>) -> Result<Page<Product>, AppError> {
    Ok(env
        .catalog
        .products(&env.organization.slug, limit, cursor)
        .await?)
}

/// What can be changed of a product.
#[derive(Debug, Clone, Default)]
pub struct ProductPatch {
    /// A new title.
    pub title: Option<Title>,
    /// A new repository.
    pub doc_repo: Option<WebUrl>,
}

/// Changes a product. A change to what it already is succeeds.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn update(env: &Env, slug: &ProductSlug, patch: ProductPatch) -> Result<Product, AppError> {
    for _ in 0..MAX_TRIES {
        let product = get(env, slug).await?;
        let changed = Product {
            title: patch.title.clone().unwrap_or_else(|| product.title.clone()),
            doc_repo: patch.doc_repo.clone().unwrap_or_else(|| product.doc_repo.clone()),
            ..product.clone()
        };
        if changed == product {
            return Ok(product);
        }
        let changes = vec![Change::UpdateProduct(changed.clone())];
        let rendering = render_dashboard::message(&changed.organization, &changed.slug);
        match commit_and_send(env, changes, vec![rendering]).await {
            Ok(()) => return Ok(changed),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}
