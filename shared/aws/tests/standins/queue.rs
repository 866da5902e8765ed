use aws_sdk_sqs::types::MessageSystemAttributeName;
use imprint_domain::message::Envelope;
use imprint_testing::samples;

use crate::stack::Stack;

const REGISTER: &str = "IMPRINT_QUEUE_REGISTER_BUILD";
const COPY: &str = "IMPRINT_QUEUE_COPY_EDITION";
const PURGE: &str = "IMPRINT_QUEUE_PURGE_CDN";

fn register(name: &str) -> Envelope {
    let message = samples::register_message(&samples::task_id(name), &samples::build(1, "main"));
    samples::outbox_entry(name, message).envelope()
}

fn copy(name: &str, edition: u64) -> Envelope {
    let edition = samples::edition(edition, &format!("e{edition}"), "main");
    let message = samples::copy_message(&samples::task_id(name), &edition, &samples::build(1, "main"), 1);
    samples::outbox_entry(name, message).envelope()
}

fn purge(name: &str) -> Envelope {
    let edition = samples::edition(1, "main", "main");
    let message = samples::purge_message(&samples::task_id(name), &edition, &samples::build(1, "main"), 1);
    samples::outbox_entry(name, message).envelope()
}

async fn received(stack: &Stack, queue: &str) -> Vec<Envelope> {
    let messages = stack.receive(queue).await;
    messages
        .iter()
        .map(|message| serde_json::from_str(message.body().unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn each_message_gets_onto_the_queue_of_its_step() {
    let stack = Stack::start().await;
    let sent = [register("a"), copy("b", 1), purge("c"), register("d")];
    stack.env.queue.send(&sent).await.unwrap();
    assert_eq!(stack.requests().into_values().sum::<u64>(), 3);
    assert_eq!(received(&stack, COPY).await, [sent[1].clone()]);
    assert_eq!(received(&stack, PURGE).await, [sent[2].clone()]);
    assert_eq!(received(&stack, REGISTER).await.len(), 2);
}

#[tokio::test]
async fn copies_are_grouped_by_where_they_write_and_sent_ten_at_a_time() {
    let stack = Stack::start().await;
    let sent: Vec<Envelope> = (1..=25).map(|n| copy(&format!("copy {n}"), n)).collect();
    stack.env.queue.send(&sent).await.unwrap();
    assert_eq!(stack.requests().into_values().sum::<u64>(), 3);
    let first = &stack.receive(COPY).await[0];
    let group = first.attributes().unwrap()[&MessageSystemAttributeName::MessageGroupId].clone();
    let envelope: Envelope = serde_json::from_str(first.body().unwrap()).unwrap();
    assert_eq!(Some(group), envelope.message.group());
}

#[tokio::test]
async fn a_repeated_send_is_not_swallowed() {
    let stack = Stack::start().await;
    let first = copy("a", 1);
    let again = Envelope {
        attempt: 2,
        ..first.clone()
    };
    for envelope in [&first, &first, &again] {
        stack
            .env
            .queue
            .send(std::slice::from_ref(envelope))
            .await
            .unwrap();
    }
    let mut all = received(&stack, COPY).await;
    all.extend(received(&stack, COPY).await);
    assert_eq!(all, [first, again]);
}

#[tokio::test]
async fn a_queue_without_address_is_named_and_harms_no_other() {
    let stack = Stack::start().await;
    let env = stack.with(&[(REGISTER, "")]);
    let error = env.queue.send(&[register("a"), purge("b")]).await.unwrap_err();
    assert!(error.0.to_string().contains(REGISTER), "{error:?}");
    assert_eq!(received(&stack, PURGE).await, [purge("b")]);
    let env = stack.with(&[("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")]);
    assert!(env.queue.send(&[purge("c")]).await.is_err());
}
