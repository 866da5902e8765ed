//! The queues in lists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use imprint_app::ports::{Queue, SendError};
use imprint_domain::message::{Envelope, Message};

use crate::gate::{Call, Gate, Trouble};

/// SQS takes ten messages a request
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>).
const BATCH: u64 = 10;

/// A step, and so a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Learn a build's files and move the editions that follow it.
    RegisterBuild,
    /// Make an edition's objects those of a build.
    CopyEdition,
    /// Tell the CDN that an edition has changed.
    PurgeCdn,
    /// Write a product's pages, or an organization's.
    RenderDashboard,
    /// Write a product's name to the DNS.
    UpdateDns,
    /// Tell a subscriber what happened.
    DeliverWebhook,
}

impl Step {
    /// Every step, in the order of the way of a build.
    pub const ALL: [Self; 6] = [
        Self::RegisterBuild,
        Self::CopyEdition,
        Self::PurgeCdn,
        Self::RenderDashboard,
        Self::UpdateDns,
        Self::DeliverWebhook,
    ];

    /// The step that a message is for.
    pub fn of(message: &Message) -> Self {
        match message {
            Message::RegisterBuild(_) => Self::RegisterBuild,
            Message::CopyEdition(_) | Message::RetireName(_) => Self::CopyEdition,
            Message::PurgeCdn(_) => Self::PurgeCdn,
            Message::UpdateDns(_) => Self::UpdateDns,
            Message::DeliverWebhook(_) => Self::DeliverWebhook,
            Message::RenderDashboard(_) | Message::RenderIndex(_) | Message::RenderAll(_) => {
                Self::RenderDashboard
            }
        }
    }
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Envelope>,
    sent: Vec<Envelope>,
    seen: Option<BTreeSet<String>>,
}

/// The queues in memory. Nothing is ever delivered by itself: a test takes messages and runs their steps.
#[derive(Debug)]
pub struct MemoryQueue {
    gate: Gate,
    state: Mutex<State>,
}

impl MemoryQueue {
    /// Empty ones behind a gate.
    pub fn new(gate: Gate) -> Self {
        Self {
            gate,
            state: Mutex::default(),
        }
    }

    /// From now on swallows a message of a FIFO queue whose de-duplication id was sent before, as such a queue does
    /// for five minutes.
    pub fn deduplicate(&self) {
        self.state().seen.get_or_insert_default();
    }

    /// The oldest message that waits for a step.
    pub fn take(&self, step: Step) -> Option<Envelope> {
        let mut state = self.state();
        let at = state
            .waiting
            .iter()
            .position(|envelope| step_of(envelope) == step)?;
        Some(state.waiting.remove(at))
    }

    /// The oldest message that waits, whatever it is for.
    pub fn take_any(&self) -> Option<Envelope> {
        let mut state = self.state();
        (!state.waiting.is_empty()).then(|| state.waiting.remove(0))
    }

    /// One of the messages that may be delivered next, chosen by `choose(how many there are)`: any of a standard queue,
    /// the first of each group of a FIFO queue. For tests that deliver in every order.
    pub fn take_one_of(&self, choose: impl FnOnce(usize) -> usize) -> Option<Envelope> {
        let mut state = self.state();
        let mut groups = BTreeSet::new();
        let mut free = Vec::new();
        for (at, envelope) in state.waiting.iter().enumerate() {
            let first = envelope.message.group().is_none_or(|group| groups.insert(group));
            if first {
                free.push(at);
            }
        }
        if free.is_empty() {
            return None;
        }
        let chosen = free[choose(free.len()) % free.len()];
        Some(state.waiting.remove(chosen))
    }

    /// Everything that waits, in the order it was sent.
    pub fn take_all(&self) -> Vec<Envelope> {
        std::mem::take(&mut self.state().waiting)
    }

    /// Everything that waits for a step, in the order it was sent.
    pub fn take_all_of(&self, step: Step) -> Vec<Envelope> {
        let mut state = self.state();
        let all = std::mem::take(&mut state.waiting);
        let (taken, left) = all.into_iter().partition(|envelope| step_of(envelope) == step);
        state.waiting = left;
        taken
    }

    /// Puts a message back to the front, as a failed delivery does.
    pub fn give_back(&self, envelope: Envelope) {
        self.state().waiting.insert(0, envelope);
    }

    /// How many messages wait.
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// How many messages wait that publish something: neither renderings of pages nor names in the DNS nor news.
    pub fn waiting_to_publish(&self) -> usize {
        let state = self.state();
        let publishes = |envelope: &&Envelope| {
            !matches!(
                step_of(envelope),
                Step::RenderDashboard | Step::UpdateDns | Step::DeliverWebhook
            )
        };
        state.waiting.iter().filter(publishes).count()
    }

    /// Everything that was ever sent, in order.
    pub fn sent(&self) -> Vec<Envelope> {
        self.state().sent.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it sends or takes")
    }
}

fn step_of(envelope: &Envelope) -> Step {
    Step::of(&envelope.message)
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn send(&self, envelopes: &[Envelope]) -> Result<(), SendError> {
        let mut by_step: BTreeMap<Step, u64> = BTreeMap::new();
        for envelope in envelopes {
            *by_step.entry(step_of(envelope)).or_default() += 1;
        }
        let call = Call {
            method: "queue.send",
            requests: by_step.values().map(|messages| messages.div_ceil(BATCH)).sum(),
        };
        self.gate
            .pass(call, || {
                let mut state = self.state();
                for envelope in envelopes {
                    state.sent.push(envelope.clone());
                    let is_fifo = envelope.message.group().is_some();
                    let seen = state.seen.as_mut();
                    let is_new = seen.is_none_or(|seen| seen.insert(envelope.deduplication_id()));
                    if is_new || !is_fifo {
                        state.waiting.push(envelope.clone());
                    }
                }
            })
            .await
            .map_err(Trouble::send)
    }
}
