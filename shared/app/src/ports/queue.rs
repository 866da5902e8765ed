use async_trait::async_trait;

use imprint_domain::message::Envelope;

use super::Source;

/// A message did not get onto its queue. It stays in the outbox, so `sweep` sends it later.
#[derive(Debug, thiserror::Error)]
#[error("the message could not be sent")]
pub struct SendError(#[source] pub Source);

/// The queues between the steps: each message goes to the queue of its step, `CopyEdition` and
/// `RetireName` to one, in order for each place.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends messages, in order within a group; those that have a delay are delivered after it. One request a queue and ten messages.
    async fn send(&self, envelopes: &[Envelope]) -> Result<(), SendError>;
}
