//! A stack with a client, and how to wait for what it does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use http::Method;
use imprint_local::demo::{Client, Reader, Site, report, text};
use imprint_local::rights::compare;
use imprint_local::stack::{Options, Stack};
use serde_json::Value;

/// A task of these small sites takes two seconds, and some more on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stack of its own, with free ports and nothing on it.
pub(crate) struct Story {
    pub(crate) stack: Stack,
    pub(crate) client: Client,
}

impl Story {
    pub(crate) async fn begin() -> Self {
        Self::begin_with(Options::default()).await
    }

    pub(crate) async fn begin_with(options: Options) -> Self {
        let stack = Stack::start(options).await.unwrap();
        stack.uses().note();
        let client = client(&stack).await;
        Self { stack, client }
    }

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
        Reader::by_path(&self.stack.info().docs, product).unwrap()
    }

    pub(crate) async fn main_edition(&self, product: &str) -> Value {
        main_edition(&self.client, product).await
    }

    /// How often an edition's key was purged. The product's own pages are purged in their own time.
    pub(crate) fn purges_of(&self, edition: &Value) -> usize {
        let key = text(edition, "surrogate_key").unwrap();
        let purges = self.stack.controlled().fastly.purges();
        let keys = purges.iter().flat_map(|purge| &purge.keys);
        keys.filter(|purged| *purged == key).count()
    }

    pub(crate) async fn quiesce(&self) {
        self.stack.controlled().runner.quiesce(PATIENCE).await.unwrap();
    }

    /// The bucket, as an operator sees it.
    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let endpoints = self.stack.endpoints();
        let (id, secret) = (&endpoints.access_key, &endpoints.secret_key);
        let config = aws_sdk_s3::Config::builder()
            .endpoint_url(&endpoints.s3)
            .credentials_provider(aws_sdk_s3::config::Credentials::new(
                id, secret, None, None, "test",
            ))
            .region(aws_sdk_s3::config::Region::new("us-east-1"))
            .force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// The queues, as an operator sees them.
    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        let endpoints = self.stack.endpoints();
        let (id, secret) = (&endpoints.access_key, &endpoints.secret_key);
        let config = aws_sdk_sqs::Config::builder()
            .endpoint_url(&endpoints.sqs)
            .credentials_provider(aws_sdk_sqs::config::Credentials::new(
                id, secret, None, None, "test",
            ))
            .region(aws_sdk_sqs::config::Region::new("us-east-1"));
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// When each object of a prefix was written, in nanoseconds of the epoch.
    pub(crate) async fn written(&self, prefix: &str) -> BTreeMap<String, i128> {
        let listed = self
            .s3()
            .list_objects_v2()
            .bucket(&self.stack.info().bucket)
            .prefix(prefix);
        let listed = listed.send().await.unwrap();
        let objects = listed.contents().iter();
        let written = objects.map(|object| {
            let key = object.key().unwrap().strip_prefix(prefix).unwrap().to_owned();
            (key, object.last_modified().unwrap().as_nanos())
        });
        written.collect()
    }

    /// Ends it, and looks whether a function did what it may not do on AWS.
    pub(crate) async fn end(self) {
        let uses = self.stack.uses().seen();
        let stack = self.stack.controlled().runner.stack().clone();
        self.stack.shutdown().await;
        let missing = compare(&stack, &uses).unwrap().missing;
        assert!(missing.is_empty(), "template.yaml does not grant: {missing:#?}");
    }
}

pub(crate) async fn client(stack: &Stack) -> Client {
    let info = stack.info();
    Client::log_in(&info.api, &info.user, &info.password)
        .await
        .unwrap()
}

/// Announces a build and uploads it. Nobody is told that it is complete.
pub(crate) async fn upload(client: &Client, product: &str, site: &Site) -> Value {
    upload_of(client, product, "main", site).await
}

/// The same for a build of any ref.
pub(crate) async fn upload_of(client: &Client, product: &str, git_ref: &str, site: &Site) -> Value {
    let build = client.create_build(product, git_ref, site).await.unwrap();
    client.upload(&build, site).await.unwrap();
    build
}

/// The task when it has ended, well or not.
pub(crate) async fn ended(client: &Client, task: &str) -> Value {
    let begin = Instant::now();
    loop {
        let found = client.read(task).await.unwrap();
        if ["SUCCESS", "FAILURE"].contains(&text(&found, "status").unwrap()) {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "not ended: {found}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) async fn succeeded(client: &Client, task: &str) -> Value {
    let task = ended(client, task).await;
    assert_eq!(task["status"], "SUCCESS", "{task}");
    task
}

pub(crate) async fn main_edition(client: &Client, product: &str) -> Value {
    let listed = client
        .read(&format!("/products/{product}/editions/"))
        .await
        .unwrap();
    let url = listed["editions"][0].as_str().unwrap();
    let edition = client.read(url).await.unwrap();
    assert_eq!(edition["slug"], "main");
    edition
}

/// What the edition `main` had done to it: copied, deleted, unchanged.
pub(crate) fn counts(task: &Value) -> (u64, u64, u64) {
    let report = report(task, "main").unwrap();
    (report.copied, report.deleted, report.unchanged)
}

/// Waits for something that happens soon.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < PATIENCE, "it did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Sends a request to the control port.
pub(crate) async fn control(
    base: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (http::StatusCode, Value) {
    let mut request = reqwest::Client::new().request(method, format!("{base}{path}"));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}
