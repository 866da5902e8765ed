//! Receivers that remember what they were told, and answer as a test says.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use imprint_app::ports::{WebhookCall, Webhooks};
use imprint_domain::id::EventId;
use imprint_domain::webhook::{Answer, Reach};
use jiff::Timestamp;

use crate::gate::{Call, Gate};

/// What a receiver was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where.
    pub url: String,
    /// `webhook-id`.
    pub id: EventId,
    /// `webhook-timestamp`.
    pub at: Timestamp,
    /// `webhook-signature`.
    pub signature: String,
    /// The body.
    pub body: String,
    /// What was answered.
    pub answer: Answer,
}

#[derive(Debug)]
struct State {
    reach: Reach,
    told: Vec<Told>,
    /// For the next calls, whoever they are for.
    answers: VecDeque<Answer>,
    /// For calls of addresses that begin so, until it is taken back.
    down: Option<String>,
}

/// The receivers of webhooks in memory. They take everything unless they are told otherwise.
#[derive(Debug)]
pub struct MemoryWebhooks {
    gate: Gate,
    state: Mutex<State>,
}

impl MemoryWebhooks {
    /// Some behind a gate, in a deployment.
    pub fn new(gate: Gate) -> Self {
        Self {
            gate,
            state: Mutex::new(State {
                reach: Reach::Public,
                told: Vec::new(),
                answers: VecDeque::new(),
                down: None,
            }),
        }
    }

    /// Reaches as far as this from now on.
    pub fn set_reach(&self, reach: Reach) {
        self.state().reach = reach;
    }

    /// Answers the next `times` calls so.
    pub fn answer_next(&self, times: usize, answer: &Answer) {
        let answers = std::iter::repeat_n(answer, times).cloned();
        self.state().answers.extend(answers);
    }

    /// Nobody answers at addresses that begin with `prefix` any more.
    pub fn take_down(&self, prefix: &str) {
        self.state().down = Some(prefix.to_owned());
    }

    /// Everybody answers again.
    pub fn bring_up(&self) {
        self.state().down = None;
    }

    /// What everybody was told, in order, also what was not taken.
    pub fn told(&self) -> Vec<Told> {
        self.state().told.clone()
    }

    /// What was taken at addresses that begin with `prefix`, in order.
    pub fn taken_at(&self, prefix: &str) -> Vec<Told> {
        let taken = |told: &Told| {
            matches!(
                told.answer,
                Answer::Answered {
                    status: 200..=299,
                    ..
                }
            )
        };
        let all = self.told().into_iter();
        all.filter(|told| told.url.starts_with(prefix) && taken(told))
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it is told")
    }
}

#[async_trait]
impl Webhooks for MemoryWebhooks {
    fn reach(&self) -> Reach {
        self.state().reach
    }

    async fn post(&self, call: WebhookCall<'_>) -> Answer {
        let told = self
            .gate
            .pass(Call::one("webhooks.post"), || {
                let mut state = self.state();
                let is_down = state
                    .down
                    .as_ref()
                    .is_some_and(|prefix| call.url.as_str().starts_with(prefix));
                let answer = if is_down {
                    Answer::unanswered("a test took it down")
                } else {
                    let next = state.answers.pop_front();
                    next.unwrap_or_else(|| Answer::answered(204, ""))
                };
                state.told.push(Told {
                    url: call.url.to_string(),
                    id: call.id.clone(),
                    at: call.at,
                    signature: call.signature.to_owned(),
                    body: call.body.to_owned(),
                    answer: answer.clone(),
                });
                answer
            })
            .await;
        told.unwrap_or_else(|trouble| Answer::unanswered(&format!("a test made it fail: {trouble:?}")))
    }
}
