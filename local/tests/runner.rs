//! The runner calls functions as AWS would: shown with fake functions, and real queues in this process.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use hyper_util::rt::TokioIo;
use imprint_lambda::{Function, FunctionError, LambdaEvent};
use imprint_local::runner::{
    Endpoints, Environment, FunctionFactory, ObjectCreated, Phase, QueueDepth, Runner, RunnerOptions,
    Triggers,
};
use imprint_local::standins::{Ports, StandInOptions, StandIns};
use imprint_local::template::{self, Deployment, Stack};
use rustack_sqs_core::config::SqsConfig;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_http::service::{SqsHttpConfig, SqsHttpService};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

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
struct Fakes {
    handlers: BTreeMap<String, Handler>,
    environments: Mutex<BTreeMap<String, Environment>>,
}

impl Fakes {
    fn with<F>(
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
async fn start_queues() -> String {
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

fn stack(resources: &str) -> Stack {
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

const QUEUE_AND_WORKER: &str = "
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

struct Bench {
    runner: Runner,
    sqs: aws_sdk_sqs::Client,
    http: Option<SocketAddr>,
}

impl Bench {
    async fn start(stack: Stack, fakes: &Fakes) -> Self {
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

    async fn send(&self, queue: &str, body: &str) {
        let url = self.runner.reference(queue).unwrap();
        self.sqs
            .send_message()
            .queue_url(url)
            .message_body(body)
            .send()
            .await
            .unwrap();
    }

    async fn send_in_order(&self, queue: &str, group: &str, body: &str) {
        let url = self.runner.reference(queue).unwrap();
        let request = self.sqs.send_message().queue_url(url).message_body(body);
        request
            .message_group_id(group)
            .message_deduplication_id(body)
            .send()
            .await
            .unwrap();
    }

    async fn quiet(&self) {
        self.runner.quiesce(Duration::from_secs(20)).await.unwrap();
    }
}

/// What functions were given, in order.
type Seen<T> = Arc<Mutex<Vec<T>>>;

fn bodies(event: &Value) -> Vec<(String, String)> {
    let records = event["Records"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    records
        .iter()
        .map(|record| (text(&record["messageId"]), text(&record["body"])))
        .collect()
}

/// A worker that fails the records whose body is one of these.
fn failing(bad: &'static [&'static str], seen: &Seen<String>) -> Fakes {
    let seen = Arc::clone(seen);
    Fakes::default().with("worker", move |event| {
        let records = bodies(&event.payload);
        seen.lock()
            .unwrap()
            .extend(records.iter().map(|(_, body)| body.clone()));
        let failed: Vec<Value> = records
            .iter()
            .filter(|(_, body)| bad.contains(&body.as_str()))
            .map(|(id, _)| json!({ "itemIdentifier": id }))
            .collect();
        async move { Ok(json!({ "batchItemFailures": failed })) }
    })
}

#[tokio::test]
async fn a_poisonous_record_ends_in_the_dead_letters_and_harms_no_neighbour() {
    let seen = Seen::default();
    let bench = Bench::start(stack(QUEUE_AND_WORKER), &failing(&["poison"], &seen)).await;
    for body in ["a", "poison", "b"] {
        bench.send("Work", body).await;
    }
    bench.quiet().await;
    let seen = seen.lock().unwrap().clone();
    let times = |wanted: &str| seen.iter().filter(|body| *body == wanted).count();
    assert_eq!((times("a"), times("b"), times("poison")), (1, 1, 3), "{seen:?}");
    let depths = bench.runner.queues().await.unwrap();
    assert_eq!(
        depths,
        [(
            "work".to_owned(),
            QueueDepth {
                dead_letters: 1,
                ..QueueDepth::default()
            }
        )]
        .into()
    );
    bench.runner.shutdown().await;
}

#[tokio::test]
async fn a_failed_invocation_brings_the_whole_batch_again() {
    let seen: Seen<usize> = Seen::default();
    let counted = Arc::clone(&seen);
    let fakes = Fakes::default().with("worker", move |event| {
        let mut seen = counted.lock().unwrap();
        seen.push(bodies(&event.payload).len());
        let first = seen.len() == 1;
        async move {
            if first {
                Err("not today".into())
            } else {
                Ok(Value::Null)
            }
        }
    });
    let bench = Bench::start(stack(QUEUE_AND_WORKER), &fakes).await;
    for body in ["a", "b"] {
        bench.send("Work", body).await;
    }
    bench.quiet().await;
    assert_eq!(*seen.lock().unwrap(), [2, 2]);
    assert_eq!(
        bench.runner.queues().await.unwrap()["work"],
        QueueDepth::default()
    );
}

#[tokio::test]
async fn a_queue_record_looks_as_lambda_sends_it() {
    let (sender, mut events) = mpsc::unbounded_channel();
    let fakes = Fakes::default().with("worker", move |event| {
        sender.send((event.payload, event.context)).unwrap();
        async { Ok(Value::Null) }
    });
    let bench = Bench::start(stack(QUEUE_AND_WORKER), &fakes).await;
    bench.send("Work", "hello").await;
    let (event, context) = events.recv().await.unwrap();
    let record = &event["Records"][0];
    assert_eq!(record["body"], "hello");
    assert_eq!(record["md5OfBody"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(
        record["eventSourceARN"],
        "arn:aws:sqs:us-east-1:000000000000:test-work"
    );
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert!(record["attributes"]["SentTimestamp"].is_string());
    assert_eq!(record["messageAttributes"], json!({}));
    assert_eq!(context.env_config.function_name, "worker");
    let now = jiff::Timestamp::now().as_millisecond() as u64;
    assert!(context.deadline > now && context.deadline <= now + 5000);
}

#[tokio::test]
async fn a_function_gets_local_values_in_its_environment() {
    let fakes = Fakes::default().with("worker", async |_| Ok(Value::Null));
    let bench = Bench::start(stack(QUEUE_AND_WORKER), &fakes).await;
    let environment = fakes.environments.lock().unwrap()["worker"].clone();
    assert_eq!(environment["QUEUE"], bench.runner.reference("Work").unwrap());
    assert!(environment["QUEUE"].starts_with("http://127.0.0.1:"));
    assert_eq!(environment["ARN"], "arn:aws:sqs:us-east-1:000000000000:test-work");
    assert_eq!(
        environment["STAGE"], "local",
        "the caller's word counts more than the template's"
    );
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "worker");
    assert!(environment["AWS_ENDPOINT_URL_SQS"].starts_with("http://127.0.0.1:"));
}

#[tokio::test]
async fn template_and_program_must_have_the_same_functions() {
    for (fakes, named) in [
        (Fakes::default(), "worker"),
        (
            Fakes::default()
                .with("worker", async |_| Ok(Value::Null))
                .with("stranger", async |_| Ok(Value::Null)),
            "stranger",
        ),
    ] {
        let endpoints = Endpoints {
            s3: String::new(),
            dynamodb: String::new(),
            sqs: String::new(),
            access_key: String::new(),
            secret_key: String::new(),
        };
        let triggers = Triggers {
            objects: futures_util::stream::empty().boxed(),
            http: None,
        };
        let started = Runner::start(
            stack(QUEUE_AND_WORKER),
            RunnerOptions::new(endpoints),
            &fakes,
            triggers,
        )
        .await;
        assert!(started.unwrap_err().to_string().contains(named));
    }
}

const FIFO: &str = "
  Work:
    Type: AWS::SQS::Queue
    Properties:
      FifoQueue: true
      QueueName: test-work.fifo
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  Dead: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}
  Worker:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: imprint-worker}}
    Properties:
      CodeUri: functions/worker
      Timeout: 5
      Events:
        Work:
          Type: SQS
          Properties:
            Queue: !GetAtt Work.Arn
            BatchSize: 1
            FunctionResponseTypes: [ReportBatchItemFailures]
";

#[tokio::test]
async fn messages_of_one_group_come_in_order_and_groups_do_not_wait_for_each_other() {
    let log: Seen<String> = Seen::default();
    let written = Arc::clone(&log);
    let failed_once = Arc::new(Mutex::new(false));
    let fakes = Fakes::default().with("worker", move |event| {
        let log = Arc::clone(&written);
        let failed_once = Arc::clone(&failed_once);
        async move {
            let (id, body) = bodies(&event.payload).remove(0);
            log.lock().unwrap().push(format!("+{body}"));
            tokio::time::sleep(Duration::from_millis(if body.starts_with('a') {
                150
            } else {
                20
            }))
            .await;
            log.lock().unwrap().push(format!("-{body}"));
            if body == "a1" && !std::mem::replace(&mut *failed_once.lock().unwrap(), true) {
                return Ok(json!({ "batchItemFailures": [{ "itemIdentifier": id }] }));
            }
            Ok(Value::Null)
        }
    });
    let bench = Bench::start(stack(FIFO), &fakes).await;
    for body in ["a1", "a2", "b1", "b2"] {
        bench.send_in_order("Work", &body[..1], body).await;
    }
    bench.quiet().await;
    let log = log.lock().unwrap().clone();
    let of = |group: char| -> Vec<&str> {
        log.iter()
            .map(String::as_str)
            .filter(|entry| entry[1..].starts_with(group))
            .collect()
    };
    assert_eq!(
        of('a'),
        ["+a1", "-a1", "+a1", "-a1", "+a2", "-a2"],
        "the failed one comes again before the next"
    );
    assert_eq!(of('b'), ["+b1", "-b1", "+b2", "-b2"]);
    let place = |entry: &str| log.iter().position(|one| one == entry).unwrap();
    assert!(place("+b1") < place("-a1"), "{log:?}");
}

#[tokio::test]
async fn a_message_is_taken_up_at_once_and_shown_to_watchers() {
    let fakes = Fakes::default().with("worker", async |_| Ok(Value::Null));
    let bench = Bench::start(stack(FIFO), &fakes).await;
    let mut invocations = bench.runner.invocations();
    // Let the poller wait first.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let sent = std::time::Instant::now();
    bench.send_in_order("Work", "g", "x").await;
    let begun = invocations.recv().await.unwrap();
    assert!(
        sent.elapsed() < Duration::from_millis(250),
        "{:?}",
        sent.elapsed()
    );
    assert_eq!(
        (begun.function.as_str(), begun.trigger.as_str()),
        ("worker", "queue work.fifo")
    );
    assert!(matches!(begun.phase, Phase::Started));
    let ended = invocations.recv().await.unwrap();
    assert_eq!(ended.request_id, begun.request_id);
    assert!(matches!(ended.phase, Phase::Ended { failure: None, .. }));
}

#[tokio::test]
async fn quiesce_says_what_still_runs() {
    let fakes = Fakes::default().with("worker", async |_| {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(Value::Null)
    });
    let bench = Bench::start(stack(FIFO), &fakes).await;
    bench.send_in_order("Work", "g", "x").await;
    let busy = bench
        .runner
        .quiesce(Duration::from_millis(400))
        .await
        .unwrap_err();
    assert_eq!(busy.running, [("worker".to_owned(), 1)].into());
    assert_eq!(busy.queues["work.fifo"].in_flight, 1);
    bench.quiet().await;
}

#[tokio::test]
async fn shutdown_lets_an_invocation_finish_and_its_message_go() {
    let done = Arc::new(Mutex::new(false));
    let finished = Arc::clone(&done);
    let fakes = Fakes::default().with("worker", move |_| {
        let done = Arc::clone(&finished);
        async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            *done.lock().unwrap() = true;
            Ok(Value::Null)
        }
    });
    let bench = Bench::start(stack(FIFO), &fakes).await;
    bench.send_in_order("Work", "g", "x").await;
    while bench.runner.running().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bench.runner.shutdown().await;
    assert!(*done.lock().unwrap());
    assert_eq!(
        bench.runner.queues().await.unwrap()["work.fifo"],
        QueueDepth::default()
    );
}

const SCHEDULED: &str = "
  Sweep:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: imprint-sweep}}
    Properties:
      CodeUri: functions/sweep
      Events:
        Tick:
          Type: Schedule
          Properties: {Name: test-sweep, Schedule: rate(1 minute), Input: '{\"older\":120}'}
        Plain:
          Type: Schedule
          Properties: {Schedule: rate(5 minutes)}
";

#[tokio::test]
async fn a_schedule_runs_when_asked_and_brings_its_input() {
    let fakes = Fakes::default().with("sweep", async |event| Ok(json!({ "got": event.payload })));
    let bench = Bench::start(stack(SCHEDULED), &fakes).await;
    assert_eq!(
        bench.runner.run_schedule("sweep").await.unwrap(),
        json!({"got": {"older": 120}})
    );
    assert_eq!(
        bench.runner.run_schedule_with("sweep", json!(7)).await.unwrap(),
        json!({"got": 7})
    );
    let plain = bench.runner.run_schedule("Plain").await.unwrap();
    assert_eq!(plain["got"]["detail-type"], "Scheduled Event");
    assert!(
        bench
            .runner
            .run_schedule("nightly")
            .await
            .unwrap_err()
            .to_string()
            .contains("nightly")
    );
}

const HTTP: &str = "
  HttpApi: {Type: AWS::Serverless::HttpApi}
  Api:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: imprint-api}}
    Properties:
      CodeUri: functions/api
      Timeout: 1
      Events:
        All: {Type: HttpApi, Properties: {ApiId: !Ref HttpApi}}
";

/// Answers with the event it got, or does what the path says.
fn http_fakes() -> Fakes {
    Fakes::default().with("api", async |event: LambdaEvent<Value>| {
        let event = event.payload;
        match event["rawPath"].as_str().unwrap() {
            "/panic" => panic!("as asked"),
            "/fail" => Err("as asked".into()),
            "/slow" => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(Value::Null)
            }
            "/large" => Ok(json!({ "statusCode": 200, "body": "x".repeat(7_000_000) })),
            "/binary" => Ok(json!({
                "statusCode": 201,
                "headers": { "content-type": "image/png", "x-one": "1" },
                "multiValueHeaders": { "x-two": ["2"] },
                "cookies": ["a=1; Path=/", "b=2"],
                "body": STANDARD.encode([0_u8, 159, 146, 150]),
                "isBase64Encoded": true,
            })),
            _ => Ok(event),
        }
    })
}

#[tokio::test]
async fn a_request_becomes_an_event_of_format_2() {
    let bench = Bench::start(stack(HTTP), &http_fakes()).await;
    let url = format!("http://{}/a%20b/c?x=1&x=2&y=%C3%BC+z", bench.http.unwrap());
    let client = reqwest::Client::new();
    let request = client
        .post(&url)
        .header("Cookie", "one=1; two=2")
        .header("X-Twice", "a")
        .header("X-Twice", "b");
    let answer = request
        .header("Content-Type", "application/json")
        .body("{\"ä\":1}")
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "application/json",
        "without a status the answer is the body"
    );
    let event: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(
        (&event["version"], &event["routeKey"]),
        (&json!("2.0"), &json!("$default"))
    );
    assert_eq!(event["rawPath"], "/a b/c", "HTTP APIs decode the path");
    assert_eq!(event["rawQueryString"], "x=1&x=2&y=%C3%BC+z");
    assert_eq!(event["queryStringParameters"], json!({"x": "1,2", "y": "ü z"}));
    assert_eq!(event["cookies"], json!(["one=1", "two=2"]));
    assert_eq!(event["headers"]["x-twice"], "a,b");
    assert_eq!(event["headers"]["x-forwarded-proto"], "http");
    assert!(event["headers"].get("cookie").is_none());
    assert_eq!(event["requestContext"]["http"]["method"], "POST");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(event["requestContext"]["domainName"], "127.0.0.1");
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("{\"ä\":1}"), &json!(false))
    );

    let answer = client.put(&url).body(vec![0_u8, 255]).send().await.unwrap();
    let event: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("AP8="), &json!(true))
    );
}

#[tokio::test]
async fn an_answer_of_format_2_becomes_a_response() {
    let bench = Bench::start(stack(HTTP), &http_fakes()).await;
    let answer = reqwest::get(format!("http://{}/binary", bench.http.unwrap()))
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(answer.headers()["x-one"], "1");
    assert!(
        !answer.headers().contains_key("x-two"),
        "format 2.0 has no multiValueHeaders"
    );
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").into_iter().collect();
    assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
    assert_eq!(*answer.bytes().await.unwrap(), [0, 159, 146, 150]);
}

#[tokio::test]
async fn a_function_that_goes_wrong_harms_no_other_request() {
    let bench = Bench::start(stack(HTTP), &http_fakes()).await;
    let address = bench.http.unwrap();
    let slow = tokio::spawn(reqwest::get(format!("http://{address}/slow")));
    for path in ["panic", "fail", "large"] {
        let answer = reqwest::get(format!("http://{address}/{path}")).await.unwrap();
        assert_eq!(answer.status(), 500, "{path}");
        assert_eq!(
            answer.text().await.unwrap(),
            r#"{"message":"Internal Server Error"}"#
        );
    }
    assert_eq!(
        reqwest::get(format!("http://{address}/fine"))
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        slow.await.unwrap().unwrap().status(),
        500,
        "a second is all that this function has"
    );
    assert!(bench.runner.running().is_empty());
    let large = vec![b'x'; 11 * 1024 * 1024];
    let answer = reqwest::Client::new()
        .post(format!("http://{address}/"))
        .body(large)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 413);
}

const UPLOADS: &str = "
  Docs: {Type: AWS::S3::Bucket, Properties: {BucketName: docs}}
  Dead: {Type: AWS::SQS::Queue}
  Register:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: imprint-register}}
    Properties:
      CodeUri: functions/register
      EventInvokeConfig:
        MaximumRetryAttempts: 2
        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Dead.Arn}}
      Events:
        Uploaded:
          Type: S3
          Properties:
            Bucket: !Ref Docs
            Events: s3:ObjectCreated:Post
            Filter: {S3Key: {Rules: [{Name: prefix, Value: up/}, {Name: suffix, Value: .done}]}}
";

/// Says that the bucket exists, which is all that the runner asks of S3.
async fn bucket_that_exists() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(async || "")).await });
    format!("http://{address}")
}

fn object(key: &str) -> ObjectCreated {
    ObjectCreated {
        bucket: "docs".to_owned(),
        key: key.to_owned(),
        size: 3,
        etag: "e".to_owned(),
        sequencer: "01".to_owned(),
        event_name: "ObjectCreated:Post".to_owned(),
        time: "2025-11-22T00:40:00.123Z".parse().unwrap(),
    }
}

async fn uploads(fakes: &Fakes) -> (Runner, mpsc::UnboundedSender<ObjectCreated>) {
    let mut options = RunnerOptions::new(Endpoints {
        s3: bucket_that_exists().await,
        dynamodb: "http://127.0.0.1:9".to_owned(),
        sqs: start_queues().await,
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
    });
    options.retry_delay = Duration::from_millis(10);
    let (objects, stream) = mpsc::unbounded_channel();
    let stream =
        futures_util::stream::unfold(stream, async |mut stream| Some((stream.recv().await?, stream)));
    let triggers = Triggers {
        objects: stream.boxed(),
        http: None,
    };
    (
        Runner::start(stack(UPLOADS), options, fakes, triggers)
            .await
            .unwrap(),
        objects,
    )
}

#[tokio::test]
async fn only_objects_that_the_filter_lets_through_call_the_function() {
    let seen: Seen<Value> = Seen::default();
    let written = Arc::clone(&seen);
    let fakes = Fakes::default().with("register", move |event| {
        written.lock().unwrap().push(event.payload);
        async { Ok(Value::Null) }
    });
    let (runner, objects) = uploads(&fakes).await;
    let elsewhere = ObjectCreated {
        bucket: "other".to_owned(),
        ..object("up/1.done")
    };
    let copied = ObjectCreated {
        event_name: "ObjectCreated:Copy".to_owned(),
        ..object("up/1.done")
    };
    for one in [
        object("down/1.done"),
        object("up/1.doing"),
        elsewhere,
        copied,
        object("up/a b/ü.done"),
    ] {
        objects.send(one).unwrap();
    }
    runner.quiesce(Duration::from_secs(5)).await.unwrap();
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 1, "{seen:?}");
    let record = &seen[0]["Records"][0];
    assert_eq!(record["eventName"], "ObjectCreated:Post");
    assert_eq!(record["eventTime"], "2025-11-22T00:40:00.123Z");
    assert_eq!(record["s3"]["bucket"]["name"], "docs");
    assert_eq!(record["s3"]["object"]["key"], "up/a+b/%C3%BC.done");
    assert_eq!(record["s3"]["object"]["size"], 3);
}

#[tokio::test]
async fn an_object_event_is_tried_three_times_and_then_kept() {
    let tries = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&tries);
    let fakes = Fakes::default().with("register", move |_| {
        *counted.lock().unwrap() += 1;
        async { Err("never".into()) }
    });
    let (runner, objects) = uploads(&fakes).await;
    objects.send(object("up/1.done")).unwrap();
    runner.quiesce(Duration::from_secs(5)).await.unwrap();
    assert_eq!(*tries.lock().unwrap(), 3);
    let kept = QueueDepth {
        dead_letters: 1,
        ..QueueDepth::default()
    };
    assert_eq!(runner.queues().await.unwrap(), [("Dead".to_owned(), kept)].into());
}

#[tokio::test]
async fn a_stopped_stack_answers_no_more_requests() {
    let bench = Bench::start(stack(HTTP), &http_fakes()).await;
    let url = format!("http://{}/", bench.http.unwrap());
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    bench.runner.shutdown().await;
    assert!(reqwest::get(&url).await.is_err(), "nobody listens any more");
}

/// Our own template on the stand-ins, with functions that do nothing.
async fn our_stack(stand_ins: &StandIns, stack: Stack) -> anyhow::Result<Runner> {
    let idle = async |_| Ok(Value::Null);
    let fakes = ["api", "copy-edition", "purge-cdn", "register-build", "sweep"]
        .into_iter()
        .fold(Fakes::default(), |fakes, name| fakes.with(name, idle));
    let options = RunnerOptions::new(Endpoints {
        s3: stand_ins.s3_url(),
        dynamodb: stand_ins.dynamodb_url(),
        sqs: stand_ins.sqs_url(),
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
    });
    let http = Some(TcpListener::bind("127.0.0.1:0").await?);
    let triggers = Triggers {
        objects: futures_util::stream::empty().boxed(),
        http,
    };
    Runner::start(stack, options, &fakes, triggers).await
}

#[tokio::test]
async fn our_resources_are_made_once_and_found_again() {
    let stand_ins = StandIns::start(StandInOptions {
        data: None,
        buckets: vec![],
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
        ports: Ports::default(),
    })
    .await
    .unwrap();
    let parameters = [("Domain", "docs.test"), ("BucketName", "imprint-local")];
    let deployment = Deployment {
        stack_name: "imprint".to_owned(),
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    };
    let ours = template::read(include_str!("../../template.yaml"), &deployment).unwrap();
    for _ in 0..2 {
        let runner = our_stack(&stand_ins, ours.clone()).await.unwrap();
        assert_eq!(runner.reference("DocsBucket"), Some("imprint-local"));
        let queues: Vec<String> = runner.queues().await.unwrap().into_keys().collect();
        assert_eq!(queues, ["copy-edition.fifo", "purge-cdn", "register-build"]);
        runner.shutdown().await;
    }
    let mut other = ours;
    other.tables[0].indexes.clear();
    let error = our_stack(&stand_ins, other).await.unwrap_err();
    assert!(
        format!("{error:#}").contains("other keys or indexes"),
        "{error:#}"
    );
    let made = stand_ins.counts().snapshot();
    assert_eq!(made["runner"]["dynamodb"]["CreateTable"], 1);
    assert_eq!(made["runner"]["s3"]["CreateBucket"], 1);
    assert_eq!(made["runner"]["sqs"]["CreateQueue"], 6);
    stand_ins.shutdown().await;
}
