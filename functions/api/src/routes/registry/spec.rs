//! What is about no organization: whether anybody is there, and the description that clients of the original read.

use std::sync::OnceLock;

use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};

use crate::delivery;

/// Whether anybody is there
///
/// The answer is empty.
#[utoipa::path(get, path = "/ping", tag = "registry", operation_id = "ping",
    responses((status = 200, description = "Somebody is")))]
pub(crate) async fn ping() -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")]).into_response()
}

/// The description of the registry's first API
///
/// Swagger 2.0, made of the description of the whole API: v3, and what is left of v2.
#[utoipa::path(get, path = "/swagger.json", tag = "registry", operation_id = "getSwagger",
    responses((status = 200, description = "Swagger 2.0", body = Object)))]
pub(crate) async fn swagger() -> Response {
    static DOCUMENT: OnceLock<serde_json::Value> = OnceLock::new();
    delivery::json(StatusCode::OK, DOCUMENT.get_or_init(crate::swagger))
}
