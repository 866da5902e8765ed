use super::*;
use crate::build::{Build, BuildState};
use crate::edition::{Tracking, Verdict};
use crate::id::{BuildId, Revision, SurrogateKey};
use crate::registry::{TrainAt, Trains};
use crate::rules::tests::rules;
use jiff::Timestamp;
use proptest::prelude::*;

fn refs(raw: &str) -> GitRefs {
    GitRefs::parse(&raw.split(',').collect::<Vec<_>>()).unwrap()
}

fn keeper1() -> Rules {
    Rules {
        lsst_doc: LsstDocGrammar::Keeper1,
        ..rules()
    }
}

/// LTD's yes or no: equal is accepted, to allow publishing a tag again.
fn accepted(
    rules: &Rules,
    mode: TrackingMode,
    tracked: Option<&str>,
    current: &str,
    candidate: &str,
) -> bool {
    let tracked = tracked.map(refs);
    let current = (current != "-").then(|| refs(current));
    match standing(rules, mode, tracked.as_ref(), current.as_ref(), &refs(candidate)) {
        Standing::Same | Standing::Higher => true,
        Standing::Lower | Standing::Foreign => false,
    }
}

fn check(mode: TrackingMode, tracked: Option<&str>, cases: &[(&str, &str, bool)]) {
    for (current, candidate, expected) in cases {
        assert_eq!(
            accepted(&rules(), mode, tracked, current, candidate),
            *expected,
            "{current} -> {candidate}"
        );
    }
}

/// Both columns of the contract: current, candidate, LTD 2.x, LTD 1.x.
#[test]
fn lsst_doc_follows_the_contract_table_in_both_grammars() {
    for (current, candidate, keeper2_says, keeper1_says) in [
        ("-", "main", true, true),
        ("-", "master", false, true),
        ("main", "main", true, true),
        ("main", "master", false, true),
        ("master", "main", false, true),
        ("main", "tickets/DM-1", false, false),
        ("main", "v1.0", true, true),
        ("tickets/DM-1", "main", false, false),
        ("tickets/DM-1", "v1.0", true, true),
        ("v1.0", "main", false, false),
        ("v1.0", "master", false, false),
        ("v1.0", "v0.9", false, false),
        ("v1.0", "v1.0", true, true),
        ("v1.9", "v1.10", true, true),
        ("v3.11", "v3.9", false, false),
        ("v1.10", "v1.9", false, false),
        ("v1.0", "1.1", true, false),
        ("v1.0", "v1.0.1", true, false),
        ("v1.0.1", "v1.0", false, true),
        ("v1.0", "v2.0-rc1", false, false),
        ("v1.0", "v2", false, false),
        ("v1.0", "docushare-v1.2", false, false),
        ("v1.0", "v1.2.3.4", false, false),
        ("v1.1", "v01.02", true, true),
        ("-", "1.2", true, false),
        ("-", "1.2.3", true, false),
        ("-", "1.2rc1", false, false),
    ] {
        for (grammar, says) in [(rules(), keeper2_says), (keeper1(), keeper1_says)] {
            for tracked in [None, Some("main")] {
                let is = accepted(&grammar, TrackingMode::LsstDoc, tracked, current, candidate);
                assert_eq!(is, says, "{:?}: {current} -> {candidate}", grammar.lsst_doc);
            }
        }
    }
}

#[test]
fn a_grammar_is_named_by_the_version_of_the_keeper() {
    for (grammar, name) in [(LsstDocGrammar::Keeper1, "1.x"), (LsstDocGrammar::Keeper2, "2.x")] {
        assert_eq!((grammar.name(), name.parse()), (name, Ok(grammar)));
        assert_eq!(serde_json::to_value(grammar).unwrap(), name);
        assert_eq!(
            serde_json::from_value::<LsstDocGrammar>(name.into()).unwrap(),
            grammar
        );
    }
    assert_eq!(LsstDocGrammar::default(), LsstDocGrammar::Keeper2);
}

#[test]
fn lsst_doc_accepts_master_where_master_is_tracked() {
    let cases = [
        ("-", "master", true),
        ("master", "master", true),
        ("main", "master", true),
        ("v1.0", "master", false),
    ];
    check(TrackingMode::LsstDoc, Some("master"), &cases);
}

#[test]
fn eups_major_follows_the_contract() {
    let cases = [
        ("-", "v1_0", true),
        ("main", "v1_0", true),
        ("v1_0", "main", false),
        ("v1_0", "v2_0", true),
        ("v2_0", "v1_5", false),
        ("v9_0", "v10_0", true),
        ("v15_0", "15.0", true),
        ("16.1", "v16_0", false),
        ("-", "2_0", false),
        ("-", "v2", false),
        ("-", "2.0.0", false),
        ("-", "v1_0_1", false),
        ("-", "v16_0_rc1", false),
        ("-", "v1.0", false),
    ];
    check(TrackingMode::EupsMajorRelease, None, &cases);
}

#[test]
fn eups_weekly_follows_the_contract() {
    let cases = [
        ("w_2018_01", "w_2018_02", true),
        ("w_2018_02", "w_2017_36", false),
        ("w_2018_52", "w_2019_01", true),
        ("w_2018_09", "w.2018.10", true),
        ("w_2018_9", "w_2018_10", true),
        ("w_2018_01", "w_2018_01", true),
        ("-", "w_18_1", true),
        ("-", "w_2018", false),
        ("-", "w_2018_01rc1", false),
        ("-", "w-2018-01", false),
        ("-", "w_2018.01", false),
    ];
    check(TrackingMode::EupsWeeklyRelease, None, &cases);
}

#[test]
fn eups_daily_follows_the_contract() {
    let cases = [
        ("d_2018_07_01", "d_2018_07_02", true),
        ("d_2018_07_02", "d_2017_01_01", false),
        ("d_2018_07_31", "d.2018.08.01", true),
        ("d_2018_12_31", "d_2019_01_01", true),
        ("-", "d_2018_13_45", true),
        ("-", "2018_02_01", false),
        ("-", "d_2018_02", false),
        ("-", "d_2018.02.01", false),
    ];
    check(TrackingMode::EupsDailyRelease, None, &cases);
}

#[test]
fn ref_modes_compare_texts() {
    let cases = [("main", true), ("main,b", false), ("master", false)];
    for (candidate, expected) in cases {
        assert_eq!(
            accepted(&rules(), TrackingMode::GitRefs, Some("main"), "-", candidate),
            expected,
            "{candidate}"
        );
    }
    assert!(!accepted(
        &rules(),
        TrackingMode::GitRefs,
        Some("a,b"),
        "-",
        "b,a"
    ));
    assert!(!accepted(
        &rules(),
        TrackingMode::GitRefs,
        Some("DM-1"),
        "-",
        "tickets/DM-1"
    ));
    assert!(!accepted(
        &rules(),
        TrackingMode::GitRef,
        Some("1.0"),
        "-",
        "v1.0"
    ));
    assert!(!accepted(
        &rules(),
        TrackingMode::Manual,
        Some("main"),
        "-",
        "main"
    ));
}

#[test]
fn an_edition_can_follow_any_of_several_refs() {
    let cases = [
        ("main", "master", true),
        ("master", "main", true),
        ("-", "main,b", true),
        ("-", "b,main", false),
        ("-", "maint", false),
    ];
    check(TrackingMode::GitRef, Some("main,master"), &cases);
    check(TrackingMode::AlternateGitRef, Some("main,master"), &cases);
    check(
        TrackingMode::GitRefs,
        Some("main,master"),
        &[("-", "main", false), ("-", "main,master", true)],
    );
}

fn build_of(git_ref: &str) -> Build {
    Build {
        id: BuildId(1),
        organization: "default".parse().unwrap(),
        product: "handbook".parse().unwrap(),
        slug: "1".parse().unwrap(),
        git_refs: refs(git_ref),
        alternate: None,
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

fn at(version: &str, build: Option<u64>) -> Rules {
    let at = TrainAt {
        version: version.parse().unwrap(),
        build: build.map(BuildId),
    };
    rules().with_trains(Trains::from([("handbook/stable".parse().unwrap(), at)]))
}

/// The registry knows which build documents the latest release; only where it does not, refs say it.
#[test]
fn an_edition_follows_the_build_of_its_trains_latest_release() {
    let tracking = Tracking {
        mode: TrackingMode::Train,
        refs: Some(refs("handbook/stable")),
        alternate: None,
    };
    for (known, build, git_ref, expected) in [
        (None, 7, "2.19.1", Verdict::Moves),
        (None, 7, "v2.19.1", Verdict::Moves),
        (None, 7, "main", Verdict::NotTracked),
        (Some(7), 7, "main", Verdict::Moves),
        (Some(9), 7, "2.19.1", Verdict::Older),
        (Some(9), 7, "main", Verdict::NotTracked),
    ] {
        let build = Build {
            id: BuildId(build),
            ..build_of(git_ref)
        };
        // A train may go back, so it does not matter what was followed before.
        for newest in [None, Some(BuildId(1)), Some(BuildId(99))] {
            let is = tracking.compare(&at("2.19.1", known), Some(&refs("3.0")), newest, &build);
            assert_eq!(is, expected, "{known:?} {} {git_ref}", build.id);
        }
    }
}

#[test]
fn an_edition_follows_the_version_that_its_train_is_at() {
    let at = |version: &str| at(version, None);
    let stands = |rules: &Rules, tracked: &str, current: &str, candidate: &str| {
        let current = (current != "-").then(|| refs(current));
        standing(
            rules,
            TrackingMode::Train,
            Some(&refs(tracked)),
            current.as_ref(),
            &refs(candidate),
        )
    };
    for (version, tracked, current, candidate, expected) in [
        ("2.19.1", "handbook/stable", "-", "2.19.1", Standing::Higher),
        ("2.19.1", "handbook/stable", "2.19.0", "2.19.1", Standing::Higher),
        // A train can go back, and its edition goes with it.
        ("2.19.1", "handbook/stable", "2.20.0", "2.19.1", Standing::Higher),
        ("2.19.1", "handbook/stable", "2.19.1", "2.19.1", Standing::Same),
        ("2.19.1", "handbook/stable", "2.19.1", "2.20.0", Standing::Foreign),
        ("2.19.1", "handbook/stable", "-", "main", Standing::Foreign),
        // Of another train nothing is known.
        ("2.19.1", "handbook/beta", "2.19.0", "2.19.1", Standing::Foreign),
        ("2.19.1", "other/stable", "-", "2.19.1", Standing::Foreign),
    ] {
        let is = stands(&at(version), tracked, current, candidate);
        assert_eq!(is, expected, "{tracked} at {version}: {current} -> {candidate}");
    }
    assert_eq!(
        stands(&rules(), "handbook/stable", "2.19.1", "2.20.0"),
        Standing::Foreign
    );
    assert_eq!(
        stands(&rules(), "handbook/stable", "-", "2.19.1"),
        Standing::Foreign
    );
}

#[test]
fn a_mode_is_refused_without_what_it_follows() {
    let tracking = |mode, raw: Option<&str>, alternate: Option<&str>| {
        let alternate = alternate.map(|name| name.parse().unwrap());
        TrackingMode::check(mode, raw.map(refs).as_ref(), alternate.as_ref())
    };
    use TrackingMode::{AlternateGitRef, GitRef, Train};
    for good in ["handbook/stable", "a/b", "c.d_e+f~g-1/2"] {
        assert_eq!(tracking(Train, Some(good), None), Ok(()), "{good}");
    }
    let long = format!("{}/stable", "a".repeat(65));
    for bad in ["main", "a/", "/b", "a/b/c", "a/b,c/d", "a b/c", "ü/c", &long] {
        assert_eq!(tracking(Train, Some(bad), None), Err(UnfitRefs::NoTrain), "{bad}");
    }
    assert_eq!(tracking(Train, None, None), Err(UnfitRefs::Missing));
    assert_eq!(
        tracking(AlternateGitRef, None, Some("usdf")),
        Err(UnfitRefs::Missing)
    );
    assert_eq!(
        tracking(AlternateGitRef, Some("main"), None),
        Err(UnfitRefs::NoAlternate)
    );
    assert_eq!(tracking(AlternateGitRef, Some("main"), Some("usdf")), Ok(()));
    assert_eq!(tracking(GitRef, Some("main"), Some("usdf")), Ok(()));
}

#[test]
fn a_release_is_of_one_major_and_one_minor_version() {
    for (raw, expected) in [
        ("2.3.1", Some(("2", "2.3"))),
        ("v2.3.1", Some(("2", "2.3"))),
        ("0.0.0+x", Some(("0", "0.0"))),
        ("2.3.1-rc.1", None),
        ("2.3", None),
        ("main", None),
    ] {
        let lines = lines_of_release(raw).map(|[(_, major), (_, minor)]| (major, minor));
        let expected = expected.map(|(major, minor)| (major.to_owned(), minor.to_owned()));
        assert_eq!(lines, expected, "{raw}");
    }
}

#[test]
fn every_mode_reads_its_own_name() {
    for mode in TrackingMode::ALL {
        assert_eq!(mode.name().parse(), Ok(mode));
        assert_eq!(serde_json::to_value(mode).unwrap(), mode.name());
    }
    let message = "bogus".parse::<TrackingMode>().unwrap_err().to_string();
    assert!(
        message.starts_with("Edition tracking mode 'bogus' unknown. Valid values are git_refs"),
        "{message}"
    );
}

fn version() -> impl Strategy<Value = String> {
    prop_oneof![
        "v?[0-2]\\.[0-9]{1,2}(\\.[0-2])?(-rc\\.[0-9]{1,2})?(\\+[a-b])?",
        "v[0-2]_[0-2]",
        "w[_.]2018[_.][0-9]{1,2}",
        "d[_.]2018[_.][0-1]?[0-9][_.][0-3]",
        "main|master",
    ]
}

proptest! {
    /// Of refs that a mode follows, any two can be compared, in one order only, and the order goes round in no circle.
    #[test]
    fn versions_are_a_total_preorder(a in version(), b in version(), c in version()) {
        use TrackingMode::{EupsDailyRelease, EupsMajorRelease, EupsWeeklyRelease, LsstDoc, SemverMajor, SemverMinor, SemverRelease};
        for (mode, tracked, of) in [
            (LsstDoc, "main", rules()), (LsstDoc, "main", keeper1()), (EupsMajorRelease, "x", rules()),
            (EupsWeeklyRelease, "x", rules()), (EupsDailyRelease, "x", rules()), (SemverRelease, "x", rules()),
            (SemverMajor, "1", rules()), (SemverMinor, "1.1", rules()),
        ] {
            let stands = |current: &str, candidate: &str| {
                standing(&of, mode, Some(&refs(tracked)), Some(&refs(current)), &refs(candidate))
            };
            // The trunk gives way to every version and takes its place from none: it is no version.
            let is_version = |raw: &str| {
                !matches!(raw, "main" | "master") && standing(&of, mode, Some(&refs(tracked)), None, &refs(raw)) != Standing::Foreign
            };
            if [&a, &b, &c].into_iter().all(|raw| is_version(raw)) {
                prop_assert_eq!(stands(&a, &a), Standing::Same);
                prop_assert_eq!(stands(&a, &b) == Standing::Higher, stands(&b, &a) == Standing::Lower);
                prop_assert_eq!(stands(&a, &b) == Standing::Same, stands(&b, &a) == Standing::Same);
                let not_lower = |current: &str, candidate: &str| stands(current, candidate) != Standing::Lower;
                if not_lower(&a, &b) && not_lower(&b, &c) {
                    prop_assert!(not_lower(&a, &c), "{:?} {} {} {}", mode, a, b, c);
                }
            }
        }
    }
}
