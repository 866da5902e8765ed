//! Where a story takes place: on a stack in this process, or on a deployment somewhere else. What a story needs for its
//! telling is the same for both, so the same story is told to both.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::QueueAttributeName;
use imprint_local::demo::{Client, Reader, Site, text};
use imprint_local::standins::fastly::Fastly;
use serde_json::Value;

use crate::support::{main_edition, succeeded, upload};

/// The region in signatures, and nowhere else.
const REGION: &str = "us-east-1";

/// A place, as uploaders, readers and operators reach it.
pub(crate) struct Place {
    pub(crate) client: Client,
    /// URL of the published pages.
    pub(crate) docs: String,
    pub(crate) bucket: String,
    pub(crate) aws: Aws,
    /// The name of the stack, with which every queue's name begins.
    pub(crate) stack_name: String,
    /// What the CDN was told.
    pub(crate) fastly: Fastly,
    /// A page whose name has to be encoded wherever it is part of an address.
    pub(crate) odd_page: &'static str,
}

/// What S3 takes.
pub(crate) const ODD_PAGE: &str = "guides/Über uns & mehr.html";

/// Where AWS is, and who an operator is to it.
pub(crate) struct Aws {
    pub(crate) s3: String,
    pub(crate) sqs: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
}

impl Place {
    /// A product that shows its pages and nothing that is made of them.
    pub(crate) async fn product(&self, slug: &str) {
        self.product_with_formats(slug).await;
        self.client.derive(slug, &[]).await.unwrap();
    }

    /// A product of which every format is made.
    pub(crate) async fn product_with_formats(&self, slug: &str) {
        self.client.create_product(slug, "A product").await.unwrap();
    }

    /// Publishes a site as a build of `main`, and gives the task when it has ended well.
    pub(crate) async fn publish(&self, product: &str, site: &Site) -> Value {
        let build = upload(&self.client, product, site).await;
        let task = self.client.confirm(&build).await.unwrap();
        succeeded(&self.client, &task).await
    }

    pub(crate) fn reader(&self, product: &str) -> Reader {
        Reader::by_path(&self.docs, product).unwrap()
    }

    pub(crate) fn reader_by_host(&self, product: &str) -> Reader {
        Reader::by_host(&self.docs, product).unwrap()
    }

    pub(crate) async fn main_edition(&self, product: &str) -> Value {
        main_edition(&self.client, product).await
    }

    /// How often an edition's key was purged. The product's own pages are purged in their own time.
    pub(crate) fn purges_of(&self, edition: &Value) -> usize {
        let key = text(edition, "surrogate_key").unwrap();
        let purges = self.fastly.purges();
        let keys = purges.iter().flat_map(|purge| &purge.keys);
        keys.filter(|purged| *purged == key).count()
    }

    /// The bucket, as an operator sees it.
    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let (id, secret) = (&self.aws.access_key, &self.aws.secret_key);
        let config = aws_sdk_s3::Config::builder()
            .endpoint_url(&self.aws.s3)
            .credentials_provider(aws_sdk_s3::config::Credentials::new(
                id, secret, None, None, "test",
            ))
            .region(aws_sdk_s3::config::Region::new(REGION))
            .force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// The queues, as an operator sees them.
    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        let (id, secret) = (&self.aws.access_key, &self.aws.secret_key);
        let config = aws_sdk_sqs::Config::builder()
            .endpoint_url(&self.aws.sqs)
            .credentials_provider(aws_sdk_sqs::config::Credentials::new(
                id, secret, None, None, "test",
            ))
            .region(aws_sdk_sqs::config::Region::new(REGION));
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// The URL of a queue, such as `register-build-dead-letters`.
    pub(crate) async fn queue(&self, name: &str) -> String {
        let name = format!("{}-{name}", self.stack_name);
        let found = self.sqs().get_queue_url().queue_name(name).send().await;
        found.unwrap().queue_url.unwrap()
    }

    /// Changes what an operator may change of a queue.
    pub(crate) async fn set(&self, queue: &str, attribute: QueueAttributeName, value: u32) {
        let set = self.sqs().set_queue_attributes().queue_url(queue);
        set.attributes(attribute, value.to_string()).send().await.unwrap();
    }

    /// When each object of a prefix was written, in nanoseconds of the epoch.
    pub(crate) async fn written(&self, prefix: &str) -> BTreeMap<String, i128> {
        let listed = self.s3().list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let listed = listed.send().await.unwrap();
        let objects = listed.contents().iter();
        let written = objects.map(|object| {
            let key = object.key().unwrap().strip_prefix(prefix).unwrap().to_owned();
            (key, object.last_modified().unwrap().as_nanos())
        });
        written.collect()
    }
}
