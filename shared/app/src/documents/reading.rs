//! What readers and editors see of a document. Reading starts nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use imprint_domain::document::{
    Alias, Checksum, Document, Image, ImageName, Output, OutputName, Reader, Rendering, RenderingError,
    RenderingState, Status, Version, VersionNumber, Warning, Which,
};
use imprint_domain::id::DocumentId;
use imprint_domain::key::ObjectKey;

use super::{get, with_alias};
use crate::env::Env;
use crate::error::AppError;

/// A version that somebody may see.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its document.
    pub document: Document,
    /// The version.
    pub version: Version,
}

/// A document by what a path says: its number, its alias, or an alias that it had.
///
/// # Errors
/// `NotFound` when there is none in this organization.
pub async fn find(env: &Env, raw: &str) -> Result<Document, AppError> {
    if let Ok(number) = raw.parse::<u64>() {
        return get(env, DocumentId(number)).await;
    }
    match raw.parse::<Alias>() {
        Ok(alias) => with_alias(env, &alias).await,
        Err(_) => Err(AppError::NotFound),
    }
}

/// The version that a path asks for, as far as the reader may see it: everybody sees what is published, editors see all. What
/// was published a moment ago has no files yet; until then `latest` is for everybody what it was before. One request.
///
/// # Errors
/// `NotFound` when there is none that the reader may see.
pub async fn found(env: &Env, document: Document, which: Which, reader: Reader) -> Result<Found, AppError> {
    let versions = match which {
        Which::Exactly(number) => Vec::from_iter(env.documents.version(document.id, number).await?),
        Which::Latest | Which::Major(_) => env.documents.versions(document.id).await?,
    };
    let asked = visible(versions, reader).filter(|version| which.matches(version.number));
    let mut asked: Vec<Version> = asked.collect();
    let is_there = |version: &Version| reader == Reader::Editor || version.served(reader).is_some();
    let newest = asked.iter().rposition(is_there).or(asked.len().checked_sub(1));
    let version = asked.swap_remove(newest.ok_or(AppError::NotFound)?);
    Ok(Found { document, version })
}

/// The versions of a document that a reader may see, in the order of their numbers. One request.
///
/// # Errors
/// When the store fails.
pub async fn versions(env: &Env, document: DocumentId, reader: Reader) -> Result<Vec<Version>, AppError> {
    Ok(visible(env.documents.versions(document).await?, reader).collect())
}

fn visible(versions: Vec<Version>, reader: Reader) -> impl DoubleEndedIterator<Item = Version> {
    versions.into_iter().filter(move |version| match reader {
        Reader::Public => version.status == Status::Published,
        Reader::Editor => true,
    })
}

/// Where the rendering of a version is.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What its files are served from; none when nothing good was made yet.
    pub served: Option<Rendering>,
    /// The rendering of its newest state; none when it was not begun, and always for the public.
    pub current: Option<Rendering>,
    /// Whether there is a change that no rendering was begun of.
    pub is_queued: bool,
}

/// Where the rendering of a version is, for a reader. Two requests at most.
///
/// # Errors
/// When the store fails.
pub async fn seen(env: &Env, version: &Version, reader: Reader) -> Result<Seen, AppError> {
    let served = match version.served(reader) {
        Some(checksum) => env.documents.rendering(version.document, checksum).await?,
        None => None,
    };
    let current = match (&version.current, reader) {
        (Some(checksum), Reader::Editor)
            if served.as_ref().is_none_or(|served| served.checksum != *checksum) =>
        {
            env.documents.rendering(version.document, checksum).await?
        }
        (Some(_), Reader::Editor) => served.clone(),
        (None, Reader::Editor) | (_, Reader::Public) => None,
    };
    Ok(Seen {
        served: served.filter(Rendering::is_good),
        current,
        is_queued: version.content.is_some() && (version.dirty.is_some() || version.current.is_none()),
    })
}

/// A file of a rendering that somebody asks for by its checksum, with the version that it is of: everybody gets what is
/// published, editors get all. Two requests at most.
///
/// # Errors
/// `NotFound` when there is none that the reader may see.
pub async fn output(
    env: &Env,
    document: &Document,
    (checksum, name): (&Checksum, OutputName),
    reader: Reader,
) -> Result<(VersionNumber, Output), AppError> {
    let mut rendering = rendering(env, document, checksum, reader).await?;
    let output = rendering.outputs.remove(&name).ok_or(AppError::NotFound)?;
    Ok((rendering.version, output))
}

async fn rendering(
    env: &Env,
    document: &Document,
    checksum: &Checksum,
    reader: Reader,
) -> Result<Rendering, AppError> {
    let rendering = env.documents.rendering(document.id, checksum).await?;
    let rendering = rendering.filter(Rendering::is_good).ok_or(AppError::NotFound)?;
    if reader == Reader::Public {
        let version = env.documents.version(document.id, rendering.version).await?;
        let is_published = version.is_some_and(|version| version.served(reader) == Some(checksum));
        if !is_published {
            return Err(AppError::NotFound);
        }
    }
    Ok(rendering)
}

/// An image that the page of a rendering shows, with its key; for editors also one that is only there. Three requests at most.
///
/// # Errors
/// `NotFound` when there is none that the reader may see.
pub async fn image(
    env: &Env,
    document: &Document,
    (checksum, name): (&Checksum, &ImageName),
    reader: Reader,
) -> Result<(ObjectKey, Image), AppError> {
    let rendering = rendering(env, document, checksum, reader).await?;
    let version = env.documents.version(document.id, rendering.version).await?;
    let mut version = version.ok_or(AppError::NotFound)?;
    let is_shown = version.shown_images().any(|(shown, _)| shown == name);
    let image = version
        .images
        .remove(name)
        .filter(|_| is_shown || reader == Reader::Editor);
    let image = image.ok_or(AppError::NotFound)?;
    Ok((ObjectKey::document_image(document.id, &image), image))
}

/// A rendering as `status.json` shows it.
#[derive(Debug, Serialize)]
pub struct RenderingStatus<'a> {
    checksum: &'a Checksum,
    document: String,
    version: VersionNumber,
    state: &'static str,
    attempts: u32,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
    engine: &'a str,
    outputs: &'a BTreeMap<OutputName, Output>,
    warnings: &'a [Warning],
    error: Option<&'a RenderingError>,
}

impl<'a> RenderingStatus<'a> {
    /// What it shows of a rendering.
    pub fn of(rendering: &'a Rendering) -> Self {
        let (state, error) = match &rendering.state {
            RenderingState::Running { .. } => ("running", None),
            RenderingState::Succeeded => ("succeeded", None),
            RenderingState::Failed { error } => ("failed", Some(error)),
        };
        Self {
            checksum: &rendering.checksum,
            document: rendering.document.to_string(),
            version: rendering.version,
            state,
            attempts: rendering.attempts,
            started_at: rendering.started_at,
            finished_at: rendering.finished_at,
            engine: &rendering.engine,
            outputs: &rendering.outputs,
            warnings: &rendering.warnings,
            error,
        }
    }
}
