//! How a use-case refuses a request.

use imprint_domain::build::BuildError;
use imprint_domain::product::ProductEnded;
use imprint_domain::rename::RenameError;
use imprint_manuscript::Problem;
use jiff::SignedDuration;

use crate::ports::{PresignError, SendError, StoreError};

/// Why a request was not carried out. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The request is wrong; the sentence says in what.
    #[error("{0}")]
    Invalid(String),
    /// The thing that the request is about is not there.
    #[error("it is not there")]
    NotFound,
    /// The caller may not do this.
    #[error("it is not allowed")]
    Forbidden,
    /// Too many wrong passwords were given with this name.
    #[error("too many wrong passwords were given with this name; wait before the next one")]
    Locked {
        /// How long to wait.
        wait: SignedDuration,
    },
    /// The answer would be larger than can be delivered; the sentence says what to do.
    #[error("{0}")]
    TooLarge(String),
    /// What a document says is refused; each thing with its place.
    #[error("{} things are wrong with the content; the first, at {}: {}", .0.len(), first(.0).0, first(.0).1)]
    Content(Vec<Problem>),
    /// The thing is in a state in which this cannot be done; the sentence says in which.
    #[error("{0}")]
    Refused(String),
    /// Somebody else has changed the thing since the caller looked at it.
    #[error("somebody else has changed it since you read it; read it again and repeat your change")]
    Outdated,
    /// Others kept writing the same thing.
    #[error("the same thing is being changed by others; send the request again")]
    Contended,
    /// The upload forms could not be signed.
    #[error(transparent)]
    Presign(#[from] PresignError),
    /// The store did not do what it was asked.
    #[error(transparent)]
    Store(StoreError),
}

fn first(problems: &[Problem]) -> (&str, &str) {
    problems
        .first()
        .map_or(("", ""), |problem| (&problem.path, &problem.message))
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Contended,
            error @ (StoreError::NotFound(_) | StoreError::Busy(_) | StoreError::Failed(_)) => {
                Self::Store(error)
            }
        }
    }
}

/// A message that had to be sent, and is in no outbox of its own.
impl From<SendError> for AppError {
    fn from(SendError(source): SendError) -> Self {
        Self::Store(StoreError::Busy(source))
    }
}

impl From<RenameError> for AppError {
    fn from(error: RenameError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<ProductEnded> for AppError {
    fn from(error: ProductEnded) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<BuildError> for AppError {
    fn from(error: BuildError) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// How often a use-case loads and decides again when somebody else wrote first.
pub(crate) const MAX_TRIES: usize = 8;
