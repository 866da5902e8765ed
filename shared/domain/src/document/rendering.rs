use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Checksum, Output, OutputName, VersionNumber};
use crate::git::GitRef;
use crate::id::{BuildId, DocumentId, Revision};
use crate::retention::Doom;
use crate::slug::OrganizationSlug;

/// How long a rendering may work before somebody else may take it over: longer than the function's timeout.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// How often a rendering is begun before it counts as failed for good.
pub const MAX_ATTEMPTS: u32 = 5;
/// Warnings that are kept. A document with more of them has one mistake many times.
pub const MAX_WARNINGS: usize = 200;
/// What the warnings that are kept have together at most, as text. An item of the table holds 400 KB.
const MAX_WARNING_BYTES: usize = 200_000;
/// What each text of a warning that is kept has at most, in characters: one of each kind always fits.
const MAX_WARNING_TEXT: usize = 1000;

/// What kind of thing a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// An equation that cannot be set.
    Equation,
    /// An image that is not stored.
    ImageMissing,
    /// An image that is stored and cannot be shown.
    ImageBad,
    /// A work that is cited and not listed.
    Reference,
    /// A link of a kind that pages do not have.
    Link,
    /// A node of a kind that nobody knows, in what was written before writes were checked.
    Node,
    /// A character that no font here has.
    Glyph,
}

/// Something that is not as its author meant it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// What kind of thing it is.
    pub code: WarningCode,
    /// Where it comes from: a JSON pointer into the content (`/document/introduction/children/2`), or `/markdown` with a line
    /// (`/markdown:17`).
    pub path: String,
    /// The node's own id, where it has one.
    pub node_id: Option<String>,
    /// The sentence.
    pub message: String,
    /// The piece of the source, at most 200 characters.
    pub snippet: String,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.path)
    }
}

impl Warning {
    /// Those of many that are kept, in their order: one of each kind, because whoever accepts a kind has to learn of all the
    /// others, and then as many as there is room for.
    pub fn kept(warnings: Vec<Self>) -> Vec<Self> {
        let mut kinds = BTreeSet::new();
        let shortened = warnings.into_iter().map(Self::shortened);
        let (of_each_kind, others): (Vec<_>, Vec<_>) =
            shortened.partition(|warning| kinds.insert(warning.code));
        let mut bytes = 0;
        let fits = |warning: &Self| {
            bytes += warning.path.len() + warning.message.len() + warning.snippet.len();
            bytes <= MAX_WARNING_BYTES
        };
        let all = of_each_kind.into_iter().chain(others);
        let mut kept: Vec<Self> = all.take(MAX_WARNINGS).take_while(fits).collect();
        kept.sort();
        kept
    }

    fn shortened(self) -> Self {
        let short = |text: String| match text.char_indices().nth(MAX_WARNING_TEXT) {
            Some((end, _)) => text[..end].to_owned(),
            None => text,
        };
        Self {
            path: short(self.path),
            node_id: self.node_id.map(short),
            message: short(self.message),
            snippet: short(self.snippet),
            ..self
        }
    }
}

/// Why a rendering failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The content has not the shape that it must have.
    Schema,
    /// It is too much of something.
    Limit,
    /// An equation, where warnings are failures.
    Equation,
    /// An image that is not stored, where warnings are failures.
    ImageMissing,
    /// An image that cannot be shown, where warnings are failures.
    ImageBad,
    /// A reference, where warnings are failures.
    Reference,
    /// The template or the engine.
    Template,
    /// A store did not answer.
    Storage,
    /// A mistake of ours.
    Internal,
}

impl ErrorCode {
    /// Whether the same content may be rendered by another try.
    pub fn is_retryable(self) -> bool {
        match self {
            Self::Storage => true,
            Self::Schema
            | Self::Limit
            | Self::Equation
            | Self::ImageMissing
            | Self::ImageBad
            | Self::Reference
            | Self::Template
            | Self::Internal => false,
        }
    }
}

/// Why a rendering failed, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct RenderingError {
    /// What kind of thing it is.
    pub code: ErrorCode,
    /// Where, as in a warning; empty where it is no place of the content.
    pub path: String,
    /// The sentence.
    pub message: String,
    /// The piece of the source.
    #[serde(default)]
    pub snippet: String,
}

impl RenderingError {
    /// It was begun as often as may be, and whoever began it was gone each time before it was over.
    fn never_ended() -> Self {
        Self {
            code: ErrorCode::Internal,
            path: String::new(),
            message: format!("it was begun {MAX_ATTEMPTS} times and never came to an end"),
            snippet: String::new(),
        }
    }
}

/// Where a rendering is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RenderingState {
    /// Somebody is at it.
    Running {
        /// Until when nobody else may begin.
        lease_until: Timestamp,
    },
    /// It is done: its outputs are all there. Final.
    Succeeded,
    /// It failed.
    Failed {
        /// Why.
        error: RenderingError,
    },
}

/// What is made of one state of a version, by one engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendering {
    /// Its name.
    pub checksum: Checksum,
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The document.
    pub document: DocumentId,
    /// The version.
    pub version: VersionNumber,
    /// Where it is.
    #[serde(flatten)]
    pub state: RenderingState,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was last begun.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Who makes it.
    pub engine: String,
    /// Its files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<OutputName, Output>,
    /// What is not as its author meant it, the first [`MAX_WARNINGS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The builds that it has become, by what they are a build of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub builds: BTreeMap<GitRef, BuildId>,
    /// That all of these were registered, or ended by somebody, so that nobody has to look after them any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settled: bool,
    /// That it is about to be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doom: Option<Doom>,
    /// How often it was written.
    pub revision: Revision,
}

/// What became of a rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Its files.
    pub outputs: BTreeMap<OutputName, Output>,
    /// What is not as its author meant it.
    pub warnings: Vec<Warning>,
}

/// Whether one may begin with a rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// One may, once this is stored.
    Work(Box<Rendering>),
    /// It has ended, and nothing more is to be done. To be stored where it was about to be deleted.
    Ended(Box<Rendering>),
    /// Somebody else is at it, or it is being deleted.
    Busy,
}

impl Rendering {
    /// Asks to begin with the rendering of a state of a version, of which `known` is stored.
    pub fn claim(known: Option<Self>, fresh: Fresh<'_>, now: Timestamp) -> Claim {
        let Some(known) = known else {
            return Claim::Work(Box::new(fresh.rendering(now)));
        };
        if let Some(Doom::Deleting { .. }) = known.doom {
            return Claim::Busy;
        }
        let again = || {
            Claim::Work(Box::new(Self {
                state: RenderingState::Running {
                    lease_until: now + LEASE,
                },
                attempts: known.attempts + 1,
                started_at: now,
                finished_at: None,
                doom: None,
                ..known.clone()
            }))
        };
        let ended = || {
            Claim::Ended(Box::new(Self {
                doom: None,
                ..known.clone()
            }))
        };
        match &known.state {
            RenderingState::Running { lease_until } if *lease_until > now => Claim::Busy,
            // It ends whoever is at it. Nobody lived to say so, and the next one would not either.
            RenderingState::Running { .. } if known.attempts >= MAX_ATTEMPTS => {
                let gone = Self {
                    doom: None,
                    ..known.clone()
                };
                Claim::Ended(Box::new(gone.fail(RenderingError::never_ended(), now)))
            }
            RenderingState::Running { .. } => again(),
            RenderingState::Succeeded => ended(),
            RenderingState::Failed { error }
                if error.code.is_retryable() && known.attempts < MAX_ATTEMPTS =>
            {
                again()
            }
            RenderingState::Failed { .. } => ended(),
        }
    }

    /// What it is once it is written.
    pub fn stored(self) -> Self {
        Self {
            revision: self.revision.next(),
            ..self
        }
    }

    /// What it is when its outputs are all there.
    pub fn succeed(self, rendered: Rendered, now: Timestamp) -> Self {
        Self {
            state: RenderingState::Succeeded,
            finished_at: Some(now),
            outputs: rendered.outputs,
            warnings: Warning::kept(rendered.warnings),
            ..self
        }
    }

    /// What it is when it has failed.
    pub fn fail(self, error: RenderingError, now: Timestamp) -> Self {
        Self {
            state: RenderingState::Failed { error },
            finished_at: Some(now),
            ..self
        }
    }

    /// Whether its outputs are there.
    pub fn is_good(&self) -> bool {
        match self.state {
            RenderingState::Succeeded => true,
            RenderingState::Running { .. } | RenderingState::Failed { .. } => false,
        }
    }
}

/// A rendering that nobody has begun.
#[derive(Debug, Clone, Copy)]
pub struct Fresh<'a> {
    /// Its name.
    pub checksum: &'a Checksum,
    /// Of what.
    pub version: &'a super::Version,
    /// Who makes it.
    pub engine: &'a str,
}

impl Fresh<'_> {
    fn rendering(self, now: Timestamp) -> Rendering {
        Rendering {
            checksum: self.checksum.clone(),
            organization: self.version.organization.clone(),
            document: self.version.document,
            version: self.version.number,
            state: RenderingState::Running {
                lease_until: now + LEASE,
            },
            attempts: 1,
            started_at: now,
            finished_at: None,
            engine: self.engine.to_owned(),
            outputs: BTreeMap::new(),
            warnings: Vec::new(),
            builds: BTreeMap::new(),
            settled: false,
            doom: None,
            revision: Revision::NEW,
        }
    }
}
