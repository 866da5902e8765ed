use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::ClusterResource;

/// A report of a cluster's doctor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DoctorInfo<'a> {
    /// The cluster.
    pub(crate) workflow: ClusterResource<'a>,
    /// Its nodes.
    #[schema(required = false)]
    pub(crate) nodes: Vec<KubernetesResource>,
    /// Its namespaces.
    #[schema(required = false)]
    pub(crate) namespaces: Vec<NamespaceResource>,
}

/// A namespace of Kubernetes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Namespace)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamespaceResource {
    /// Its name.
    #[schema(required = false, example = "deis")]
    pub(crate) name: String,
    /// Its daemon sets.
    #[schema(required = false)]
    pub(crate) daemon_sets: Vec<KubernetesResource>,
    /// Its deployments.
    #[schema(required = false)]
    pub(crate) deployments: Vec<KubernetesResource>,
    /// What happened in it.
    #[schema(required = false)]
    pub(crate) events: Vec<KubernetesResource>,
    /// Its pods.
    #[schema(required = false)]
    pub(crate) pods: Vec<KubernetesResource>,
    /// Its replica sets.
    #[schema(required = false)]
    pub(crate) replica_sets: Vec<KubernetesResource>,
    /// Its replication controllers.
    #[schema(required = false)]
    pub(crate) replication_controllers: Vec<KubernetesResource>,
    /// Its services.
    #[schema(required = false)]
    pub(crate) services: Vec<KubernetesResource>,
}

/// Anything of Kubernetes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = K8sResource)]
pub(crate) struct KubernetesResource {
    /// As Kubernetes has it.
    #[schema(required = false)]
    pub(crate) data: Value,
}
