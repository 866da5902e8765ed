//! The queues in lists.

mod dead;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use imprint_app::ports::{Queue, SendError};
use imprint_domain::message::{Envelope, Step};
use jiff::{SignedDuration, Timestamp};

pub use dead::Dead;

use crate::gate::{Call, Gate, Trouble};
use crate::surroundings::TestClock;

/// SQS takes ten messages a request
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>).
const BATCH: u64 = 10;

/// A message that was sent and not taken.
#[derive(Debug)]
struct Waiting {
    envelope: Envelope,
    /// Until when it is held back, where it is.
    until: Option<Timestamp>,
}

impl Waiting {
    fn is_due(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until <= now)
    }
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Waiting>,
    sent: Vec<Envelope>,
    seen: Option<BTreeSet<String>>,
    dead: Vec<Dead>,
    buried: usize,
}

/// The queues in memory. Nothing is ever delivered by itself: a test takes messages and runs their steps. What has a
/// [delay](Message::delay) cannot be taken before its time; a test moves the clock, or lets
/// [`wait_for_next`](MemoryQueue::wait_for_next) do it.
#[derive(Debug)]
pub struct MemoryQueue {
    gate: Gate,
    clock: Arc<TestClock>,
    state: Mutex<State>,
}

impl MemoryQueue {
    /// Empty ones behind a gate, with a clock that says what is due.
    pub fn new(gate: Gate, clock: Arc<TestClock>) -> Self {
        Self {
            gate,
            clock,
            state: Mutex::default(),
        }
    }

    /// From now on swallows a message of a FIFO queue whose de-duplication id was sent before, as such a queue does
    /// for five minutes.
    pub fn deduplicate(&self) {
        self.state().seen.get_or_insert_default();
    }

    /// The oldest message that is due for a step.
    pub fn take(&self, step: Step) -> Option<Envelope> {
        self.take_first(|envelope| step_of(envelope) == step)
    }

    /// The oldest message that is due, whatever it is for.
    pub fn take_any(&self) -> Option<Envelope> {
        self.take_first(|_| true)
    }

    fn take_first(&self, wanted: impl Fn(&Envelope) -> bool) -> Option<Envelope> {
        let now = self.now();
        let mut state = self.state();
        let at = state
            .waiting
            .iter()
            .position(|waiting| waiting.is_due(now) && wanted(&waiting.envelope))?;
        Some(state.waiting.remove(at).envelope)
    }

    /// One of the messages that may be delivered next, chosen by `choose(how many there are)`: any of a standard queue
    /// that is due, the first of each group of a FIFO queue. For tests that deliver in every order.
    pub fn take_one_of(&self, choose: impl FnOnce(usize) -> usize) -> Option<Envelope> {
        let now = self.now();
        let mut state = self.state();
        let mut groups = BTreeSet::new();
        let mut free = Vec::new();
        for (at, waiting) in state.waiting.iter().enumerate() {
            let group = waiting.envelope.message.group();
            let first = group.is_none_or(|group| groups.insert(group));
            if first && waiting.is_due(now) {
                free.push(at);
            }
        }
        if free.is_empty() {
            return None;
        }
        let chosen = free[choose(free.len()) % free.len()];
        Some(state.waiting.remove(chosen).envelope)
    }

    /// Everything that is due, in the order it was sent.
    pub fn take_all(&self) -> Vec<Envelope> {
        self.take_every(|_| true)
    }

    /// Everything that is due for a step, in the order it was sent.
    pub fn take_all_of(&self, step: Step) -> Vec<Envelope> {
        self.take_every(|envelope| step_of(envelope) == step)
    }

    fn take_every(&self, wanted: impl Fn(&Envelope) -> bool) -> Vec<Envelope> {
        let now = self.now();
        let mut state = self.state();
        let all = std::mem::take(&mut state.waiting);
        let is_taken = |waiting: &Waiting| waiting.is_due(now) && wanted(&waiting.envelope);
        let (taken, left): (Vec<Waiting>, Vec<Waiting>) = all.into_iter().partition(is_taken);
        state.waiting = left;
        taken.into_iter().map(|waiting| waiting.envelope).collect()
    }

    /// Puts a message back to the front, as a failed delivery does.
    pub fn give_back(&self, envelope: Envelope) {
        let waiting = Waiting {
            envelope,
            until: None,
        };
        self.state().waiting.insert(0, waiting);
    }

    /// How many messages wait, those that are held back included.
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// When the next message is due that is held back now.
    pub fn next_due(&self) -> Option<Timestamp> {
        let now = self.now();
        let state = self.state();
        let held = state.waiting.iter().filter(|waiting| !waiting.is_due(now));
        held.filter_map(|waiting| waiting.until).min()
    }

    /// Moves the clock on to when the next message is due, unless one is already. False when nothing waits.
    pub fn wait_for_next(&self) -> bool {
        let now = self.now();
        if self.state().waiting.iter().any(|waiting| waiting.is_due(now)) {
            return true;
        }
        let next = self.next_due();
        if let Some(next) = next {
            self.clock.set(next);
        }
        next.is_some()
    }

    /// Lets time pass.
    pub(crate) fn let_pass(&self, time: SignedDuration) {
        self.clock.advance(time);
    }

    /// How many messages wait that publish something: neither renderings of pages nor names in the DNS nor news.
    pub fn waiting_to_publish(&self) -> usize {
        let state = self.state();
        let publishes = |waiting: &&Waiting| {
            !matches!(
                step_of(&waiting.envelope),
                Step::RenderDashboard | Step::UpdateDns | Step::DeliverWebhook
            )
        };
        state.waiting.iter().filter(publishes).count()
    }

    /// Everything that was ever sent, in order.
    pub fn sent(&self) -> Vec<Envelope> {
        self.state().sent.clone()
    }

    fn now(&self) -> Timestamp {
        self.clock.stands_at()
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
                let now = self.now();
                let mut state = self.state();
                for envelope in envelopes {
                    state.sent.push(envelope.clone());
                    let is_fifo = envelope.message.group().is_some();
                    let seen = state.seen.as_mut();
                    let is_new = seen.is_none_or(|seen| seen.insert(envelope.deduplication_id()));
                    if is_new || !is_fifo {
                        // A FIFO queue has one delay for all of its messages, and ours have none.
                        let delay = envelope.message.delay();
                        let is_held = !is_fifo && delay.is_positive();
                        state.waiting.push(Waiting {
                            envelope: envelope.clone(),
                            until: is_held.then(|| now + delay),
                        });
                    }
                }
            })
            .await
            .map_err(Trouble::send)
    }
}
