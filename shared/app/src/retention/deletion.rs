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

use super::last_look::{self, has_begun};
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
        Ok(Some(begun)) => begun,
        Ok(None) | Err(StoreError::Conflict) => return Ok((None, Ran::Completely)),
        Err(error) => return Err(error),
    };
    // The last are in the inbox, which is another bucket than the files' for an organization that has its own.
    let (prefixes, keys, uploads) = match &begun {
        Going::Build(build) => (
            vec![
                build.prefix(),
                build.artifact_place().prefix(),
                KeyPrefix::manifests(build.id),
            ],
            vec![build.prefix().directory_key()],
            vec![
                ObjectKey::completion_marker(build.id),
                ObjectKey::archive(build.id),
            ],
        ),
        Going::Edition(edition, EditionFiles::Deleted) => (
            vec![edition.prefix(), KeyPrefix::copy_journal(edition.id)],
            vec![edition.prefix().directory_key()],
            Vec::new(),
        ),
        Going::Edition(edition, EditionFiles::LeftToAnother) => {
            (vec![KeyPrefix::copy_journal(edition.id)], Vec::new(), Vec::new())
        }
    };
    for prefix in prefixes {
        if delete_below(env, &prefix, deadline).await? == Ran::OutOfTime {
            return Ok((Some(begun), Ran::OutOfTime));
        }
    }
    for (env, keys) in [(env, keys), (&env.of_inbox(), uploads)] {
        if !keys.is_empty() {
            delete(env, keys).await?;
        }
    }
    Ok((Some(begun), Ran::Completely))
}

/// Commits that a thing is being deleted, which the look's revision is the condition of. An edition takes its slug in the
/// same commit, so that nobody publishes below a prefix that is being emptied. Nothing when it is spared after all.
async fn begin(env: &Env, look: &Preview, thing: Going) -> Result<Option<Going>, StoreError> {
    match thing {
        Going::Build(build) if !has_begun(build.doom) => begin_build(env, look, *build).await,
        Going::Edition(edition, EditionFiles::Deleted) if !has_begun(edition.doom) => {
            begin_edition(env, look, *edition).await
        }
        thing @ (Going::Build(_) | Going::Edition(..)) => Ok(Some(thing)),
    }
}

async fn begin_build(env: &Env, look: &Preview, build: Build) -> Result<Option<Going>, StoreError> {
    let versions = last_look::goes_with_build(look, &build);
    let doom = Some(Doom::Deleting { at: env.clock.now() });
    let build = Build { doom, ..build };
    let mut changes = last_look::say_gone(look, &versions);
    changes.push(Change::UpdateBuild(build.clone()));
    env.catalog.commit(changes).await?;
    let revision = build.revision.next();
    let build = Build { revision, ..build };
    let own = build.version().map(|version| version.canonical());
    if last_look::is_used(env, look, &own.into_iter().collect()).await? {
        let mut changes = last_look::take_back(look, &versions);
        changes.push(Change::UpdateBuild(Build { doom: None, ..build }));
        env.catalog.commit(changes).await?;
        return Ok(None);
    }
    Ok(Some(Going::Build(Box::new(build))))
}

async fn begin_edition(env: &Env, look: &Preview, edition: Edition) -> Result<Option<Going>, StoreError> {
    let holds = edition.holds_slug();
    let doom = Some(Doom::Deleting { at: env.clock.now() });
    let edition = Edition { doom, ..edition };
    let mut changes = vec![Change::UpdateEdition(edition.clone())];
    changes.extend((!holds).then(|| Change::HoldEditionSlug(edition.clone())));
    env.catalog.commit(changes).await?;
    let revision = edition.revision.next();
    let edition = Edition { revision, ..edition };
    if last_look::is_used(env, look, &last_look::shown_by(look, &edition)).await? {
        let spared = Edition {
            doom: None,
            ..edition.clone()
        };
        let mut changes = vec![Change::UpdateEdition(spared)];
        changes.extend((!holds).then(|| Change::FreeEditionSlug(edition)));
        env.catalog.commit(changes).await?;
        return Ok(None);
    }
    let files = files_now(env, look, &edition).await?;
    Ok(Some(Going::Edition(Box::new(edition), files)))
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
    let product = match begin_product(env, look).await {
        Ok(Some(product)) => product,
        Ok(None) | Err(StoreError::Conflict) => return Ok(Ran::Completely),
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
    // Its own pages, and whatever else lies there. Imprint writes nothing beside these.
    for directory in ["v", "builds", "artifacts"] {
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

/// The product as it is being deleted; nothing when it is spared after all.
async fn begin_product(env: &Env, look: &Preview) -> Result<Option<Product>, StoreError> {
    let product = look.product.clone();
    if has_begun(product.doom) {
        return Ok(Some(product));
    }
    let versions = last_look::of_product(look);
    // A few more are gone for a moment before the product is being deleted: whoever runs them is told so.
    in_chunks(env, last_look::say_gone(look, &versions)).await?;
    let doom = Some(Doom::Deleting { at: env.clock.now() });
    let product = Product { doom, ..product };
    env.catalog
        .commit(vec![Change::UpdateProduct(product.clone())])
        .await?;
    let revision = product.revision.next();
    let product = Product { revision, ..product };
    if last_look::is_used(env, look, &versions).await? {
        let spared = Product {
            doom: None,
            ..product
        };
        env.catalog.commit(vec![Change::UpdateProduct(spared)]).await?;
        in_chunks(env, last_look::take_back(look, &versions)).await?;
        return Ok(None);
    }
    Ok(Some(product))
}

async fn in_chunks(env: &Env, changes: Vec<Change>) -> Result<(), StoreError> {
    for chunk in changes.chunks(<dyn Catalog>::MAX_CHANGES) {
        env.catalog.commit(chunk.to_vec()).await?;
    }
    Ok(())
}
