use serde::Deserialize;
use utoipa::ToSchema;

use imprint_app::organizations::{NewCdn, NewOrganization, OrganizationPatch, PlacePatch};
use imprint_domain::access::Role;
use imprint_domain::organization::{DocsDomain, Layout, PathPrefix};
use imprint_domain::text::WebUrl;

use crate::error::ApiError;
use crate::extract::RequestBody;

use super::{derivation, given, invalid, parsed, required, slug};

const NOUN: &str = "Organization";
const MEMBER: &str = "Member";

/// Longer than any name or key of AWS and Fastly.
const MAX_SETTING: usize = 255;

/// A new organization. Other fields are ignored.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateOrganization {
    /// Its name in URLs.
    #[schema(required, nullable = false, example = "acme", max_length = 128)]
    slug: Option<String>,
    /// Its title.
    #[schema(required, nullable = false, example = "Acme", max_length = 255)]
    title: Option<String>,
    /// `subdomain` or `path`.
    #[schema(required, nullable = false, example = "path")]
    layout: Option<String>,
    /// The domain to publish under.
    #[schema(required, nullable = false, example = "www.example.org")]
    domain: Option<String>,
    /// What comes before the project in the path layout.
    #[schema(example = "/docs", max_length = 128)]
    path_prefix: Option<String>,
    /// Its bucket. The installation's own when it is absent.
    s3_bucket: Option<String>,
    /// Whether to purge a Fastly service; then `fastly_service_id` is needed.
    fastly_support: Option<bool>,
    /// The host name of that service.
    #[schema(example = "acme.global.ssl.fastly.net", max_length = 255)]
    fastly_domain: Option<String>,
    /// The service to purge.
    #[schema(max_length = 255)]
    fastly_service_id: Option<String>,
    /// An API token that may purge it. The installation's own when it is absent. It is never shown again.
    #[schema(max_length = 255)]
    fastly_api_key: Option<String>,
    /// What ticket keys are put behind to link to them.
    #[schema(example = "https://example.atlassian.net/browse/")]
    ticket_url: Option<String>,
    /// The slug of each project's default edition: `main` or `__main`. The installation's when it is absent.
    #[schema(example = "main")]
    default_edition: Option<String>,
}

/// A change of an organization. Other fields are ignored.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UpdateOrganization {
    /// A new title.
    #[schema(max_length = 255)]
    title: Option<String>,
    /// `subdomain` or `path`.
    layout: Option<String>,
    /// Another domain.
    domain: Option<String>,
    /// Another prefix.
    #[schema(max_length = 128)]
    path_prefix: Option<String>,
    /// Another host name of the CDN.
    #[schema(max_length = 255)]
    fastly_domain: Option<String>,
    /// Another service, or null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 255)]
    fastly_service_id: Option<Option<String>>,
    /// Another API token, or null for the installation's.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 255)]
    fastly_api_key: Option<Option<String>>,
    /// Another address for tickets, or null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    ticket_url: Option<Option<String>>,
    /// The formats to make of the pages of each build from now on, of `htmlzip`, `json`, `search` and `markdown`: none of
    /// them for `[]`, all for null. They hold for products that have no rule of their own.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["htmlzip", "search"]), max_items = 4)]
    derive: Option<Option<Vec<String>>>,
}

/// What a user is in an organization.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SetMember {
    /// `reader`, `uploader` or `admin`.
    #[schema(required, nullable = false, example = "uploader")]
    role: Option<String>,
}

impl RequestBody for CreateOrganization {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for UpdateOrganization {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for SetMember {
    const NOUN: &'static str = MEMBER;
}

impl CreateOrganization {
    pub(crate) fn parse(self) -> Result<NewOrganization, ApiError> {
        let service = service(self.fastly_service_id)?;
        let service = match (self.fastly_support.unwrap_or(service.is_some()), service) {
            (true, None) => {
                return Err(invalid(
                    NOUN,
                    "missing fastly_service_id, which fastly_support needs",
                ));
            }
            (true, service) => service,
            (false, _) => None,
        };
        Ok(NewOrganization {
            slug: required(NOUN, "slug", slug(self.slug.as_deref())?)?,
            title: required(NOUN, "title", parsed(NOUN, "title", self.title.as_deref())?)?,
            layout: required(NOUN, "layout", layout(self.layout.as_deref())?)?,
            domain: required(NOUN, "domain", domain(self.domain.as_deref())?)?,
            path_prefix: prefix(self.path_prefix.as_deref())?.unwrap_or_default(),
            bucket: bucket(self.s3_bucket)?,
            cdn: NewCdn {
                domain: setting("fastly_domain", self.fastly_domain)?.unwrap_or_default(),
                service,
                key: setting("fastly_api_key", self.fastly_api_key)?,
            },
            ticket_url: ticket_url(self.ticket_url.as_deref())?,
            default_edition: parsed(NOUN, "default_edition", self.default_edition.as_deref())?,
        })
    }
}

impl UpdateOrganization {
    pub(crate) fn parse(self) -> Result<OrganizationPatch, ApiError> {
        let optional = |name, raw: Option<Option<String>>| match raw {
            None => Ok(None),
            Some(raw) => setting(name, raw).map(Some),
        };
        Ok(OrganizationPatch {
            title: parsed(NOUN, "title", self.title.as_deref())?,
            place: PlacePatch {
                layout: layout(self.layout.as_deref())?,
                domain: domain(self.domain.as_deref())?,
                path_prefix: prefix(self.path_prefix.as_deref())?,
            },
            fastly_domain: match self.fastly_domain {
                None => None,
                Some(raw) => Some(setting("fastly_domain", Some(raw))?.unwrap_or_default()),
            },
            fastly_service: match self.fastly_service_id {
                None => None,
                Some(raw) => Some(service(raw)?),
            },
            fastly_key: optional("fastly_api_key", self.fastly_api_key)?,
            ticket_url: match self.ticket_url {
                None => None,
                Some(raw) => Some(ticket_url(raw.as_deref())?),
            },
            derive: match self.derive {
                None => None,
                Some(names) => Some(derivation(NOUN, names)?.unwrap_or_default()),
            },
        })
    }
}

impl SetMember {
    pub(crate) fn parse(self) -> Result<Role, ApiError> {
        required(MEMBER, "role", parsed(MEMBER, "role", self.role.as_deref())?)
    }
}

fn layout(raw: Option<&str>) -> Result<Option<Layout>, ApiError> {
    match raw {
        None => Ok(None),
        Some("subdomain") => Ok(Some(Layout::Subdomain)),
        Some("path") => Ok(Some(Layout::Path)),
        Some(_) => Err(invalid(NOUN, "layout: use subdomain or path")),
    }
}

/// LTD strips leading dots.
fn domain(raw: Option<&str>) -> Result<Option<DocsDomain>, ApiError> {
    let domain = raw.map(|raw| raw.trim_start_matches('.').to_ascii_lowercase());
    parsed(NOUN, "domain", domain.as_deref())
}

fn prefix(raw: Option<&str>) -> Result<Option<PathPrefix>, ApiError> {
    parsed(NOUN, "path_prefix", raw)
}

fn ticket_url(raw: Option<&str>) -> Result<Option<WebUrl>, ApiError> {
    parsed(NOUN, "ticket_url", raw.filter(|raw| !raw.is_empty()))
}

/// A name or a key, which goes into headers and URLs; an empty one is none.
fn setting(name: &str, raw: Option<String>) -> Result<Option<String>, ApiError> {
    let raw = raw.filter(|raw| !raw.is_empty());
    let fits = |raw: &String| raw.len() <= MAX_SETTING && raw.bytes().all(|b| b.is_ascii_graphic());
    match raw {
        Some(raw) if !fits(&raw) => {
            let sentence = format!("{name}: use at most {MAX_SETTING} visible ASCII characters");
            Err(invalid(NOUN, sentence))
        }
        raw => Ok(raw),
    }
}

/// The name of a service. It becomes a part of the path of requests with the installation's key, and clients read `..` there
/// as a way up, however it is encoded.
fn service(raw: Option<String>) -> Result<Option<String>, ApiError> {
    let raw = setting("fastly_service_id", raw)?;
    let fits = |raw: &String| {
        raw.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    match raw {
        Some(raw) if !fits(&raw) => Err(invalid(
            NOUN,
            "fastly_service_id: use letters, digits, hyphens and underscores",
        )),
        raw => Ok(raw),
    }
}

/// A bucket's name (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>), without dots, because
/// uploads go to a host name of one label.
fn bucket(raw: Option<String>) -> Result<Option<String>, ApiError> {
    let Some(raw) = raw.filter(|raw| !raw.is_empty()) else {
        return Ok(None);
    };
    let allowed = raw
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let ends = !raw.starts_with('-') && !raw.ends_with('-');
    if (3..=63).contains(&raw.len()) && allowed && ends {
        Ok(Some(raw))
    } else {
        let sentence = "s3_bucket: use 3 to 63 lower case letters, digits and hyphens";
        Err(invalid(NOUN, sentence))
    }
}
