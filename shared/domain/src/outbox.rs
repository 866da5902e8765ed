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

/// How long a delivery to a webhook rests after each send but the last: a receiver that is down for a night hears of
/// what happened in the morning. The first is longer than the queue takes for its own five deliveries.
const WEBHOOK_RESTS: [SignedDuration; 5] = [
    SignedDuration::from_mins(10),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
];

/// How often a delivery to a webhook is sent: with the queue's five deliveries each 30 tries within 18 hours.
pub const WEBHOOK_SENDS: u32 = WEBHOOK_RESTS.len() as u32 + 1;

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

    /// Until when nobody needs to look at it. What waits for a receiver of webhooks for hours would otherwise stand before
    /// everything else whenever somebody looks for what is oldest.
    pub fn rests_until(&self) -> Timestamp {
        match &self.message {
            Message::DeliverWebhook(_) => {
                let done = usize::try_from(self.attempt)
                    .unwrap_or(usize::MAX)
                    .saturating_sub(1);
                let rest = WEBHOOK_RESTS.get(done).unwrap_or(&WEBHOOK_RESTS[0]);
                self.sent_at + *rest
            }
            Message::RegisterBuild(_)
            | Message::UnpackArchive(_)
            | Message::CopyEdition(_)
            | Message::RetireName(_)
            | Message::UpdateDns(_)
            | Message::PurgeCdn(_)
            | Message::RenderDashboard(_)
            | Message::RenderIndex(_)
            | Message::RenderAll(_)
            | Message::DeriveFormat(_)
            | Message::MoveEditions(_)
            | Message::RenderDocument(_)
            | Message::PublishRendering(_) => self.sent_at,
        }
    }

    /// Whether its receiver should have committed by now. Each send waits longer, so that a slow step is not flooded.
    pub fn is_overdue(&self, now: Timestamp, patience: SignedDuration) -> bool {
        let times = match &self.message {
            Message::DeliverWebhook(_) => 1,
            Message::RegisterBuild(_)
            | Message::UnpackArchive(_)
            | Message::CopyEdition(_)
            | Message::RetireName(_)
            | Message::UpdateDns(_)
            | Message::PurgeCdn(_)
            | Message::RenderDashboard(_)
            | Message::RenderIndex(_)
            | Message::RenderAll(_)
            | Message::DeriveFormat(_)
            | Message::MoveEditions(_)
            | Message::RenderDocument(_)
            | Message::PublishRendering(_) => self.attempt.min(i32::MAX as u32) as i32,
        };
        now.duration_since(self.rests_until()) >= patience.saturating_mul(times)
    }

    /// How often it is sent at most.
    fn max_sends(&self) -> u32 {
        match &self.message {
            Message::DeliverWebhook(_) => WEBHOOK_SENDS,
            Message::RegisterBuild(_)
            | Message::UnpackArchive(_)
            | Message::CopyEdition(_)
            | Message::RetireName(_)
            | Message::UpdateDns(_)
            | Message::PurgeCdn(_)
            | Message::RenderDashboard(_)
            | Message::RenderIndex(_)
            | Message::RenderAll(_)
            | Message::DeriveFormat(_)
            | Message::MoveEditions(_)
            | Message::RenderDocument(_)
            | Message::PublishRendering(_) => MAX_SENDS,
        }
    }

    /// The entry for one more send, or nothing when it was sent often enough.
    pub fn again(mut self, now: Timestamp) -> Option<Self> {
        if self.attempt >= self.max_sends() {
            return None;
        }
        self.attempt += 1;
        self.sent_at = now;
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EventId, WebhookId};
    use crate::message::{DeliverWebhook, RenderDashboard};
    use crate::webhook::{Event, EventKind};

    const PATIENCE: SignedDuration = SignedDuration::from_secs(120);

    fn entry(message: Message) -> OutboxEntry {
        OutboxEntry::new(OutboxId::from_bytes([1; 16]), message, Timestamp::UNIX_EPOCH)
    }

    /// When it is sent again, in seconds.
    fn sends(mut entry: OutboxEntry) -> Vec<i64> {
        let mut sends = Vec::new();
        let mut now = Timestamp::UNIX_EPOCH;
        loop {
            while !entry.is_overdue(now, PATIENCE) {
                now += SignedDuration::from_mins(1);
            }
            assert!(entry.rests_until() <= now);
            match entry.again(now) {
                Some(again) => entry = again,
                None => return sends,
            }
            sends.push(now.as_second());
        }
    }

    #[test]
    fn each_send_waits_longer_and_webhooks_wait_for_hours() {
        let organization: crate::slug::OrganizationSlug = "default".parse().unwrap();
        let render = entry(Message::RenderDashboard(RenderDashboard {
            organization: organization.clone(),
            product: "alpha".parse().unwrap(),
            tasks: Vec::new(),
        }));
        let webhook = entry(Message::DeliverWebhook(DeliverWebhook {
            organization,
            webhook: WebhookId::from_bytes([2; 16]),
            event: Event {
                id: EventId::at(Timestamp::UNIX_EPOCH, [3; 16]),
                kind: EventKind::Ping,
                at: Timestamp::UNIX_EPOCH,
                subject: None,
            },
        }));
        let minutes = |entry| sends(entry).into_iter().map(|at| at / 60).collect::<Vec<_>>();
        assert_eq!(minutes(render), [2, 6, 12, 20]);
        assert_eq!(minutes(webhook), [12, 44, 166, 468, 1070]);
    }
}
