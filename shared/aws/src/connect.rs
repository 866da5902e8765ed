//! The clients, made once before a function's first event.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation, SharedHttpClient};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use imprint_app::ports::{Clock, Dns, SystemRandom, Untold};
use imprint_app::tenants::{Installation, Tenants};

use crate::catalog::DynamoCatalog;
use crate::dead_letters::SqsDeadLetters;
use crate::places::AwsPlaces;
use crate::queue::SqsQueues;
use crate::route53::Route53;
use crate::settings::{AwsSettings, ConfigError, Naming, Settings};
use crate::webhooks::HttpWebhooks;

/// Everything is in one region, so a connection that takes longer will not come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// DynamoDB and SQS answer in milliseconds. An answer that takes longer is lost, and worth a second try soon.
const SMALL_TIMEOUT: Duration = Duration::from_secs(5);

/// S3 copies 5 GB in one request, and keeps quiet until it has begun to answer.
const OBJECT_TIMEOUT: Duration = Duration::from_secs(60);

/// DynamoDB and SQS recover within milliseconds from what makes them refuse a request.
fn small_retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(4)
        .with_initial_backoff(Duration::from_millis(50))
}

/// S3 says `SlowDown` until it has spread a prefix over more of its parts, which takes it a while. Waits double, with
/// chance in them, from 0.2 s up to 6 s in all. What fails for longer is the queue's to repeat.
fn object_retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(6)
        .with_initial_backoff(Duration::from_millis(200))
}

/// What the configurations of all three services have in common, without a common trait.
macro_rules! configured {
    ($service:ident, $aws:expr, $https:expr, $endpoint:expr) => {{
        let aws: &AwsSettings = $aws;
        let mut config = $service::Config::builder()
            .region(aws.region.clone())
            .http_client($https.clone())
            .credentials_provider(aws.credentials.clone());
        config
            .set_app_name(aws.app.clone())
            .set_endpoint_url($endpoint.clone());
        config
    }};
}

/// Makes the adapters of all ports out of settings. Sends nothing. Measurements are for whoever
/// [watches](Tenants::watched_by).
///
/// # Errors
/// When a variable is missing or bad. The sentence names it and says what it should be.
pub fn connect(variables: &BTreeMap<String, String>, clock: Arc<dyn Clock>) -> Result<Tenants, ConfigError> {
    let settings = Settings::read(variables)?;
    let (aws, https) = (&settings.aws, &https());
    let places = AwsPlaces::new(
        s3(aws, https),
        aws,
        settings.organization.bucket.clone(),
        settings.fastly,
        clock.clone(),
    );
    let catalog = Arc::new(DynamoCatalog::new(dynamodb(aws, https), settings.table));
    Ok(Tenants::new(Installation {
        catalog: catalog.clone(),
        registry: catalog.clone(),
        documents: catalog.clone(),
        health: catalog,
        dead_letters: Arc::new(SqsDeadLetters::new(sqs(aws, https), settings.queues.clone())),
        queue: Arc::new(SqsQueues::new(sqs(aws, https), settings.queues)),
        dns: dns(settings.naming, aws, &clock),
        webhooks: Arc::new(HttpWebhooks::new(settings.reach)),
        clock,
        random: Arc::new(SystemRandom),
        places: Arc::new(places),
        telemetry: Arc::new(Untold),
        sealing: settings.sealing,
        deployment: Arc::new(settings.organization),
    }))
}

fn dns(naming: Naming, aws: &AwsSettings, clock: &Arc<dyn Clock>) -> Option<Arc<dyn Dns>> {
    match naming {
        Naming::Elsewhere => None,
        Naming::Route53 => Some(Arc::new(Route53::new(aws, clock.clone()))),
    }
}

/// One for all services: the roots are read and the configuration of TLS is made once. `ring` is a third of the code of
/// what the SDK comes with, which every cold start would read.
fn https() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}

fn small_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(SMALL_TIMEOUT)
        .build()
}

fn dynamodb(aws: &AwsSettings, https: &SharedHttpClient) -> aws_sdk_dynamodb::config::Builder {
    configured!(aws_sdk_dynamodb, aws, https, aws.dynamodb)
        .retry_config(small_retries())
        .timeout_config(small_timeouts())
}

fn sqs(aws: &AwsSettings, https: &SharedHttpClient) -> aws_sdk_sqs::Client {
    let config = configured!(aws_sdk_sqs, aws, https, aws.sqs)
        .retry_config(small_retries())
        .timeout_config(small_timeouts());
    aws_sdk_sqs::Client::from_conf(config.build())
}

/// Checksums only where S3 demands them (DeleteObjects): TLS protects the bytes on their way already, and manifests are
/// read with a parser that notices. Bodies that stop flowing are given up by the SDK's own protection.
fn s3(aws: &AwsSettings, https: &SharedHttpClient) -> aws_sdk_s3::Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(OBJECT_TIMEOUT);
    let config = configured!(aws_sdk_s3, aws, https, aws.s3)
        .retry_config(object_retries())
        .timeout_config(timeouts.build())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        // A bucket's name before an address of this machine does not resolve.
        .force_path_style(aws.s3.is_some());
    aws_sdk_s3::Client::from_conf(config.build())
}
