//! The suite that every adapter passes, here with the deployed adapters against the stand-ins over HTTP.

use async_trait::async_trait;
use imprint_app::ports::{Random as _, SystemRandom};
use imprint_domain::message::Envelope;
use imprint_testing::conformance;
use imprint_testing::conformance::cdn::Backstage;
use imprint_testing::conformance::dead_letters::Undertaker;
use imprint_testing::conformance::queue::Receiver;
use imprint_testing::memory::{Purge, Refusal, Step};
use jiff::SignedDuration;
use reqwest::StatusCode;

use crate::stack::Stack;

#[async_trait]
impl Receiver for Stack {
    async fn receive_all(&self, step: Step) -> Vec<Envelope> {
        let queue = variable(step);
        let mut all = Vec::new();
        loop {
            let messages = self.receive(queue).await;
            if messages.is_empty() {
                return all;
            }
            let bodies = messages.iter().filter_map(|message| message.body());
            all.extend(
                bodies.map(|body| serde_json::from_str::<Envelope>(body).expect("only envelopes are sent")),
            );
        }
    }

    async fn let_pass(&self, time: SignedDuration) {
        tokio::time::sleep(time.unsigned_abs()).await;
    }
}

/// The variable with the URL of a step's queue.
fn variable(step: Step) -> &'static str {
    match step {
        Step::RegisterBuild => "IMPRINT_QUEUE_REGISTER_BUILD",
        Step::UnpackArchive => "IMPRINT_QUEUE_UNPACK_ARCHIVE",
        Step::CopyEdition => "IMPRINT_QUEUE_COPY_EDITION",
        Step::PurgeCdn => "IMPRINT_QUEUE_PURGE_CDN",
        Step::DeliverWebhook => "IMPRINT_QUEUE_DELIVER_WEBHOOK",
        Step::RenderDashboard => "IMPRINT_QUEUE_RENDER_DASHBOARD",
        Step::UpdateDns => "IMPRINT_QUEUE_UPDATE_DNS",
        Step::RenderDocument => "IMPRINT_QUEUE_RENDER_DOCUMENT",
        Step::DeriveFormat => "IMPRINT_QUEUE_DERIVE_FORMAT",
        Step::IndexSearch => "IMPRINT_QUEUE_INDEX_SEARCH",
    }
}

#[async_trait]
impl Undertaker for Stack {
    async fn bury(&self, step: Step, bodies: &[String]) {
        let url = &self.variables[variable(step)];
        let dead = match url.strip_suffix(".fifo") {
            Some(bare) => format!("{bare}-dead-letters.fifo"),
            None => format!("{url}-dead-letters"),
        };
        for body in bodies {
            let mut request = self.sqs.send_message().queue_url(&dead).message_body(body);
            if dead.ends_with(".fifo") {
                request = request
                    .message_group_id("group")
                    .message_deduplication_id(hex::encode(&SystemRandom.bytes()[..8]));
            }
            request.send().await.unwrap();
        }
    }

    async fn let_pass(&self, time: SignedDuration) {
        tokio::time::sleep(time.unsigned_abs()).await;
    }
}

#[async_trait]
impl Backstage for Stack {
    async fn purges(&self) -> Vec<Purge> {
        let purges = self.standins.fastly().purges().into_iter();
        let known = purges.map(|purge| Purge {
            service: purge.service,
            keys: purge
                .keys
                .iter()
                .map(|key| key.parse().expect("only keys are purged"))
                .collect(),
        });
        known.collect()
    }

    async fn refuse_next(&self, refusal: Refusal) {
        let status = match refusal {
            Refusal::Busy { retry_after: None } => StatusCode::SERVICE_UNAVAILABLE,
            // The stand-in says when the limit is lifted: in a second.
            Refusal::Busy { retry_after: Some(_) } => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Refused => StatusCode::FORBIDDEN,
        };
        self.standins.fastly().fail_next(1, status);
    }
}

#[tokio::test]
async fn dynamodb_is_a_catalog() {
    let stack = Stack::start().await;
    conformance::catalog::run(&*stack.env.catalog).await;
}

#[tokio::test]
async fn d26_dynamodb_is_a_registry() {
    let stack = Stack::start().await;
    conformance::registry::run(&*stack.env.registry, &*stack.env.catalog).await;
    let requests: u64 = stack.requests().values().sum();
    assert!(requests < 1600, "{requests} requests");
}

#[tokio::test]
async fn dynamodb_keeps_documents() {
    let stack = Stack::start().await;
    conformance::documents::run(&*stack.env.documents, &*stack.env.catalog).await;
    let requests: u64 = stack.requests().values().sum();
    assert!(requests < 900, "{requests} requests");
}

#[tokio::test]
async fn s3_is_an_object_store() {
    let stack = Stack::start().await;
    conformance::objects::run(&*stack.env.objects).await;
}

#[tokio::test]
async fn sqs_is_the_queues() {
    let stack = Stack::start().await;
    conformance::queue::run(&*stack.env.queue, &stack).await;
}

#[tokio::test]
async fn sqs_keeps_dead_letters() {
    let stack = Stack::start().await;
    conformance::dead_letters::run(&*stack.dead_letters, &stack).await;
}

#[tokio::test]
async fn fastly_is_a_cdn() {
    let stack = Stack::start().await;
    conformance::cdn::run(&*stack.env.cdn, &stack, "service-1").await;
}
