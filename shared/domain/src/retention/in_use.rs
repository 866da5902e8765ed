//! What the release registry protects: the documentation of versions that installations still run, and of the latest
//! release of each train (D-31).

use std::collections::BTreeSet;

use crate::build::Build;
use crate::edition::{Edition, Pointer};
use crate::id::{BuildId, EditionId};
use crate::registry::VersionName;

/// What the registry says of a product's component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InUse {
    /// The versions that somebody runs, in their canonical spelling.
    pub versions: BTreeSet<VersionName>,
    /// The documentation of the latest releases.
    pub latest: BTreeSet<BuildId>,
}

impl InUse {
    /// Whether a build is protected.
    pub fn protects(&self, build: &Build) -> bool {
        self.latest.contains(&build.id)
            || build
                .version()
                .is_some_and(|version| self.versions.contains(&version.canonical()))
    }

    /// The builds that are protected.
    pub fn builds(&self, builds: &[Build]) -> BTreeSet<BuildId> {
        let protected = builds.iter().filter(|build| self.protects(build));
        protected.map(|build| build.id).collect()
    }
}

/// The editions through which readers reach protected builds: they neither end nor are deleted.
pub(super) fn kept(editions: &[Edition], protected: &BTreeSet<BuildId>) -> BTreeSet<EditionId> {
    let shows = |edition: &&Edition| {
        let reached = [&edition.copied, &edition.published].into_iter().flatten();
        let reached = reached.flat_map(|reached| reached.pointer.builds());
        let desired = edition.desired.iter().flat_map(Pointer::builds);
        desired.chain(reached).any(|build| protected.contains(&build))
    };
    editions.iter().filter(shows).map(|edition| edition.id).collect()
}
