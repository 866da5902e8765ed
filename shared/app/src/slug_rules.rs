//! How a product's refs become editions: its own rules, and what would become of refs under some.

use imprint_domain::alternate::AlternateName;
use imprint_domain::git::GitRef;
use imprint_domain::preview::{Foreseen, preview};
use imprint_domain::product::{Product, ProductPolicy};
use imprint_domain::rules::{Rules, SemverEditions};
use imprint_domain::slug::ProductSlug;
use imprint_domain::slug_rules::SlugRules;

use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::ports::{Change, StoreError};
use crate::products;

/// A product's own rules; each part that is none is its organization's.
#[derive(Debug, Clone, Default)]
pub struct OwnRules {
    /// How refs become slugs.
    pub slugs: Option<SlugRules>,
    /// Whether releases bring editions of their line.
    pub semver_editions: Option<SemverEditions>,
}

/// Gives a product rules of its own, or its organization's. Editions that exist stay what they are.
///
/// # Errors
/// `NotFound` when there is no such product.
pub async fn set(env: &Env, slug: &ProductSlug, own: OwnRules) -> Result<Product, AppError> {
    for _ in 0..MAX_TRIES {
        let product = products::get(env, slug).await?;
        let policy = ProductPolicy {
            slug_rules: own.slugs.clone(),
            semver_editions: own.semver_editions,
            ..product.policy.clone()
        };
        if policy == product.policy {
            return Ok(product);
        }
        let changed = Product { policy, ..product };
        match env
            .catalog
            .commit(vec![Change::UpdateProduct(changed.clone())])
            .await
        {
            Ok(()) => return Ok(changed),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}

/// What is asked of a preview.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The refs, in the order in which their builds would come.
    pub refs: Vec<GitRef>,
    /// Rules to try instead of those that are in force.
    pub rules: OwnRules,
    /// The deployment that the builds would be for.
    pub alternate: Option<AlternateName>,
}

/// Foresees what becomes of refs. Changes nothing.
///
/// # Errors
/// `NotFound` when there is no such product.
pub async fn foresee(env: &Env, slug: &ProductSlug, asked: &Asked) -> Result<Vec<Foreseen>, AppError> {
    let (product, editions) = env
        .catalog
        .product_with_editions(&env.organization.slug, slug)
        .await?
        .ok_or(AppError::NotFound)?;
    let in_force = Rules::of(&env.organization, &product);
    let rules = Rules {
        slugs: asked
            .rules
            .slugs
            .clone()
            .unwrap_or_else(|| in_force.slugs.clone()),
        semver_editions: asked.rules.semver_editions.unwrap_or(in_force.semver_editions),
        ..in_force
    };
    let alternate = asked.alternate.as_ref();
    Ok(preview(&rules, &product, editions, &asked.refs, alternate))
}
