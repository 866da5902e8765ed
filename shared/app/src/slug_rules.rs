//! How a product's refs become editions: its own rules, and what would become of refs under some.

use std::collections::BTreeMap;

use imprint_domain::alternate::AlternateName;
use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::git::GitRef;
use imprint_domain::id::ManifestId;
use imprint_domain::organization::Organization;
use imprint_domain::preview::{Foreseen, imagine, preview};
use imprint_domain::product::{Product, ProductPolicy};
use imprint_domain::registry::{TrainAt, Trains};
use imprint_domain::rules::{Rules, SemverEditions};
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use imprint_domain::slug_rules::SlugRules;
use imprint_domain::tracking::LsstDocGrammar;

use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::ports::{Change, StoreError};
use crate::tenants::Tenants;
use crate::{organizations, products, registry};

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

/// The rules of an organization, for products that have none of their own.
#[derive(Debug, Clone, Default)]
pub struct OrganizationRules {
    /// How refs become slugs.
    pub slugs: SlugRules,
    /// Whether releases bring editions of their line.
    pub semver_editions: SemverEditions,
    /// Which tags the mode `lsst_doc` follows.
    pub lsst_doc: LsstDocGrammar,
}

/// Gives an organization rules. Editions that exist stay what they are; what they follow from now on is what
/// `lsst_doc` says.
///
/// # Errors
/// `NotFound` when there is no such organization.
pub async fn set_of_organization(
    tenants: &Tenants,
    slug: &OrganizationSlug,
    rules: &OrganizationRules,
) -> Result<Organization, AppError> {
    organizations::change(tenants, slug, |mut organization| {
        organization.policy.slug_rules = rules.slugs.clone();
        organization.policy.semver_editions = rules.semver_editions;
        organization.policy.lsst_doc = rules.lsst_doc;
        Ok(organization)
    })
    .await
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
    let mut trains = BTreeMap::new();
    // Only what follows a train asks where it will be.
    if editions.iter().any(|edition| edition.train().is_some()) {
        for git_ref in &asked.refs {
            let (build, editions) = imagine(&rules, &product, &editions, git_ref, alternate);
            trains.insert(
                git_ref.clone(),
                trains_then(env, &rules, &product, &editions, &build).await?,
            );
        }
    }
    Ok(preview(
        &rules,
        &product,
        editions,
        &asked.refs,
        alternate,
        &trains,
    ))
}

/// Where trains are once a build that nobody has uploaded is registered. Documentation that is only imagined is known by
/// the name of its version.
async fn trains_then(
    env: &Env,
    rules: &Rules,
    product: &Product,
    editions: &[Edition],
    build: &Build,
) -> Result<Trains, StoreError> {
    let nothing = ManifestId::from_bytes([0; 16]);
    let recorded = registry::record(env, rules, product, editions, build, &nothing).await?;
    let real = |at: TrainAt| TrainAt {
        build: at.build.filter(|known| *known != build.id),
        ..at
    };
    Ok(recorded
        .trains
        .into_iter()
        .map(|(train, at)| (train, real(at)))
        .collect())
}
