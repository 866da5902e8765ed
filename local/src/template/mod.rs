//! Reads template.yaml: parameters, conditions, intrinsic functions and globals in, a typed [`Stack`] out.
//!
//! Strict on purpose. Whatever could change how the stack behaves and is not understood here is an error that
//! names it, so that a wiring mistake shows on a laptop. What is known to make no difference locally (tracing,
//! log groups, alarms, tags) is listed beside the reader of each resource.

mod evaluate;
mod event_source;
mod fields;
mod function;
mod globals;
mod policies;
mod resource;
mod scope;
mod stack;
mod text;
mod wiring;
mod yaml;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use fields::Fields;
use scope::{Scope, resource_types};

pub use stack::{
    Bucket, Function, HttpApi, HttpSource, Index, Key, KeyType, ObjectSource, Queue, QueueSource, Rate,
    Redrive, ScheduleSource, Source, Stack, Statement, Table,
};
pub use text::{Reference, Text};

/// What a deployment decides beside the template.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// `AWS::StackName`.
    pub stack_name: String,
    /// `AWS::Region`.
    pub region: String,
    /// `AWS::AccountId`.
    pub account: String,
    /// Values of parameters; the others take their defaults.
    pub parameters: BTreeMap<String, String>,
}

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template: {place}: {problem}")]
pub struct TemplateError {
    /// The path of keys, such as `Resources.Api.Properties.Timeout`.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
}

impl TemplateError {
    fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

/// The outermost keys of a template that are understood, or say nothing about behaviour.
const SECTIONS: [&str; 9] = [
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Parameters",
    "Conditions",
    "Globals",
    "Resources",
    "Outputs",
];

/// Reads a template as it would be deployed with these parameters.
///
/// # Errors
/// When the text is no template, a parameter is missing or unknown, or anything in it is not understood.
pub fn read(text: &str, deployment: &Deployment) -> Result<Stack, TemplateError> {
    let template = yaml::read(text)?;
    for section in template.keys() {
        if !SECTIONS.contains(&section.as_str()) {
            return Err(TemplateError::new(
                section,
                "this section is not understood locally",
            ));
        }
    }
    let resources = section(&template, "Resources")?;
    let scope = Scope::new(
        deployment,
        &section(&template, "Parameters")?,
        section(&template, "Conditions")?,
        resource_types(&resources)?,
    )?;
    let globals = section(&template, "Globals")?;
    globals::check(&globals)?;

    let mut stack = Stack {
        name: deployment.stack_name.clone(),
        region: deployment.region.clone(),
        account: deployment.account.clone(),
        ..Stack::default()
    };
    for (logical, body) in &resources {
        if !scope.exists(logical) {
            continue;
        }
        read_resource(&mut stack, &scope, &globals, logical, body)?;
    }
    check_outputs(&scope, &section(&template, "Outputs")?)?;
    wiring::check(&stack)?;
    Ok(stack)
}

fn section(template: &Map<String, Value>, name: &str) -> Result<Map<String, Value>, TemplateError> {
    match template.get(name) {
        None => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map.clone()),
        Some(_) => Err(TemplateError::new(name, "must be a mapping")),
    }
}

/// Resources that exist on AWS only: nothing that the functions do depends on them.
const ABSENT_LOCALLY: [&str; 6] = [
    "AWS::Logs::LogGroup",
    "AWS::SecretsManager::Secret",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::ApiGatewayV2::ApiMapping",
];

/// What surrounds a resource's properties.
const AROUND_PROPERTIES: [&str; 6] = [
    "Type",
    "Condition",
    "DependsOn",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
];

fn read_resource(
    stack: &mut Stack,
    scope: &Scope,
    globals: &Map<String, Value>,
    logical: &str,
    body: &Value,
) -> Result<(), TemplateError> {
    let place = format!("Resources.{logical}");
    let kind = scope.type_of(logical).unwrap_or_default();
    for key in body.as_object().into_iter().flat_map(Map::keys) {
        if key != "Properties" && !AROUND_PROPERTIES.contains(&key.as_str()) {
            return Err(TemplateError::new(
                format!("{place}.{key}"),
                "not understood locally",
            ));
        }
    }
    let empty = Value::Object(Map::new());
    let written = body.get("Properties").unwrap_or(&empty);
    let merged = globals::merge(globals, kind, written);
    let inside = format!("{place}.Properties");
    let Some(resolved) = scope.evaluate(&inside, &merged)? else {
        return Err(TemplateError::new(inside, "must be a mapping"));
    };
    let properties = Fields::new(inside, resolved)?;
    match kind {
        "AWS::Serverless::Function" => {
            let metadata = body.get("Metadata").unwrap_or(&empty);
            stack
                .functions
                .push(function::read(scope, logical, properties, metadata)?);
        }
        "AWS::SQS::Queue" => stack.queues.push(resource::queue(scope, logical, properties)?),
        "AWS::DynamoDB::Table" => stack.tables.push(resource::table(scope, logical, properties)?),
        "AWS::S3::Bucket" => stack.buckets.push(resource::bucket(scope, logical, properties)?),
        "AWS::Serverless::HttpApi" => stack.http_apis.push(resource::http_api(logical, properties)?),
        kind if ABSENT_LOCALLY.contains(&kind) => {}
        kind => {
            return Err(TemplateError::new(
                format!("{place}.Type"),
                format!("the resource type {kind} is not understood locally"),
            ));
        }
    }
    Ok(())
}

/// Outputs change nothing locally, but what they name must exist.
fn check_outputs(scope: &Scope, outputs: &Map<String, Value>) -> Result<(), TemplateError> {
    for (name, output) in outputs {
        let place = format!("Outputs.{name}");
        if scope.condition_of(&place, output)? {
            let value = output.get("Value").unwrap_or(&Value::Null);
            scope.evaluate(&format!("{place}.Value"), value)?;
        }
    }
    Ok(())
}
