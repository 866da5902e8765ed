//! Releases: publish, withdraw, read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use imprint_domain::access::UserName;
use imprint_domain::id::TaskId;
use imprint_domain::registry::{
    ComponentName, Data, Docs, Head, Note, Publication, Release, RowOfTrain, TrainName, VersionName,
};

use super::following::{self, Following};
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::commit_and_send;
use crate::ports::{Direction, Page, StoreError};

/// A release as somebody publishes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRelease {
    /// The component and its train.
    pub train: TrainName,
    /// The version.
    pub version: VersionName,
    /// When it came out.
    pub released: Timestamp,
    /// What is said of it.
    pub data: Data,
    /// What the component is.
    pub description: Option<Note>,
    /// What kind of component it is.
    pub kind: Option<Note>,
}

/// A release after it was published or withdrawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The release.
    pub release: Release,
    /// The task that moves editions which follow the train, when there are some.
    pub task: Option<TaskId>,
}

/// Publishes a release, or replaces the one of that version: in one transaction with the moves of the editions that follow
/// the train. The same release again writes nothing.
///
/// # Errors
/// `Contended` when others kept writing the train.
pub async fn publish(env: &Env, new: NewRelease, by: Option<UserName>) -> Result<Published, AppError> {
    for _ in 0..MAX_TRIES {
        let now = env.clock.now();
        let (head, stored) = look(env, &new.train, &new.version).await?;
        let release = Release {
            organization: env.organization.slug.clone(),
            train: new.train.clone(),
            version: new.version.clone(),
            released: new.released,
            data: new.data.clone(),
            description: new.description.clone(),
            kind: new.kind.clone(),
            published_at: now,
            published_by: by.clone(),
            docs: docs_of(env, &new, stored.as_ref()).await?,
        };
        let runner_up = runner_up(env, &head, stored.as_ref(), Some(&release)).await?;
        let publication = head.publish(stored.clone(), runner_up, release.clone());
        let Some(publication) = publication else {
            let release = stored.unwrap_or(release);
            return Ok(Published { release, task: None });
        };
        if let Some(published) = commit(env, publication).await? {
            return Ok(published);
        }
    }
    Err(AppError::Contended)
}

/// Takes a release back. The editions that follow the train go to the one before it.
///
/// # Errors
/// `NotFound` when there is no such release, `Contended` when others kept writing the train.
pub async fn withdraw(env: &Env, train: &TrainName, version: &VersionName) -> Result<Published, AppError> {
    for _ in 0..MAX_TRIES {
        let (head, stored) = look(env, train, version).await?;
        let stored = stored.ok_or(AppError::NotFound)?;
        let runner_up = runner_up(env, &head, Some(&stored), None).await?;
        if let Some(withdrawn) = commit(env, head.withdraw(stored, runner_up)).await? {
            return Ok(withdrawn);
        }
    }
    Err(AppError::Contended)
}

/// Commits a publication with the moves that follow from it; nothing when somebody else wrote first.
async fn commit(env: &Env, publication: Publication) -> Result<Option<Published>, AppError> {
    let Following {
        changes,
        messages,
        task,
    } = following::of_publication(env, &publication).await?;
    let release = publication
        .release
        .clone()
        .or_else(|| publication.replaced.clone());
    let mut all = changes;
    if let Some(documented) = publication
        .release
        .as_ref()
        .filter(|release| release.docs.is_some())
    {
        let component = documented.train.component.clone();
        all.push(following::there(
            &documented.organization,
            component,
            &documented.version,
        ));
    }
    all.push(following::write_of(publication));
    match commit_and_send(env, all, messages).await {
        Ok(()) => Ok(release.map(|release| Published { release, task })),
        Err(StoreError::Conflict) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The documentation of a release that is published: what it had, else the newest build that names its version.
async fn docs_of(env: &Env, new: &NewRelease, stored: Option<&Release>) -> Result<Option<Docs>, StoreError> {
    match stored.and_then(|stored| stored.docs.clone()) {
        Some(docs) => Ok(Some(docs)),
        None => following::docs_that_are_there(env, &new.train.component, &new.version).await,
    }
}

/// The heads of trains, those in which nothing was ever published included. One request for a hundred.
pub(crate) async fn heads(env: &Env, trains: &[TrainName]) -> Result<BTreeMap<TrainName, Head>, StoreError> {
    let org = &env.organization.slug;
    let unknown = trains.iter().map(|train| Head::new(org.clone(), train.clone()));
    let known = env.registry.news(org, trains, &[]).await?.heads;
    let heads = unknown.chain(known).map(|head| (head.train.clone(), head));
    Ok(heads.collect())
}

/// The head of one train. One request.
pub(crate) async fn head(env: &Env, train: &TrainName) -> Result<Head, StoreError> {
    let known = heads(env, std::slice::from_ref(train)).await?.remove(train);
    Ok(known.unwrap_or_else(|| Head::new(env.organization.slug.clone(), train.clone())))
}

/// A train's head and its release of a version. Two requests at once.
async fn look(
    env: &Env,
    train: &TrainName,
    version: &VersionName,
) -> Result<(Head, Option<Release>), StoreError> {
    let stored = env.registry.release(&env.organization.slug, train, version);
    futures_util::future::try_join(head(env, train), stored).await
}

/// The release before the latest one, where a decision needs it.
pub(super) async fn runner_up(
    env: &Env,
    head: &Head,
    stored: Option<&Release>,
    new: Option<&Release>,
) -> Result<Option<Release>, StoreError> {
    if !head.needs_runner_up(stored, new) {
        return Ok(None);
    }
    let page = env
        .registry
        .releases(
            &env.organization.slug,
            &head.train,
            Direction::Descending,
            2,
            None,
        )
        .await?;
    let is_other = |release: &Release| Some(&release.version) != stored.map(|stored| &stored.version);
    Ok(page.items.into_iter().find(is_other))
}

/// A release.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn release(env: &Env, train: &TrainName, version: &VersionName) -> Result<Release, AppError> {
    let found = env
        .registry
        .release(&env.organization.slug, train, version)
        .await?;
    found.ok_or(AppError::NotFound)
}

/// The latest release of a train.
///
/// # Errors
/// `NotFound` when it has none.
pub async fn latest(env: &Env, train: &TrainName) -> Result<Release, AppError> {
    let found = latest_of(env, std::slice::from_ref(train)).await?;
    found.into_iter().next().flatten().ok_or(AppError::NotFound)
}

/// The latest release of each train, in the order asked, one that is asked twice twice (D-09). One request for a hundred
/// distinct trains.
///
/// # Errors
/// When the store fails.
pub async fn latest_of(env: &Env, trains: &[TrainName]) -> Result<Vec<Option<Release>>, AppError> {
    let distinct: Vec<TrainName> = trains
        .iter()
        .cloned()
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    if distinct.is_empty() {
        return Ok(Vec::new());
    }
    let heads = heads(env, &distinct).await?;
    let latest = |train| heads.get(train)?.latest.clone();
    Ok(trains.iter().map(latest).collect())
}

/// Releases of a train in the order of their release. An unknown train has none.
///
/// # Errors
/// When the store fails, `Invalid` for a cursor that is none.
pub async fn releases(
    env: &Env,
    train: &TrainName,
    direction: Direction,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Release>, AppError> {
    let org = &env.organization.slug;
    Ok(env
        .registry
        .releases(org, train, direction, limit, cursor)
        .await?)
}

/// The trains of all components, or of one, in the order of their names.
///
/// # Errors
/// When the store fails.
pub async fn trains(
    env: &Env,
    component: Option<&ComponentName>,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<RowOfTrain>, AppError> {
    let org = &env.organization.slug;
    Ok(env.registry.trains(org, component, limit, cursor).await?)
}
