//! What all operations of the release registry have in common, whose refusals have a form of their own.

use std::time::Duration;

use http::Method;
use serde_json::json;
use utoipa::ToSchema as _;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use imprint_app::error::AppError;

use crate::access::Access;
use crate::error::{ApiError, Needed};
use crate::refusal::RegistryErrorBody;

use super::{Refusal, needs, with_token};

/// Adds who may and what can go wrong.
pub(super) fn complete(operation: &mut Operation, method: &Method, path: &str, access: Access) {
    let mut errors = of_all(path);
    errors.extend(of_query(operation));
    errors.extend(of_body(operation, path));
    errors.extend(of_writes(method, path));
    errors.extend(of_access(operation, method, path, access));
    for (status, text, error) in errors {
        let refusal = RefOr::T(refusal(text, &error));
        operation.responses.responses.insert(status.to_owned(), refusal);
    }
}

fn of_all(path: &str) -> Vec<Refusal> {
    let mut errors = vec![
        ("500", "The service failed", ApiError::Internal(String::new())),
        (
            "503",
            "Busy; `Retry-After` says when to come back",
            ApiError::Busy(String::new()),
        ),
    ];
    if path.contains('{') {
        let sentence = if path.contains("/clusters/") {
            "404 cluster not found"
        } else if path.contains("/doctor/") {
            "404 doctor report not found"
        } else {
            "404 release not found"
        };
        errors.push(("404", "It is not there", ApiError::Missing(sentence)));
    }
    errors
}

fn of_query(operation: &Operation) -> Vec<Refusal> {
    let parameters = operation.parameters.iter().flatten();
    let mut names = parameters.filter_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.as_str()),
        RefOr::T(_) | RefOr::Ref(_) => None,
    });
    let mut errors = Vec::new();
    let Some(first) = names.next() else { return errors };
    let sentence = format!("{first} in query must be of type date-time: \"soon\"");
    let is_bounded = ["checked_in_after", "created_after", "epoch"].contains(&first);
    let example = if is_bounded {
        sentence
    } else {
        "limit in query should be from 1 to 1000".to_owned()
    };
    errors.push((
        "422",
        "A parameter is wrong; the message names it",
        ApiError::Unprocessable(example),
    ));
    if is_bounded {
        let example = "impossible filter for keys/times (created_after (2026-01-01 00:00:00 +0000 UTC), created_before \
                       (2026-01-01 00:00:00 +0000 UTC)): created_before needs to be greater than created_after";
        errors.push((
            "400",
            "No cluster could pass",
            ApiError::BadRequest(example.to_owned()),
        ));
    }
    errors
}

fn of_body(operation: &Operation, path: &str) -> Vec<Refusal> {
    if operation.request_body.is_none() {
        return Vec::new();
    }
    let example = if path.contains("/clusters") {
        "id in body is required"
    } else if path.contains("/doctor/") {
        "workflow in body is required"
    } else if path.contains("/latest") {
        "data in body should have at most 100 different items"
    } else {
        "version in body is required"
    };
    let unreadable = "parsing body body from \"\" failed, because EOF";
    let media = "unsupported media type \"text/plain\", only [application/json] are allowed";
    vec![
        (
            "400",
            "The body cannot be read, or names something else than the path",
            ApiError::BadRequest(unreadable.to_owned()),
        ),
        (
            "413",
            "The request or its answer is too large",
            ApiError::TooLarge("the body is longer than 1 MB or broke off".to_owned()),
        ),
        (
            "415",
            "The body is something else than JSON",
            ApiError::UnsupportedType(media.to_owned()),
        ),
        (
            "422",
            "A field is missing or wrong; the message names it",
            ApiError::Unprocessable(example.to_owned()),
        ),
    ]
}

fn of_writes(method: &Method, path: &str) -> Vec<Refusal> {
    if *method == Method::GET || path.ends_with("/latest") {
        return Vec::new();
    }
    let is_report = path.contains("/doctor/");
    let contended = if is_report {
        "another report is stored under this uuid".to_owned()
    } else {
        AppError::Contended.to_string()
    };
    let mut errors = vec![(
        "409",
        if is_report {
            "Another report is stored there"
        } else {
            "Others keep changing the same thing"
        },
        ApiError::Contended(contended),
    )];
    let is_check_in = *method == Method::POST && path.contains("/clusters");
    if is_check_in || is_report {
        errors.push((
            "429",
            "Too many came from there; `Retry-After` says when the next one is looked at",
            ApiError::Limited(Duration::ZERO),
        ));
    }
    if is_check_in {
        errors.push((
            "403",
            "The cluster has a token, and this is not it",
            ApiError::Unproved(imprint_domain::registry::Refused.to_string()),
        ));
    }
    errors
}

fn of_access(operation: &mut Operation, method: &Method, path: &str, access: Access) -> Vec<Refusal> {
    if path.contains("/doctor/") && *method == Method::GET {
        let sentence = "No name and password, or other ones";
        return vec![("401", sentence, ApiError::Unauthenticated(Needed::Doctor))];
    }
    if access == Access::Anyone {
        operation.security.get_or_insert_default();
        return Vec::new();
    }
    with_token(operation);
    let mut errors = vec![(
        "401",
        "No token, or one that is not accepted",
        ApiError::Unauthenticated(Needed::Token),
    )];
    errors.extend(needs(access).map(|needs| ("403", needs, ApiError::Forbidden)));
    errors
}

pub(super) fn refusal(text: &str, error: &ApiError) -> Response {
    let example = json!({"code": error.kind().0.as_u16(), "message": error.sentence()});
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(RegistryErrorBody::name())))
        .example(Some(example))
        .build();
    ResponseBuilder::new()
        .description(text)
        .content("application/json", content)
        .build()
}
