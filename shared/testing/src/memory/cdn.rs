//! A CDN that remembers what it was told to forget.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use imprint_app::ports::{Cdn, PurgeError};
use imprint_domain::id::SurrogateKey;
use imprint_domain::purge::MAX_KEYS;
use jiff::SignedDuration;

use crate::gate::{Call, Gate, Trouble};

/// A purge that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purge {
    /// The service.
    pub service: String,
    /// The keys of the one call.
    pub keys: Vec<SurrogateKey>,
}

/// How the CDN says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Later, perhaps.
    Busy {
        /// How long it asks to wait.
        retry_after: Option<SignedDuration>,
    },
    /// Never.
    Refused,
}

#[derive(Debug, Default)]
struct State {
    purges: Vec<Purge>,
    refusals: VecDeque<Refusal>,
}

/// The CDN in memory.
#[derive(Debug)]
pub struct MemoryCdn {
    gate: Gate,
    state: Mutex<State>,
}

impl MemoryCdn {
    /// One behind a gate.
    pub fn new(gate: Gate) -> Self {
        Self {
            gate,
            state: Mutex::default(),
        }
    }

    /// Says no to the next `times` calls, after what it was told before.
    pub fn fail_next(&self, times: usize, refusal: Refusal) {
        self.state().refusals.extend(std::iter::repeat_n(refusal, times));
    }

    /// What it accepted, in order.
    pub fn purges(&self) -> Vec<Purge> {
        self.state().purges.clone()
    }

    /// Every key it accepted, in order, as often as it did.
    pub fn purged_keys(&self) -> Vec<SurrogateKey> {
        let state = self.state();
        let keys = state.purges.iter().flat_map(|purge| &purge.keys);
        keys.cloned().collect()
    }

    /// Forgets what it accepted.
    pub fn forget(&self) {
        self.state().purges.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it purges")
    }
}

#[async_trait]
impl Cdn for MemoryCdn {
    async fn purge(&self, service: &str, keys: &[SurrogateKey]) -> Result<(), PurgeError> {
        assert!(
            keys.len() <= MAX_KEYS,
            "{} keys are too many for one purge",
            keys.len()
        );
        self.gate
            .pass(Call::one("cdn.purge"), || {
                let mut state = self.state();
                match state.refusals.pop_front() {
                    Some(Refusal::Busy { retry_after }) => Err(PurgeError::Busy {
                        retry_after,
                        source: "a test made it busy".into(),
                    }),
                    Some(Refusal::Refused) => Err(PurgeError::Refused("a test made it refuse".into())),
                    None => {
                        state.purges.push(Purge {
                            service: service.to_owned(),
                            keys: keys.to_vec(),
                        });
                        Ok(())
                    }
                }
            })
            .await
            .map_err(Trouble::purge)?
    }
}
