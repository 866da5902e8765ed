//! Looks whether an edition's objects are what they are said to be, and has them copied again when they are not.
//!
//! Safe to run twice and to come late: a repair is an ordinary move to the same build, written on the condition that
//! nobody has written the edition since the look.

use jiff::SignedDuration;

use imprint_domain::edition::{Cause, Edition};
use imprint_domain::id::TaskId;
use imprint_domain::product::Product;
use imprint_domain::verification::{Differences, Found};

use crate::editions;
use crate::env::Env;
use crate::error::AppError;
use crate::ports::{Listed, StoreError, Walk};
use crate::register_build::{list_all, read_manifest};
use crate::step::StepError;
use crate::tenants::Tenants;
use crate::walk::Place;

/// What was repaired and differs again so soon is somebody else's doing, or looks different whatever is done: repairing it
/// without end would copy whole sites all day.
const REPAIR_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// The edition is on its way somewhere, or shows nothing.
    NotAtRest,
    /// Everything is as it should be.
    Right,
    /// It is being copied again.
    Repaired {
        /// What watches that.
        task: TaskId,
        /// What was found.
        differences: String,
    },
    /// It differs, and was not touched: it was repaired a short time ago, or somebody moved it meanwhile, or its manifest
    /// is gone.
    LeftAlone {
        /// What was found.
        differences: String,
    },
}

/// Compares an edition, as it was loaded, with what lies below its prefix. A request for each 1,000 objects and two more;
/// on a difference some to the catalog.
///
/// # Errors
/// When a store fails.
pub async fn verify(env: &Env, product: &Product, edition: &Edition) -> Result<Verified, AppError> {
    let Some(shown) = edition.at_rest() else {
        return Ok(Verified::NotAtRest);
    };
    let manifest = match read_manifest(env, shown.build, &shown.manifest).await {
        Ok(Some(manifest)) => manifest,
        Ok(None) | Err(StepError::Final { .. }) => {
            let differences = format!("the manifest of build {} is not there", shown.build);
            return Ok(Verified::LeftAlone { differences });
        }
        Err(error) => return Err(store(error)),
    };
    let prefix = edition.prefix();
    let listed = list_all(env, &prefix).await.map_err(store)?;
    let found = |object: &'_ Listed| {
        Some((
            prefix.strip(&object.key)?.to_owned(),
            object.size,
            object.etag.clone(),
        ))
    };
    let objects: Vec<_> = listed.iter().filter_map(found).collect();
    let found = objects.iter().map(|(path, size, etag)| Found {
        path,
        size: *size,
        etag,
    });
    let mut differences = Differences::between(&manifest, &found.collect::<Vec<_>>());
    if env.objects.headers(&prefix.directory_key()).await?.is_none() {
        differences.missing.push(prefix.directory_key().to_string());
    }
    if differences.is_none() {
        return Ok(Verified::Right);
    }
    repair(env, product, edition, differences.to_string()).await
}

async fn repair(
    env: &Env,
    product: &Product,
    edition: &Edition,
    differences: String,
) -> Result<Verified, AppError> {
    let last = env.catalog.moved(edition.id, edition.generation).await?;
    let repaired_just_now = last.is_some_and(|moved| {
        moved.cause == Cause::Repair && env.clock.now().duration_since(moved.at) < REPAIR_AGAIN
    });
    if repaired_just_now {
        return Ok(Verified::LeftAlone { differences });
    }
    let changed = editions::repair(env, product.clone(), edition.clone()).await?;
    Ok(match changed.and_then(|changed| changed.task) {
        Some(task) => Verified::Repaired { task, differences },
        None => Verified::LeftAlone { differences },
    })
}

fn store(error: StepError) -> AppError {
    match error {
        StepError::Retry { source, .. } => StoreError::Busy(source).into(),
        StepError::Final { message, .. } | StepError::Later { message, .. } => {
            StoreError::Failed(message.into()).into()
        }
    }
}

/// Products without an edition at rest that one run passes over.
const PRODUCTS_A_RUN: usize = 20;

/// Looks at the next edition of the walk through all of them, one a run: at one a minute 1,440 a day.
///
/// # Returns
/// What was found, or nothing when no edition of the next products is at rest.
///
/// # Errors
/// When a store fails; the next run goes on behind the edition, so that none holds up the others.
pub async fn verify_next(tenants: &Tenants) -> Result<Option<Verified>, AppError> {
    let mut place = Place::of(tenants, Walk::Verification).await?;
    for _ in 0..PRODUCTS_A_RUN {
        let env = place.env(tenants).await?;
        let page = place.products(&env, 1).await?;
        if let Some(product) = page.items.first() {
            let (org, slug) = (&product.organization, &product.slug);
            let found = env.catalog.product_with_editions(org, slug).await?;
            let editions = found.map(|(_, editions)| editions).unwrap_or_default();
            let behind = |edition: &&Edition| Some(edition.id) > place.edition;
            let next = editions
                .iter()
                .filter(behind)
                .find(|edition| edition.at_rest().is_some());
            if let Some(edition) = next {
                place.edition = Some(edition.id);
                place.keep(tenants, Walk::Verification).await?;
                return look_at(&env, product, edition).await.map(Some);
            }
        }
        let next = place.next(tenants, page.next).await?;
        let is_last = next.is_none();
        place = next.unwrap_or_default();
        if is_last {
            break;
        }
    }
    place.keep(tenants, Walk::Verification).await?;
    Ok(None)
}

async fn look_at(env: &Env, product: &Product, edition: &Edition) -> Result<Verified, AppError> {
    let verified = verify(env, product, edition).await?;
    let (product, edition) = (&product.slug, edition.id.0);
    match &verified {
        Verified::NotAtRest | Verified::Right => {}
        Verified::Repaired { task, differences } => {
            tracing::error!(code = "differs", %product, edition, %task, differences, "an edition differed and is copied again");
        }
        Verified::LeftAlone { differences } => {
            tracing::error!(code = "differs", %product, edition, differences, "an edition differs and was left alone");
        }
    }
    Ok(verified)
}
