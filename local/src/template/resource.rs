//! Queues, tables, buckets and HTTP APIs.

use std::collections::BTreeMap;
use std::time::Duration;

use super::TemplateError;
use super::fields::Fields;
use super::scope::Scope;
use super::stack::{Bucket, HttpApi, Index, Key, KeyType, Queue, Redrive, Table};

/// SQS's own default
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>).
const DEFAULT_VISIBILITY: Duration = Duration::from_secs(30);

/// Attributes that `CreateQueue` takes under the same name.
const QUEUE_ATTRIBUTES: [&str; 6] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "DelaySeconds",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
];

pub(super) fn queue(scope: &Scope, logical: &str, mut fields: Fields) -> Result<Queue, TemplateError> {
    // At rest and in the bill only.
    fields.ignore(&["SqsManagedSseEnabled", "Tags"]);
    let fifo = fields.flag("FifoQueue")?.unwrap_or(false);
    let suffix = if fifo { ".fifo" } else { "" };
    let deployed_name = fields
        .literal("QueueName")?
        .unwrap_or_else(|| format!("{}{suffix}", scope.generated_name(logical)));
    if deployed_name.ends_with(".fifo") != fifo {
        return Err(fields.error("QueueName", "FIFO queues end in .fifo and no others do"));
    }
    let visibility = fields
        .number("VisibilityTimeout")?
        .map_or(DEFAULT_VISIBILITY, Duration::from_secs);
    let redrive = match fields.fields("RedrivePolicy")? {
        Some(policy) => Some(redrive(scope, policy)?),
        None => None,
    };
    let mut attributes = BTreeMap::new();
    for name in QUEUE_ATTRIBUTES {
        if let Some(value) = fields.literal(name)? {
            attributes.insert(name.to_owned(), value);
        }
    }
    fields.finish()?;
    let name = scope.short_name(&deployed_name);
    Ok(Queue {
        logical: logical.to_owned(),
        deployed_name,
        name,
        fifo,
        visibility,
        redrive,
        attributes,
    })
}

fn redrive(scope: &Scope, mut policy: Fields) -> Result<Redrive, TemplateError> {
    let target = resource_of(
        scope,
        &mut policy,
        "deadLetterTargetArn",
        "Arn",
        "AWS::SQS::Queue",
    )?;
    let max_receive_count = policy
        .number("maxReceiveCount")?
        .ok_or_else(|| policy.error("maxReceiveCount", "is missing"))?;
    policy.finish()?;
    Ok(Redrive {
        target,
        max_receive_count,
    })
}

/// The resource of this template that a property names.
pub(super) fn resource_of(
    scope: &Scope,
    fields: &mut Fields,
    name: &str,
    attribute: &str,
    kind: &str,
) -> Result<String, TemplateError> {
    let text = fields
        .text(name)?
        .ok_or_else(|| fields.error(name, "is missing"))?;
    let wanted = (!attribute.is_empty()).then_some(attribute);
    match text.as_reference() {
        Some(reference)
            if reference.attribute.as_deref() == wanted
                && scope.type_of(&reference.logical) == Some(kind) =>
        {
            Ok(reference.logical.clone())
        }
        _ => {
            let how = wanted.map_or_else(
                || "!Ref".to_owned(),
                |attribute| format!("!GetAtt ....{attribute}"),
            );
            Err(fields.error(
                name,
                format!("must be {how} of an {kind} of this template, not {text}"),
            ))
        }
    }
}

pub(super) fn table(scope: &Scope, logical: &str, mut fields: Fields) -> Result<Table, TemplateError> {
    // Backups, encryption at rest and the bill.
    fields.ignore(&[
        "PointInTimeRecoverySpecification",
        "SSESpecification",
        "DeletionProtectionEnabled",
        "Tags",
    ]);
    let billing = fields.required("BillingMode")?;
    if billing != "PAY_PER_REQUEST" {
        return Err(fields.error(
            "BillingMode",
            format!("{billing} throttles, which is not done locally"),
        ));
    }
    let mut attributes = BTreeMap::new();
    for mut definition in fields.each("AttributeDefinitions")? {
        attributes.insert(
            definition.required("AttributeName")?,
            definition.required("AttributeType")?,
        );
        definition.finish()?;
    }
    let indexes = fields
        .each("GlobalSecondaryIndexes")?
        .into_iter()
        .map(index)
        .collect::<Result<_, _>>()?;
    let time_to_live = match fields.fields("TimeToLiveSpecification")? {
        None => None,
        Some(mut specification) => {
            let enabled = specification.flag("Enabled")?.unwrap_or(false);
            let attribute = specification.literal("AttributeName")?;
            specification.finish()?;
            attribute.filter(|_| enabled)
        }
    };
    let keys = keys(&mut fields)?;
    let deployed_name = fields
        .literal("TableName")?
        .unwrap_or_else(|| scope.generated_name(logical));
    fields.finish()?;
    Ok(Table {
        logical: logical.to_owned(),
        deployed_name,
        attributes,
        keys,
        indexes,
        time_to_live,
    })
}

fn index(mut index: Fields) -> Result<Index, TemplateError> {
    let name = index.required("IndexName")?;
    let keys = keys(&mut index)?;
    let mut projection = index
        .fields("Projection")?
        .ok_or_else(|| index.error("Projection", "is missing"))?;
    let kind = projection.required("ProjectionType")?;
    if kind != "ALL" {
        return Err(projection.error("ProjectionType", format!("{kind} is not understood locally")));
    }
    projection.finish()?;
    index.finish()?;
    Ok(Index { name, keys })
}

fn keys(fields: &mut Fields) -> Result<Vec<Key>, TemplateError> {
    let mut keys = Vec::new();
    for mut element in fields.each("KeySchema")? {
        let attribute = element.required("AttributeName")?;
        let role = match element.required("KeyType")?.as_str() {
            "HASH" => KeyType::Hash,
            "RANGE" => KeyType::Range,
            other => return Err(element.error("KeyType", format!("{other} is neither HASH nor RANGE"))),
        };
        element.finish()?;
        keys.push(Key { attribute, role });
    }
    if keys.is_empty() {
        return Err(fields.error("KeySchema", "is missing"));
    }
    Ok(keys)
}

pub(super) fn bucket(scope: &Scope, logical: &str, mut fields: Fields) -> Result<Bucket, TemplateError> {
    // Who may read, encryption at rest, and what is deleted after days: none of it shows in a local run.
    fields.ignore(&[
        "BucketEncryption",
        "LifecycleConfiguration",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
        "Tags",
    ]);
    let deployed_name = fields
        .literal("BucketName")?
        .unwrap_or_else(|| scope.generated_name(logical).to_lowercase());
    fields.finish()?;
    Ok(Bucket {
        logical: logical.to_owned(),
        deployed_name,
    })
}

pub(super) fn http_api(logical: &str, mut fields: Fields) -> Result<HttpApi, TemplateError> {
    // Logs, limits of the account and the address that AWS gives.
    fields.ignore(&[
        "AccessLogSettings",
        "DefaultRouteSettings",
        "Description",
        "DisableExecuteApiEndpoint",
        "FailOnWarnings",
        "Name",
        "Tags",
    ]);
    let stage = fields
        .literal("StageName")?
        .unwrap_or_else(|| "$default".to_owned());
    if stage != "$default" {
        let problem = format!("{stage} would be in the path, and clients drop the path of the API's address");
        return Err(fields.error("StageName", problem));
    }
    fields.finish()?;
    Ok(HttpApi {
        logical: logical.to_owned(),
    })
}
