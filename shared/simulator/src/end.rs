//! What must be so when faults have stopped and nothing moves any more: the state that a run without faults would leave.

mod kept;
mod written;

pub(crate) use kept::missing;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use imprint_domain::artifact::Format;
use imprint_domain::build::{Build, BuildState};
use imprint_domain::document::Rendering;
use imprint_domain::edition::Edition;
use imprint_domain::id::BuildId;
use imprint_domain::task::{EditionStep, FailureCode, Registration, Task};
use imprint_testing::World;

use crate::clients::{HANDBOOK, Known, PRODUCTS};
use crate::surroundings::Witness;
use crate::tally::Tally;

/// Everything that is not as it should be.
pub(crate) fn complaints(world: &World, known: &Known, witness: &Witness) -> Vec<String> {
    let editions = world.catalog.all_editions();
    let builds = world.catalog.all_builds();
    let mut all = Vec::new();
    for edition in &editions {
        all.extend(of_edition(world, known, witness, edition));
        all.extend(of_tracking(known, &builds, edition));
    }
    all.extend(of_objects(world, &editions));
    all.extend(of_tasks(world, &builds));
    all.extend(of_builds(world, known, &builds));
    all.extend(kept::complaints(world, known, &builds, &editions));
    all.extend(written::complaints(world, known, &editions));
    all
}

/// What the chain has done.
pub(crate) fn happened(world: &World, known: &Known) -> Tally {
    let mut tally = Tally::default();
    let builds = world.catalog.all_builds();
    let there: BTreeSet<BuildId> = builds.iter().map(|build| build.id).collect();
    let is_good = |rendering: &&Rendering| rendering.is_good();
    tally.add_some("message sent", world.queue.sent().len());
    tally.add_some(
        "build registered",
        builds.iter().filter(|build| build.manifest.is_some()).count(),
    );
    tally.add_some("build deleted", known.confirmed.difference(&there).count());
    tally.add_some(
        "format made",
        builds.iter().map(|build| build.formats().len()).sum(),
    );
    tally.add_some(
        "installation told that its version is gone",
        known.fleet.told_gone,
    );
    tally.add_some("version of a document", world.catalog.all_versions().len());
    tally.add_some(
        "rendering",
        world.catalog.all_renderings().iter().filter(is_good).count(),
    );
    tally
}

fn of_edition(world: &World, known: &Known, witness: &Witness, edition: &Edition) -> Vec<String> {
    let name = format!("{}/{} (edition {})", edition.product, edition.slug, edition.id);
    if edition.ended_at.is_some() {
        return Vec::new();
    }
    let Some(desired) = &edition.desired else {
        return Vec::new();
    };
    let mut all = Vec::new();
    let published = edition.published.as_ref().map(|reached| &reached.pointer);
    if published != Some(desired) {
        all.push(format!(
            "{name} shall show {desired:?} and has published {published:?}"
        ));
    }
    if edition.renaming.is_some() {
        all.push(format!("{name} is still being renamed"));
    }
    let prefix = edition.prefix();
    let there: BTreeMap<String, Bytes> = world
        .objects
        .snapshot()
        .into_iter()
        .filter_map(|(key, object)| Some((prefix.strip(&key)?.to_owned(), object.body)))
        .collect();
    let (extra, there): (BTreeMap<String, Bytes>, BTreeMap<String, Bytes>) =
        there.into_iter().partition(|(path, _)| made_as(path).is_some());
    let formats: BTreeSet<Format> = extra.keys().filter_map(|path| made_as(path)).collect();
    let promised = desired.formats.keys().copied();
    let made: BTreeSet<Format> = promised
        .filter(|format| Format::DERIVED.contains(format))
        .collect();
    // What documents bring along lies in the same place.
    if made != formats && edition.product.as_str() != HANDBOOK {
        all.push(format!(
            "{name} has files of {formats:?} and says that it shows {made:?}"
        ));
    }
    if let Some(wanted) = known.sites.expected(desired.build)
        && wanted != there
    {
        let differ: Vec<&String> = wanted
            .keys()
            .chain(there.keys())
            .filter(|path| wanted.get(*path) != there.get(*path))
            .collect();
        all.push(format!("{name} is not build {}: {differ:?}", desired.build));
    }
    let purged = witness.last_purge(&edition.surrogate_key);
    let history = world.objects.history();
    let changed = history
        .iter()
        .rposition(|mutation| prefix.strip(mutation.key()).is_some());
    if let Some(changed) = changed
        && purged.is_none_or(|purged| purged <= changed)
    {
        all.push(format!(
            "{name} changed at {changed} and was purged last at {purged:?}"
        ));
    }
    all
}

/// The format that a file was made as, which no client uploads here.
fn made_as(path: &str) -> Option<Format> {
    match path {
        "_artifacts/search.json" => Some(Format::Json),
        path if path.starts_with("_artifacts/") => Some(Format::HtmlZip),
        path if path.starts_with("pagefind/") || path.starts_with("_search/") => Some(Format::Search),
        path if path == "llms.txt" || path.ends_with(".md") => Some(Format::Markdown),
        _ => None,
    }
}

/// Tracking alone decides where an edition is that nobody touched: the newest build of its refs.
fn of_tracking(known: &Known, builds: &[Build], edition: &Edition) -> Option<String> {
    let is_moved = known.touched.contains(&edition.id) || edition.ended_at.is_some();
    if is_moved || !PRODUCTS.contains(&edition.product.as_str()) {
        return None;
    }
    let refs = edition.tracking.refs.as_ref()?;
    let follows = |build: &&Build| {
        build.product == edition.product && build.git_refs == *refs && build.manifest.is_some()
    };
    let newest = builds.iter().filter(follows).max_by_key(|build| build.id);
    // What was registered before the edition was there did not move it.
    let newest = newest.filter(|build| build.created_at >= edition.created_at);
    let newest: Option<BuildId> = newest.map(|build| build.id);
    let shown = edition.desired.as_ref().map(|pointer| pointer.build);
    (newest.is_some() && shown != newest).then(|| {
        format!(
            "{}/{} shows {shown:?}, and the newest build of {refs:?} is {newest:?}",
            edition.product, edition.slug
        )
    })
}

/// No object lies below the place of an edition that nobody has.
fn of_objects(world: &World, editions: &[Edition]) -> Vec<String> {
    let placed = |key: &str| {
        let Some((product, rest)) = key.split_once("/v/") else {
            return true;
        };
        let Some((slug, _)) = rest.split_once('/') else {
            return true;
        };
        editions.iter().any(|edition| {
            edition.product.as_str() == product
                && (edition.slug.as_str() == slug || edition.former.iter().any(|name| name.as_str() == slug))
        })
    };
    let keys = world.objects.keys("");
    let strays: Vec<String> = keys.into_iter().filter(|key| !placed(key)).collect();
    if strays.is_empty() {
        Vec::new()
    } else {
        vec![format!("objects of nobody: {strays:?}")]
    }
}

fn of_tasks(world: &World, builds: &[Build]) -> Vec<String> {
    let mut all = Vec::new();
    for task in world.catalog.all_tasks() {
        if !task.is_final() {
            all.push(format!("task {} never ends: {task:?}", task.id));
        }
        for row in &task.editions {
            if let EditionStep::Failed(failure) = &row.step {
                all.push(format!("task {} failed: {failure:?}", task.id));
            }
        }
        if let Registration::Failed(failure) = &task.registration
            && !matches!(failure.code, FailureCode::BuildEnded | FailureCode::GaveUp)
            && !was_deleted(builds, &task)
        {
            all.push(format!("task {} failed to register: {failure:?}", task.id));
        }
    }
    all
}

/// Whether the rules have deleted the build since somebody gave up its task; that they did not before is looked at all the
/// time.
fn was_deleted(builds: &[Build], task: &Task) -> bool {
    let build = builds.iter().find(|build| Some(build.id) == task.build);
    build.is_none_or(|build| build.doom.is_some())
}

/// What was confirmed is registered, or was given up after so many tries that its task says so.
fn of_builds(world: &World, known: &Known, builds: &[Build]) -> Vec<String> {
    let lost = |build: &&Build| {
        let uploaded = matches!(build.state, BuildState::Uploaded { .. });
        let confirmed = known.confirmed.contains(&build.id);
        (uploaded || confirmed)
            && !matches!(build.state, BuildState::Ended { .. })
            && build.doom.is_none()
            && build.manifest.is_none()
    };
    let given_up: Vec<BuildId> = world
        .catalog
        .all_tasks()
        .into_iter()
        .filter(|task| matches!(&task.registration, Registration::Failed(failure) if failure.code == FailureCode::GaveUp))
        .filter_map(|task| task.build)
        .collect();
    let lost = builds.iter().filter(lost).map(|build| build.id);
    let lost: Vec<BuildId> = lost.filter(|build| !given_up.contains(build)).collect();
    let outbox = world.catalog.all_outbox();
    let mut all = Vec::new();
    for build in builds {
        let pending: Vec<Format> = build.artifacts.pending().collect();
        if !pending.is_empty() {
            all.push(format!("{pending:?} of build {} are never made", build.id));
        }
    }
    if !lost.is_empty() {
        all.push(format!("confirmed and never registered: {lost:?}"));
    }
    if !outbox.is_empty() {
        all.push(format!("the outbox is not empty: {outbox:?}"));
    }
    all
}
