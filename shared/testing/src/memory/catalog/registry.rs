//! The release registry in maps, beside the catalog, because commits write both.

use std::collections::BTreeMap;

use async_trait::async_trait;
use imprint_app::ports::{
    Direction, Installed, Meter, News, Page, Registry, StoreError, StoreHealth, Touched, Used,
};
use imprint_domain::registry::{
    AgeFilter, CheckIn, Cluster, ClusterId, ComponentName, DoctorReport, Gone, Population, Release, ReportId,
    RowOfTrain, Sorted, TrainName, Trust, VersionName,
};
use imprint_domain::slug::OrganizationSlug;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{MAX_BATCH, MemoryCatalog};
use crate::gate::Call;

/// A store that keeps clusters apart by their identity reads each part.
const SHARDS: u64 = 4;

#[async_trait]
impl Registry for MemoryCatalog {
    async fn news(
        &self,
        org: &OrganizationSlug,
        trains: &[TrainName],
        versions: &[Installed],
    ) -> Result<News, StoreError> {
        let call = Call {
            method: "registry.news",
            requests: (trains.len() + versions.len()).div_ceil(MAX_BATCH) as u64,
        };
        self.pass(call, |state| {
            let state = &state.registered;
            let head = |train: &TrainName| state.heads.get(&(org.clone(), train.clone())).cloned();
            let is_gone = |(component, version): &&Installed| {
                state.gone.contains(&Gone {
                    organization: org.clone(),
                    component: component.clone(),
                    version: version.clone(),
                })
            };
            News {
                heads: trains.iter().filter_map(head).collect(),
                gone: versions.iter().filter(is_gone).cloned().collect(),
            }
        })
        .await
    }

    async fn release(
        &self,
        org: &OrganizationSlug,
        train: &TrainName,
        version: &VersionName,
    ) -> Result<Option<Release>, StoreError> {
        self.ask("registry.release", |state| {
            let releases = state.registered.releases.get(&(org.clone(), train.clone()))?;
            releases.get(version).cloned()
        })
        .await
    }

    async fn releases(
        &self,
        org: &OrganizationSlug,
        train: &TrainName,
        direction: Direction,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Release>, StoreError> {
        self.ask("registry.releases", |state| {
            let releases = state.registered.releases.get(&(org.clone(), train.clone()));
            let all = releases
                .into_iter()
                .flat_map(|releases| releases.values().cloned());
            cut(all.collect(), direction, limit, cursor, Release::sort_key)
        })
        .await?
    }

    async fn trains(
        &self,
        org: &OrganizationSlug,
        component: Option<&ComponentName>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<RowOfTrain>, StoreError> {
        self.ask("registry.trains", |state| {
            let wanted = |train: &TrainName| component.is_none_or(|component| train.component == *component);
            let own = state
                .registered
                .heads
                .iter()
                .filter(|((of, train), _)| of == org && wanted(train));
            let rows = own.filter_map(|((_, train), head)| {
                let latest = head.latest.as_ref()?;
                Some(RowOfTrain {
                    train: train.clone(),
                    version: latest.version.clone(),
                    released: latest.released,
                    description: latest.description.clone(),
                    kind: latest.kind.clone(),
                })
            });
            let name = |row: &RowOfTrain| format!("{}#{}", row.train.component, row.train.label);
            cut(rows.collect(), Direction::Ascending, limit, cursor, name)
        })
        .await?
    }

    async fn touch(&self, org: &OrganizationSlug, check_in: &CheckIn) -> Result<Touched, StoreError> {
        self.ask("registry.touch", |state| state.registered.touch(org, check_in))
            .await
    }

    async fn cluster(&self, org: &OrganizationSlug, id: &ClusterId) -> Result<Option<Cluster>, StoreError> {
        self.ask("registry.cluster", |state| {
            state.registered.clusters.get(&(org.clone(), id.clone())).cloned()
        })
        .await
    }

    async fn clusters(
        &self,
        org: &OrganizationSlug,
        filter: &AgeFilter,
        direction: Direction,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Cluster>, StoreError> {
        let call = Call {
            method: "registry.clusters",
            requests: SHARDS,
        };
        self.pass(call, |state| {
            let own = state
                .registered
                .clusters
                .values()
                .filter(|cluster| cluster.organization == *org);
            let admitted = own.filter(|cluster| filter.admits(cluster)).cloned();
            let name = |cluster: &Cluster| {
                let at = match filter.sorted() {
                    Sorted::ByFirstSeen => cluster.first_seen,
                    Sorted::ByLastSeen => cluster.last_seen,
                };
                format!("{}#{}", at.strftime("%Y-%m-%dT%H:%M:%S%.9fZ"), cluster.id)
            };
            cut(admitted.collect(), direction, limit, cursor, name)
        })
        .await?
    }

    async fn count_clusters(&self, org: &OrganizationSlug, filter: &AgeFilter) -> Result<u64, StoreError> {
        let call = Call {
            method: "registry.count_clusters",
            requests: if filter.is_empty() { 1 } else { SHARDS },
        };
        self.pass(call, |state| {
            let own = state
                .registered
                .clusters
                .values()
                .filter(|cluster| cluster.organization == *org);
            own.filter(|cluster| filter.admits(cluster)).count() as u64
        })
        .await
    }

    async fn note_use(
        &self,
        org: &OrganizationSlug,
        versions: &[Installed],
        trust: Trust,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let call = Call {
            method: "registry.note_use",
            requests: versions.len() as u64,
        };
        self.pass(call, |state| state.registered.note_use(org, versions, trust, at))
            .await
    }

    async fn in_use(
        &self,
        org: &OrganizationSlug,
        component: &ComponentName,
        since: Timestamp,
    ) -> Result<Vec<Used>, StoreError> {
        self.ask("registry.in_use", |state| {
            state.registered.in_use(org, component, since)
        })
        .await
    }

    async fn spend(
        &self,
        org: &OrganizationSlug,
        source: &str,
        day: Date,
        thing: &str,
        most: u64,
    ) -> Result<bool, StoreError> {
        self.ask("registry.spend", |state| {
            state.registered.spend(org, source, day, thing, most)
        })
        .await
    }

    async fn population(
        &self,
        org: &OrganizationSlug,
        component: &ComponentName,
    ) -> Result<Option<Population>, StoreError> {
        self.ask("registry.population", |state| {
            let key = (org.clone(), component.clone());
            state.registered.populations.get(&key).cloned()
        })
        .await
    }

    async fn populations(
        &self,
        org: &OrganizationSlug,
    ) -> Result<BTreeMap<ComponentName, Population>, StoreError> {
        self.ask("registry.populations", |state| {
            let own = state
                .registered
                .populations
                .iter()
                .filter(|((of, _), _)| of == org);
            let named = own.map(|((_, component), population)| (component.clone(), population.clone()));
            named.collect()
        })
        .await
    }

    async fn doctor_report(
        &self,
        org: &OrganizationSlug,
        id: &ReportId,
    ) -> Result<Option<DoctorReport>, StoreError> {
        self.ask("registry.doctor_report", |state| {
            state.registered.reports.get(&(org.clone(), id.clone())).cloned()
        })
        .await
    }
}

#[async_trait]
impl StoreHealth for MemoryCatalog {
    async fn probe(&self) -> Result<(), StoreError> {
        self.ask("health.probe", |_| ()).await
    }

    fn meter(&self) -> Meter {
        let counts = self.gate.counts();
        Meter {
            reads: counts.port("registry"),
            writes: counts.of("catalog.commit"),
            errors: 0,
            throttles: 0,
        }
    }
}

/// Cuts a page out of a list by the names of its items: what follows the cursor, whether or not that item is still there.
fn cut<T>(
    mut all: Vec<T>,
    direction: Direction,
    limit: usize,
    cursor: Option<&str>,
    name: impl Fn(&T) -> String,
) -> Result<Page<T>, StoreError> {
    if cursor.is_some_and(|cursor| !cursor.contains('#')) {
        return Err(StoreError::NotFound("the page of this cursor".to_owned()));
    }
    all.sort_by_key(&name);
    if direction == Direction::Descending {
        all.reverse();
    }
    let follows = |item: &T| {
        cursor.is_none_or(|cursor| match direction {
            Direction::Ascending => name(item).as_str() > cursor,
            Direction::Descending => name(item).as_str() < cursor,
        })
    };
    all.retain(follows);
    let is_more = all.len() > limit;
    all.truncate(limit);
    let next = all.last().filter(|_| is_more).map(&name);
    Ok(Page { items: all, next })
}
