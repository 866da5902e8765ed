//! What clients do: they publish, move, rename, pin, delete and restore, give up half way, and try again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use imprint_app::builds::{self, Confirmation, NewBuild, NewEditions};
use imprint_app::editions::{self, EditionPatch, RollbackTo};
use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_domain::edition::Edition;
use imprint_domain::git::GitRefs;
use imprint_domain::id::{BuildId, EditionId};
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_testing::{MemoryObjects, Site};

use crate::dice::Dice;
use crate::sites::Sites;

/// The products that are published.
pub(crate) const PRODUCTS: [&str; 2] = ["alpha", "beta"];
const REFS: [&str; 3] = ["main", "main", "v1.0"];
/// How often a client sends a request again that was answered with an error.
const TRIES: u32 = 4;

/// What clients and the checks know together.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) sites: Sites,
    /// Markers that were put and that S3 has to tell of.
    pub(crate) markers: Vec<BuildId>,
    /// Editions that somebody moved by hand, ended, pinned or renamed: tracking alone does not say where they are.
    pub(crate) touched: BTreeSet<EditionId>,
    /// How often each build was confirmed.
    pub(crate) confirmed: BTreeMap<BuildId, u32>,
}

/// One thing that a client does.
#[derive(Debug, Clone)]
pub(crate) enum Doing {
    /// Publishes a site; the marker confirms it, or a call.
    Publish {
        product: &'static str,
        git_ref: &'static str,
        site: Site,
        by_marker: bool,
    },
    /// Confirms an upload again.
    Confirm(BuildId),
    /// Moves an edition to a build.
    Move(EditionId, BuildId),
    /// Goes back.
    Rollback(EditionId, BuildId),
    /// Publishes again what it shows.
    Again(EditionId),
    /// Gives it another name.
    Rename(EditionId, String),
    /// Keeps it where it is.
    Pin(EditionId),
    /// Lets it go.
    Unpin(EditionId),
    /// Deletes it.
    End(EditionId),
    /// Undoes that.
    Restore(EditionId),
    /// Deletes a build.
    EndBuild(BuildId),
}

impl Doing {
    pub(crate) fn choose(dice: &mut Dice, known: &mut Known, editions: &[Edition]) -> Self {
        let product = *dice.one_of(&PRODUCTS).unwrap_or(&PRODUCTS[0]);
        let edition = dice.one_of(editions).map(|edition| edition.id);
        let build = {
            let all: Vec<BuildId> = known.confirmed.keys().copied().collect();
            dice.one_of(&all).copied()
        };
        let roll = dice.below(20);
        let (Some(edition), Some(build)) = (edition, build) else {
            return Self::publish(dice, known, product);
        };
        match roll {
            0 => Self::Confirm(build),
            1 => Self::Move(edition, build),
            2 => Self::Rollback(edition, build),
            3 => Self::Again(edition),
            4 => Self::Rename(edition, format!("name-{}", dice.below(3))),
            5 => Self::Pin(edition),
            6 => Self::Unpin(edition),
            7 => Self::End(edition),
            8 => Self::Restore(edition),
            9 if dice.one_in(3) => Self::EndBuild(build),
            _ => Self::publish(dice, known, product),
        }
    }

    fn publish(dice: &mut Dice, known: &mut Known, product: &'static str) -> Self {
        Self::Publish {
            product,
            git_ref: dice.one_of(&REFS).unwrap_or(&REFS[0]),
            site: known.sites.next(product, dice),
            by_marker: dice.one_in(3),
        }
    }
}

/// Does it, as a client that tries again when it is answered with an error that may pass.
pub(crate) async fn act(
    env: Env,
    objects: std::sync::Arc<MemoryObjects>,
    known: Rc<RefCell<Known>>,
    doing: Doing,
) {
    match doing {
        Doing::Publish {
            product,
            git_ref,
            site,
            by_marker,
        } => publish(&env, &objects, &known, (product, git_ref), site, by_marker).await,
        Doing::Confirm(build) => confirm(&env, &known, build).await,
        Doing::Move(id, build) => {
            let patch = EditionPatch {
                build: Some(build),
                ..EditionPatch::default()
            };
            touch(&known, id);
            tried(async || editions::update(&env, id, patch.clone()).await).await;
        }
        Doing::Rollback(id, build) => {
            touch(&known, id);
            tried(async || editions::rollback(&env, id, RollbackTo::Build(build), None).await).await;
        }
        Doing::Again(id) => {
            let patch = EditionPatch {
                pending_rebuild: Some(true),
                ..EditionPatch::default()
            };
            tried(async || editions::update(&env, id, patch.clone()).await).await;
        }
        Doing::Rename(id, slug) => {
            let patch = EditionPatch {
                slug: slug.parse().ok(),
                ..EditionPatch::default()
            };
            touch(&known, id);
            tried(async || editions::update(&env, id, patch.clone()).await).await;
        }
        Doing::Pin(id) => {
            touch(&known, id);
            tried(async || editions::pin(&env, id).await).await;
        }
        Doing::Unpin(id) => {
            touch(&known, id);
            tried(async || editions::unpin(&env, id, None).await).await;
        }
        Doing::End(id) => {
            touch(&known, id);
            tried(async || editions::end(&env, id).await).await;
        }
        Doing::Restore(id) => {
            touch(&known, id);
            tried(async || editions::restore(&env, id, None).await).await;
        }
        Doing::EndBuild(build) => tried(async || builds::end(&env, build).await).await,
    }
}

fn touch(known: &RefCell<Known>, id: EditionId) {
    known.borrow_mut().touched.insert(id);
}

async fn tried<T>(request: impl AsyncFn() -> Result<T, AppError>) {
    for _ in 0..TRIES {
        match request().await {
            Ok(_)
            | Err(AppError::Invalid(_) | AppError::NotFound | AppError::Refused(_) | AppError::Content(_)) => {
                return;
            }
            Err(_) => {}
        }
    }
}

async fn publish(
    env: &Env,
    objects: &MemoryObjects,
    known: &RefCell<Known>,
    (product, git_ref): (&str, &str),
    site: Site,
    by_marker: bool,
) {
    let (Ok(product), Ok(git_refs)) = (product.parse(), GitRefs::parse(&[git_ref])) else {
        return;
    };
    for _ in 0..TRIES {
        let new = NewBuild {
            slug: None,
            git_refs: git_refs.clone(),
            alternate: None,
            artifacts: BTreeSet::new(),
            documents: None,
            github_requester: None,
            directories: None,
            new_editions: NewEditions::Allowed,
        };
        let Ok(created) = builds::create(env, &product, new, &|_| Ok(())).await else {
            continue;
        };
        let id = created.build.id;
        site.upload(objects, &created.build);
        known.borrow_mut().sites.uploaded(id, site);
        if by_marker {
            objects.put(ObjectKey::completion_marker(id).as_str(), "", Headers::default());
            let mut known = known.borrow_mut();
            known.markers.push(id);
            *known.confirmed.entry(id).or_default() += 1;
        } else {
            confirm(env, known, id).await;
        }
        return;
    }
}

async fn confirm(env: &Env, known: &RefCell<Known>, build: BuildId) {
    for _ in 0..TRIES {
        match builds::confirm_upload(env, build, &Confirmation::Request).await {
            Ok(_) => {
                *known.borrow_mut().confirmed.entry(build).or_default() += 1;
                return;
            }
            Err(AppError::Invalid(_) | AppError::NotFound) => return,
            Err(_) => {}
        }
    }
}

impl Doing {
    /// It in a few words.
    pub(crate) fn brief(&self) -> String {
        match self {
            Self::Publish {
                product,
                git_ref,
                by_marker,
                ..
            } => format!("publish {product} {git_ref}, by marker: {by_marker}"),
            Self::Confirm(build) => format!("confirm build {build} again"),
            Self::Move(edition, build) => format!("move edition {edition} to build {build}"),
            Self::Rollback(edition, build) => format!("roll edition {edition} back to build {build}"),
            Self::Again(edition) => format!("publish edition {edition} again"),
            Self::Rename(edition, slug) => format!("rename edition {edition} to {slug}"),
            Self::Pin(edition) => format!("pin edition {edition}"),
            Self::Unpin(edition) => format!("unpin edition {edition}"),
            Self::End(edition) => format!("delete edition {edition}"),
            Self::Restore(edition) => format!("restore edition {edition}"),
            Self::EndBuild(build) => format!("delete build {build}"),
        }
    }
}
