//! Lambda functions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::TemplateError;
use super::evaluate::plain;
use super::event_source;
use super::fields::Fields;
use super::policies;
use super::resource::resource_of;
use super::scope::Scope;
use super::stack::Function;

/// Lambda's own default (<https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>).
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);
/// Likewise, in megabytes.
const DEFAULT_MEMORY: u32 = 128;
/// How often Lambda repeats an asynchronous invocation
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>).
const DEFAULT_RETRIES: u32 = 2;

pub(super) fn read(
    scope: &Scope,
    logical: &str,
    mut fields: Fields,
    metadata: &Value,
) -> Result<Function, TemplateError> {
    // The processor, traces, logs and the account's limits: the functions run in our own process.
    fields.ignore(&[
        "Architectures",
        "Description",
        "LoggingConfig",
        "ReservedConcurrentExecutions",
        "Tags",
        "Tracing",
    ]);
    expect(&mut fields, "Runtime", "provided.al2023")?;
    expect(&mut fields, "Handler", "bootstrap")?;
    let code = fields.required("CodeUri")?;
    let name = match code.trim_end_matches('/').strip_prefix("functions/") {
        Some(name) if !name.is_empty() && !name.contains('/') => name.to_owned(),
        _ => return Err(fields.error("CodeUri", format!("{code} is not a crate of functions/"))),
    };
    let binary = binary(logical, &name, metadata)?;
    let deployed_name = fields
        .literal("FunctionName")?
        .unwrap_or_else(|| scope.generated_name(logical));
    let timeout = fields
        .number("Timeout")?
        .map_or(DEFAULT_TIMEOUT, Duration::from_secs);
    let memory = fields.number("MemorySize")?.unwrap_or(DEFAULT_MEMORY);
    let environment = environment(&mut fields)?;
    let (retries, on_failure) = invocation(scope, &mut fields)?;
    let policies = policies::read(&mut fields)?;
    let mut sources = Vec::new();
    if let Some(mut events) = fields.fields("Events")? {
        for event in events.names() {
            if let Some(fields) = events.fields(&event)? {
                sources.push(event_source::read(scope, &event, fields)?);
            }
        }
    }
    fields.finish()?;
    Ok(Function {
        logical: logical.to_owned(),
        name,
        binary,
        deployed_name,
        timeout,
        memory,
        environment,
        sources,
        retries,
        on_failure,
        policies,
    })
}

fn expect(fields: &mut Fields, name: &str, wanted: &str) -> Result<(), TemplateError> {
    let found = fields.required(name)?;
    if found == wanted {
        return Ok(());
    }
    Err(fields.error(name, format!("must be {wanted}, not {found}")))
}

/// The program that `sam build` takes from the crate; it must be the crate's own.
fn binary(logical: &str, name: &str, metadata: &Value) -> Result<String, TemplateError> {
    let place = format!("Resources.{logical}.Metadata");
    let method = metadata.get("BuildMethod").unwrap_or(&Value::Null);
    if method != "rust-cargolambda" {
        return Err(TemplateError::new(
            format!("{place}.BuildMethod"),
            "must be rust-cargolambda",
        ));
    }
    let none = Map::new();
    let properties = metadata
        .get("BuildProperties")
        .and_then(Value::as_object)
        .unwrap_or(&none);
    let place = format!("{place}.BuildProperties.Binary");
    let binary = plain(&place, properties.get("Binary").unwrap_or(&Value::Null))?;
    if binary != format!("imprint-{name}") {
        let problem = format!("the crate functions/{name} builds imprint-{name}, not {binary}");
        return Err(TemplateError::new(place, problem));
    }
    Ok(binary)
}

fn environment(fields: &mut Fields) -> Result<BTreeMap<String, super::Text>, TemplateError> {
    let mut values = BTreeMap::new();
    if let Some(mut environment) = fields.fields("Environment")? {
        if let Some(mut variables) = environment.fields("Variables")? {
            for name in variables.names() {
                if let Some(text) = variables.text(&name)? {
                    values.insert(name, text);
                }
            }
        }
        environment.finish()?;
    }
    Ok(values)
}

/// How asynchronous invocations (S3, schedules) are repeated, and who hears when that did not help.
fn invocation(scope: &Scope, fields: &mut Fields) -> Result<(u32, Option<String>), TemplateError> {
    let Some(mut config) = fields.fields("EventInvokeConfig")? else {
        return Ok((DEFAULT_RETRIES, None));
    };
    // Six hours by default; no local run waits that long.
    config.ignore(&["MaximumEventAgeInSeconds"]);
    let retries = config.number("MaximumRetryAttempts")?.unwrap_or(DEFAULT_RETRIES);
    let mut on_failure = None;
    if let Some(mut destinations) = config.fields("DestinationConfig")? {
        if let Some(mut destination) = destinations.fields("OnFailure")? {
            expect(&mut destination, "Type", "SQS")?;
            on_failure = Some(resource_of(
                scope,
                &mut destination,
                "Destination",
                "Arn",
                "AWS::SQS::Queue",
            )?);
            destination.finish()?;
        }
        destinations.finish()?;
    }
    config.finish()?;
    Ok((retries, on_failure))
}
