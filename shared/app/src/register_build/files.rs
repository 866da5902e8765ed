//! What was uploaded: the files of a build with their headers, as a manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use imprint_domain::artifact::{self, Format, Origin, State};
use imprint_domain::build::Build;
use imprint_domain::edition::{Edition, Pointer};
use imprint_domain::id::{BuildId, ManifestId};
use imprint_domain::key::{KeyPrefix, ObjectKey, SitePath};
use imprint_domain::manifest::{File, Headers, MAX_FILE_BYTES, Manifest, Source};
use imprint_domain::task::{FailureCode, Note, NoteCode};

use crate::artifacts::{self, Brought};
use crate::env::Env;
use crate::ports::{Listed, StoreError};
use crate::step::StepError;

/// HEAD requests at a time. S3 serves 5,500 a second and prefix, each in 20 to 100 ms.
const HEADS_AT_A_TIME: usize = 64;
/// How many manifests of earlier builds are asked for headers that are known already.
const KNOWN_MANIFESTS: usize = 3;
/// Names of left-out files that a note lists.
const NAMED_FILES: usize = 10;

/// What was learned of a build's files.
pub(super) struct Files {
    /// Its pages and what belongs to them.
    pub(super) manifest: Manifest,
    pub(super) id: ManifestId,
    /// The formats that came with them.
    pub(super) brought: Brought,
    pub(super) notes: Vec<Note>,
}

/// Lists the build's files, asks for the headers that no earlier manifest knows, looks at the artifacts among them, and
/// stores the manifest.
pub(super) async fn learn(env: &Env, build: &Build, editions: &[Edition]) -> Result<Files, StepError> {
    let prefix = build.prefix();
    let listed = list_all(env, &prefix).await?;
    let (named, mut notes) = name_files(&prefix, listed)?;
    let (found, named): (Named, Named) = named
        .into_iter()
        .partition(|(path, _)| artifact::found(path).is_some());
    let brought = artifacts::brought(env, build, found).await?;
    let has_files = named.iter().any(|(_, listed)| listed.size > 0);
    if !has_files && !brought.values().any(|state| matches!(state, State::Ready { .. })) {
        let message = match brought.values().find_map(failure_of) {
            Some(failure) => failure.message.clone(),
            None => format!("build {} has no files below {prefix}", build.slug),
        };
        return Err(StepError::Final {
            code: FailureCode::EmptyBuild,
            message,
        });
    }
    let known = known_files(env, editions).await?;
    let manifest = with_headers(env, named, &known).await?;
    notes.extend(
        brought.iter().filter_map(|(format, state)| {
            failure_of(state).map(|failure| lacking(*format, &failure.message))
        }),
    );
    let id = store(env, build.id, &manifest).await?;
    Ok(Files {
        manifest,
        id,
        brought,
        notes,
    })
}

impl Files {
    /// What the pages are as a format; none when there are none.
    pub(super) fn pages(&self, now: Timestamp) -> Option<(Format, State)> {
        let state = State::Ready {
            manifest: self.id.clone(),
            files: self.manifest.files().len() as u64,
            bytes: self.manifest.bytes(),
            origin: Origin::Uploaded,
            notes: Vec::new(),
            at: now,
        };
        self.manifest
            .files()
            .iter()
            .any(|file| file.size > 0)
            .then_some((Format::Html, state))
    }
}

fn failure_of(state: &State) -> Option<&imprint_domain::task::Failure> {
    match state {
        State::Failed(failure) => Some(failure),
        State::Expected | State::Pending { .. } | State::Ready { .. } | State::Declined { .. } => None,
    }
}

/// Says that a format is not as somebody may expect it.
fn lacking(format: Format, why: &str) -> Note {
    Note {
        code: NoteCode::ArtifactLacking,
        message: format!("{format}: {why}"),
    }
}

async fn with_headers(
    env: &Env,
    named: Named,
    known: &BTreeMap<SitePath, File>,
) -> Result<Manifest, StepError> {
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
                source: Source::Build,
            })
        }
    });
    // Collected first: a lazy map over borrowed files makes the whole future one that no thread can be given.
    let learned: Vec<_> = learned.collect();
    let files: Vec<File> = stream::iter(learned)
        .buffer_unordered(HEADS_AT_A_TIME)
        .try_collect()
        .await?;
    Ok(Manifest::of(files))
}

/// Stores a manifest of a build. Its name is its content.
pub(crate) async fn store(env: &Env, build: BuildId, manifest: &Manifest) -> Result<ManifestId, StepError> {
    let (id, json) = manifest.store();
    let headers = Headers {
        content_type: Some("application/json".to_owned()),
        ..Headers::default()
    };
    let key = ObjectKey::manifest(build, &id);
    env.objects
        .write(&key, Bytes::from(json), &headers)
        .await
        .map_err(StepError::objects)?;
    Ok(id)
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

/// Objects with their paths in the site.
pub(crate) type Named = Vec<(SitePath, Listed)>;

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
                    .filter(|file| file.source == Source::Build)
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

/// The manifest that a pointer names, which must be there.
pub(crate) async fn manifest_of(env: &Env, pointer: &Pointer) -> Result<Manifest, StepError> {
    the_manifest(env, pointer.build, &pointer.manifest).await
}

/// A stored manifest that must be there.
pub(crate) async fn the_manifest(env: &Env, build: BuildId, id: &ManifestId) -> Result<Manifest, StepError> {
    let missing = || StepError::Final {
        code: FailureCode::FilesMissing,
        message: format!("the manifest of build {build} is not there"),
    };
    read_manifest(env, build, id).await?.ok_or_else(missing)
}
