//! Retention of one product: load everything or do nothing, decide, commit what is marked, delete what was.
//!
//! Safe to run twice and to stop anywhere: a mark is a conditional write; before anything of a thing is deleted, that it
//! is being deleted is committed on the condition that nobody has written it since the look; and the item goes last, so
//! that a run that died is taken up by the next.

mod deletion;
mod last_look;
mod survey;
mod walk;

use tokio::time::Instant;

use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::organization::Organization;
use imprint_domain::product::{Product, ProductPolicy};
use imprint_domain::retention::{Action, Doom, Effect, Known, RetentionRules, Survey, Unknown, decide};
use imprint_domain::slug::{OrganizationSlug, ProductSlug};

use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::commit_and_send;
use crate::pace::Ran;
use crate::ports::{Catalog, Change, PurgeError, StoreError};
use crate::render_dashboard;
use crate::tenants::Tenants;
use crate::{organizations, products};

pub use walk::{Retained, retain};

/// What a run would do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The product.
    pub product: Product,
    /// Its editions, ended ones included.
    pub editions: Vec<Edition>,
    /// The rules that apply.
    pub rules: RetentionRules,
    /// What happens in which order; or why nothing can be decided, so that nothing happens.
    pub effects: Result<Vec<Effect>, Unknown>,
    builds: Vec<Build>,
}

/// Why a product could not be looked after.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The CDN did not take a purge.
    #[error(transparent)]
    Purge(#[from] PurgeError),
}

/// Says what a run would do to a product now, and does nothing.
///
/// # Errors
/// `NotFound` when there is no such product.
pub async fn preview(env: &Env, product: &ProductSlug) -> Result<Preview, AppError> {
    let found = env
        .catalog
        .product_with_editions(&env.organization.slug, product)
        .await?;
    let (product, editions) = found.ok_or(AppError::NotFound)?;
    Ok(look(env, product, editions).await?)
}

async fn look(env: &Env, product: Product, editions: Vec<Edition>) -> Result<Preview, StoreError> {
    let rules = rules(env, &product);
    let now = env.clock.now();
    let mut survey = survey::without_protection(env, &product, editions).await?;
    let may_do_nothing =
        !is_anything_doomed(&survey) && decide(&survey, &rules, now).is_ok_and(|effects| effects.is_empty());
    if !may_do_nothing {
        survey.histories = survey::histories(env, &survey.editions).await?;
        survey.in_use = Known::Known(survey::in_use(env, &product, &rules).await?);
    }
    let effects = decide(&survey, &rules, now);
    Ok(Preview {
        product,
        rules,
        effects,
        editions: survey.editions,
        builds: match survey.builds {
            Known::Known(builds) => builds,
            Known::Unknown(_) => Vec::new(),
        },
    })
}

/// The rules of a product: its own, or else those of its organization.
pub fn rules(env: &Env, product: &Product) -> RetentionRules {
    let own = product.policy.retention.clone();
    own.unwrap_or_else(|| env.organization.policy.retention.clone())
}

/// Gives a product its own rules, or lets it have its organization's again. The rules that it has already change nothing.
///
/// # Errors
/// `NotFound` when there is no such product.
pub async fn set_rules(
    env: &Env,
    product: &ProductSlug,
    rules: Option<RetentionRules>,
) -> Result<Product, AppError> {
    for _ in 0..MAX_TRIES {
        let product = products::get(env, product).await?;
        let policy = ProductPolicy {
            retention: rules.clone(),
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

/// Gives an organization rules, for products that have none of their own. The next run of each goes by them.
///
/// # Errors
/// `NotFound` when there is no such organization.
pub async fn set_rules_of_organization(
    tenants: &Tenants,
    slug: &OrganizationSlug,
    rules: &RetentionRules,
) -> Result<Organization, AppError> {
    organizations::change(tenants, slug, |mut organization| {
        organization.policy.retention = rules.clone();
        Ok(organization)
    })
    .await
}

/// What is doomed may have to be spared, for which the protection is needed.
fn is_anything_doomed(survey: &Survey) -> bool {
    let of_builds = match &survey.builds {
        Known::Known(builds) => builds.iter().any(|build| build.doom.is_some()),
        Known::Unknown(_) => false,
    };
    of_builds || survey.product_doom.is_some() || survey.editions.iter().any(|edition| edition.doom.is_some())
}

/// Does what [`preview`] says.
///
/// # Returns
/// What was done. Where `deadline` comes first, less than was decided; the next run goes on.
///
/// # Errors
/// When the store or the CDN fails; what was done stays done.
pub async fn retain_product(
    env: &Env,
    product: &ProductSlug,
    deadline: Option<Instant>,
) -> Result<(Vec<Effect>, Ran), RetentionError> {
    let found = env
        .catalog
        .product_with_editions(&env.organization.slug, product)
        .await?;
    let Some((product, editions)) = found else {
        return Ok((Vec::new(), Ran::Completely));
    };
    let look = look(env, product, editions).await?;
    let effects = match &look.effects {
        Ok(effects) => effects.clone(),
        Err(unknown) => {
            tracing::warn!(product = %look.product.slug, why = %unknown, "nothing is retained or deleted");
            return Ok((Vec::new(), Ran::Completely));
        }
    };
    let (deletions, marks): (Vec<Effect>, Vec<Effect>) = effects.into_iter().partition(is_deletion);
    let mut done = commit_marks(env, &look, marks).await?;
    let ran = deletion::carry_out(env, &look, deletions, deadline, &mut done).await?;
    for Effect { action, reason } in &done {
        tracing::info!(product = %look.product.slug, ?action, reason, "retention");
    }
    Ok((done, ran))
}

fn is_deletion(effect: &Effect) -> bool {
    match effect.action {
        Action::DeleteBuild(_) | Action::DeleteEdition(..) | Action::DeleteProduct => true,
        Action::EndEdition(_)
        | Action::SpareBuild(_)
        | Action::SpareEdition(_)
        | Action::SpareProduct
        | Action::MarkBuild(_)
        | Action::MarkEdition(_)
        | Action::MarkProduct => false,
    }
}

/// Commits all that only writes items. Each write needs its thing as it was looked at; one that somebody wrote since is
/// left to the next look.
async fn commit_marks(env: &Env, look: &Preview, marks: Vec<Effect>) -> Result<Vec<Effect>, StoreError> {
    let mut done = Vec::new();
    // The rendering is a change too: its entry in the outbox.
    for chunk in marks.chunks(<dyn Catalog>::MAX_CHANGES - 1) {
        match commit_chunk(env, look, chunk).await {
            Ok(()) => done.extend_from_slice(chunk),
            Err(StoreError::Conflict) => {
                for one in chunk {
                    match commit_chunk(env, look, std::slice::from_ref(one)).await {
                        Ok(()) => done.push(one.clone()),
                        Err(StoreError::Conflict) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

async fn commit_chunk(env: &Env, look: &Preview, chunk: &[Effect]) -> Result<(), StoreError> {
    let changes: Vec<Change> = chunk.iter().filter_map(|effect| look.mark(env, effect)).collect();
    if changes.is_empty() {
        return Ok(());
    }
    let product = &look.product;
    // The pages list no draft that has ended and no build that is about to go.
    let rendering = render_dashboard::message(&product.organization, &product.slug, Vec::new());
    commit_and_send(env, changes, vec![rendering]).await
}

impl Preview {
    /// The slug of the edition or build that an effect is about; none when it is about the product.
    pub fn slug_of(&self, action: Action) -> Option<String> {
        match action {
            Action::EndEdition(id)
            | Action::SpareEdition(id)
            | Action::MarkEdition(id)
            | Action::DeleteEdition(id, _) => self.edition(id).map(|edition| edition.slug.to_string()),
            Action::SpareBuild(id) | Action::MarkBuild(id) | Action::DeleteBuild(id) => {
                self.build(id).map(|build| build.slug.to_string())
            }
            Action::SpareProduct | Action::MarkProduct | Action::DeleteProduct => None,
        }
    }

    fn edition(&self, id: imprint_domain::id::EditionId) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.id == id)
    }

    fn build(&self, id: imprint_domain::id::BuildId) -> Option<&Build> {
        self.builds.iter().find(|build| build.id == id)
    }

    /// The write of an effect that deletes nothing.
    fn mark(&self, env: &Env, effect: &Effect) -> Option<Change> {
        let now = env.clock.now();
        let marked = Some(Doom::Marked { at: now });
        let build = |id, doom| {
            let build = self.build(id)?.clone();
            Some(Change::UpdateBuild(Build { doom, ..build }))
        };
        let edition = |id, doom| {
            let edition = self.edition(id)?.clone();
            Some(Change::UpdateEdition(Edition { doom, ..edition }))
        };
        let product = |doom| {
            let product = self.product.clone();
            Some(Change::UpdateProduct(Product { doom, ..product }))
        };
        match effect.action {
            Action::EndEdition(id) => Some(Change::EndEdition(self.edition(id)?.clone().end(now))),
            Action::MarkBuild(id) => build(id, marked),
            Action::SpareBuild(id) => build(id, None),
            Action::MarkEdition(id) => edition(id, marked),
            Action::SpareEdition(id) => edition(id, None),
            Action::MarkProduct => product(marked),
            Action::SpareProduct => product(None),
            Action::DeleteBuild(_) | Action::DeleteEdition(..) | Action::DeleteProduct => None,
        }
    }
}
