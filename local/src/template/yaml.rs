//! YAML in, JSON out, with CloudFormation's short tags (`!Ref`) in their long form (`{"Ref": ...}`).

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

use super::TemplateError;

pub(super) fn read(text: &str) -> Result<Map<String, Value>, TemplateError> {
    let yaml: Yaml =
        serde_yaml_ng::from_str(text).map_err(|error| TemplateError::new("YAML", error.to_string()))?;
    match long_form("", yaml)? {
        Value::Object(map) => Ok(map),
        _ => Err(TemplateError::new("YAML", "a template is a mapping")),
    }
}

fn long_form(place: &str, yaml: Yaml) -> Result<Value, TemplateError> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => serde_json::to_value(number)
            .map_err(|_| TemplateError::new(place, "a number that JSON does not have"))?,
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(
            items
                .into_iter()
                .enumerate()
                .map(|(index, item)| long_form(&format!("{place}[{index}]"), item))
                .collect::<Result<_, _>>()?,
        ),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let Yaml::String(key) = key else {
                    return Err(TemplateError::new(place, "the keys of a template are text"));
                };
                let inside = if place.is_empty() {
                    key.clone()
                } else {
                    format!("{place}.{key}")
                };
                map.insert(key, long_form(&inside, value)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let value = long_form(place, tagged.value)?;
            intrinsic(place, tag.trim_start_matches('!'), value)?
        }
    })
}

fn intrinsic(place: &str, tag: &str, value: Value) -> Result<Value, TemplateError> {
    Ok(match tag {
        "Ref" | "Condition" => json!({ tag: value }),
        "GetAtt" => json!({ "Fn::GetAtt": attribute(place, value)? }),
        tag => json!({ format!("Fn::{tag}"): value }),
    })
}

/// `!GetAtt A.B.C` names the attribute `B.C` of the resource `A`.
fn attribute(place: &str, value: Value) -> Result<Value, TemplateError> {
    match value {
        Value::String(dotted) => match dotted.split_once('.') {
            Some((resource, attribute)) => Ok(json!([resource, attribute])),
            None => Err(TemplateError::new(
                place,
                format!("!GetAtt {dotted} names no attribute"),
            )),
        },
        list => Ok(list),
    }
}
