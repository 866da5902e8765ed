//! Queues.

use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use serde_json::json;

use super::{sqs, start};

async fn receive(sqs: &aws_sdk_sqs::Client, url: &str, wait: i32) -> Vec<aws_sdk_sqs::types::Message> {
    let receive = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .wait_time_seconds(wait);
    receive.send().await.unwrap().messages.unwrap_or_default()
}

#[tokio::test]
async fn a_fifo_queue_keeps_order_locks_groups_and_drops_duplicates() {
    let stand_ins = start(None).await;
    let sqs = sqs(&stand_ins);
    let create = sqs
        .create_queue()
        .queue_name("copy.fifo")
        .attributes(Attribute::FifoQueue, "true");
    let url = create
        .attributes(Attribute::VisibilityTimeout, "30")
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    assert!(url.starts_with(&stand_ins.sqs_url()));
    for (group, body, id) in [
        ("A", "A0", "1"),
        ("B", "B0", "2"),
        ("A", "A1", "3"),
        ("A", "again", "3"),
    ] {
        let send = sqs
            .send_message()
            .queue_url(&url)
            .message_body(body)
            .message_group_id(group);
        send.message_deduplication_id(id).send().await.unwrap();
    }
    let first = receive(&sqs, &url, 0).await;
    let mut bodies: Vec<&str> = first.iter().map(|message| message.body().unwrap()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, ["A0", "B0"]);
    assert!(receive(&sqs, &url, 0).await.is_empty(), "both groups are locked");
    for message in first {
        sqs.delete_message()
            .queue_url(&url)
            .receipt_handle(message.receipt_handle.unwrap())
            .send()
            .await
            .unwrap();
    }
    let next = receive(&sqs, &url, 0).await;
    assert_eq!(
        next.iter()
            .map(|message| message.body().unwrap())
            .collect::<Vec<_>>(),
        ["A1"]
    );
    // Given back, it comes again at once.
    let back = sqs
        .change_message_visibility()
        .queue_url(&url)
        .visibility_timeout(0);
    back.receipt_handle(next[0].receipt_handle().unwrap())
        .send()
        .await
        .unwrap();
    let again = receive(&sqs, &url, 0).await;
    assert_eq!(again[0].body(), Some("A1"));
    let junk = sqs
        .delete_message()
        .queue_url(&url)
        .receipt_handle("junk")
        .send()
        .await
        .unwrap_err();
    assert!(junk.into_service_error().is_receipt_handle_is_invalid());
}

#[tokio::test]
async fn a_message_that_keeps_failing_ends_in_the_dead_letter_queue() {
    let stand_ins = start(None).await;
    let sqs = sqs(&stand_ins);
    let dead = sqs
        .create_queue()
        .queue_name("dead")
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    let arn = sqs
        .get_queue_attributes()
        .queue_url(&dead)
        .attribute_names(Attribute::QueueArn)
        .send()
        .await
        .unwrap();
    let arn = &arn.attributes.unwrap()[&Attribute::QueueArn];
    let policy = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 2}).to_string();
    let create = sqs
        .create_queue()
        .queue_name("live")
        .attributes(Attribute::RedrivePolicy, policy);
    let live = create.send().await.unwrap().queue_url.unwrap();
    sqs.send_message()
        .queue_url(&live)
        .message_body("poison")
        .send()
        .await
        .unwrap();
    for _ in 0..2 {
        let received = receive(&sqs, &live, 0).await;
        let back = sqs
            .change_message_visibility()
            .queue_url(&live)
            .visibility_timeout(0);
        back.receipt_handle(received[0].receipt_handle().unwrap())
            .send()
            .await
            .unwrap();
    }
    assert!(receive(&sqs, &live, 0).await.is_empty());
    let moved = receive(&sqs, &dead, 5).await;
    assert_eq!(moved[0].body(), Some("poison"));
    let large = "x".repeat(200_000);
    let mut batch = sqs.send_message_batch().queue_url(&live);
    for id in 0..6 {
        let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder().id(id.to_string());
        batch = batch.entries(entry.message_body(&large).build().unwrap());
    }
    assert!(
        batch
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_batch_request_too_long()
    );
}
