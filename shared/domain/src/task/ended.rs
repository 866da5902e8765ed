//! What a task was about and how long it took, once nothing more will happen.

use jiff::{SignedDuration, Timestamp};

use super::{EditionStep, PagesStep, Registration, Task};

/// What a task does, as a word for statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskKind {
    /// Publishes a build.
    Publish,
    /// Moves or renames an edition.
    Move,
    /// Writes pages anew.
    Render,
}

impl TaskKind {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Move => "move",
            Self::Render => "render",
        }
    }
}

impl Task {
    /// What it does.
    pub fn kind(&self) -> TaskKind {
        match &self.registration {
            Registration::Queued
            | Registration::Unpacking { .. }
            | Registration::Deriving { .. }
            | Registration::Done { .. }
            | Registration::Failed(_) => TaskKind::Publish,
            Registration::NotNeeded if self.editions.is_empty() => TaskKind::Render,
            Registration::NotNeeded => TaskKind::Move,
        }
    }

    /// How long it took from its acceptance to the last thing that happened; none while something may still happen. Never
    /// negative, whatever the clocks of the functions said.
    pub fn took(&self) -> Option<SignedDuration> {
        if !self.is_final() {
            return None;
        }
        let registered = match &self.registration {
            Registration::Done { at, .. } => Some(*at),
            Registration::Failed(failure) => Some(failure.at),
            Registration::NotNeeded
            | Registration::Queued
            | Registration::Unpacking { .. }
            | Registration::Deriving { .. } => None,
        };
        let editions = self.editions.iter().map(|row| match &row.step {
            EditionStep::Published { at } => *at,
            EditionStep::Failed(failure) => failure.at,
            EditionStep::Queued
            | EditionStep::Copying { .. }
            | EditionStep::Purging
            | EditionStep::Superseded => row.updated_at,
        });
        let pages = self.pages.iter().filter_map(|pages| match &pages.step {
            PagesStep::Wanted => None,
            PagesStep::Rendered { at } => Some(*at),
            PagesStep::Failed(failure) => Some(failure.at),
        });
        let last: Option<Timestamp> = registered.into_iter().chain(editions).chain(pages).max();
        last.map(|last| last.duration_since(self.created_at).max(SignedDuration::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{BuildId, EditionId, Generation, OutboxId, Revision, TaskId};
    use crate::task::{FailureCode, PagesOf, TaskEdition, TaskPages};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn task(registration: Registration, steps: &[EditionStep]) -> Task {
        let editions = steps.iter().zip(1..).map(|(step, n)| TaskEdition {
            edition: EditionId(n),
            slug: "main".parse().unwrap(),
            build: BuildId(1),
            generation: Generation(1),
            step: step.clone(),
            report: None,
            updated_at: at(40),
        });
        Task {
            id: TaskId::from_bytes([0; 16]),
            organization: "default".parse().unwrap(),
            product: Some("alpha".parse().unwrap()),
            build: Some(BuildId(1)),
            created_at: at(10),
            registration,
            notes: Vec::new(),
            editions: editions.collect(),
            pages: Vec::new(),
            revision: Revision::NEW,
        }
    }

    fn done() -> Registration {
        Registration::Done {
            at: at(12),
            files: 1,
            bytes: 1,
        }
    }

    #[test]
    fn a_task_takes_until_the_last_thing_that_happened() {
        let published = EditionStep::Published { at: at(30) };
        let failed = FailureCode::Gone.because("gone", at(25));
        let seconds = |task: &Task| task.took().map(|took| took.as_secs());
        assert_eq!(seconds(&task(done(), &[])), Some(2));
        assert_eq!(seconds(&task(done(), std::slice::from_ref(&published))), Some(20));
        assert_eq!(
            seconds(&task(done(), &[published.clone(), EditionStep::Superseded])),
            Some(30)
        );
        assert_eq!(
            seconds(&task(Registration::Failed(failed.clone()), &[])),
            Some(15)
        );
        assert_eq!(seconds(&task(done(), &[EditionStep::Failed(failed)])), Some(15));
        let rendered = TaskPages {
            step: PagesStep::Rendered { at: at(50) },
            ..TaskPages::wanted(PagesOf::Organization, OutboxId::from_bytes([1; 16]), at(30))
        };
        let with_pages = Task {
            pages: vec![rendered],
            ..task(done(), &[published])
        };
        assert_eq!(seconds(&with_pages), Some(40));
    }

    #[test]
    fn a_task_that_goes_on_has_taken_no_time_yet_and_clocks_that_disagree_give_none() {
        assert_eq!(task(done(), &[EditionStep::Purging]).took(), None);
        let early = EditionStep::Published { at: at(5) };
        let took = task(Registration::NotNeeded, &[early]).took();
        assert_eq!(took, Some(SignedDuration::ZERO));
    }

    #[test]
    fn a_task_is_of_the_kind_of_its_largest_part() {
        assert_eq!(task(done(), &[EditionStep::Purging]).kind(), TaskKind::Publish);
        let moved = task(Registration::NotNeeded, &[EditionStep::Queued]);
        assert_eq!(moved.kind(), TaskKind::Move);
        assert_eq!(task(Registration::NotNeeded, &[]).kind(), TaskKind::Render);
    }
}
