//! Webhooks: who is told of what, in which form, how a receiver knows that it was us, and what became of each telling.
//!
//! Headers, signature and secrets are those of Standard Webhooks
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

mod address;
mod body;
mod delivery;
mod event;
mod signature;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::WebhookId;
use crate::secret::Sealed;

pub use address::{ForbiddenAddress, Reach, WebhookUrl, WebhookUrlError, is_public};
pub use body::ApiAddress;
pub use delivery::{Answer, Attempt, Delivery, MAX_ATTEMPTS, Next, Settled, State, Turn};
pub use event::{BuildFacts, EditionFacts, Event, EventKind, ProductFacts, Subject, UnknownEvent};
pub use signature::{Secret, SecretError, signature_header};

/// How many an organization may have. Each is an entry of the outbox for every event that it wants, in the transaction
/// of what happened.
pub const MAX_WEBHOOKS: usize = 10;

/// How long a secret is still signed with after it was replaced, so that a receiver can change over without a loss.
pub const OLD_SECRET_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// The form of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// `{"type", "timestamp", "data"}`, as Standard Webhooks recommend.
    Imprint,
    /// That of LTD Keeper's events, which knows `edition.updated` only.
    Ltd,
}

impl Format {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Imprint => "imprint",
            Self::Ltd => "ltd",
        }
    }
}

/// A word that names no form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is neither imprint nor ltd")]
pub struct UnknownFormat;

impl std::str::FromStr for Format {
    type Err = UnknownFormat;
    fn from_str(raw: &str) -> Result<Self, UnknownFormat> {
        [Self::Imprint, Self::Ltd]
            .into_iter()
            .find(|format| format.name() == raw)
            .ok_or(UnknownFormat)
    }
}

/// What a webhook is told of, and how: never nothing, and never what its form cannot say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawTopics", into = "RawTopics")]
pub struct Topics {
    format: Format,
    events: BTreeSet<EventKind>,
}

#[derive(Serialize, Deserialize)]
struct RawTopics {
    format: Format,
    events: BTreeSet<EventKind>,
}

/// Why a webhook cannot be told of these events in this form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicsError {
    /// It would never be told of anything.
    #[error("there must be at least one event")]
    Nothing,
    /// LTD's form has no words for it.
    #[error("the form ltd has edition.updated only, not {}", .0.name())]
    NotInLtd(EventKind),
    /// Sent when somebody asks for it, and by nothing that happens.
    #[error("ping cannot be subscribed to: it is sent when it is asked for")]
    Ping,
}

impl Topics {
    /// These events in this form.
    ///
    /// # Errors
    /// When there are none, or one that cannot be had.
    pub fn new(format: Format, events: BTreeSet<EventKind>) -> Result<Self, TopicsError> {
        if events.is_empty() {
            return Err(TopicsError::Nothing);
        }
        if events.contains(&EventKind::Ping) {
            return Err(TopicsError::Ping);
        }
        let other = events.iter().find(|event| **event != EventKind::EditionUpdated);
        match (format, other) {
            (Format::Ltd, Some(other)) => Err(TopicsError::NotInLtd(*other)),
            (Format::Ltd, None) | (Format::Imprint, _) => Ok(Self { format, events }),
        }
    }

    /// The form of the bodies.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The events in their order.
    pub fn events(&self) -> &BTreeSet<EventKind> {
        &self.events
    }
}

impl TryFrom<RawTopics> for Topics {
    type Error = TopicsError;
    fn try_from(raw: RawTopics) -> Result<Self, TopicsError> {
        Self::new(raw.format, raw.events)
    }
}
impl From<Topics> for RawTopics {
    fn from(topics: Topics) -> Self {
        Self {
            format: topics.format,
            events: topics.events,
        }
    }
}

/// Somebody who wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its name in URLs.
    pub id: WebhookId,
    /// Where it listens.
    pub url: WebhookUrl,
    /// What it wants to hear, and how.
    pub topics: Topics,
    /// What its deliveries are signed with.
    pub secret: Sealed,
    /// What they were signed with before and are for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_secret: Option<OldSecret>,
    /// Whether it is told of anything at present.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldSecret {
    /// The secret.
    pub secret: Sealed,
    /// Until when deliveries are signed with it too.
    pub until: Timestamp,
}

impl Webhook {
    /// Whether it is told of such events.
    pub fn wants(&self, kind: EventKind) -> bool {
        self.enabled && self.topics.events.contains(&kind)
    }

    /// Signs with another secret from now on, and with the present one for a while.
    pub fn rotate(mut self, secret: Sealed, now: Timestamp) -> Self {
        let old = std::mem::replace(&mut self.secret, secret);
        self.old_secret = Some(OldSecret {
            secret: old,
            until: now + OLD_SECRET_LIFE,
        });
        self
    }

    /// The secrets to sign with, the present one first.
    pub fn secrets(&self, now: Timestamp) -> impl Iterator<Item = &Sealed> {
        let old = self.old_secret.as_ref().filter(|old| now < old.until);
        std::iter::once(&self.secret).chain(old.map(|old| &old.secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(format: Format, events: &[EventKind]) -> Result<Topics, TopicsError> {
        Topics::new(format, events.iter().copied().collect())
    }

    #[test]
    fn topics_that_could_never_be_told_are_refused_also_when_they_are_read_back() {
        use EventKind::{BuildUploaded, EditionUpdated, Ping};
        assert!(topics(Format::Imprint, &[BuildUploaded, EditionUpdated]).is_ok());
        assert!(topics(Format::Ltd, &[EditionUpdated]).is_ok());
        assert_eq!(topics(Format::Imprint, &[]), Err(TopicsError::Nothing));
        assert_eq!(topics(Format::Imprint, &[Ping]), Err(TopicsError::Ping));
        assert_eq!(
            topics(Format::Ltd, &[BuildUploaded, EditionUpdated]),
            Err(TopicsError::NotInLtd(BuildUploaded))
        );
        let stored = r#"{"format":"ltd","events":["build.uploaded"]}"#;
        assert!(serde_json::from_str::<Topics>(stored).is_err());
    }

    #[test]
    fn a_replaced_secret_is_signed_with_for_a_day() {
        let now = Timestamp::UNIX_EPOCH;
        let webhook = Webhook {
            id: WebhookId::from_bytes([1; 16]),
            url: "https://example.org/".parse().unwrap(),
            topics: topics(Format::Imprint, &[EventKind::EditionUpdated]).unwrap(),
            secret: "aa".parse().unwrap(),
            old_secret: None,
            enabled: true,
            created_at: now,
        };
        let webhook = webhook.rotate("bb".parse().unwrap(), now);
        let names = |at| {
            webhook
                .secrets(at)
                .map(|secret| secret.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(now), ["bb", "aa"]);
        assert_eq!(names(now + OLD_SECRET_LIFE), ["bb"]);
    }
}
