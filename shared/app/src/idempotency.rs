//! Requests that bear a key have their effect once, however often they are sent.
//!
//! [`begin`] writes that a request runs, before it does. Its ports are lent by [`Once`]: the first commit of the request
//! also writes, in the same transaction, that the request took effect, so a process that dies between the two leaves
//! either both or nothing. [`Once::conclude`] keeps the answer. A request without a key comes through none of this.
//!
//! What a use-case does besides commits, such as writing an object, may happen again after a death before the first
//! commit: it is written so that this does no harm.

mod answer;
mod catalog;
mod registry;

use std::sync::Arc;

use imprint_domain::idempotency::{Again, Fingerprint, KeptId, KeptRequest, KeptState};
use tokio::sync::Mutex;

pub use answer::{Answer, KeptBody};

use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::Chain;
use crate::ports::{Change, StoreError};
use crate::tenants::{Installation, Tenants};
use answer::Seal;
use catalog::LentCatalog;
use registry::LentRegistry;

/// What becomes of a request that bears a key.
#[derive(Debug)]
pub enum Begun {
    /// It runs.
    Run(Arc<Once>),
    /// It was answered before.
    Replay(Answer),
    /// The key belongs to another request.
    Other,
    /// The same request is still under way.
    UnderWay,
    /// It had its effect, and its answer is lost.
    Lost,
}

/// How a request that ran has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As it was answered.
    Answered,
    /// Another one took over before it had an effect: its own answer says nothing.
    TakenOver,
}

/// One run of a request that bears a key.
pub struct Once {
    installation: Installation,
    progress: Mutex<Progress>,
}

/// What is stored of a run, as far as it knows.
#[derive(Debug)]
enum Progress {
    /// It had no effect yet.
    Begun(KeptRequest),
    /// It had one.
    Effective(KeptRequest),
    /// Another run took over, or this one cannot know whether it had an effect. It may have none any more.
    TakenOver,
}

impl std::fmt::Debug for Once {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Once")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// Begins a request that bears a key. One write for a key that is new, and one read where it is not.
///
/// # Errors
/// When the store fails.
pub async fn begin(tenants: &Tenants, id: KeptId, fingerprint: Fingerprint) -> Result<Begun, AppError> {
    let installation = tenants.installation();
    let now = installation.clock.now();
    let mut next = KeptRequest::begin(id.clone(), fingerprint.clone(), now);
    for _ in 0..MAX_TRIES {
        let write = vec![Change::KeepRequest(next.clone())];
        match installation.catalog.commit(write).await {
            Ok(()) => return Ok(Begun::Run(Arc::new(Once::new(installation, next.written())))),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(kept) = installation.catalog.kept_request(&id).await? else {
            // Its time was over, and the table has removed it since.
            next = KeptRequest::begin(id.clone(), fingerprint.clone(), now);
            continue;
        };
        match kept.again(&fingerprint, now) {
            Again::Run(again) => next = *again,
            Again::Other => return Ok(Begun::Other),
            Again::UnderWay => return Ok(Begun::UnderWay),
            Again::Lost => return Ok(Begun::Lost),
            Again::Answered(sealed) => return Ok(opened(installation, &id, &sealed)),
        }
    }
    Err(AppError::Contended)
}

/// An answer that cannot be opened is lost: the installation's key has changed since.
fn opened(installation: &Installation, id: &KeptId, sealed: &str) -> Begun {
    let answer = Seal::new(&installation.sealing, id).open(sealed);
    answer.map_or(Begun::Lost, Begun::Replay)
}

impl Once {
    fn new(installation: &Installation, kept: KeptRequest) -> Self {
        Self {
            installation: installation.clone(),
            progress: Mutex::new(Progress::Begun(kept)),
        }
    }

    /// Whether it had an effect.
    pub async fn took_effect(&self) -> bool {
        matches!(&*self.progress.lock().await, Progress::Effective(_))
    }

    /// Commits, the first time together with the note that the request took effect.
    async fn commit(&self, mut changes: Vec<Change>) -> Result<(), StoreError> {
        let catalog = &self.installation.catalog;
        // Of two commits at once one is the first: the other waits until that is known.
        let mut progress = self.progress.lock().await;
        let kept = match &*progress {
            Progress::Begun(kept) if !changes.is_empty() => kept.at(KeptState::Effective),
            Progress::Begun(_) | Progress::Effective(_) => {
                drop(progress);
                return catalog.commit(changes).await;
            }
            Progress::TakenOver => return Err(StoreError::Conflict),
        };
        changes.push(Change::KeepRequest(kept.clone()));
        let outcome = catalog.commit(changes).await;
        match &outcome {
            Ok(()) => *progress = Progress::Effective(kept.written()),
            // Either somebody else changed the same thing, or another run of the request took over.
            Err(StoreError::Conflict) => {
                let stored = catalog.kept_request(&kept.id).await?;
                if stored.is_none_or(|stored| stored.revision != kept.revision) {
                    *progress = Progress::TakenOver;
                }
            }
            // Where nobody knows whether it happened, the next write of the record finds out.
            Err(StoreError::Busy(_) | StoreError::Failed(_) | StoreError::NotFound(_)) => {}
        }
        outcome
    }

    /// Ends the run: keeps its answer, or frees the key where there is none to keep and nothing happened. A request that
    /// had its effect and was not answered is never run again.
    ///
    /// A write that fails is no error of the caller: the key is then good again after its lease, or says that the answer is
    /// lost.
    pub async fn conclude(&self, answer: Option<&Answer>) -> Ended {
        let progress = self.progress.lock().await;
        let (kept, state) = match (&*progress, answer) {
            (Progress::TakenOver, _) => return Ended::TakenOver,
            (Progress::Effective(_), None) => return Ended::Answered,
            (Progress::Begun(kept), None) => (kept, KeptState::Free),
            (Progress::Begun(kept) | Progress::Effective(kept), Some(answer)) => {
                let Installation { sealing, random, .. } = &self.installation;
                let answer = Seal::new(sealing, &kept.id).seal(&**random, answer);
                (kept, KeptState::Answered { answer })
            }
        };
        let write = vec![Change::KeepRequest(kept.at(state))];
        if let Err(error) = self.installation.catalog.commit(write).await {
            tracing::warn!(error = %Chain(&error), "what was answered to a request with a key is not kept");
        }
        Ended::Answered
    }
}

impl Tenants {
    /// The same organizations for one run of a request: the first commit of whoever is lent them says that it took effect.
    #[must_use]
    pub fn lent_by(&self, once: &Arc<Once>) -> Self {
        let installation = self.installation();
        self.with(Installation {
            catalog: Arc::new(LentCatalog::new(installation.catalog.clone(), once.clone())),
            registry: Arc::new(LentRegistry::new(installation.registry.clone(), once.clone())),
            ..installation.clone()
        })
    }
}
