//! SAM's `Globals`: what every resource of a kind starts from.

use serde_json::{Map, Value};

use super::TemplateError;

/// The section of each resource type that can have globals here.
const SECTIONS: [(&str, &str); 2] = [
    ("Function", "AWS::Serverless::Function"),
    ("HttpApi", "AWS::Serverless::HttpApi"),
];

pub(super) fn check(globals: &Map<String, Value>) -> Result<(), TemplateError> {
    match globals
        .keys()
        .find(|name| !SECTIONS.iter().any(|(section, _)| section == name))
    {
        Some(name) => Err(TemplateError::new(
            format!("Globals.{name}"),
            "not understood locally",
        )),
        None => Ok(()),
    }
}

/// The properties of a resource over the globals of its kind.
pub(super) fn merge(globals: &Map<String, Value>, kind: &str, properties: &Value) -> Value {
    let section = SECTIONS
        .iter()
        .find(|(_, of)| *of == kind)
        .and_then(|(section, _)| globals.get(*section));
    match section {
        Some(base) => over(base, properties),
        None => properties.clone(),
    }
}

/// SAM's rule: mappings merge, lists add up, plain values and intrinsic functions replace
/// (<https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>).
fn over(base: &Value, own: &Value) -> Value {
    match (base, own) {
        (Value::Object(base), Value::Object(own)) if !is_function(base) && !is_function(own) => {
            let mut merged = base.clone();
            for (key, value) in own {
                let value = base
                    .get(key)
                    .map_or_else(|| value.clone(), |under| over(under, value));
                merged.insert(key.clone(), value);
            }
            Value::Object(merged)
        }
        (Value::Array(base), Value::Array(own)) => Value::Array(base.iter().chain(own).cloned().collect()),
        (_, own) => own.clone(),
    }
}

fn is_function(map: &Map<String, Value>) -> bool {
    map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
}
