use imprint_domain::task::FailureCode;

use crate::ports::StoreError;

/// Why a step did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// It may work later. The message goes back to its queue.
    #[error("{code:?}, to be tried again")]
    Retry {
        /// What the task shows when the queue gives up.
        code: FailureCode,
        /// What went wrong.
        #[source]
        source: crate::ports::Source,
    },
    /// It will never work. The message is done with; the task shows why.
    #[error("{code:?}: {message}")]
    Final {
        /// What the task shows.
        code: FailureCode,
        /// The sentence.
        message: String,
    },
    /// The CDN refused. Trying again soon is of no use, trying again later may be: the outbox keeps it.
    #[error("{code:?}: {message}")]
    Later {
        /// What the task shows.
        code: FailureCode,
        /// The sentence.
        message: String,
    },
}

impl StepError {
    /// What its task shows.
    pub fn code(&self) -> FailureCode {
        match self {
            Self::Retry { code, .. } | Self::Final { code, .. } | Self::Later { code, .. } => *code,
        }
    }

    /// An error of the catalog.
    pub(crate) fn catalog(error: StoreError) -> Self {
        Self::Retry {
            code: FailureCode::Catalog,
            source: error.into(),
        }
    }

    /// An error of the object store.
    pub(crate) fn objects(error: StoreError) -> Self {
        Self::Retry {
            code: FailureCode::ObjectStore,
            source: error.into(),
        }
    }

    /// Somebody else kept writing the same thing.
    pub(crate) fn contended() -> Self {
        Self::catalog(StoreError::Conflict)
    }
}
