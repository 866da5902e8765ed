//! Swagger 2.0 of the registry's first API, as the original served it: made of the description of the whole API, so that
//! it cannot say another path or another order of its parts than the router has.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{REGISTRY, examples::kind};

const SCHEMAS: &str = "#/components/schemas/";

/// The description of what the original's clients know.
pub fn swagger() -> Value {
    let document = super::openapi();
    let mut paths = Map::new();
    let mut security = BTreeSet::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if operation["tags"][0] == REGISTRY {
                security.extend(schemes_of(operation));
                let place = paths.entry(path.clone()).or_insert_with(|| json!({}));
                place[method.as_str()] = of_operation(operation);
            }
        }
    }
    let paths = Value::Object(paths);
    json!({
        "swagger": "2.0",
        "info": {
            "title": "Workflow Manager",
            "version": "2.0.0",
            "description": "Releases, and the clusters that run them. /openapi.json describes this and all the rest.",
        },
        "basePath": "/",
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "definitions": definitions(&document, &paths),
        "securityDefinitions": security_definitions(&security),
        "paths": paths,
    })
}

fn schemes_of(operation: &Value) -> impl Iterator<Item = String> {
    let all = operation["security"].as_array().into_iter().flatten();
    all.filter_map(Value::as_object)
        .flat_map(|requirement| requirement.keys().cloned())
}

/// The original's name of a way to show who one is.
fn scheme_name(scheme: &str) -> &str {
    match scheme {
        "doctor" => "basicAuth",
        other => other,
    }
}

fn security_definitions(schemes: &BTreeSet<String>) -> Value {
    let definition = |scheme: &String| {
        let definition = match scheme.as_str() {
            "bearer" => json!({"type": "apiKey", "in": "header", "name": "Authorization",
                "description": "`Bearer` and the token."}),
            "doctor" => {
                json!({"type": "basic", "description": "The name and the password for reports of doctors."})
            }
            _ => {
                json!({"type": "basic", "description": "The token as the user name; the password is ignored."})
            }
        };
        (scheme_name(scheme).to_owned(), definition)
    };
    Value::Object(schemes.iter().map(definition).collect())
}

fn of_operation(operation: &Value) -> Value {
    let mut new = Map::new();
    for key in ["summary", "description", "operationId"] {
        if let Some(value) = operation.get(key) {
            new.insert(key.to_owned(), value.clone());
        }
    }
    let security = operation["security"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|requirement| {
            let schemes = requirement.as_object().into_iter().flatten();
            let schemes = schemes.map(|(scheme, scopes)| (scheme_name(scheme).to_owned(), scopes.clone()));
            Value::Object(schemes.collect())
        });
    new.insert("security".to_owned(), security.collect());
    let parameters = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(of_parameter);
    let parameters: Vec<Value> = parameters.chain(of_body(operation)).collect();
    if !parameters.is_empty() {
        new.insert("parameters".to_owned(), parameters.into());
    }
    let responses = operation["responses"].as_object().into_iter().flatten();
    let responses = responses.map(|(status, response)| (status.clone(), of_response(response)));
    new.insert("responses".to_owned(), Value::Object(responses.collect()));
    Value::Object(new)
}

/// A parameter is its own schema here.
fn of_parameter(parameter: &Value) -> Value {
    let mut new = of_schema(&parameter["schema"]);
    if let Some(new) = new.as_object_mut() {
        for key in ["name", "in", "required", "description"] {
            if let Some(value) = parameter.get(key) {
                new.insert(key.to_owned(), value.clone());
            }
        }
        for foreign in ["example", "x-nullable"] {
            new.remove(foreign);
        }
    }
    new
}

/// The body is a parameter here.
fn of_body(operation: &Value) -> Option<Value> {
    let body = operation.get("requestBody")?;
    let schema = of_schema(&body["content"]["application/json"]["schema"]);
    Some(json!({"name": "body", "in": "body", "required": true, "schema": schema}))
}

fn of_response(response: &Value) -> Value {
    let mut new = Map::new();
    new.insert("description".to_owned(), response["description"].clone());
    if let Some(media) = response["content"].get("application/json") {
        new.insert("schema".to_owned(), of_schema(&media["schema"]));
        if let Some(example) = media.get("example") {
            new.insert("examples".to_owned(), json!({"application/json": example}));
        }
    }
    let headers = response["headers"].as_object().into_iter().flatten();
    let headers: Map<String, Value> = headers
        .map(|(name, header)| {
            let mut new = of_schema(&header["schema"]);
            new["description"] = header["description"].clone();
            (name.clone(), new)
        })
        .collect();
    if !headers.is_empty() {
        new.insert("headers".to_owned(), headers.into());
    }
    Value::Object(new)
}

/// A schema without what Swagger does not know: null as a type, and choices.
fn of_schema(schema: &Value) -> Value {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|name| name.strip_prefix(SCHEMAS))
    {
        return json!({"$ref": format!("#/definitions/{name}")});
    }
    for choice in ["anyOf", "oneOf"] {
        let mut forms = schema[choice].as_array().into_iter().flatten();
        if let Some(form) = forms.find(|form| form["type"] != "null") {
            return of_schema(form);
        }
    }
    let mut new = Map::new();
    for (key, value) in schema.as_object().into_iter().flatten() {
        let value = match key.as_str() {
            "type" => kind(schema).into(),
            "properties" => {
                let fields = value.as_object().into_iter().flatten();
                Value::Object(
                    fields
                        .map(|(name, field)| (name.clone(), of_schema(field)))
                        .collect(),
                )
            }
            "items" | "additionalProperties" if value.is_object() => of_schema(value),
            "allOf" => value.as_array().into_iter().flatten().map(of_schema).collect(),
            "propertyNames" | "const" | "examples" => continue,
            _ => value.clone(),
        };
        new.insert(key.clone(), value);
    }
    if schema["type"]
        .as_array()
        .is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
    {
        new.insert("x-nullable".to_owned(), true.into());
    }
    Value::Object(new)
}

/// The schemas that are referred to, and those that these refer to.
fn definitions(document: &Value, paths: &Value) -> Map<String, Value> {
    let mut definitions = Map::new();
    let mut wanted = names_in(paths);
    while let Some(name) = wanted.pop_first() {
        if definitions.contains_key(&name) {
            continue;
        }
        let schema = of_schema(&document["components"]["schemas"][&name]);
        wanted.extend(names_in(&schema));
        definitions.insert(name, schema);
    }
    definitions
}

fn names_in(place: &Value) -> BTreeSet<String> {
    match place {
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str);
            let own = own
                .and_then(|name| name.strip_prefix("#/definitions/"))
                .map(str::to_owned);
            own.into_iter()
                .chain(object.values().flat_map(names_in))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(names_in).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => BTreeSet::new(),
    }
}
