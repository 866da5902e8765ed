//! Builds: register, confirm the upload, end.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use imprint_domain::alternate::AlternateName;
use imprint_domain::artifact::{Artifacts, Format};
use imprint_domain::automatic::{Origin, automatic};
use imprint_domain::build::{Build, BuildState};
use imprint_domain::edition::{Blueprint, Edition};
use imprint_domain::git::GitRefs;
use imprint_domain::id::{BuildId, EditionId, Revision, SurrogateKey, TaskId};
use imprint_domain::key::{ObjectKey, SiteDirectory};
use imprint_domain::message::Message;
use imprint_domain::product::Product;
use imprint_domain::registry::Documented;
use imprint_domain::rules::Rules;
use imprint_domain::slug::{BuildSlug, ProductSlug};
use imprint_domain::task::{Registration, Task};
use imprint_domain::text::Title;
use imprint_domain::upload::Upload;
use imprint_domain::webhook::{EventKind, Subject};

use crate::announce::announce;
use crate::artifacts::format_place;
use crate::editions::surrogate_key;
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::commit_and_send;
use crate::ports::{Change, Ids, Page, PresignedPost, PresignedPut, StoreError, UploadSlot};
use crate::render_dashboard;

mod confirm;
mod forms;

pub use confirm::{Confirmation, confirm_by_archive, confirm_by_marker, confirm_upload};
pub(crate) use confirm::{archive_of, task_of_archive};
pub use forms::forms;

/// How long upload forms are good: a day for all of them. LTD's directory forms, which its client posts last, lasted an
/// hour only (D9).
const FORM_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// What a new build needs.
#[derive(Debug, Clone)]
pub struct NewBuild {
    /// Its slug; without one it gets the smallest free number.
    pub slug: Option<BuildSlug>,
    /// What it was built from.
    pub git_refs: GitRefs,
    /// The deployment that it is for; none when it is for all.
    pub alternate: Option<AlternateName>,
    /// The release that it documents, which is published when the build is registered. The component is the product.
    pub documents: Option<Documented>,
    /// Who asked for it.
    pub github_requester: Option<Title>,
    /// The formats that the client uploads beside the pages, each with a form of its own.
    pub artifacts: BTreeSet<Format>,
    /// In which form the files come.
    pub upload: Upload,
    /// The directories to make upload forms for; none when the client uploads by itself.
    pub directories: Option<Vec<SiteDirectory>>,
    /// Whether editions may be created for refs that none tracks.
    pub new_editions: NewEditions,
}

/// Whether a build may bring editions with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewEditions {
    /// The caller may create editions.
    Allowed,
    /// The caller may not.
    Forbidden,
}

/// Forms by which a client uploads a build straight to the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadForms {
    /// For the files of each directory, by the client's spelling of it.
    pub files: BTreeMap<String, PresignedPost>,
    /// For the redirect object of each directory.
    pub directories: BTreeMap<String, PresignedPost>,
    /// For the marker that confirms the upload without a call of the API.
    pub complete: PresignedPost,
}

/// A build that is about to be registered, or was.
#[derive(Debug, Clone)]
pub struct CreatedBuild {
    /// The build.
    pub build: Build,
    /// Its product.
    pub product: Product,
    /// The upload forms, when they were asked for.
    pub forms: Option<UploadForms>,
    /// Where the archive is sent, when the files come in one.
    pub archive: Option<PresignedPut>,
    /// Forms for the formats that are uploaded beside the pages.
    pub artifact_forms: BTreeMap<Format, PresignedPost>,
}

/// Registers a build. Its forms are signed and `check`ed before anything is stored, so that a refusal leaves nothing
/// behind (D21).
///
/// # Errors
/// `NotFound` for an unknown product, `Invalid` for a slug that was used before, and whatever `check` says.
pub async fn create(
    env: &Env,
    product: &ProductSlug,
    new: NewBuild,
    check: &(dyn Fn(&CreatedBuild) -> Result<(), AppError> + Sync),
) -> Result<CreatedBuild, AppError> {
    let mut seen = Seen::read(env, product).await?;
    seen.product.writable()?;
    let count = seen.births(env, &new).len() as u64;
    let ids = Ids {
        builds: 1,
        editions: count,
    };
    let (id, EditionId(first)) = env.catalog.allot(ids).await?;
    for _ in 0..MAX_TRIES {
        let build = seen.build(env, &new, id)?;
        let created = signed(env, &seen.product, build, new.directories.as_deref())?;
        check(&created)?;
        let (changes, messages) = seen.effects(env, &new, &created, first..first + count);
        match commit_and_send(env, changes, messages).await {
            Ok(()) => return Ok(created),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        seen = seen.again(env, &new, id).await?;
    }
    Err(AppError::Contended)
}

/// The product of a new build, and its editions, as they were when they were read.
struct Seen {
    product: Product,
    editions: Vec<Edition>,
}

impl Seen {
    async fn read(env: &Env, product: &ProductSlug) -> Result<Self, AppError> {
        let org = &env.organization.slug;
        let found = env.catalog.product_with_editions(org, product).await?;
        let (product, editions) = found.ok_or(AppError::NotFound)?;
        Ok(Self { product, editions })
    }

    fn build(&self, env: &Env, new: &NewBuild, id: BuildId) -> Result<Build, AppError> {
        let Product {
            next_build_slug: next,
            slug: product,
            ..
        } = &self.product;
        let slug = match &new.slug {
            Some(slug) => slug.clone(),
            None => next.to_string().parse().map_err(|_| AppError::Contended)?,
        };
        Ok(Build {
            id,
            organization: env.organization.slug.clone(),
            product: product.clone(),
            slug,
            git_refs: new.git_refs.clone(),
            alternate: new.alternate.clone(),
            documents: new.documents.clone(),
            github_requester: new.github_requester.clone(),
            surrogate_key: SurrogateKey::from_bytes(env.random.identity()),
            created_at: env.clock.now(),
            state: BuildState::Uploading,
            manifest: None,
            artifacts: Artifacts::announced(new.artifacts.clone()),
            upload: new.upload.clone(),
            doom: None,
            revision: Revision::NEW,
        })
    }

    /// What is committed and sent for a build. Numbers of editions were allotted for the first look; an edition that became
    /// necessary since waits for the next build.
    fn effects(
        &self,
        env: &Env,
        new: &NewBuild,
        created: &CreatedBuild,
        numbers: std::ops::Range<u64>,
    ) -> (Vec<Change>, Vec<Message>) {
        let mut changes = vec![Change::CreateBuild(created.build.clone())];
        let mut messages = Vec::new();
        if new.slug.is_none() {
            changes.push(Change::UpdateProduct(Product {
                next_build_slug: self.product.next_build_slug + 1,
                ..self.product.clone()
            }));
        }
        for (born, id) in self.births(env, new).into_iter().zip(numbers) {
            let key = surrogate_key(env, &self.editions, &born.slug);
            let at = created.build.created_at;
            let edition = self.product.edition(EditionId(id), born, key, at);
            messages.extend(announce(env, EventKind::EditionCreated, || {
                Subject::edition(&env.organization, &created.product, &edition)
            }));
            changes.push(Change::CreateEdition(edition));
        }
        changes.extend(self.giving_way(env, new).into_iter().map(Change::UpdateEdition));
        (changes, messages)
    }

    /// Looks again after a conflict.
    async fn again(self, env: &Env, new: &NewBuild, id: BuildId) -> Result<Self, AppError> {
        let again = Self::read(env, &self.product.slug).await?;
        let is_same = again.product.revision == self.product.revision
            && again.editions.len() == self.editions.len()
            && again.giving_way(env, new) == self.giving_way(env, new);
        if !is_same {
            return Ok(again);
        }
        // Nothing else changed, so it was the slug.
        match &new.slug {
            Some(slug) => Err(AppError::Invalid(format!(
                "A build already exists with slug '{slug}'"
            ))),
            None => {
                let mut next = self;
                next.product.next_build_slug = next_free(next.product.next_build_slug, id);
                Ok(next)
            }
        }
    }

    /// The editions that a build brings with it. Why it brings none, registering it says.
    fn births(&self, env: &Env, new: &NewBuild) -> Vec<Blueprint> {
        let origin = Origin {
            git_refs: &new.git_refs,
            alternate: new.alternate.as_ref(),
        };
        match new.new_editions {
            NewEditions::Allowed => {
                let rules = Rules::of(&env.organization, &self.product);
                automatic(&rules, origin, &self.editions).births
            }
            NewEditions::Forbidden => Vec::new(),
        }
    }

    /// The editions that lead readers from the slugs of those that a build brings, as they are when these are there.
    fn giving_way(&self, env: &Env, new: &NewBuild) -> Vec<Edition> {
        let births = self.births(env, new);
        let leads = |edition: &&Edition| births.iter().any(|born| edition.former.contains(&born.slug));
        // One may lead from several of them.
        let yielded = |edition: &Edition| {
            births
                .iter()
                .fold(edition.clone(), |edition, born| edition.yield_name(&born.slug))
        };
        self.editions.iter().filter(leads).map(yielded).collect()
    }
}

/// The next number to try. Deleted builds keep their slugs, also those of a deleted product of the same name, so a long
/// stretch may be taken; no automatic number was ever above the newest build's own.
fn next_free(taken: u64, newest: BuildId) -> u64 {
    const STRETCH: u64 = 3;
    if taken.is_multiple_of(STRETCH) {
        newest.0.max(taken + 1)
    } else {
        taken + 1
    }
}

/// The build with what its form of upload needs.
fn signed(
    env: &Env,
    product: &Product,
    build: Build,
    directories: Option<&[SiteDirectory]>,
) -> Result<CreatedBuild, AppError> {
    let (forms, archive) = match &build.upload {
        Upload::Files => {
            let forms = directories.map(|directories| sign(env, &build, directories));
            (forms.transpose()?, None)
        }
        Upload::Archive { .. } => {
            let key = ObjectKey::archive(build.id);
            let put = env.uploads.presign_put(&key, env.clock.now(), FORM_LIFE)?;
            (None, Some(put))
        }
    };
    Ok(CreatedBuild {
        artifact_forms: sign_artifacts(env, &build)?,
        build,
        product: product.clone(),
        forms,
        archive,
    })
}

fn sign(env: &Env, build: &Build, directories: &[SiteDirectory]) -> Result<UploadForms, AppError> {
    let (now, prefix, surrogate_key) = (env.clock.now(), build.prefix(), &build.surrogate_key);
    let form = |slot: &UploadSlot| env.uploads.presign(slot, now, FORM_LIFE);
    let mut forms = UploadForms {
        files: BTreeMap::new(),
        directories: BTreeMap::new(),
        complete: form(&UploadSlot::Marker {
            key: ObjectKey::completion_marker(build.id),
        })?,
    };
    for directory in directories {
        let prefix = prefix.directory(directory);
        let redirect = UploadSlot::Directory {
            key: prefix.directory_key(),
            surrogate_key: surrogate_key.clone(),
        };
        let files = UploadSlot::Files {
            prefix,
            surrogate_key: surrogate_key.clone(),
        };
        forms.files.insert(directory.spelling().to_owned(), form(&files)?);
        forms
            .directories
            .insert(directory.spelling().to_owned(), form(&redirect)?);
    }
    Ok(forms)
}

/// Whoever uploads the site by itself needs these forms all the same: the API alone knows where formats are looked for.
fn sign_artifacts(env: &Env, build: &Build) -> Result<BTreeMap<Format, PresignedPost>, AppError> {
    let (now, mut forms) = (env.clock.now(), BTreeMap::new());
    for format in &build.artifacts.announced {
        if let Some(key) = format_place(build, *format) {
            let slot = UploadSlot::Artifact { key };
            forms.insert(*format, env.uploads.presign(&slot, now, FORM_LIFE)?);
        }
    }
    Ok(forms)
}

/// A build.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get(env: &Env, id: BuildId) -> Result<Build, AppError> {
    let build = env.catalog.build(id).await?.ok_or(AppError::NotFound)?;
    if build.organization == env.organization.slug {
        Ok(build)
    } else {
        Err(AppError::NotFound)
    }
}

/// A build of a product by its slug, with the product. Three requests.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn with_slug(
    env: &Env,
    product: &ProductSlug,
    slug: &BuildSlug,
) -> Result<(Product, Build), AppError> {
    let product = crate::products::get(env, product).await?;
    let org = &env.organization.slug;
    let build = env.catalog.build_with_slug(org, &product.slug, slug).await?;
    Ok((product, build.ok_or(AppError::NotFound)?))
}

/// Builds of a product, newest first.
///
/// # Errors
/// `NotFound` when there is no such product.
pub async fn list(
    env: &Env,
    product: &ProductSlug,
    limit: usize,
    cursor: Option<&str>,
) -> Result<(Product, Page<Build>), AppError> {
    let product = crate::products::get(env, product).await?;
    let page = env
        .catalog
        .builds(&env.organization.slug, &product.slug, limit, cursor)
        .await?;
    Ok((product, page))
}

/// A task that begins now.
pub(crate) fn new_task(build: &Build, id: &TaskId, registration: Registration, now: Timestamp) -> Task {
    Task {
        id: id.clone(),
        organization: build.organization.clone(),
        product: Some(build.product.clone()),
        build: Some(build.id),
        created_at: now,
        registration,
        notes: Vec::new(),
        editions: Vec::new(),
        pages: Vec::new(),
        revision: Revision::NEW,
    }
}

/// Ends a build: no edition may move to it any more. Ending it again changes nothing.
///
/// # Errors
/// `NotFound` for an unknown build.
pub async fn end(env: &Env, id: BuildId) -> Result<Build, AppError> {
    for _ in 0..MAX_TRIES {
        let before = get(env, id).await?;
        let build = before.clone().end(env.clock.now());
        if build == before {
            return Ok(build);
        }
        let changes = vec![Change::UpdateBuild(build.clone())];
        let rendering = render_dashboard::message(&build.organization, &build.product, Vec::new());
        match commit_and_send(env, changes, vec![rendering]).await {
            Ok(()) => return Ok(build),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}
