use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use imprint_app::documents;

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::Written;
use crate::resources::ReviewResource;

/// Check a content
///
/// What it would be refused for, and what would be printed otherwise than its author meant it. Nothing is stored. As JSON or,
/// with `text/markdown`, as the text alone.
#[utoipa::path(post, path = "/documents/check", tag = "documents", operation_id = "check_content",
    request_body(content((Object = "application/json"), (String = "text/markdown", example = "# Introduction\n\nText.\n"))),
    responses((status = 200, description = "What is known of it", body = ReviewResource)))]
pub(crate) async fn check(_api: Api, written: Written) -> Result<Response, ApiError> {
    let value = match written {
        Written::Json(value) => value,
        Written::Markdown(text) => json!({"markdown": text}),
        Written::Patch(_) => return Err(Written::unfit("application/json or text/markdown")),
    };
    let review = documents::review(&value);
    Ok(delivery::json(StatusCode::OK, &ReviewResource::new(&review)))
}
