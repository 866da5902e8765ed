//! Queues.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use imprint_local::runner::{Endpoints, Phase, QueueDepth, Runner, RunnerOptions, Triggers};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::{Bench, Fakes, QUEUE_AND_WORKER, Seen, bodies, stack};

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
#[expect(clippy::disallowed_methods, reason = "deadlines are of the wall clock")]
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
