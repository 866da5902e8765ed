//! The step that learns a build's files and moves the editions that follow it.
//!
//! Safe to run twice and to stop anywhere: the manifest's name is its content, nothing is visible before the commit, and
//! the task remembers that it was done. Two runs at once decide on the same revisions, so one of them decides again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use imprint_domain::access::UserName;
use imprint_domain::build::Build;
use imprint_domain::edition::{Cause, Edition};
use imprint_domain::history::Moved;
use imprint_domain::id::{BuildId, ManifestId, OutboxId, TaskId};
use imprint_domain::key::{KeyPrefix, ObjectKey, SitePath};
use imprint_domain::manifest::{File, Headers, MAX_FILE_BYTES, Manifest};
use imprint_domain::message::{Message, RegisterBuild};
use imprint_domain::product::Product;
use imprint_domain::publish;
use imprint_domain::registry::{ComponentName, Publication};
use imprint_domain::rules::Rules;
use imprint_domain::task::{FailureCode, Note, NoteCode, Registration, Task};
use imprint_domain::webhook::{EventKind, Subject};

use crate::announce::{announce, listeners};
use crate::editions::{copy_message, queued};
use crate::env::Env;
use crate::error::MAX_TRIES;
use crate::outgoing::commit_and_send;
use crate::ports::{Catalog, Change, Listed, StoreError};
use crate::registry;
use crate::render_dashboard;
use crate::step::{StepError, done_with};

/// HEAD requests at a time. S3 serves 5,500 a second and prefix, each in 20 to 100 ms.
const HEADS_AT_A_TIME: usize = 64;
/// How many manifests of earlier builds are asked for headers that are known already.
const KNOWN_MANIFESTS: usize = 3;
/// Names of left-out files that a note lists.
const NAMED_FILES: usize = 10;

/// Registers the build that a message names.
///
/// # Errors
/// When it has to be tried again, or can never be registered.
pub async fn register_build(env: &Env, entry: &OutboxId, message: &RegisterBuild) -> Result<(), StepError> {
    let mut files: Option<Files> = None;
    for _ in 0..MAX_TRIES {
        let Some(task) = env
            .catalog
            .task(&message.task)
            .await
            .map_err(StepError::catalog)?
        else {
            return Err(gone("the task"));
        };
        if matches!(task.registration, Registration::Done { .. }) {
            return done_with(env, entry).await;
        }
        let (org, slug) = (&message.organization, &message.product);
        let build = env
            .catalog
            .build_of(org, slug, message.build)
            .await
            .map_err(StepError::catalog)?;
        let build = build.ok_or_else(|| gone("the build"))?;
        let found = env
            .catalog
            .product_with_editions(org, slug)
            .await
            .map_err(StepError::catalog)?;
        let (product, editions) = found.ok_or_else(|| gone("the product"))?;
        product.writable().map_err(|ended| StepError::Final {
            code: FailureCode::ProductEnded,
            message: ended.to_string(),
        })?;
        let learned = match files.take() {
            Some(learned) => learned,
            None => learn(env, &build, &editions).await?,
        };
        let (rules, publications) = recorded(env, &product, &editions, &build, &learned)
            .await
            .map_err(StepError::catalog)?;
        let (asked_for, now) = (&message.editions, env.clock.now());
        let decision =
            publish::register(&rules, build, &learned.id, editions, asked_for, now).map_err(|error| {
                StepError::Final {
                    code: FailureCode::BuildEnded,
                    message: error.to_string(),
                }
            })?;
        let asked_by = message.asked_by.as_ref();
        let registration = Committing {
            entry,
            product: &product,
            learned: &learned,
            publications,
            asked_by,
        };
        match registration.commit(env, task, decision).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Conflict) => files = Some(learned),
            Err(error) => return Err(StepError::catalog(error)),
        }
    }
    Err(StepError::contended())
}

/// The releases that the build records, and the rules with the trains as they are then.
async fn recorded(
    env: &Env,
    product: &Product,
    editions: &[Edition],
    build: &Build,
    learned: &Files,
) -> Result<(Rules, Vec<Publication>), StoreError> {
    let rules = Rules::of(&env.organization, product);
    let recorded = registry::record(env, &rules, product, editions, build, &learned.id).await?;
    Ok((rules.with_trains(recorded.trains), recorded.publications))
}

fn gone(what: &str) -> StepError {
    StepError::Final {
        code: FailureCode::Gone,
        message: format!("{what} is not there any more"),
    }
}

/// What a registration is committed with.
struct Committing<'a> {
    entry: &'a OutboxId,
    product: &'a Product,
    learned: &'a Files,
    publications: Vec<Publication>,
    asked_by: Option<&'a UserName>,
}

impl Committing<'_> {
    /// Commits what becomes of the editions, then the registration itself. What does not fit into one transaction is
    /// committed before it: when the step stops between, the same is decided again.
    async fn commit(
        self,
        env: &Env,
        mut task: Task,
        decision: publish::Registered,
    ) -> Result<(), StoreError> {
        let now = env.clock.now();
        let moves = decision.moves.into_iter().map(|(edition, cause)| {
            let by = self.asked_by.filter(|_| cause == Cause::Person).cloned();
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
        task.registration = Registration::Done {
            at: now,
            files: self.learned.manifest.files().len() as u64,
            bytes: self.learned.manifest.bytes(),
        };
        task.notes = self.learned.notes.iter().cloned().chain(decision.notes).collect();
        changes.extend([
            Change::UpdateBuild(decision.build),
            Change::UpdateTask(task),
            Change::RemoveOutbox(self.entry.clone()),
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

/// What was learned of a build's files.
struct Files {
    manifest: Manifest,
    id: ManifestId,
    notes: Vec<Note>,
}

/// Lists the build's files, asks for the headers that no earlier manifest knows, and stores the manifest.
async fn learn(env: &Env, build: &Build, editions: &[Edition]) -> Result<Files, StepError> {
    let prefix = build.prefix();
    let listed = list_all(env, &prefix).await?;
    let (named, notes) = name_files(&prefix, listed)?;
    if !named.iter().any(|(_, listed)| listed.size > 0) {
        let message = format!("build {} has no files below {prefix}", build.slug);
        return Err(StepError::Final {
            code: FailureCode::EmptyBuild,
            message,
        });
    }
    let known = known_files(env, editions).await?;
    let paths: BTreeSet<&str> = named.iter().map(|(path, _)| path.as_str()).collect();
    let learned = named.iter().map(|(path, listed)| {
        let reusable = known.get(path).filter(|known| is_same(known, listed, &paths));
        async move {
            let headers = match reusable {
                Some(known) => known.headers.clone(),
                None => Arc::new(headers_of(env, &listed.key).await?),
            };
            Ok::<File, StepError>(File {
                path: path.clone(),
                size: listed.size,
                etag: listed.etag.as_str().into(),
                headers,
            })
        }
    });
    // Collected first: a lazy map over borrowed files makes the whole future one that no thread can be given.
    let learned: Vec<_> = learned.collect();
    let files: Vec<File> = stream::iter(learned)
        .buffer_unordered(HEADS_AT_A_TIME)
        .try_collect()
        .await?;
    let manifest = Manifest::of(files);
    let (id, json) = manifest.store();
    let json_headers = Headers {
        content_type: Some("application/json".to_owned()),
        ..Headers::default()
    };
    let key = ObjectKey::manifest(build.id, &id);
    env.objects
        .write(&key, Bytes::from(json), &json_headers)
        .await
        .map_err(StepError::objects)?;
    Ok(Files { manifest, id, notes })
}

/// Lists everything below a prefix.
pub(crate) async fn list_all(env: &Env, prefix: &KeyPrefix) -> Result<Vec<Listed>, StepError> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = env
            .objects
            .list(prefix, after.as_deref())
            .await
            .map_err(StepError::objects)?;
        all.extend(page.objects);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

type Named = Vec<(SitePath, Listed)>;

fn name_files(prefix: &KeyPrefix, listed: Vec<Listed>) -> Result<(Named, Vec<Note>), StepError> {
    let mut named = Vec::with_capacity(listed.len());
    let mut left_out = Vec::new();
    for object in listed {
        let Some(rest) = prefix.strip(&object.key) else {
            continue;
        };
        if object.size > MAX_FILE_BYTES {
            let message = format!(
                "{rest} has {} bytes, at most {MAX_FILE_BYTES} can be copied",
                object.size
            );
            return Err(StepError::Final {
                code: FailureCode::BadFile,
                message,
            });
        }
        match rest.parse::<SitePath>() {
            Ok(path) => named.push((path, object)),
            Err(error) => left_out.push(error.to_string()),
        }
    }
    let note = (!left_out.is_empty()).then(|| Note {
        code: NoteCode::FileLeftOut,
        message: format!(
            "{} files were left out because no URL can name them: {}",
            left_out.len(),
            left_out[..left_out.len().min(NAMED_FILES)].join("; ")
        ),
    });
    Ok((named, note.into_iter().collect()))
}

/// Whether a known file is the listed one. An empty object is a directory's redirect exactly when files lie below it; all
/// empty objects have one ETag, so the ETag alone cannot tell.
fn is_same(known: &File, listed: &Listed, paths: &BTreeSet<&str>) -> bool {
    let has_files_below = || {
        let below = format!("{}/", known.path.as_str());
        paths
            .range(below.as_str()..)
            .next()
            .is_some_and(|path| path.starts_with(&below))
    };
    let same_kind = listed.size > 0 || known.headers.is_redirect() == has_files_below();
    known.size == listed.size && *known.etag == *listed.etag && same_kind
}

async fn headers_of(env: &Env, key: &ObjectKey) -> Result<Headers, StepError> {
    let headers = env.objects.headers(key).await.map_err(StepError::objects)?;
    let vanished = || StepError::objects(StoreError::NotFound(key.to_string()));
    Ok(headers.ok_or_else(vanished)?.of_content())
}

/// The files of the builds that the product's editions show: most of a new build's files are among them.
async fn known_files(env: &Env, editions: &[Edition]) -> Result<BTreeMap<SitePath, File>, StepError> {
    let shown: BTreeMap<BuildId, &ManifestId> = editions
        .iter()
        .filter_map(|edition| edition.desired.as_ref())
        .map(|pointer| (pointer.build, &pointer.manifest))
        .collect();
    let mut known = BTreeMap::new();
    let newest = shown.into_iter().rev().take(KNOWN_MANIFESTS);
    for (build, manifest) in newest.rev() {
        if let Some(manifest) = read_manifest(env, build, manifest).await? {
            known.extend(
                manifest
                    .files()
                    .iter()
                    .map(|file| (file.path.clone(), file.clone())),
            );
        }
    }
    Ok(known)
}

/// A stored manifest, or nothing when it is not there.
pub(crate) async fn read_manifest(
    env: &Env,
    build: BuildId,
    id: &ManifestId,
) -> Result<Option<Manifest>, StepError> {
    let stored = env
        .objects
        .read(&ObjectKey::manifest(build, id))
        .await
        .map_err(StepError::objects)?;
    let unreadable = |error| StepError::Final {
        code: FailureCode::FilesMissing,
        message: format!("the manifest of build {build}: {error}"),
    };
    stored
        .map(|stored| Manifest::read(&stored.body).map_err(unreadable))
        .transpose()
}
