//! Products: create, read, change, end, restore.

use imprint_domain::artifact::Derivation;
use imprint_domain::edition::{Edition, Tracking};
use imprint_domain::id::{Revision, SurrogateKey};
use imprint_domain::product::{Product, ProductPolicy};
use imprint_domain::slug::ProductSlug;
use imprint_domain::text::{Title, WebUrl};
use imprint_domain::tracking::TrackingMode;
use imprint_domain::webhook::{EventKind, Subject};

use crate::announce::announce;
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::commit_and_send;
use crate::ports::{Change, Ids, Page, StoreError};
use crate::render_dashboard;
use crate::update_dns;

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
        ended_at: None,
        next_build_slug: 1,
        policy: ProductPolicy::default(),
        doom: None,
        revision: Revision::NEW,
    };
    let found = env.catalog.product(&product.organization, &product.slug).await?;
    match found {
        None => {}
        Some(found) if found.ended_at.is_none() => return Err(taken(&product.slug)),
        Some(_) => {
            return Err(AppError::Invalid(format!(
                "A product already exists with slug '{}': it was deleted; POST to its /restore, or take another slug",
                product.slug
            )));
        }
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
    let Tracking {
        mode,
        refs,
        alternate,
    } = edition.tracking.clone();
    Tracking::checked(mode, refs, alternate).map_err(|_| {
        AppError::Invalid(format!(
            "Invalid Product: main_mode: the default edition tracks main, which {} cannot follow",
            mode.name()
        ))
    })?;
    let changes = vec![
        Change::CreateProduct(product.clone()),
        Change::CreateEdition(edition.clone()),
    ];
    let mut messages = vec![render_dashboard::message(
        &product.organization,
        &product.slug,
        Vec::new(),
    )];
    messages.extend(update_dns::message(env, &product));
    messages.extend(announce(env, EventKind::ProductCreated, || {
        Subject::product(&env.organization, &product)
    }));
    messages.extend(announce(env, EventKind::EditionCreated, || {
        Subject::edition(&env.organization, &product, &edition)
    }));
    match commit_and_send(env, changes, messages).await {
        Ok(()) => Ok((product, edition)),
        Err(StoreError::Conflict) => Err(taken(&product.slug)),
        Err(error) => Err(error.into()),
    }
}

fn taken(slug: &ProductSlug) -> AppError {
    AppError::Invalid(format!("A product already exists with slug '{slug}'"))
}

/// A product, also one that was deleted.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get(env: &Env, slug: &ProductSlug) -> Result<Product, AppError> {
    env.catalog
        .product(&env.organization.slug, slug)
        .await?
        .ok_or(AppError::NotFound)
}

/// Products in the order of creation. Deleted ones are left out, so a page may have fewer than `limit`.
///
/// # Errors
/// When the store fails.
pub async fn list(env: &Env, limit: usize, cursor: Option<&str>) -> Result<Page<Product>, AppError> {
    let mut page = env
        .catalog
        .products(&env.organization.slug, limit, cursor)
        .await?;
    page.items.retain(|product| product.ended_at.is_none());
    Ok(page)
}

/// What can be changed of a product.
#[derive(Debug, Clone, Default)]
pub struct ProductPatch {
    /// A new title.
    pub title: Option<Title>,
    /// A new repository.
    pub doc_repo: Option<WebUrl>,
    /// Other formats to make of each build's pages, or those of its organization.
    pub derive: Option<Option<Derivation>>,
}

/// Changes a product. A change to what it already is succeeds.
///
/// # Errors
/// `NotFound` when there is none, `Invalid` when it was deleted.
pub async fn update(env: &Env, slug: &ProductSlug, patch: ProductPatch) -> Result<Product, AppError> {
    let change = |product: Product| {
        product.writable()?;
        Ok(Product {
            title: patch.title.clone().unwrap_or_else(|| product.title.clone()),
            doc_repo: patch.doc_repo.clone().unwrap_or_else(|| product.doc_repo.clone()),
            policy: ProductPolicy {
                derive: patch
                    .derive
                    .clone()
                    .unwrap_or_else(|| product.policy.derive.clone()),
                ..product.policy
            },
            ..product
        })
    };
    changed(env, slug, change).await
}

/// Deletes a product: lists leave it out, and it gets no builds and editions. What readers see stays until retention
/// removes it, and its slug is taken until then. Ending it again changes nothing.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn end(env: &Env, slug: &ProductSlug) -> Result<Product, AppError> {
    changed(env, slug, |product| Ok(product.end(env.clock.now()))).await
}

/// Undoes the deletion of a product: everything is as it was. Restoring what has not ended changes nothing.
///
/// # Errors
/// `NotFound` when there is none, `Invalid` when it was deleted too long ago.
pub async fn restore(env: &Env, slug: &ProductSlug) -> Result<Product, AppError> {
    let restore = |product: Product| {
        product
            .restore(env.clock.now())
            .map_err(|error| AppError::Invalid(error.to_string()))
    };
    changed(env, slug, restore).await
}

/// Loads a product, changes it, and has its pages written anew when it differs.
async fn changed(
    env: &Env,
    slug: &ProductSlug,
    change: impl Fn(Product) -> Result<Product, AppError>,
) -> Result<Product, AppError> {
    for _ in 0..MAX_TRIES {
        let product = get(env, slug).await?;
        let changed = change(product.clone())?;
        if changed == product {
            return Ok(product);
        }
        let changes = vec![Change::UpdateProduct(changed.clone())];
        let rendering = render_dashboard::message(&changed.organization, &changed.slug, Vec::new());
        match commit_and_send(env, changes, vec![rendering]).await {
            Ok(()) => return Ok(changed),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}
