//! What documents say, as it is sent, and the conditions under which it is written.

use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};
use serde_json::Value;

use imprint_app::documents::MAX_BYTES;

use super::body::{not_json, read_body};
use crate::Service;
use crate::delivery::OF_GZIP;
use crate::error::ApiError;

/// A content, or a part of it, by what `Content-Type` says that it is.
#[derive(Debug)]
pub(crate) enum Written {
    /// JSON; also where nothing is said.
    Json(Value),
    /// A merge patch (RFC 7396).
    Patch(Value),
    /// A text in Markdown.
    Markdown(String),
}

/// What a body can be.
#[derive(Debug, Clone, Copy)]
enum Media {
    Json,
    Patch,
    Markdown,
}

impl Written {
    /// The refusal of a body that is something else than an operation takes.
    pub(crate) fn unfit(taken: &str) -> ApiError {
        ApiError::UnsupportedType(format!("send {taken}, not encoded"))
    }
}

impl FromRequest<Service> for Written {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Service) -> Result<Self, ApiError> {
        let media = media_of(request.headers())?;
        let bytes = read_body(request, MAX_BYTES).await?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| ApiError::BadRequest(format!("the body is no UTF-8: {error}")))?;
        // The parser itself goes no deeper than 128 values.
        let json = || serde_json::from_str(text).map_err(|error| not_json(&error));
        Ok(match media {
            Media::Json => Self::Json(json()?),
            Media::Patch => Self::Patch(json()?),
            Media::Markdown => Self::Markdown(text.to_owned()),
        })
    }
}

fn media_of(headers: &HeaderMap) -> Result<Media, ApiError> {
    let text = |name: HeaderName| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("?").trim())
    };
    let encoding = text(header::CONTENT_ENCODING).unwrap_or("identity");
    let full = text(header::CONTENT_TYPE).unwrap_or("application/json");
    let name = full
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match (encoding.eq_ignore_ascii_case("identity"), name.as_str()) {
        (true, "application/json") => Ok(Media::Json),
        (true, "application/merge-patch+json") => Ok(Media::Patch),
        (true, "text/markdown") => Ok(Media::Markdown),
        (true | false, _) => Err(Written::unfit("application/json or text/markdown")),
    }
}

/// The values of `If-Match` or `If-None-Match`, as far as they are ETags.
fn etags(headers: &HeaderMap, name: HeaderName) -> Option<Vec<String>> {
    let values = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let all: Vec<String> = values
        .flat_map(|value| value.split(','))
        .map(|one| one.trim().to_owned())
        .collect();
    (!all.is_empty()).then_some(all)
}

/// An ETag of something that is named by a digest.
pub(crate) fn etag_of(digest: impl std::fmt::Display) -> String {
    format!("\"{digest}\"")
}

/// Whether an ETag is that of something that is named by a digest, compressed or not.
fn names(etag: &str, digest: &str) -> bool {
    let inner = etag.strip_prefix('"').and_then(|etag| etag.strip_suffix('"'));
    inner.is_some_and(|inner| inner.strip_suffix(OF_GZIP).unwrap_or(inner) == digest)
}

/// What a writer says of what is there.
#[derive(Debug)]
pub(crate) struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// Whether the writer says anything.
    pub(crate) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Whether what is there is what the writer has seen.
    pub(crate) fn admits(&self, digest: Option<&str>) -> bool {
        let Some(expected) = &self.0 else { return true };
        digest.is_some_and(|digest| expected.iter().any(|one| one == "*" || names(one, digest)))
    }
}

impl FromRequestParts<Service> for IfMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Self::Rejection> {
        Ok(Self(etags(&parts.headers, header::IF_MATCH)))
    }
}

/// What a reader has of it already.
#[derive(Debug)]
pub(crate) struct IfNoneMatch(Vec<String>);

impl IfNoneMatch {
    /// Whether a reader has what is named by a digest, compressed or not.
    pub(crate) fn has(&self, digest: &str) -> bool {
        let strong = |one: &str| names(one.strip_prefix("W/").unwrap_or(one), digest);
        self.0.iter().any(|one| one == "*" || strong(one))
    }
}

impl FromRequestParts<Service> for IfNoneMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Self::Rejection> {
        Ok(Self(
            etags(&parts.headers, header::IF_NONE_MATCH).unwrap_or_default(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_writer_that_has_seen_something_else_is_not_admitted() {
        let admits = |value: &str, found| {
            IfMatch(etags(&headers(header::IF_MATCH, value), header::IF_MATCH)).admits(found)
        };
        for value in ["\"a\"", "\"b\", \"a\"", "\"a-gzip\"", "*"] {
            assert!(admits(value, Some("a")), "{value}");
        }
        for value in ["\"b\"", "a", "W/\"a\"", ""] {
            assert!(!admits(value, Some("a")), "{value}");
        }
        assert!(!admits("*", None));
        assert!(IfMatch(None).admits(None) && !IfMatch(None).is_there());
    }

    #[test]
    fn a_reader_has_what_it_names_also_compressed() {
        let has = |value: &str| {
            let found = etags(&headers(header::IF_NONE_MATCH, value), header::IF_NONE_MATCH);
            IfNoneMatch(found.unwrap_or_default()).has("a")
        };
        for value in ["\"a\"", "W/\"a\"", "\"b\",\"a-gzip\"", "*"] {
            assert!(has(value), "{value}");
        }
        for value in ["\"b\"", "\"a-br\"", ""] {
            assert!(!has(value), "{value}");
        }
    }
}
