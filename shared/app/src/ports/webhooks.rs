use async_trait::async_trait;
use jiff::Timestamp;

use imprint_domain::id::EventId;
use imprint_domain::webhook::{Answer, Reach, WebhookUrl};

/// One try of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookCall<'a> {
    /// Where to.
    pub url: &'a WebhookUrl,
    /// `webhook-id`: the same for each try, so that a receiver knows that it was told before.
    pub id: &'a EventId,
    /// `webhook-timestamp`: when this try is made.
    pub at: Timestamp,
    /// `webhook-signature`.
    pub signature: &'a str,
    /// JSON.
    pub body: &'a str,
}

/// The receivers of webhooks: strangers, whose addresses and answers are hostile input.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Where it calls at all.
    fn reach(&self) -> Reach;

    /// Calls a receiver. One request, which ends within ten seconds, follows no redirect, connects to no address that is
    /// out of reach whatever a name resolves to, and reads no more of the answer than is kept. Whatever happens is an
    /// answer, for the log.
    async fn post(&self, call: WebhookCall<'_>) -> Answer;
}
