//! What can go wrong with documents, beside what can go wrong everywhere.

use http::Method;
use imprint_app::documents::{Problem, ProblemCode};
use imprint_app::error::AppError;
use imprint_domain::document::{ErrorCode, RenderingError, VersionError, VersionNumber};

use crate::error::ApiError;

use super::Refusal;

/// How operations of documents refuse, beside those that every operation has in common.
pub(super) fn refusals(method: &Method, path: &str) -> Vec<Refusal> {
    let mut errors = Vec::new();
    if let Some(example) = wrong(method, path) {
        errors.push((
            "400",
            "The request is wrong; the message names the field",
            ApiError::BadRequest(example.to_owned()),
        ));
    }
    let is_content = path.ends_with("/content") && *method != Method::GET || path.ends_with("/check");
    if is_content {
        errors.push((
            "413",
            "The content has more than 5 MB",
            ApiError::TooLarge("the body is longer than 5 MB or broke off".to_owned()),
        ));
        errors.push((
            "415",
            "The body is something else than is read",
            ApiError::UnsupportedType("send application/json or text/markdown, not encoded".to_owned()),
        ));
    }
    if path.ends_with("/content") && *method != Method::GET {
        errors.push(("412", "Somebody else has written since", ApiError::Outdated));
    }
    let stores_content =
        path.ends_with("/content") && *method != Method::GET || is_list(path) && *method == Method::POST;
    if stores_content {
        let error = AppError::Content(vec![problem()]);
        errors.push((
            "422",
            "The content is refused; each thing with its place",
            error.into(),
        ));
    }
    if *method != Method::GET && path.contains("{version}") {
        let error = VersionError::Published(VersionNumber::FIRST).to_string();
        errors.push((
            "409",
            "The version is in a state in which this cannot be done, or others keep changing it",
            ApiError::Contended(error),
        ));
    }
    if *method == Method::GET && is_led(path) {
        errors.push((
            "409",
            "It could not be rendered, and there is nothing older to show; only for editors",
            ApiError::Unrendered(Box::new(unrendered())),
        ));
    }
    errors
}

fn is_list(path: &str) -> bool {
    path.trim_end_matches('/') == "/documents"
}

fn is_led(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    ["pdf", "html", "epub", "latex", "bibliography", "search"].contains(&last)
}

/// How a request can be wrong, by an example.
fn wrong(method: &Method, path: &str) -> Option<&'static str> {
    if path.ends_with("/content") && *method != Method::GET || path.ends_with("/check") {
        Some("the body is not JSON: EOF while parsing a value at line 1 column 0")
    } else if path.contains("{version}") {
        Some("\"x\" names no version: write `2`, `v2.1` or `latest`")
    } else if is_list(path) && *method == Method::GET {
        Some("limit must be a number from 1 to 1000")
    } else if *method == Method::POST || *method == Method::PATCH {
        Some("Invalid Document: missing title")
    } else {
        None
    }
}

fn problem() -> Problem {
    Problem {
        path: "/document/introduction/children/2".to_owned(),
        code: ProblemCode::Schema,
        message: "there is no type of node \"video\"".to_owned(),
    }
}

fn unrendered() -> RenderingError {
    RenderingError {
        code: ErrorCode::Limit,
        path: "/document/introduction/children/2".to_owned(),
        message: "the equation has 5,000 bytes, at most 4,096 are taken".to_owned(),
        snippet: "\\frac{a}{b}".to_owned(),
    }
}
