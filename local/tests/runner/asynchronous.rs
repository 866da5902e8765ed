//! Schedules and new objects.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use imprint_local::runner::{Endpoints, ObjectCreated, QueueDepth, Runner, RunnerOptions, Triggers};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::{Bench, Fakes, Seen, stack, start_queues};

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
