//! Builds and editions: they are published, moved, renamed, pinned, deleted and restored.

use std::collections::BTreeSet;

use flate2::Compression;
use flate2::write::GzEncoder;
use imprint_app::builds::{self, Confirmation, NewBuild, NewEditions};
use imprint_app::editions::{self, EditionPatch, RollbackTo};
use imprint_domain::edition::Edition;
use imprint_domain::git::GitRefs;
use imprint_domain::id::{BuildId, EditionId};
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_domain::message::CopyEdition;
use imprint_domain::registry::Documented;
use imprint_domain::upload::Upload;
use imprint_testing::Site;

use super::{Client, Known, PRODUCTS, TRIES, is_final, tried};
use crate::dice::Dice;

const REFS: [&str; 3] = ["main", "main", "v1.0"];

/// How a build's files come, and who says that they are all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// One by one; the client says so.
    Files,
    /// One by one; an empty object says so.
    Marker,
    /// In an archive, which says so itself.
    Archive,
}

impl How {
    const ALL: [Self; 4] = [Self::Files, Self::Files, Self::Marker, Self::Archive];

    fn upload(self) -> Upload {
        match self {
            Self::Files | Self::Marker => Upload::Files,
            Self::Archive => Upload::archive(None),
        }
    }
}

/// Something of which S3 has to tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) build: BuildId,
    pub(crate) how: How,
}

fn tar_gz(site: &Site) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, body) in site.bodies() {
        let mut header = tar::Header::new_gnu();
        header.set_size(body.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let written = builder.append_data(&mut header, &path, body.as_ref());
        written.expect("nothing can go wrong in memory");
    }
    let packed = builder.into_inner().and_then(GzEncoder::finish);
    packed.expect("nothing can go wrong in memory")
}

/// One thing that a client does.
#[derive(Debug, Clone)]
pub(crate) enum Doing {
    /// Publishes a site; the marker confirms it, or a call.
    Publish {
        product: &'static str,
        git_ref: &'static str,
        site: Site,
        how: How,
        /// The train and the version that it documents.
        documents: Option<(&'static str, &'static str)>,
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
    /// Anything. `release` is what a build of the first product documents, if it is one.
    pub(super) fn choose(
        dice: &mut Dice,
        known: &mut Known,
        editions: &[Edition],
        release: Option<(&'static str, &'static str)>,
    ) -> Self {
        let product = *dice.one_of(&PRODUCTS).unwrap_or(&PRODUCTS[0]);
        let edition = dice.one_of(editions).map(|edition| edition.id);
        let build = {
            let all: Vec<BuildId> = known.confirmed.iter().copied().collect();
            dice.one_of(&all).copied()
        };
        let roll = dice.below(20);
        let (Some(edition), Some(build)) = (edition, build) else {
            return Self::publish(dice, known, product, release);
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
            _ => Self::publish(dice, known, product, release),
        }
    }

    fn publish(
        dice: &mut Dice,
        known: &mut Known,
        product: &'static str,
        release: Option<(&'static str, &'static str)>,
    ) -> Self {
        Self::Publish {
            product,
            git_ref: dice.one_of(&REFS).unwrap_or(&REFS[0]),
            site: known.sites.next(product, dice),
            how: *dice.one_of(&How::ALL).unwrap_or(&How::Files),
            documents: release.filter(|_| product == PRODUCTS[0]),
        }
    }

    /// Another build of what is copied, with changes taken back.
    pub(super) fn over(dice: &mut Dice, known: &mut Known, copy: &CopyEdition) -> Option<Self> {
        let product = PRODUCTS
            .into_iter()
            .find(|product| *product == copy.product.as_str())?;
        let git_ref = copy.pointer.git_refs.first().as_str();
        Some(Self::Publish {
            product,
            git_ref: REFS.into_iter().find(|one| *one == git_ref)?,
            site: known.sites.taken_back(product, dice),
            how: How::Files,
            documents: None,
        })
    }

    pub(super) async fn act(self, client: &Client) {
        let env = &client.env;
        match self {
            Self::Publish {
                product,
                git_ref,
                site,
                how,
                documents,
            } => publish(client, (product, git_ref, documents), site, how).await,
            Self::Confirm(build) => confirm(client, build).await,
            Self::Move(id, build) => {
                let patch = EditionPatch {
                    build: Some(build),
                    ..EditionPatch::default()
                };
                client.touch(id);
                tried(async || editions::update(env, id, patch.clone()).await).await;
            }
            Self::Rollback(id, build) => {
                client.touch(id);
                tried(async || editions::rollback(env, id, RollbackTo::Build(build), None).await).await;
            }
            Self::Again(id) => {
                let patch = EditionPatch {
                    pending_rebuild: Some(true),
                    ..EditionPatch::default()
                };
                tried(async || editions::update(env, id, patch.clone()).await).await;
            }
            Self::Rename(id, slug) => {
                let patch = EditionPatch {
                    slug: slug.parse().ok(),
                    ..EditionPatch::default()
                };
                client.touch(id);
                tried(async || editions::update(env, id, patch.clone()).await).await;
            }
            Self::Pin(id) => {
                client.touch(id);
                tried(async || editions::pin(env, id).await).await;
            }
            Self::Unpin(id) => {
                client.touch(id);
                tried(async || editions::unpin(env, id, None).await).await;
            }
            Self::End(id) => {
                client.touch(id);
                tried(async || editions::end(env, id).await).await;
            }
            Self::Restore(id) => {
                client.touch(id);
                tried(async || editions::restore(env, id, None).await).await;
            }
            Self::EndBuild(build) => {
                client.known.borrow_mut().ended.insert(build);
                tried(async || builds::end(env, build).await).await;
            }
        }
    }

    /// It in a few words.
    pub(super) fn brief(&self) -> String {
        match self {
            Self::Publish {
                product,
                git_ref,
                how,
                ..
            } => format!("publish {product} {git_ref}: {how:?}"),
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

impl Client {
    fn touch(&self, id: EditionId) {
        self.known.borrow_mut().touched.insert(id);
    }
}

async fn publish(
    client: &Client,
    (product, git_ref, documents): (&str, &str, Option<(&str, &str)>),
    site: Site,
    how: How,
) {
    let (Ok(product), Ok(git_refs)) = (product.parse(), GitRefs::parse(&[git_ref])) else {
        return;
    };
    let documents = documents.and_then(|(train, version)| {
        Some(Documented {
            train: train.parse().ok()?,
            version: version.parse().ok()?,
        })
    });
    for _ in 0..TRIES {
        let new = NewBuild {
            slug: None,
            git_refs: git_refs.clone(),
            alternate: None,
            artifacts: BTreeSet::new(),
            documents: documents.clone(),
            github_requester: None,
            directories: None,
            new_editions: NewEditions::Allowed,
            upload: how.upload(),
        };
        let Ok(created) = builds::create(&client.env, &product, new, &|_| Ok(())).await else {
            continue;
        };
        let id = created.build.id;
        let packed = tar_gz(&site);
        if how != How::Archive {
            site.upload(&client.world.objects, &created.build);
        }
        client.known.borrow_mut().sites.uploaded(id, site);
        let (key, body) = match how {
            How::Files => return confirm(client, id).await,
            How::Marker => (ObjectKey::completion_marker(id), Vec::new()),
            How::Archive => (ObjectKey::archive(id), packed),
        };
        client.world.objects.put(key.as_str(), body, Headers::default());
        let mut known = client.known.borrow_mut();
        known.events.push(Event { build: id, how });
        known.confirmed.insert(id);
        return;
    }
}

async fn confirm(client: &Client, build: BuildId) {
    for _ in 0..TRIES {
        match builds::confirm_upload(&client.env, build, &Confirmation::Request).await {
            Ok(_) => {
                client.known.borrow_mut().confirmed.insert(build);
                return;
            }
            Err(error) if is_final(&error) => return,
            Err(_) => {}
        }
    }
}
