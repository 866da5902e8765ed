//! What every [`DeadLetters`] must do.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use imprint_app::ports::{DeadLetter, DeadLetters};
use imprint_domain::message::Step;
use jiff::SignedDuration;

use super::{run_all, suite, unique};
use crate::memory::MemoryQueue;

/// Whatever puts messages aside.
#[async_trait]
pub trait Undertaker: Send + Sync {
    /// Puts messages into the dead letters of a step.
    async fn bury(&self, step: Step, bodies: &[String]);

    /// Lets time pass for the queues.
    async fn let_pass(&self, time: SignedDuration);
}

#[async_trait]
impl Undertaker for MemoryQueue {
    async fn bury(&self, step: Step, bodies: &[String]) {
        for body in bodies {
            MemoryQueue::bury(self, step, body);
        }
    }

    async fn let_pass(&self, time: SignedDuration) {
        MemoryQueue::let_pass(self, time);
    }
}

/// Both ends.
#[derive(Clone, Copy)]
pub struct Ends<'a> {
    /// Where messages come out.
    pub letters: &'a dyn DeadLetters,
    /// Where they go in.
    pub undertaker: &'a dyn Undertaker,
}

impl std::fmt::Debug for Ends<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ends")
    }
}

/// A test of the suite.
pub type Test = for<'a> fn(Ends<'a>) -> BoxFuture<'a, ()>;

/// Every test with its name, to run one by one: each empties its queue.
pub const ALL: &[(&str, Test)] = suite![Test:
    a_letter_is_shown_as_it_was_sent,
    a_look_hides_nothing_unless_it_says_so,
    what_is_removed_is_gone_and_nothing_else,
    queues_are_apart,
];

/// Runs the whole suite.
///
/// # Panics
/// With everything that does not hold.
pub async fn run(letters: &dyn DeadLetters, undertaker: &dyn Undertaker) {
    let ends = Ends { letters, undertaker };
    run_all(ALL.iter().map(|(name, test)| (*name, test(ends)))).await;
}

const LONG: Duration = Duration::from_secs(600);

impl Ends<'_> {
    async fn bury(self, step: Step, bodies: &[String]) {
        self.undertaker.bury(step, bodies).await;
    }

    /// Everything that is in sight, hidden from then on.
    async fn all(self, step: Step) -> Vec<DeadLetter> {
        let mut all = Vec::new();
        loop {
            let some = self.letters.receive(step, LONG).await.unwrap();
            if some.is_empty() {
                return all;
            }
            assert!(some.len() <= <dyn DeadLetters>::MOST);
            all.extend(some);
        }
    }

    async fn empty(self, step: Step) {
        for letters in self.all(step).await.chunks(<dyn DeadLetters>::MOST) {
            self.letters.remove(step, letters).await.unwrap();
        }
    }
}

fn bodies(letters: &[DeadLetter]) -> BTreeSet<String> {
    letters.iter().map(|letter| letter.body.clone()).collect()
}

fn texts(n: usize) -> Vec<String> {
    let tag = unique();
    (0..n).map(|n| format!("{{\"{tag}\": \"späße {n}\"}}")).collect()
}

async fn a_letter_is_shown_as_it_was_sent(ends: Ends<'_>) {
    let step = Step::RegisterBuild;
    let sent = texts(1);
    ends.bury(step, &sent).await;
    assert_eq!(ends.letters.count(step).await.unwrap(), 1);
    let found = ends.all(step).await;
    assert_eq!(bodies(&found), sent.into_iter().collect());
    assert!(!found[0].id.is_empty() && found[0].received > 0);
    assert!(found[0].sent_at.is_some() && found[0].first_received_at.is_some());
    // What is hidden is still there.
    assert_eq!(ends.letters.count(step).await.unwrap(), 1);
    ends.letters.remove(step, &found).await.unwrap();
    assert_eq!(ends.letters.count(step).await.unwrap(), 0);
    assert_eq!(ends.all(step).await, []);
}

async fn a_look_hides_nothing_unless_it_says_so(ends: Ends<'_>) {
    let step = Step::CopyEdition;
    ends.bury(step, &texts(1)).await;
    let look = async |hidden| ends.letters.receive(step, hidden).await.unwrap();
    let first = look(Duration::ZERO).await;
    let second = look(Duration::ZERO).await;
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0].id, second[0].id);
    assert!(second[0].received > first[0].received);
    assert_eq!(look(Duration::from_secs(2)).await.len(), 1);
    assert_eq!(look(Duration::ZERO).await, []);
    ends.undertaker.let_pass(SignedDuration::from_secs(3)).await;
    assert_eq!(look(Duration::ZERO).await.len(), 1);
    ends.empty(step).await;
}

async fn what_is_removed_is_gone_and_nothing_else(ends: Ends<'_>) {
    let step = Step::PurgeCdn;
    let sent = texts(23);
    ends.bury(step, &sent).await;
    assert_eq!(ends.letters.count(step).await.unwrap(), 23);
    let found = ends.all(step).await;
    assert_eq!(bodies(&found), sent.into_iter().collect());
    let (gone, rest) = found.split_at(10);
    ends.letters.remove(step, gone).await.unwrap();
    ends.letters.remove(step, gone).await.unwrap();
    ends.letters.remove(step, &[]).await.unwrap();
    assert_eq!(ends.letters.count(step).await.unwrap(), 13);
    for some in rest.chunks(10) {
        ends.letters.remove(step, some).await.unwrap();
    }
    assert_eq!(ends.letters.count(step).await.unwrap(), 0);
}

async fn queues_are_apart(ends: Ends<'_>) {
    for step in Step::ALL {
        ends.bury(step, &[step.name().to_owned()]).await;
    }
    for step in Step::ALL {
        let found = ends.all(step).await;
        assert_eq!(bodies(&found), [step.name().to_owned()].into());
        ends.letters.remove(step, &found).await.unwrap();
    }
}
