//! Which builds something refers to.

use std::collections::{BTreeMap, BTreeSet};

use crate::build::{Build, BuildState};
use crate::edition::{Edition, Pointer};
use crate::id::{BuildId, EditionId};

use super::Look;

/// The builds that must stay whatever a rule asks for.
pub(super) struct References(BTreeSet<BuildId>);

impl References {
    pub(super) fn of(look: &Look<'_>) -> Self {
        let mut builds: BTreeSet<BuildId> = look.busy.clone();
        builds.extend(look.survey.editions.iter().flat_map(of_edition));
        builds.extend(of_histories(look));
        builds.extend(newest(look));
        builds.extend(&look.in_use);
        Self(builds)
    }

    pub(super) fn protects(&self, build: BuildId) -> bool {
        self.0.contains(&build)
    }
}

/// What an edition shows, shall show, or may have half copied; and what waits for its pin to go. An ended edition refers
/// to them like a live one: it can be restored, and its next copy reads the manifest of the last.
fn of_edition(edition: &Edition) -> impl Iterator<Item = BuildId> {
    let reached = [&edition.copied, &edition.published].into_iter().flatten();
    let reached = reached
        .chain(&edition.attempts)
        .flat_map(|reached| reached.pointer.builds());
    let desired = edition.desired.iter().flat_map(Pointer::builds);
    let waiting = edition.pin.iter().flat_map(|pin| &pin.waiting);
    desired.chain(reached).chain(waiting.map(|waiting| waiting.build))
}

/// What can be rolled back to, as far as the rules want that.
fn of_histories(look: &Look<'_>) -> BTreeSet<BuildId> {
    let mut nth: BTreeMap<EditionId, usize> = BTreeMap::new();
    let protected = look.histories.iter().filter(|moved| {
        let at = nth.entry(moved.edition).or_default();
        *at += 1;
        look.rules.protects_move(*at - 1, moved.at, look.now)
    });
    protected.flat_map(|moved| moved.pointer.builds()).collect()
}

/// The newest builds that can still be published.
fn newest(look: &Look<'_>) -> BTreeSet<BuildId> {
    let whole = |build: &&Build| matches!(build.state, BuildState::Uploaded { .. });
    let ids: BTreeSet<BuildId> = look.builds.iter().filter(whole).map(|build| build.id).collect();
    let newest_first = ids.into_iter().rev();
    newest_first
        .take(look.rules.keep_newest_builds as usize)
        .collect()
}
