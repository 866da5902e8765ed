//! The step that moves the editions that follow a build, once its artifacts are made or it has waited long enough for
//! them. What is made later is shown by one more move to the same build.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use jiff::Timestamp;

use imprint_domain::access::UserName;
use imprint_domain::artifact::{Format, Kept, Shown, compose};
use imprint_domain::build::Build;
use imprint_domain::edition::{Cause, Edition, Pointer};
use imprint_domain::history::Moved;
use imprint_domain::id::{EditionId, ManifestId, OutboxId, TaskId};
use imprint_domain::key::KeyPrefix;
use imprint_domain::manifest::Manifest;
use imprint_domain::message::{Message, MoveEditions};
use imprint_domain::product::Product;
use imprint_domain::publish::{self, Registered};
use imprint_domain::registry::{ComponentName, Publication};
use imprint_domain::rules::Rules;
use imprint_domain::task::{FailureCode, Note, NoteCode, Registration, Task};
use imprint_domain::webhook::{EventKind, Subject};

use crate::announce::{announce, listeners};
use crate::editions::{copy_message, queued};
use crate::env::Env;
use crate::error::MAX_TRIES;
use crate::outgoing::commit_and_send;
use crate::ports::{Catalog, Change, StoreError};
use crate::register_build::{check_writable, gone, manifest_of, store, the_manifest};
use crate::registry;
use crate::render_dashboard;
use crate::step::{StepError, done_with};

/// How a try to commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tried {
    Committed,
    /// Somebody else wrote meanwhile: decide again.
    Conflict,
}

/// A build's pages.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) id: &'a ManifestId,
    pub(crate) manifest: &'a Manifest,
}

/// With what editions are moved.
pub(crate) struct Moving<'a> {
    pub(crate) entry: &'a OutboxId,
    pub(crate) asked_for: &'a [EditionId],
    pub(crate) asked_by: Option<&'a UserName>,
    pub(crate) notes: &'a [Note],
    pub(crate) site: Site<'a>,
}

/// Moves the editions that follow the build that a message names.
///
/// # Errors
/// When it has to be tried again, or can never be done.
pub async fn move_editions(env: &Env, entry: &OutboxId, message: &MoveEditions) -> Result<(), StepError> {
    let mut site: Option<Manifest> = None;
    for _ in 0..MAX_TRIES {
        let task = env
            .catalog
            .task(&message.task)
            .await
            .map_err(StepError::catalog)?;
        let task = task.ok_or_else(|| gone("the task"))?;
        let (org, slug) = (&message.organization, &message.product);
        let build = env.catalog.build_of(org, slug, message.build).await;
        let build = build
            .map_err(StepError::catalog)?
            .ok_or_else(|| gone("the build"))?;
        let is_moved = match task.registration {
            Registration::Done { .. } => true,
            Registration::NotNeeded
            | Registration::Queued
            | Registration::Unpacking { .. }
            | Registration::Deriving { .. }
            | Registration::Failed(_) => false,
        };
        let has_other_pages = build.artifacts.site.as_ref() != Some(&message.site);
        // Whoever waited for artifacts has nothing to add when the editions have moved.
        if is_moved && (message.patience > 0 || has_other_pages) {
            return done_with(env, entry).await;
        }
        let found = env.catalog.product_with_editions(org, slug).await;
        let (product, editions) = found
            .map_err(StepError::catalog)?
            .ok_or_else(|| gone("the product"))?;
        check_writable(&product)?;
        let pages = match site.take() {
            Some(pages) => pages,
            None => the_manifest(env, build.id, &message.site).await?,
        };
        let moving = Moving {
            entry,
            asked_for: &message.editions,
            asked_by: message.asked_by.as_ref(),
            notes: &message.notes,
            site: Site {
                id: &message.site,
                manifest: &pages,
            },
        };
        let tried = if has_other_pages {
            overtaken(env, task, moving).await?
        } else if is_moved {
            refresh(env, task, editions, build, moving).await?
        } else {
            publish(env, task, &product, editions, build, moving).await?
        };
        match tried {
            Tried::Committed => return Ok(()),
            Tried::Conflict => site = Some(pages),
        }
    }
    Err(StepError::contended())
}

/// Commits that the upload was confirmed again, with other files, before the editions moved: they move to those.
async fn overtaken(env: &Env, mut task: Task, moving: Moving<'_>) -> Result<Tried, StepError> {
    task.registration = done(env, moving.site);
    task.notes = moving.notes.to_vec();
    task.notes.push(Note {
        code: NoteCode::ConfirmedAgain,
        message:
            "the upload was confirmed again with other files before the editions moved; the task of that \
                  confirmation moves them"
                .to_owned(),
    });
    let changes = vec![
        Change::UpdateTask(task),
        Change::RemoveOutbox(moving.entry.clone()),
    ];
    tried(env.catalog.commit(changes).await)
}

fn done(env: &Env, site: Site<'_>) -> Registration {
    Registration::Done {
        at: env.clock.now(),
        files: site.manifest.files().len() as u64,
        bytes: site.manifest.bytes(),
    }
}

pub(crate) fn tried(committed: Result<(), StoreError>) -> Result<Tried, StepError> {
    match committed {
        Ok(()) => Ok(Tried::Committed),
        Err(StoreError::Conflict) => Ok(Tried::Conflict),
        Err(error) => Err(StepError::catalog(error)),
    }
}

/// Moves the editions that follow a build, and commits that it is registered.
pub(crate) async fn publish(
    env: &Env,
    task: Task,
    product: &Product,
    editions: Vec<Edition>,
    build: Build,
    moving: Moving<'_>,
) -> Result<Tried, StepError> {
    let files = Files::of(env, &build, moving.site).await?;
    let (rules, publications) = recorded(env, product, &editions, &build, &files.id)
        .await
        .map_err(StepError::catalog)?;
    let now = env.clock.now();
    let shown = shown_before(&editions);
    let decision = publish::register(&rules, build, &files.id, editions, moving.asked_for, now);
    let mut decision = decision.map_err(|error| StepError::Final {
        code: FailureCode::BuildEnded,
        message: error.to_string(),
    })?;
    for (edition, _) in &mut decision.moves {
        *edition = files
            .keep(env, &decision.build, shown.get(&edition.id), edition.clone())
            .await?;
    }
    decision.notes.extend(older(&decision));
    let committing = Committing {
        moving: &moving,
        product,
        publications,
    };
    tried(committing.commit(env, task, decision).await)
}

/// Shows in the editions of a build what was made of it since they moved to it.
async fn refresh(
    env: &Env,
    task: Task,
    editions: Vec<Edition>,
    build: Build,
    moving: Moving<'_>,
) -> Result<Tried, StepError> {
    let files = Files::of(env, &build, moving.site).await?;
    let shown = shown_before(&editions);
    let (now, mut outcomes) = (env.clock.now(), Vec::new());
    for edition in editions {
        let Some(before) = edition.desired.clone().filter(|_| edition.ended_at.is_none()) else {
            continue;
        };
        if before.build != build.id {
            continue;
        }
        let moved = edition.repoint(&build, files.id.clone(), Cause::Artifacts);
        let moved = files.keep(env, &build, shown.get(&moved.id), moved).await?;
        let is_same = moved
            .desired
            .as_ref()
            .is_some_and(|after| after.manifest == before.manifest && after.formats == before.formats);
        if !is_same {
            outcomes.push(Outcome::of_move(moved, Cause::Artifacts, None, &task.id, now));
        }
    }
    // The build and the entry.
    let mut commits = Outcome::pack(outcomes, 2);
    let last = commits.pop().unwrap_or_default();
    let manifest = Some(files.id);
    let update = Change::UpdateBuild(Build { manifest, ..build });
    let gone = Change::RemoveOutbox(moving.entry.clone());
    let changes = last.changes.into_iter().chain([update, gone]).collect();
    commits.push(Outcome {
        changes,
        messages: last.messages,
    });
    for outcome in commits {
        let committed = commit_and_send(env, outcome.changes, outcome.messages).await;
        if tried(committed)? == Tried::Conflict {
            return Ok(Tried::Conflict);
        }
    }
    Ok(Tried::Committed)
}

/// Where each edition was before it moved.
fn shown_before(editions: &[Edition]) -> BTreeMap<EditionId, Pointer> {
    let shown = editions.iter().filter_map(|edition| {
        let copied = edition.copied.as_ref().map(|reached| &reached.pointer);
        Some((edition.id, edition.desired.as_ref().or(copied)?.clone()))
    });
    shown.collect()
}

/// Which formats of editions are of an earlier build, for people.
fn older(decision: &Registered) -> Vec<Note> {
    let build = decision.build.id;
    let notes = decision.moves.iter().filter_map(|(edition, _)| {
        let pointer = edition.desired.as_ref()?;
        let older = pointer.formats.iter().filter(|(_, of)| **of != build);
        let older: Vec<String> = older
            .map(|(format, of)| format!("{format} of build {of}"))
            .collect();
        (!older.is_empty()).then(|| Note {
            code: NoteCode::ArtifactLacking,
            message: format!("edition {} goes on showing {}", edition.slug, older.join(", ")),
        })
    });
    notes.collect()
}

/// A build's files as editions show them.
struct Files<'a> {
    id: ManifestId,
    site: Site<'a>,
    artifacts: Vec<(Format, Manifest)>,
}

impl<'a> Files<'a> {
    async fn of(env: &Env, build: &Build, site: Site<'a>) -> Result<Self, StepError> {
        let artifacts = build.artifacts.ready().map(async |(format, manifest)| {
            Ok::<_, StepError>((format, the_manifest(env, build.id, manifest).await?))
        });
        let artifacts = try_join_all(artifacts).await?;
        let id = if artifacts.is_empty() {
            site.id.clone()
        } else {
            store(
                env,
                build.id,
                &compose(build.id, site.manifest, &artifacts, None).0,
            )
            .await?
        };
        Ok(Self { id, site, artifacts })
    }

    /// The edition with what it keeps of what it showed before.
    async fn keep(
        &self,
        env: &Env,
        build: &Build,
        before: Option<&Pointer>,
        moved: Edition,
    ) -> Result<Edition, StepError> {
        let formats = build.artifacts.kept_beside();
        let Some(before) = before.filter(|before| before.formats.keys().any(|of| formats.contains(of)))
        else {
            return Ok(moved);
        };
        let manifest = manifest_of(env, before).await?;
        let prefix = KeyPrefix::build(&build.organization, &build.product, &before.build_slug);
        let shown = Shown {
            manifest: &manifest,
            prefix: &prefix,
            build: before.build,
            formats: &before.formats,
        };
        let kept = Kept {
            shown,
            formats: &formats,
        };
        let (composed, formats) = compose(build.id, self.site.manifest, &self.artifacts, Some(kept));
        let id = store(env, build.id, &composed).await?;
        Ok(moved.keeping(id, formats))
    }
}

/// The releases that the build records, and the rules with the trains as they are then.
async fn recorded(
    env: &Env,
    product: &Product,
    editions: &[Edition],
    build: &Build,
    files: &ManifestId,
) -> Result<(Rules, Vec<Publication>), StoreError> {
    let rules = Rules::of(&env.organization, product);
    let recorded = registry::record(env, &rules, product, editions, build, files).await?;
    Ok((rules.with_trains(recorded.trains), recorded.publications))
}

/// What a registration is committed with.
struct Committing<'a> {
    moving: &'a Moving<'a>,
    product: &'a Product,
    publications: Vec<Publication>,
}

impl Committing<'_> {
    /// Commits what becomes of the editions, then the registration itself. What does not fit into one transaction is
    /// committed before it: when the step stops between, the same is decided again.
    async fn commit(self, env: &Env, mut task: Task, decision: Registered) -> Result<(), StoreError> {
        let now = env.clock.now();
        let moves = decision.moves.into_iter().map(|(edition, cause)| {
            let by = self.moving.asked_by.filter(|_| cause == Cause::Person).cloned();
            Outcome::of_move(edition, cause, by, &task.id, now)
        });
        let waits = decision.waits.into_iter().map(Outcome::of_wait);
        let nobody_moves = moves.len() == 0;
        let mut releases: Vec<Change> = self.publications.into_iter().map(registry::write_of).collect();
        // Retention may have said that the documentation of the version is gone.
        let build = &decision.build;
        let there = |version| {
            let component = ComponentName::of_product(&build.product);
            registry::there(&build.organization, component, &version)
        };
        releases.extend(build.version().map(there));
        // The three changes of the registration, two for a rendering that the task waits for, and one for each who is told.
        let reserved = 5 + releases.len() + listeners(env, EventKind::BuildRegistered);
        let mut commits = Outcome::pack(moves.chain(waits).collect(), reserved);
        let last = commits.pop().unwrap_or_default();
        for outcome in commits {
            commit_and_send(env, outcome.changes, outcome.messages).await?;
        }
        let (mut changes, mut messages) = (last.changes, last.messages);
        changes.extend(releases);
        if nobody_moves {
            // No edition will be published whose rendering would list the build.
            let build = &decision.build;
            messages.push(render_dashboard::message(
                &build.organization,
                &build.product,
                vec![task.id.clone()],
            ));
        }
        messages.extend(announce(env, EventKind::BuildRegistered, || {
            Subject::build(&env.organization, self.product, &decision.build)
        }));
        task.registration = done(env, self.moving.site);
        task.notes = self.moving.notes.iter().cloned().chain(decision.notes).collect();
        changes.extend([
            Change::UpdateBuild(decision.build),
            Change::UpdateTask(task),
            Change::RemoveOutbox(self.moving.entry.clone()),
        ]);
        commit_and_send(env, changes, messages).await
    }
}

/// What becomes of editions, and what has to be sent then.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) changes: Vec<Change>,
    pub(crate) messages: Vec<Message>,
}

impl Outcome {
    pub(crate) fn of_move(
        edition: Edition,
        cause: Cause,
        by: Option<UserName>,
        task: &TaskId,
        now: Timestamp,
    ) -> Self {
        let mut changes = Vec::new();
        changes.extend(queued(&edition, now).map(|row| Change::PutTaskEdition(task.clone(), row)));
        changes.extend(Moved::of(&edition, cause, by, now).map(Change::PutMoved));
        let messages = copy_message(&edition, task).into_iter().collect();
        changes.push(Change::UpdateEdition(edition));
        Self { changes, messages }
    }

    pub(crate) fn of_wait(edition: Edition) -> Self {
        Self {
            changes: vec![Change::UpdateEdition(edition)],
            messages: Vec::new(),
        }
    }

    /// As few commits as hold them all. Each leaves room for what is reserved for the registration, because any may be the
    /// last; each message is a change too, its entry in the outbox.
    pub(crate) fn pack(outcomes: Vec<Self>, reserved: usize) -> Vec<Self> {
        let room = <dyn Catalog>::MAX_CHANGES - reserved;
        let mut commits: Vec<Self> = Vec::new();
        for outcome in outcomes {
            match commits
                .last_mut()
                .filter(|commit| commit.size() + outcome.size() <= room)
            {
                Some(commit) => {
                    commit.changes.extend(outcome.changes);
                    commit.messages.extend(outcome.messages);
                }
                None => commits.push(outcome),
            }
        }
        commits
    }

    fn size(&self) -> usize {
        self.changes.len() + self.messages.len()
    }
}
