//! The description of the API: what the handlers say, and what all operations have in common.

mod documents;
pub(crate) mod examples;
mod keys;
mod registry;
mod swagger;

pub use swagger::swagger;

use std::time::Duration;

use utoipa::PartialSchema as _;
use utoipa::ToSchema as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder,
};

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use imprint_domain::access::Permission;

use crate::access::{Access, is_of_documents, needed};
use crate::error::{ApiError, Needed};
use crate::idempotency::is_mutation;
use crate::refusal::{ErrorBody, Form, RegistryErrorBody};
use crate::routes;

/// What [`described`] gave, kept beside the code. With this, the program that is deployed goes without the code that
/// describes, which was an eighth of it.
pub(crate) const STORED: &str = include_str!("../openapi.json");

/// The API's description, OpenAPI 3.1, with an example of everything, as it is served.
pub fn openapi() -> Value {
    serde_json::from_str(STORED).expect("a test reads it")
}

/// The same, made anew of what the handlers say. A test shows that it is the one that is served.
pub fn described() -> Value {
    let mut document = serde_json::to_value(completed()).expect("a test writes the description");
    first_that_fits(&mut document);
    say_which_form(&mut document);
    examples::add(&mut document);
    document
}

/// Says of all forms that they are the first that fits, as they are read: an empty list of URLs is one of resources, too,
/// and "exactly one" would refuse it.
fn first_that_fits(place: &mut Value) {
    match place {
        Value::Object(object) => {
            if let Some(forms) = object.remove("oneOf") {
                object.insert("anyOf".to_owned(), forms);
            }
            object.values_mut().for_each(first_that_fits);
        }
        Value::Array(items) => items.iter_mut().for_each(first_that_fits),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Describes the fields that tell forms apart, which stand in no struct that could do it.
fn say_which_form(place: &mut Value) {
    match place {
        Value::Object(object) => {
            let is_tag = object
                .get("enum")
                .and_then(Value::as_array)
                .is_some_and(|values| values.len() == 1);
            if is_tag && !object.contains_key("description") {
                object.insert("description".to_owned(), json!("Which of the forms it is."));
            }
            object.values_mut().for_each(say_which_form);
        }
        Value::Array(items) => items.iter_mut().for_each(say_which_form),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn completed() -> OpenApi {
    let mut document = routes::described();
    document.info = InfoBuilder::new()
        .title("Imprint")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(
            utoipa::openapi::LicenseBuilder::new()
                .name("MIT")
                .identifier(Some("MIT"))
                .build(),
        ))
        .build();
    document.tags = Some(tags());
    let components = document.components.get_or_insert_with(Components::new);
    for (name, schema) in [
        (ErrorBody::name(), ErrorBody::schema()),
        (RegistryErrorBody::name(), RegistryErrorBody::schema()),
    ] {
        components.schemas.insert(name.into_owned(), schema);
    }
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, scheme);
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let Some(access) = needed(&method, path) else {
                continue;
            };
            match Form::of(path) {
                Form::Keeper => complete(operation, &method, path, access),
                Form::Registry => registry::complete(operation, &method, path, access),
            }
            if is_mutation(&method) {
                keys::complete(operation, Form::of(path), access);
            }
        }
    }
    document
}

const DESCRIPTION: &str = "Publishes documentation: products, their builds, the editions that show them, and the tasks \
    that move an edition to a build. It is the API of LTD Keeper, the first one for the default \
    organization, and v2 for every organization; what Imprint adds comes after LTD's fields. Every \
    path may be written with or without its final slash. Times are UTC in whole seconds. \n\n\
    The release registry is the API of Deis Workflow Manager, and has its refusals in a form of its \
    own: a code and a message. Its paths are about the default organization; the same ones below \
    /v2/orgs/{org}/registry are about another one, such as \
    /v2/orgs/acme/registry/v3/versions/latest, where a role takes the place of a permission. They \
    have no other form with a final slash. \n\n\
    Documents, too, have the same paths below /v2/orgs/{org}, such as /v2/orgs/acme/documents/42. What is published \
    everybody reads; whoever may upload builds of a document's product, or of the organization where it has none, writes \
    it and sees the rest. \n\n\
    Whatever changes something takes the header Idempotency-Key: 1 to 255 visible ASCII characters that the client makes \
    up for each request it means, such as a UUID. For 24 hours the same key and request of the same user have one effect \
    and get the same answer, the later ones with Idempotent-Replayed: true. Answers that may be others the next time (401, \
    403, 408, 409 and 429 of a request that changed nothing, and 5xx) are not kept: the same key may be used again. A \
    request that took effect and whose answer is gone is a 409 with the error answer_lost.";

/// The tag of what the registry's original had, which is also what its Swagger describes.
const REGISTRY: &str = "registry";

fn tags() -> Vec<utoipa::openapi::Tag> {
    let all = [
        ("service", "The service itself"),
        ("users", "Who may do something, and tokens for machines"),
        (
            "organizations",
            "Tenants, who is in them, and where they are published",
        ),
        ("products", "What has documentation"),
        ("builds", "Immutable uploads of a product's site"),
        ("editions", "Named views of a product at stable URLs"),
        (
            "documents",
            "Structured text that is made into pages and PDFs, and its way to publication",
        ),
        (
            "projects",
            "Products of an organization with their builds and editions, everything by slugs: LTD's second API",
        ),
        ("dashboards", "The pages that list editions and builds"),
        ("tasks", "What goes on after a request"),
        ("webhooks", "Who is told of what happens, and what became of it"),
        (
            REGISTRY,
            "Releases of components, and the clusters that run them: the API of Deis Workflow Manager",
        ),
        (
            "registry-v4",
            "The same with all that is known, the component before the train in every path",
        ),
    ];
    all.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build())
        .into()
}

fn schemes() -> [(&'static str, SecurityScheme); 4] {
    let http = |scheme, text| {
        SecurityScheme::Http(HttpBuilder::new().scheme(scheme).description(Some(text)).build())
    };
    [
        (
            "token",
            http(
                HttpAuthScheme::Basic,
                "The token as the user name; the password is ignored.",
            ),
        ),
        ("bearer", http(HttpAuthScheme::Bearer, "The token.")),
        (
            "password",
            http(HttpAuthScheme::Basic, "Name and password, for a token."),
        ),
        (
            "doctor",
            http(
                HttpAuthScheme::Basic,
                "The name and the password for reports of clusters' doctors, which the installation was deployed with.",
            ),
        ),
    ]
}

/// The operations of a path with their methods.
pub(crate) fn operations(item: &mut PathItem) -> Vec<(Method, &mut Operation)> {
    let all = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::OPTIONS, &mut item.options),
        (Method::HEAD, &mut item.head),
        (Method::PATCH, &mut item.patch),
        (Method::TRACE, &mut item.trace),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
        .collect()
}

/// Adds who may and what can go wrong.
fn complete(operation: &mut Operation, method: &Method, path: &str, access: Access) {
    let mut errors = if is_of_documents(path) {
        documents::refusals(method, path)
    } else {
        Vec::new()
    };
    errors.extend([
        ("500", "The service failed", ApiError::Internal(String::new())),
        (
            "503",
            "Busy; `Retry-After` says when to come back",
            ApiError::Busy(String::new()),
        ),
    ]);
    let has_body = operation.request_body.is_some();
    if let Some(example) = wrong(operation, method, path).filter(|_| !is_of_documents(path)) {
        errors.push((
            "400",
            "The request is wrong; the message names the field",
            ApiError::BadRequest(example.to_owned()),
        ));
    }
    if path.contains('{') {
        errors.push(("404", "It is not there", ApiError::NotFound));
    }
    if *method != Method::GET || path == "/token" {
        let example = imprint_app::error::AppError::Contended.to_string();
        errors.push((
            "409",
            "Others keep changing the same thing",
            ApiError::Contended(example),
        ));
    }
    if path.contains("/diff/") {
        let example = "Build has not been registered, so its files are not known: 17; confirm its upload with \
            {\"uploaded\": true} first";
        errors.push((
            "409",
            "The files of one of the builds are not known",
            ApiError::Contended(example.to_owned()),
        ));
    }
    if has_body {
        let example = "the body is longer than 1 MB or broke off".to_owned();
        errors.push((
            "413",
            "The request or its answer is too large",
            ApiError::TooLarge(example),
        ));
    }
    errors.extend(refusals(operation, method, path, access));
    for (status, text, error) in errors {
        let refusal = || RefOr::T(refusal(text, &error));
        // What the handler itself says of it is right.
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(refusal);
    }
}

/// How a request can be wrong, by an example; nothing for an operation that has no wrong requests.
fn wrong(operation: &Operation, method: &Method, path: &str) -> Option<&'static str> {
    let has_limit = operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "limit"));
    if path.starts_with("/v2/dead-letters") {
        None
    } else if operation.request_body.is_some() {
        Some("Invalid slug: \"..\" is not a slug")
    } else if *method == Method::POST && !path.ends_with('/') {
        Some("Edition was deprecated: v1.0")
    } else if *method == Method::DELETE && path.contains("/editions/") {
        Some("Product was deprecated: pipelines; POST to its /restore first")
    } else if *method == Method::GET && has_limit {
        Some("limit must be a number from 1 to 1000")
    } else {
        None
    }
}

/// A status, what it means, and an example.
type Refusal = (&'static str, &'static str, ApiError);

/// Adds what the operation asks of its caller, and gives how it refuses others.
fn refusals(operation: &mut Operation, method: &Method, path: &str, access: Access) -> Vec<Refusal> {
    let mut errors = Vec::new();
    if path == "/token" {
        errors.push((
            "401",
            "No such user, or not this password",
            ApiError::Unauthenticated(Needed::Password),
        ));
    }
    if path == "/token" || path == "/users/{name}" && *method == Method::PATCH {
        errors.push((
            "429",
            "Too many wrong passwords were given with the name, or came from there; `Retry-After` says when the next one is looked at",
            ApiError::Locked(SignedDuration::ZERO),
        ));
    }
    match access {
        // Said, where the handler does not ask for a password: nothing is needed.
        Access::Anyone => {
            operation.security.get_or_insert_default();
        }
        Access::Token
        | Access::Reader
        | Access::Administrator
        | Access::Within(_)
        | Access::With(_)
        | Access::Naming(_)
        | Access::SelfOr(_) => {
            with_token(operation);
            errors.push((
                "401",
                "No token, or one that is not accepted",
                ApiError::Unauthenticated(Needed::Token),
            ));
            errors.extend(needs(access).map(|needs| ("403", needs, ApiError::Forbidden)));
            errors.push((
                "429",
                "The token is sent too often; `Retry-After` says when the next request is looked at",
                ApiError::Limited(Duration::ZERO),
            ));
        }
    }
    errors
}

/// Says that an operation needs a token.
fn with_token(operation: &mut Operation) {
    let requirement = |scheme| SecurityRequirement::new::<_, [&str; 0], &str>(scheme, []);
    operation.security = Some(vec![requirement("token"), requirement("bearer")]);
}

/// What a caller without rights is told in the description; nothing where any token will do.
fn needs(access: Access) -> Option<&'static str> {
    match access {
        Access::Anyone | Access::Token => None,
        Access::SelfOr(_) => Some("Needs a login of the user itself, or the permission ADMIN_USER"),
        Access::With(permission) | Access::Naming(permission) => Some(name(permission)),
        Access::Reader => Some("The token is limited to other products"),
        Access::Within(Permission::UploadBuild | Permission::PublishRelease) => {
            Some("Needs the role uploader or admin")
        }
        Access::Within(_) | Access::Administrator => Some("Needs the role admin"),
    }
}

fn refusal(text: &str, error: &ApiError) -> Response {
    let example = ErrorBody::new(error, error.sentence().to_owned());
    let example = serde_json::to_value(example).expect("a test writes the description");
    let schema = Ref::from_schema_name(ErrorBody::name());
    let content = ContentBuilder::new()
        .schema(Some(schema))
        .example(Some(example))
        .build();
    ResponseBuilder::new()
        .description(text)
        .content("application/json", content)
        .build()
}

/// What a caller without a permission is told in the description.
fn name(permission: Permission) -> &'static str {
    match permission {
        Permission::AdminUser => "Needs the permission ADMIN_USER",
        Permission::AdminProduct => "Needs the permission ADMIN_PRODUCT",
        Permission::AdminEdition => "Needs the permission ADMIN_EDITION",
        Permission::UploadBuild => "Needs the permission UPLOAD_BUILD",
        Permission::DeprecateBuild => "Needs the permission DEPRECATE_BUILD",
        Permission::PublishRelease => "Needs the permission PUBLISH_RELEASE",
    }
}
