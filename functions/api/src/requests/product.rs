use serde::Deserialize;
use utoipa::ToSchema;

use imprint_app::products::{NewProduct, ProductPatch};
use imprint_domain::artifact::Derivation;
use imprint_domain::tracking::TrackingMode;

use crate::error::ApiError;
use crate::extract::RequestBody;

use super::{derivation, given, invalid, mode, parsed, required, slug};

const NOUN: &str = "Product";
const PROJECT: &str = "Project";

/// A new product. Other fields are ignored, `bucket_name` among them: the bucket is the organization's.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateProduct {
    /// Its name in URLs: lower case letters, digits and hyphens, at most 63, beginning with a letter.
    #[schema(
        required,
        nullable = false,
        example = "pipelines",
        pattern = "^[a-z][-a-z0-9]*[a-z0-9]$",
        max_length = 63
    )]
    slug: Option<String>,
    /// Where its source lives.
    #[schema(required, nullable = false, example = "https://github.com/example/pipelines")]
    doc_repo: Option<String>,
    /// Its title.
    #[schema(required, nullable = false, example = "Science pipelines", max_length = 255)]
    title: Option<String>,
    /// The domain it is published under. The organization's when it is absent or empty.
    #[schema(example = "example.org")]
    root_domain: Option<String>,
    /// The CDN host of that domain. The organization's when it is absent or empty.
    root_fastly_domain: Option<String>,
    /// How its default edition chooses builds. `git_refs` when it is absent.
    #[schema(example = "git_refs")]
    main_mode: Option<String>,
}

/// A change of a product. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateProduct {
    /// Where its source lives.
    doc_repo: Option<String>,
    /// Its title.
    #[schema(example = "Science pipelines", max_length = 255)]
    title: Option<String>,
    /// The formats to make of the pages of each build from now on, of `htmlzip`, `json`, `search` and `markdown`: none of
    /// them for `[]`, those of the organization for null.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["htmlzip", "search"]), max_items = 4)]
    derive: Option<Option<Vec<String>>>,
}

/// A new project. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateProject {
    /// Its name in URLs: lower case letters, digits and hyphens, at most 63, beginning with a letter.
    #[schema(
        required,
        nullable = false,
        example = "pipelines",
        pattern = "^[a-z][-a-z0-9]*[a-z0-9]$",
        max_length = 63
    )]
    slug: Option<String>,
    /// Where its source lives.
    #[schema(required, nullable = false, example = "https://github.com/example/pipelines")]
    source_repo_url: Option<String>,
    /// Its title.
    #[schema(required, nullable = false, example = "Science pipelines", max_length = 255)]
    title: Option<String>,
    /// How its default edition chooses builds. `git_refs` when it is absent.
    #[schema(example = "git_refs")]
    default_edition_mode: Option<String>,
}

/// A change of a project. Other fields are refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateProject {
    /// Where its source lives.
    #[schema(example = "https://github.com/example/pipelines")]
    source_repo_url: Option<String>,
    /// Its title.
    #[schema(example = "Science pipelines", max_length = 255)]
    title: Option<String>,
    /// The formats to make of the pages of each build from now on, of `htmlzip`, `json`, `search` and `markdown`: none of
    /// them for `[]`, those of the organization for null.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["htmlzip", "search"]), max_items = 4)]
    derive: Option<Option<Vec<String>>>,
}

impl RequestBody for CreateProject {
    const NOUN: &'static str = PROJECT;
}
impl RequestBody for UpdateProject {
    const NOUN: &'static str = PROJECT;
}
impl RequestBody for CreateProduct {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for UpdateProduct {
    const NOUN: &'static str = NOUN;
}

impl CreateProduct {
    pub(crate) fn parse(self) -> Result<NewProduct, ApiError> {
        Ok(NewProduct {
            slug: required(NOUN, "slug", slug(self.slug.as_deref())?)?,
            doc_repo: required(
                NOUN,
                "doc_repo",
                parsed(NOUN, "doc_repo", self.doc_repo.as_deref())?,
            )?,
            title: required(NOUN, "title", parsed(NOUN, "title", self.title.as_deref())?)?,
            root_domain: host("root_domain", self.root_domain)?,
            root_fastly_domain: host("root_fastly_domain", self.root_fastly_domain)?,
            main_mode: mode(self.main_mode.as_deref())?.unwrap_or(TrackingMode::GitRefs),
        })
    }
}

impl UpdateProduct {
    pub(crate) fn parse(self) -> Result<ProductPatch, ApiError> {
        Ok(ProductPatch {
            title: parsed(NOUN, "title", self.title.as_deref())?,
            doc_repo: parsed(NOUN, "doc_repo", self.doc_repo.as_deref())?,
            derive: own_derivation(NOUN, self.derive)?,
        })
    }
}

impl CreateProject {
    pub(crate) fn parse(self) -> Result<NewProduct, ApiError> {
        let repo = parsed(PROJECT, "source_repo_url", self.source_repo_url.as_deref())?;
        let title = parsed(PROJECT, "title", self.title.as_deref())?;
        Ok(NewProduct {
            slug: required(PROJECT, "slug", slug(self.slug.as_deref())?)?,
            doc_repo: required(PROJECT, "source_repo_url", repo)?,
            title: required(PROJECT, "title", title)?,
            root_domain: None,
            root_fastly_domain: None,
            main_mode: mode(self.default_edition_mode.as_deref())?.unwrap_or(TrackingMode::GitRefs),
        })
    }
}

impl UpdateProject {
    pub(crate) fn parse(self) -> Result<ProductPatch, ApiError> {
        Ok(ProductPatch {
            title: parsed(PROJECT, "title", self.title.as_deref())?,
            doc_repo: parsed(PROJECT, "source_repo_url", self.source_repo_url.as_deref())?,
            derive: own_derivation(PROJECT, self.derive)?,
        })
    }
}

/// A product's own rule; with null it has none.
fn own_derivation(
    noun: &str,
    names: Option<Option<Vec<String>>>,
) -> Result<Option<Option<Derivation>>, ApiError> {
    names.map(|names| derivation(noun, names)).transpose()
}

/// A host name, with a port where there is one. LTD strips leading dots; nothing is left of an empty one.
fn host(name: &str, raw: Option<String>) -> Result<Option<String>, ApiError> {
    let host = raw
        .unwrap_or_default()
        .trim_start_matches('.')
        .to_ascii_lowercase();
    if host.is_empty() {
        return Ok(None);
    }
    let (labels, port) = host.split_once(':').unwrap_or((&host, "80"));
    let is_label = |label: &str| {
        let inner = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let port_is_right =
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    // The product's own label and a dot come before it, and a host name has at most 253 characters.
    if labels.len() <= 189 && labels.split('.').all(is_label) && port_is_right {
        Ok(Some(host))
    } else {
        Err(invalid(
            NOUN,
            format_args!("{name}: it is not a host name, such as docs.example.org"),
        ))
    }
}
