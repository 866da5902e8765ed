//! What an organization's registry page says: components with their trains, versions over time, and where installations
//! stand.
//!
//! Everything is laid out here, in percent of the width that a chart has, so that a page only draws it. Names and notes
//! are text from outside; escaping is the business of who makes a page of it.

mod standing;
mod timeline;
mod when;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::STABLE;
use super::census::Census;
use super::names::{ComponentName, VersionName};
use super::release::{Release, RowOfTrain};
use crate::slug::BuildSlug;

pub use standing::{Bar, Standing};
use timeline::Scale;
pub use timeline::{Dot, Tick, Timeline};
pub use when::When;

/// Characters of what a release says of itself that are shown.
pub const MAX_NOTE: usize = 200;

/// A release as far as it is shown: what a publisher adds to it may be 64 KB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its version.
    pub version: VersionName,
    /// When it came out.
    pub released: Timestamp,
    /// What its publisher says of it, shortened.
    pub note: Option<String>,
    /// The build that is its documentation.
    pub docs: Option<BuildSlug>,
}

impl Shown {
    /// What is shown of a release.
    pub fn of(release: &Release) -> Self {
        let note = release
            .data
            .map()
            .get("description")
            .and_then(|note| note.as_str());
        Self {
            version: release.version.clone(),
            released: release.released,
            note: note.map(str::trim).filter(|note| !note.is_empty()).map(shortened),
            docs: release.docs.as_ref().map(|docs| docs.slug.clone()),
        }
    }
}

fn shortened(note: &str) -> String {
    match note.char_indices().nth(MAX_NOTE) {
        Some((end, _)) => format!("{}…", note[..end].trim_end()),
        None => note.to_owned(),
    }
}

/// How much is known of a train's releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// All of them.
    Whole,
    /// The newest; there are older ones.
    Newest,
    /// Only the latest one was asked for.
    Latest,
}

/// A train as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainSeen {
    /// What the list of trains says of it.
    pub row: RowOfTrain,
    /// Its releases, the newest first.
    pub releases: Vec<Shown>,
    /// How much of them that is.
    pub history: History,
}

/// All that a page is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Gathered {
    /// When it was looked at.
    pub at: Timestamp,
    /// Trains in the order of their names. One without releases is not shown.
    pub trains: Vec<TrainSeen>,
    /// Whether there are more trains.
    pub has_more: bool,
    /// Who runs what.
    pub census: Census,
    /// The URL of each component's product, without a final slash, of those that are products.
    pub products: BTreeMap<ComponentName, String>,
}

/// The page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// Installations in figures.
    pub figures: Figures,
    /// Components, the one with the newest release first.
    pub components: Vec<ComponentView>,
    /// What is not shown because there is too much of it.
    pub left_out: LeftOut,
}

/// Installations in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// When they were counted.
    pub counted: When,
    /// All of them.
    pub installations: u64,
    /// Those that proved to be themselves.
    pub verified: u64,
    /// Those that checked in within a day.
    pub seen_in_a_day: u64,
    /// Those that checked in first within a week, a month, a quarter.
    pub appeared: [u64; 3],
    /// Those that were not heard of for a day, and were within a week, a month, a quarter.
    pub disappeared: [u64; 3],
    /// Days between the first and the last check-in, in the mean.
    pub mean_days: u64,
}

/// What is not shown because there is too much of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// There are more components or trains.
    pub components: bool,
    /// Trains of which only the latest release is shown.
    pub histories: usize,
    /// Trains with older releases than those that are shown.
    pub releases: usize,
    /// Components that installations run and of which no release was published.
    pub unpublished: usize,
    /// Times that a version was not counted.
    pub versions: u64,
}

/// A component.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComponentView {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// What kind of component it is.
    pub kind: Option<String>,
    /// Where its documentation is.
    pub documentation: Option<String>,
    /// Its trains, the one with the newest release first.
    pub trains: Vec<TrainView>,
    /// Where installations stand; none when nobody runs it.
    pub standing: Option<Standing>,
}

/// A train.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainView {
    /// Its label.
    pub label: String,
    /// Its latest release.
    pub latest: ReleaseView,
    /// Its releases, the newest first.
    pub releases: Vec<ReleaseView>,
    /// Whether there are older ones.
    pub has_more: bool,
    /// The same over time; none when only the latest one is known.
    pub timeline: Option<Timeline>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseView {
    /// Its version.
    pub version: String,
    /// When it came out.
    pub released: When,
    /// What its publisher says of it.
    pub note: Option<String>,
    /// Where its documentation is.
    pub docs: Option<String>,
}

impl Overview {
    /// Lays out what was gathered.
    pub fn of(gathered: &Gathered) -> Self {
        let mut by_component: BTreeMap<&ComponentName, Vec<&TrainSeen>> = BTreeMap::new();
        for seen in gathered.trains.iter().filter(|seen| !seen.releases.is_empty()) {
            by_component
                .entry(&seen.row.train.component)
                .or_default()
                .push(seen);
        }
        let count = |history: History| {
            let such = gathered.trains.iter().filter(|seen| seen.history == history);
            such.count()
        };
        let running = gathered.census.running.keys();
        let left_out = LeftOut {
            components: gathered.has_more,
            histories: count(History::Latest),
            releases: count(History::Newest),
            // With more components than are known, nobody can say which ones are published.
            unpublished: if gathered.has_more {
                0
            } else {
                running.filter(|name| !by_component.contains_key(name)).count()
            },
            versions: gathered.census.left_out,
        };
        let mut components: Vec<(Timestamp, ComponentView)> = by_component
            .into_iter()
            .map(|(name, trains)| component(gathered, name, trains))
            .collect();
        // A stable sort: equal times in the order of names.
        components.sort_by_key(|(newest, _)| std::cmp::Reverse(*newest));
        Self {
            figures: Figures::of(&gathered.census, gathered.at),
            components: components.into_iter().map(|(_, view)| view).collect(),
            left_out,
        }
    }
}

impl Figures {
    fn of(census: &Census, now: Timestamp) -> Self {
        Self {
            counted: When::of(census.at(), now),
            installations: census.clusters,
            verified: census.verified,
            seen_in_a_day: census.seen_in_a_day,
            appeared: census.appeared,
            disappeared: census.disappeared,
            mean_days: u64::try_from(census.mean_age().as_hours() / 24).unwrap_or_default(),
        }
    }
}

/// A component, and when its newest release came out.
fn component<'a>(
    gathered: &'a Gathered,
    name: &ComponentName,
    mut trains: Vec<&'a TrainSeen>,
) -> (Timestamp, ComponentView) {
    trains.sort_by_key(|seen| std::cmp::Reverse(seen.releases.first().map(|release| release.released)));
    let all = || trains.iter().flat_map(|seen| &seen.releases);
    let times = all().map(|release| release.released);
    let scale = Scale::of(times.clone(), gathered.at);
    let url = gathered.products.get(name);
    let note = |of: fn(&RowOfTrain) -> Option<&super::Note>| {
        let mut found = trains.iter().filter_map(|seen| of(&seen.row));
        found.next().map(ToString::to_string)
    };
    let population = gathered.census.running.get(name);
    let view = ComponentView {
        name: name.to_string(),
        description: note(|row| row.description.as_ref()),
        kind: note(|row| row.kind.as_ref()),
        documentation: url.map(|url| format!("{url}/")),
        trains: trains
            .iter()
            .map(|seen| train(gathered.at, seen, &scale, url))
            .collect(),
        standing: population.and_then(|population| Standing::of(population, &trains)),
    };
    (times.max().unwrap_or_default(), view)
}

fn train(now: Timestamp, seen: &TrainSeen, scale: &Scale, url: Option<&String>) -> TrainView {
    let view = |release: &Shown| ReleaseView {
        version: release.version.to_string(),
        released: When::of(release.released, now),
        note: release.note.clone(),
        docs: url
            .zip(release.docs.as_ref())
            .map(|(url, slug)| format!("{url}/builds/{slug}/")),
    };
    TrainView {
        label: seen.row.train.label.to_string(),
        latest: view(&seen.releases[0]),
        releases: seen.releases.iter().map(view).collect(),
        has_more: seen.history == History::Newest,
        timeline: (seen.history != History::Latest).then(|| scale.timeline(&seen.releases)),
    }
}

/// The train that installations are compared with: `stable`, else the one with the newest release.
fn lead<'a>(trains: &[&'a TrainSeen]) -> Option<&'a TrainSeen> {
    let stable = trains.iter().find(|seen| seen.row.train.label.as_str() == STABLE);
    stable.or(trains.first()).copied()
}

#[cfg(test)]
mod tests;
