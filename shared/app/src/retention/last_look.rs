//! The last look before the first object goes: a version that an installation has just said it runs is spared (D-31), and
//! one whose documentation goes is said to be gone, so that installations move on (D-32).
//!
//! The commit that begins a deletion says `gone`; only then the uses are read again. A check-in notes its use first and
//! asks what is gone then. So either this look sees the use, or the check-in sees that it came too late.

use std::collections::BTreeSet;

use imprint_domain::build::{Build, BuildState};
use imprint_domain::edition::Edition;
use imprint_domain::id::BuildId;
use imprint_domain::registry::{ComponentName, Gone, VersionName};
use imprint_domain::retention::Doom;

use super::{Preview, survey};
use crate::env::Env;
use crate::ports::{Change, RegistryChange, StoreError};

/// The versions whose last documentation a build is.
pub(super) fn goes_with_build(look: &Preview, build: &Build) -> BTreeSet<VersionName> {
    goes_with(look, |other| other.id == build.id)
}

/// The versions that readers of an edition's files see, its build being gone or not.
pub(super) fn shown_by(look: &Preview, edition: &Edition) -> BTreeSet<VersionName> {
    let reached = [&edition.copied, &edition.published].into_iter().flatten();
    let shown: BTreeSet<BuildId> = reached.map(|reached| reached.pointer.build).collect();
    let builds = look.builds.iter().filter(|build| shown.contains(&build.id));
    builds
        .filter_map(|build| Some(build.version()?.canonical()))
        .collect()
}

/// The versions of all builds of a product.
pub(super) fn of_product(look: &Preview) -> BTreeSet<VersionName> {
    goes_with(look, |_| true)
}

fn goes_with(look: &Preview, goes: impl Fn(&Build) -> bool) -> BTreeSet<VersionName> {
    let version = |build: &Build| Some(build.version()?.canonical());
    let stays = |build: &&Build| {
        let is_whole = matches!(build.state, BuildState::Uploaded { .. }) && build.doom.is_none();
        !goes(build) && is_whole
    };
    let mut versions: BTreeSet<VersionName> = look
        .builds
        .iter()
        .filter(|build| goes(build))
        .filter_map(version)
        .collect();
    for kept in look.builds.iter().filter(stays).filter_map(version) {
        versions.remove(&kept);
    }
    versions
}

/// The changes that say that versions are gone.
pub(super) fn say_gone(look: &Preview, versions: &BTreeSet<VersionName>) -> Vec<Change> {
    each(look, versions, RegistryChange::PutGone)
}

/// The changes that take it back.
pub(super) fn take_back(look: &Preview, versions: &BTreeSet<VersionName>) -> Vec<Change> {
    each(look, versions, RegistryChange::RemoveGone)
}

fn each(look: &Preview, versions: &BTreeSet<VersionName>, change: fn(Gone) -> RegistryChange) -> Vec<Change> {
    let gone = versions.iter().map(|version| Gone {
        organization: look.product.organization.clone(),
        component: ComponentName::of_product(&look.product.slug),
        version: version.clone(),
    });
    gone.map(|gone| Change::Registry(Box::new(change(gone))))
        .collect()
}

/// Whether somebody runs one of these versions after all. One request, none for no versions.
pub(super) async fn is_used(
    env: &Env,
    look: &Preview,
    versions: &BTreeSet<VersionName>,
) -> Result<bool, StoreError> {
    if versions.is_empty() {
        return Ok(false);
    }
    let component = ComponentName::of_product(&look.product.slug);
    let used = survey::versions_in_use(env, &component, &look.rules).await?;
    Ok(!used.is_disjoint(versions))
}

/// Whether a thing's deletion has begun in an earlier run. What of it is still there nobody knows, so it goes on.
pub(super) fn has_begun(doom: Option<Doom>) -> bool {
    matches!(doom, Some(Doom::Deleting { .. }))
}
