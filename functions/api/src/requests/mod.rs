//! What callers send, parsed into what the use-cases take.

mod build;
mod dashboard;
mod documents;
mod edition;
mod organization;
mod product;
pub(crate) mod registry;
mod retention;
mod slug_rules;
mod user;
mod webhook;

pub(crate) use build::{CreateBuild, CreateProjectBuild, MakeForms, UpdateBuild};
pub(crate) use dashboard::UseTemplates;
pub(crate) use documents::{
    Bump, CreateDocument, CreateVersion, Pdf, PdfParams, UpdateDocument, UpdateVersion, UploadImages,
};
pub(crate) use edition::{
    CreateEdition, CreateProjectEdition, NamesBuild, RollbackEdition, UpdateEdition, UpdateProjectEdition,
};
pub(crate) use organization::{CreateOrganization, SetMember, UpdateOrganization};
pub(crate) use product::{CreateProduct, CreateProject, UpdateProduct, UpdateProject};
pub(crate) use retention::PutRetention;
pub(crate) use slug_rules::{PreviewSlugRules, SetOrganizationRules, SetSlugRules};
pub(crate) use user::{CreateToken, CreateUser, UpdateUser};
pub(crate) use webhook::{CreateWebhook, RotateSecret, UpdateWebhook};

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use imprint_domain::artifact::{Derivation, Format};

use crate::error::ApiError;

fn invalid(noun: &str, what: impl Display) -> ApiError {
    ApiError::BadRequest(format!("Invalid {noun}: {what}"))
}

/// A field that must be there.
fn required<T>(noun: &str, name: &str, field: Option<T>) -> Result<T, ApiError> {
    field.ok_or_else(|| invalid(noun, format_args!("missing {name}")))
}

/// Parses a field that is there.
fn parsed<T: FromStr<Err: Display>>(
    noun: &str,
    name: &str,
    raw: Option<&str>,
) -> Result<Option<T>, ApiError> {
    let parse = |raw: &str| {
        raw.parse()
            .map_err(|error| invalid(noun, format_args!("{name}: {error}")))
    };
    raw.map(parse).transpose()
}

/// The refs of a field that v2 has for one ref and, as an addition of ours, for several.
fn one_or_several(
    noun: &str,
    names: [&str; 2],
    one: Option<String>,
    several: Option<Vec<String>>,
) -> Result<Option<Vec<String>>, ApiError> {
    let [name, plural] = names;
    match (one, several) {
        (Some(_), Some(_)) => Err(invalid(noun, format_args!("either {name} or {plural}, not both"))),
        (Some(one), None) => Ok(Some(vec![one])),
        (None, several) => Ok(several),
    }
}

/// Formats by their names, each once, of those that are known.
fn formats(
    noun: &str,
    field: &str,
    known: &[Format],
    names: Vec<String>,
) -> Result<BTreeSet<Format>, ApiError> {
    // Whatever is more than all of them is there twice or unknown, which the first of these says.
    let mut formats = BTreeSet::new();
    for name in names.into_iter().take(known.len() + 1) {
        let format =
            Format::among(known, &name).map_err(|error| invalid(noun, format_args!("{field}: {error}")))?;
        if !formats.insert(format) {
            let names: Vec<&str> = known.iter().map(|format| format.name()).collect();
            let sentence = format_args!(
                "{field}: {format} is there twice; each of {} may be there once",
                names.join(", ")
            );
            return Err(invalid(noun, sentence));
        }
    }
    Ok(formats)
}

/// Formats to make of pages, by their names. What is absent stays as it is, and of null `T` says what it means.
fn derivation(noun: &str, names: Option<Vec<String>>) -> Result<Option<Derivation>, ApiError> {
    let parse = |names| formats(noun, "derive", &Format::DERIVED, names).map(Derivation);
    names.map(parse).transpose()
}

/// Tells a null from a field that is absent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(field).map(Some)
}

/// Parses a slug that is there.
fn slug<T: FromStr<Err: Display>>(raw: Option<&str>) -> Result<Option<T>, ApiError> {
    raw.map(str::parse)
        .transpose()
        .map_err(|error| ApiError::BadRequest(format!("Invalid slug: {error}")))
}

/// Parses a sentence-giving field, such as a tracking mode, whose error is LTD's own sentence.
fn mode(raw: Option<&str>) -> Result<Option<imprint_domain::tracking::TrackingMode>, ApiError> {
    let parse = |raw: &str| raw.parse();
    raw.map(parse)
        .transpose()
        .map_err(|error: imprint_domain::tracking::UnknownMode| ApiError::BadRequest(error.to_string()))
}
