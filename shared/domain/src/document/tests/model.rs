//! Many histories of a version and its renderings.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use proptest::prelude::*;

use super::{ENGINE, at, document, sha, version};
use crate::document::{Checksum, Claim, Fresh, Rendered, Rendering, Version, VersionNumber, garbage};

/// What may happen to a version and its renderings, in any order.
#[derive(Debug, Clone)]
enum Step {
    Say(u8),
    Render,
    Publish,
    Collect,
    Wait(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u8..4).prop_map(Step::Say),
        Just(Step::Render),
        Just(Step::Publish),
        Just(Step::Collect),
        (1u8..40).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A12: whatever happens, what a version needs is there, and what nobody needs is gone two days later.
    #[test]
    fn a12_nothing_that_is_needed_is_deleted_and_nothing_else_stays(steps in prop::collection::vec(step(), 1..60)) {
        let document = document();
        let mut versions = vec![version()];
        let mut stored: BTreeMap<Checksum, Rendering> = BTreeMap::new();
        let mut now = at(0);
        let collect = |versions: &[Version], stored: &mut BTreeMap<Checksum, Rendering>, now| {
            let garbage = garbage(versions, stored.values().cloned().collect(), now);
            for rendering in garbage.mark.into_iter().chain(garbage.spare) {
                stored.insert(rendering.checksum.clone(), rendering);
            }
            for rendering in garbage.delete {
                stored.remove(&rendering.checksum);
            }
        };
        for step in steps {
            let newest = versions.last_mut().unwrap();
            match step {
                Step::Say(what) if newest.writable().is_ok() => {
                    newest.content.as_mut().unwrap().digest = sha(100 + what);
                    *newest = newest.clone().edited(now);
                }
                Step::Say(_) => {
                    let next = newest.successor(newest.number.next_minor(), None, now).unwrap();
                    versions.push(next);
                }
                Step::Render => {
                    let Some(checksum) = newest.wants(&document, ENGINE) else { continue };
                    let fresh = Fresh { checksum: &checksum, version: newest, engine: ENGINE };
                    let rendered = Rendered { outputs: BTreeMap::new(), warnings: vec![] };
                    let done = match Rendering::claim(stored.get(&checksum).cloned(), fresh, now) {
                        Claim::Work(begun) => begun.succeed(rendered, now),
                        Claim::Ended(done) => *done,
                        Claim::Busy => continue,
                    };
                    stored.insert(checksum.clone(), done);
                    let edit = newest.edit;
                    *newest = newest.clone().begun(edit, &checksum, now).succeeded(edit, &checksum);
                }
                Step::Publish => {
                    let current = newest.current.as_ref().and_then(|checksum| stored.get(checksum)).cloned();
                    let accepts = BTreeSet::new();
                    if let Ok(published) = newest.clone().publish(&document, current.as_ref(), &accepts, (None, now)) {
                        *newest = published;
                    }
                }
                Step::Collect => collect(&versions, &mut stored, now),
                Step::Wait(hours) => now += SignedDuration::from_hours(hours.into()),
            }
            for checksum in versions.iter().flat_map(Version::renderings) {
                prop_assert!(stored.contains_key(checksum), "{checksum} is needed and gone");
            }
        }
        for _ in 0..3 {
            now += SignedDuration::from_hours(25);
            collect(&versions, &mut stored, now);
        }
        let needed: BTreeSet<&Checksum> = versions.iter().flat_map(Version::renderings).collect();
        prop_assert_eq!(stored.keys().collect::<BTreeSet<_>>(), needed);
    }

    #[test]
    fn a_version_number_reads_back(major in 1u32..100_000, minor in 0u32..100_000) {
        let number = VersionNumber { major, minor };
        prop_assert_eq!(number.to_string().parse::<VersionNumber>().unwrap(), number);
    }
}
