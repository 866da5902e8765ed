//! Fake functions, and queues in this process.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use hyper_util::rt::TokioIo;
use imprint_lambda::{Function, FunctionError, LambdaEvent};
use imprint_local::runner::{Endpoints, Environment, FunctionFactory, Runner, RunnerOptions, Triggers};
use imprint_local::template::{self, Deployment, Stack};
use rustack_sqs_core::config::SqsConfig;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_http::service::{SqsHttpConfig, SqsHttpService};
use serde_json::Value;
use tokio::net::TcpListener;

type Answer = Pin<Box<dyn Future<Output = Result<Value, FunctionError>> + Send>>;
type Handler = Arc<dyn Fn(LambdaEvent<Value>) -> Answer + Send + Sync>;

/// A function made of a closure.
struct Fake(Handler);

#[async_trait]
impl Function for Fake {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        (self.0)(event).await
    }
}

/// Makes the functions of a test and keeps what they were given.
#[derive(Default)]
pub(crate) struct Fakes {
    handlers: BTreeMap<String, Handler>,
    pub(crate) environments: Mutex<BTreeMap<String, Environment>>,
}

impl Fakes {
    pub(crate) fn with<F>(
        mut self,
        name: &str,
        handler: impl Fn(LambdaEvent<Value>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Value, FunctionError>> + Send + 'static,
    {
        self.handlers
            .insert(name.to_owned(), Arc::new(move |event| Box::pin(handler(event))));
        self
    }
}

#[async_trait]
impl FunctionFactory for Fakes {
    fn names(&self) -> Vec<String> {
        self.handlers.keys().cloned().collect()
    }

    async fn create(&self, name: &str, environment: &Environment) -> anyhow::Result<Arc<dyn Function>> {
        self.environments
            .lock()
            .unwrap()
            .insert(name.to_owned(), environment.clone());
        Ok(Arc::new(Fake(Arc::clone(&self.handlers[name]))))
    }
}

/// Queues on a loopback port of their own.
pub(crate) async fn start_queues() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = SqsConfig {
        host: "127.0.0.1".to_owned(),
        port,
        ..SqsConfig::default()
    };
    let handler = RustackSqsHandler::new(Arc::new(RustackSqs::new(config)));
    let service = SqsHttpService::new(Arc::new(handler), SqsHttpConfig::default());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                let connection = hyper::server::conn::http1::Builder::new();
                let _ended = connection.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    format!("http://127.0.0.1:{port}")
}

pub(crate) fn stack(resources: &str) -> Stack {
    let text = format!(
        "
Globals:
  Function:
    Runtime: provided.al2023
    Handler: bootstrap
Resources:
{resources}"
    );
    let deployment = Deployment {
        stack_name: "test".to_owned(),
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        parameters: BTreeMap::new(),
    };
    template::read(&text, &deployment).unwrap()
}

pub(crate) const QUEUE_AND_WORKER: &str = "
  Work:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: test-work
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  Dead: {Type: AWS::SQS::Queue}
  Worker:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: imprint-worker}}
    Properties:
      CodeUri: functions/worker
      Timeout: 5
      Environment: {Variables: {QUEUE: !Ref Work, ARN: !GetAtt Work.Arn, STAGE: prod}}
      Events:
        Work:
          Type: SQS
          Properties:
            Queue: !GetAtt Work.Arn
            BatchSize: 10
            MaximumBatchingWindowInSeconds: 1
            FunctionResponseTypes: [ReportBatchItemFailures]
";

pub(crate) struct Bench {
    pub(crate) runner: Runner,
    sqs: aws_sdk_sqs::Client,
    pub(crate) http: Option<SocketAddr>,
}

impl Bench {
    pub(crate) async fn start(stack: Stack, fakes: &Fakes) -> Self {
        let url = start_queues().await;
        let mut options = RunnerOptions::new(Endpoints {
            // Nothing in these stacks is a bucket or a table, unless a test says where they are.
            s3: "http://127.0.0.1:9".to_owned(),
            dynamodb: "http://127.0.0.1:9".to_owned(),
            sqs: url.clone(),
            access_key: "key".to_owned(),
            secret_key: "secret".to_owned(),
        });
        options.redelivery_delay = Duration::ZERO;
        options.retry_delay = Duration::from_millis(10);
        options.environment = [("STAGE".to_owned(), "local".to_owned())].into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = (!stack.http_apis.is_empty()).then(|| listener.local_addr().unwrap());
        let triggers = Triggers {
            objects: futures_util::stream::empty().boxed(),
            http: Some(listener),
        };
        let runner = Runner::start(stack, options, fakes, triggers).await.unwrap();
        let credentials = aws_sdk_sqs::config::Credentials::new("key", "secret", None, None, "test");
        let config = aws_sdk_sqs::Config::builder()
            .endpoint_url(url)
            .region(aws_sdk_sqs::config::Region::new("us-east-1"))
            .credentials_provider(credentials)
            .build();
        Self {
            runner,
            sqs: aws_sdk_sqs::Client::from_conf(config),
            http,
        }
    }

    pub(crate) async fn send(&self, queue: &str, body: &str) {
        let url = self.runner.reference(queue).unwrap();
        self.sqs
            .send_message()
            .queue_url(url)
            .message_body(body)
            .send()
            .await
            .unwrap();
    }

    pub(crate) async fn send_in_order(&self, queue: &str, group: &str, body: &str) {
        let url = self.runner.reference(queue).unwrap();
        let request = self.sqs.send_message().queue_url(url).message_body(body);
        request
            .message_group_id(group)
            .message_deduplication_id(body)
            .send()
            .await
            .unwrap();
    }

    pub(crate) async fn quiet(&self) {
        self.runner.quiesce(Duration::from_secs(20)).await.unwrap();
    }
}

/// What functions were given, in order.
pub(crate) type Seen<T> = Arc<Mutex<Vec<T>>>;

pub(crate) fn bodies(event: &Value) -> Vec<(String, String)> {
    let records = event["Records"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    records
        .iter()
        .map(|record| (text(&record["messageId"]), text(&record["body"])))
        .collect()
}
