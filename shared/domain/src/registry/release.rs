use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::names::{ComponentName, TrainLabel, TrainName, VersionName};
use super::order;
use crate::access::UserName;
use crate::build::Build;
use crate::id::{BuildId, ManifestId, Revision};
use crate::product::Product;
use crate::slug::{BuildSlug, OrganizationSlug};
use crate::text::{self, TextError, checked_text};

/// The most that a release says of itself, as JSON. Four items hold it, of DynamoDB's 400 KB each.
pub const MAX_DATA_BYTES: usize = 64 * 1024;

checked_text!(
    /// A short text about a component: its description or type, at most 1,000 characters.
    Note, TextError, |raw| text::check(raw, 1000)
);

/// What a publisher says of a release: any JSON object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Data(Map<String, Value>);

/// It is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// As text it would not fit.
    #[error("it has {0} bytes of JSON, at most {MAX_DATA_BYTES} are kept")]
    TooLarge(usize),
    /// It cannot be stored.
    #[error("it is nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// DynamoDB nests 32 deep, the item and its map included.
const MAX_DEPTH: usize = 24;

impl Data {
    /// Checks the size.
    ///
    /// # Errors
    /// When it is too large or too deep.
    pub fn new(map: Map<String, Value>) -> Result<Self, DataError> {
        let bytes = serde_json::to_vec(&map).map_or(usize::MAX, |json| json.len());
        if bytes > MAX_DATA_BYTES {
            return Err(DataError::TooLarge(bytes));
        }
        if map.values().any(|value| depth(value) >= MAX_DEPTH) {
            return Err(DataError::TooDeep);
        }
        Ok(Self(map))
    }

    /// The object.
    pub fn map(&self) -> &Map<String, Value> {
        &self.0
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The documentation of a release: a build of the product whose component it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Docs {
    /// The build.
    pub build: BuildId,
    /// Its slug, by which its URL is known.
    pub slug: BuildSlug,
    /// Its manifest, which is named after the files: a checksum of the whole.
    pub manifest: ManifestId,
    /// The product's own domain, if it has one: with it everybody who reads the release knows the documentation's URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_domain: Option<String>,
}

impl Docs {
    /// The documentation that a build of a product with these files is.
    pub fn of(product: &Product, build: &Build, manifest: &ManifestId) -> Self {
        Self {
            build: build.id,
            slug: build.slug.clone(),
            manifest: manifest.clone(),
            own_domain: product.root_domain.clone(),
        }
    }
}

/// A version of a component that came out in one of its trains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The component and its train.
    pub train: TrainName,
    /// The version.
    pub version: VersionName,
    /// When it came out, as its publisher says. The latest release of a train is the one with the greatest.
    pub released: Timestamp,
    /// What the publisher says of it.
    #[serde(default)]
    pub data: Data,
    /// What the component is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Note>,
    /// What kind of component it is.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Note>,
    /// When the registry took it.
    pub published_at: Timestamp,
    /// Who published it; nobody is known where a build did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_by: Option<UserName>,
    /// Its documentation, where there is some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs: Option<Docs>,
}

impl Release {
    /// A text that sorts releases of a train: by instant, then by semantic version, then by bytes (D-03).
    pub fn sort_key(&self) -> String {
        let at = self.released.strftime("%Y-%m-%dT%H:%M:%S%.9fZ");
        format!("{at}#{}#{}", order::rank(self.version.as_str()), self.version)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let told = |release: &Self| Self {
            published_at: self.published_at,
            published_by: None,
            ..release.clone()
        };
        told(self) == told(other)
    }
}

/// Where a train is: its latest release, and the lock of all its releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The train.
    pub train: TrainName,
    /// The latest release; none when all were withdrawn or none was ever published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Release>,
    /// How often the train was written: each publication needs that nobody else has written it since its look.
    pub revision: Revision,
}

impl Head {
    /// The head of a train in which nothing was ever published.
    pub fn new(organization: OrganizationSlug, train: TrainName) -> Self {
        Self {
            organization,
            train,
            latest: None,
            revision: Revision::NEW,
        }
    }

    /// Whether a decision needs the release before the latest one: only when that one goes or moves back.
    pub fn needs_runner_up(&self, stored: Option<&Release>, new: Option<&Release>) -> bool {
        let is_latest = stored.is_some_and(|stored| self.is_at(&stored.version));
        let stays = || match (stored, new) {
            (Some(stored), Some(new)) => new.sort_key() >= stored.sort_key(),
            (Some(_) | None, _) => false,
        };
        is_latest && !stays()
    }

    fn is_at(&self, version: &VersionName) -> bool {
        self.latest
            .as_ref()
            .is_some_and(|latest| latest.version == *version)
    }

    /// Where the train stands as far as editions are concerned.
    pub fn at(&self) -> Option<TrainAt> {
        let latest = self.latest.as_ref()?;
        Some(TrainAt {
            version: latest.version.clone(),
            build: latest.docs.as_ref().map(|docs| docs.build),
        })
    }

    /// Publishes a release: creates it, or replaces the `stored` one of its version. `runner_up` is the release before the
    /// latest one, where [that is needed](Self::needs_runner_up). Nothing when everything is already so.
    pub fn publish(
        self,
        stored: Option<Release>,
        runner_up: Option<Release>,
        new: Release,
    ) -> Option<Publication> {
        // Publishing it again says nothing of its documentation, so that stays; it is a build that changes it.
        let docs = new.docs.clone().or_else(|| stored.as_ref()?.docs.clone());
        let new = Release { docs, ..new };
        if stored.as_ref().is_some_and(|stored| stored.says_the_same(&new)) {
            return None;
        }
        let others = match &self.latest {
            Some(latest) if latest.version == new.version => runner_up,
            latest => latest.clone(),
        };
        let latest = match others {
            Some(other) if other.sort_key() > new.sort_key() => other,
            Some(_) | None => new.clone(),
        };
        Some(self.become_of(Some(new), stored, Some(latest)))
    }

    /// Withdraws a stored release.
    pub fn withdraw(self, stored: Release, runner_up: Option<Release>) -> Publication {
        let latest = if self.is_at(&stored.version) {
            runner_up
        } else {
            self.latest.clone()
        };
        self.become_of(None, Some(stored), latest)
    }

    fn become_of(
        self,
        release: Option<Release>,
        replaced: Option<Release>,
        latest: Option<Release>,
    ) -> Publication {
        Publication {
            before: self.latest.clone(),
            head: Self { latest, ..self },
            release,
            replaced,
        }
    }
}

/// One write of a train: a release that is put or withdrawn, and what the train is then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The latest release until now.
    pub before: Option<Release>,
    /// The train from now on, at the revision that was seen.
    pub head: Head,
    /// The release as it shall be stored; none when it is withdrawn.
    pub release: Option<Release>,
    /// The release that was stored under that version.
    pub replaced: Option<Release>,
}

impl Publication {
    /// Whether the train is at another version, or at other documentation of it.
    pub fn moves_the_train(&self) -> bool {
        let place = |release: &Option<Release>| {
            let release = release.as_ref()?;
            Some((release.version.clone(), release.docs.clone()))
        };
        place(&self.before) != place(&self.head.latest)
    }

    /// Where the train is from now on, for lists of trains.
    pub fn row(&self) -> Option<RowOfTrain> {
        let latest = self.head.latest.as_ref()?;
        Some(RowOfTrain {
            train: self.head.train.clone(),
            version: latest.version.clone(),
            released: latest.released,
            description: latest.description.clone(),
            kind: latest.kind.clone(),
        })
    }
}

/// What a list of trains says of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowOfTrain {
    /// The component and its train.
    pub train: TrainName,
    /// Its latest version.
    pub version: VersionName,
    /// When that came out.
    pub released: Timestamp,
    /// What the component is, as the latest release has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Note>,
    /// What kind of component it is.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Note>,
}

/// Where a train is, as far as editions follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainAt {
    /// Its latest version.
    pub version: VersionName,
    /// The build with the documentation of that version, where it is known.
    pub build: Option<BuildId>,
}

/// Where each train is, of those of which it is known. One that is absent is unknown, not empty.
pub type Trains = BTreeMap<TrainName, TrainAt>;

/// That the documentation of a version was deleted, so that nobody waits for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gone {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The component.
    pub component: ComponentName,
    /// The version in its canonical spelling.
    pub version: VersionName,
}

/// What a build says that it documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documented {
    /// The train in which the version comes out.
    pub train: TrainLabel,
    /// The version.
    pub version: VersionName,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn release(version: &str, second: i64) -> Release {
        Release {
            organization: OrganizationSlug::default(),
            train: "handbook/stable".parse().unwrap(),
            version: version.parse().unwrap(),
            released: Timestamp::from_second(second).unwrap(),
            data: Data::default(),
            description: None,
            kind: None,
            published_at: Timestamp::UNIX_EPOCH,
            published_by: None,
            docs: None,
        }
    }

    fn head(latest: Option<Release>) -> Head {
        let head = Head::new(OrganizationSlug::default(), "handbook/stable".parse().unwrap());
        Head { latest, ..head }
    }

    #[test]
    fn d06_publishing_the_same_again_writes_nothing() {
        let stored = release("1.0", 5);
        let later = Release {
            published_at: Timestamp::from_second(99).unwrap(),
            ..stored.clone()
        };
        assert_eq!(
            head(Some(stored.clone())).publish(Some(stored.clone()), None, later),
            None
        );
        let data = Data::new(Map::from_iter([("description".to_owned(), "x".into())])).unwrap();
        let changed = Release {
            data,
            ..stored.clone()
        };
        let publication = head(Some(stored.clone())).publish(Some(stored), None, changed.clone());
        assert_eq!(publication.unwrap().head.latest, Some(changed));
    }

    #[test]
    fn d01_data_is_an_object_of_at_most_64_kilobytes() {
        let of = |bytes: usize| Data::new(Map::from_iter([("x".to_owned(), "a".repeat(bytes).into())]));
        assert!(of(MAX_DATA_BYTES - 8).is_ok());
        assert!(matches!(of(MAX_DATA_BYTES - 7), Err(DataError::TooLarge(_))));
        let mut deep = Value::Null;
        for _ in 0..40 {
            deep = Value::Array(vec![deep]);
        }
        assert_eq!(
            Data::new(Map::from_iter([("x".to_owned(), deep)])),
            Err(DataError::TooDeep)
        );
    }

    proptest! {
        /// D-02, D-03: after any publications and withdrawals the head is the greatest of what is stored, by instant, then by
        /// version, whatever the order of arrival.
        #[test]
        fn d02_the_latest_is_the_greatest_of_what_is_stored(
            steps in prop::collection::vec((0..5_usize, prop::option::of(0..4_i64)), 1..30)
        ) {
            let versions = ["1.9.0", "1.10.0", "2.0.0-rc.1", "nightly", "2.0.0"];
            let mut stored: BTreeMap<VersionName, Release> = BTreeMap::new();
            let mut now = head(None);
            for (at, second) in steps {
                let version: VersionName = versions[at].parse().unwrap();
                let old = stored.get(&version).cloned();
                let new = second.map(|second| release(versions[at], second));
                let runner_up = now.needs_runner_up(old.as_ref(), new.as_ref()).then(|| {
                    let others = stored.values().filter(|other| other.version != version);
                    others.max_by_key(|release| release.sort_key()).cloned()
                }).flatten();
                let publication = match (old, new) {
                    (old, Some(new)) => now.clone().publish(old, runner_up, new),
                    (Some(old), None) => Some(now.clone().withdraw(old, runner_up)),
                    (None, None) => None,
                };
                if let Some(publication) = publication {
                    match publication.release {
                        Some(release) => { stored.insert(version, release); }
                        None => { stored.remove(&version); }
                    }
                    now = publication.head;
                }
                let greatest = stored.values().max_by_key(|release| release.sort_key());
                prop_assert_eq!(now.latest.as_ref(), greatest);
            }
        }
    }

    #[test]
    fn d03_equal_instants_are_ordered_by_version() {
        let order = |a: &str, b: &str| release(a, 5).sort_key().cmp(&release(b, 5).sort_key());
        assert!(order("1.10.0", "1.9.0").is_gt());
        assert!(order("4", "3").is_gt() && order("10", "9").is_gt());
        assert!(order("b", "a").is_gt());
        assert!(order("2.0.0", "2.0.0-rc.1").is_gt());
        assert!(release("1.0", 6).sort_key() > release("9.0", 5).sort_key());
    }
}
