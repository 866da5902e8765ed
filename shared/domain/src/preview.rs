//! What would become of refs: the rules of publishing on builds that nobody has uploaded.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::alternate::AlternateName;
use crate::automatic::{Automatic, NoEdition, Origin, automatic};
use crate::build::{Build, BuildState};
use crate::edition::{Blueprint, Cause, Edition, Verdict};
use crate::git::{GitRef, GitRefs};
use crate::id::{BuildId, EditionId, ManifestId, Revision, SurrogateKey};
use crate::product::Product;
use crate::registry::Trains;
use crate::rules::Rules;

/// What would become of a build of a ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The ref.
    pub git_ref: GitRef,
    /// The editions that follow such builds, and what each would do.
    pub feeds: Vec<(Edition, Verdict)>,
    /// The editions that would be created, each of which then shows the build.
    pub births: Vec<Blueprint>,
    /// Why it would get no edition of its own, when it would have none.
    pub without: Option<NoEdition>,
}

/// Numbers that no catalog hands out in the life of this world, for what is only imagined.
const IMAGINED: u64 = 1 << 60;

/// Whether an edition of a preview is one that only the preview has created.
pub fn is_imagined(edition: EditionId) -> bool {
    edition.0 >= IMAGINED
}

/// Foresees what becomes of builds of these refs that come one after the other, so that two refs which want one slug show
/// as what they are. The callers may create editions. `trains` says where trains are once a build of a ref is registered,
/// for refs that name releases.
pub fn preview(
    rules: &Rules,
    product: &Product,
    mut editions: Vec<Edition>,
    refs: &[GitRef],
    alternate: Option<&AlternateName>,
    trains: &BTreeMap<GitRef, Trains>,
) -> Vec<Foreseen> {
    let mut foreseen = Vec::with_capacity(refs.len());
    let mut number = IMAGINED;
    for git_ref in refs {
        number += 1;
        let build = imagined(product, git_ref, alternate, BuildId(number));
        let rules = &rules
            .clone()
            .with_trains(trains.get(git_ref).cloned().unwrap_or_default());
        let Automatic { births, without } = automatic(rules, Origin::from(&build), &editions);
        let feeds = follow(rules, &build, &mut editions);
        for born in &births {
            number += 1;
            let key = SurrogateKey::from_bytes([0; 16]);
            editions.push(product.edition(EditionId(number), born.clone(), key, build.created_at));
        }
        let first = editions.len() - births.len();
        follow(rules, &build, &mut editions[first..]);
        foreseen.push(Foreseen {
            git_ref: git_ref.clone(),
            feeds,
            births,
            without,
        });
    }
    foreseen
}

/// A build of a ref that nobody has uploaded, with the editions that there are when it is registered: those that it brings
/// are among them.
pub fn imagine(
    rules: &Rules,
    product: &Product,
    editions: &[Edition],
    git_ref: &GitRef,
    alternate: Option<&AlternateName>,
) -> (Build, Vec<Edition>) {
    let build = imagined(product, git_ref, alternate, BuildId(IMAGINED));
    let births = automatic(rules, Origin::from(&build), editions).births;
    let born = births.into_iter().zip(IMAGINED..).map(|(born, number)| {
        let key = SurrogateKey::from_bytes([0; 16]);
        product.edition(EditionId(number), born, key, build.created_at)
    });
    let editions = editions.iter().cloned().chain(born).collect();
    (build, editions)
}

/// Lets editions follow a build, and says which do; each as it was.
fn follow(rules: &Rules, build: &Build, editions: &mut [Edition]) -> Vec<(Edition, Verdict)> {
    let mut followers = Vec::new();
    for edition in editions {
        let verdict = edition.judge(rules, build);
        let before = edition.clone();
        match verdict {
            Verdict::NotTracked => continue,
            Verdict::Older => {}
            Verdict::Moves => {
                let manifest = ManifestId::from_bytes([0; 16]);
                *edition = before.clone().repoint(build, manifest, Cause::Tracking);
            }
            Verdict::Waits => *edition = before.clone().wait(rules, build),
        }
        followers.push((before, verdict));
    }
    followers
}

fn imagined(product: &Product, git_ref: &GitRef, alternate: Option<&AlternateName>, id: BuildId) -> Build {
    let at = Timestamp::UNIX_EPOCH;
    Build {
        id,
        organization: product.organization.clone(),
        product: product.slug.clone(),
        slug: "imagined".parse().expect("it is a slug"),
        git_refs: GitRefs::from(git_ref.clone()),
        alternate: alternate.cloned(),
        documents: None,
        github_requester: None,
        surrogate_key: SurrogateKey::from_bytes([0; 16]),
        created_at: at,
        state: BuildState::Uploaded { at },
        manifest: None,
        artifacts: crate::artifact::Artifacts::default(),
        upload: crate::upload::Upload::Files,
        doom: None,
        revision: Revision::NEW,
    }
}
