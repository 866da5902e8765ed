//! Reports of clusters' doctors, brought into one form before they are stored.

use bytes::Bytes;
use serde_json::Value;

use super::check_in::cluster;
use super::json::{Fields, Json, required};
use crate::error::ApiError;
use crate::resources::{ClusterResource, DoctorInfo, KubernetesResource, NamespaceResource};

/// Reads a report and writes it as it is kept. The same report gives the same bytes.
///
/// # Errors
/// When it is no report.
pub(crate) fn doctor_report(body: Json) -> Result<Bytes, ApiError> {
    let mut body = body.fields("")?;
    let mut workflow = body.object("workflow")?.ok_or_else(|| required("workflow"))?;
    let (id, components) = cluster(&mut workflow)?;
    let nodes = resources(&mut body, "nodes")?;
    let namespaces = body.objects("namespaces")?.into_iter().map(namespace);
    let info = DoctorInfo {
        workflow: ClusterResource::reported(&id, &components),
        nodes,
        namespaces: namespaces.collect::<Result<_, _>>()?,
    };
    let bytes = serde_json::to_vec(&info).map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(bytes.into())
}

fn namespace(mut fields: Fields) -> Result<NamespaceResource, ApiError> {
    Ok(NamespaceResource {
        name: fields.text("name")?.unwrap_or_default(),
        daemon_sets: resources(&mut fields, "daemonSets")?,
        deployments: resources(&mut fields, "deployments")?,
        events: resources(&mut fields, "events")?,
        pods: resources(&mut fields, "pods")?,
        replica_sets: resources(&mut fields, "replicaSets")?,
        replication_controllers: resources(&mut fields, "replicationControllers")?,
        services: resources(&mut fields, "services")?,
    })
}

fn resources(of: &mut Fields, name: &str) -> Result<Vec<KubernetesResource>, ApiError> {
    let all = of
        .objects(name)?
        .into_iter()
        .map(|mut resource| KubernetesResource {
            data: resource.take("data").map_or(Value::Null, Json::into_value),
        });
    Ok(all.collect())
}
