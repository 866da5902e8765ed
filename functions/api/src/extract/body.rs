//! JSON bodies.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use crate::Service;
use crate::error::ApiError;

/// The longest body that is read. Twenty thousand directories of fifty bytes fit.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// A body that knows what it is about, so that refusals can name it.
pub(crate) trait RequestBody: DeserializeOwned {
    /// `Product`, `Build` or `Edition`.
    const NOUN: &'static str;
}

/// A body of JSON.
#[derive(Debug)]
pub(crate) struct JsonBody<T, const MAX: usize = MAX_BODY>(pub(crate) T);

impl<T: RequestBody, const MAX: usize> FromRequest<Service> for JsonBody<T, MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Service) -> Result<Self, ApiError> {
        check_type(request.headers())?;
        let bytes = read_body(request, MAX).await?;
        parse(&bytes).map(Self)
    }
}

/// Reads a body of at most so many bytes.
pub(crate) async fn read_body(request: Request, most: usize) -> Result<Bytes, ApiError> {
    let bytes = axum::body::to_bytes(request.into_body(), most).await;
    bytes.map_err(|_| {
        ApiError::TooLarge(format!(
            "the body is longer than {} MB or broke off",
            most / 1024 / 1024
        ))
    })
}

fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name| {
        headers
            .get(name)
            .map(|value: &http::HeaderValue| value.to_str().unwrap_or("?").trim())
    };
    let refused = |what: &str, found: &str| {
        let found: String = found.chars().take(80).collect();
        Err(ApiError::BadRequest(format!(
            "{what} is {found}; send application/json, not encoded"
        )))
    };
    if let Some(encoding) =
        text(header::CONTENT_ENCODING).filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
    {
        return refused("Content-Encoding", encoding);
    }
    let Some(full) = text(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let name = full
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if name == "application/json" || (name.starts_with("application/") && name.ends_with("+json")) {
        Ok(())
    } else {
        refused("Content-Type", full)
    }
}

/// Parses an object. An error names the field.
fn parse<T: RequestBody>(bytes: &[u8]) -> Result<T, ApiError> {
    // What no field takes is passed over unseen, so this is looked at first.
    let text = std::str::from_utf8(bytes).map_err(|error| not_json(&error))?;
    // A sequence would pass as the fields in their order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(ApiError::BadRequest("the body must be a JSON object".to_owned()));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| refusal::<T>(&error))?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(parsed)
}

/// The refusal of a body that is no JSON.
pub(super) fn not_json(error: &impl std::fmt::Display) -> ApiError {
    let reason = error.to_string();
    // The reader's own limit. Its words would be about the reader.
    if reason.starts_with("recursion limit exceeded") {
        return ApiError::BadRequest(
            "the body has more than 127 arrays and objects in each other".to_owned(),
        );
    }
    ApiError::BadRequest(format!("the body is not JSON: {reason}"))
}

fn refusal<T: RequestBody>(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let (path, inner) = (error.path().to_string(), error.inner());
    if !inner.is_data() {
        return not_json(inner);
    }
    let noun = T::NOUN;
    let field = path.split(['[', '.']).next().unwrap_or_default();
    ApiError::BadRequest(match field {
        // LTD's words.
        "git_refs" | "tracked_refs" | "directories" => {
            format!("Invalid {noun}: {field} must be an array of strings")
        }
        "" => format!("Invalid {noun}: {inner}"),
        _ => format!("Invalid {noun}: {path}: {inner}"),
    })
}
