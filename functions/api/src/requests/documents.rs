//! Documents, their versions and images, as callers send them.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use imprint_app::documents::{DocumentUpdate, NewDocument};
use imprint_domain::access::UserName;
use imprint_domain::document::{Alias, Drafts, ImageName, Status, WarningCode};

use crate::error::ApiError;
use crate::extract::RequestBody;

use super::{invalid, parsed, required, slug};

const NOUN: &str = "Document";
const VERSION: &str = "Version";
const IMAGE: &str = "Image";

/// Paths have it for something else.
const RESERVED: &str = "check";

/// A new document. Other fields are refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateDocument {
    /// Its title.
    #[schema(required, nullable = false, example = "Flux retrieval", max_length = 255)]
    title: Option<String>,
    /// Its name in URLs, unique in its organization: lower case letters, digits and hyphens, at most 32, not only digits.
    #[schema(example = "flux-retrieval", max_length = 32)]
    alias: Option<String>,
    /// The slug of the product whose builds its renderings become.
    #[schema(example = "pipelines")]
    product: Option<String>,
    /// `public` when its drafts become builds of the product, too, which is the default, or `private`.
    #[schema(example = "public")]
    drafts: Option<String>,
    /// What its first version says; it can be written later.
    #[schema(value_type = Option<Object>)]
    content: Option<Value>,
}

/// A change of a document. What is absent stays; other fields are refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateDocument {
    /// Its title.
    #[schema(example = "Flux retrieval", max_length = 255)]
    title: Option<String>,
    /// Its name in URLs, or null for none. The one that it had goes on leading to it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 32)]
    alias: Option<Option<String>>,
    /// The slug of its product, or null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    product: Option<Option<String>>,
    /// `public` or `private`.
    drafts: Option<String>,
}

/// Which version shall follow. Other fields are refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateVersion {
    /// `minor` for a correction of what is published, or `major`.
    #[schema(required, nullable = false, example = "minor")]
    bump: Option<String>,
    /// Of which major a minor version shall be; the newest one when it is absent.
    #[schema(example = 2, minimum = 1)]
    major: Option<u32>,
}

/// A move of a version on its way to publication. Other fields are refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateVersion {
    /// `DRAFT`, `CLOSED_REVIEW_REQUESTED`, `CLOSED_REVIEW`, `OPEN_REVIEW`, `PUBLICATION_REQUESTED`, `PUBLICATION` or
    /// `PUBLISHED`.
    #[schema(required, nullable = false, example = "PUBLISHED")]
    status: Option<String>,
    /// Kinds of warnings that shall not stop its publication: `equation`, `image_missing`, `image_bad`, `reference`, `link`,
    /// `node` and `glyph`.
    #[schema(example = json!(["glyph"]))]
    accept_warnings: Option<Vec<String>>,
}

/// Which images shall be uploaded. Other fields are refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadImages {
    /// Their names, as the content has them. A name that is taken replaces its image.
    #[schema(required, nullable = false, example = json!(["fullmoon.jpg"]))]
    names: Option<Vec<String>>,
}

/// Which PDF is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PdfParams {
    /// `true`, or nothing, for the form that a journal wants.
    #[param(value_type = Option<bool>)]
    journal: Option<String>,
}

impl RequestBody for CreateDocument {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for UpdateDocument {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for CreateVersion {
    const NOUN: &'static str = VERSION;
}
impl RequestBody for UpdateVersion {
    const NOUN: &'static str = VERSION;
}
impl RequestBody for UploadImages {
    const NOUN: &'static str = IMAGE;
}

/// Tells a null from a field that is absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

fn alias(raw: Option<&str>) -> Result<Option<Alias>, ApiError> {
    if raw == Some(RESERVED) {
        return Err(invalid(
            NOUN,
            format_args!("alias: {RESERVED} is no alias, as paths have it for something else"),
        ));
    }
    parsed(NOUN, "alias", raw)
}

fn drafts(raw: Option<&str>) -> Result<Option<Drafts>, ApiError> {
    match raw {
        None => Ok(None),
        Some("public") => Ok(Some(Drafts::Public)),
        Some("private") => Ok(Some(Drafts::Private)),
        Some(_) => Err(invalid(NOUN, "drafts must be public or private")),
    }
}

impl CreateDocument {
    pub(crate) fn parse(self, by: UserName) -> Result<NewDocument, ApiError> {
        let title = parsed(NOUN, "title", self.title.as_deref())?;
        Ok(NewDocument {
            title: required(NOUN, "title", title)?,
            alias: alias(self.alias.as_deref())?,
            product: slug(self.product.as_deref())?,
            drafts: drafts(self.drafts.as_deref())?.unwrap_or_default(),
            content: self.content,
            by: Some(by),
        })
    }
}

impl UpdateDocument {
    pub(crate) fn parse(self) -> Result<DocumentUpdate, ApiError> {
        let new_alias = self.alias.map(|raw| alias(raw.as_deref())).transpose()?;
        let product = self.product.map(|raw| slug(raw.as_deref())).transpose()?;
        Ok(DocumentUpdate {
            title: parsed(NOUN, "title", self.title.as_deref())?,
            alias: new_alias,
            product,
            drafts: drafts(self.drafts.as_deref())?,
        })
    }
}

/// Which version shall follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bump {
    /// The next minor of a major, or of the newest one.
    Minor(Option<u32>),
    /// The next major.
    Major,
}

impl CreateVersion {
    pub(crate) fn parse(self) -> Result<Bump, ApiError> {
        match (self.bump.as_deref(), self.major) {
            (Some("minor"), major) => Ok(Bump::Minor(major)),
            (Some("major"), None) => Ok(Bump::Major),
            (Some("major"), Some(_)) => {
                Err(invalid(VERSION, "the next major is of no major; leave major out"))
            }
            (Some(_), _) => Err(invalid(VERSION, "bump must be minor or major")),
            (None, _) => Err(invalid(VERSION, "missing bump")),
        }
    }
}

impl UpdateVersion {
    pub(crate) fn parse(self) -> Result<(Status, BTreeSet<WarningCode>), ApiError> {
        let status = parsed(VERSION, "status", self.status.as_deref())?;
        let accepted = self.accept_warnings.unwrap_or_default().into_iter();
        let accepted = accepted.map(|word| {
            serde_json::from_value(Value::String(word)).map_err(|_| {
                let kinds = "equation, image_missing, image_bad, reference, link, node and glyph";
                invalid(
                    VERSION,
                    format_args!("accept_warnings: there is no such kind of warning; there are {kinds}"),
                )
            })
        });
        Ok((
            required(VERSION, "status", status)?,
            accepted.collect::<Result<_, _>>()?,
        ))
    }
}

impl UploadImages {
    pub(crate) fn parse(self) -> Result<Vec<ImageName>, ApiError> {
        let names = required(IMAGE, "names", self.names)?;
        let names = names.iter().map(|raw| {
            raw.parse()
                .map_err(|error| invalid(IMAGE, format_args!("names: {error}")))
        });
        let names: BTreeSet<ImageName> = names.collect::<Result<_, _>>()?;
        Ok(names.into_iter().collect())
    }
}

/// The forms of a PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pdf {
    /// For readers.
    Document,
    /// For a journal.
    Journal,
}

impl PdfParams {
    pub(crate) fn parse(&self) -> Result<Pdf, ApiError> {
        match self.journal.as_deref() {
            None | Some("0" | "false") => Ok(Pdf::Document),
            Some("" | "1" | "true") => Ok(Pdf::Journal),
            Some(_) => Err(ApiError::BadRequest("journal must be true or false".to_owned())),
        }
    }
}
