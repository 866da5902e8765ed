use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::registry::NewsFor;
use imprint_domain::registry::{Cluster, Label, Reported, VersionName, interval};
use jiff::Timestamp;

use super::Millisecond;
use super::known::KnownVersionResource;
use super::release::ComponentVersionResource;
use crate::resources::Moment;

/// An installation that checks in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cluster)]
pub(crate) struct ClusterResource<'a> {
    /// What it calls itself, 1 to 128 characters from A-Z a-z 0-9 . _ -
    #[schema(
        min_length = 1,
        max_length = 128,
        example = "8c6da034-c8b1-489a-a55d-a2215d93f934"
    )]
    id: &'a str,
    /// When it checked in first. The server says this.
    #[serde(rename = "firstSeen", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    first_seen: Option<Millisecond>,
    /// When it checked in last. The server says this.
    #[serde(rename = "lastSeen", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_seen: Option<Millisecond>,
    /// What it runs, at most 200 components with 64 KB in all.
    #[schema(required = false, max_items = 200)]
    components: Vec<ComponentVersionResource<'a>>,
    /// The versions that it runs whose documentation was deleted, where there are some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    gone: Vec<GoneResource<'a>>,
}

/// A version whose documentation was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GoneVersion)]
struct GoneResource<'a> {
    /// The component.
    #[schema(example = "handbook")]
    component: &'a str,
    /// The version.
    #[schema(example = "2.18.0")]
    version: &'a str,
}

impl<'a> ClusterResource<'a> {
    /// A cluster with what is new for it, if that was asked.
    pub(crate) fn new(cluster: &'a Cluster, news: Option<&'a NewsFor>) -> Self {
        let entries = with_updates(cluster, news);
        Self {
            id: cluster.id.as_str(),
            first_seen: Some(Millisecond(cluster.first_seen)),
            last_seen: Some(Millisecond(cluster.last_seen)),
            components: entries
                .map(|(reported, update)| ComponentVersionResource::reported(reported, update))
                .collect(),
            gone: gone(news),
        }
    }

    /// One as a report of its doctor has it: nothing but what it says itself.
    pub(crate) fn reported(id: &'a str, components: &'a [Reported]) -> Self {
        let entry = |reported| ComponentVersionResource::reported(reported, None);
        Self {
            id,
            first_seen: None,
            last_seen: None,
            components: components.iter().map(entry).collect(),
            gone: Vec::new(),
        }
    }
}

/// What a cluster reported, each with the version that it can update to.
fn with_updates<'a>(
    cluster: &'a Cluster,
    news: Option<&'a NewsFor>,
) -> impl Iterator<Item = (&'a Reported, Option<&'a VersionName>)> {
    let updates = news.map_or(&[][..], |news| &news.updates);
    let entries = cluster.report.components().iter().enumerate();
    entries.map(|(at, reported)| (reported, updates.get(at).and_then(Option::as_ref)))
}

fn gone(news: Option<&NewsFor>) -> Vec<GoneResource<'_>> {
    let gone = news.into_iter().flat_map(|news| &news.gone);
    gone.map(|(component, version)| GoneResource {
        component: component.as_str(),
        version: version.as_str(),
    })
    .collect()
}

/// Clusters.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClusterList)]
pub(crate) struct ClusterList<'a> {
    /// The clusters.
    pub(crate) data: Vec<ClusterResource<'a>>,
    /// Where the next page begins, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) next: Option<String>,
}

/// A cluster with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnownCluster)]
pub(crate) struct KnownClusterResource<'a> {
    /// What it calls itself.
    #[schema(example = "8c6da034-c8b1-489a-a55d-a2215d93f934")]
    id: &'a str,
    /// When it checked in first.
    #[serde(rename = "firstSeen")]
    first_seen: Millisecond,
    /// When it checked in last.
    #[serde(rename = "lastSeen")]
    last_seen: Millisecond,
    /// What it runs.
    components: Vec<KnownVersionResource<'a>>,
    /// The versions that it runs whose documentation was deleted, where there are some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    gone: Vec<GoneResource<'a>>,
    /// How often it checked in.
    checkins: u64,
    /// Whether it has shown the token that it got at its first check-in. From then on it always has to.
    verified: bool,
    /// What administrators say of it.
    #[schema(value_type = Vec<String>)]
    labels: &'a BTreeSet<Label>,
}

impl<'a> KnownClusterResource<'a> {
    pub(crate) fn new(cluster: &'a Cluster, news: Option<&'a NewsFor>) -> Self {
        let entries = with_updates(cluster, news);
        Self {
            id: cluster.id.as_str(),
            first_seen: Millisecond(cluster.first_seen),
            last_seen: Millisecond(cluster.last_seen),
            components: entries
                .map(|(reported, update)| KnownVersionResource::reported(reported, update))
                .collect(),
            gone: gone(news),
            checkins: cluster.checkins,
            verified: cluster.is_verified,
            labels: &cluster.labels,
        }
    }
}

/// Clusters with all that is known of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnownClusterList)]
pub(crate) struct KnownClusterList<'a> {
    /// The clusters.
    pub(crate) data: Vec<KnownClusterResource<'a>>,
    /// Where the next page begins, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) next: Option<String>,
}

/// The labels of a cluster.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClusterLabels)]
pub(crate) struct LabelsDocument {
    /// All of them: those that are left out are taken away.
    #[schema(example = json!(["staff"]), max_items = 20)]
    labels: Vec<String>,
}

/// How often and how long a cluster checked in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClusterCheckin)]
pub(crate) struct ClusterCheckinResource {
    /// The cluster.
    #[serde(rename = "clusterID")]
    #[schema(example = "8c6da034-c8b1-489a-a55d-a2215d93f934")]
    cluster: String,
    /// When it checked in first.
    #[serde(rename = "firstSeen")]
    first_seen: Moment,
    /// When it checked in last.
    #[serde(rename = "lastSeen")]
    last_seen: Moment,
    /// How long that was, as PostgreSQL writes an interval.
    #[serde(rename = "clusterAge")]
    #[schema(example = "1 mon 26 days 10:20:30")]
    age: String,
    /// How long ago the last check-in was, as PostgreSQL writes an interval: negative.
    #[serde(rename = "lastCheckin", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "-9 days -12:00:00")]
    last_checkin: Option<String>,
    /// How often it checked in.
    checkins: u64,
}

impl ClusterCheckinResource {
    /// A cluster; with `now`, also how long ago it checked in last.
    pub(crate) fn new(cluster: &Cluster, now: Option<Timestamp>) -> Self {
        Self {
            cluster: cluster.id.to_string(),
            first_seen: Moment(cluster.first_seen),
            last_seen: Moment(cluster.last_seen),
            age: interval(cluster.last_seen, cluster.first_seen),
            last_checkin: now.map(|now| interval(cluster.last_seen, now)),
            checkins: cluster.checkins,
        }
    }
}

/// Clusters and how often and how long they checked in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClustersCount)]
pub(crate) struct ClustersCountResource {
    /// How many there are on this page.
    pub(crate) count: usize,
    /// The clusters, where there are some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(crate) data: Vec<ClusterCheckinResource>,
    /// Where the next page begins, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) next: Option<String>,
}
