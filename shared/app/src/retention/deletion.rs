//! The second phase: what was marked, and is still asked for, goes. Files first, then the CDN is told, then what says that
//! the thing ever was.

use tokio::time::Instant;

use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::id::SurrogateKey;
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::product::Product;
use imprint_domain::purge;
use imprint_domain::retention::{Action, Doom, EditionFiles, Effect};

use super::{Preview, RetentionError};
use crate::env::Env;
use crate::outgoing::commit_and_send;
use crate::pace::Ran;
use crate::ports::{Catalog, Change, StoreError};
use crate::removal::{delete, delete_below};
use crate::update_dns;

/// Things whose files are deleted before the CDN is told of all of them in one call.
const AT_A_TIME: usize = 50;
/// Moves of a history that are read at a time.
const MOVES_AT_A_TIME: usize = 500;

/// One thing on its way out.
enum Going {
    Build(Box<Build>),
    Edition(Box<Edition>, EditionFiles),
}

/// Deletes what the effects say. `done` gets each effect that was carried out to its end.
pub(super) async fn carry_out(
    env: &Env,
    look: &Preview,
    deletions: Vec<Effect>,
    deadline: Option<Instant>,
    done: &mut Vec<Effect>,
) -> Result<Ran, RetentionError> {
    if let Some(effect) = deletions
        .iter()
        .find(|effect| effect.action == Action::DeleteProduct)
    {
        let ran = product(env, look, deadline).await?;
        if ran == Ran::Completely {
            done.push(effect.clone());
        }
        return Ok(ran);
    }
    let mut going = Vec::new();
    for effect in deletions {
        let thing = match effect.action {
            Action::DeleteBuild(id) => look.build(id).cloned().map(Box::new).map(Going::Build),
            Action::DeleteEdition(id, files) => look
                .edition(id)
                .cloned()
                .map(|edition| Going::Edition(Box::new(edition), files)),
            Action::EndEdition(_)
            | Action::SpareBuild(_)
            | Action::SpareEdition(_)
            | Action::SpareProduct
            | Action::MarkBuild(_)
            | Action::MarkEdition(_)
            | Action::MarkProduct
            | Action::DeleteProduct => None,
        };
        going.extend(thing.map(|thing| (thing, effect)));
    }
    while !going.is_empty() {
        let rest = going.split_off(going.len().min(AT_A_TIME));
        if things(env, look, going, deadline, Whole::Product, done).await? == Ran::OutOfTime {
            return Ok(Ran::OutOfTime);
        }
        going = rest;
    }
    Ok(Ran::Completely)
}

/// What stays when a thing has gone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    /// The product: the slugs of its builds stay taken, because their URLs may lie in a cache or a bookmark.
    Product,
    /// Nothing: the product goes too, and another one may have its slug.
    Nothing,
}

/// Deletes the files of some things, has the CDN told, then deletes their items.
async fn things(
    env: &Env,
    look: &Preview,
    going: Vec<(Going, Effect)>,
    deadline: Option<Instant>,
    whole: Whole,
    done: &mut Vec<Effect>,
) -> Result<Ran, RetentionError> {
    let mut bare = Vec::new();
    let mut ran = Ran::Completely;
    for (thing, effect) in going {
        match files(env, look, thing, deadline).await {
            Ok((Some(thing), Ran::Completely)) => bare.push((thing, effect)),
            Ok((Some(_), Ran::OutOfTime)) => {
                ran = Ran::OutOfTime;
                break;
            }
            // Somebody wrote it since the look: the next look decides.
            Ok((None, _)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    purge(env, bare.iter().filter_map(|(thing, _)| thing.surrogate_key())).await?;
    for (thing, effect) in bare {
        match items(env, &thing, whole).await {
            Ok(()) => done.push(effect),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ran)
}

impl Going {
    /// The key of what a CDN may hold of it.
    fn surrogate_key(&self) -> Option<SurrogateKey> {
        match self {
            Self::Build(build) => Some(build.surrogate_key.clone()),
            Self::Edition(edition, EditionFiles::Deleted) => Some(edition.surrogate_key.clone()),
            Self::Edition(_, EditionFiles::LeftToAnother) => None,
        }
    }
}

async fn purge(env: &Env, keys: impl Iterator<Item = SurrogateKey>) -> Result<(), RetentionError> {
    let Some(service) = &env.organization.fastly_service else {
        return Ok(());
    };
    for batch in purge::batches(keys) {
        env.cdn.purge(service, &batch).await?;
    }
    Ok(())
}

/// Deletes the files of a thing, after the commit from which on there is no way back. Nothing when that commit met
/// somebody else's.
async fn files(
    env: &Env,
    look: &Preview,
    thing: Going,
    deadline: Option<Instant>,
) -> Result<(Option<Going>, Ran), StoreError> {
    let begun = match begin(env, look, thing).await {
        Ok(begun) => begun,
        Err(StoreError::Conflict) => return Ok((None, Ran::Completely)),
        Err(error) => return Err(error),
    };
    let (prefixes, keys) = match &begun {
        Going::Build(build) => (
            vec![build.prefix(), KeyPrefix::manifests(build.id)],
            vec![
                build.prefix().directory_key(),
                ObjectKey::completion_marker(build.id),
            ],
        ),
        Going::Edition(edition, EditionFiles::Deleted) => (
            vec![edition.prefix(), KeyPrefix::copy_journal(edition.id)],
            vec![edition.prefix().directory_key()],
        ),
        Going::Edition(edition, EditionFiles::LeftToAnother) => {
            (vec![KeyPrefix::copy_journal(edition.id)], Vec::new())
        }
    };
    for prefix in prefixes {
        if delete_below(env, &prefix, deadline).await? == Ran::OutOfTime {
            return Ok((Some(begun), Ran::OutOfTime));
        }
    }
    if !keys.is_empty() {
        delete(env, keys).await?;
    }
    Ok((Some(begun), Ran::Completely))
}

/// Commits that a thing is being deleted, which the look's revision is the condition of. An edition takes its slug in the
/// same commit, so that nobody publishes below a prefix that is being emptied.
async fn begin(env: &Env, look: &Preview, thing: Going) -> Result<Going, StoreError> {
    let doom = Some(Doom::Deleting { at: env.clock.now() });
    let has_begun = |doom| matches!(doom, Some(Doom::Deleting { .. }));
    match thing {
        Going::Build(build) if !has_begun(build.doom) => {
            let build = Build { doom, ..*build };
            env.catalog
                .commit(vec![Change::UpdateBuild(build.clone())])
                .await?;
            let revision = build.revision.next();
            Ok(Going::Build(Box::new(Build { revision, ..build })))
        }
        Going::Edition(edition, EditionFiles::Deleted) if !has_begun(edition.doom) => {
            let holds = edition.holds_slug();
            let edition = Edition { doom, ..*edition };
            let mut changes = vec![Change::UpdateEdition(edition.clone())];
            changes.extend((!holds).then(|| Change::HoldEditionSlug(edition.clone())));
            env.catalog.commit(changes).await?;
            let revision = edition.revision.next();
            let edition = Edition { revision, ..edition };
            let files = files_now(env, look, &edition).await?;
            Ok(Going::Edition(Box::new(edition), files))
        }
        thing @ (Going::Build(_) | Going::Edition(..)) => Ok(thing),
    }
}

/// Whose the files are, now that nobody can take the slug any more: somebody may have had it since the look.
async fn files_now(env: &Env, look: &Preview, edition: &Edition) -> Result<EditionFiles, StoreError> {
    let found = env
        .catalog
        .product_with_editions(&edition.organization, &edition.product)
        .await?;
    let now = found.map(|(_, editions)| editions).unwrap_or_default();
    let namesakes = |editions: &[Edition]| -> Vec<_> {
        let others = editions.iter().filter(|other| other.id != edition.id);
        let namesakes = others.filter(|other| other.slug == edition.slug);
        namesakes.map(|other| (other.id, other.ended_at)).collect()
    };
    let as_looked_at = namesakes(&look.editions);
    let changed = namesakes(&now).iter().any(|other| !as_looked_at.contains(other));
    Ok(if changed {
        EditionFiles::LeftToAnother
    } else {
        EditionFiles::Deleted
    })
}

/// Deletes what says that a thing ever was, the thing itself last.
async fn items(env: &Env, thing: &Going, whole: Whole) -> Result<(), StoreError> {
    let changes = match thing {
        Going::Build(build) => {
            let gone = Change::DeleteBuild(build.as_ref().clone());
            match whole {
                Whole::Product => vec![gone],
                Whole::Nothing => vec![gone, Change::FreeBuildSlug(build.as_ref().clone())],
            }
        }
        Going::Edition(edition, _) => {
            forget_moves(env, edition).await?;
            let gone = Change::DeleteEdition(edition.as_ref().clone());
            if edition.holds_slug() {
                vec![gone, Change::FreeEditionSlug(edition.as_ref().clone())]
            } else {
                vec![gone]
            }
        }
    };
    env.catalog.commit(changes).await
}

async fn forget_moves(env: &Env, edition: &Edition) -> Result<(), StoreError> {
    loop {
        let page = env.catalog.history(edition.id, MOVES_AT_A_TIME, None).await?;
        for chunk in page.items.chunks(<dyn Catalog>::MAX_CHANGES) {
            let forget = chunk
                .iter()
                .map(|moved| Change::RemoveMoved(moved.edition, moved.pointer.generation));
            env.catalog.commit(forget.collect()).await?;
        }
        if page.next.is_none() {
            return Ok(());
        }
    }
}

/// Deletes a product with all that it has, its own pages and its slug last.
async fn product(env: &Env, look: &Preview, deadline: Option<Instant>) -> Result<Ran, RetentionError> {
    let product = match begin_product(env, look.product.clone()).await {
        Ok(product) => product,
        Err(StoreError::Conflict) => return Ok(Ran::Completely),
        Err(error) => return Err(error.into()),
    };
    let effect = || Effect {
        action: Action::DeleteProduct,
        reason: String::new(),
    };
    let builds = look.builds.iter().cloned().map(Box::new).map(Going::Build);
    // An edition whose slug another one has leaves the files to that one, which goes too.
    let editions = look.editions.iter().cloned().map(|edition| {
        let begun = matches!(edition.doom, Some(Doom::Deleting { .. }));
        let namesakes = || look.editions.iter().filter(|other| other.slug == edition.slug);
        let owner = namesakes()
            .find(|other| other.holds_slug())
            .or(namesakes().next_back());
        let files = if begun || owner.is_some_and(|owner| owner.id == edition.id) {
            EditionFiles::Deleted
        } else {
            EditionFiles::LeftToAnother
        };
        Going::Edition(Box::new(edition), files)
    });
    let mut going: Vec<(Going, Effect)> = editions.chain(builds).map(|thing| (thing, effect())).collect();
    while !going.is_empty() {
        let rest = going.split_off(going.len().min(AT_A_TIME));
        let count = going.len();
        let mut gone = Vec::new();
        let ran = things(env, look, going, deadline, Whole::Nothing, &mut gone).await?;
        if ran == Ran::OutOfTime || gone.len() < count {
            // The product goes only when all that it had has gone.
            return Ok(Ran::OutOfTime);
        }
        going = rest;
    }
    // Its own pages, and whatever else lies there. Imprint writes nothing beside these two.
    for directory in ["v", "builds"] {
        let directory = directory.parse().expect("the name is a directory");
        let prefix = product.prefix().directory(&directory);
        if delete_below(env, &prefix, deadline).await? == Ran::OutOfTime {
            return Ok(Ran::OutOfTime);
        }
        delete(env, vec![prefix.directory_key()]).await?;
    }
    purge(env, std::iter::once(product.surrogate_key.clone())).await?;
    let name = update_dns::message(env, &product);
    let gone = vec![Change::DeleteProduct(product)];
    match commit_and_send(env, gone, name.into_iter().collect()).await {
        Ok(()) => Ok(Ran::Completely),
        Err(StoreError::Conflict) => Ok(Ran::OutOfTime),
        Err(error) => Err(error.into()),
    }
}

async fn begin_product(env: &Env, product: Product) -> Result<Product, StoreError> {
    if matches!(product.doom, Some(Doom::Deleting { .. })) {
        return Ok(product);
    }
    let doom = Some(Doom::Deleting { at: env.clock.now() });
    let product = Product { doom, ..product };
    env.catalog
        .commit(vec![Change::UpdateProduct(product.clone())])
        .await?;
    let revision = product.revision.next();
    Ok(Product { revision, ..product })
}
