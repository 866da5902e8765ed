use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use imprint_domain::message::Step;

use super::StoreError;

/// A message that its step could not handle, as it lies in the queue of such messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its identity in the queue.
    pub id: String,
    /// What it is removed by. Another receipt is given out each time it is received.
    pub receipt: String,
    /// What it says: nobody has looked at it yet.
    pub body: String,
    /// How often a queue has delivered it, to whoever looks at it included.
    pub received: u32,
    /// When it was sent, as the queue says.
    pub sent_at: Option<Timestamp>,
    /// When it was first received.
    pub first_received_at: Option<Timestamp>,
}

/// The queues of what the steps could not handle, one a step. Sending again is the business of
/// [`Queue`](super::Queue).
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// About how many messages lie there, those that are hidden at present included. One request.
    async fn count(&self, step: Step) -> Result<u64, StoreError>;

    /// Some of the messages, at most [`MOST`](Self::MOST), each hidden from other looks for some time. Nothing when there is
    /// none that is not hidden. One request, which may wait for a second.
    async fn receive(&self, step: Step, hidden: Duration) -> Result<Vec<DeadLetter>, StoreError>;

    /// Removes messages that were received, at most [`MOST`](Self::MOST). Removing what is gone is no error. One request.
    async fn remove(&self, step: Step, letters: &[DeadLetter]) -> Result<(), StoreError>;
}

impl dyn DeadLetters {
    /// SQS gives ten messages a request
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>).
    pub const MOST: usize = 10;
}
