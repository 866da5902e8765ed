//! Where installations of a component stand: which versions they run, the newest first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::super::census::Population;
use super::super::names::VersionName;
use super::super::order;
use super::{History, TrainSeen, lead};

/// Versions that are shown at once: the latest ones and the most frequent ones, so that nobody who invents installations
/// of new versions can push what people run off the page.
const SHOWN: usize = 10;
/// Versions that are shown at all.
const LISTED: usize = 100;

/// Where installations of a component stand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// Installations that run it.
    pub installations: u64,
    /// The train that they are compared with.
    pub train: String,
    /// Its latest version.
    pub latest: String,
    /// How many run that one.
    pub on_latest: u64,
    /// How many that is of a hundred.
    pub share: f64,
    /// The latest versions and the most frequent ones, the newest first.
    pub bars: Vec<Bar>,
    /// The next frequent ones, the newest first.
    pub others: Vec<Bar>,
    /// Installations that run no version of `bars`.
    pub on_others: u64,
    /// Versions that are not even among the others.
    pub more: usize,
}

/// A version and how many run it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bar {
    /// The version.
    pub version: String,
    /// How many installations run it.
    pub installations: u64,
    /// How many that is of a hundred.
    pub share: f64,
    /// The length of its bar in percent: that of the most frequent one is 100.
    pub width: f64,
    /// The trains whose latest version it is.
    pub latest_of: Vec<String>,
    /// Whether no release of it was published.
    pub is_unpublished: bool,
}

impl Standing {
    /// Nothing when nobody runs the component, or when it has no train.
    pub(super) fn of(population: &Population, trains: &[&TrainSeen]) -> Option<Self> {
        let lead = lead(trains)?;
        let installations: u64 = population.values().sum();
        if installations == 0 {
            return None;
        }
        let latest = lead.releases.first()?;
        let on = |version: &VersionName| population.get(&version.canonical()).copied().unwrap_or(0);
        let mut bars = bars(population, trains, installations);
        bars.sort_by_key(|(_, bar)| Reverse((!bar.latest_of.is_empty(), bar.installations)));
        let more = bars.len().saturating_sub(LISTED);
        bars.truncate(LISTED);
        // One that stands alone behind a fold is better shown.
        let at = if bars.len() == SHOWN + 1 {
            bars.len()
        } else {
            SHOWN.min(bars.len())
        };
        let others = bars.split_off(at);
        let newest_first = |mut bars: Vec<(usize, Bar)>| -> Vec<Bar> {
            bars.sort_by_key(|(place, _)| *place);
            bars.into_iter().map(|(_, bar)| bar).collect()
        };
        let (bars, others) = (newest_first(bars), newest_first(others));
        let shown: u64 = bars.iter().map(|bar| bar.installations).sum();
        Some(Self {
            installations,
            train: lead.row.train.label.to_string(),
            latest: latest.version.to_string(),
            on_latest: on(&latest.version),
            share: percent(on(&latest.version), installations),
            bars,
            others,
            on_others: installations - shown,
            more,
        })
    }
}

/// A bar for each version that somebody runs, and for each that is the latest of a train, with its place: the newest first.
fn bars(population: &Population, trains: &[&TrainSeen], installations: u64) -> Vec<(usize, Bar)> {
    let mut released: BTreeMap<VersionName, Timestamp> = BTreeMap::new();
    let mut latest: BTreeMap<VersionName, Vec<String>> = BTreeMap::new();
    for seen in trains {
        for release in &seen.releases {
            let known = released
                .entry(release.version.canonical())
                .or_insert(release.released);
            *known = release.released.max(*known);
        }
        if let Some(release) = seen.releases.first() {
            let of = latest.entry(release.version.canonical()).or_default();
            of.push(seen.row.train.label.to_string());
        }
    }
    let is_known = trains.iter().all(|seen| seen.history == History::Whole);
    let most = population.values().max().copied().unwrap_or(0);
    let versions: BTreeSet<&VersionName> = population.keys().chain(latest.keys()).collect();
    let mut versions: Vec<&VersionName> = versions.into_iter().collect();
    versions.sort_by_cached_key(|version| Reverse(newness(version, released.get(*version))));
    let bar = |version: &VersionName| {
        let count = population.get(version).copied().unwrap_or(0);
        Bar {
            version: version.to_string(),
            installations: count,
            share: percent(count, installations),
            width: percent(count, most),
            latest_of: latest.get(version).cloned().unwrap_or_default(),
            is_unpublished: is_known && !released.contains_key(version),
        }
    };
    versions.into_iter().map(bar).enumerate().collect()
}

/// Semantic versions by precedence; before them, as the older ones, those that are none, by when they came out.
fn newness<'a>(
    version: &'a VersionName,
    released: Option<&Timestamp>,
) -> (bool, Option<String>, Option<Timestamp>, &'a str) {
    let rank = order::rank(version.as_str());
    let is_semantic = rank != "~";
    (
        is_semantic,
        is_semantic.then_some(rank),
        released.copied(),
        version.as_str(),
    )
}

/// One decimal.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of installations are far below 2^52"
)]
pub(super) fn percent(part: u64, whole: u64) -> f64 {
    (part as f64 / whole.max(1) as f64 * 1000.0).round() / 10.0
}
