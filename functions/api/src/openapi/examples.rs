//! Examples: of every parameter, of every body and of every answer, made out of what the schemas say.
//!
//! A field's own example comes with the field, or from `examples.json` by `Schema.field` (a whole schema's by its name, a
//! part of a path by what is before it). What has none is made up by its type, so that no operation goes without.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

static GIVEN: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("examples.json")).expect("a test reads every example")
});

/// Where the API of the examples is.
const HOST: &str = "https://keeper.example.org";

/// How deep schemas may lie in each other. None of ours contains itself.
const MAX_DEPTH: usize = 16;

/// Which fields of an object an example shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fields {
    /// All that an answer may have.
    All,
    /// What a request needs, and what it is good to know.
    Needed,
}

/// Adds the examples that the document has not yet.
pub(super) fn add(document: &mut Value) {
    if let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        for (name, schema) in schemas {
            add_given(name, schema);
        }
    }
    let schemas = document
        .pointer("/components/schemas")
        .cloned()
        .unwrap_or_default();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            of_operation(path, operation, &schemas);
        }
    }
}

/// The examples of a schema and its fields that are kept apart from the code.
fn add_given(name: &str, schema: &mut Value) {
    if let Some(example) = GIVEN.get(name) {
        put(schema, example.clone());
    }
    for part in ["oneOf", "allOf", "anyOf"] {
        let parts = schema.get_mut(part).and_then(Value::as_array_mut);
        parts
            .into_iter()
            .flatten()
            .for_each(|part| add_given_fields(name, part));
    }
    add_given_fields(name, schema);
}

fn add_given_fields(name: &str, schema: &mut Value) {
    let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (field, schema) in fields.into_iter().flatten() {
        let example = GIVEN.get(&format!("{name}.{field}"));
        // A list comes in two forms; the example is of the one that holds URLs.
        let of_resources = schema.pointer("/items/$ref").is_some();
        if let Some(example) = example.filter(|_| !of_resources) {
            put(schema, example.clone());
        }
    }
}

fn put(place: &mut Value, example: Value) {
    if let Some(place) = place.as_object_mut() {
        place.entry("example").or_insert(example);
    }
}

fn of_operation(path: &str, operation: &mut Value, schemas: &Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        let key = match parameter["in"].as_str() {
            Some("path") => place(path, name),
            _ => format!("?{name}"),
        };
        let example = GIVEN.get(&key).cloned();
        let example = example.unwrap_or_else(|| of(schemas, &parameter["schema"], Fields::All, 0));
        put(parameter, example);
    }
    if let Some(body) = operation.get_mut("requestBody") {
        of_content(body, schemas, Fields::Needed);
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for response in responses.into_iter().flat_map(Map::values_mut) {
        of_content(response, schemas, Fields::All);
        if path.starts_with("/v2/orgs/{org}/projects/{project}/") {
            of_project(response);
        }
    }
}

/// What both APIs answer with holds URLs of the one that was asked.
fn of_project(place: &mut Value) {
    match place {
        Value::String(text) => {
            for (first, second) in [
                ("/products/pipelines", ""),
                ("/builds/", "/builds/"),
                ("/editions/", "/editions/"),
            ] {
                if let Some(rest) = text.strip_prefix(&format!("{HOST}{first}")) {
                    *text = format!("{HOST}/v2/orgs/acme/projects/pipelines{second}{rest}");
                    break;
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(of_project),
        Value::Object(object) => object.values_mut().for_each(of_project),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A part of a path together with what is before it: `{id}` is something else behind `builds` than behind `editions`.
fn place(path: &str, name: &str) -> String {
    let part = format!("{{{name}}}");
    let mut before = "";
    for segment in path.split('/') {
        if segment == part {
            break;
        }
        before = segment;
    }
    format!("{before}/{part}")
}

fn of_content(place: &mut Value, schemas: &Value, fields: Fields) {
    let content = place.get_mut("content").and_then(Value::as_object_mut);
    for media in content.into_iter().flat_map(Map::values_mut) {
        let example = of(schemas, &media["schema"], fields, 0);
        put(media, example);
    }
}

fn of(schemas: &Value, schema: &Value, fields: Fields, depth: usize) -> Value {
    let deeper = |schema: &Value| match depth < MAX_DEPTH {
        true => of(schemas, schema, fields, depth + 1),
        false => Value::Null,
    };
    if let Some(example) = ["example", "default", "const"]
        .iter()
        .find_map(|key| schema.get(key))
    {
        return example.clone();
    }
    if let Some(first) = ["examples", "enum"]
        .iter()
        .find_map(|key| schema.get(key)?.get(0))
    {
        return first.clone();
    }
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap_or_default();
        return deeper(&schemas[name]);
    }
    for key in ["oneOf", "anyOf"] {
        let mut forms = schema[key].as_array().into_iter().flatten();
        if let Some(form) = forms.find(|form| form["type"] != "null") {
            return deeper(form);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(part) = deeper(part) {
                whole.extend(part);
            }
        }
        return Value::Object(whole);
    }
    match kind(schema) {
        "object" => object(schema, fields, deeper),
        "array" => json!([deeper(&schema["items"])]),
        "boolean" => json!(true),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "string" if schema["format"] == "date-time" => json!("2026-01-01T12:00:00Z"),
        "string" => json!("text"),
        _ => Value::Null,
    }
}

fn object(schema: &Value, fields: Fields, deeper: impl Fn(&Value) -> Value) -> Value {
    let empty = Map::new();
    let all = schema["properties"].as_object().unwrap_or(&empty);
    let required = schema["required"].as_array();
    let shown = |name: &str, field: &Value| {
        let needed = required.is_some_and(|required| required.iter().any(|one| one == name));
        fields == Fields::All || needed || field.get("example").is_some()
    };
    let mut object: Map<String, Value> = all
        .iter()
        .filter(|(name, field)| shown(name, field))
        .map(|(name, field)| (name.clone(), deeper(field)))
        .collect();
    let more = &schema["additionalProperties"];
    if all.is_empty() && more.is_object() {
        object.insert("name".to_owned(), deeper(more));
    }
    Value::Object(object)
}

/// The type of a schema, the one beside `null` where there are two.
pub(crate) fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or_default()
        }
        one => one.as_str().unwrap_or_default(),
    }
}
