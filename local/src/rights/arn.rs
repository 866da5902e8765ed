//! ARNs, as policies have them.

use super::Resource;
use crate::template::{Reference, Stack, TemplateError};

/// The ARN of what was used
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>).
pub(super) fn of_resource(stack: &Stack, resource: &Resource) -> String {
    match resource {
        Resource::Bucket(bucket) => format!("arn:aws:s3:::{bucket}"),
        Resource::Object { bucket, key } => format!("arn:aws:s3:::{bucket}/{key}"),
        Resource::Table(table) => regional(stack, "dynamodb", &format!("table/{table}")),
        Resource::Index { table, index } => {
            regional(stack, "dynamodb", &format!("table/{table}/index/{index}"))
        }
        Resource::Queue(queue) => regional(stack, "sqs", queue),
        Resource::HostedZone(zone) => format!("arn:aws:route53:::hostedzone/{zone}"),
        Resource::Everything => "*".to_owned(),
    }
}

/// What a policy means by `!GetAtt Queue.Arn`.
pub(super) fn of_reference(stack: &Stack, reference: &Reference) -> Result<String, TemplateError> {
    let logical = &reference.logical;
    let unknown = || TemplateError {
        place: format!("Resources.{logical}"),
        problem: format!("{reference} in a policy has no ARN here"),
    };
    if reference.attribute.as_deref() != Some("Arn") {
        return Err(unknown());
    }
    let queue = stack
        .queue(logical)
        .map(|queue| Resource::Queue(queue.deployed_name.clone()));
    let table = || {
        let mut tables = stack.tables.iter();
        let table = tables.find(|table| table.logical == *logical)?;
        Some(Resource::Table(table.deployed_name.clone()))
    };
    let bucket = || {
        let mut buckets = stack.buckets.iter();
        let bucket = buckets.find(|bucket| bucket.logical == *logical)?;
        Some(Resource::Bucket(bucket.deployed_name.clone()))
    };
    let found = queue.or_else(table).or_else(bucket).ok_or_else(unknown)?;
    Ok(of_resource(stack, &found))
}

fn regional(stack: &Stack, service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{}:{}:{resource}", stack.region, stack.account)
}
