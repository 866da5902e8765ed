use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use imprint_domain::registry::{
    AgeFilter, CheckIn, Cluster, ClusterId, ComponentName, DoctorReport, Gone, Head, Population, Publication,
    Release, ReportId, RowOfTrain, TrainName, Trust, VersionName,
};
use imprint_domain::slug::OrganizationSlug;

use super::{Page, StoreError};

/// A version of a component.
pub type Installed = (ComponentName, VersionName);

/// One write of the registry in a transaction, conditional like every other change.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "the change that holds it is boxed: a commit moves a pointer"
)]
pub enum RegistryChange {
    /// A release is published or withdrawn; the train's head must be at the revision that was seen. Five items.
    Publish(Publication),
    /// Writes nothing, and needs a train's head to be at the revision that was seen: what is written beside it rests on
    /// where the train is.
    RequireHead(Head),
    /// A cluster that was not there. It is counted.
    CreateCluster(Cluster),
    /// A changed cluster, at the revision that was seen.
    UpdateCluster(Cluster),
    /// A cluster is forgotten, at the revision that was seen, and not counted any more.
    DeleteCluster(Cluster),
    /// The documentation of a version is gone. Saying it again is no conflict.
    PutGone(Gone),
    /// It is there again, or was never gone.
    RemoveGone(Gone),
    /// Where a report of a cluster's doctor is; there must be none of that identity. Forgotten after its life.
    CreateDoctorReport(DoctorReport),
    /// How many installations run each version of a component, whatever was said before. Nobody is no item.
    PutPopulation {
        /// The tenant.
        organization: OrganizationSlug,
        /// The component.
        component: ComponentName,
        /// Who runs what.
        population: Population,
    },
}

/// That a version was in use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    /// The version in its canonical spelling.
    pub version: VersionName,
    /// Whether a cluster that is known to be itself said so.
    pub trust: Trust,
    /// When it said so last.
    pub at: Timestamp,
}

/// Which end of a list comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The oldest.
    Ascending,
    /// The newest.
    Descending,
}

/// What a check-in asks the registry after it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// The heads of the trains that were asked for, of those in which something was ever published.
    pub heads: Vec<Head>,
    /// The versions whose documentation is gone, of those that were asked for.
    pub gone: Vec<Installed>,
}

/// What became of the one write that a check-in usually is.
#[derive(Debug, Clone, PartialEq)]
pub enum Touched {
    /// It was written, and this is the cluster now.
    Written(Box<Cluster>),
    /// It is not as it usually is: the cluster is new, or reports other things, or shows its token for the first time, or is
    /// refused, or its use has to be noted again. Nothing was written.
    Unusual(Option<Box<Cluster>>),
}

/// The release registry: what is written by itself or only read. Releases, clusters and reports are written by
/// [`Change`](super::Change)s, because publishing writes them beside builds and editions. Reads of single things are
/// consistent; lists of clusters may be a second late.
#[async_trait]
pub trait Registry: Send + Sync {
    /// The heads of trains, and which of these versions are gone. One request for a hundred, in no order.
    async fn news(
        &self,
        org: &OrganizationSlug,
        trains: &[TrainName],
        versions: &[Installed],
    ) -> Result<News, StoreError>;

    /// A release. One request.
    async fn release(
        &self,
        org: &OrganizationSlug,
        train: &TrainName,
        version: &VersionName,
    ) -> Result<Option<Release>, StoreError>;

    /// Releases of a train in the order of their [sort keys](Release::sort_key), `limit` a page, from `cursor` on.
    async fn releases(
        &self,
        org: &OrganizationSlug,
        train: &TrainName,
        direction: Direction,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Release>, StoreError>;

    /// The trains of all components in the order of their names, `limit` a page, from `cursor` on. Of one component only,
    /// where one is given.
    async fn trains(
        &self,
        org: &OrganizationSlug,
        component: Option<&ComponentName>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<RowOfTrain>, StoreError>;

    /// Writes a check-in as it usually is: of a cluster that is known, that reports what it did before, and that is
    /// verified exactly when the check-in brings its token. One request, which no other check-in can make fail. One that
    /// comes later than a younger one is counted and says nothing else, by a second request.
    async fn touch(&self, org: &OrganizationSlug, check_in: &CheckIn) -> Result<Touched, StoreError>;

    /// A cluster. One request.
    async fn cluster(&self, org: &OrganizationSlug, id: &ClusterId) -> Result<Option<Cluster>, StoreError>;

    /// Clusters that a filter lets through in the order that it is [sorted](AgeFilter::sorted) by, `limit` a page, from
    /// `cursor` on.
    async fn clusters(
        &self,
        org: &OrganizationSlug,
        filter: &AgeFilter,
        direction: Direction,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Cluster>, StoreError>;

    /// How many clusters a filter lets through. One consistent request for the empty filter.
    async fn count_clusters(&self, org: &OrganizationSlug, filter: &AgeFilter) -> Result<u64, StoreError>;

    /// Notes that versions were in use at a time, unless a later time is noted. One request a version. Forgotten some time
    /// after nobody could be interested any more (a year).
    async fn note_use(
        &self,
        org: &OrganizationSlug,
        versions: &[Installed],
        trust: Trust,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// The versions of a component that were in use at a time or later. One request a megabyte.
    async fn in_use(
        &self,
        org: &OrganizationSlug,
        component: &ComponentName,
        since: Timestamp,
    ) -> Result<Vec<Used>, StoreError>;

    /// Takes one of the `most` things that a source may do in a day; false when all were taken. The same thing again takes
    /// none. `source` is a hash that says nothing of where it came from. Forgotten after two days. One request.
    async fn spend(
        &self,
        org: &OrganizationSlug,
        source: &str,
        day: jiff::civil::Date,
        thing: &str,
        most: u64,
    ) -> Result<bool, StoreError>;

    /// How many installations run each version of a component, as it was last counted. One request.
    async fn population(
        &self,
        org: &OrganizationSlug,
        component: &ComponentName,
    ) -> Result<Option<Population>, StoreError>;

    /// The same of all components. One request a megabyte.
    async fn populations(
        &self,
        org: &OrganizationSlug,
    ) -> Result<BTreeMap<ComponentName, Population>, StoreError>;

    /// Where a report of a cluster's doctor is. One request.
    async fn doctor_report(
        &self,
        org: &OrganizationSlug,
        id: &ReportId,
    ) -> Result<Option<DoctorReport>, StoreError>;
}
