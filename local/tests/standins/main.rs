//! The stand-ins behave as AWS does where Imprint depends on it, seen through the SDK and plain HTTP.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![expect(
    clippy::disallowed_methods,
    reason = "signatures carry the time of the wall clock"
)]

mod cdn;
mod forms;
mod objects;
mod queues;
mod running;

use std::path::Path;

use aws_credential_types::Credentials;
use aws_sdk_s3::primitives::ByteStream;
use imprint_local::standins::{Ports, StandInOptions, StandIns};

const ACCESS: &str = "local-access-key";
const SECRET: &str = "local-secret-key";
const BUCKET: &str = "docs";

fn options(data: Option<&Path>) -> StandInOptions {
    StandInOptions {
        data: data.map(Path::to_owned),
        buckets: vec![BUCKET.to_owned()],
        access_key: ACCESS.to_owned(),
        secret_key: SECRET.to_owned(),
        ports: Ports::default(),
    }
}

async fn start(data: Option<&Path>) -> StandIns {
    StandIns::start(options(data)).await.unwrap()
}

fn credentials() -> Credentials {
    Credentials::new(ACCESS, SECRET, None, None, "test")
}

fn s3(stand_ins: &StandIns, function: &'static str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .credentials_provider(credentials())
        .endpoint_url(stand_ins.s3_url())
        .app_name(aws_sdk_s3::config::AppName::new(function).unwrap())
        .force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}

fn dynamodb(stand_ins: &StandIns) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
        .credentials_provider(credentials())
        .endpoint_url(stand_ins.dynamodb_url())
        .app_name(aws_sdk_dynamodb::config::AppName::new("api").unwrap());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

fn sqs(stand_ins: &StandIns) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_sqs::config::Region::new("us-east-1"))
        .credentials_provider(credentials())
        .endpoint_url(stand_ins.sqs_url());
    aws_sdk_sqs::Client::from_conf(config.build())
}

async fn put(s3: &aws_sdk_s3::Client, key: &str, body: &'static [u8]) {
    s3.put_object()
        .bucket(BUCKET)
        .key(key)
        .body(ByteStream::from_static(body))
        .send()
        .await
        .unwrap();
}

async fn read(s3: &aws_sdk_s3::Client, key: &str) -> Vec<u8> {
    let object = s3.get_object().bucket(BUCKET).key(key).send().await.unwrap();
    object.body.collect().await.unwrap().to_vec()
}

async fn keys(s3: &aws_sdk_s3::Client, prefix: &str, page: i32) -> Vec<String> {
    let pages = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix(prefix)
        .max_keys(page)
        .into_paginator()
        .send();
    let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
    pages
        .iter()
        .flat_map(|page| page.contents())
        .map(|object| object.key().unwrap().to_owned())
        .collect()
}

/// Percent-encodes for `x-amz-copy-source`, keeping slashes.
fn copy_source(key: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'.')
        .remove(b'-');
    format!("{BUCKET}/{}", percent_encoding::utf8_percent_encode(key, KEPT))
}
