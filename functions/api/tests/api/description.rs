//! The description of the API, and that the router serves it.

use std::collections::BTreeSet;

use http::StatusCode;
use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Value, json};

use crate::server::Server;

fn document() -> Value {
    imprint_api::openapi()
}

/// Every operation with its method and path as its name.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

fn is_sentence(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test says what is meant"
)]
fn the_description_that_is_served_is_what_the_handlers_say() {
    let described = imprint_api::described();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if std::env::var_os("UPDATE_DESCRIPTION").is_some() {
        std::fs::write(file, in_lines(&described)).unwrap();
    }
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let place = first_difference(Some(&stored), Some(&described));
    assert_eq!(
        place, None,
        "if it is meant: UPDATE_DESCRIPTION=1 cargo test -p imprint-api --test api description"
    );
}

/// A document with each value on a line of its own, for whoever compares two. No indentation: the API's program has all of
/// it in it.
fn in_lines(document: &Value) -> Vec<u8> {
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"");
    document
        .serialize(&mut Serializer::with_formatter(&mut text, formatter))
        .unwrap();
    text.push(b'\n');
    text
}

/// Where two documents differ, with what each has there. A field that is null is another than one that is not there.
fn first_difference(one: Option<&Value>, other: Option<&Value>) -> Option<String> {
    let (Some(Value::Object(ours)), Some(Value::Object(theirs))) = (one, other) else {
        let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
        return (one != other).then(|| format!(" is {} and should be {}", shown(one), shown(other)));
    };
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    names.into_iter().find_map(|name| {
        let deeper = first_difference(ours.get(name), theirs.get(name))?;
        Some(format!("/{name}{deeper}"))
    })
}

#[test]
fn a_field_that_is_null_differs_from_none() {
    let (null, none) = (json!({"a": {"b": null}}), json!({"a": {}}));
    let difference = first_difference(Some(&null), Some(&none));
    assert_eq!(difference.unwrap(), "/a/b is null and should be nothing");
    assert_eq!(first_difference(Some(&null), Some(&null)), None);
}

#[tokio::test]
async fn the_description_is_served_by_the_api_itself() {
    let served = Server::new()
        .get("/openapi.json")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(served, document());
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[tokio::test]
async fn the_router_serves_what_is_described_and_nothing_else() {
    let server = Server::new();
    let all = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    for (path, item) in document()["paths"].as_object().unwrap() {
        let described: BTreeSet<String> = item
            .as_object()
            .unwrap()
            .keys()
            .map(|method| method.to_uppercase())
            .collect();
        assert!(
            described.iter().all(|method| all.contains(&method.as_str())),
            "{path}"
        );
        let concrete = path
            .replace("{slug}", "nothing")
            .replace("{id}", "99")
            .replace("{name}", "nobody")
            .replace("{release}", "1.0");
        for method in all {
            let answer = server.call(method, &concrete).send().await;
            let served = answer.status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(served, described.contains(method), "{method} {path}");
            // What nobody lists in the table of permissions is refused to everybody.
            assert_ne!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        }
    }
}

#[test]
fn every_operation_says_what_it_does_and_what_can_go_wrong() {
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(
                operation["summary"].is_string() && operation["operationId"].is_string(),
                "{name}"
            );
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.contains_key("500") && responses.contains_key("503"),
                "{name}"
            );
            assert_eq!(responses.contains_key("404"), path.contains('{'), "{name}");
            assert!(
                operation.get("requestBody").is_none() || responses.contains_key("400"),
                "{name}"
            );
            // The registry's refusals have its own form, and health says the same of a store that is down.
            let (schema, code) = if operation["tags"][0].as_str().unwrap().starts_with("registry") {
                ("RegistryError", "code")
            } else {
                ("Error", "status")
            };
            for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
                let content = &response["content"]["application/json"];
                if path == "/healthz" && status == "503" {
                    assert_eq!(content["schema"]["$ref"], "#/components/schemas/Health");
                    continue;
                }
                let reference = format!("#/components/schemas/{schema}");
                assert_eq!(content["schema"]["$ref"], reference, "{name} {status}");
                assert_eq!(content["example"][code].to_string(), *status, "{name}");
            }
        }
    }
}

#[test]
fn every_schema_that_is_named_is_there() {
    let document = document();
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_a_place() {
    let document = document();
    let tags: BTreeSet<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| {
            assert!(is_sentence(&tag["description"]), "{tag}");
            tag["name"].as_str().unwrap()
        })
        .collect();
    let mut names = BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert!(is_sentence(&operation["summary"]), "{name}");
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{name}");
        let tag = operation["tags"][0]
            .as_str()
            .unwrap_or_else(|| panic!("{name} has no tag"));
        assert!(tags.contains(tag), "{name}: nobody describes {tag}");
        // What is no plain reading of one thing needs more than its summary.
        let is_obvious = name.starts_with("get ") || name.starts_with("delete ");
        assert!(is_obvious || is_sentence(&operation["description"]), "{name}");
    }
}

#[test]
fn every_operation_says_who_may_and_only_with_what_is_described() {
    let document = document();
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    for (name, operation) in operations(&document) {
        let security = operation["security"]
            .as_array()
            .unwrap_or_else(|| panic!("{name} does not say what it needs, or that it needs nothing"));
        let asked: Vec<&String> = security
            .iter()
            .flat_map(|requirement| requirement.as_object().unwrap().keys())
            .collect();
        assert!(asked.iter().all(|scheme| schemes.contains_key(*scheme)), "{name}");
        let refuses = operation["responses"].get("401").is_some();
        assert_eq!(refuses, !asked.is_empty(), "{name}");
    }
}

#[test]
fn every_parameter_is_described_and_every_part_of_a_path_is_one() {
    let document = document();
    for (name, operation) in operations(&document) {
        let mut in_path = BTreeSet::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let of = format!("{name}: {}", parameter["name"]);
            assert!(is_sentence(&parameter["description"]), "{of}");
            assert!(parameter["schema"].is_object(), "{of}");
            assert!(
                fits(&document, &parameter["schema"], &parameter["example"]),
                "{of}"
            );
            if parameter["in"] == "path" {
                in_path.insert(format!("{{{}}}", parameter["name"].as_str().unwrap()));
            }
        }
        let parts: BTreeSet<String> = name
            .split('/')
            .filter(|part| part.starts_with('{'))
            .map(str::to_owned)
            .collect();
        assert_eq!(in_path, parts, "{name}");
    }
}

#[test]
fn every_body_and_every_answer_has_an_example_that_fits() {
    let document = document();
    for (name, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap().iter();
        let answers = answers.map(|(status, answer)| (format!("{name} {status}"), answer));
        let body = operation
            .get("requestBody")
            .map(|body| (format!("{name} body"), body));
        for (of, place) in answers.chain(body) {
            assert!(of.ends_with("body") || is_sentence(&place["description"]), "{of}");
            for header in place["headers"]
                .as_object()
                .into_iter()
                .flat_map(|all| all.values())
            {
                assert!(is_sentence(&header["description"]), "{of}");
            }
            for media in place["content"]
                .as_object()
                .into_iter()
                .flat_map(|all| all.values())
            {
                let example = media
                    .get("example")
                    .unwrap_or_else(|| panic!("{of} has no example"));
                assert!(fits(&document, &media["schema"], example), "{of}: {example}");
            }
        }
    }
}

#[test]
fn every_field_is_described() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(is_sentence(&schema["description"]), "{name}");
        let forms = ["allOf", "anyOf"]
            .iter()
            .filter_map(|key| schema[*key].as_array())
            .flatten();
        for form in forms.chain([schema]) {
            for (field, described) in form["properties"].as_object().into_iter().flatten() {
                // What tells forms apart is said of the form as a whole.
                let is_tag = described["enum"]
                    .as_array()
                    .is_some_and(|values| values.len() == 1);
                if is_tag && is_sentence(&form["description"]) {
                    continue;
                }
                let beside_null = described["anyOf"].as_array().into_iter().flatten();
                let mut all = beside_null.chain([described]);
                assert!(all.any(|one| is_sentence(&one["description"])), "{name}.{field}");
            }
        }
    }
}

/// Whether an example is what its schema says, as far as types, required fields and limits go.
fn fits(document: &Value, schema: &Value, example: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = document.pointer(name.trim_start_matches('#'));
        return schema.is_some_and(|schema| fits(document, schema, example));
    }
    if let Some(forms) = schema["anyOf"].as_array() {
        return forms.iter().any(|form| fits(document, form, example));
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().all(|part| fits(document, part, example));
    }
    let one = std::slice::from_ref(&schema["type"]);
    let kinds = schema["type"].as_array().map_or(one, Vec::as_slice);
    kinds.iter().any(|kind| match kind.as_str() {
        None => true,
        Some("null") => example.is_null(),
        Some("boolean") => example.is_boolean(),
        Some("integer") => example.is_i64() || example.is_u64(),
        Some("number") => example.is_number(),
        Some("string") => example.as_str().is_some_and(|text| {
            let length = text.chars().count() as u64;
            schema["maxLength"].as_u64().is_none_or(|most| length <= most)
                && schema["minLength"].as_u64().is_none_or(|least| length >= least)
        }),
        Some("array") => example
            .as_array()
            .is_some_and(|items| items.iter().all(|item| fits(document, &schema["items"], item))),
        Some("object") => example.as_object().is_some_and(|object| {
            let mut required = schema["required"].as_array().into_iter().flatten();
            let fields = schema["properties"].as_object();
            required.all(|name| object.contains_key(name.as_str().unwrap()))
                && object.iter().all(|(name, value)| {
                    let field = fields.and_then(|fields| fields.get(name));
                    field.is_none_or(|field| fits(document, field, value))
                })
        }),
        Some(other) => panic!("unknown type {other}"),
    })
}
