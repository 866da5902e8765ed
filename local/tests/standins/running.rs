//! Starting, counting, delaying, stopping.

use std::path::Path;
use std::time::{Duration, Instant};

use aws_sdk_s3::types::MetadataDirective;
use imprint_local::standins::StandIns;
use imprint_local::standins::front::LatencyChange;
use serde_json::json;

use super::{BUCKET, copy_source, dynamodb, keys, options, put, read, s3, sqs, start};

#[tokio::test]
async fn a_restart_finds_objects_and_items_again() {
    let data = tempfile::tempdir().unwrap();
    let stand_ins = start(Some(data.path())).await;
    let client = s3(&stand_ins, "test");
    put(&client, "p/builds/1", b"").await;
    put(&client, "p/builds/1/index.html", b"page").await;
    let copy = client.copy_object().bucket(BUCKET).key("p/v/main/index.html");
    let copy = copy.copy_source(copy_source("p/builds/1/index.html"));
    let copy = copy
        .metadata_directive(MetadataDirective::Replace)
        .cache_control("no-cache");
    copy.metadata("surrogate-key", "k").send().await.unwrap();
    put(&client, "gone", b"x").await;
    client
        .delete_object()
        .bucket(BUCKET)
        .key("gone")
        .send()
        .await
        .unwrap();
    table(&dynamodb(&stand_ins)).await;
    stand_ins.shutdown().await;
    // Someone edits a page while the stack is down.
    let edited = data.path().join("s3").join(BUCKET).join("p/builds/1/index.html");
    std::fs::remove_file(&edited).unwrap();
    std::fs::write(&edited, b"edited").unwrap();

    let stand_ins = start(Some(data.path())).await;
    let client = s3(&stand_ins, "test");
    assert_eq!(
        keys(&client, "", 10).await,
        ["p/builds/1", "p/builds/1/index.html", "p/v/main/index.html"]
    );
    assert_eq!(read(&client, "p/builds/1/index.html").await, b"edited");
    let head = client
        .head_object()
        .bucket(BUCKET)
        .key("p/v/main/index.html")
        .send()
        .await
        .unwrap();
    assert_eq!(head.cache_control(), Some("no-cache"));
    assert_eq!(head.metadata().unwrap()["surrogate-key"], "k");
    let item = dynamodb(&stand_ins).get_item().table_name("table");
    let item = item
        .key("pk", aws_sdk_dynamodb::types::AttributeValue::S("a".into()))
        .send()
        .await
        .unwrap();
    assert!(item.item().is_some());
    stand_ins.shutdown().await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let (data, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let stand_ins = start(Some(data.path())).await;
    put(&s3(&stand_ins, "test"), "a/b", b"page").await;
    // What the directory holds at this moment is what a kill would leave.
    copy_directory(data.path(), copy.path());
    let restarted = start(Some(copy.path())).await;
    assert_eq!(read(&s3(&restarted, "test"), "a/b").await, b"page");
}

fn copy_directory(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => {
                std::fs::create_dir(&target).unwrap();
                copy_directory(&entry.path(), &target);
            }
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[tokio::test]
async fn a_second_stack_on_the_same_data_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let stand_ins = start(Some(data.path())).await;
    let refused = format!(
        "{:#}",
        StandIns::start(options(Some(data.path()))).await.unwrap_err()
    );
    assert!(refused.contains("in use by another process"), "{refused}");
    stand_ins.shutdown().await;
}

async fn table(dynamodb: &aws_sdk_dynamodb::Client) {
    use aws_sdk_dynamodb::types as t;
    let key = t::KeySchemaElement::builder()
        .attribute_name("pk")
        .key_type(t::KeyType::Hash)
        .build()
        .unwrap();
    let attribute = t::AttributeDefinition::builder().attribute_name("pk");
    let attribute = attribute
        .attribute_type(t::ScalarAttributeType::S)
        .build()
        .unwrap();
    let create = dynamodb
        .create_table()
        .table_name("table")
        .key_schema(key)
        .attribute_definitions(attribute);
    create
        .billing_mode(t::BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
    let put = dynamodb
        .put_item()
        .table_name("table")
        .item("pk", t::AttributeValue::S("a".into()));
    put.send().await.unwrap();
}

#[tokio::test]
async fn requests_are_counted_by_function_service_and_operation() {
    let stand_ins = start(None).await;
    let (copier, api) = (s3(&stand_ins, "copy-edition"), s3(&stand_ins, "api"));
    put(&api, "a", b"x").await;
    for n in 0..3 {
        let copy = copier
            .copy_object()
            .bucket(BUCKET)
            .key(format!("b{n}"))
            .copy_source(copy_source("a"));
        copy.send().await.unwrap();
    }
    keys(&copier, "", 1000).await;
    table(&dynamodb(&stand_ins)).await;
    sqs(&stand_ins)
        .create_queue()
        .queue_name("q")
        .send()
        .await
        .unwrap();
    let counted = serde_json::to_value(stand_ins.counts().snapshot()).unwrap();
    let expected = json!({
        "copy-edition": {"s3": {"CopyObject": 3, "ListObjectsV2": 1}},
        "api": {"s3": {"PutObject": 1}, "dynamodb": {"CreateTable": 1, "PutItem": 1}},
        "-": {"sqs": {"CreateQueue": 1}},
    });
    assert_eq!(counted, expected);
    stand_ins.counts().reset();
    assert!(stand_ins.counts().snapshot().is_empty());
}

#[tokio::test]
async fn latency_is_added_to_each_request_while_running() {
    let stand_ins = start(None).await;
    let s3 = s3(&stand_ins, "test");
    put(&s3, "a", b"x").await;
    stand_ins.latency().set(LatencyChange {
        s3_ms: Some(300),
        ..LatencyChange::default()
    });
    let before = Instant::now();
    let reads = (0..20).map(|_| read(&s3, "a"));
    futures_util::future::join_all(reads).await;
    // They wait, and side by side: the upper bound is far off, for busy machines.
    assert!(before.elapsed() >= Duration::from_millis(300));
    assert!(before.elapsed() < Duration::from_millis(20 * 300));
    stand_ins.latency().set(LatencyChange {
        s3_ms: Some(0),
        ..LatencyChange::default()
    });
    assert_eq!(stand_ins.latency().get().s3_ms, 0);
}
