//! What the page shows of the OpenAPI document.

use serde::Serialize;
use serde_json::{Map, Value};

use super::curl::{self, Credentials};
use crate::openapi::examples::kind;

/// The whole page.
#[derive(Debug, Serialize)]
pub(super) struct Reference {
    title: String,
    version: String,
    description: String,
    schemes: Vec<Scheme>,
    tags: Vec<Tag>,
    schemas: Vec<Schema>,
}

/// A way to show who one is.
#[derive(Debug, Serialize)]
struct Scheme {
    name: String,
    description: String,
}

/// A group of operations.
#[derive(Debug, Serialize)]
struct Tag {
    name: String,
    description: String,
    operations: Vec<Operation>,
}

#[derive(Debug, Serialize)]
struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    /// The ways to show who one is; none when nothing is needed.
    security: Vec<String>,
    parameters: Vec<Parameter>,
    body: Option<Body>,
    answers: Vec<Answer>,
    errors: Vec<Answer>,
    curl: String,
}

#[derive(Debug, Serialize)]
struct Parameter {
    name: String,
    place: String,
    #[serde(flatten)]
    field: Field,
}

/// A field of an object, or what a parameter may be.
#[derive(Debug, Serialize)]
struct Field {
    kind: Kind,
    required: bool,
    limits: Vec<String>,
    description: String,
}

/// A type in words, with the schemas in it to link to.
#[derive(Debug, Serialize)]
struct Kind {
    text: String,
    schema: Option<String>,
}

#[derive(Debug, Serialize)]
struct Content {
    media: String,
    kind: Kind,
    example: String,
    /// The same in one line.
    line: String,
}

/// What is sent: its fields are shown where they are needed.
#[derive(Debug, Serialize)]
struct Body {
    #[serde(flatten)]
    content: Content,
    fields: Vec<(String, Field)>,
}

#[derive(Debug, Serialize)]
struct Answer {
    status: String,
    description: String,
    headers: Vec<(String, String)>,
    contents: Vec<Content>,
}

#[derive(Debug, Serialize)]
struct Schema {
    name: String,
    description: String,
    /// The forms that it comes in; most have one.
    forms: Vec<Form>,
}

#[derive(Debug, Serialize)]
struct Form {
    description: String,
    kind: Kind,
    fields: Vec<(String, Field)>,
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

impl Reference {
    pub(super) fn of(document: &Value) -> Self {
        let operations = operations(document);
        let mut tags: Vec<Tag> = list(&document["tags"])
            .map(|tag| Tag {
                name: text(&tag["name"]),
                description: text(&tag["description"]),
                operations: Vec::new(),
            })
            .collect();
        for (name, operation) in operations {
            match tags.iter_mut().find(|tag| tag.name == name) {
                Some(tag) => tag.operations.push(operation),
                None => tags.push(Tag {
                    name,
                    description: String::new(),
                    operations: vec![operation],
                }),
            }
        }
        tags.retain(|tag| !tag.operations.is_empty());
        let schemas = fields_of(&document["components"]["schemas"]);
        let schemes = fields_of(&document["components"]["securitySchemes"]);
        Self {
            title: text(&document["info"]["title"]),
            version: text(&document["info"]["version"]),
            description: text(&document["info"]["description"]),
            schemes: schemes
                .map(|(name, scheme)| Scheme {
                    name: name.clone(),
                    description: text(&scheme["description"]),
                })
                .collect(),
            tags,
            schemas: schemas.map(|(name, schema)| schema_of(name, schema)).collect(),
        }
    }
}

/// Every operation with the group that it is in, in the order of paths.
fn operations(document: &Value) -> Vec<(String, Operation)> {
    let mut all = Vec::new();
    for (path, item) in fields_of(&document["paths"]) {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let tag = operation["tags"][0].as_str().unwrap_or("other");
                let schemas = &document["components"]["schemas"];
                all.push((tag.to_owned(), operation_of(method, path, operation, schemas)));
            }
        }
    }
    all
}

fn operation_of(method: &str, path: &str, operation: &Value, schemas: &Value) -> Operation {
    let method = method.to_uppercase();
    let security: Vec<String> = list(&operation["security"])
        .flat_map(|scheme| fields_of(scheme).map(|(name, _)| name.clone()))
        .collect();
    let credentials = match security.first().map(String::as_str) {
        None => Credentials::None,
        Some("password" | "doctor") => Credentials::Password,
        Some(_) => Credentials::Token,
    };
    let body = &operation["requestBody"]["content"];
    let example = fields_of(body).next();
    let example = example.map(|(media, content)| (media.as_str(), &content["example"]));
    let (errors, answers) = fields_of(&operation["responses"])
        .map(|(status, response)| answer_of(status, response))
        .partition(|answer: &Answer| answer.status.as_str() >= "4");
    Operation {
        id: text(&operation["operationId"]),
        curl: curl::command(&method, &filled(path, operation), credentials, example),
        method,
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        security,
        parameters: list(&operation["parameters"]).map(parameter_of).collect(),
        body: fields_of(body).next().map(|(media, content)| Body {
            fields: object_of(described(&content["schema"], schemas)),
            content: content_of(media, content),
        }),
        answers,
        errors,
    }
}

/// A path with its parts as in the examples.
fn filled(path: &str, operation: &Value) -> String {
    let parts = list(&operation["parameters"]).filter(|parameter| parameter["in"] == "path");
    parts.fold(path.to_owned(), |path, part| {
        let example = match &part["example"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        path.replace(&format!("{{{}}}", text(&part["name"])), &example)
    })
}

fn parameter_of(parameter: &Value) -> Parameter {
    let schema = &parameter["schema"];
    Parameter {
        name: text(&parameter["name"]),
        place: text(&parameter["in"]),
        field: Field {
            kind: kind_of(schema),
            required: parameter["required"] == true,
            limits: limits_of(schema),
            description: text(&parameter["description"]),
        },
    }
}

fn answer_of(status: &str, response: &Value) -> Answer {
    let headers = fields_of(&response["headers"]);
    Answer {
        status: status.to_owned(),
        description: text(&response["description"]),
        headers: headers
            .map(|(name, header)| (name.clone(), text(&header["description"])))
            .collect(),
        contents: contents_of(&response["content"]),
    }
}

fn contents_of(content: &Value) -> Vec<Content> {
    fields_of(content)
        .map(|(media, content)| content_of(media, content))
        .collect()
}

fn content_of(media: &str, content: &Value) -> Content {
    let example = &content["example"];
    Content {
        media: media.to_owned(),
        kind: kind_of(&content["schema"]),
        example: match example {
            Value::String(text) => text.clone(),
            example => serde_json::to_string_pretty(example).unwrap_or_default(),
        },
        line: example.to_string(),
    }
}

/// A schema itself, where another place names it.
fn described<'a>(schema: &'a Value, schemas: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        Some(name) => &schemas[name],
        None => schema,
    }
}

fn schema_of(name: &str, schema: &Value) -> Schema {
    let form = |schema: &Value, description: String| Form {
        description,
        kind: kind_of(schema),
        fields: object_of(schema),
    };
    let forms = ["oneOf", "anyOf", "allOf"]
        .iter()
        .find_map(|key| schema[*key].as_array());
    Schema {
        name: name.to_owned(),
        description: text(&schema["description"]),
        forms: match forms {
            Some(forms) => forms
                .iter()
                .map(|one| form(one, text(&one["description"])))
                .collect(),
            None => vec![form(schema, String::new())],
        },
    }
}

/// The fields of an object that is described in place.
fn object_of(schema: &Value) -> Vec<(String, Field)> {
    let required = |name: &String| list(&schema["required"]).any(|one| one == name);
    fields_of(&schema["properties"])
        .map(|(name, field)| {
            let described = Field {
                kind: kind_of(field),
                required: required(name),
                limits: limits_of(field),
                description: description_of(field),
            };
            (name.clone(), described)
        })
        .collect()
}

/// A field's own sentence, or that of the one schema it may be beside null.
fn description_of(field: &Value) -> String {
    let own = text(&field["description"]);
    if !own.is_empty() {
        return own;
    }
    let forms = list(&field["oneOf"]).chain(list(&field["anyOf"]));
    let mut described = forms.map(|form| text(&form["description"]));
    described.find(|text| !text.is_empty()).unwrap_or_default()
}

fn kind_of(schema: &Value) -> Kind {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        return Kind {
            text: name.to_owned(),
            schema: Some(name.to_owned()),
        };
    }
    let forms: Vec<&Value> = list(&schema["oneOf"]).chain(list(&schema["anyOf"])).collect();
    if !forms.is_empty() {
        let named = forms
            .iter()
            .find(|form| form["type"] != "null")
            .map(|form| kind_of(form));
        let kind = named.unwrap_or_else(|| plain("null"));
        return match forms.iter().any(|form| form["type"] == "null") {
            true => nullable(kind),
            false => kind,
        };
    }
    let kind = match kind(schema) {
        "array" => {
            let items = kind_of(&schema["items"]);
            Kind {
                text: format!("list of {}", items.text),
                schema: items.schema,
            }
        }
        "object" if schema["additionalProperties"].is_object() => {
            let values = kind_of(&schema["additionalProperties"]);
            Kind {
                text: format!("{} by name", values.text),
                schema: values.schema,
            }
        }
        "" => plain("anything"),
        other => plain(other),
    };
    let may_be_null = list(&schema["type"]).any(|kind| kind == "null");
    if may_be_null { nullable(kind) } else { kind }
}

fn plain(text: &str) -> Kind {
    Kind {
        text: text.to_owned(),
        schema: None,
    }
}

fn nullable(kind: Kind) -> Kind {
    Kind {
        text: format!("{} or null", kind.text),
        ..kind
    }
}

/// What a value must keep to, in words.
fn limits_of(schema: &Value) -> Vec<String> {
    let number = |key: &str| schema.get(key).filter(|value| value.is_number());
    let range = |unit: &str, least: Option<&Value>, most: Option<&Value>| match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
        (Some(least), None) => Some(format!("at least {least}{unit}")),
        (None, Some(most)) => Some(format!("at most {most}{unit}")),
        (None, None) => None,
    };
    let mut limits: Vec<String> = [
        range("", number("minimum"), number("maximum")),
        range(" characters", number("minLength"), number("maxLength")),
        range(" items", number("minItems"), number("maxItems")),
    ]
    .into_iter()
    .flatten()
    .collect();
    limits.extend(schema["pattern"].as_str().map(|pattern| format!("`{pattern}`")));
    limits.extend(list(&schema["enum"]).map(|one| format!("`{}`", one.as_str().unwrap_or_default())));
    limits
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn fields_of(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}
