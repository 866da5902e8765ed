//! Dead letters: messages that their steps could not handle, for the people who run the installation.
//!
//! A message gets there after five deliveries. Its work is still in the outbox, so the sweep may have sent it again and
//! it may be done by now: every step may run twice, so sending a dead letter again does no harm, however often.

use std::time::Duration;

use futures_util::future::try_join_all;
use imprint_domain::message::{Envelope, Message, Step};
use imprint_domain::task::{EditionStep, Failure, PagesStep, Registration, Task};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::error::AppError;
use crate::ports::DeadLetter;
use crate::tenants::Installation;

/// How many messages one redrive moves at most.
pub const MOST_MOVED: usize = 1000;

/// How long a redrive or a search may go on. The API's function may run 29 seconds.
const PATIENCE: SignedDuration = SignedDuration::from_secs(15);

/// How long a message that a redrive or a search has seen is hidden: longer than it goes on, so that it sees none twice.
const HIDDEN: Duration = Duration::from_secs(20);

/// How many messages are looked at for one that shall be deleted.
const MOST_SEARCHED: usize = 200;

/// How much of a message that nobody can read is shown, in characters.
const MAX_EXCERPT: usize = 500;

/// How many keys of an event are shown.
const MAX_KEYS: usize = 10;

/// A queue of dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadQueue {
    /// The step that could not handle them.
    pub step: Step,
    /// About how many there are.
    pub count: u64,
    /// Some of them, the oldest first.
    pub letters: Vec<Letter>,
}

/// A dead letter and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its identity in the queue.
    pub id: String,
    /// How often it was delivered.
    pub received: u32,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// When it was first delivered.
    pub first_received_at: Option<Timestamp>,
    /// What it says.
    pub says: Says,
}

/// What a dead letter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// What is to be done, and why it was not, where its task knows.
    Message(Box<Envelope>, Option<Failure>),
    /// That files were put somewhere, which the function could not be told: the sweep looks for such files by itself.
    Event {
        /// The objects.
        keys: Vec<String>,
        /// Why, in a word of the one who tells.
        condition: String,
    },
    /// Nothing that can be read. A step would only fail again.
    Unreadable {
        /// Its beginning, without what is no visible character.
        excerpt: String,
        /// Why it cannot be read.
        reason: String,
    },
}

/// What a redrive did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redriven {
    /// Messages that were sent to their step again.
    pub moved: usize,
    /// Messages that were seen and left, because no step could read them.
    pub unreadable: usize,
    /// About how many messages are left.
    pub left: u64,
}

/// All queues with their oldest messages. One request a queue, and one more a message and queue that has some.
///
/// # Errors
/// When a queue or the catalog does not answer.
pub async fn overview(installation: &Installation) -> Result<Vec<DeadQueue>, AppError> {
    try_join_all(Step::ALL.map(|step| look(installation, step))).await
}

async fn look(installation: &Installation, step: Step) -> Result<DeadQueue, AppError> {
    let queues = &installation.dead_letters;
    let count = queues.count(step).await?;
    let found = if count == 0 {
        Vec::new()
    } else {
        // Not hidden: whoever looks is in nobody's way.
        queues.receive(step, Duration::ZERO).await?
    };
    let mut letters = try_join_all(found.into_iter().map(|letter| known(installation, letter))).await?;
    letters.sort_by(|a, b| (a.sent_at, &a.id).cmp(&(b.sent_at, &b.id)));
    // Queues that count late have at least what was seen.
    letters.dedup_by(|a, b| a.id == b.id);
    Ok(DeadQueue {
        step,
        count: count.max(letters.len() as u64),
        letters,
    })
}

async fn known(installation: &Installation, letter: DeadLetter) -> Result<Letter, AppError> {
    let says = match read(&letter.body) {
        Says::Message(envelope, _) => {
            let task = match envelope.message.task() {
                Some(id) => installation.catalog.task(id).await?,
                None => None,
            };
            let failure = task.and_then(|task| failure_of(&task, &envelope.message));
            Says::Message(envelope, failure)
        }
        says @ (Says::Event { .. } | Says::Unreadable { .. }) => says,
    };
    Ok(Letter {
        id: letter.id,
        received: letter.received,
        sent_at: letter.sent_at,
        first_received_at: letter.first_received_at,
        says,
    })
}

fn read(body: &str) -> Says {
    match serde_json::from_str::<Envelope>(body) {
        Ok(envelope) => Says::Message(Box::new(envelope), None),
        Err(error) => event(body).unwrap_or_else(|| Says::Unreadable {
            excerpt: visible(body, MAX_EXCERPT),
            reason: visible(&error.to_string(), MAX_EXCERPT),
        }),
    }
}

/// What Lambda writes of an event that a function could not be told
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>).
fn event(body: &str) -> Option<Says> {
    let record: Value = serde_json::from_str(body).ok()?;
    let condition = record.pointer("/requestContext/condition")?.as_str()?;
    let records = record.pointer("/requestPayload/Records")?.as_array()?;
    let keys = records
        .iter()
        .filter_map(|record| record.pointer("/s3/object/key")?.as_str());
    Some(Says::Event {
        keys: keys.take(MAX_KEYS).map(|key| visible(key, MAX_EXCERPT)).collect(),
        condition: visible(condition, 80),
    })
}

/// The beginning of a hostile text, in characters that do nothing to a terminal.
fn visible(text: &str, most: usize) -> String {
    let shown = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().take(most).map(shown).collect()
}

/// Why a message's work was not done: of its own edition where it has one, else the first failure of its task.
fn failure_of(task: &Task, message: &Message) -> Option<Failure> {
    let own = match message {
        Message::CopyEdition(copy) => Some(copy.edition),
        Message::PurgeCdn(purge) => Some(purge.edition),
        Message::RetireName(retire) => Some(retire.edition),
        Message::RegisterBuild(_)
        | Message::UnpackArchive(_)
        | Message::MoveEditions(_)
        | Message::DeriveFormat(_)
        | Message::RenderDashboard(_)
        | Message::RenderIndex(_)
        | Message::RenderAll(_)
        | Message::UpdateDns(_)
        | Message::DeliverWebhook(_)
        | Message::RenderDocument(_)
        | Message::PublishRendering(_) => None,
    };
    let registration = match &task.registration {
        Registration::Failed(failure) => Some(failure),
        Registration::NotNeeded
        | Registration::Queued
        | Registration::Unpacking { .. }
        | Registration::Deriving { .. }
        | Registration::Done { .. } => None,
    };
    let editions = task.editions.iter().filter_map(|edition| match &edition.step {
        EditionStep::Failed(failure) if own.is_none_or(|own| own == edition.edition) => Some(failure),
        EditionStep::Failed(_)
        | EditionStep::Queued
        | EditionStep::Copying { .. }
        | EditionStep::Purging
        | EditionStep::Published { .. }
        | EditionStep::Superseded => None,
    });
    let pages = task.pages.iter().filter_map(|pages| match &pages.step {
        PagesStep::Failed(failure) => Some(failure),
        PagesStep::Wanted | PagesStep::Rendered { .. } => None,
    });
    match own {
        Some(_) => editions.chain(registration).next().cloned(),
        None => registration
            .into_iter()
            .chain(editions)
            .chain(pages)
            .next()
            .cloned(),
    }
}

/// Sends the messages of a queue to their step again, at most `most` and for some seconds; what no step could
/// read stays. A process that dies between sending and removing leaves a message in both queues, which is harmless.
///
/// # Errors
/// When a queue does not answer. What was moved until then is moved.
pub async fn redrive(installation: &Installation, step: Step, most: usize) -> Result<Redriven, AppError> {
    let queues = &installation.dead_letters;
    let began = installation.clock.now();
    let mut redriven = Redriven::default();
    while redriven.moved < most && has_time(installation, began) {
        let mut letters = queues.receive(step, HIDDEN).await?;
        if letters.is_empty() {
            break;
        }
        // What is beyond the limit comes into sight again.
        letters.truncate(most - redriven.moved);
        let mut readable = Vec::new();
        let mut envelopes = Vec::new();
        for letter in letters {
            match read(&letter.body) {
                Says::Message(envelope, _) => {
                    envelopes.push(next_send(*envelope));
                    readable.push(letter);
                }
                Says::Event { .. } | Says::Unreadable { .. } => redriven.unreadable += 1,
            }
        }
        installation
            .queue
            .send(&envelopes)
            .await
            .map_err(AppError::from)?;
        queues.remove(step, &readable).await?;
        redriven.moved += readable.len();
    }
    redriven.left = queues.count(step).await?;
    Ok(redriven)
}

/// Another send, or a queue with de-duplication could swallow it.
fn next_send(envelope: Envelope) -> Envelope {
    Envelope {
        attempt: envelope.attempt.saturating_add(1),
        ..envelope
    }
}

fn has_time(installation: &Installation, began: Timestamp) -> bool {
    installation.clock.now().duration_since(began) < PATIENCE
}

/// Deletes a message that nobody wants to be sent again. Its work stays in the outbox, where it has any.
///
/// # Errors
/// `NotFound` when it is not among those that can be seen: it is gone, or hidden because somebody just looked for another.
pub async fn delete(installation: &Installation, step: Step, id: &str) -> Result<(), AppError> {
    let queues = &installation.dead_letters;
    let began = installation.clock.now();
    let mut seen = 0;
    while seen < MOST_SEARCHED && has_time(installation, began) {
        let letters = queues.receive(step, HIDDEN).await?;
        if letters.is_empty() {
            break;
        }
        seen += letters.len();
        let found: Vec<DeadLetter> = letters.into_iter().filter(|letter| letter.id == id).collect();
        if !found.is_empty() {
            queues.remove(step, &found).await?;
            return Ok(());
        }
    }
    Err(AppError::NotFound)
}
