use serde::Serialize;
use utoipa::ToSchema;

use imprint_domain::slug::OrganizationSlug;
use imprint_domain::webhook::{Answer, Attempt, Delivery, EventKind, Secret, State, Webhook};

use super::Moment;
use crate::urls::Urls;

/// Somebody who is told of what happens in an organization.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct WebhookResource {
    /// Its own URL.
    self_url: String,
    /// Its name in URLs.
    #[schema(example = "5f2b1c9e8d7a46b3a0c4e1d2f3b4a596")]
    id: String,
    /// Where it listens.
    #[schema(example = "https://hooks.example.org/imprint")]
    url: String,
    /// What it is told of.
    #[schema(value_type = Vec<String>, example = json!(["edition.updated"]))]
    events: Vec<&'static str>,
    /// The form of the bodies.
    #[schema(value_type = String, example = "imprint")]
    format: &'static str,
    /// Whether it is told of anything.
    enabled: bool,
    /// When it was made.
    date_created: Moment,
    /// Until when deliveries are signed with the secret before this one, too; null when there was none.
    date_old_secret_ends: Option<Moment>,
    /// What it was told in the last month.
    deliveries_url: String,
}

/// A webhook with its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
pub(crate) struct SecretWebhookResource {
    /// What is known about it.
    #[serde(flatten)]
    webhook: WebhookResource,
    /// What deliveries are signed with. It is shown here and never again.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// One event on its way to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct DeliveryResource {
    /// Its own URL.
    self_url: String,
    /// Its name in URLs, and the `webhook-id` that the receiver gets with every attempt and replay.
    #[schema(example = "019b79a14a000102030405060708090a")]
    id: String,
    /// What happened.
    #[schema(value_type = String, example = "edition.updated")]
    event: &'static str,
    /// When it happened.
    date_event: Moment,
    /// `waiting` while it is tried, `delivered`, or `given_up`.
    #[schema(value_type = String, example = "delivered")]
    state: &'static str,
    /// When it got there; null while it waits.
    date_ended: Option<Moment>,
    /// Why it was given up.
    reason: Option<String>,
    /// What was tried, oldest first; the newest 50.
    attempts: Vec<AttemptResource>,
}

/// One try to deliver.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
pub(crate) struct AttemptResource {
    /// When it began.
    date: Moment,
    /// How long it took.
    #[schema(example = 120)]
    duration_ms: u64,
    /// The HTTP status of the answer; null when there was none.
    #[schema(example = 204)]
    status: Option<u16>,
    /// The first 200 characters of the answer. A stranger's text: escape it wherever you show it.
    response: Option<String>,
    /// Why there was no answer.
    error: Option<String>,
}

impl WebhookResource {
    pub(crate) fn new(urls: &Urls, org: &OrganizationSlug, webhook: &Webhook) -> Self {
        Self {
            self_url: urls.webhook(org, &webhook.id),
            id: webhook.id.to_string(),
            url: webhook.url.to_string(),
            events: webhook
                .topics
                .events()
                .iter()
                .copied()
                .map(EventKind::name)
                .collect(),
            format: webhook.topics.format().name(),
            enabled: webhook.enabled,
            date_created: Moment(webhook.created_at),
            date_old_secret_ends: webhook.old_secret.as_ref().map(|old| Moment(old.until)),
            deliveries_url: urls.deliveries(org, &webhook.id),
        }
    }
}

impl SecretWebhookResource {
    pub(crate) fn new(urls: &Urls, org: &OrganizationSlug, (webhook, secret): &(Webhook, Secret)) -> Self {
        Self {
            webhook: WebhookResource::new(urls, org, webhook),
            secret: secret.reveal(),
        }
    }
}

impl DeliveryResource {
    pub(crate) fn new(urls: &Urls, delivery: &Delivery) -> Self {
        let (state, date_ended, reason) = match &delivery.state {
            State::Waiting => ("waiting", None, None),
            State::Delivered { at } => ("delivered", Some(Moment(*at)), None),
            State::GivenUp { at, reason } => ("given_up", Some(Moment(*at)), Some(reason.clone())),
        };
        let (org, webhook, id) = (&delivery.organization, &delivery.webhook, &delivery.event.id);
        Self {
            self_url: format!("{}/{id}", urls.deliveries(org, webhook)),
            id: id.to_string(),
            event: delivery.event.kind.name(),
            date_event: Moment(delivery.event.at),
            state,
            date_ended,
            reason,
            attempts: delivery.attempts.iter().map(AttemptResource::new).collect(),
        }
    }
}

impl AttemptResource {
    fn new(attempt: &Attempt) -> Self {
        let (status, response, error) = match &attempt.answer {
            Answer::Answered { status, excerpt } => (Some(*status), Some(excerpt.clone()), None),
            Answer::Unanswered { reason } | Answer::Forbidden { reason } => {
                (None, None, Some(reason.clone()))
            }
        };
        Self {
            date: Moment(attempt.at),
            duration_ms: attempt.took_ms,
            status,
            response,
            error,
        }
    }
}
