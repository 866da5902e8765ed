//! Dead letters in a list.

use std::time::Duration;

use async_trait::async_trait;
use imprint_app::ports::{DeadLetter, DeadLetters, StoreError};
use imprint_domain::message::{Envelope, Step};
use jiff::{SignedDuration, Timestamp};

use super::MemoryQueue;
use crate::gate::{Call, Trouble};

/// A message in a queue of dead letters.
#[derive(Debug, Clone)]
pub struct Dead {
    /// The step that could not handle it.
    pub step: Step,
    /// As the next look gives it.
    pub letter: DeadLetter,
    /// Until when nobody sees it.
    hidden_until: Timestamp,
}

impl MemoryQueue {
    /// Puts a message aside, as a queue does after its last delivery.
    pub fn bury(&self, step: Step, body: &str) -> String {
        let now = self.now();
        let mut state = self.state();
        let id = format!("dead-{:04}", state.buried);
        state.buried += 1;
        let letter = DeadLetter {
            id: id.clone(),
            receipt: String::new(),
            body: body.to_owned(),
            received: 5,
            sent_at: Some(now - SignedDuration::from_mins(10)),
            first_received_at: Some(now - SignedDuration::from_mins(9)),
        };
        state.dead.push(Dead {
            step,
            letter,
            hidden_until: Timestamp::MIN,
        });
        id
    }

    /// Puts the oldest message of a step aside.
    ///
    /// # Panics
    /// When there is none.
    pub fn bury_next(&self, step: Step) -> Envelope {
        let envelope = self.take(step).expect("a message waits");
        let body = serde_json::to_string(&envelope).expect("messages are JSON");
        self.bury(step, &body);
        envelope
    }

    /// All dead letters.
    pub fn dead(&self) -> Vec<Dead> {
        self.state().dead.clone()
    }
}

#[async_trait]
impl DeadLetters for MemoryQueue {
    async fn count(&self, step: Step) -> Result<u64, StoreError> {
        let count = || {
            let state = self.state();
            state.dead.iter().filter(|dead| dead.step == step).count() as u64
        };
        let outcome = self.gate.pass(Call::one("dead_letters.count"), count).await;
        outcome.map_err(Trouble::store)
    }

    async fn receive(&self, step: Step, hidden: Duration) -> Result<Vec<DeadLetter>, StoreError> {
        let receive = || {
            let now = self.now();
            let mut state = self.state();
            let in_sight = state
                .dead
                .iter_mut()
                .filter(|dead| dead.step == step && dead.hidden_until <= now);
            in_sight
                .take(<dyn DeadLetters>::MOST)
                .map(|dead| {
                    dead.letter.received += 1;
                    dead.letter.receipt = format!("{} {}", dead.letter.id, dead.letter.received);
                    dead.hidden_until = now + hidden;
                    dead.letter.clone()
                })
                .collect()
        };
        let outcome = self.gate.pass(Call::one("dead_letters.receive"), receive).await;
        outcome.map_err(Trouble::store)
    }

    async fn remove(&self, step: Step, letters: &[DeadLetter]) -> Result<(), StoreError> {
        if letters.is_empty() {
            return Ok(());
        }
        let remove = || {
            let is_removed = |dead: &Dead| {
                dead.step == step && letters.iter().any(|letter| letter.receipt == dead.letter.receipt)
            };
            self.state().dead.retain(|dead| !is_removed(dead));
        };
        let outcome = self.gate.pass(Call::one("dead_letters.remove"), remove).await;
        outcome.map_err(Trouble::store)
    }
}
