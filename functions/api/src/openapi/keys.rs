//! What all operations have in common that change something: they take a key.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{HeaderBuilder, RefOr, Required};

use serde_json::json;

use imprint_domain::idempotency::{MAX_KEY, MIN_ANONYMOUS_KEY};

use crate::access::Access;
use crate::error::ApiError;
use crate::refusal::Form;

use super::{Refusal, refusal, registry};

const DESCRIPTION: &str = "Makes up for a lost answer: sent again with the same key within 24 hours, the same request has one effect and one answer.";

const ANONYMOUS: &str = " Without a token a key needs 16 characters.";

/// Adds the header and what can be wrong with it.
pub(super) fn complete(operation: &mut Operation, form: Form, access: Access) {
    let (anonymous, shortest) = match access {
        Access::Anyone => (ANONYMOUS, MIN_ANONYMOUS_KEY),
        Access::Token
        | Access::With(_)
        | Access::SelfOr(_)
        | Access::Reader
        | Access::Within(_)
        | Access::Administrator
        | Access::Naming(_) => ("", 1),
    };
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(shortest))
        .max_length(Some(MAX_KEY))
        .pattern(Some("^[!-~]+$"))
        .build();
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(format!("{DESCRIPTION}{anonymous}")))
        .schema(Some(schema))
        .example(Some(json!("6f1c0e0a-8a52-4d39-9a5c-8a0e2f0f7f3e")))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(key));
    say_replayed(operation);
    for error in errors() {
        add(operation, form, error);
    }
}

fn errors() -> [Refusal; 3] {
    let form = "Idempotency-Key is refused: a key has 1 to 255 visible ASCII characters";
    [
        (
            "400",
            "the `Idempotency-Key` is none",
            ApiError::BadRequest(form.to_owned()),
        ),
        (
            "409",
            "a request with this `Idempotency-Key` is under way (`Retry-After` says when to come back), or took effect and its \
             answer is lost",
            ApiError::KeyInUse,
        ),
        (
            "422",
            "the `Idempotency-Key` was given with another request",
            ApiError::KeyReused,
        ),
    ]
}

/// Says of every success that it may be the answer to an earlier request.
fn say_replayed(operation: &mut Operation) {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    let header = HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(
            "`true` when this is the stored answer to an earlier request with the same key; otherwise absent.",
        ))
        .build();
    let successes = operation.responses.responses.iter_mut();
    for (_, response) in successes.filter(|(status, _)| status.starts_with('2')) {
        if let RefOr::T(response) = response {
            response
                .headers
                .insert("Idempotent-Replayed".to_owned(), RefOr::T(header.clone()));
        }
    }
}

/// Adds a refusal, or its sentence to the one that is there.
fn add(operation: &mut Operation, form: Form, (status, text, error): Refusal) {
    match operation.responses.responses.get_mut(status) {
        Some(RefOr::T(there)) => there.description = format!("{}; or {text}", there.description),
        Some(RefOr::Ref(_)) => {}
        None => {
            let mut letters = text.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string());
            let text = format!("{}{}", first.unwrap_or_default(), letters.as_str());
            let response = match form {
                Form::Keeper => refusal(&text, &error),
                Form::Registry => registry::refusal(&text, &error),
            };
            operation
                .responses
                .responses
                .insert(status.to_owned(), RefOr::T(response));
        }
    }
}
