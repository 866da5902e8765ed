use std::collections::BTreeMap;

use super::*;
use crate::build::BuildState;
use crate::edition::Verdict;
use crate::git::GitRef;
use crate::id::{BuildId, Revision, SurrogateKey};
use crate::preview::{is_imagined, preview};
use crate::product::Product;
use crate::retention::Doom;
use crate::rules::tests::rules;
use crate::slug_rules::SlugRules;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

fn product() -> Product {
    serde_json::from_value(json!({
        "organization": "default", "slug": "alpha", "title": "Alpha", "doc_repo": "https://github.com/org/alpha",
        "surrogate_key": "0".repeat(32), "created_at": "2026-01-01T00:00:00Z", "next_build_slug": 1, "revision": 1,
    }))
    .unwrap()
}

fn build(git_refs: &[&str], alternate: Option<&str>) -> Build {
    Build {
        id: BuildId(1),
        organization: "default".parse().unwrap(),
        product: "alpha".parse().unwrap(),
        slug: "1".parse().unwrap(),
        git_refs: GitRefs::parse(git_refs).unwrap(),
        alternate: alternate.map(|name| name.parse().unwrap()),
        documents: None,
        github_requester: None,
        surrogate_key: SurrogateKey::from_bytes([1; 16]),
        created_at: Timestamp::UNIX_EPOCH,
        state: BuildState::Uploading,
        manifest: None,
        artifacts: crate::artifact::Artifacts::default(),
        upload: crate::upload::Upload::Files,
        doom: None,
        revision: Revision::NEW,
    }
}

fn edition(id: u64, slug: &str, mode: TrackingMode, tracked: &[&str]) -> Edition {
    let refs = (!tracked.is_empty()).then(|| GitRefs::parse(tracked).unwrap());
    let tracking = Tracking {
        mode,
        refs,
        alternate: None,
    };
    let blueprint = blueprint(&rules(), slug.parse().unwrap(), tracking);
    product().edition(
        EditionId(id),
        blueprint,
        SurrogateKey::from_bytes([2; 16]),
        Timestamp::UNIX_EPOCH,
    )
}

fn born(made: &Automatic) -> Vec<(&str, TrackingMode, Kind)> {
    let parts = |born: &'_ Blueprint| (born.tracking.mode, born.kind);
    let births = made.births.iter();
    births
        .map(|born| (born.slug.as_str(), parts(born).0, parts(born).1))
        .collect()
}

fn with_lines() -> Rules {
    Rules {
        semver_editions: SemverEditions::MajorAndMinor,
        ..rules()
    }
}

fn with_slugs(list: serde_json::Value) -> Rules {
    Rules {
        slugs: serde_json::from_value(list).unwrap(),
        ..with_lines()
    }
}

/// Acceptance case `lsst_doc-auto-main`.
#[test]
fn a_build_of_main_brings_an_edition_where_the_default_one_follows_versions() {
    let default = edition(1, "__main", TrackingMode::LsstDoc, &["main"]);
    let made = automatic(&rules(), Origin::from(&build(&["main"], None)), &[default]);
    assert_eq!(born(&made), [("main", TrackingMode::GitRef, Kind::Draft)]);
    let main = &made.births[0];
    assert_eq!(main.title.as_str(), "main");
    assert_eq!(main.tracking.refs, Some(GitRefs::parse(&["main"]).unwrap()));
}

#[test]
fn a_build_that_has_an_edition_brings_none() {
    for (mode, tracked) in [
        (TrackingMode::GitRefs, &["main"][..]),
        (TrackingMode::GitRef, &["main"]),
        (TrackingMode::GitRef, &["master", "main"]),
    ] {
        let made = automatic(
            &rules(),
            Origin::from(&build(&["main"], None)),
            &[edition(1, "x", mode, tracked)],
        );
        assert_eq!(made, Automatic::default(), "{mode:?} {tracked:?}");
    }
    // Where it is the default edition's, the slug of the branch is taken by what follows the branch.
    let default = edition(1, "main", TrackingMode::LsstDoc, &["main"]);
    let made = automatic(&rules(), Origin::from(&build(&["main"], None)), &[default]);
    assert_eq!(made, Automatic::default());
}

/// D18: a build of several refs is not one of the first of them, though an edition of that may follow it too.
#[test]
fn d18_a_build_of_several_refs_has_an_edition_of_its_own() {
    let first = edition(1, "a", TrackingMode::GitRef, &["a"]);
    let made = automatic(&rules(), Origin::from(&build(&["a", "b"], None)), &[first]);
    assert_eq!(born(&made), [("a-b", TrackingMode::GitRefs, Kind::Draft)]);
}

/// LTD's "one ref per slug".
#[test]
fn the_second_ref_of_a_slug_is_told_who_has_it_and_can_share_the_edition() {
    let ticket = edition(7, "DM-7", TrackingMode::GitRef, &["tickets/DM-7"]);
    let second = build(&["DM-7"], None);
    let made = automatic(&rules(), Origin::from(&second), std::slice::from_ref(&ticket));
    let taken = NoEdition::Taken {
        slug: "DM-7".parse().unwrap(),
        by: EditionId(7),
    };
    assert_eq!((made.births.len(), made.without), (0, Some(taken)));
    let shared = edition(7, "DM-7", TrackingMode::GitRef, &["tickets/DM-7", "DM-7"]);
    assert_eq!(shared.judge(&rules(), &second), Verdict::Moves);
    assert_eq!(
        automatic(&rules(), Origin::from(&second), &[shared]),
        Automatic::default()
    );
    // A deleted one has given its slug back, except while its files go.
    let ended = ticket.end(Timestamp::UNIX_EPOCH);
    assert_eq!(
        automatic(&rules(), Origin::from(&second), std::slice::from_ref(&ended))
            .births
            .len(),
        1
    );
    let doom = Some(Doom::Deleting {
        at: Timestamp::UNIX_EPOCH,
    });
    let going = Edition { doom, ..ended };
    let held = NoEdition::Held {
        slug: "DM-7".parse().unwrap(),
    };
    let made = automatic(&rules(), Origin::from(&second), &[going]);
    assert_eq!((made.births.len(), made.without), (0, Some(held)));
}

#[test]
fn what_the_rules_refuse_brings_nothing_and_still_feeds_the_editions_that_track_it() {
    let rules = with_slugs(
        json!([{"type": "ignore", "pattern": "release/**"}, {"type": "ignore", "pattern": "2.0.0"}]),
    );
    let hand_made = |tracked: &str| edition(1, "x", TrackingMode::GitRef, &[tracked]);
    for (git_ref, ignored) in [
        ("release/1", true),
        ("2.0.0", true),
        ("feature+x", false),
        ("a/b", false),
    ] {
        let build = build(&[git_ref], None);
        let made = automatic(&rules, Origin::from(&build), &[]);
        assert_eq!(made.births, [], "{git_ref}");
        let why = made.without.unwrap();
        assert_eq!(
            matches!(why, NoEdition::Unnamed(NoSlug::Ignored { .. })),
            ignored,
            "{why}"
        );
        assert_eq!(
            hand_made(git_ref).judge(&rules, &build),
            Verdict::Moves,
            "{git_ref}"
        );
        assert_eq!(
            automatic(&rules, Origin::from(&build), &[hand_made(git_ref)]),
            Automatic::default()
        );
    }
}

#[test]
fn a_release_brings_the_editions_of_its_line_where_that_is_wanted() {
    use TrackingMode::{GitRef, SemverMajor, SemverMinor};
    let release = build(&["v2.3.1"], None);
    assert_eq!(
        born(&automatic(&with_lines(), Origin::from(&release), &[])),
        [
            ("v2.3.1", GitRef, Kind::Release),
            ("2", SemverMajor, Kind::Major),
            ("2.3", SemverMinor, Kind::Minor),
        ]
    );
    assert_eq!(born(&automatic(&rules(), Origin::from(&release), &[])).len(), 1);
    // What is there stays what it is, whatever it is.
    let mine = edition(1, "2", TrackingMode::Manual, &[]);
    let renamed = edition(2, "two-three", SemverMinor, &["2.3"]);
    let made = automatic(&with_lines(), Origin::from(&release), &[mine, renamed]);
    assert_eq!(born(&made), [("v2.3.1", GitRef, Kind::Release)]);
    for no_release in ["main", "2.3", "2.3.1-rc.1", "w_2026_01"] {
        let made = automatic(&with_lines(), Origin::from(&build(&[no_release], None)), &[]);
        assert_eq!(made.births.len(), 1, "{no_release}");
    }
    // A release whose own name is no slug has a line all the same.
    let made = automatic(&with_lines(), Origin::from(&build(&["2.3.1+fixed"], None)), &[]);
    assert_eq!(
        born(&made),
        [("2", SemverMajor, Kind::Major), ("2.3", SemverMinor, Kind::Minor)]
    );
    assert!(matches!(
        made.without,
        Some(NoEdition::Unnamed(NoSlug::Invalid(_)))
    ));
}

#[test]
fn the_edition_of_a_release_and_of_its_line_are_never_of_one_slug() {
    let rules = with_slugs(json!([{"type": "regex", "pattern": "\\.[0-9]+$", "replacement": ""}]));
    let made = automatic(&rules, Origin::from(&build(&["2.3.1"], None)), &[]);
    let slugs: Vec<_> = made.births.iter().map(|born| born.slug.as_str()).collect();
    assert_eq!(slugs, ["2.3", "2"]);
}

#[test]
fn an_alternate_is_a_world_of_its_own() {
    let here = build(&["2.3.1"], None);
    let there = build(&["2.3.1"], Some("usdf-dev"));
    let made = automatic(&with_lines(), Origin::from(&there), &[]);
    assert_eq!(
        born(&made),
        [
            ("usdf-dev--2.3.1", TrackingMode::AlternateGitRef, Kind::Alternate),
            ("usdf-dev--2", TrackingMode::SemverMajor, Kind::Alternate),
            ("usdf-dev--2.3", TrackingMode::SemverMinor, Kind::Alternate),
        ]
    );
    let key = || SurrogateKey::from_bytes([2; 16]);
    for (born, id) in made.births.into_iter().zip(1..) {
        let edition = product().edition(EditionId(id), born, key(), Timestamp::UNIX_EPOCH);
        assert_eq!(edition.judge(&with_lines(), &there), Verdict::Moves);
        assert_eq!(edition.judge(&with_lines(), &here), Verdict::NotTracked);
        let elsewhere = build(&["2.3.1"], Some("usdf"));
        assert_eq!(edition.judge(&with_lines(), &elsewhere), Verdict::NotTracked);
    }
    for mode in [
        TrackingMode::GitRef,
        TrackingMode::GitRefs,
        TrackingMode::SemverRelease,
    ] {
        let plain = edition(1, "x", mode, &["2.3.1"]);
        assert_eq!(plain.judge(&rules(), &there), Verdict::NotTracked, "{mode:?}");
    }
}

fn foreseen(
    rules: &Rules,
    editions: &[Edition],
    refs: &[&str],
) -> Vec<(Vec<String>, Vec<String>, Option<NoEdition>)> {
    let refs: Vec<GitRef> = refs.iter().map(|raw| raw.parse().unwrap()).collect();
    let all = preview(
        rules,
        &product(),
        editions.to_vec(),
        &refs,
        None,
        &BTreeMap::new(),
    )
    .into_iter();
    all.map(|foreseen| {
        let feeds = foreseen.feeds.iter().map(|(edition, _)| edition.slug.to_string());
        let births = foreseen.births.iter().map(|born| born.slug.to_string());
        (feeds.collect(), births.collect(), foreseen.without)
    })
    .collect()
}

#[test]
fn a_preview_takes_refs_as_builds_that_come_one_after_the_other() {
    let main = edition(1, "__main", TrackingMode::GitRefs, &["main"]);
    let all = foreseen(
        &with_lines(),
        &[main],
        &["main", "tickets/DM-7", "DM-7", "2.3.1", "2.3.2", "a+b"],
    );
    let texts = |raw: &[&str]| raw.iter().map(|&raw| raw.to_owned()).collect::<Vec<_>>();
    let summary: Vec<_> = all
        .iter()
        .map(|(feeds, births, without)| (feeds, births, without.is_some()))
        .collect();
    assert_eq!(
        summary,
        [
            (&texts(&["__main"]), &vec![], false),
            (&vec![], &texts(&["DM-7"]), false),
            (&vec![], &vec![], true),
            (&vec![], &texts(&["2.3.1", "2", "2.3"]), false),
            (&texts(&["2", "2.3"]), &texts(&["2.3.2"]), false),
            (&vec![], &vec![], true),
        ]
    );
    assert!(matches!(&all[2].2, Some(NoEdition::Taken { by, .. }) if is_imagined(*by)));
}

proptest! {
    /// Whatever the rules and editions: no two live editions of one slug, none that would not follow the build, and the
    /// same build again brings nothing.
    #[test]
    fn what_a_build_brings_follows_it_and_collides_with_nothing(
        refs in proptest::collection::vec("[ab]|a/b|tickets/DM-[12]|DM-[12]|[12]\\.[01]\\.[01]|[12](\\.[01])?", 1..3),
        here in proptest::collection::vec(("a|b|a-b|DM-1|1|1\\.0|1\\.0\\.0", "a|b|DM-1|1\\.0\\.0"), 0..4),
        cut in any::<bool>(), alternate in any::<bool>(),
    ) {
        let mut rules = with_lines();
        if cut {
            let list = json!([{"type": "regex", "pattern": "(\\.[0-9]+)?$", "replacement": ""}, {"type": "regex", "pattern": "/", "replacement": ""}]);
            rules.slugs = serde_json::from_value::<SlugRules>(list).unwrap();
        }
        let refs: Vec<&str> = refs.iter().map(String::as_str).collect();
        let build = build(&refs, alternate.then_some("usdf"));
        let mut editions: Vec<Edition> = Vec::new();
        for ((slug, tracked), id) in here.iter().zip(1..) {
            if editions.iter().all(|edition| edition.slug.as_str() != slug) {
                editions.push(edition(id, slug, TrackingMode::GitRef, &[tracked]));
            }
        }
        let made = automatic(&rules, Origin::from(&build), &editions);
        for (born, id) in made.births.into_iter().zip(100..) {
            prop_assert!(editions.iter().all(|edition| edition.slug != born.slug));
            let key = SurrogateKey::from_bytes([2; 16]);
            let edition = product().edition(EditionId(id), born, key, Timestamp::UNIX_EPOCH);
            prop_assert_eq!(edition.judge(&rules, &build), Verdict::Moves);
            editions.push(edition);
        }
        prop_assert_eq!(automatic(&rules, Origin::from(&build), &editions).births, vec![]);
    }
}
