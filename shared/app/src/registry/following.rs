//! What joins the registry with publishing: a build that documents a version records its release, and the editions that
//! follow a train go to the documentation of its latest release.
//!
//! Whoever moves a train moves its editions, in the same transaction: a publication over the API here, a build that
//! records its release in `register_build`.

use std::collections::BTreeSet;

use imprint_domain::build::Build;
use imprint_domain::edition::{Cause, Edition, Verdict};
use imprint_domain::id::{ManifestId, TaskId};
use imprint_domain::kind::Kind;
use imprint_domain::message::Message;
use imprint_domain::product::Product;
use imprint_domain::registry::{
    ComponentName, Data, Docs, Documented, Gone, Publication, Release, STABLE, TrainLabel, TrainName, Trains,
    VersionName, is_version,
};
use imprint_domain::rules::Rules;
use imprint_domain::slug::OrganizationSlug;
use imprint_domain::task::Registration;
use imprint_domain::tracking::{self, TrackingMode};

use super::releases::{heads, runner_up};
use crate::builds::new_task;
use crate::env::Env;
use crate::move_editions::Outcome;
use crate::outgoing::commit_and_send;
use crate::ports::{Change, RegistryChange, StoreError};

/// Builds of a product that are looked at for the documentation of a version, newest first.
const BUILDS_LOOKED_AT: usize = 500;

/// What is written and sent beside a publication.
#[derive(Default)]
pub(super) struct Following {
    pub(super) changes: Vec<Change>,
    pub(super) messages: Vec<Message>,
    /// The task of the moves, when there are some.
    pub(super) task: Option<TaskId>,
}

/// The change that a publication itself is.
pub(crate) fn write_of(publication: Publication) -> Change {
    Change::Registry(Box::new(RegistryChange::Publish(publication)))
}

/// The change that says that the documentation of a version is there.
pub(crate) fn there(
    organization: &OrganizationSlug,
    component: ComponentName,
    version: &VersionName,
) -> Change {
    Change::Registry(Box::new(RegistryChange::RemoveGone(Gone {
        organization: organization.clone(),
        component,
        version: version.canonical(),
    })))
}

/// The moves that follow from a publication. Reads the product only when the train is elsewhere then.
pub(super) async fn of_publication(env: &Env, publication: &Publication) -> Result<Following, StoreError> {
    let head = &publication.head;
    let docs = head.latest.as_ref().and_then(|latest| latest.docs.as_ref());
    let (true, Some(docs), Some(product)) = (
        publication.moves_the_train(),
        docs,
        head.train.component.product(),
    ) else {
        return Ok(Following::default());
    };
    let org = &env.organization.slug;
    let Some((product, editions)) = env.catalog.product_with_editions(org, &product).await? else {
        return Ok(Following::default());
    };
    let followers = editions
        .into_iter()
        .filter(|edition| edition.train().as_ref() == Some(&head.train))
        .filter(|edition| edition.desired.as_ref().map(|pointer| pointer.build) != Some(docs.build));
    let followers: Vec<Edition> = followers.collect();
    if followers.is_empty() || product.ended_at.is_some() {
        return Ok(Following::default());
    }
    let build = env.catalog.build_of(org, &product.slug, docs.build).await?;
    let Some(build) = build.filter(|build| build.publishable().is_ok()) else {
        return Ok(Following::default());
    };
    let trains = head.at().map(|at| (head.train.clone(), at));
    let rules = Rules::of(&env.organization, &product).with_trains(trains.into_iter().collect());
    moves(env, &rules, followers, &build, &docs.manifest).await
}

async fn moves(
    env: &Env,
    rules: &Rules,
    followers: Vec<Edition>,
    build: &Build,
    manifest: &ManifestId,
) -> Result<Following, StoreError> {
    let now = env.clock.now();
    let id = TaskId::from_bytes(env.random.identity());
    let (mut outcomes, mut has_moved) = (Vec::new(), false);
    for edition in followers {
        match edition.judge(rules, build) {
            Verdict::Moves => {
                has_moved = true;
                let edition = edition.repoint(build, manifest.clone(), Cause::Tracking);
                outcomes.push(Outcome::of_move(edition, Cause::Tracking, None, &id, now));
            }
            Verdict::Waits => outcomes.push(Outcome::of_wait(edition.wait(rules, build))),
            Verdict::Older | Verdict::NotTracked => {}
        }
    }
    // The task, and the two changes of the publication.
    let mut commits = Outcome::pack(outcomes, 3);
    let last = commits.pop().unwrap_or_default();
    let task = has_moved.then(|| Change::CreateTask(new_task(build, &id, Registration::NotNeeded, now)));
    let mut task_change: Vec<Change> = task.into_iter().collect();
    // So many editions follow one train that not all fit: those before the last commit move a moment earlier.
    for outcome in commits {
        let mut changes = std::mem::take(&mut task_change);
        changes.extend(outcome.changes);
        commit_and_send(env, changes, outcome.messages).await?;
    }
    task_change.extend(last.changes);
    Ok(Following {
        changes: task_change,
        messages: last.messages,
        task: has_moved.then_some(id),
    })
}

/// The newest build of the component's product that documents a version. Two requests.
pub(super) async fn docs_that_are_there(
    env: &Env,
    component: &ComponentName,
    version: &VersionName,
) -> Result<Option<Docs>, StoreError> {
    let Some(product) = component.product() else {
        return Ok(None);
    };
    let org = &env.organization.slug;
    let Some(product) = env.catalog.product(org, &product).await? else {
        return Ok(None);
    };
    let page = env
        .catalog
        .builds(org, &product.slug, BUILDS_LOOKED_AT, None)
        .await?;
    let documents = |build: &&Build| {
        build.publishable().is_ok()
            && match &build.documents {
                Some(documented) => documented.version.canonical() == version.canonical(),
                None => version.is_named_by(build.git_refs.first()),
            }
    };
    let documented = page.items.iter().filter(documents);
    let mut docs = documented.filter_map(|build| Some(Docs::of(&product, build, build.manifest.as_ref()?)));
    Ok(docs.next())
}

/// What a build that is being registered means to the registry.
pub(crate) struct Recorded {
    /// Where the trains are that editions of the product follow, once this is committed.
    pub(crate) trains: Trains,
    /// What is to be committed with the registration.
    pub(crate) publications: Vec<Publication>,
}

/// Decides which releases a build records: the one that it says it documents; else those of its version that are there
/// already, whose documentation it is; else, when a release edition moves to it, a release in the train `stable`.
///
/// Nothing is asked for a build that names no version, of a product in which nothing follows a train.
pub(crate) async fn record(
    env: &Env,
    rules: &Rules,
    product: &Product,
    editions: &[Edition],
    build: &Build,
    manifest: &ManifestId,
) -> Result<Recorded, StoreError> {
    let component = ComponentName::of_product(&build.product);
    let named = |label: TrainLabel| TrainName {
        component: component.clone(),
        label,
    };
    let stable = named(STABLE.parse().expect("it is a train's name"));
    let mut asked: BTreeSet<TrainName> = editions.iter().filter_map(Edition::train).collect();
    match &build.documents {
        Some(documented) => asked.extend([named(documented.train.clone())]),
        None if tracking::is_semver_release(build.git_refs.first().as_str()) => {
            asked.extend([stable.clone()])
        }
        None => {}
    }
    let docs = Docs::of(product, build, manifest);
    let is_new = |train: &TrainName| match &build.documents {
        Some(documented) => documented.train == train.label,
        None => *train == stable && brings_a_release(env, rules, editions, build),
    };
    let mut recorded = Recorded {
        trains: Trains::new(),
        publications: Vec::new(),
    };
    if asked.is_empty() {
        return Ok(recorded);
    }
    let asked: Vec<TrainName> = asked.into_iter().collect();
    for (train, head) in heads(env, &asked).await? {
        let spellings = if train.component == component {
            spellings(build)
        } else {
            Vec::new()
        };
        let stored = stored_as(env, &train, &spellings).await?;
        let release = match (&stored, spellings.last()) {
            (Some(stored), _) => renewed(stored, docs.clone()),
            (None, Some(version)) if is_new(&train) => Some(first(env, &train, version, docs.clone())),
            (None, _) => None,
        };
        let runner_up = runner_up(env, &head, stored.as_ref(), release.as_ref()).await?;
        let publication = release.and_then(|release| head.clone().publish(stored, runner_up, release));
        let head = publication
            .as_ref()
            .map_or(&head, |publication| &publication.head);
        recorded.trains.extend(head.at().map(|at| (train, at)));
        recorded.publications.extend(publication);
    }
    Ok(recorded)
}

/// A train's release of a version that is spelled in one of these ways. A request a spelling, until one is there.
async fn stored_as(
    env: &Env,
    train: &TrainName,
    spellings: &[VersionName],
) -> Result<Option<Release>, StoreError> {
    for version in spellings {
        let stored = env
            .registry
            .release(&env.organization.slug, train, version)
            .await?;
        if stored.is_some() {
            return Ok(stored);
        }
    }
    Ok(None)
}

/// How the version may be spelled that a build documents, the canonical spelling last: as it says, or as its first ref
/// names it.
fn spellings(build: &Build) -> Vec<VersionName> {
    if let Some(Documented { version, .. }) = &build.documents {
        return vec![version.clone()];
    }
    // What is for one deployment is not the documentation of the release, unless it says so.
    let (None, Ok(named)) = (
        &build.alternate,
        build.git_refs.first().as_str().parse::<VersionName>(),
    ) else {
        return Vec::new();
    };
    let canonical = named.canonical();
    // Somebody may have posted `v2.0.0` where the tag is `2.0.0`.
    let lettered = format!("v{canonical}")
        .parse()
        .ok()
        .filter(|_| is_version(canonical.as_str()));
    let mut spellings: Vec<VersionName> = std::iter::once(named).chain(lettered).collect();
    spellings.retain(|spelling| *spelling != canonical);
    spellings.dedup();
    spellings.push(canonical);
    spellings
}

/// A stored release with this documentation, unless it has that of a newer build.
fn renewed(stored: &Release, docs: Docs) -> Option<Release> {
    let is_newer = stored.docs.as_ref().is_none_or(|known| known.build <= docs.build);
    is_newer.then(|| Release {
        docs: Some(docs),
        ..stored.clone()
    })
}

/// A release that comes out with its documentation.
fn first(env: &Env, train: &TrainName, version: &VersionName, docs: Docs) -> Release {
    let now = env.clock.now();
    Release {
        organization: env.organization.slug.clone(),
        train: train.clone(),
        version: version.clone(),
        released: now,
        data: Data::default(),
        description: None,
        kind: None,
        published_at: now,
        published_by: None,
        docs: Some(docs),
    }
}

/// Whether an edition that is a release of its own moves to a build.
fn brings_a_release(env: &Env, rules: &Rules, editions: &[Edition], build: &Build) -> bool {
    let is_release = |edition: &&Edition| {
        let by_ref = matches!(
            edition.tracking.mode,
            TrackingMode::GitRef | TrackingMode::GitRefs
        );
        by_ref && edition.kind_in(&env.organization) == Kind::Release
    };
    let mut releases = editions.iter().filter(is_release);
    releases.any(|edition| edition.judge(rules, build) == Verdict::Moves)
}
