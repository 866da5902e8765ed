//! Releases are published and withdrawn; installations say what they run, and are told what is gone.

use std::collections::{BTreeMap, BTreeSet};

use imprint_app::registry::{self, NewRelease};
use imprint_domain::id::BuildId;
use imprint_domain::registry::{CheckIn, ClusterToken, Data, Report, Reported};
use imprint_domain::retention::Doom;
use imprint_testing::World;
use jiff::{SignedDuration, Timestamp};

use super::{Client, PRODUCTS, tried};
use crate::dice::Dice;
use crate::installation::USE_PROTECTS_DAYS;

const VERSIONS: [&str; 3] = ["1.0", "1.1", "2.0"];
/// The train that an edition follows, and another one.
const TRAINS: [&str; 2] = ["alpha/stable", "alpha/beta"];
/// The edition that follows the first train.
pub(crate) const WATCHED: &str = "stable";
const CLUSTERS: [&str; 2] = ["c1", "c2"];

/// What installations were told.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    tokens: BTreeMap<&'static str, ClusterToken>,
    /// What each verified installation runs without having been told that it is gone.
    relies_on: BTreeMap<Installed, Reliance>,
    pub(crate) told_gone: usize,
}

/// A cluster and the version that it runs.
type Installed = (&'static str, &'static str);

#[derive(Debug)]
struct Reliance {
    builds: BTreeSet<BuildId>,
    checked_in_at: Timestamp,
}

impl Reliance {
    /// Whether the rules still protect it: clocks are wrong by seconds.
    fn holds(&self, now: Timestamp) -> bool {
        let days = SignedDuration::from_hours(24 * i64::from(USE_PROTECTS_DAYS));
        now.duration_since(self.checked_in_at) < days - SignedDuration::from_secs(30)
    }
}

impl Fleet {
    /// The builds that have to be there, and for whom. One of several that document a version may go: its deletion may
    /// have begun when nobody ran that, and the version is not gone with it.
    pub(crate) fn relied_on(&self, world: &World) -> BTreeMap<BuildId, Installed> {
        let now = world.clock.stands_at();
        let mut all = BTreeMap::new();
        for (installed, reliance) in self.relies_on.iter().filter(|(_, reliance)| reliance.holds(now)) {
            let there = documenting(world, installed.1);
            let is_only = |build: &&BuildId| there.iter().all(|other| other == *build);
            let relied = reliance.builds.iter().filter(is_only);
            all.extend(relied.map(|build| (*build, *installed)));
        }
        all
    }

    fn note(&mut self, installed: Installed, builds: BTreeSet<BuildId>, now: Timestamp) {
        let reliance = self.relies_on.entry(installed).or_insert_with(|| Reliance {
            builds: BTreeSet::new(),
            checked_in_at: now,
        });
        if !reliance.holds(now) {
            reliance.builds.clear();
        }
        reliance.builds.extend(builds);
        reliance.checked_in_at = now;
    }
}

/// One thing that a client does.
#[derive(Debug, Clone)]
pub(crate) enum Doing {
    /// Publishes a release.
    Publish(&'static str, &'static str),
    /// Takes it back.
    Withdraw(&'static str, &'static str),
    /// Says what it runs.
    CheckIn(&'static str, &'static str),
}

/// The train, without its component, and the version of a build's release.
pub(super) fn release(dice: &mut Dice) -> (&'static str, &'static str) {
    let train = if dice.one_in(3) { "beta" } else { "stable" };
    (train, version(dice))
}

fn version(dice: &mut Dice) -> &'static str {
    dice.one_of(&VERSIONS).unwrap_or(&VERSIONS[0])
}

impl Doing {
    pub(super) fn choose(dice: &mut Dice) -> Self {
        let version = version(dice);
        let train = dice.one_of(&TRAINS).unwrap_or(&TRAINS[0]);
        match dice.below(6) {
            0 => Self::Withdraw(train, version),
            1 | 2 => Self::Publish(train, version),
            _ => Self::check_in(dice),
        }
    }

    /// Some installation says what it runs.
    pub(super) fn check_in(dice: &mut Dice) -> Self {
        let cluster = dice.one_of(&CLUSTERS).unwrap_or(&CLUSTERS[0]);
        Self::CheckIn(cluster, version(dice))
    }

    pub(super) async fn act(self, client: &Client) {
        let env = &client.env;
        match self {
            Self::Publish(train, version) => {
                let (Ok(train), Ok(version)) = (train.parse(), version.parse()) else {
                    return;
                };
                let new = NewRelease {
                    train,
                    version,
                    released: env.clock.now(),
                    data: Data::default(),
                    description: None,
                    kind: None,
                };
                tried(async || registry::publish(env, new.clone(), None).await).await;
            }
            Self::Withdraw(train, version) => {
                let (Ok(train), Ok(version)) = (train.parse(), version.parse()) else {
                    return;
                };
                tried(async || registry::withdraw(env, &train, &version).await).await;
            }
            Self::CheckIn(cluster, version) => check_in(client, cluster, version).await,
        }
    }

    pub(super) fn brief(&self) -> String {
        match self {
            Self::Publish(train, version) => format!("publish release {version} of {train}"),
            Self::Withdraw(train, version) => format!("withdraw release {version} of {train}"),
            Self::CheckIn(cluster, version) => format!("cluster {cluster} says that it runs {version}"),
        }
    }
}

async fn check_in(client: &Client, cluster: &'static str, version: &'static str) {
    let reported = Reported {
        name: PRODUCTS[0].to_owned(),
        version: version.to_owned(),
        ..Reported::default()
    };
    let (Ok(id), Ok(report)) = (cluster.parse(), Report::new(vec![reported])) else {
        return;
    };
    let token = client.known.borrow().fleet.tokens.get(cluster).cloned();
    let check_in = CheckIn {
        id,
        report,
        token,
        at: client.env.clock.now(),
    };
    let answer = tried(async || registry::check_in(&client.env, check_in.clone(), "a source").await).await;
    let Some(answer) = answer else { return };
    let mut known = client.known.borrow_mut();
    let fleet = &mut known.fleet;
    fleet.tokens.extend(answer.token.map(|token| (cluster, token)));
    let gone = answer.news.gone.iter().any(|(_, gone)| gone.as_str() == version);
    if gone {
        fleet.told_gone += 1;
        fleet.relies_on.remove(&(cluster, version));
    } else if answer.cluster.is_verified {
        let builds = documenting(&client.world, version);
        fleet.note((cluster, version), builds, client.world.clock.stands_at());
    }
}

/// The builds that document a version and of which nothing is deleted.
fn documenting(world: &World, version: &str) -> BTreeSet<BuildId> {
    let all = world.catalog.all_builds().into_iter();
    all.filter(|build| {
        build
            .version()
            .is_some_and(|documented| documented.as_str() == version)
            && build.manifest.is_some()
            && !matches!(build.doom, Some(Doom::Deleting { .. }))
    })
    .map(|build| build.id)
    .collect()
}
