//! What clients of the release registry get. Keys are those of the original, empty texts are left out.

mod cluster;
mod doctor;
mod known;
mod release;
mod stats;

pub(crate) use cluster::{
    ClusterCheckinResource, ClusterList, ClusterResource, ClustersCountResource, KnownClusterList,
    KnownClusterResource, LabelsDocument,
};
pub(crate) use doctor::{DoctorInfo, KubernetesResource, NamespaceResource};
pub(crate) use known::{KnownVersionResource, ReleaseList, ReleaseResource};
pub(crate) use release::{ComponentVersionList, ComponentVersionResource, Documentation, TrainList};
pub(crate) use stats::ClusterStatsResource;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A time in UTC and milliseconds, as the registry's clusters have always had it.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-01T12:00:00.000Z")]
pub(crate) struct Millisecond(pub(crate) Timestamp);

impl Serialize for Millisecond {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}
