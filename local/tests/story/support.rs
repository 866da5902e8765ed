//! A stack with a client, and how to wait for what it does.

use std::ops::Deref;
use std::time::{Duration, Instant};

use http::Method;
use imprint_local::demo::{Client, Site, report, text};
use imprint_local::rights::compare;
use imprint_local::stack::{Options, Stack};
use serde_json::Value;

use crate::place::{Aws, ODD_PAGE, Place};

/// A task of these small sites takes two seconds, and some more on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stack of its own, with free ports and nothing on it.
pub(crate) struct Story {
    pub(crate) stack: Stack,
    place: Place,
}

/// A story that is told here needs no word for where it takes place.
impl Deref for Story {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Story {
    pub(crate) async fn begin() -> Self {
        Self::begin_with(Options::default()).await
    }

    pub(crate) async fn begin_with(options: Options) -> Self {
        Self::on(Stack::start(options).await.unwrap()).await
    }

    /// On a stack that runs, with a new token.
    pub(crate) async fn on(stack: Stack) -> Self {
        stack.uses().note();
        let (info, endpoints) = (stack.info(), stack.endpoints());
        let place = Place {
            client: client(&stack).await,
            docs: info.docs.clone(),
            bucket: info.bucket.clone(),
            aws: Aws {
                s3: endpoints.s3.clone(),
                sqs: endpoints.sqs.clone(),
                access_key: endpoints.access_key.clone(),
                secret_key: endpoints.secret_key.clone(),
            },
            stack_name: "imprint".to_owned(),
            fastly: stack.controlled().fastly.clone(),
            odd_page: ODD_PAGE,
        };
        Self { stack, place }
    }

    pub(crate) async fn quiesce(&self) {
        self.stack.controlled().runner.quiesce(PATIENCE).await.unwrap();
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
