//! Moves that somebody asked for: the edition, its history and the task in one commit, the messages after it.

use imprint_domain::access::UserName;
use imprint_domain::build::Build;
use imprint_domain::edition::{Cause, Edition};
use imprint_domain::history::Moved;
use imprint_domain::id::{Revision, TaskId};
use imprint_domain::key::KeyPrefix;
use imprint_domain::message::{CopyEdition, Message, RegisterBuild};
use imprint_domain::product::Product;
use imprint_domain::task::{EditionStep, Registration, Task, TaskEdition};
use imprint_domain::webhook::{EventKind, Subject};

use super::Changed;
use crate::announce::announce;
use crate::builds::new_task;
use crate::env::Env;
use crate::error::AppError;
use crate::outgoing::commit_and_send;
use crate::ports::{Change, StoreError};
use crate::render_dashboard;

/// Somebody's move of an edition to a build.
pub(super) struct Move {
    edition: Edition,
    task: Task,
    moved: Option<Moved>,
    message: Option<Message>,
}

impl Move {
    /// Decides the move: a copy when the build's files are known, else the build is registered for this edition.
    pub(super) fn plan(
        env: &Env,
        edition: Edition,
        build: &Build,
        cause: Cause,
        by: Option<UserName>,
    ) -> Self {
        let id = TaskId::from_bytes(env.random.identity());
        Self::watched_by(env, id, edition, build, cause, by)
    }

    /// The same with a task that is known already.
    pub(super) fn watched_by(
        env: &Env,
        id: TaskId,
        edition: Edition,
        build: &Build,
        cause: Cause,
        by: Option<UserName>,
    ) -> Self {
        let now = env.clock.now();
        match &build.manifest {
            None => {
                let message = Message::RegisterBuild(RegisterBuild {
                    task: id.clone(),
                    organization: edition.organization.clone(),
                    product: edition.product.clone(),
                    build: build.id,
                    editions: vec![edition.id],
                    asked_by: by,
                });
                Self {
                    edition,
                    task: new_task(build, &id, Registration::Queued, now),
                    moved: None,
                    message: Some(message),
                }
            }
            Some(manifest) => {
                let edition = edition.repoint(build, manifest.clone(), cause);
                let mut task = new_task(build, &id, Registration::NotNeeded, now);
                task.editions = queued(&edition, now).into_iter().collect();
                Self {
                    moved: Moved::of(&edition, cause, by, now),
                    message: copy_message(&edition, &id),
                    edition,
                    task,
                }
            }
        }
    }
}

impl Move {
    /// Decides to show the present build again, without another look at it: an edition keeps what it shows also when that
    /// was deleted. Nothing for an edition that shows nothing.
    pub(super) fn again(
        env: &Env,
        id: TaskId,
        edition: Edition,
        cause: Cause,
        by: Option<UserName>,
    ) -> Option<Self> {
        let now = env.clock.now();
        let edition = edition.republish();
        let task = Task {
            id: id.clone(),
            organization: edition.organization.clone(),
            product: Some(edition.product.clone()),
            build: Some(edition.desired.as_ref()?.build),
            created_at: now,
            registration: Registration::NotNeeded,
            notes: Vec::new(),
            editions: queued(&edition, now).into_iter().collect(),
            pages: Vec::new(),
            revision: Revision::NEW,
        };
        Some(Self {
            moved: Moved::of(&edition, cause, by, now),
            message: copy_message(&edition, &id),
            edition,
            task,
        })
    }
}

/// What is written and sent beside an edition.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) changes: Vec<Change>,
    pub(super) messages: Vec<Message>,
}

impl Beside {
    /// Other editions that give a name up.
    pub(super) fn updates(editions: Vec<Edition>) -> Self {
        Self {
            changes: editions.into_iter().map(Change::UpdateEdition).collect(),
            messages: Vec::new(),
        }
    }
}

/// An edition as it shall be, with its move when it moves.
pub(super) struct Wanted<'a> {
    pub(super) product: Product,
    /// As it was loaded, when it was.
    pub(super) before: Option<&'a Edition>,
    pub(super) edition: Edition,
    pub(super) moved: Option<Move>,
    /// How it is written, when it differs from what it was.
    pub(super) write: Box<dyn FnOnce(Edition) -> Change + Send>,
    /// What else then is.
    pub(super) beside: Beside,
}

/// Commits all of it, or says nothing when somebody else wrote first.
pub(super) async fn commit(env: &Env, wanted: Wanted<'_>) -> Result<Option<Changed>, AppError> {
    let mut changes = Vec::new();
    let (edition, task, mut messages): (Edition, _, Vec<Message>) = match wanted.moved {
        None => (wanted.edition, None, Vec::new()),
        Some(Move {
            edition,
            task,
            moved,
            message,
        }) => {
            let id = task.id.clone();
            let rows = task.editions.clone();
            changes.push(Change::CreateTask(task));
            changes.extend(
                rows.into_iter()
                    .map(|row| Change::PutTaskEdition(id.clone(), row)),
            );
            changes.extend(moved.map(Change::PutMoved));
            (edition, Some(id), message.into_iter().collect())
        }
    };
    if wanted.before != Some(&edition) {
        changes.push((wanted.write)(edition.clone()));
        changes.extend(wanted.beside.changes);
        messages.extend(wanted.beside.messages);
    }
    // A move alone shows on the product's pages once it is published; these show at once.
    let shows = |before: &Edition| {
        before.title != edition.title
            || before.slug != edition.slug
            || before.tracking != edition.tracking
            || before.kind != edition.kind
            || before.ended_at != edition.ended_at
    };
    if wanted.before.is_some_and(shows) {
        let tasks = task.iter().cloned().collect();
        messages.push(render_dashboard::message(
            &edition.organization,
            &edition.product,
            tasks,
        ));
    }
    messages.extend(news(env, wanted.before, &edition, &wanted.product));
    let committed = if changes.is_empty() {
        Ok(())
    } else {
        commit_and_send(env, changes, messages).await
    };
    match committed {
        Ok(()) => Ok(Some(Changed {
            edition,
            product: wanted.product,
            task,
        })),
        Err(StoreError::Conflict) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What subscribers are told of an edition's life. That it moved is told when readers see it.
fn news(env: &Env, before: Option<&Edition>, after: &Edition, product: &Product) -> Vec<Message> {
    let mut kinds = Vec::new();
    match before {
        None => kinds.push(EventKind::EditionCreated),
        Some(before) => {
            match (before.ended_at, after.ended_at) {
                (None, Some(_)) => kinds.push(EventKind::EditionDeleted),
                (Some(_), None) => kinds.push(EventKind::EditionRestored),
                (None, None) | (Some(_), Some(_)) => {}
            }
            if before.slug != after.slug {
                kinds.push(EventKind::EditionRenamed);
            }
        }
    }
    let told = kinds
        .into_iter()
        .map(|kind| announce(env, kind, || Subject::edition(&env.organization, product, after)));
    told.flatten().collect()
}

/// The row of a task for an edition that was just re-pointed.
pub(crate) fn queued(edition: &Edition, now: jiff::Timestamp) -> Option<TaskEdition> {
    let pointer = edition.desired.as_ref()?;
    Some(TaskEdition {
        edition: edition.id,
        slug: edition.slug.clone(),
        build: pointer.build,
        generation: pointer.generation,
        step: EditionStep::Queued,
        report: None,
        updated_at: now,
    })
}

/// The message that makes an edition's objects those of the build it was just pointed to.
pub(crate) fn copy_message(edition: &Edition, task: &TaskId) -> Option<Message> {
    let pointer = edition.desired.clone()?;
    Some(Message::CopyEdition(CopyEdition {
        task: task.clone(),
        organization: edition.organization.clone(),
        product: edition.product.clone(),
        edition: edition.id,
        source: KeyPrefix::build(&edition.organization, &edition.product, &pointer.build_slug),
        destination: edition.place(),
        surrogate_key: edition.surrogate_key.clone(),
        pointer,
        hand_overs: 0,
    }))
}
