//! D-31 .. D-33 as a model: check-ins, publications, retention and the clock in any order, against a model that only writes
//! down who said when that it runs what, and what it was told.

use std::collections::{BTreeMap, BTreeSet};

use imprint_domain::registry::ClusterToken;
use jiff::{SignedDuration, Timestamp};

use super::protection::strict;
use crate::installation::{Installation, sites};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const WINDOW: SignedDuration = SignedDuration::from_hours(90 * 24);
const VERSIONS: [&str; 4] = ["1.0", "1.1", "2.0", "2.1"];
const CLUSTERS: [&str; 3] = ["c1", "c2", "c3"];

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

#[derive(Default)]
struct Model {
    /// The builds of each version and the files that each had.
    builds: BTreeMap<&'static str, Vec<u64>>,
    /// When a verified cluster last ran a version without being told that it was gone.
    runs: BTreeMap<(&'static str, &'static str), Timestamp>,
    tokens: BTreeMap<&'static str, ClusterToken>,
    deleted: u64,
}

impl Model {
    fn protected(&self, now: Timestamp) -> BTreeSet<&'static str> {
        let young = self
            .runs
            .iter()
            .filter(|(_, at)| now.duration_since(**at) < WINDOW);
        young.map(|((_, version), _)| *version).collect()
    }

    async fn check_in(&mut self, here: &Installation, random: &mut Random) {
        let id = CLUSTERS[random.below(CLUSTERS.len())];
        let count = 1 + random.below(2);
        let versions: Vec<&str> = (0..count)
            .map(|_| VERSIONS[random.below(VERSIONS.len())])
            .collect();
        // One cluster in three never learned to keep a token.
        let token = self.tokens.get(id).filter(|_| id != "c3").cloned();
        let at = here.env.clock.now();
        let answer = here.check_in(id, &versions, token.as_ref()).await;
        self.tokens.extend(answer.token.map(|token| (id, token)));
        if !answer.cluster.is_verified {
            return;
        }
        for version in VERSIONS.into_iter().filter(|version| versions.contains(version)) {
            let gone = answer.news.gone.iter().any(|(_, gone)| gone.as_str() == version);
            if gone {
                self.runs.remove(&(id, version));
            } else {
                self.runs.insert((id, version), at);
            }
        }
    }

    async fn publish(&mut self, here: &Installation, random: &mut Random) {
        let version = VERSIONS[random.below(VERSIONS.len())];
        let train = ["stable", "beta"][random.below(2)];
        let [a, b, _] = sites();
        let site = [a, b][random.below(2)].clone();
        let build = here.publish_release(&site, "main", Some((train, version))).await;
        self.builds.entry(version).or_default().push(build.id.0);
    }

    /// No file of a protected version is missing, and nobody is told that one is gone which is there.
    fn check(&mut self, here: &Installation, seed: u64) {
        let now = here.env.clock.now();
        for version in self.protected(now) {
            for id in self.builds.get(version).into_iter().flatten() {
                let build = here.build(imprint_domain::id::BuildId(*id));
                let files = here.below(&format!("alpha/builds/{id}/"));
                assert!(
                    build.is_some() && files.len() > 12,
                    "seed {seed}: build {id} of {version} lost files"
                );
            }
        }
        for builds in self.builds.values_mut() {
            let before = builds.len();
            builds.retain(|id| here.build(imprint_domain::id::BuildId(*id)).is_some());
            self.deleted += (before - builds.len()) as u64;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn d31_over_many_histories_no_file_of_a_protected_version_is_ever_missing() {
    let mut deleted = 0;
    for seed in 0..150 {
        let here = Installation::new().await;
        here.rule(strict());
        let (mut model, mut random) = (Model::default(), Random(seed));
        for _ in 0..40 {
            match random.below(10) {
                0..=2 => model.check_in(&here, &mut random).await,
                3 | 4 => model.publish(&here, &mut random).await,
                5 | 6 => here
                    .world
                    .clock
                    .advance(DAY * (1 + i32::try_from(random.below(40)).unwrap())),
                _ => {
                    here.retain().await;
                }
            }
            model.check(&here, seed);
        }
        // Nobody checks in any more: everything that is no latest release goes in the end.
        for _ in 0..4 {
            here.later(60);
            here.retain().await;
            here.later(1);
            here.retain().await;
            model.check(&here, seed);
        }
        deleted += model.deleted;
        let latest: BTreeSet<_> = [here.latest("alpha/stable").await, here.latest("alpha/beta").await]
            .into_iter()
            .flatten()
            .map(|release| release.docs.unwrap().build.0)
            .collect();
        let left: BTreeSet<u64> = model.builds.values().flatten().copied().collect();
        assert!(
            latest.is_subset(&left),
            "seed {seed}: a latest release lost its documentation"
        );
    }
    assert!(
        deleted > 150,
        "only {deleted} builds were deleted: the histories prove little"
    );
}
