//! Editions: create, read, change, end; their life after that is in `life`.

mod life;
mod moving;
mod on_train;
mod renaming;

pub(crate) use life::repair;
pub use life::{RollbackTo, history, pin, restore, rollback, unpin};
pub(crate) use moving::{copy_message, queued};

use std::collections::BTreeMap;

use imprint_domain::access::UserName;
use imprint_domain::alternate::AlternateName;
use imprint_domain::build::Build;
use imprint_domain::edition::{Blueprint, Cause, Edition, Tracking};
use imprint_domain::git::GitRefs;
use imprint_domain::id::{BuildId, EditionId, SurrogateKey, TaskId};
use imprint_domain::kind::{Kind, Retention};
use imprint_domain::product::Product;
use imprint_domain::rename;
use imprint_domain::slug::{EditionSlug, ProductSlug};
use imprint_domain::text::Title;
use imprint_domain::tracking::TrackingMode;

use self::life::check_pin;
use self::moving::{Beside, Move, Wanted, commit};
use self::on_train::{OnTrain, on_train};
use self::renaming::Rename;
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::ports::{Change, Ids};

/// How a new edition is named.
#[derive(Debug, Clone)]
pub enum NewName {
    /// As the caller says.
    Given {
        /// The slug.
        slug: EditionSlug,
        /// The title.
        title: Title,
    },
    /// The next whole number.
    Autoincrement,
}

/// What a new edition needs.
#[derive(Debug, Clone)]
pub struct NewEdition {
    /// Its name.
    pub name: NewName,
    /// What it follows.
    pub tracking: Tracking,
    /// What it is to readers; as it follows from what it tracks when nobody says.
    pub kind: Option<Kind>,
    /// Whether retention may end it.
    pub retention: Retention,
    /// The build to show at once.
    pub build: Option<BuildId>,
    /// Who asks.
    pub by: Option<UserName>,
}

/// An edition after a request, and the task that goes on when it moves.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The edition.
    pub edition: Edition,
    /// Its product.
    pub product: Product,
    /// What to watch, when it moves.
    pub task: Option<TaskId>,
}

/// Checks that a tracking mode has what it needs. An edition without would follow nothing for ever (D24).
///
/// # Errors
/// When a mode that needs refs or an alternate has none that it can follow.
pub fn tracking(
    mode: TrackingMode,
    refs: Option<GitRefs>,
    alternate: Option<AlternateName>,
) -> Result<Tracking, AppError> {
    Tracking::checked(mode, refs, alternate).map_err(invalid)
}

fn invalid(why: impl std::fmt::Display) -> AppError {
    AppError::Invalid(format!("Invalid Edition: {why}"))
}

/// Creates an edition.
///
/// # Errors
/// `NotFound` for an unknown product, `Invalid` for a slug that is taken or a build that cannot be shown.
pub async fn create(env: &Env, product: &ProductSlug, new: NewEdition) -> Result<Changed, AppError> {
    let org = &env.organization.slug;
    let build = match new.build {
        Some(id) => Some(publishable(env, product, id).await?),
        None => None,
    };
    let mut allotted = None;
    for _ in 0..MAX_TRIES {
        let (product, editions) = env
            .catalog
            .product_with_editions(org, product)
            .await?
            .ok_or(AppError::NotFound)?;
        product.writable()?;
        let blueprint = blueprint(env, &new, &editions)?;
        let slug = blueprint.slug.clone();
        if has_live(&editions, &slug) {
            return Err(AppError::Invalid(format!(
                "Invalid edition: slug ({slug}) already exists"
            )));
        }
        let id = match allotted {
            Some(id) => id,
            None => {
                env.catalog
                    .allot(Ids {
                        editions: 1,
                        ..Ids::default()
                    })
                    .await?
                    .1
            }
        };
        allotted = Some(id);
        let key = surrogate_key(env, &editions, &slug);
        let mut beside = Beside::updates(rename::giving_way(&editions, id, &slug));
        let edition = product.edition(id, blueprint, key, env.clock.now());
        let train = on_train(env, &product, &edition).await?;
        beside.changes.extend(train.still);
        let to = |build, cause, by| Move::plan(env, edition.clone(), build, cause, by);
        let moved = match (&build, &train.build) {
            (Some(build), _) => Some(to(build, Cause::Person, new.by.clone())),
            (None, Some(build)) => Some(to(build, Cause::Tracking, None)),
            (None, None) => None,
        };
        let wanted = Wanted {
            product,
            before: None,
            edition,
            moved,
            write: Box::new(Change::CreateEdition),
            beside,
        };
        if let Some(changed) = commit(env, wanted).await? {
            return Ok(changed);
        }
    }
    Err(AppError::Contended)
}

/// Whether a slug is taken. Deleted editions give theirs back, and those that were renamed their former ones.
pub(crate) fn has_live(editions: &[Edition], slug: &EditionSlug) -> bool {
    editions.iter().any(|edition| edition.holds(slug))
}

/// The key for the objects at a slug: a new one, unless another edition had the slug. The CDN may hold that one's objects
/// for a year at the URLs of the new one's, so they must go with the same purge.
pub(crate) fn surrogate_key(env: &Env, editions: &[Edition], slug: &EditionSlug) -> SurrogateKey {
    let predecessor = editions.iter().rev().find(|edition| edition.has_had(slug));
    predecessor.map_or_else(
        || SurrogateKey::from_bytes(env.random.identity()),
        |edition| edition.surrogate_key.clone(),
    )
}

fn blueprint(env: &Env, new: &NewEdition, editions: &[Edition]) -> Result<Blueprint, AppError> {
    let (slug, title) = name(&new.name, editions)?;
    if let Some(alternate) = &new.tracking.alternate
        && !alternate.names(&slug)
    {
        return Err(invalid(format_args!(
            "slug: one of the alternate {alternate} begins with {alternate}--"
        )));
    }
    let default = &env.organization.default_edition;
    let kind = new
        .kind
        .unwrap_or_else(|| Kind::of(default, &slug, &new.tracking));
    kind.fits(default, &slug).map_err(invalid)?;
    Ok(Blueprint {
        slug,
        title,
        tracking: new.tracking.clone(),
        kind,
        retention: new.retention,
    })
}

fn name(new: &NewName, editions: &[Edition]) -> Result<(EditionSlug, Title), AppError> {
    match new {
        NewName::Given { slug, title } => Ok((slug.clone(), title.clone())),
        NewName::Autoincrement => {
            let numbers = editions
                .iter()
                .flat_map(Edition::names)
                .filter_map(|name| name.as_str().parse::<u64>().ok());
            let next = numbers.max().unwrap_or(0).saturating_add(1).to_string();
            let invalid = || AppError::Invalid(format!("Invalid slug: {next}"));
            Ok((
                next.parse().map_err(|_| invalid())?,
                next.parse().map_err(|_| invalid())?,
            ))
        }
    }
}

async fn publishable(env: &Env, product: &ProductSlug, id: BuildId) -> Result<Build, AppError> {
    let foreign = || {
        AppError::Invalid(format!(
            "Invalid build_url: build {id} is not one of product {product}"
        ))
    };
    let build = env
        .catalog
        .build_of(&env.organization.slug, product, id)
        .await?
        .ok_or_else(foreign)?;
    build.publishable()?;
    Ok(build)
}

/// An edition with its product.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get(env: &Env, id: EditionId) -> Result<(Product, Edition), AppError> {
    let edition = env.catalog.edition(id).await?.ok_or(AppError::NotFound)?;
    if edition.organization != env.organization.slug {
        return Err(AppError::NotFound);
    }
    let product = crate::products::get(env, &edition.product).await?;
    Ok((product, edition))
}

/// An edition of a product by its slug, with the product: the live one, or else the one of that slug that ended last.
/// Three requests, and one a megabyte for an edition that has ended.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn with_slug(
    env: &Env,
    product: &ProductSlug,
    slug: &EditionSlug,
) -> Result<(Product, Edition), AppError> {
    let product = crate::products::get(env, product).await?;
    let org = &env.organization.slug;
    if let Some(live) = env.catalog.edition_with_slug(org, &product.slug, slug).await? {
        return Ok((product, live));
    }
    let (_, editions) = list(env, &product.slug).await?;
    let ended = editions
        .into_iter()
        .filter(|edition| edition.slug == *slug)
        .max_by_key(|edition| edition.ended_at);
    Ok((product, ended.ok_or(AppError::NotFound)?))
}

/// The default editions of products, by their products. One that was deleted is left out. Two requests for a hundred.
///
/// # Errors
/// When the store fails.
pub async fn defaults_of(
    env: &Env,
    products: &[Product],
) -> Result<BTreeMap<ProductSlug, Edition>, AppError> {
    let organization = &env.organization;
    let slugs: Vec<ProductSlug> = products.iter().map(|product| product.slug.clone()).collect();
    let found = env
        .catalog
        .editions_with_slug(&organization.slug, &slugs, &organization.default_edition)
        .await?;
    let by_product = found
        .into_iter()
        .map(|edition| (edition.product.clone(), edition));
    Ok(by_product.collect())
}

/// An edition that may be written to, with its product.
///
/// # Errors
/// `NotFound` when there is none, `Invalid` when its product was deleted.
async fn get_writable(env: &Env, id: EditionId) -> Result<(Product, Edition), AppError> {
    let (product, edition) = get(env, id).await?;
    product.writable()?;
    Ok((product, edition))
}

/// A product with all its editions in the order of creation, ended ones included.
///
/// # Errors
/// `NotFound` when there is no such product.
pub async fn list(env: &Env, product: &ProductSlug) -> Result<(Product, Vec<Edition>), AppError> {
    env.catalog
        .product_with_editions(&env.organization.slug, product)
        .await?
        .ok_or(AppError::NotFound)
}

/// What can be changed of an edition.
#[derive(Debug, Clone, Default)]
pub struct EditionPatch {
    /// A new slug, or the present one.
    pub slug: Option<EditionSlug>,
    /// A new title.
    pub title: Option<Title>,
    /// A new mode; refs that it needs may come with it or be there already.
    pub mode: Option<TrackingMode>,
    /// New tracked refs.
    pub tracked_refs: Option<GitRefs>,
    /// What it is to readers.
    pub kind: Option<Kind>,
    /// Whether retention may end it.
    pub retention: Option<Retention>,
    /// A build to move to.
    pub build: Option<BuildId>,
    /// `true`: publish the present build again; `false`: when something is pending, try it again.
    pub pending_rebuild: Option<bool>,
    /// Who asks.
    pub by: Option<UserName>,
}

/// Changes an edition. A change to what it already is succeeds; naming a build always publishes it (again). Another slug
/// is claimed at once, and the edition has it when the task is done.
///
/// # Errors
/// `NotFound` when there is none, `Invalid` for a build that cannot be shown or a slug that it cannot have.
pub async fn update(env: &Env, id: EditionId, patch: EditionPatch) -> Result<Changed, AppError> {
    for _ in 0..MAX_TRIES {
        let (product, before) = get_writable(env, id).await?;
        let edition = patched(env, before.clone(), &patch)?;
        let build = match build_to_show(&edition, &patch)? {
            Some(build) => Some(publishable(env, &edition.product, build).await?),
            None => None,
        };
        let rename = match &patch.slug {
            Some(slug) => Rename::wanted(env, &edition, slug).await?,
            None => Rename::NotWanted,
        };
        let wanted = match &rename {
            Rename::NotWanted | Rename::UnderWay(_) => {
                let train = match edition.tracking == before.tracking {
                    true => OnTrain::default(),
                    false => on_train(env, &product, &edition).await?,
                };
                let to = |build, cause, by| Move::plan(env, edition.clone(), build, cause, by);
                let moved = match (&build, &train.build) {
                    (Some(build), _) => Some(to(build, Cause::Person, patch.by.clone())),
                    (None, Some(build)) if edition.may_show(build.id) => {
                        Some(to(build, Cause::Tracking, None))
                    }
                    (None, _) => None,
                };
                Wanted {
                    product,
                    before: Some(&before),
                    moved,
                    edition,
                    write: Box::new(Change::UpdateEdition),
                    beside: Beside {
                        changes: train.still.into_iter().collect(),
                        ..Beside::default()
                    },
                }
            }
            Rename::New(new) => {
                new.apply(env, (product, &before), edition, build.as_ref(), patch.by.clone())?
            }
        };
        if let Some(mut changed) = commit(env, wanted).await? {
            changed.task = changed.task.or(rename.under_way());
            return Ok(changed);
        }
    }
    Err(AppError::Contended)
}

fn patched(env: &Env, mut edition: Edition, patch: &EditionPatch) -> Result<Edition, AppError> {
    if let Some(title) = &patch.title {
        edition.title = title.clone();
    }
    if let Some(kind) = patch.kind {
        kind.fits(&env.organization.default_edition, &edition.slug)
            .map_err(invalid)?;
        if edition.kind_in(&env.organization) != kind {
            edition.kind = Some(kind);
        }
    }
    edition.retention = patch.retention.unwrap_or(edition.retention);
    let mode = patch.mode.unwrap_or(edition.tracking.mode);
    let refs = patch
        .tracked_refs
        .clone()
        .or_else(|| edition.tracking.refs.clone());
    let tracking = tracking(mode, refs, edition.tracking.alternate.clone())?;
    if tracking != edition.tracking {
        edition.tracking = tracking;
        // What was newest under other rules says nothing about these.
        edition.newest_seen = None;
        if let Some(pin) = &mut edition.pin {
            pin.waiting.clear();
        }
    }
    Ok(edition)
}

fn build_to_show(edition: &Edition, patch: &EditionPatch) -> Result<Option<BuildId>, AppError> {
    if (patch.build.is_some() || patch.pending_rebuild == Some(true)) && edition.ended_at.is_some() {
        return Err(AppError::Invalid(format!(
            "Edition was deprecated: {}",
            edition.slug
        )));
    }
    if let Some(build) = patch.build {
        check_pin(edition, build)?;
        return Ok(patch.build);
    }
    let present = edition.desired.as_ref().map(|pointer| pointer.build);
    match patch.pending_rebuild {
        Some(true) if present.is_none() => Err(AppError::Invalid(
            "this edition has no build that could be published again".to_owned(),
        )),
        Some(true) => Ok(present),
        Some(false) if edition.is_pending() => Ok(present),
        Some(false) | None => Ok(None),
    }
}

/// Ends an edition, which sets its slug free. Ending it again changes nothing.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn end(env: &Env, id: EditionId) -> Result<Changed, AppError> {
    for _ in 0..MAX_TRIES {
        let (product, before) = get_writable(env, id).await?;
        let ended = before.clone().end(env.clock.now());
        let wanted = match &before.renaming {
            None => Wanted {
                product,
                before: Some(&before),
                edition: ended,
                moved: None,
                write: Box::new(Change::EndEdition),
                beside: Beside::default(),
            },
            Some(renaming) => renaming::given_up(env, (product, &before), ended, renaming),
        };
        if let Some(changed) = commit(env, wanted).await? {
            return Ok(changed);
        }
    }
    Err(AppError::Contended)
}
