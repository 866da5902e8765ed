//! What names mean in a template: parameters, conditions, pseudo parameters and resources.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Deployment, TemplateError};

pub(super) struct Scope {
    pub(super) deployment: Deployment,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) conditions: Map<String, Value>,
    resources: BTreeMap<String, Declared>,
    absent: Vec<String>,
}

/// A resource before its properties are read.
pub(super) struct Declared {
    kind: String,
    condition: Option<String>,
}

/// The declared resources by their names.
pub(super) fn resource_types(
    resources: &Map<String, Value>,
) -> Result<BTreeMap<String, Declared>, TemplateError> {
    let mut declared = BTreeMap::new();
    for (logical, body) in resources {
        let place = format!("Resources.{logical}");
        let kind = body
            .get("Type")
            .and_then(Value::as_str)
            .ok_or_else(|| TemplateError::new(&place, "the resource has no Type"))?;
        let condition = match body.get("Condition") {
            None => None,
            Some(Value::String(name)) => Some(name.clone()),
            Some(_) => return Err(TemplateError::new(place, "Condition must name a condition")),
        };
        declared.insert(
            logical.clone(),
            Declared {
                kind: kind.to_owned(),
                condition,
            },
        );
    }
    Ok(declared)
}

impl Scope {
    pub(super) fn new(
        deployment: &Deployment,
        declared: &Map<String, Value>,
        conditions: Map<String, Value>,
        resources: BTreeMap<String, Declared>,
    ) -> Result<Self, TemplateError> {
        let mut scope = Self {
            deployment: deployment.clone(),
            parameters: parameters(declared, &deployment.parameters)?,
            conditions,
            resources,
            absent: Vec::new(),
        };
        for name in scope.conditions.keys() {
            scope.condition("Conditions", name)?;
        }
        let mut absent = Vec::new();
        for (logical, declared) in &scope.resources {
            if let Some(condition) = &declared.condition
                && !scope.condition(&format!("Resources.{logical}.Condition"), condition)?
            {
                absent.push(logical.clone());
            }
        }
        scope.absent = absent;
        Ok(scope)
    }

    /// Whether a resource is in the template and its condition holds.
    pub(super) fn exists(&self, logical: &str) -> bool {
        self.resources.contains_key(logical) && !self.absent.iter().any(|name| name == logical)
    }

    /// The type of a resource that exists.
    pub(super) fn type_of(&self, logical: &str) -> Option<&str> {
        self.exists(logical)
            .then(|| self.resources.get(logical).map(|declared| declared.kind.as_str()))
            .flatten()
    }

    /// The condition that an output or a resource names, true without one.
    pub(super) fn condition_of(&self, place: &str, body: &Value) -> Result<bool, TemplateError> {
        match body.get("Condition") {
            None => Ok(true),
            Some(Value::String(name)) => self.condition(place, name),
            Some(_) => Err(TemplateError::new(place, "Condition must name a condition")),
        }
    }

    /// A name of ours is a name of AWS without the stack's name in front: queues and schedules are unique in an
    /// account there, and in the stack here.
    pub(super) fn short_name(&self, name: &str) -> String {
        let prefix = format!("{}-", self.deployment.stack_name);
        name.strip_prefix(&prefix).unwrap_or(name).to_owned()
    }

    /// The name of a resource that the template leaves to CloudFormation.
    pub(super) fn generated_name(&self, logical: &str) -> String {
        format!("{}-{logical}", self.deployment.stack_name)
    }
}

/// Keys of a parameter that a deployment checks, or that are for people.
const OF_A_PARAMETER: [&str; 10] = [
    "Type",
    "Default",
    "AllowedValues",
    "Description",
    "NoEcho",
    "ConstraintDescription",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
];

fn parameters(
    declared: &Map<String, Value>,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, TemplateError> {
    if let Some(unknown) = given.keys().find(|name| !declared.contains_key(*name)) {
        return Err(TemplateError::new(
            format!("Parameters.{unknown}"),
            "the template has no such parameter",
        ));
    }
    let mut values = BTreeMap::new();
    for (name, body) in declared {
        let place = format!("Parameters.{name}");
        if let Some(key) = body
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .find(|key| !OF_A_PARAMETER.contains(&key.as_str()))
        {
            return Err(TemplateError::new(
                format!("{place}.{key}"),
                "not understood locally",
            ));
        }
        let kind = body.get("Type").and_then(Value::as_str).unwrap_or_default();
        if !matches!(kind, "String" | "Number") {
            return Err(TemplateError::new(
                place,
                format!("the parameter type {kind:?} is not understood locally"),
            ));
        }
        let value = match given.get(name) {
            Some(value) => value.clone(),
            None => body
                .get("Default")
                .and_then(scalar)
                .ok_or_else(|| TemplateError::new(&place, "has no default, so it must be given"))?,
        };
        let allowed = body.get("AllowedValues").and_then(Value::as_array);
        if let Some(allowed) = allowed
            && !allowed.iter().any(|one| scalar(one).as_deref() == Some(&value))
        {
            return Err(TemplateError::new(
                place,
                format!("{value:?} is not one of its AllowedValues"),
            ));
        }
        values.insert(name.clone(), value);
    }
    Ok(values)
}

/// A scalar as CloudFormation passes it on: everything is text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
