//! What became of telling one webhook of one event: the log that people read, and what follows from each answer.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Event;
use crate::id::{OutboxId, Revision, WebhookId};
use crate::slug::OrganizationSlug;

/// How many attempts a log keeps, the newest: one event makes 30 at most, the others are replays.
pub const MAX_ATTEMPTS: usize = 50;

/// How many characters of an answer or an error the log keeps.
const MAX_EXCERPT: usize = 200;

/// One event on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// Who is told.
    pub webhook: WebhookId,
    /// What it is told; the event's identity is the delivery's.
    pub event: Event,
    /// The outbox entry it is made for at present: a message of another one is late, and asks for nothing.
    pub entry: OutboxId,
    /// Where it has got to.
    pub state: State,
    /// What was tried, oldest first.
    pub attempts: Vec<Attempt>,
    /// How often it was written.
    pub revision: Revision,
}

/// Where a delivery has got to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Not taken yet; it is tried again.
    Waiting,
    /// The receiver has taken it.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// It is not tried again by itself.
    GivenUp {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What came of it.
    pub answer: Answer,
}

/// What came of a try. The texts are a receiver's: hostile wherever they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Answer {
    /// The receiver answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body.
        excerpt: String,
    },
    /// No answer: not reachable, not in time, not HTTP.
    Unanswered {
        /// Why.
        reason: String,
    },
    /// Nothing was sent: the address is none that may be called.
    Forbidden {
        /// Why.
        reason: String,
    },
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// It is taken.
    Taken,
    /// It may be taken in a moment.
    Busy,
    /// It may be taken when somebody has mended something.
    Refused,
    /// It will never be taken.
    Never,
}

/// Which try of how many this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Whether the queue delivers this send again by itself.
    pub queue_repeats: bool,
    /// Whether the sweep sends it again.
    pub sweep_repeats: bool,
}

/// What has to happen after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is taken, or given up.
    Nothing,
    /// The queue delivers the message again.
    Soon,
    /// The sweep sends it again.
    Later,
}

/// Whether anything is left to do for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The receiver has to be told.
    No,
    /// It was done, or is done on behalf of another message.
    Yes,
}

impl Answer {
    /// An answer with the beginning of its body.
    pub fn answered(status: u16, body: &str) -> Self {
        Self::Answered {
            status,
            excerpt: excerpt(body),
        }
    }

    /// No answer.
    pub fn unanswered(reason: &str) -> Self {
        Self::Unanswered {
            reason: excerpt(reason),
        }
    }

    /// Nothing sent.
    pub fn forbidden(reason: &str) -> Self {
        Self::Forbidden {
            reason: excerpt(reason),
        }
    }

    /// 2xx is taken, as Standard Webhooks have it. 410 says that nobody wants it any more.
    fn meaning(&self) -> Meaning {
        match self {
            Self::Answered { status, .. } => match status {
                200..=299 => Meaning::Taken,
                410 => Meaning::Never,
                408 | 425 | 429 | 500.. => Meaning::Busy,
                _ => Meaning::Refused,
            },
            Self::Unanswered { .. } => Meaning::Busy,
            Self::Forbidden { .. } => Meaning::Never,
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Answered { status, .. } => format!("the receiver answered {status}"),
            Self::Unanswered { reason } => format!("the receiver did not answer: {reason}"),
            Self::Forbidden { reason } => format!("the address may not be called: {reason}"),
        }
    }
}

fn excerpt(text: &str) -> String {
    let visible = text.chars().filter(|c| !c.is_control());
    visible.take(MAX_EXCERPT).collect()
}

impl Delivery {
    /// One that nobody has tried yet.
    pub fn new(organization: OrganizationSlug, webhook: WebhookId, event: Event, entry: OutboxId) -> Self {
        Self {
            organization,
            webhook,
            event,
            entry,
            state: State::Waiting,
            attempts: Vec::new(),
            revision: Revision::NEW,
        }
    }

    /// Whether a message that came for an entry asks for anything.
    pub fn settled(&self, entry: &OutboxId) -> Settled {
        match self.state {
            State::Waiting if self.entry == *entry => Settled::No,
            State::Waiting | State::Delivered { .. } | State::GivenUp { .. } => Settled::Yes,
        }
    }

    /// Notes a try, and says what follows.
    pub fn tried(mut self, attempt: Attempt, turn: Turn) -> (Self, Next) {
        let (meaning, reason) = (attempt.answer.meaning(), attempt.answer.reason());
        let took = i64::try_from(attempt.took_ms).unwrap_or(i64::MAX);
        let at = attempt
            .at
            .checked_add(SignedDuration::from_millis(took))
            .unwrap_or(attempt.at);
        self.attempts.push(attempt);
        let surplus = self.attempts.len().saturating_sub(MAX_ATTEMPTS);
        self.attempts.drain(..surplus);
        let next = match meaning {
            Meaning::Taken => {
                self.state = State::Delivered { at };
                Next::Nothing
            }
            Meaning::Busy if turn.queue_repeats => Next::Soon,
            Meaning::Busy | Meaning::Refused if turn.sweep_repeats => Next::Later,
            Meaning::Busy | Meaning::Refused | Meaning::Never => {
                self.state = State::GivenUp { at, reason };
                Next::Nothing
            }
        };
        (self, next)
    }

    /// Notes that it is not tried again, unless it has an end already.
    pub fn give_up(mut self, reason: &str, now: Timestamp) -> Self {
        if self.state == State::Waiting {
            self.state = State::GivenUp {
                at: now,
                reason: reason.to_owned(),
            };
        }
        self
    }

    /// Begins anew on behalf of another entry. The event is the same one, so a receiver knows that it was told before.
    pub fn replay(mut self, entry: OutboxId) -> Self {
        self.entry = entry;
        self.state = State::Waiting;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::EventId;
    use crate::webhook::EventKind;

    fn delivery() -> Delivery {
        let event = Event {
            id: EventId::at(Timestamp::UNIX_EPOCH, [1; 16]),
            kind: EventKind::Ping,
            at: Timestamp::UNIX_EPOCH,
            subject: None,
        };
        let webhook = WebhookId::from_bytes([2; 16]);
        Delivery::new("default".parse().unwrap(), webhook, event, entry(1))
    }

    fn entry(n: u8) -> OutboxId {
        OutboxId::from_bytes([n; 16])
    }

    fn tried(
        delivery: Delivery,
        answer: Answer,
        queue_repeats: bool,
        sweep_repeats: bool,
    ) -> (Delivery, Next) {
        let attempt = Attempt {
            at: Timestamp::UNIX_EPOCH,
            took_ms: 12,
            answer,
        };
        let turn = Turn {
            queue_repeats,
            sweep_repeats,
        };
        delivery.tried(attempt, turn)
    }

    #[test]
    fn what_follows_from_an_answer() {
        use Next::{Later, Nothing, Soon};
        let answered = |status| Answer::answered(status, "");
        // What follows while the queue repeats, when only the sweep does, and when nobody does.
        let cases = [
            (answered(200), [Nothing, Nothing, Nothing]),
            (answered(204), [Nothing, Nothing, Nothing]),
            (answered(500), [Soon, Later, Nothing]),
            (answered(503), [Soon, Later, Nothing]),
            (answered(429), [Soon, Later, Nothing]),
            (Answer::unanswered("refused"), [Soon, Later, Nothing]),
            (answered(301), [Later, Later, Nothing]),
            (answered(400), [Later, Later, Nothing]),
            (answered(404), [Later, Later, Nothing]),
            (answered(410), [Nothing, Nothing, Nothing]),
            (Answer::forbidden("private"), [Nothing, Nothing, Nothing]),
        ];
        for (answer, expected) in cases {
            let nexts = [(true, true), (false, true), (false, false)].map(|(queue, sweep)| {
                let (delivery, next) = tried(delivery(), answer.clone(), queue, sweep);
                let taken = matches!(
                    &answer,
                    Answer::Answered {
                        status: 200..=299,
                        ..
                    }
                );
                assert_eq!(
                    matches!(delivery.state, State::Delivered { .. }),
                    taken,
                    "{answer:?}"
                );
                assert_eq!(delivery.state == State::Waiting, next != Nothing, "{answer:?}");
                next
            });
            assert_eq!(nexts, expected, "{answer:?}");
        }
    }

    #[test]
    fn a_message_of_another_entry_asks_for_nothing() {
        let (done, _) = tried(delivery(), Answer::answered(200, ""), true, true);
        assert_eq!(delivery().settled(&entry(1)), Settled::No);
        assert_eq!(done.settled(&entry(1)), Settled::Yes);
        let again = done.replay(entry(2));
        assert_eq!(again.settled(&entry(1)), Settled::Yes);
        assert_eq!(again.settled(&entry(2)), Settled::No);
    }

    #[test]
    fn a_log_is_bounded_whatever_a_receiver_says() {
        let mut log = delivery();
        for n in 0..(MAX_ATTEMPTS + 5) {
            let said = format!("{n}\r\n<script>{}", "é".repeat(10_000));
            log = tried(log, Answer::answered(500, &said), true, true).0;
        }
        assert_eq!(log.attempts.len(), MAX_ATTEMPTS);
        let Answer::Answered { excerpt, .. } = &log.attempts[0].answer else {
            panic!("no answer")
        };
        assert_eq!(
            (excerpt.chars().count(), &excerpt[..9]),
            (MAX_EXCERPT, "5<script>")
        );
        // An item of the table holds 400 KB.
        assert!(serde_json::to_string(&log).unwrap().len() < 100_000);
    }

    #[test]
    fn a_log_reads_back_as_it_was_stored() {
        for answer in [
            Answer::answered(200, "ok"),
            Answer::unanswered("late"),
            Answer::forbidden("no"),
        ] {
            let (log, _) = tried(delivery(), answer, false, false);
            let json = serde_json::to_string(&log).unwrap();
            assert_eq!(serde_json::from_str::<Delivery>(&json).unwrap(), log);
        }
    }
}
