use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Alias, ImageName, Version, VersionNumber};
use crate::id::DocumentId;
use crate::key::ObjectKey;
use crate::slug::OrganizationSlug;

/// What S3 tells two writes of one key apart by. A longer one is later, of equal length the greater
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>: pad the shorter one).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequencer(String);

impl Sequencer {
    /// Takes it as an event says it.
    pub fn new(raw: &str) -> Self {
        Self(raw.trim_start_matches('0').to_ascii_uppercase())
    }

    /// The text, without leading zeros.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ord for Sequencer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |sequencer: &Self| (sequencer.0.len(), sequencer.0.clone());
        key(self).cmp(&key(other))
    }
}
impl PartialOrd for Sequencer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The newest write of an object that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Which write it was.
    pub sequencer: Sequencer,
    /// When it was taken.
    pub at: Timestamp,
    /// SHA-256 of what was read, in hexadecimal digits: what is found later may be just that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// How somebody knows that an object was put into the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// An event says so.
    Event(Sequencer),
    /// It lies there, and no event may have said so.
    Found {
        /// When it was written, by the object store's clock.
        written_at: Timestamp,
    },
}

/// How far the clocks of the object store and of a function may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(1);

impl Notice {
    /// Whether a write has been taken already, or a later one has.
    pub fn is_old(&self, taken: Option<&Taken>) -> bool {
        taken.is_some_and(|taken| match self {
            Self::Event(sequencer) => taken.sequencer >= *sequencer,
            Self::Found { written_at } => *written_at + SKEW < taken.at,
        })
    }

    /// Whether what was found is what was taken last. Its time alone does not say so where an event came at once, and what
    /// somebody has changed since must not be undone.
    pub fn is_again(&self, taken: Option<&Taken>, sha256: &str) -> bool {
        match self {
            Self::Event(_) => false,
            Self::Found { .. } => taken.is_some_and(|taken| taken.sha256.as_deref() == Some(sha256)),
        }
    }

    /// What is remembered when the write is taken. A write without an event is later than the known one and earlier than
    /// every event that comes.
    pub fn taken(&self, before: Option<&Taken>, sha256: &str, at: Timestamp) -> Taken {
        let sequencer = match (self, before) {
            (Self::Event(sequencer), _) => sequencer.clone(),
            (Self::Found { .. }, Some(before)) => before.sequencer.clone(),
            (Self::Found { .. }, None) => Sequencer::new(""),
        };
        Taken {
            sequencer,
            at,
            sha256: Some(sha256.to_owned()),
        }
    }
}

/// Writes of images that a version remembers. Those of images that are gone have to be told from new ones, too, but a version
/// is one item of the table, and somebody may upload and remove without end.
const MAX_WRITES: usize = 400;

impl Version {
    /// Remembers which write of an image was taken last, and forgets the oldest of those that are gone.
    pub fn remember_write(&mut self, name: ImageName, taken: Taken) {
        self.image_writes.insert(name, taken);
        if self.image_writes.len() > MAX_WRITES {
            let gone = self
                .image_writes
                .iter()
                .filter(|(name, _)| !self.images.contains_key(*name));
            let oldest = gone
                .min_by_key(|(_, taken)| taken.at)
                .map(|(name, _)| name.clone());
            if let Some(name) = oldest {
                self.image_writes.remove(&name);
            }
        }
    }
}

/// What was put into the bucket for documents to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// An image of a version.
    Image {
        /// The document.
        document: DocumentId,
        /// The version.
        version: VersionNumber,
        /// The image.
        name: ImageName,
    },
    /// A whole document, by a batch.
    Document {
        /// The tenant.
        organization: OrganizationSlug,
        /// Its alias.
        alias: Alias,
    },
}

impl Incoming {
    /// Where it is put. Nothing that Imprint writes lies there, so no event is one's own.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::incoming(&match self {
            Self::Image {
                document,
                version,
                name,
            } => format!("images/{document}/{version}/{name}"),
            Self::Document { organization, alias } => format!("documents/{organization}/{alias}.json"),
        })
    }

    /// What a key is, if it is one of these.
    pub fn read(key: &ObjectKey) -> Option<Self> {
        let parts: Vec<&str> = key.incoming_path()?.split('/').collect();
        match parts[..] {
            ["images", document, version, name] => {
                let plain = document.bytes().all(|b| b.is_ascii_digit());
                Some(Self::Image {
                    document: plain.then(|| document.parse().ok()).flatten()?,
                    version: version.parse().ok()?,
                    name: name.parse().ok()?,
                })
            }
            ["documents", organization, file] => Some(Self::Document {
                organization: organization.parse().ok()?,
                alias: file.strip_suffix(".json")?.parse().ok()?,
            }),
            _ => None,
        }
    }
}
