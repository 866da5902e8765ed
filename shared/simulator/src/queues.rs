//! The queues as SQS has them: at least once, in any order where a queue is standard, a group after the other where it is
//! FIFO, invisible for a while after each delivery, put aside after five.

use imprint_app::step::MAX_RECEIVES;
use imprint_domain::message::{Envelope, Message};
use jiff::{SignedDuration, Timestamp};

use crate::dice::Dice;

/// A message that is not done with.
#[derive(Debug, Clone)]
struct Waiting {
    number: u64,
    envelope: Envelope,
    visible_at: Timestamp,
    receives: u32,
}

/// One delivery.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) number: u64,
    pub(crate) envelope: Envelope,
    pub(crate) receive_count: u32,
}

/// All queues.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    waiting: Vec<Waiting>,
    next: u64,
}

impl Queues {
    /// A message gets in, and is delivered from a time on.
    pub(crate) fn put(&mut self, envelope: Envelope, from: Timestamp) {
        self.next += 1;
        self.waiting.push(Waiting {
            number: self.next,
            envelope,
            visible_at: from,
            receives: 0,
        });
    }

    /// Takes one of the messages that may be delivered now. What was delivered too often is put aside on the way.
    pub(crate) fn receive(&mut self, dice: &mut Dice, now: Timestamp) -> Option<Received> {
        self.waiting
            .retain(|waiting| waiting.receives < MAX_RECEIVES || waiting.visible_at > now);
        let mut groups = Vec::new();
        let mut free = Vec::new();
        for (at, waiting) in self.waiting.iter().enumerate() {
            let is_first = match waiting.envelope.message.group() {
                None => true,
                Some(group) if groups.contains(&group) => false,
                Some(group) => {
                    groups.push(group);
                    true
                }
            };
            if is_first && waiting.visible_at <= now {
                free.push(at);
            }
        }
        let at = *dice.one_of(&free)?;
        let waiting = &mut self.waiting[at];
        waiting.receives += 1;
        waiting.visible_at = now + visibility(&waiting.envelope.message);
        Some(Received {
            number: waiting.number,
            envelope: waiting.envelope.clone(),
            receive_count: waiting.receives,
        })
    }

    /// A second delivery of something on a standard queue that is being worked on already.
    pub(crate) fn receive_twice(&mut self, dice: &mut Dice, now: Timestamp) -> Option<Received> {
        let taken =
            |waiting: &&Waiting| waiting.visible_at > now && waiting.envelope.message.group().is_none();
        let taken: Vec<&Waiting> = self.waiting.iter().filter(taken).collect();
        let waiting = dice.one_of(&taken)?;
        Some(Received {
            number: waiting.number,
            envelope: waiting.envelope.clone(),
            receive_count: waiting.receives,
        })
    }

    /// What was late is late no longer.
    pub(crate) fn hurry(&mut self, now: Timestamp) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.receives == 0) {
            waiting.visible_at = waiting.visible_at.min(now);
        }
    }

    /// A message is done with.
    pub(crate) fn delete(&mut self, number: u64) {
        self.waiting.retain(|waiting| waiting.number != number);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |waiting: &Waiting| {
            format!(
                "{:?} received {} times",
                waiting.envelope.message, waiting.receives
            )
        };
        self.waiting.iter().map(text).collect()
    }
}

/// For how long a delivered message is not delivered again, as `template.yaml` has it.
pub(crate) fn visibility(message: &Message) -> SignedDuration {
    let seconds = match message {
        Message::RegisterBuild(_) | Message::MoveEditions(_) => 360,
        Message::CopyEdition(_)
        | Message::RetireName(_)
        | Message::DeriveFormat(_)
        | Message::UnpackArchive(_) => 330,
        Message::PurgeCdn(_)
        | Message::RenderDashboard(_)
        | Message::RenderIndex(_)
        | Message::RenderAll(_)
        | Message::UpdateDns(_)
        | Message::DeliverWebhook(_) => 90,
        Message::RenderDocument(_) | Message::PublishRendering(_) => 120,
    };
    SignedDuration::from_secs(seconds)
}

/// For how long a function may work on a message, as `template.yaml` has it.
pub(crate) fn timeout(message: &Message) -> SignedDuration {
    let seconds = match message {
        Message::RegisterBuild(_) | Message::MoveEditions(_) => 300,
        Message::CopyEdition(_)
        | Message::RetireName(_)
        | Message::DeriveFormat(_)
        | Message::UnpackArchive(_) => 300,
        Message::PurgeCdn(_)
        | Message::RenderDashboard(_)
        | Message::RenderIndex(_)
        | Message::RenderAll(_)
        | Message::UpdateDns(_)
        | Message::DeliverWebhook(_)
        | Message::RenderDocument(_)
        | Message::PublishRendering(_) => 60,
    };
    SignedDuration::from_secs(seconds)
}

/// A message in a few words.
pub(crate) fn brief(message: &Message) -> String {
    match message {
        Message::RegisterBuild(register) => format!("register build {}", register.build),
        Message::UnpackArchive(unpack) => format!("unpack build {}", unpack.then.build),
        Message::DeriveFormat(derive) => format!("derive {} of build {}", derive.format, derive.then.build),
        Message::MoveEditions(moving) => format!("move editions to build {}", moving.build),
        Message::CopyEdition(copy) => format!(
            "copy build {} to edition {} (generation {})",
            copy.pointer.build, copy.edition, copy.pointer.generation.0
        ),
        Message::RetireName(retire) => format!("retire name {} of edition {}", retire.name, retire.edition),
        Message::PurgeCdn(purge) => format!("purge edition {}", purge.edition),
        Message::RenderDashboard(render) => format!("pages of {}", render.product),
        Message::RenderIndex(_) | Message::RenderAll(_) => "index".to_owned(),
        Message::UpdateDns(_) => "DNS".to_owned(),
        Message::DeliverWebhook(_) => "webhook".to_owned(),
        Message::RenderDocument(_) | Message::PublishRendering(_) => "document".to_owned(),
    }
}
