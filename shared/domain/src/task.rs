//! Tasks: what a caller watches after a request that goes on in the background.

mod ended;
mod failure;
mod pages;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use ended::TaskKind;
pub use failure::{Failure, FailureCode};
pub use pages::{PagesOf, PagesStep, TaskPages};

use crate::id::{BuildId, EditionId, Generation, Revision, TaskId};
use crate::slug::{EditionSlug, OrganizationSlug, ProductSlug};

/// Where registering a build has got to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Registration {
    /// This task registers nothing: it moves an edition to a registered build.
    NotNeeded,
    /// Sent, not begun.
    Queued,
    /// The archive is being read, or its files are being written.
    Unpacking {
        /// Files written so far.
        done: u64,
        /// Files in the archive; none before it is known to be good.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
        /// When it last got on.
        updated_at: Timestamp,
    },
    /// The files are known; formats are made of them, for which the editions wait a while.
    Deriving {
        /// Since when.
        since: Timestamp,
    },
    /// Done: the editions below are on their way.
    Done {
        /// When.
        at: Timestamp,
        /// Files in the build, redirects of directories included.
        files: u64,
        /// Their size in bytes.
        bytes: u64,
    },
    /// Failed for good.
    Failed(Failure),
}

/// What was copied, deleted and left alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyReport {
    /// Objects copied.
    pub copied: u64,
    /// Objects deleted.
    pub deleted: u64,
    /// Objects that were right already.
    pub unchanged: u64,
}

/// Where an edition has got to on behalf of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum EditionStep {
    /// Sent, not begun.
    Queued,
    /// Objects are being copied: `done` of `total`.
    Copying {
        /// Objects copied so far.
        done: u64,
        /// Objects to copy.
        total: u64,
    },
    /// Objects are there; the CDN is being told.
    Purging,
    /// Readers see it.
    Published {
        /// Since when.
        at: Timestamp,
    },
    /// A newer build took its place, or the edition ended, before it was copied.
    Superseded,
    /// Failed for good.
    Failed(Failure),
}

impl EditionStep {
    /// Whether nothing more will happen.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Queued | Self::Copying { .. } | Self::Purging => false,
            Self::Published { .. } | Self::Superseded | Self::Failed(_) => true,
        }
    }
}

/// One edition's part of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskEdition {
    /// The edition.
    pub edition: EditionId,
    /// Its slug when the task began.
    pub slug: EditionSlug,
    /// The build it moves to.
    pub build: BuildId,
    /// The generation of the move.
    pub generation: Generation,
    /// How far it is.
    #[serde(flatten)]
    pub step: EditionStep,
    /// What the copy did, once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<CopyReport>,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// Something a caller should know that is no failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// A stable word.
    pub code: NoteCode,
    /// A sentence.
    pub message: String,
}

/// Every note there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteCode {
    /// An edition follows such builds but already shows a newer one.
    EditionHasNewer,
    /// An edition would move but is pinned.
    EditionPinned,
    /// No edition follows this build.
    NoEditionFollows,
    /// The build has no edition of its own because another ref's has the slug.
    SlugTaken,
    /// A file was uploaded that cannot be published and was left out.
    FileLeftOut,
    /// A format of the build is not there, or of an earlier build.
    ArtifactLacking,
    /// The upload was confirmed again with other files before the editions moved.
    ConfirmedAgain,
}

/// A request that goes on in the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its identity, and the end of its URL.
    pub id: TaskId,
    /// The tenant it belongs to.
    pub organization: OrganizationSlug,
    /// The product it belongs to; none when it is about the whole organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// The build it publishes, if it publishes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildId>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Where registering the build has got to.
    pub registration: Registration,
    /// What the caller should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// The editions that move, each stored on its own so that they never wait for each other.
    #[serde(skip)]
    pub editions: Vec<TaskEdition>,
    /// The pages that are written anew, each stored on its own too.
    #[serde(skip)]
    pub pages: Vec<TaskPages>,
    /// How often it was written (its editions and pages not counted).
    pub revision: Revision,
}

/// LTD's vocabulary for tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TaskStatus {
    /// Nothing has begun.
    Pending,
    /// Something has begun and not everything is finished.
    Started,
    /// Everything has arrived, or was superseded by something newer.
    Success,
    /// Everything is finished and something failed.
    Failure,
}

impl Task {
    /// The status of the whole: editions first, then the pages that list them; the last of all decides, and one failure
    /// makes a failure (D6).
    pub fn status(&self) -> TaskStatus {
        match &self.registration {
            Registration::Failed(_) => return TaskStatus::Failure,
            Registration::Queued => return TaskStatus::Pending,
            Registration::Unpacking { .. } | Registration::Deriving { .. } => return TaskStatus::Started,
            Registration::Done { .. } | Registration::NotNeeded => {}
        }
        let (mut editions, mut pages) = (self.editions.iter(), self.pages.iter());
        let nothing_begun = editions.all(|edition| edition.step == EditionStep::Queued)
            && pages.all(|pages| pages.step == PagesStep::Wanted);
        if self.registration == Registration::NotNeeded && nothing_begun {
            return TaskStatus::Pending;
        }
        let (mut editions, mut pages) = (self.editions.iter(), self.pages.iter());
        if !editions.all(|edition| edition.step.is_final()) || !pages.all(|pages| pages.step.is_final()) {
            return TaskStatus::Started;
        }
        let (mut editions, mut pages) = (self.editions.iter(), self.pages.iter());
        if editions.any(|edition| matches!(edition.step, EditionStep::Failed(_)))
            || pages.any(|pages| matches!(pages.step, PagesStep::Failed(_)))
        {
            TaskStatus::Failure
        } else {
            TaskStatus::Success
        }
    }

    /// Whether nothing more will happen.
    pub fn is_final(&self) -> bool {
        match self.status() {
            TaskStatus::Pending | TaskStatus::Started => false,
            TaskStatus::Success | TaskStatus::Failure => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::OutboxId;

    fn task(registration: Registration, steps: &[EditionStep]) -> Task {
        let editions = steps.iter().zip(1..).map(|(step, n)| TaskEdition {
            edition: EditionId(n),
            slug: "main".parse().unwrap(),
            build: BuildId(1),
            generation: Generation(1),
            step: step.clone(),
            report: None,
            updated_at: Timestamp::UNIX_EPOCH,
        });
        Task {
            id: TaskId::from_bytes([0; 16]),
            organization: "default".parse().unwrap(),
            product: Some("alpha".parse().unwrap()),
            build: Some(BuildId(1)),
            created_at: Timestamp::UNIX_EPOCH,
            registration,
            notes: Vec::new(),
            editions: editions.collect(),
            pages: Vec::new(),
            revision: Revision::NEW,
        }
    }

    fn done() -> Registration {
        Registration::Done {
            at: Timestamp::UNIX_EPOCH,
            files: 1,
            bytes: 1,
        }
    }

    fn failed() -> Failure {
        FailureCode::PurgeRefused.because("no", Timestamp::UNIX_EPOCH)
    }

    /// D6: the task's status followed the dashboard only, and D5: a failure could not be reported.
    #[test]
    fn d5_d6_the_status_is_that_of_the_whole_and_failures_show() {
        let published = EditionStep::Published {
            at: Timestamp::UNIX_EPOCH,
        };
        let failed_step = EditionStep::Failed(failed());
        let cases: [(Registration, &[EditionStep], TaskStatus); 9] = [
            (Registration::Queued, &[], TaskStatus::Pending),
            (Registration::Failed(failed()), &[], TaskStatus::Failure),
            (done(), &[], TaskStatus::Success),
            (done(), &[EditionStep::Queued], TaskStatus::Started),
            (
                done(),
                &[published.clone(), EditionStep::Purging],
                TaskStatus::Started,
            ),
            (
                done(),
                &[published.clone(), EditionStep::Superseded],
                TaskStatus::Success,
            ),
            (
                done(),
                &[published.clone(), failed_step.clone()],
                TaskStatus::Failure,
            ),
            (done(), &[failed_step, EditionStep::Queued], TaskStatus::Started),
            (
                Registration::NotNeeded,
                &[EditionStep::Queued],
                TaskStatus::Pending,
            ),
        ];
        for (registration, steps, status) in cases {
            assert_eq!(
                task(registration.clone(), steps).status(),
                status,
                "{registration:?} {steps:?}"
            );
        }
    }

    fn pages(steps: &[PagesStep]) -> Vec<TaskPages> {
        let pages = steps.iter().map(|step| TaskPages {
            of: PagesOf::Product("alpha".parse().unwrap()),
            entry: OutboxId::from_bytes([9; 16]),
            wanted_at: Timestamp::UNIX_EPOCH,
            step: step.clone(),
        });
        pages.collect()
    }

    /// D6 from the other side: an edition that readers see is not on the pages yet.
    #[test]
    fn d6_a_task_ends_when_its_pages_are_written_and_not_before() {
        let at = Timestamp::UNIX_EPOCH;
        let (wanted, rendered) = (PagesStep::Wanted, PagesStep::Rendered { at });
        let not_rendered = PagesStep::Failed(failed());
        let published = || EditionStep::Published { at };
        let one = std::slice::from_ref;
        let cases: [(Registration, Vec<EditionStep>, &[PagesStep], TaskStatus); 9] = [
            (done(), vec![published()], one(&wanted), TaskStatus::Started),
            (done(), vec![published()], one(&rendered), TaskStatus::Success),
            (done(), vec![published()], one(&not_rendered), TaskStatus::Failure),
            (
                done(),
                vec![EditionStep::Queued],
                one(&rendered),
                TaskStatus::Started,
            ),
            (done(), vec![], one(&wanted), TaskStatus::Started),
            (Registration::NotNeeded, vec![], one(&wanted), TaskStatus::Pending),
            (
                Registration::NotNeeded,
                vec![],
                &[wanted.clone(), rendered.clone()],
                TaskStatus::Started,
            ),
            (
                Registration::NotNeeded,
                vec![],
                one(&rendered),
                TaskStatus::Success,
            ),
            (
                Registration::NotNeeded,
                vec![],
                &[not_rendered.clone(), rendered.clone()],
                TaskStatus::Failure,
            ),
        ];
        for (registration, steps, waits, status) in cases {
            let task = Task {
                pages: pages(waits),
                ..task(registration.clone(), &steps)
            };
            assert_eq!(task.status(), status, "{registration:?} {steps:?} {waits:?}");
        }
    }

    #[test]
    fn only_the_rendering_that_is_waited_for_ends_the_wait_and_its_first_success_stays() {
        let at = Timestamp::UNIX_EPOCH;
        let (this, other) = (OutboxId::from_bytes([9; 16]), OutboxId::from_bytes([8; 16]));
        let [wanted, failed, rendered] = pages(&[
            PagesStep::Wanted,
            PagesStep::Failed(failed()),
            PagesStep::Rendered { at },
        ])
        .try_into()
        .unwrap();
        let both = [other.clone(), this];
        assert!(wanted.heeds(&both) && failed.heeds(&both) && !rendered.heeds(&both));
        assert!(!wanted.heeds(&[other]) && !wanted.heeds(&[]));
    }

    #[test]
    fn a_task_reads_back_as_it_was_stored() {
        let stored = task(Registration::Failed(failed()), &[]);
        let json = serde_json::to_string(&stored).unwrap();
        assert_eq!(serde_json::from_str::<Task>(&json).unwrap(), stored);
    }
}
