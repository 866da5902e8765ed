//! Messages that are lost, and messages that nobody can read.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use imprint_app::ports::Clock as _;
use imprint_aws::SystemClock;
use imprint_local::demo::Site;
use serde_json::{Value, json};

use super::Deployment;
use crate::failures::{POISON, again, dead_letters, of_kind, poison_is_deleted};
use crate::place::Place;
use crate::support::{succeeded, until, upload};

fn site() -> Site {
    Site::from([("index.html", "<h1>Home</h1>"), ("a/b.html", "b")])
}

/// What hands the queue of register-build to its function, and what an operator can turn off.
pub(super) struct Mapping {
    url: String,
    region: String,
    credentials: Credentials,
}

impl Mapping {
    pub(super) fn of(deployment: &Deployment) -> Self {
        let (id, secret) = (&deployment.access_key, &deployment.secret_key);
        let path = format!(
            "2015-03-31/event-source-mappings/{}",
            deployment.register_build_mapping
        );
        Self {
            url: format!("{}/{path}", deployment.aws()),
            region: deployment.region.clone(),
            credentials: Credentials::new(id, secret, None, None, "test"),
        }
    }

    /// Turns it off or on: UpdateEventSourceMapping of Lambda's API.
    async fn set(&self, enabled: bool) {
        let body = json!({ "Enabled": enabled }).to_string();
        let identity = self.credentials.clone().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("lambda")
            .time(SystemTime::from(SystemClock.now()))
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let signable = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new("PUT", &self.url, std::iter::empty(), signable);
        let (instructions, _) = sign(signable.unwrap(), &params).unwrap().into_parts();
        let mut request = reqwest::Client::new().put(&self.url);
        for (name, value) in instructions.headers() {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{status}: {}", answer.text().await.unwrap());
    }
}

/// Confirms a build while the mapping is off, and loses the message of that. Gives the build and the task.
async fn confirmed_and_lost(place: &Place, queue: &str, product: &str) -> (Value, String) {
    place.product(product).await;
    let build = upload(&place.client, product, &site()).await;
    let task = place.client.confirm(&build).await.unwrap();
    place.sqs().purge_queue().queue_url(queue).send().await.unwrap();
    let found = place.client.read(&task).await.unwrap();
    assert_eq!(found["metadata"]["registration"]["state"], "queued", "{found}");
    (build, task)
}

/// A build of which the message that has it registered was lost.
pub(super) struct Lost {
    product: String,
    task: String,
}

impl Lost {
    pub(super) async fn confirmed(place: &Place, mapping: &Mapping, product: &str) -> Self {
        let queue = place.queue("register-build").await;
        mapping.set(false).await;
        let (_, task) = confirmed_and_lost(place, &queue, product).await;
        mapping.set(true).await;
        Self {
            product: product.to_owned(),
            task,
        }
    }

    /// Nobody calls the sweep: its schedule does, each minute.
    pub(super) async fn comes_again(self, place: &Place) {
        succeeded(&place.client, &self.task).await;
        place.reader(&self.product).has_all(&site()).await.unwrap();
    }
}

/// Longer than a small build takes to be registered, and five times that is not long to wait for.
const SOON_SECONDS: u32 = 3;

/// Two messages come in one batch: one has a build registered that was not, the other is none.
pub(super) async fn poison_harms_no_neighbour(place: &Place, mapping: &Mapping, product: &str) {
    let queue = place.queue("register-build").await;
    let attributes = place.sqs().get_queue_attributes().queue_url(&queue);
    let attributes = attributes.attribute_names(QueueAttributeName::VisibilityTimeout);
    let before = attributes.send().await.unwrap().attributes.unwrap();
    let before = before[&QueueAttributeName::VisibilityTimeout].parse().unwrap();
    mapping.set(false).await;
    place
        .set(&queue, QueueAttributeName::VisibilityTimeout, SOON_SECONDS)
        .await;
    let (build, task) = confirmed_and_lost(place, &queue, product).await;
    let entry = |id: &str, body: String| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(body);
        entry.build().unwrap()
    };
    let sent = place
        .sqs()
        .send_message_batch()
        .queue_url(&queue)
        .entries(entry("poison", POISON.to_owned()))
        .entries(entry("good", again(product, &build, &task)));
    assert_eq!(sent.send().await.unwrap().failed().len(), 0);
    mapping.set(true).await;

    succeeded(&place.client, &task).await;
    place.reader(product).has_all(&site()).await.unwrap();
    until("the poison is a dead letter", async || {
        dead_letters(place).await["count"] == 1
    })
    .await;
    place
        .set(&queue, QueueAttributeName::VisibilityTimeout, before)
        .await;
    let poison = of_kind(&dead_letters(place).await, "unreadable");
    assert_eq!(poison["unread"]["excerpts"], json!([POISON]));
    poison_is_deleted(place, &poison).await;
}
