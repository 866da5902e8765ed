//! The release registry that a request with a key is lent.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use imprint_domain::registry::{
    AgeFilter, CheckIn, Cluster, ClusterId, ComponentName, DoctorReport, Population, Release, ReportId,
    RowOfTrain, TrainName, Trust, VersionName,
};
use imprint_domain::slug::OrganizationSlug;
use jiff::Timestamp;

use super::Once;
use crate::ports::{Direction, Installed, News, Page, Registry, StoreError, Touched, Used};

/// Does what the registry does, but for the one write that is the effect of a request and no commit.
pub(super) struct LentRegistry {
    registry: Arc<dyn Registry>,
    once: Arc<Once>,
}

impl LentRegistry {
    pub(super) fn new(registry: Arc<dyn Registry>, once: Arc<Once>) -> Self {
        Self { registry, once }
    }
}

#[async_trait]
impl Registry for LentRegistry {
    async fn news(
        &self,
        org: &OrganizationSlug,
        trains: &[TrainName],
        versions: &[Installed],
    ) -> Result<News, StoreError> {
        self.registry.news(org, trains, versions).await
    }

    async fn release(
        &self,
        org: &OrganizationSlug,
        train: &TrainName,
        version: &VersionName,
    ) -> Result<Option<Release>, StoreError> {
        self.registry.release(org, train, version).await
    }

    async fn releases(
        &self,
        org: &OrganizationSlug,
        train: &TrainName,
        direction: Direction,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Release>, StoreError> {
        self.registry.releases(org, train, direction, limit, cursor).await
    }

    async fn trains(
        &self,
        org: &OrganizationSlug,
        component: Option<&ComponentName>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<RowOfTrain>, StoreError> {
        self.registry.trains(org, component, limit, cursor).await
    }

    /// A touch is a write by itself, of which nobody would know whether it happened. What is unusual is decided and committed.
    async fn touch(&self, org: &OrganizationSlug, check_in: &CheckIn) -> Result<Touched, StoreError> {
        if self.once.took_effect().await {
            return self.registry.touch(org, check_in).await;
        }
        let cluster = self.registry.cluster(org, &check_in.id).await?;
        Ok(Touched::Unusual(cluster.map(Box::new)))
    }

    async fn cluster(&self, org: &OrganizationSlug, id: &ClusterId) -> Result<Option<Cluster>, StoreError> {
        self.registry.cluster(org, id).await
    }

    async fn clusters(
        &self,
        org: &OrganizationSlug,
        filter: &AgeFilter,
        direction: Direction,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Cluster>, StoreError> {
        self.registry
            .clusters(org, filter, direction, limit, cursor)
            .await
    }

    async fn count_clusters(&self, org: &OrganizationSlug, filter: &AgeFilter) -> Result<u64, StoreError> {
        self.registry.count_clusters(org, filter).await
    }

    async fn note_use(
        &self,
        org: &OrganizationSlug,
        versions: &[Installed],
        trust: Trust,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.registry.note_use(org, versions, trust, at).await
    }

    async fn in_use(
        &self,
        org: &OrganizationSlug,
        component: &ComponentName,
        since: Timestamp,
    ) -> Result<Vec<Used>, StoreError> {
        self.registry.in_use(org, component, since).await
    }

    async fn spend(
        &self,
        org: &OrganizationSlug,
        source: &str,
        day: jiff::civil::Date,
        thing: &str,
        most: u64,
    ) -> Result<bool, StoreError> {
        self.registry.spend(org, source, day, thing, most).await
    }

    async fn population(
        &self,
        org: &OrganizationSlug,
        component: &ComponentName,
    ) -> Result<Option<Population>, StoreError> {
        self.registry.population(org, component).await
    }

    async fn populations(
        &self,
        org: &OrganizationSlug,
    ) -> Result<BTreeMap<ComponentName, Population>, StoreError> {
        self.registry.populations(org).await
    }

    async fn doctor_report(
        &self,
        org: &OrganizationSlug,
        id: &ReportId,
    ) -> Result<Option<DoctorReport>, StoreError> {
        self.registry.doctor_report(org, id).await
    }
}
