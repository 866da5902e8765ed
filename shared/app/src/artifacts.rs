//! Artifacts of builds: what a client brought beside its pages, and what is made of these.

use jiff::Timestamp;

use imprint_domain::artifact::{Format, Origin, State};
use imprint_domain::build::Build;
use imprint_domain::id::OutboxId;
use imprint_domain::manifest::{File, Headers, Manifest};
use imprint_domain::message::{DeriveFormat, Message};
use imprint_domain::product::Product;
use imprint_domain::task::{Failure, FailureCode};

use crate::env::Env;
use crate::error::MAX_TRIES;
use crate::outgoing::commit_and_send;
use crate::ports::{Change, Indexer, StoreError};
use crate::register_build::{gone, store, the_manifest};
use crate::step::{StepError, done_with};

mod brought;
mod bundle;
mod pages;
mod reading;
mod search;
mod text;
mod zip;

pub(crate) use brought::{Brought, brought, format_place};

/// Makes a format of a build out of its pages, unless somebody has. The search index is [`index_search`]'s.
///
/// Safe to run twice, late and beside another run: what it writes is named after the build's pages or after its own
/// content, and nothing of it is seen before the build says that the format is there.
///
/// # Errors
/// When it has to be tried again, or can never be done.
pub async fn derive_format(env: &Env, entry: &OutboxId, message: &DeriveFormat) -> Result<(), StepError> {
    make(env, entry, message, None).await
}

/// Makes the search index of a build's pages, unless somebody has. As safe as [`derive_format`].
///
/// # Errors
/// When it has to be tried again, or can never be done.
pub async fn index_search(
    env: &Env,
    entry: &OutboxId,
    message: &DeriveFormat,
    indexer: &dyn Indexer,
) -> Result<(), StepError> {
    make(env, entry, message, Some(indexer)).await
}

/// A format that was made.
struct Derived {
    files: Vec<File>,
    /// What people may want to know of it.
    notes: Vec<String>,
}

/// Why a format was not made.
enum Unmade {
    /// It is not made of a site like this.
    Declined(String),
    /// It failed for good.
    Failed(FailureCode, String),
    /// The step fails as any other.
    Step(StepError),
}

impl From<StepError> for Unmade {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}

async fn make(
    env: &Env,
    entry: &OutboxId,
    message: &DeriveFormat,
    indexer: Option<&dyn Indexer>,
) -> Result<(), StepError> {
    let Some(build) = is_wanted(env, message).await? else {
        return done_with(env, entry).await;
    };
    let made = made(env, &build, message, indexer).await;
    let now = env.clock.now();
    let state = match made {
        Ok(derived) => {
            let manifest = Manifest::of(derived.files);
            State::Ready {
                files: manifest.files().len() as u64,
                bytes: manifest.bytes(),
                manifest: store(env, build.id, &manifest).await?,
                origin: Origin::Derived,
                notes: derived.notes,
                at: now,
            }
        }
        Err(Unmade::Declined(reason)) => State::Declined { reason },
        Err(Unmade::Failed(code, why)) => failed(code, why, now),
        Err(Unmade::Step(error)) => return Err(error),
    };
    conclude(env, entry, message, state).await
}

async fn made(
    env: &Env,
    build: &Build,
    message: &DeriveFormat,
    indexer: Option<&dyn Indexer>,
) -> Result<Derived, Unmade> {
    let site = &message.then.site;
    let pages = the_manifest(env, build.id, site).await?;
    match (message.format, indexer) {
        (Format::HtmlZip, _) => zip::archive(env, build, site, &pages).await,
        (Format::Json, _) => text::json(env, build, site, &pages).await,
        (Format::Markdown, _) => text::markdown(env, build, &product(env, build).await?, &pages).await,
        (Format::Search, Some(indexer)) => {
            search::index(env, build, &product(env, build).await?, &pages, indexer).await
        }
        (format @ (Format::Search | Format::Html | Format::Pdf | Format::Epub), _) => Err(Unmade::Failed(
            FailureCode::NotDerived,
            format!("{format} is not made of pages here"),
        )),
    }
}

/// The product, for its title.
async fn product(env: &Env, build: &Build) -> Result<Product, StepError> {
    let product = env.catalog.product(&build.organization, &build.product).await;
    product
        .map_err(StepError::catalog)?
        .ok_or_else(|| gone("the product"))
}

/// What cannot be made, or cannot be shown.
fn failed(code: FailureCode, message: impl Into<String>, now: Timestamp) -> State {
    State::Failed(code.because(message, now))
}

/// Commits what became of a format. Whoever finishes the last one has the editions moved.
pub(crate) async fn conclude(
    env: &Env,
    entry: &OutboxId,
    message: &DeriveFormat,
    state: State,
) -> Result<(), StepError> {
    match try_conclude(env, Some(entry), message, state).await {
        Ok(true) => Ok(()),
        Ok(false) => done_with(env, entry).await,
        Err(StoreError::Conflict) => Err(StepError::contended()),
        Err(error) => Err(StepError::catalog(error)),
    }
}

/// Shows that a format could not be made; the editions do not wait for it any longer.
pub(crate) async fn give_up(env: &Env, message: &DeriveFormat, failure: &Failure) -> Result<(), StoreError> {
    let state = State::Failed(failure.clone());
    try_conclude(env, None, message, state).await.map(drop)
}

/// Whether there was something to conclude: not when the build is gone, has other pages, or has the format already.
async fn try_conclude(
    env: &Env,
    entry: Option<&OutboxId>,
    message: &DeriveFormat,
    state: State,
) -> Result<bool, StoreError> {
    let then = &message.then;
    for _ in 0..MAX_TRIES {
        let Some(build) = env
            .catalog
            .build_of(&then.organization, &then.product, then.build)
            .await?
        else {
            return Ok(false);
        };
        let concluded = build
            .artifacts
            .clone()
            .conclude(&then.site, message.format, state.clone());
        let Some(artifacts) = concluded else {
            return Ok(false);
        };
        let next = artifacts.are_final().then(|| Message::MoveEditions(then.clone()));
        let mut changes = vec![Change::UpdateBuild(Build { artifacts, ..build })];
        changes.extend(entry.cloned().map(Change::RemoveOutbox));
        match commit_and_send(env, changes, next.into_iter().collect()).await {
            Ok(()) => return Ok(true),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

/// Whether the format still has to be made of these pages.
pub(crate) async fn is_wanted(env: &Env, message: &DeriveFormat) -> Result<Option<Build>, StepError> {
    let then = &message.then;
    let build = env
        .catalog
        .build_of(&then.organization, &then.product, then.build)
        .await;
    let build = build.map_err(StepError::catalog)?;
    Ok(build.filter(|build| build.artifacts.awaits(&then.site, message.format)))
}

/// The media type of a format that is one file, and whether browsers are to show it or to save it.
pub(crate) fn headers_of_download(format: Format, name: &str) -> Headers {
    let (content_type, disposition) = match format {
        Format::HtmlZip => ("application/zip", "attachment"),
        Format::Pdf => ("application/pdf", "inline"),
        Format::Epub => ("application/epub+zip", "attachment"),
        Format::Json | Format::Html | Format::Search | Format::Markdown => ("application/json", "inline"),
    };
    Headers {
        content_type: Some(content_type.to_owned()),
        content_disposition: Some(format!("{disposition}; filename=\"{name}\"")),
        ..Headers::default()
    }
}
