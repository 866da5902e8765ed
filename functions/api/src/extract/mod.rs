//! What handlers take out of a request, refused in the contract's error form.
//!
//! axum's own extractors answer in plain text, so they are used here and nowhere else.

mod body;
mod content;
mod document;
mod named;
mod registry;

use std::fmt::Display;
use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use http::request::Parts;
use serde::de::DeserializeOwned;

use imprint_app::access::Caller;
use imprint_app::error::AppError;
use imprint_app::idempotency::Once;
use imprint_domain::access::UserName;
use imprint_domain::id::{EventId, TokenId, WebhookId};
use imprint_domain::message::Step;
use imprint_domain::slug::{BuildSlug, EditionSlug, OrganizationSlug, ProductSlug};

use crate::access::caller;
use crate::credentials;
use crate::delivery::{Accepted, weighed};
use crate::error::{ApiError, Needed};
use crate::listing::{ListParams, Listing};
use crate::{Api, Service};

pub(crate) use body::{JsonBody, RequestBody, read_body};
pub(crate) use content::{IfMatch, IfNoneMatch, Written, etag_of};
pub(crate) use document::{DocumentUrls, OfDocument, OfVersion};
pub(crate) use named::{Named, TwoBuilds};
pub(crate) use registry::{InQuery, PathNames, Posted, Source};

/// The variable part of a path. What is not in its one spelling names nothing: `/builds/07` is not `/builds/7`.
#[derive(Debug)]
pub(crate) struct InPath<T>(pub(crate) T);

impl<T: FromStr + Display> FromRequestParts<Service> for InPath<T> {
    type Rejection = ApiError;

    #[expect(clippy::disallowed_types, reason = "this is the wrapper that the others take")]
    async fn from_request_parts(parts: &mut Parts, api: &Service) -> Result<Self, ApiError> {
        let raw = axum::extract::Path::<String>::from_request_parts(parts, api).await;
        let axum::extract::Path(raw) =
            raw.map_err(|_| ApiError::BadRequest("the path is not percent-encoded UTF-8".to_owned()))?;
        let value: T = raw.parse().map_err(|_| ApiError::NotFound)?;
        if value.to_string() == raw {
            Ok(Self(value))
        } else {
            Err(ApiError::NotFound)
        }
    }
}

/// A variable part of a v2 path, by the name that the path has for it.
pub(crate) trait PathPart: FromStr + Display {
    /// What stands between the braces.
    const NAME: &'static str;
}

impl PathPart for OrganizationSlug {
    const NAME: &'static str = "org";
}
impl PathPart for ProductSlug {
    const NAME: &'static str = "project";
}
impl PathPart for BuildSlug {
    const NAME: &'static str = "build";
}
impl PathPart for EditionSlug {
    const NAME: &'static str = "edition";
}
impl PathPart for WebhookId {
    const NAME: &'static str = "webhook";
}
impl PathPart for EventId {
    const NAME: &'static str = "delivery";
}
impl PathPart for Step {
    const NAME: &'static str = "queue";
}
impl PathPart for UserName {
    const NAME: &'static str = "user";
}

/// One variable part of several. What is not in its one spelling names nothing.
#[derive(Debug)]
pub(crate) struct Part<T>(pub(crate) T);

impl<T: PathPart> FromRequestParts<Service> for Part<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let raw = path_parts(parts, service).await?;
        named_part(&raw, T::NAME).map(Self)
    }
}

/// All variable parts of a path.
pub(crate) async fn path_parts(parts: &mut Parts, service: &Service) -> Result<RawPathParams, ApiError> {
    let raw = RawPathParams::from_request_parts(parts, service).await;
    raw.map_err(|_| ApiError::BadRequest("the path is not percent-encoded UTF-8".to_owned()))
}

/// The text that stands where a path has a name.
pub(crate) fn raw_part<'a>(parts: &'a RawPathParams, name: &str) -> &'a str {
    let found = parts.iter().find(|(found, _)| *found == name);
    found.map_or("", |(_, raw)| raw)
}

/// The variable part with a name. One that cannot be a name of anything names nothing.
pub(crate) fn named_part<T: FromStr + Display>(parts: &RawPathParams, name: &str) -> Result<T, ApiError> {
    let (_, raw) = parts
        .iter()
        .find(|(found, _)| *found == name)
        .ok_or(ApiError::NotFound)?;
    let value: T = raw.parse().map_err(|_| ApiError::NotFound)?;
    if value.to_string() == raw {
        Ok(value)
    } else {
        Err(ApiError::NotFound)
    }
}

/// The organization that a path is about: a v2 path names it, and LTD's v1 is about the default one.
pub(crate) fn organization_of(path: &str, parts: &RawPathParams) -> Result<OrganizationSlug, ApiError> {
    if path.contains("{org}") {
        named_part(parts, OrganizationSlug::NAME)
    } else {
        Ok(OrganizationSlug::default())
    }
}

impl FromRequestParts<Service> for Api {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let path = parts.extensions.get::<MatchedPath>().cloned();
        let raw = path_parts(parts, service).await?;
        let organization = organization_of(path.as_ref().map_or("", MatchedPath::as_str), &raw)?;
        let mut service = service.clone();
        if let Some(once) = parts.extensions.get::<Arc<Once>>() {
            service.tenants = service.tenants.lent_by(once);
        }
        Ok(Self {
            env: service.tenants.of(&organization).await?,
            service,
        })
    }
}

/// The two variable parts of a token's path.
#[derive(Debug)]
pub(crate) struct TokenPath {
    pub(crate) user: UserName,
    pub(crate) id: TokenId,
}

impl FromRequestParts<Service> for TokenPath {
    type Rejection = ApiError;

    #[expect(clippy::disallowed_types, reason = "this is the wrapper that the others take")]
    async fn from_request_parts(parts: &mut Parts, api: &Service) -> Result<Self, ApiError> {
        let raw = axum::extract::Path::<(String, String)>::from_request_parts(parts, api).await;
        let axum::extract::Path((user, id)) =
            raw.map_err(|_| ApiError::BadRequest("the path is not percent-encoded UTF-8".to_owned()))?;
        Ok(Self {
            user: user.parse().map_err(|_| ApiError::NotFound)?,
            id: id.parse().map_err(|_| ApiError::NotFound)?,
        })
    }
}

impl FromRequestParts<Service> for Listing {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Service) -> Result<Self, ApiError> {
        query::<ListParams>(parts, api).await?.check()
    }
}

#[expect(clippy::disallowed_types, reason = "this is the wrapper that the others take")]
pub(crate) async fn query<T: DeserializeOwned + Send>(
    parts: &mut Parts,
    api: &Service,
) -> Result<T, ApiError> {
    let query = axum::extract::Query::<T>::from_request_parts(parts, api).await;
    query
        .map(|axum::extract::Query(query)| query)
        .map_err(|error| ApiError::BadRequest(error.body_text()))
}

/// Who asks: only where the access table asks for a permission.
#[derive(Debug)]
pub(crate) struct Authenticated(pub(crate) Caller);

impl FromRequestParts<Service> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.map(Self).ok_or(ApiError::Unauthenticated(Needed::Token))
    }
}

/// Who asks, where that is not needed but shows more. A token that is not accepted is none.
#[derive(Debug)]
pub(crate) struct Known(pub(crate) Option<Caller>);

impl FromRequestParts<Service> for Known {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Service) -> Result<Self, ApiError> {
        match credentials::token(&parts.headers) {
            Some(token) => Ok(Self(caller(api, &token).await?)),
            None => Ok(Self(None)),
        }
    }
}

impl FromRequestParts<Service> for Accepted {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}

/// The media type that asks for upload forms. Its "v2" is that of one route of the v1 API.
pub(crate) const WITH_FORMS: &str = "application/vnd.ltdkeeper.v2+json";

/// Which answer to the registration of a build a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BuildForm {
    /// The build.
    Plain,
    /// The build with upload forms.
    WithForms,
}

impl FromRequestParts<Service> for BuildForm {
    type Rejection = std::convert::Infallible;

    /// Only one media type is special, and only by its exact name: whatever stands beside it means the plain form, so
    /// it does not matter in which order they are preferred.
    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Self::Rejection> {
        let values = parts
            .headers
            .get_all(http::header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let named = values.flat_map(|value| value.split(',')).any(|one| {
            let (name, quality) = weighed(one);
            name.eq_ignore_ascii_case(WITH_FORMS) && quality > 0.0
        });
        Ok(if named { Self::WithForms } else { Self::Plain })
    }
}

/// In which form a client wants a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiffForm {
    /// All of it.
    Json,
    /// The summary alone.
    Markdown,
}

impl FromRequestParts<Service> for DiffForm {
    type Rejection = std::convert::Infallible;

    /// Who names Markdown means it, unless JSON is named and preferred.
    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Self::Rejection> {
        let (mut markdown, mut json) = (0.0_f32, 0.0_f32);
        let values = parts.headers.get_all(http::header::ACCEPT).iter();
        for one in values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
        {
            let (name, quality) = weighed(one);
            if name.eq_ignore_ascii_case("text/markdown") {
                markdown = markdown.max(quality);
            } else if name.eq_ignore_ascii_case("application/json") {
                json = json.max(quality);
            }
        }
        Ok(if markdown > 0.0 && markdown >= json {
            Self::Markdown
        } else {
            Self::Json
        })
    }
}

/// Tells of a wrong body only when the thing that it is about is there.
///
/// # Errors
/// What `lookup` says, or what is wrong with the body.
pub(crate) async fn after<T, R>(
    lookup: impl Future<Output = Result<R, AppError>>,
    body: Result<T, ApiError>,
) -> Result<T, ApiError> {
    match body {
        Ok(body) => Ok(body),
        Err(error) => {
            lookup.await?;
            Err(error)
        }
    }
}
