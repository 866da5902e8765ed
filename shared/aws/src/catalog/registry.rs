//! The release registry, in the same table.

mod clusters;
mod items;
mod keys;
mod lists;
mod populations;
mod releases;
mod uses;
mod writes;

use std::collections::BTreeMap;

use async_trait::async_trait;
use imprint_app::ports::{Direction, Installed, News, Page, Registry, StoreError, Touched, Used};
use imprint_domain::registry::{
    AgeFilter, CheckIn, Cluster, ClusterId, ComponentName, DoctorReport, Population, Release, ReportId,
    RowOfTrain, TrainName, Trust, VersionName,
};
use imprint_domain::slug::OrganizationSlug;
use jiff::Timestamp;
use jiff::civil::Date;

use super::DynamoCatalog;
use super::keys::Key;

pub(super) use writes::{is_publication, writes_of};

#[async_trait]
impl Registry for DynamoCatalog {
    async fn news(
        &self,
        org: &OrganizationSlug,
        trains: &[TrainName],
        versions: &[Installed],
    ) -> Result<News, StoreError> {
        self.read_news(org, trains, versions).await
    }

    async fn release(
        &self,
        org: &OrganizationSlug,
        train: &TrainName,
        version: &VersionName,
    ) -> Result<Option<Release>, StoreError> {
        self.read_release(org, train, version).await
    }

    async fn releases(
        &self,
        org: &OrganizationSlug,
        train: &TrainName,
        direction: Direction,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Release>, StoreError> {
        self.read_releases(org, train, direction, limit, cursor).await
    }

    async fn trains(
        &self,
        org: &OrganizationSlug,
        component: Option<&ComponentName>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<RowOfTrain>, StoreError> {
        self.read_trains(org, component, limit, cursor).await
    }

    async fn touch(&self, org: &OrganizationSlug, check_in: &CheckIn) -> Result<Touched, StoreError> {
        self.touch_cluster(org, check_in).await
    }

    async fn cluster(&self, org: &OrganizationSlug, id: &ClusterId) -> Result<Option<Cluster>, StoreError> {
        self.read_cluster(org, id).await
    }

    async fn clusters(
        &self,
        org: &OrganizationSlug,
        filter: &AgeFilter,
        direction: Direction,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Cluster>, StoreError> {
        self.read_clusters(org, filter, direction, limit, cursor).await
    }

    async fn count_clusters(&self, org: &OrganizationSlug, filter: &AgeFilter) -> Result<u64, StoreError> {
        self.count(org, filter).await
    }

    async fn note_use(
        &self,
        org: &OrganizationSlug,
        versions: &[Installed],
        trust: Trust,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_uses(org, versions, trust, at).await
    }

    async fn in_use(
        &self,
        org: &OrganizationSlug,
        component: &ComponentName,
        since: Timestamp,
    ) -> Result<Vec<Used>, StoreError> {
        self.read_uses(org, component, since).await
    }

    async fn spend(
        &self,
        org: &OrganizationSlug,
        source: &str,
        day: Date,
        thing: &str,
        most: u64,
    ) -> Result<bool, StoreError> {
        self.spend_one(org, source, day, thing, most).await
    }

    async fn population(
        &self,
        org: &OrganizationSlug,
        component: &ComponentName,
    ) -> Result<Option<Population>, StoreError> {
        self.get(Key::population(org, component)).await
    }

    async fn populations(
        &self,
        org: &OrganizationSlug,
    ) -> Result<BTreeMap<ComponentName, Population>, StoreError> {
        self.read_populations(org).await
    }

    async fn doctor_report(
        &self,
        org: &OrganizationSlug,
        id: &ReportId,
    ) -> Result<Option<DoctorReport>, StoreError> {
        self.get(Key::doctor_report(org, id)).await
    }
}
