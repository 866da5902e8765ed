//! Releases that are published, and several that are asked for.

use std::collections::BTreeSet;
use std::str::FromStr;

use imprint_app::registry::NewRelease;
use imprint_domain::registry::{Data, NameError, Note, TrainLabel, TrainName, rfc3339};

use super::json::{Fields, Json, required};
use super::refused;
use crate::error::ApiError;

/// A release as a path names it, not looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedRelease {
    pub(crate) component: String,
    pub(crate) train: String,
    pub(crate) version: String,
}

/// Reads a release that is published. Names that its body leaves out are those of the path, and others must not differ.
///
/// # Errors
/// When something is missing or wrong; the first that is found is told.
pub(crate) fn new_release(placed: &PlacedRelease, body: Json) -> Result<NewRelease, ApiError> {
    let mut body = body.fields("")?;
    let component = body.take("component").unwrap_or(Json::Null);
    let mut component = component.fields("component")?;
    let mut version = body.object("version")?.ok_or_else(|| required("version"))?;
    let names = [
        (
            component.place("name"),
            component.text("name")?,
            &placed.component,
        ),
        (version.place("train"), version.text("train")?, &placed.train),
        (
            version.place("version"),
            version.text("version")?,
            &placed.version,
        ),
    ];
    for (field, given, in_path) in &names {
        if given.as_ref().is_some_and(|given| given != *in_path) {
            return Err(ApiError::BadRequest(format!(
                "{field} in body differs from the path"
            )));
        }
    }
    let [of_component, of_train, of_version] = &names;
    Ok(NewRelease {
        train: TrainName {
            component: name(of_component)?,
            label: name(of_train)?,
        },
        version: name(of_version)?,
        released: released(&mut version)?,
        data: data(&mut version)?,
        description: note(&mut component, "description")?,
        kind: note(&mut component, "type")?,
    })
}

/// A name by its place in the body, what the body says, and what the path says.
fn name<T: FromStr<Err = NameError>>(
    (field, given, raw): &(String, Option<String>, &String),
) -> Result<T, ApiError> {
    let place = if given.is_some() { "body" } else { "path" };
    raw.parse().map_err(|error| match error {
        NameError::Latest => {
            let sentence = "should not be latest, which asks for the newest one";
            ApiError::Unprocessable(format!("{field} in {place} {sentence}"))
        }
        error @ (NameError::Unfit { .. } | NameError::Cluster) => refused(field, place, error),
    })
}

fn released(version: &mut Fields) -> Result<jiff::Timestamp, ApiError> {
    let field = version.place("released");
    let raw = version.text("released")?.ok_or_else(|| required(&field))?;
    let given = rfc3339(&raw);
    let given = given.map_err(|_| {
        let shortened: String = raw.chars().take(80).collect();
        ApiError::Unprocessable(format!(
            "{field} in body must be of type date-time: {shortened:?}"
        ))
    });
    Ok(given?.at)
}

fn data(version: &mut Fields) -> Result<Data, ApiError> {
    let field = version.place("data");
    let map = match version.take("data") {
        None => return Ok(Data::default()),
        Some(data @ Json::Object(_)) => data.into_value(),
        Some(_) => {
            return Err(ApiError::Unprocessable(format!(
                "{field} in body must be of type object"
            )));
        }
    };
    let serde_json::Value::Object(map) = map else {
        return Ok(Data::default());
    };
    Data::new(map).map_err(|error| refused(&field, "body", error))
}

fn note(component: &mut Fields, name: &str) -> Result<Option<Note>, ApiError> {
    let field = component.place(name);
    let raw = component.text(name)?;
    raw.map(|raw| raw.parse().map_err(|error| refused(&field, "body", error)))
        .transpose()
}

/// What a client that names no train means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairs {
    /// Nothing, so that it gets nothing: clients of v3.
    Named,
    /// `beta`: those of v2 had only that one.
    OfBeta,
}

/// The most trains that are read for one request: one request to the store.
const MAX_DISTINCT: usize = 100;
/// The most that are asked for, the same one again included.
const MAX_ASKED: usize = 1_000;

/// Reads which trains' latest releases are asked for, in their order. What can be no name has no release.
///
/// # Errors
/// When there are too many.
pub(crate) fn multi_get(body: Json, pairs: Pairs) -> Result<Vec<TrainName>, ApiError> {
    let asked = body.fields("")?.objects("data")?;
    let mut trains = Vec::new();
    for mut item in asked {
        let component = item
            .object("component")?
            .map_or(Ok(None), |mut component| component.text("name"))?;
        let train = item
            .object("version")?
            .map_or(Ok(None), |mut version| version.text("train"))?;
        let train = match (train, pairs) {
            (None, Pairs::OfBeta) => Some("beta".to_owned()),
            (train, Pairs::Named | Pairs::OfBeta) => train,
        };
        let label: Option<TrainLabel> = train.and_then(|train| train.parse().ok());
        let component = component.and_then(|component| component.parse().ok());
        trains.extend(
            component
                .zip(label)
                .map(|(component, label)| TrainName { component, label }),
        );
    }
    let distinct: BTreeSet<&TrainName> = trains.iter().collect();
    for (found, most, what) in [
        (distinct.len(), MAX_DISTINCT, "different "),
        (trains.len(), MAX_ASKED, ""),
    ] {
        if found > most {
            let sentence = format!("data in body should have at most {most} {what}items");
            return Err(ApiError::Unprocessable(sentence));
        }
    }
    Ok(trains)
}
