//! Somebody who reads all the time, past the CDN: a path that is in every build that an edition is between is there, so is
//! what the home page leads to while it is the old one, and no page is older than what the edition has published.

use std::collections::BTreeMap;

use bytes::Bytes;
use imprint_domain::edition::Edition;
use imprint_domain::id::{BuildId, EditionId, Generation};
use imprint_domain::tracking::TrackingMode;
use imprint_testing::MemoryObjects;

use crate::clients::Known;
use crate::dice::Dice;

/// What each edition was ever told to show.
#[derive(Debug, Default)]
pub(crate) struct Histories(BTreeMap<EditionId, History>);

#[derive(Debug, Default)]
struct History {
    /// The builds by generation.
    builds: BTreeMap<Generation, BuildId>,
    /// How often the edition's key had been purged when each generation was first seen to be wanted.
    purges_before: BTreeMap<Generation, usize>,
    newest_seen: Option<BuildId>,
}

impl Histories {
    /// Looks where an edition is now; its key was purged so often until now.
    ///
    /// # Errors
    /// When it says that readers see what no purge was asked for, or tracking took it to an older build.
    pub(crate) fn observe(&mut self, edition: &Edition, purges: usize) -> Result<(), String> {
        let history = self.0.entry(edition.id).or_default();
        let published = edition
            .published
            .as_ref()
            .map(|reached| reached.pointer.generation);
        if let Some(desired) = &edition.desired {
            let generation = desired.generation;
            history.builds.insert(generation, desired.build);
            if published < Some(generation) {
                history.purges_before.entry(generation).or_insert(purges);
            }
        }
        if let Some(published) = published
            && let Some(before) = history.purges_before.get(&published)
            && purges <= *before
        {
            return Err(format!(
                "{} says that generation {} is published, and was not purged",
                edition.slug, published.0
            ));
        }
        let newest_seen = std::mem::replace(&mut history.newest_seen, edition.newest_seen);
        if edition.tracking.mode == TrackingMode::GitRefs && edition.newest_seen < newest_seen {
            return Err(format!(
                "tracking took {} from build {newest_seen:?} to {:?}",
                edition.slug, edition.newest_seen
            ));
        }
        Ok(())
    }

    /// The builds whose files an edition's readers may meet: what it has published, and whatever came after.
    fn between(&self, edition: &Edition) -> Vec<BuildId> {
        let Some(published) = edition.published.as_ref() else {
            return Vec::new();
        };
        let history = self.0.get(&edition.id);
        let since = history
            .into_iter()
            .flat_map(|history| history.builds.range(published.pointer.generation..));
        since.map(|(_, build)| *build).collect()
    }
}

/// From where a reader comes to the other pages.
const HOME: &str = "index.html";

/// Whether an edition has readers.
pub(crate) fn is_readable(edition: &Edition) -> bool {
    edition.ended_at.is_none() && edition.renaming.is_none() && edition.published.is_some()
}

/// Fetches one page of an edition.
///
/// # Errors
/// What the reader complains of.
pub(crate) fn read(
    dice: &mut Dice,
    edition: &Edition,
    histories: &Histories,
    known: &Known,
    objects: &MemoryObjects,
) -> Result<(), String> {
    let builds = histories.between(edition);
    let sites: Vec<_> = builds
        .iter()
        .filter_map(|build| known.sites.get(*build))
        .collect();
    let Some(first) = sites.first() else {
        return Ok(());
    };
    let paths: Vec<String> = first.bodies().into_keys().collect();
    let Some(path) = dice.one_of(&paths) else {
        return Ok(());
    };
    let at = |path: &str| {
        let there = objects.get(&format!("{}{path}", edition.prefix()));
        there.map(|object| object.body)
    };
    let is_of = |path: &str, found: &Option<Bytes>| -> Vec<bool> {
        let bodies = sites.iter().map(|site| site.bodies().get(path).cloned());
        bodies.map(|body| body == *found).collect()
    };
    let found = at(path);
    if !is_of(path, &found).contains(&true) {
        return Err(match found {
            None => format!(
                "404 for {path} of {}, which is in all of builds {builds:?}",
                edition.slug
            ),
            Some(body) => format!(
                "{path} of {} is {body:?}, which is in none of builds {builds:?}",
                edition.slug
            ),
        });
    }
    if found.is_some() {
        return Ok(());
    }
    let is_home_of = is_of(HOME, &at(HOME));
    let is_old = is_home_of.first() == Some(&true) && !is_home_of[1..].contains(&true);
    if is_old {
        return Err(format!(
            "404 for {path} of {}, whose home page still is that of build {}",
            edition.slug, builds[0]
        ));
    }
    Ok(())
}
