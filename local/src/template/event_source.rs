//! What calls a function.

use std::time::Duration;

use super::TemplateError;
use super::fields::Fields;
use super::resource::resource_of;
use super::scope::Scope;
use super::stack::{HttpSource, ObjectSource, QueueSource, Rate, ScheduleSource, Source};

pub(super) fn read(scope: &Scope, event: &str, mut fields: Fields) -> Result<Source, TemplateError> {
    let kind = fields.required("Type")?;
    let properties = fields
        .fields("Properties")?
        .ok_or_else(|| fields.error("Properties", "is missing"))?;
    let source = match kind.as_str() {
        "SQS" => Source::Queue(queue(scope, properties)?),
        "S3" => Source::Objects(objects(scope, properties)?),
        "Schedule" => Source::Schedule(schedule(scope, event, properties)?),
        "HttpApi" => Source::Http(http(scope, properties)?),
        other => {
            return Err(fields.error(
                "Type",
                format!("the event source {other} is not understood locally"),
            ));
        }
    };
    fields.finish()?;
    Ok(source)
}

/// Lambda's default for queues
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>).
const DEFAULT_BATCH: usize = 10;

fn queue(scope: &Scope, mut fields: Fields) -> Result<QueueSource, TemplateError> {
    let queue = resource_of(scope, &mut fields, "Queue", "Arn", "AWS::SQS::Queue")?;
    let batch_size = fields.number("BatchSize")?.unwrap_or(DEFAULT_BATCH);
    let window = fields
        .number("MaximumBatchingWindowInSeconds")?
        .map_or(Duration::ZERO, Duration::from_secs);
    let reports = fields.literals("FunctionResponseTypes")?;
    if let Some(other) = reports.iter().find(|name| *name != "ReportBatchItemFailures") {
        return Err(fields.error(
            "FunctionResponseTypes",
            format!("{other} is not understood locally"),
        ));
    }
    let max_concurrency = match fields.fields("ScalingConfig")? {
        None => None,
        Some(mut scaling) => {
            let bound = scaling.number("MaximumConcurrency")?;
            scaling.finish()?;
            bound
        }
    };
    fields.finish()?;
    Ok(QueueSource {
        queue,
        batch_size,
        window,
        reports_failures: !reports.is_empty(),
        max_concurrency,
    })
}

fn objects(scope: &Scope, mut fields: Fields) -> Result<ObjectSource, TemplateError> {
    let bucket = resource_of(scope, &mut fields, "Bucket", "", "AWS::S3::Bucket")?;
    let events = fields.literals("Events")?;
    if events.is_empty() {
        return Err(fields.error("Events", "is missing"));
    }
    if let Some(other) = events.iter().find(|name| !name.starts_with("s3:ObjectCreated:")) {
        return Err(fields.error("Events", format!("the event {other} is not sent locally")));
    }
    let (mut prefix, mut suffix) = (None, None);
    if let Some(mut filter) = fields.fields("Filter")? {
        if let Some(mut key) = filter.fields("S3Key")? {
            for mut rule in key.each("Rules")? {
                let value = Some(rule.required("Value")?);
                match rule.required("Name")?.to_ascii_lowercase().as_str() {
                    "prefix" => prefix = value,
                    "suffix" => suffix = value,
                    other => return Err(rule.error("Name", format!("{other} is neither prefix nor suffix"))),
                }
                rule.finish()?;
            }
            key.finish()?;
        }
        filter.finish()?;
    }
    fields.finish()?;
    Ok(ObjectSource {
        bucket,
        events,
        prefix,
        suffix,
    })
}

fn schedule(scope: &Scope, event: &str, mut fields: Fields) -> Result<ScheduleSource, TemplateError> {
    fields.ignore(&["Description"]);
    let name = fields
        .literal("Name")?
        .map_or_else(|| event.to_owned(), |name| scope.short_name(&name));
    let expression = fields.required("Schedule")?;
    let rate = rate(&expression).ok_or_else(|| {
        fields.error(
            "Schedule",
            format!("only rate(...) is understood locally, not {expression}"),
        )
    })?;
    let input = match fields.literal("Input")? {
        None => None,
        Some(text) => Some(
            serde_json::from_str(&text)
                .map_err(|error| fields.error("Input", format!("is not JSON: {error}")))?,
        ),
    };
    let enabled = fields.flag("Enabled")?.unwrap_or(true);
    fields.finish()?;
    Ok(ScheduleSource {
        name,
        rate,
        input,
        enabled,
    })
}

/// `rate(1 minute)`, `rate(5 minutes)`: one in the singular, the others in the plural
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>).
fn rate(expression: &str) -> Option<Rate> {
    let (count, unit) = expression
        .strip_prefix("rate(")?
        .strip_suffix(')')?
        .split_once(' ')?;
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    let singular = if count == 1 { unit } else { unit.strip_suffix('s')? };
    let seconds = match singular {
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    Some(Rate(Duration::from_secs(count.checked_mul(seconds)?)))
}

/// What HTTP APIs wait for a function without a setting, and the most they can
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(30);

fn http(scope: &Scope, mut fields: Fields) -> Result<HttpSource, TemplateError> {
    let api = resource_of(scope, &mut fields, "ApiId", "", "AWS::Serverless::HttpApi")?;
    let format = fields
        .literal("PayloadFormatVersion")?
        .unwrap_or_else(|| "2.0".to_owned());
    if format != "2.0" {
        return Err(fields.error(
            "PayloadFormatVersion",
            format!("only 2.0 is understood locally, not {format}"),
        ));
    }
    // Without path and method SAM makes the route $default, which takes every request.
    for name in ["Path", "Method"] {
        if let Some(value) = fields.literal(name)? {
            return Err(fields.error(
                name,
                format!("{value}: only the catch-all route is understood locally"),
            ));
        }
    }
    let timeout = fields
        .number("TimeoutInMillis")?
        .map_or(GATEWAY_TIMEOUT, Duration::from_millis);
    if timeout > GATEWAY_TIMEOUT {
        return Err(fields.error("TimeoutInMillis", "HTTP APIs wait 30 seconds at most"));
    }
    fields.finish()?;
    Ok(HttpSource { api, timeout })
}
