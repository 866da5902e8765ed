//! The outbox: work that is committed and not yet known to be done.
//!
//! An entry is written in the same transaction as the decision that makes it necessary, and removed in the transaction
//! in which the receiver commits its effect. Whatever falls between the two is sent again by `sweep`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::OutboxId;
use crate::message::{Envelope, Message};

/// One message that must have its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// Its identity, which the message carries.
    pub id: OutboxId,
    /// What is to be done.
    pub message: Message,
    /// How often it has been sent, the first time included.
    pub attempt: u32,
    /// When it was committed or last sent again.
    pub sent_at: Timestamp,
}

/// After so many sends the work is declared failed. With the queue's own five deliveries a send that is 25 tries.
pub const MAX_SENDS: u32 = 5;

impl OutboxEntry {
    /// A new entry, sent right after its transaction.
    pub fn new(id: OutboxId, message: Message, now: Timestamp) -> Self {
        Self {
            id,
            message,
            attempt: 1,
            sent_at: now,
        }
    }

    /// What goes onto the queue.
    pub fn envelope(&self) -> Envelope {
        Envelope {
            id: self.id.clone(),
            attempt: self.attempt,
            message: self.message.clone(),
        }
    }

    /// Whether its receiver should have committed by now. Each send waits longer, so that a slow step is not flooded.
    pub fn is_overdue(&self, now: Timestamp, patience: SignedDuration) -> bool {
        let waited = now.duration_since(self.sent_at);
        waited >= patience.saturating_mul(self.attempt.min(i32::MAX as u32) as i32)
    }

    /// The entry for one more send, or nothing when it was sent often enough.
    pub fn again(mut self, now: Timestamp) -> Option<Self> {
        if self.attempt >= MAX_SENDS {
            return None;
        }
        self.attempt += 1;
        self.sent_at = now;
        Some(self)
    }
}
