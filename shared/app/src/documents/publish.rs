//! The step that makes a rendering a build of its document's product.
//!
//! Safe to run twice and to come late: a build's slug names the rendering and what it is a build of, so there is one of each;
//! and a rendering that is not the newest any more when its build is registered becomes none, so no edition goes back.

use futures_util::{StreamExt, TryStreamExt, stream};

use imprint_domain::artifact::FOUND_IN;
use imprint_domain::build::{Build, BuildState};
use imprint_domain::document::{Document, Drafts, OutputName, Picture, Rendering, Version};
use imprint_domain::git::GitRefs;
use imprint_domain::id::OutboxId;
use imprint_domain::key::{ObjectKey, SitePath};
use imprint_domain::manifest::Headers;
use imprint_domain::message::{Message, PublishRendering};
use imprint_domain::product::Product;
use imprint_domain::registry::Documented;
use imprint_domain::retention::Doom;
use imprint_domain::slug::{BuildSlug, ProductSlug};
use imprint_domain::tracking::TrackingMode;

use super::change;
use crate::builds::{self, Confirmation, NewBuild, NewEditions};
use crate::env::Env;
use crate::error::AppError;
use crate::ports::{Change, DocumentChange, StoreError};
use crate::step::{StepError, done_with};

/// Copies at a time.
const AT_A_TIME: usize = 16;
/// Slugs that are tried for the builds of one rendering.
const SLUGS: u32 = 5;
/// The train that published versions are releases of.
const TRAIN: &str = "stable";

/// What makes the rendering that a version shows a build; none when it shows none, or its document belongs to no product.
pub(super) fn message(document: &Document, version: &Version) -> Option<Message> {
    document.product.as_ref()?;
    let rendering = newest(version)?.clone();
    let is_public = match (&version.publication, document.drafts) {
        (Some(_), _) | (None, Drafts::Public) => true,
        (None, Drafts::Private) => false,
    };
    is_public.then(|| {
        Message::PublishRendering(PublishRendering {
            organization: document.organization.clone(),
            document: document.id,
            version: version.number,
            rendering,
        })
    })
}

/// The rendering that a version's builds are made of.
fn newest(version: &Version) -> Option<&imprint_domain::document::Checksum> {
    match &version.publication {
        Some(publication) => publication.rendering.as_ref(),
        None => version.last_good.as_ref().map(|(_, checksum)| checksum),
    }
}

/// Makes a rendering a build, or two: one of its version, and one of what the product shows at its own address when no greater
/// version is published.
///
/// # Errors
/// When it has to be tried again, or can never be done.
pub async fn publish_rendering(
    env: &Env,
    entry: &OutboxId,
    wish: &PublishRendering,
) -> Result<(), StepError> {
    let Some(source) = Source::load(env, wish).await.map_err(StepError::catalog)? else {
        return done_with(env, entry).await;
    };
    let Some(product) = product(env, &source.document).await.map_err(StepError::catalog)? else {
        tracing::warn!(document = %wish.document, "its product is not there, so its rendering is no build");
        return done_with(env, entry).await;
    };
    let mut rendering = source.rendering.clone();
    for target in source.targets(env, &product).await? {
        if let Some(build) = source.make(env, &product, &target, wish).await? {
            let known = rendering.builds.insert(target.refs.first().clone(), build.id);
            rendering.settled &= known == Some(build.id);
        }
    }
    let mut changes = vec![Change::RemoveOutbox(entry.clone())];
    if rendering != source.rendering {
        changes.push(change(DocumentChange::PutRendering(rendering)));
    }
    match env.catalog.commit(changes).await {
        // Somebody else made the builds too, or the rendering goes. They are there all the same.
        Err(StoreError::Conflict) => done_with(env, entry).await,
        other => other.map_err(StepError::catalog),
    }
}

/// The product of a document, if it takes builds.
pub(super) async fn product(env: &Env, document: &Document) -> Result<Option<Product>, StoreError> {
    let Some(slug) = &document.product else {
        return Ok(None);
    };
    let product = env.catalog.product(&env.organization.slug, slug).await?;
    Ok(product.filter(|product| product.writable().is_ok()))
}

/// What a build is a build of.
#[derive(Debug, Clone)]
struct Target {
    /// Distinguishes the slugs of builds of one rendering.
    name: &'static str,
    refs: GitRefs,
    documents: Option<Documented>,
}

struct Source {
    document: Document,
    version: Version,
    rendering: Rendering,
}

impl Source {
    /// What is to be published; none when it is not what its version shows, or is not there.
    async fn load(env: &Env, wish: &PublishRendering) -> Result<Option<Self>, StoreError> {
        let document = env.documents.document(wish.document).await?;
        let Some(document) = document.filter(|document| document.ended_at.is_none()) else {
            return Ok(None);
        };
        let Some(version) = env.documents.version(document.id, wish.version).await? else {
            return Ok(None);
        };
        let rendering = env.documents.rendering(document.id, &wish.rendering).await?;
        let is_shown = newest(&version) == Some(&wish.rendering);
        let is_wanted = is_shown && message(&document, &version).is_some();
        Ok(rendering
            .filter(|rendering| is_wanted && rendering.is_good())
            .map(|rendering| Self {
                document,
                version,
                rendering,
            }))
    }

    async fn targets(&self, env: &Env, product: &Product) -> Result<Vec<Target>, StepError> {
        let number = self.version.number;
        if self.version.publication.is_none() {
            let draft = format!("draft/v{}", number.major);
            return Ok(vec![target("draft", &[draft], None)?]);
        }
        let documents = Documented {
            train: TRAIN.parse().map_err(|_| unfit(TRAIN))?,
            version: number.to_string().parse().map_err(|_| unfit(TRAIN))?,
        };
        let own = format!("v{number}");
        let mut targets = vec![target("release", &[own], Some(documents))?];
        let versions = env.documents.versions(self.document.id).await;
        let greatest = versions
            .map_err(StepError::catalog)?
            .into_iter()
            .filter(|version| version.publication.is_some())
            .map(|version| version.number)
            .max();
        if greatest == Some(number)
            && let Some(refs) = followed_by_default(env, product)
                .await
                .map_err(StepError::catalog)?
        {
            targets.push(Target {
                name: "latest",
                refs,
                documents: None,
            });
        }
        Ok(targets)
    }

    /// Makes the build, copies its files, and has it registered; none when the rendering is not what its version shows any
    /// more. A build that is there goes on from where it was left.
    async fn make(
        &self,
        env: &Env,
        product: &Product,
        target: &Target,
        wish: &PublishRendering,
    ) -> Result<Option<Build>, StepError> {
        let build = self
            .build(env, &product.slug, target)
            .await
            .map_err(|error| failed(&error))?;
        let confirmation = Confirmation::Marker {
            sequencer: self.rendering.checksum.to_string(),
        };
        match build.state {
            BuildState::Uploading => {}
            // Where its registration was given up, this begins it again.
            BuildState::Uploaded { .. } if build.manifest.is_none() => {
                let confirmed = builds::confirm_upload(env, build.id, &confirmation).await;
                confirmed.map_err(|error| failed(&error))?;
                return Ok(Some(build));
            }
            BuildState::Uploaded { .. } | BuildState::Ended { .. } => return Ok(Some(build)),
        }
        self.copy(env, &build).await.map_err(StepError::objects)?;
        // Whatever is newer by now made its build later, so it comes after this one. If it is known already, this one must
        // not be registered: its number may be the greater. So it is when a greater version is published by now.
        let is_still = match Self::load(env, wish).await.map_err(StepError::catalog)? {
            Some(now) => now
                .targets(env, product)
                .await?
                .iter()
                .any(|now| now.name == target.name),
            None => false,
        };
        if !is_still {
            builds::end(env, build.id).await.map_err(|error| failed(&error))?;
            return Ok(None);
        }
        let confirmed = builds::confirm_upload(env, build.id, &confirmation).await;
        confirmed.map_err(|error| failed(&error))?;
        Ok(Some(build))
    }

    async fn build(&self, env: &Env, product: &ProductSlug, target: &Target) -> Result<Build, AppError> {
        let mut outcome = Err(AppError::Contended);
        for nth in 1..=SLUGS {
            outcome = self
                .build_with(env, product, target, self.slug(target.name, nth)?)
                .await;
            match &outcome {
                Ok(build) if is_going(build) => {}
                // Its slug was another one's, which the rules have deleted: a slug is given once.
                Err(AppError::Invalid(_)) => {}
                Ok(_) | Err(_) => break,
            }
        }
        outcome
    }

    async fn build_with(
        &self,
        env: &Env,
        product: &ProductSlug,
        target: &Target,
        slug: BuildSlug,
    ) -> Result<Build, AppError> {
        let org = &env.organization.slug;
        if let Some(build) = env.catalog.build_with_slug(org, product, &slug).await? {
            return Ok(build);
        }
        let new = NewBuild {
            slug: Some(slug.clone()),
            git_refs: target.refs.clone(),
            alternate: None,
            documents: target.documents.clone(),
            github_requester: None,
            upload: imprint_domain::upload::Upload::Files,
            artifacts: std::collections::BTreeSet::new(),
            directories: None,
            new_editions: NewEditions::Allowed,
        };
        match builds::create(env, product, new, &|_| Ok(())).await {
            Ok(created) => Ok(created.build),
            Err(error) => match env.catalog.build_with_slug(org, product, &slug).await? {
                Some(build) => Ok(build),
                None => Err(error),
            },
        }
    }

    /// Such as `document-42-v1.3-draft-7-6f1c0a9e3b7d`. The edit is in it because an undone edit has the rendering of the one
    /// before, and is shown by another build. The second build of the same, after the first was deleted, ends with `-2`.
    fn slug(&self, name: &str, nth: u32) -> Result<BuildSlug, AppError> {
        let short = &self.rendering.checksum.as_str()[..12];
        let edit = self.version.last_good.as_ref().map_or(0, |(edit, _)| *edit);
        let Document { id, .. } = self.document;
        let mut slug = format!("document-{id}-v{}-{name}-{edit}-{short}", self.version.number);
        if nth > 1 {
            slug = format!("{slug}-{nth}");
        }
        slug.parse()
            .map_err(|_| AppError::Invalid(format!("{slug} is no slug of a build")))
    }

    async fn copy(&self, env: &Env, build: &Build) -> Result<(), StoreError> {
        let prefix = build.prefix();
        let outputs = self.rendering.outputs.iter().flat_map(|(name, output)| {
            let paths = [Some(name.as_str().to_owned()), as_artifact(*name)];
            let paths = paths
                .into_iter()
                .flatten()
                .filter_map(|path| path.parse::<SitePath>().ok());
            paths.map(|path| (output.key.clone(), path, output.content_type.clone()))
        });
        let images = self.version.shown_images().filter_map(|(name, image)| {
            let image = image?;
            let content_type = match &image.picture {
                Picture::Good { media_type, .. } => media_type.as_str().to_owned(),
                Picture::Bad { .. } => return None,
            };
            let path: SitePath = format!("images/{name}").parse().ok()?;
            Some((
                ObjectKey::document_image(self.document.id, image),
                path,
                content_type,
            ))
        });
        let copies = outputs.chain(images).map(|(from, path, content_type)| {
            let to = prefix.key(&path);
            async move {
                let headers = Headers {
                    content_type: Some(content_type),
                    ..Headers::default()
                };
                env.objects.copy(&from, &to, &headers).await
            }
        });
        let copies: Vec<_> = copies.collect();
        stream::iter(copies)
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await
    }
}

/// Whether the rules are deleting it, or are about to: nothing can be added to it.
fn is_going(build: &Build) -> bool {
    match (&build.state, build.doom) {
        (_, None) => false,
        // Its confirmation spares it.
        (BuildState::Uploading, Some(Doom::Marked { .. })) => false,
        (BuildState::Uploading, Some(Doom::Deleting { .. })) => true,
        // Its registration was given up, so no edition ever moved to it.
        (BuildState::Uploaded { .. }, Some(_)) if build.manifest.is_none() => true,
        // It was published, and is not shown any more.
        (BuildState::Uploaded { .. } | BuildState::Ended { .. }, Some(_)) => false,
    }
}

/// Where an output lies once more, so that it is found as a format of the build.
fn as_artifact(output: OutputName) -> Option<String> {
    match output {
        OutputName::DocumentPdf | OutputName::Epub | OutputName::Search => {
            Some(format!("{FOUND_IN}{output}"))
        }
        OutputName::Page | OutputName::JournalPdf | OutputName::Latex | OutputName::Bibliography => None,
    }
}

/// The refs of which a build is what the product's default edition shows; none when it follows something else than refs.
async fn followed_by_default(env: &Env, product: &Product) -> Result<Option<GitRefs>, StoreError> {
    let slug = &env.organization.default_edition;
    let edition = env
        .catalog
        .edition_with_slug(&env.organization.slug, &product.slug, slug)
        .await?;
    Ok(edition.and_then(|edition| match edition.tracking.mode {
        TrackingMode::GitRefs => edition.tracking.refs,
        TrackingMode::GitRef => edition.tracking.refs.map(|refs| refs.first().clone().into()),
        TrackingMode::LsstDoc
        | TrackingMode::EupsMajorRelease
        | TrackingMode::EupsWeeklyRelease
        | TrackingMode::EupsDailyRelease
        | TrackingMode::Manual
        | TrackingMode::AlternateGitRef
        | TrackingMode::SemverRelease
        | TrackingMode::SemverMajor
        | TrackingMode::SemverMinor
        | TrackingMode::Train => None,
    }))
}

fn target(name: &'static str, refs: &[String], documents: Option<Documented>) -> Result<Target, StepError> {
    let refs = GitRefs::parse(refs).map_err(|_| unfit(name))?;
    Ok(Target {
        name,
        refs,
        documents,
    })
}

fn unfit(name: &str) -> StepError {
    StepError::Final {
        code: imprint_domain::task::FailureCode::Gone,
        message: format!("{name} names no build"),
    }
}

fn failed(error: &AppError) -> StepError {
    StepError::Retry {
        code: imprint_domain::task::FailureCode::Catalog,
        source: crate::outgoing::Chain(error).to_string().into(),
    }
}
