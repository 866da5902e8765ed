//! Intrinsic functions and conditions.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::TemplateError;
use super::fields::Resolved;
use super::scope::{Scope, scalar};
use super::text::{Reference, Text};

/// A condition that names itself would be followed for ever.
const MAX_CONDITION_DEPTH: usize = 20;

impl Scope {
    /// The value with every intrinsic function applied; nothing when it is `AWS::NoValue`.
    pub(super) fn evaluate(&self, place: &str, value: &Value) -> Result<Option<Resolved>, TemplateError> {
        Ok(Some(match value {
            Value::Null => Resolved::Null,
            Value::Bool(flag) => Resolved::Bool(*flag),
            Value::Number(number) => Resolved::Number(number.clone()),
            Value::String(text) => Resolved::Text(literal(place, text)?),
            Value::Array(items) => {
                let mut list = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    list.extend(self.evaluate(&format!("{place}[{index}]"), item)?);
                }
                Resolved::List(list)
            }
            Value::Object(map) => return self.evaluate_map(place, map),
        }))
    }

    fn evaluate_map(&self, place: &str, map: &Map<String, Value>) -> Result<Option<Resolved>, TemplateError> {
        if let Some((name, argument)) = intrinsic(place, map)? {
            return self.apply(place, name, argument);
        }
        let mut resolved = BTreeMap::new();
        for (key, value) in map {
            if let Some(value) = self.evaluate(&format!("{place}.{key}"), value)? {
                resolved.insert(key.clone(), value);
            }
        }
        Ok(Some(Resolved::Map(resolved)))
    }

    fn apply(&self, place: &str, name: &str, argument: &Value) -> Result<Option<Resolved>, TemplateError> {
        let text = match name {
            "Ref" if argument == "AWS::NoValue" => return Ok(None),
            "Fn::If" => {
                let [condition, then, otherwise] = arguments::<3>(place, name, argument)?;
                let condition = condition
                    .as_str()
                    .ok_or_else(|| TemplateError::new(place, "Fn::If takes the name of a condition first"))?;
                let branch = if self.condition(place, condition)? {
                    then
                } else {
                    otherwise
                };
                return self.evaluate(place, branch);
            }
            "Ref" => self.reference(place, name_of(place, name, argument)?)?,
            "Fn::GetAtt" => {
                let [resource, attribute] = arguments::<2>(place, name, argument)?;
                self.attribute(
                    place,
                    name_of(place, name, resource)?,
                    name_of(place, name, attribute)?,
                )?
            }
            "Fn::Sub" => self.substitute(place, argument)?,
            "Fn::Join" => self.join(place, argument)?,
            other => {
                return Err(TemplateError::new(
                    place,
                    format!("the function {other} is not understood locally"),
                ));
            }
        };
        Ok(Some(Resolved::Text(text)))
    }

    fn reference(&self, place: &str, name: &str) -> Result<Text, TemplateError> {
        let deployment = &self.deployment;
        let known = match name {
            "AWS::Region" => Some(deployment.region.clone()),
            "AWS::AccountId" => Some(deployment.account.clone()),
            "AWS::StackName" => Some(deployment.stack_name.clone()),
            "AWS::Partition" => Some("aws".to_owned()),
            "AWS::URLSuffix" => Some("amazonaws.com".to_owned()),
            name => self.parameters.get(name).cloned(),
        };
        if let Some(known) = known {
            return literal(place, &known);
        }
        if self.exists(name) {
            return Ok(Text::reference(Reference {
                logical: name.to_owned(),
                attribute: None,
            }));
        }
        // SAM names the resources that it makes itself so: the stage of an HTTP API.
        if let Some(api) = name.strip_suffix(".Stage")
            && self.type_of(api) == Some("AWS::Serverless::HttpApi")
        {
            return Ok(Text::reference(Reference {
                logical: api.to_owned(),
                attribute: Some("Stage".to_owned()),
            }));
        }
        Err(TemplateError::new(
            place,
            format!("!Ref {name} names nothing that this template makes"),
        ))
    }

    fn attribute(&self, place: &str, resource: &str, attribute: &str) -> Result<Text, TemplateError> {
        let Some(kind) = self.type_of(resource) else {
            let problem = format!("!GetAtt {resource}.{attribute} names nothing that this template makes");
            return Err(TemplateError::new(place, problem));
        };
        let known: &[&str] = match kind {
            "AWS::SQS::Queue" => &["Arn", "QueueName", "QueueUrl"],
            "AWS::S3::Bucket" | "AWS::DynamoDB::Table" | "AWS::Serverless::Function" => &["Arn"],
            "AWS::ApiGatewayV2::DomainName" => &["RegionalDomainName", "RegionalHostedZoneId"],
            "AWS::Logs::LogGroup" | "AWS::CloudWatch::Alarm" => &["Arn"],
            _ => &[],
        };
        if !known.contains(&attribute) {
            let problem =
                format!("the attribute {attribute} of {resource} ({kind}) is not understood locally");
            return Err(TemplateError::new(place, problem));
        }
        Ok(Text::reference(Reference {
            logical: resource.to_owned(),
            attribute: Some(attribute.to_owned()),
        }))
    }

    fn substitute(&self, place: &str, argument: &Value) -> Result<Text, TemplateError> {
        let (pattern, variables) = match argument {
            Value::String(pattern) => (pattern.as_str(), None),
            list => {
                let [pattern, variables] = arguments::<2>(place, "Fn::Sub", list)?;
                (name_of(place, "Fn::Sub", pattern)?, variables.as_object())
            }
        };
        let mut text = Text::default();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                return Err(TemplateError::new(place, "Fn::Sub has an open ${"));
            };
            text.push(before.to_owned().into());
            text.push(
                match (
                    name.strip_prefix('!'),
                    variables.and_then(|given| given.get(name)),
                ) {
                    (Some(escaped), _) => format!("${{{escaped}}}").into(),
                    (None, Some(value)) => self.text(place, value)?,
                    (None, None) => match name.split_once('.') {
                        Some((resource, attribute)) => self.attribute(place, resource, attribute)?,
                        None => self.reference(place, name)?,
                    },
                },
            );
            rest = after;
        }
        text.push(rest.to_owned().into());
        match self.made_up_secret(&text) {
            Some(secret) => Ok(secret),
            None => check_literal(place, text),
        }
    }

    /// A reference to a secret that the template itself generates: nobody knows it before, so any text will do.
    fn made_up_secret(&self, text: &Text) -> Option<Text> {
        let reference = text.within("{{resolve:secretsmanager:", "}}")?;
        let is_secret = self.type_of(&reference.logical) == Some("AWS::SecretsManager::Secret");
        let secret = format!("{} is generated by each stack for itself", reference.logical);
        is_secret.then(|| secret.into())
    }

    fn join(&self, place: &str, argument: &Value) -> Result<Text, TemplateError> {
        let [separator, items] = arguments::<2>(place, "Fn::Join", argument)?;
        let separator = name_of(place, "Fn::Join", separator)?;
        let items = items
            .as_array()
            .ok_or_else(|| TemplateError::new(place, "Fn::Join takes a list"))?;
        let mut text = Text::default();
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push(separator.to_owned().into());
            }
            text.push(self.text(place, item)?);
        }
        check_literal(place, text)
    }

    fn text(&self, place: &str, value: &Value) -> Result<Text, TemplateError> {
        match self.evaluate(place, value)? {
            Some(Resolved::Text(text)) => Ok(text),
            Some(Resolved::Number(number)) => Ok(number.to_string().into()),
            Some(Resolved::Bool(flag)) => Ok(flag.to_string().into()),
            _ => Err(TemplateError::new(place, "text is expected here")),
        }
    }

    /// Whether a named condition holds.
    pub(super) fn condition(&self, place: &str, name: &str) -> Result<bool, TemplateError> {
        self.condition_at(place, name, 0)
    }

    fn condition_at(&self, place: &str, name: &str, depth: usize) -> Result<bool, TemplateError> {
        if depth > MAX_CONDITION_DEPTH {
            return Err(TemplateError::new(
                place,
                format!("the condition {name} depends on itself"),
            ));
        }
        let body = self
            .conditions
            .get(name)
            .ok_or_else(|| TemplateError::new(place, format!("the template has no condition {name}")))?;
        self.holds(&format!("Conditions.{name}"), body, depth)
    }

    fn holds(&self, place: &str, body: &Value, depth: usize) -> Result<bool, TemplateError> {
        let map = body
            .as_object()
            .ok_or_else(|| TemplateError::new(place, "a condition is a function"))?;
        let Some((name, argument)) = map.iter().next().filter(|_| map.len() == 1) else {
            return Err(TemplateError::new(place, "a condition is one function"));
        };
        match name.as_str() {
            "Condition" => self.condition_at(place, name_of(place, name, argument)?, depth + 1),
            "Fn::Equals" => {
                let [left, right] = arguments::<2>(place, name, argument)?;
                Ok(self.text(place, left)? == self.text(place, right)?)
            }
            "Fn::Not" => {
                let [inner] = arguments::<1>(place, name, argument)?;
                Ok(!self.holds(place, inner, depth)?)
            }
            "Fn::And" | "Fn::Or" => {
                let items = argument
                    .as_array()
                    .ok_or_else(|| TemplateError::new(place, "a list is expected"))?;
                let held = items
                    .iter()
                    .map(|item| self.holds(place, item, depth))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(if name == "Fn::And" {
                    held.iter().all(|one| *one)
                } else {
                    held.iter().any(|one| *one)
                })
            }
            other => Err(TemplateError::new(
                place,
                format!("the function {other} is not understood in a condition"),
            )),
        }
    }
}

/// The one intrinsic function of a mapping that is one.
fn intrinsic<'a>(
    place: &str,
    map: &'a Map<String, Value>,
) -> Result<Option<(&'a str, &'a Value)>, TemplateError> {
    let function = map
        .iter()
        .find(|(key, _)| *key == "Ref" || key.starts_with("Fn::"));
    match function {
        Some((name, _)) if map.len() > 1 => Err(TemplateError::new(
            place,
            format!("{name} cannot stand beside other keys"),
        )),
        Some((name, argument)) => Ok(Some((name, argument))),
        None => Ok(None),
    }
}

fn arguments<'a, const N: usize>(
    place: &str,
    name: &str,
    argument: &'a Value,
) -> Result<&'a [Value; N], TemplateError> {
    argument
        .as_array()
        .and_then(|list| <&[Value; N]>::try_from(list.as_slice()).ok())
        .ok_or_else(|| TemplateError::new(place, format!("{name} takes {N} arguments here")))
}

fn name_of<'a>(place: &str, function: &str, value: &'a Value) -> Result<&'a str, TemplateError> {
    value
        .as_str()
        .ok_or_else(|| TemplateError::new(place, format!("{function} takes text here")))
}

fn literal(place: &str, text: &str) -> Result<Text, TemplateError> {
    check_literal(place, text.to_owned().into())
}

/// CloudFormation replaces `{{resolve:...}}` when it deploys; there is no Secrets Manager here to ask.
fn check_literal(place: &str, text: Text) -> Result<Text, TemplateError> {
    if text.to_string().contains("{{resolve:") {
        return Err(TemplateError::new(
            place,
            "a dynamic reference cannot be resolved locally",
        ));
    }
    Ok(text)
}

/// A scalar of the template as text, for keys that take plain values only.
pub(super) fn plain(place: &str, value: &Value) -> Result<String, TemplateError> {
    scalar(value).ok_or_else(|| TemplateError::new(place, "a plain value is expected here"))
}
