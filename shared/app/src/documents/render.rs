//! The step that makes a version into pages and PDFs.
//!
//! Safe to run twice, late and by many at once: a rendering is claimed under the checksum of what it is made of, its files are
//! the same whoever writes them, and it counts as there only when the last of them is. One that died is taken over when its
//! lease has run out.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

use imprint_domain::document::{
    Claim, Debounce, Document, ErrorCode, Fresh, Image, Output, Picture, Rendered, Rendering, RenderingError,
    RenderingState, Version,
};
use imprint_domain::id::OutboxId;
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::manifest::Headers;
use imprint_domain::message::RenderDocument;
use imprint_domain::retention::Doom;

use super::{change, publish, read_content, reading};
use crate::env::Env;
use crate::error::MAX_TRIES;
use crate::outgoing::{Chain, commit_and_send};
use crate::ports::{Change, DocumentChange, Draft, Files, Renderer, StoreError};
use crate::step::{StepError, done_with};

/// Requests to the bucket at a time.
const AT_A_TIME: usize = 16;
/// What a rendering's address serves never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Renders a version as it is now, unless a later wish will, somebody else is at it, or it is done.
///
/// # Errors
/// When it has to be tried again. A document of which nothing can be made is no error: its rendering says so.
pub async fn render_document(
    env: &Env,
    renderer: &dyn Renderer,
    entry: &OutboxId,
    message: &RenderDocument,
) -> Result<(), StepError> {
    for _ in 0..MAX_TRIES {
        let Some((document, version)) = wanted(env, renderer, message).await? else {
            return done_with(env, entry).await;
        };
        let Some(checksum) = version.checksum(&document, renderer.engine()) else {
            return done_with(env, entry).await;
        };
        let known = env.documents.rendering(document.id, &checksum).await;
        let known = known.map_err(StepError::catalog)?;
        let is_going = known
            .as_ref()
            .is_some_and(|known| matches!(known.doom, Some(Doom::Deleting { .. })));
        let fresh = Fresh {
            checksum: &checksum,
            version: &version,
            engine: renderer.engine(),
        };
        let (edit, now) = (version.edit, env.clock.now());
        let begun = version.clone().begun(edit, &checksum, now);
        match Rendering::claim(known, fresh, now) {
            Claim::Busy if is_going => {
                return Err(StepError::catalog(StoreError::Busy("it is being deleted".into())));
            }
            // Whoever is at it ends it; should they die, the outbox sends this again.
            Claim::Busy => return Ok(()),
            Claim::Ended(rendering) => match end(env, entry, (&document, begun, edit), *rendering).await {
                Err(StoreError::Conflict) => {}
                other => return other.map_err(StepError::catalog),
            },
            Claim::Work(rendering) => {
                let changes = vec![put(&rendering), update(&begun)];
                match env.catalog.commit(changes).await {
                    Ok(()) => {
                        let work = Work {
                            env,
                            entry,
                            document,
                            version: begun.stored(),
                            edit,
                            rendering: rendering.stored(),
                        };
                        return work.run(renderer).await;
                    }
                    Err(StoreError::Conflict) => {}
                    Err(error) => return Err(StepError::catalog(error)),
                }
            }
        }
    }
    Err(StepError::contended())
}

/// What is to be rendered now; none when that is nothing, or another wish's business.
async fn wanted(
    env: &Env,
    renderer: &dyn Renderer,
    message: &RenderDocument,
) -> Result<Option<(Document, Version)>, StepError> {
    let document = env.documents.document(message.document).await;
    let document = document.map_err(StepError::catalog)?;
    let Some(document) = document.filter(|document| document.ended_at.is_none()) else {
        return Ok(None);
    };
    let version = env.documents.version(document.id, message.version).await;
    let Some(version) = version.map_err(StepError::catalog)? else {
        return Ok(None);
    };
    if version.wants(&document, renderer.engine()).is_none() {
        return Ok(None);
    }
    Ok(match version.debounce(message.edit, env.clock.now()) {
        Debounce::Render => Some((document, version)),
        Debounce::LeaveToLater => None,
    })
}

fn put(rendering: &Rendering) -> Change {
    change(DocumentChange::PutRendering(rendering.clone()))
}

fn update(version: &Version) -> Change {
    change(DocumentChange::UpdateVersion(version.clone()))
}

/// Commits that a rendering has ended and that a version shows it if it is good. The rendering is written even if it was
/// stored like this, so that whoever is about to delete it sees that it is needed.
async fn end(
    env: &Env,
    entry: &OutboxId,
    (document, version, edit): (&Document, Version, u64),
    rendering: Rendering,
) -> Result<(), StoreError> {
    let version = if rendering.is_good() {
        version.succeeded(edit, &rendering.checksum)
    } else {
        version
    };
    let changes = vec![
        put(&rendering),
        update(&version),
        Change::RemoveOutbox(entry.clone()),
    ];
    let messages = publish::message(document, &version).into_iter().collect();
    commit_and_send(env, changes, messages).await
}

/// A rendering that was claimed.
struct Work<'a> {
    env: &'a Env,
    entry: &'a OutboxId,
    document: Document,
    version: Version,
    edit: u64,
    rendering: Rendering,
}

impl Work<'_> {
    async fn run(self, renderer: &dyn Renderer) -> Result<(), StepError> {
        // Before anything is read: together they may be more than the memory holds.
        let shown = self.version.shown_images().filter_map(|(_, image)| image);
        if let Err(error) = Image::check_together(shown) {
            let error = RenderingError {
                code: ErrorCode::Limit,
                path: String::new(),
                message: error.to_string(),
                snippet: String::new(),
            };
            return self.fail(error).await;
        }
        let made = match self.draft().await {
            Ok(draft) => renderer.render(draft).await,
            Err(error) => return self.put_off(error).await,
        };
        let ended = match made {
            Ok(files) => match self.keep(files).await {
                Ok(rendered) => self.rendering.clone().succeed(rendered, self.env.clock.now()),
                Err(error) => return self.put_off(error).await,
            },
            Err(error) => return self.fail(error).await,
        };
        self.conclude(ended).await
    }

    /// Nothing can be made of it.
    async fn fail(self, error: RenderingError) -> Result<(), StepError> {
        tracing::warn!(document = %self.document.id, version = %self.version.number, %error, "not rendered");
        let failed = self.rendering.clone().fail(error, self.env.clock.now());
        self.conclude(failed).await
    }

    async fn conclude(self, ended: Rendering) -> Result<(), StepError> {
        match self.tell(&ended).await {
            Ok(()) => self.settle(ended).await,
            Err(error) => self.put_off(error).await,
        }
    }

    /// Everything that is shown.
    async fn draft(&self) -> Result<Draft, StoreError> {
        let content = read_content(self.env, &self.version).await?.unwrap_or_default();
        let good = self.version.shown_images().filter_map(|(name, image)| {
            let image = image?;
            match image.picture {
                Picture::Good { media_type, .. } => Some((name.clone(), media_type, image)),
                Picture::Bad { .. } => None,
            }
        });
        let reads = good.map(|(name, media_type, image)| async move {
            let key = ObjectKey::document_image(self.document.id, image);
            let stored = self.env.objects.read(&key).await?;
            let stored = stored.ok_or_else(|| StoreError::NotFound(key.to_string()))?;
            Ok::<_, StoreError>((name, (media_type, Arc::<[u8]>::from(&*stored.body))))
        });
        let reads: Vec<_> = reads.collect();
        Ok(Draft {
            document: self.document.clone(),
            version: self.version.clone(),
            content,
            images: stream::iter(reads)
                .buffer_unordered(AT_A_TIME)
                .try_collect()
                .await?,
        })
    }

    /// Writes the outputs.
    async fn keep(&self, files: Files) -> Result<Rendered, StoreError> {
        let prefix = KeyPrefix::rendering(self.document.id, &self.rendering.checksum);
        let writes = files.outputs.into_iter().map(|(name, bytes)| {
            let output = Output {
                key: prefix.file(name.as_str()),
                bytes: bytes.len() as u64,
                sha256: hex::encode(Sha256::digest(&bytes)),
                content_type: name.content_type().to_owned(),
            };
            async move {
                let headers = Headers {
                    content_type: Some(output.content_type.clone()),
                    cache_control: Some(FOR_EVER.to_owned()),
                    ..Headers::default()
                };
                self.env
                    .objects
                    .write(&output.key, Bytes::from(bytes), &headers)
                    .await?;
                Ok::<_, StoreError>((name, output))
            }
        });
        let writes: Vec<_> = writes.collect();
        let outputs: BTreeMap<_, _> = stream::iter(writes)
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await?;
        let mut warnings = files.warnings;
        warnings.sort();
        warnings.dedup();
        Ok(Rendered { outputs, warnings })
    }

    /// Writes `status.json`, after everything that it names.
    async fn tell(&self, ended: &Rendering) -> Result<(), StoreError> {
        let key = KeyPrefix::rendering(ended.document, &ended.checksum).file("status.json");
        let headers = Headers {
            content_type: Some("application/json".to_owned()),
            ..Headers::default()
        };
        let status = serde_json::to_vec_pretty(&reading::RenderingStatus::of(ended));
        let status = status.map_err(|error| StoreError::Failed(Box::new(error)))?;
        self.env.objects.write(&key, Bytes::from(status), &headers).await
    }

    /// Commits what became of it, whoever has written the version meanwhile.
    async fn settle(self, ended: Rendering) -> Result<(), StepError> {
        let (mut version, id) = (self.version, self.document.id);
        for _ in 0..MAX_TRIES {
            match end(
                self.env,
                self.entry,
                (&self.document, version, self.edit),
                ended.clone(),
            )
            .await
            {
                Err(StoreError::Conflict) => {}
                other => return other.map_err(StepError::catalog),
            }
            let stored = self.env.documents.rendering(id, &ended.checksum).await;
            let is_ours = stored
                .map_err(StepError::catalog)?
                .is_some_and(|stored| stored.revision == ended.revision);
            if !is_ours {
                // The lease ran out and somebody else took it over: they end it.
                return Ok(());
            }
            let again = self.env.documents.version(id, self.rendering.version).await;
            match again.map_err(StepError::catalog)? {
                Some(again) => version = again,
                None => return done_with(self.env, self.entry).await,
            }
        }
        Err(StepError::contended())
    }

    /// A store failed: says so on the rendering, so that the next try need not wait for the lease.
    async fn put_off(self, error: StoreError) -> Result<(), StepError> {
        let failure = RenderingError {
            code: ErrorCode::Storage,
            path: String::new(),
            message: Chain(&error).to_string(),
            snippet: String::new(),
        };
        let failed = self.rendering.clone().fail(failure, self.env.clock.now());
        if let Err(error) = self.env.catalog.commit(vec![put(&failed)]).await {
            tracing::warn!(error = %Chain(&error), "the next try waits for the lease");
        }
        Err(StepError::objects(error))
    }
}

/// Shows that a rendering was tried often enough.
///
/// # Errors
/// When the store fails.
pub(crate) async fn give_up(env: &Env, message: &RenderDocument, sentence: &str) -> Result<(), StoreError> {
    let Some(version) = env.documents.version(message.document, message.version).await? else {
        return Ok(());
    };
    let Some(checksum) = &version.current else {
        return Ok(());
    };
    let Some(rendering) = env.documents.rendering(message.document, checksum).await? else {
        return Ok(());
    };
    let is_hopeless = match &rendering.state {
        RenderingState::Running { lease_until } => *lease_until <= env.clock.now(),
        RenderingState::Failed { error } => error.code.is_retryable(),
        RenderingState::Succeeded => false,
    };
    if !is_hopeless {
        return Ok(());
    }
    let error = RenderingError {
        code: ErrorCode::Internal,
        path: String::new(),
        message: sentence.to_owned(),
        snippet: String::new(),
    };
    match env
        .catalog
        .commit(vec![put(&rendering.fail(error, env.clock.now()))])
        .await
    {
        Err(StoreError::Conflict) => Ok(()),
        other => other,
    }
}
