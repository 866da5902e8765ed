//! Clusters: check-ins, lists, labels.
//!
//! A check-in is one write. Only one that is unusual (a new cluster, another report, a token that is shown for the first
//! time, a use that has to be noted again) reads and decides. `firstSeen` is written once, by the transaction that creates
//! the cluster and counts it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use imprint_domain::registry::{
    AgeFilter, CheckIn, Cluster, ClusterId, ClusterToken, Label, Report, Reported, Trust, VersionName,
};

use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::ports::{Change, Direction, Installed, Page, RegistryChange, StoreError, Touched};

/// Versions that clusters of one source which nobody has verified can keep in use a day (D-33).
pub const MOST_UNVERIFIED_USES: u64 = 20;

/// How a check-in went.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedIn {
    /// The cluster.
    pub cluster: Cluster,
    /// Its token, told once: when it checked in first.
    pub token: Option<ClusterToken>,
    /// What is new for it.
    pub news: NewsFor,
}

/// What is new for a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewsFor {
    /// For each entry of its report the version that it can update to.
    pub updates: Vec<Option<VersionName>>,
    /// The versions that it runs whose documentation is gone.
    pub gone: Vec<Installed>,
}

/// Takes a check-in. `source` is where it came from, as a hash that nobody can read.
///
/// Usually one write, and one read for the news.
///
/// # Errors
/// `Forbidden` when the token is wrong or missing, `Contended` when others kept writing the cluster.
pub async fn check_in(env: &Env, check_in: CheckIn, source: &str) -> Result<CheckedIn, AppError> {
    let org = &env.organization.slug;
    for _ in 0..MAX_TRIES {
        let (cluster, token) = match env.registry.touch(org, &check_in).await? {
            Touched::Written(cluster) => (*cluster, None),
            Touched::Unusual(before) => {
                let token = ClusterToken::from_bytes(env.random.bytes());
                match unusual(env, &check_in, before.map(|before| *before), &token, source).await? {
                    Some((cluster, is_new)) => (cluster, is_new.then_some(token)),
                    None => continue,
                }
            }
        };
        let news = news_for(env, &cluster.report).await?;
        return Ok(CheckedIn { cluster, token, news });
    }
    Err(AppError::Contended)
}

/// Decides and commits what is no simple touch; nothing when somebody else wrote first. The use of versions is noted
/// before the cluster says that it was, and before anybody is asked whether they are gone.
async fn unusual(
    env: &Env,
    check_in: &CheckIn,
    before: Option<Cluster>,
    token: &ClusterToken,
    source: &str,
) -> Result<Option<(Cluster, bool)>, AppError> {
    let is_new = before.is_none();
    let mut cluster = match before.clone() {
        None => check_in.first(env.organization.slug.clone(), token),
        Some(before) => check_in.again(before).map_err(|_| AppError::Forbidden)?,
    };
    if cluster.needs_use(before.as_ref()) {
        note_use(env, &cluster, source).await?;
        cluster.used_at = Some(cluster.last_seen);
    }
    let change = if is_new {
        RegistryChange::CreateCluster(cluster.clone())
    } else {
        RegistryChange::UpdateCluster(cluster.clone())
    };
    match env.catalog.commit(vec![Change::Registry(Box::new(change))]).await {
        Ok(()) => Ok(Some((cluster, is_new))),
        Err(StoreError::Conflict) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Notes that what a cluster runs is in use. What nobody has verified is limited by its source, so that a flood of
/// invented clusters keeps no more than a few versions.
async fn note_use(env: &Env, cluster: &Cluster, source: &str) -> Result<(), AppError> {
    let org = &env.organization.slug;
    let mut versions: Vec<Installed> = cluster.report.versions().into_iter().collect();
    if cluster.trust() == Trust::Unverified {
        let day = cluster.last_seen.to_zoned(TimeZone::UTC).date();
        let mut admitted = Vec::new();
        for (component, version) in versions {
            if admitted.len() as u64 >= MOST_UNVERIFIED_USES {
                break;
            }
            let thing = format!("{component}#{version}");
            if !env
                .registry
                .spend(org, source, day, &thing, MOST_UNVERIFIED_USES)
                .await?
            {
                break;
            }
            admitted.push((component, version));
        }
        versions = admitted;
    }
    if !versions.is_empty() {
        let (trust, at) = (cluster.trust(), cluster.last_seen);
        env.registry.note_use(org, &versions, trust, at).await?;
    }
    Ok(())
}

/// What is new for whoever runs this. One request for a hundred trains and versions.
///
/// # Errors
/// When the store fails.
pub async fn news_for(env: &Env, report: &Report) -> Result<NewsFor, AppError> {
    let trains: BTreeSet<_> = report.components().iter().filter_map(Reported::train).collect();
    let trains: Vec<_> = trains.into_iter().collect();
    let versions: Vec<Installed> = report.versions().into_iter().collect();
    if trains.is_empty() && versions.is_empty() {
        let updates = vec![None; report.components().len()];
        return Ok(NewsFor {
            updates,
            gone: Vec::new(),
        });
    }
    let news = env
        .registry
        .news(&env.organization.slug, &trains, &versions)
        .await?;
    let heads: BTreeMap<_, _> = news
        .heads
        .into_iter()
        .filter_map(|head| Some((head.train, head.latest?.version)))
        .collect();
    let updates = report.components().iter().map(|reported| {
        let latest = heads.get(&reported.train()?)?;
        reported.update_to(latest).cloned()
    });
    Ok(NewsFor {
        updates: updates.collect(),
        gone: news.gone,
    })
}

/// A cluster.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn cluster(env: &Env, id: &ClusterId) -> Result<Cluster, AppError> {
    let found = env.registry.cluster(&env.organization.slug, id).await?;
    found.ok_or(AppError::NotFound)
}

/// Clusters that a filter lets through, in the order that it is sorted by.
///
/// # Errors
/// When the store fails.
pub async fn clusters(
    env: &Env,
    filter: &AgeFilter,
    direction: Direction,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Cluster>, AppError> {
    let org = &env.organization.slug;
    Ok(env
        .registry
        .clusters(org, filter, direction, limit, cursor)
        .await?)
}

/// How many clusters a filter lets through.
///
/// # Errors
/// When the store fails.
pub async fn count(env: &Env, filter: &AgeFilter) -> Result<u64, AppError> {
    Ok(env
        .registry
        .count_clusters(&env.organization.slug, filter)
        .await?)
}

/// Says what a cluster is, so that statistics can leave it out.
///
/// # Errors
/// `NotFound` when there is none, `Contended` when others kept writing it.
pub async fn label(env: &Env, id: &ClusterId, labels: &BTreeSet<Label>) -> Result<Cluster, AppError> {
    for _ in 0..MAX_TRIES {
        let before = cluster(env, id).await?;
        if before.labels == *labels {
            return Ok(before);
        }
        let labelled = Cluster {
            labels: labels.clone(),
            ..before
        };
        let change = RegistryChange::UpdateCluster(labelled.clone());
        match env.catalog.commit(vec![Change::Registry(Box::new(change))]).await {
            Ok(()) => return Ok(labelled),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}

/// Forgets a cluster. Its next check-in is its first one, with a new token: the way out for one that lost its own.
///
/// # Errors
/// `NotFound` when there is none, `Contended` when others kept writing it.
pub async fn forget(env: &Env, id: &ClusterId) -> Result<Cluster, AppError> {
    for _ in 0..MAX_TRIES {
        let cluster = cluster(env, id).await?;
        let change = RegistryChange::DeleteCluster(cluster.clone());
        match env.catalog.commit(vec![Change::Registry(Box::new(change))]).await {
            Ok(()) => return Ok(cluster),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}
