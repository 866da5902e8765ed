//! Somebody who reads all the time, past the CDN: a path that is in every build that an edition is between is there, and no
//! page is older than what the edition has published.

use std::collections::BTreeMap;

use imprint_domain::edition::Edition;
use imprint_domain::id::{BuildId, EditionId, Generation};
use imprint_testing::MemoryObjects;

use crate::clients::Known;
use crate::dice::Dice;

/// The builds that each edition was ever told to show, by generation.
#[derive(Debug, Default)]
pub(crate) struct Histories(BTreeMap<EditionId, BTreeMap<Generation, BuildId>>);

impl Histories {
    /// Looks where an edition is now.
    pub(crate) fn observe(&mut self, edition: &Edition) {
        if let Some(desired) = &edition.desired {
            let history = self.0.entry(edition.id).or_default();
            history.insert(desired.generation, desired.build);
        }
    }

    /// The builds whose files an edition's readers may meet: what it has published, and whatever came after.
    fn between(&self, edition: &Edition) -> Vec<BuildId> {
        let Some(published) = edition.published.as_ref() else {
            return Vec::new();
        };
        let history = self.0.get(&edition.id);
        let since = history
            .into_iter()
            .flat_map(|history| history.range(published.pointer.generation..));
        since.map(|(_, build)| *build).collect()
    }
}

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
    let there = objects.get(&format!("{}{path}", edition.prefix()));
    let possible: Vec<_> = sites
        .iter()
        .map(|site| site.bodies().get(path).cloned())
        .collect();
    let found = there.map(|object| object.body);
    if possible.contains(&found) {
        return Ok(());
    }
    Err(match found {
        None => format!(
            "404 for {path} of {}, which is in all of builds {builds:?}",
            edition.slug
        ),
        Some(body) => format!(
            "{path} of {} is {body:?}, which is in none of builds {builds:?}",
            edition.slug
        ),
    })
}
