//! Answers of the control port: JSON always, errors in the API's form.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::json;

/// Why a request was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

pub(super) type Answer = Result<Response, Refusal>;

pub(super) fn ok(value: &impl Serialize) -> Answer {
    Ok(json_response(StatusCode::OK, value))
}

pub(super) fn json_response(status: StatusCode, value: &impl Serialize) -> Response {
    let (status, text) = match serde_json::to_string_pretty(value) {
        Ok(text) => (status, text),
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({ "message": error.to_string() }).to_string(),
        ),
    };
    let mut response = Response::new(Body::from(text + "\n"));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) fn refusal(refusal: &Refusal) -> Response {
    let error = refusal
        .status
        .canonical_reason()
        .unwrap_or("error")
        .to_ascii_lowercase();
    let body = json!({"status": refusal.status.as_u16(), "error": error, "message": refusal.message});
    json_response(refusal.status, &body)
}
