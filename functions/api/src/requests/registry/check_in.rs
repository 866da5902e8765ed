//! Check-ins of clusters, and what administrators say of them.

use std::collections::BTreeSet;

use imprint_domain::registry::{ClusterId, Label, Report, Reported};

use super::json::{Fields, Json, required};
use super::refused;
use crate::error::ApiError;

/// Reads a cluster that checks in: its identity and what it runs. The times that it may send are not its to say.
///
/// # Errors
/// When the identity is missing or wrong, or there is more than is kept.
pub(crate) fn report_of(body: Json) -> Result<(ClusterId, Report), ApiError> {
    let mut body = body.fields("")?;
    let (id, components) = cluster(&mut body)?;
    let id = id.parse().map_err(|error| refused("id", "body", error))?;
    let report = Report::new(components).map_err(|error| ApiError::Unprocessable(error.to_string()))?;
    Ok((id, report))
}

/// The identity and the components of a cluster.
pub(super) fn cluster(body: &mut Fields) -> Result<(String, Vec<Reported>), ApiError> {
    let field = body.place("id");
    let id = body.text("id")?.ok_or_else(|| required(&field))?;
    let components = body.objects("components")?;
    let components: Result<Vec<_>, _> = components.into_iter().map(reported).collect();
    Ok((id, components?))
}

fn reported(mut entry: Fields) -> Result<Reported, ApiError> {
    let mut reported = Reported::default();
    if let Some(mut component) = entry.object("component")? {
        reported.name = component.text("name")?.unwrap_or_default();
        reported.kind = component.text("type")?.unwrap_or_default();
        reported.description = component.text("description")?.unwrap_or_default();
    }
    if let Some(mut version) = entry.object("version")? {
        reported.train = version.text("train")?.unwrap_or_default();
        reported.version = version.text("version")?.unwrap_or_default();
        reported.released = version.text("released")?.unwrap_or_default();
        reported.data = version.map("data")?;
    }
    Ok(reported)
}

/// The most labels of one cluster.
const MAX_LABELS: usize = 20;

/// Reads the labels of a cluster.
///
/// # Errors
/// When they are missing, or one of them is none.
pub(crate) fn labels(body: Json) -> Result<BTreeSet<Label>, ApiError> {
    let given = match body.fields("")?.take("labels") {
        None => return Err(required("labels")),
        Some(Json::Array(items)) => items,
        Some(_) => {
            return Err(ApiError::Unprocessable(
                "labels in body must be of type array".to_owned(),
            ));
        }
    };
    if given.len() > MAX_LABELS {
        let sentence = format!("labels in body should have at most {MAX_LABELS} items");
        return Err(ApiError::Unprocessable(sentence));
    }
    let label = |label| match label {
        Json::Text(raw) => raw.parse().map_err(|error| refused("labels", "body", error)),
        _ => Err(ApiError::Unprocessable(
            "labels in body must be strings".to_owned(),
        )),
    };
    given.into_iter().map(label).collect()
}
