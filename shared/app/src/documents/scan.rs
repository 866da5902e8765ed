//! What fell between two steps: versions whose newest state was never rendered, or whose rendering never became a
//! build. Runs on a schedule and after each deployment; finds nothing as long as every message arrives.

use serde::{Deserialize, Serialize};

use imprint_domain::build::BuildState;
use imprint_domain::document::{
    Checksum, Document, ErrorCode, MAX_ATTEMPTS, Rendering, RenderingState, Version,
};
use imprint_domain::message::Message;

use super::{Haste, change, garbage, publish, wish};
use crate::env::Env;
use crate::error::AppError;
use crate::outgoing::{Chain, commit_and_send};
use crate::ports::{DocumentChange, Renderer, StoreError, Walk};
use crate::tenants::Tenants;
use crate::walk::Place;

/// Documents looked at in one run. Each costs two requests, so a run takes some seconds; the next one goes on.
const AT_A_TIME: usize = 500;
/// Documents of one page of the list.
const PAGE: usize = 50;
/// Messages committed at once.
const MESSAGES: usize = 50;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanned {
    /// Documents that were looked at.
    pub documents: u64,
    /// Versions that are rendered because of it.
    pub rendered: u64,
    /// Renderings that become builds because of it.
    pub published: u64,
    /// Renderings that were deleted.
    pub deleted: u64,
    /// Documents that could not be looked at to the end.
    pub failed: u64,
}

/// Looks at some documents, and goes on with the next ones at the next run. Also collects what nobody needs.
///
/// # Errors
/// When the list or the place in it cannot be read or written; what was done stays done. A document that cannot be looked at
/// keeps no other from it: it waits for the next round.
pub async fn scan(tenants: &Tenants, renderer: &dyn Renderer) -> Result<Scanned, AppError> {
    let mut scanned = Scanned::default();
    let mut place = Place::of(tenants, Walk::Documents).await?;
    loop {
        let env = place.env(tenants).await?;
        let page = place.documents(&env, PAGE).await?;
        for document in &page.items {
            if let Err(error) = look_at(&env, renderer, document, &mut scanned).await {
                scanned.failed += 1;
                tracing::error!(code = "scan", document = %document.id, error = %Chain(&error), "not looked at to the end");
            }
        }
        let next = place.next(tenants, page.next).await?;
        let is_over = next.is_none();
        place = next.unwrap_or_default();
        place.keep(tenants, Walk::Documents).await?;
        if is_over || scanned.documents >= AT_A_TIME as u64 {
            return Ok(scanned);
        }
    }
}

async fn look_at(
    env: &Env,
    renderer: &dyn Renderer,
    document: &Document,
    scanned: &mut Scanned,
) -> Result<(), AppError> {
    scanned.documents += 1;
    let renderings = env.documents.renderings(document.id).await?;
    let versions = env.documents.versions(document.id).await?;
    if document.ended_at.is_none() {
        let missing = versions
            .iter()
            .filter_map(|version| missed(env, renderer, document, version, &renderings));
        let (wishes, mut publications): (Vec<_>, Vec<_>) =
            missing.partition(|message| matches!(message, Message::RenderDocument(_)));
        for version in &versions {
            let Some((message, rendering)) = published(env, document, version, &renderings) else {
                continue;
            };
            if rendering.settled || rendering.builds.is_empty() {
                continue;
            }
            if are_registered(env, rendering).await? {
                note_settled(env, rendering).await?;
            } else {
                publications.push(message);
            }
        }
        // Without its product nothing becomes of them, and they would be missed for ever.
        if !publications.is_empty() && publish::product(env, document).await?.is_none() {
            publications.clear();
        }
        scanned.rendered += wishes.len() as u64;
        scanned.published += publications.len() as u64;
        let all: Vec<Message> = wishes.into_iter().chain(publications).collect();
        for some in all.chunks(MESSAGES) {
            commit_and_send(env, Vec::new(), some.to_vec()).await?;
        }
    }
    let collected =
        garbage::of_document(env, document, (versions, renderings), garbage::Looking::ForReal).await?;
    scanned.deleted += collected.deleted.len() as u64;
    Ok(())
}

/// What should have happened to a version and has not.
fn missed(
    env: &Env,
    renderer: &dyn Renderer,
    document: &Document,
    version: &Version,
    renderings: &[Rendering],
) -> Option<Message> {
    let now = env.clock.now();
    let find = |checksum: &Checksum| {
        renderings
            .iter()
            .find(|rendering| rendering.checksum == *checksum)
    };
    if let Some(wanted) = version.wants(document, renderer.engine()) {
        // Somebody is writing: their own message comes in a moment.
        let is_waiting = version
            .dirty
            .is_some_and(|dirty| now.duration_since(dirty.at) < PATIENCE);
        let is_missing = match find(&wanted).map(|rendering| (&rendering.state, rendering.attempts)) {
            None => true,
            Some((RenderingState::Running { lease_until }, _)) => *lease_until <= now,
            Some((RenderingState::Failed { error }, attempts)) => {
                error.code == ErrorCode::Storage && attempts < MAX_ATTEMPTS
            }
            Some((RenderingState::Succeeded, _)) => {
                version.last_good.as_ref().is_none_or(|(_, good)| *good != wanted)
                    || version
                        .publication
                        .as_ref()
                        .is_some_and(|publication| publication.rendering.is_none())
            }
        };
        if is_missing && !is_waiting {
            return wish(version, Haste::AtOnce);
        }
        if is_missing {
            return None;
        }
    }
    let (message, rendering) = published(env, document, version, renderings)?;
    rendering.builds.is_empty().then_some(message)
}

/// The rendering that a version's builds are made of, when they should be there by now, and what makes them.
fn published<'a>(
    env: &Env,
    document: &Document,
    version: &Version,
    renderings: &'a [Rendering],
) -> Option<(Message, &'a Rendering)> {
    let message = publish::message(document, version)?;
    let Message::PublishRendering(wanted) = &message else {
        return None;
    };
    let rendering = renderings
        .iter()
        .find(|rendering| rendering.checksum == wanted.rendering)?;
    let is_old = rendering
        .finished_at
        .is_some_and(|finished| env.clock.now().duration_since(finished) >= PATIENCE);
    (rendering.is_good() && is_old).then_some((message, rendering))
}

/// Whether every build of a rendering was registered, or somebody does not want it. One that is there and of which no
/// edition ever heard was given up, and the rules may have deleted it since.
async fn are_registered(env: &Env, rendering: &Rendering) -> Result<bool, AppError> {
    for id in rendering.builds.values() {
        let build = env.catalog.build(*id).await?;
        let is_registered = build.is_some_and(|build| match build.state {
            BuildState::Uploading => false,
            BuildState::Uploaded { .. } => build.manifest.is_some(),
            BuildState::Ended { .. } => true,
        });
        if !is_registered {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Its builds are not read again.
async fn note_settled(env: &Env, rendering: &Rendering) -> Result<(), AppError> {
    let mut settled = rendering.clone();
    settled.settled = true;
    match env
        .catalog
        .commit(vec![change(DocumentChange::PutRendering(settled))])
        .await
    {
        // Somebody wrote it meanwhile: the next run looks again.
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// How long a message may take before it counts as lost.
const PATIENCE: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

impl Place {
    /// The documents here. When the one that the place names is gone, those from the beginning.
    async fn documents(
        &mut self,
        env: &Env,
        limit: usize,
    ) -> Result<crate::ports::Page<Document>, StoreError> {
        let org = &env.organization.slug;
        match env.documents.documents(org, limit, self.after.as_deref()).await {
            Err(StoreError::NotFound(_)) if self.after.is_some() => {
                self.after = None;
                env.documents.documents(org, limit, None).await
            }
            other => other,
        }
    }
}
