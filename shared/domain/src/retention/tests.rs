use super::*;
use crate::edition::{Pointer, Reached, Tracking};
use crate::git::GitRefs;
use crate::id::{Generation, ManifestId, Revision, SurrogateKey};
use crate::pin::{Pin, Waiting};
use crate::registry::Trains;
use crate::rules::SemverEditions;
use crate::slug_rules::SlugRules;
use crate::tracking::{LsstDocGrammar, TrackingMode};

const NOW: Timestamp = Timestamp::constant(1_767_268_800, 0);

fn days_ago(days: i64) -> Timestamp {
    NOW - SignedDuration::from_hours(24 * days)
}

/// A product with nothing in it.
pub(super) fn survey() -> Survey {
    Survey {
        product_ended_at: None,
        product_doom: None,
        tracking: Rules {
            default_edition: "main".parse().unwrap(),
            slugs: SlugRules::default(),
            semver_editions: SemverEditions::Off,
            lsst_doc: LsstDocGrammar::default(),
            derive: crate::artifact::Derivation::none(),
            trains: Trains::new(),
        },
        editions: Vec::new(),
        builds: Known::Known(Vec::new()),
        histories: Known::Known(Vec::new()),
        busy: Known::Known(BTreeSet::new()),
        in_use: Known::Known(InUse::default()),
    }
}

/// A build that is being uploaded.
pub(super) fn build(id: u64, git_ref: &str) -> Build {
    Build {
        id: BuildId(id),
        organization: "default".parse().unwrap(),
        product: "alpha".parse().unwrap(),
        slug: id.to_string().parse().unwrap(),
        git_refs: GitRefs::parse(&[git_ref]).unwrap(),
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

/// An edition that shows nothing.
pub(super) fn edition(id: u64, slug: &str, git_ref: &str) -> Edition {
    Edition {
        id: EditionId(id),
        organization: "default".parse().unwrap(),
        product: "alpha".parse().unwrap(),
        slug: slug.parse().unwrap(),
        title: slug.parse().unwrap(),
        tracking: Tracking {
            mode: TrackingMode::GitRefs,
            refs: Some(GitRefs::parse(&[git_ref]).unwrap()),
            alternate: None,
        },
        kind: None,
        retention: Retention::Applies,
        former: Vec::new(),
        renaming: None,
        stale_keys: Vec::new(),
        surrogate_key: SurrogateKey::from_bytes([2; 16]),
        created_at: Timestamp::UNIX_EPOCH,
        ended_at: None,
        generation: Generation::NONE,
        desired: None,
        copied: None,
        published: None,
        attempts: vec![],
        newest_seen: None,
        pin: None,
        failure: None,
        doom: None,
        revision: Revision::NEW,
    }
}

fn uploaded(id: u64, git_ref: &str, at: Timestamp) -> Build {
    Build {
        created_at: at,
        state: BuildState::Uploaded { at },
        ..build(id, git_ref)
    }
}

fn pointer(id: u64) -> Pointer {
    Pointer {
        build: BuildId(id),
        build_slug: id.to_string().parse().unwrap(),
        manifest: ManifestId::from_bytes([3; 16]),
        git_refs: GitRefs::parse(&["main"]).unwrap(),
        generation: Generation(1),
        formats: std::collections::BTreeMap::new(),
    }
}

fn reached(id: u64) -> Reached {
    Reached {
        pointer: pointer(id),
        at: days_ago(100),
    }
}

fn of(builds: Vec<Build>, editions: Vec<Edition>) -> Survey {
    Survey {
        editions,
        builds: Known::Known(builds),
        ..survey()
    }
}

/// Everything that can go, goes soon.
fn strict() -> RetentionRules {
    let days = |days| Some(Days::new(days).unwrap());
    RetentionRules {
        end_drafts_after_days: days(30),
        delete_unreferenced_builds_after_days: days(10),
        keep_newest_builds: 0,
        ..RetentionRules::default()
    }
}

fn actions(survey: &Survey, rules: &RetentionRules) -> Vec<Action> {
    let effects = decide(survey, rules, NOW).unwrap();
    effects.into_iter().map(|effect| effect.action).collect()
}

#[test]
fn by_default_only_what_was_never_uploaded_or_deleted_on_purpose_goes() {
    let ended = |id, days| uploaded(id, "main", days_ago(400)).end(days_ago(days));
    let old = Build {
        created_at: days_ago(8),
        ..build(2, "main")
    };
    let young = Build {
        created_at: days_ago(6),
        ..build(3, "main")
    };
    let builds = vec![
        uploaded(1, "main", days_ago(1000)),
        old,
        young,
        ended(4, 31),
        ended(5, 29),
    ];
    let gone = edition(2, "old", "old").end(days_ago(31));
    let undoable = edition(3, "new", "new").end(days_ago(29));
    let draft = edition(4, "draft", "draft");
    let survey = of(builds, vec![edition(1, "main", "main"), gone, undoable, draft]);
    assert_eq!(
        actions(&survey, &RetentionRules::default()),
        [
            Action::MarkBuild(BuildId(2)),
            Action::MarkBuild(BuildId(4)),
            Action::MarkEdition(EditionId(2))
        ]
    );
}

#[test]
fn whatever_refers_to_a_build_protects_it() {
    let old = || vec![uploaded(7, "x", days_ago(100))];
    let plain = edition(1, "main", "main");
    assert_eq!(
        actions(&of(old(), vec![plain.clone()]), &strict()),
        [Action::MarkBuild(BuildId(7))]
    );
    let waiting = Waiting {
        build: BuildId(7),
        slug: "7".parse().unwrap(),
        git_refs: GitRefs::parse(&["x"]).unwrap(),
    };
    let pin = Pin {
        at: days_ago(50),
        waiting: vec![waiting],
    };
    for referring in [
        Edition {
            desired: Some(pointer(7)),
            ..plain.clone()
        },
        Edition {
            copied: Some(reached(7)),
            ..plain.clone()
        },
        Edition {
            published: Some(reached(7)),
            ..plain.clone()
        },
        Edition {
            attempts: vec![reached(7)],
            ..plain.clone()
        },
        Edition {
            pin: Some(pin),
            ..plain.clone()
        },
        Edition {
            desired: Some(pointer(7)),
            ..plain.clone()
        }
        .end(days_ago(5)),
    ] {
        assert_eq!(
            actions(&of(old(), vec![referring.clone()]), &strict()),
            [],
            "{referring:?}"
        );
    }
    let busy = Survey {
        busy: Known::Known(BTreeSet::from([BuildId(7)])),
        ..of(old(), vec![plain.clone()])
    };
    assert_eq!(actions(&busy, &strict()), []);
    let moved = Moved {
        edition: EditionId(1),
        pointer: pointer(7),
        cause: Cause::Tracking,
        by: None,
        at: days_ago(100),
    };
    let remembered = Survey {
        histories: Known::Known(vec![moved]),
        ..of(old(), vec![plain])
    };
    assert_eq!(actions(&remembered, &strict()), []);
    let newest = RetentionRules {
        keep_newest_builds: 1,
        ..strict()
    };
    assert_eq!(actions(&of(old(), vec![]), &newest), []);
}

#[test]
fn only_a_draft_that_nobody_holds_on_to_ends() {
    let main = edition(1, "main", "main");
    let draft = edition(2, "a", "a");
    let shown = |edition: Edition| Edition {
        desired: Some(pointer(1)),
        published: Some(reached(1)),
        ..edition
    };
    let with = |edition: Edition, days| {
        of(
            vec![uploaded(1, "a", days_ago(days))],
            vec![main.clone(), edition],
        )
    };
    let ends = [Action::EndEdition(EditionId(2))];
    assert_eq!(actions(&with(shown(draft.clone()), 30), &strict()), ends);
    assert_eq!(actions(&with(shown(draft.clone()), 29), &strict()), []);
    for held in [
        shown(Edition {
            slug: "main".parse().unwrap(),
            ..draft.clone()
        }),
        shown(edition(2, "v1.0", "v1.0")),
        shown(draft.clone()).pin(NOW).unwrap(),
        // On its way.
        Edition {
            desired: Some(pointer(1)),
            ..draft.clone()
        },
        shown(Edition {
            created_at: days_ago(1),
            ..draft.clone()
        }),
        shown(Edition {
            tracking: Tracking {
                mode: TrackingMode::Manual,
                refs: None,
                alternate: None,
            },
            ..draft.clone()
        }),
    ] {
        assert_eq!(actions(&with(held.clone(), 300), &strict()), [], "{held:?}");
    }
    // The build that it shows is the latest release of a train.
    let released = Survey {
        in_use: Known::Known(InUse {
            latest: BTreeSet::from([BuildId(1)]),
            ..InUse::default()
        }),
        ..with(shown(draft.clone()), 300)
    };
    assert_eq!(actions(&released, &strict()), []);
    let moved = |cause| Moved {
        edition: EditionId(2),
        pointer: pointer(1),
        cause,
        by: None,
        at: days_ago(1),
    };
    for (cause, wanted) in [(Cause::Restore, &[][..]), (Cause::Repair, &ends)] {
        let moved = Survey {
            histories: Known::Known(vec![moved(cause)]),
            ..with(shown(draft.clone()), 300)
        };
        assert_eq!(actions(&moved, &strict()), wanted, "{cause:?}");
    }
}

#[test]
fn what_is_marked_waits_is_looked_at_again_and_only_then_deleted() {
    let marked = |hours: i64| Build {
        doom: Some(Doom::Marked {
            at: NOW - SignedDuration::from_hours(hours),
        }),
        ..uploaded(1, "x", days_ago(100))
    };
    assert_eq!(actions(&of(vec![marked(23)], vec![]), &strict()), []);
    assert_eq!(
        actions(&of(vec![marked(24)], vec![]), &strict()),
        [Action::DeleteBuild(BuildId(1))]
    );
    let shows = Edition {
        desired: Some(pointer(1)),
        ..edition(1, "main", "main")
    };
    assert_eq!(
        actions(&of(vec![marked(48)], vec![shows.clone()]), &strict()),
        [Action::SpareBuild(BuildId(1))]
    );
    // There is no way back from a deletion that has begun.
    let half_gone = Build {
        doom: Some(Doom::Deleting { at: NOW }),
        ..uploaded(1, "x", days_ago(100))
    };
    assert_eq!(
        actions(&of(vec![half_gone], vec![shows]), &RetentionRules::default()),
        [Action::DeleteBuild(BuildId(1))]
    );
}

#[test]
fn the_files_of_a_slug_stay_as_long_as_anybody_with_that_slug_can_have_readers() {
    let doomed = Edition {
        doom: Some(Doom::Marked { at: days_ago(2) }),
        ..edition(1, "x", "x").end(days_ago(60))
    };
    let files = |namesake: Option<Edition>| {
        let editions = std::iter::once(doomed.clone()).chain(namesake).collect();
        actions(&of(vec![], editions), &RetentionRules::default())[0]
    };
    let left = Action::DeleteEdition(EditionId(1), EditionFiles::LeftToAnother);
    let deleted = Action::DeleteEdition(EditionId(1), EditionFiles::Deleted);
    let namesake = edition(2, "x", "x");
    assert_eq!(files(None), deleted);
    assert_eq!(files(Some(edition(2, "x1", "x"))), deleted);
    assert_eq!(files(Some(namesake.clone())), left);
    assert_eq!(files(Some(namesake.clone().end(days_ago(3)))), left);
    let both = of(vec![], vec![doomed.clone(), namesake.end(days_ago(40))]);
    assert_eq!(
        actions(&both, &RetentionRules::default()),
        [Action::MarkEdition(EditionId(2)), deleted]
    );
}

#[test]
fn invariant_8_whatever_is_unknown_stops_everything() {
    let why = || "the list broke off".to_owned();
    let known = of(
        vec![build(1, "x")],
        vec![edition(1, "old", "old").end(days_ago(90))],
    );
    assert_eq!(actions(&known, &strict()).len(), 2);
    for unknown in [
        Survey {
            builds: Known::Unknown(why()),
            ..known.clone()
        },
        Survey {
            histories: Known::Unknown(why()),
            ..known.clone()
        },
        Survey {
            busy: Known::Unknown(why()),
            ..known.clone()
        },
        Survey {
            in_use: Known::Unknown(why()),
            ..known.clone()
        },
    ] {
        let error = decide(&unknown, &strict(), NOW).unwrap_err();
        assert!(error.to_string().starts_with("the list broke off"), "{error}");
    }
}

#[test]
fn a_deleted_product_stays_whole_until_it_goes_as_a_whole() {
    let parts = of(
        vec![build(1, "x")],
        vec![edition(1, "old", "old").end(days_ago(90))],
    );
    let ended = |days, doom| Survey {
        product_ended_at: Some(days_ago(days)),
        product_doom: doom,
        ..parts.clone()
    };
    let marked = |days| Some(Doom::Marked { at: days_ago(days) });
    // At the last moment that it can be restored it is whole.
    assert_eq!(actions(&ended(30, None), &strict()), []);
    assert_eq!(actions(&ended(31, None), &strict()), [Action::MarkProduct]);
    assert_eq!(actions(&ended(31, marked(0)), &strict()), []);
    assert_eq!(actions(&ended(31, marked(1)), &strict()), [Action::DeleteProduct]);
    let busy = Survey {
        busy: Known::Known(BTreeSet::from([BuildId(1)])),
        ..ended(31, marked(1))
    };
    assert_eq!(actions(&busy, &strict()), [Action::SpareProduct]);
    let half_gone = Survey {
        product_doom: Some(Doom::Deleting { at: NOW }),
        ..parts.clone()
    };
    assert_eq!(actions(&half_gone, &strict()), [Action::DeleteProduct]);
    let restored = Survey {
        product_doom: marked(1),
        ..of(vec![], vec![])
    };
    assert_eq!(actions(&restored, &strict()), [Action::SpareProduct]);
}

#[test]
fn every_effect_says_why() {
    let effects = decide(&of(vec![build(1, "x")], vec![]), &strict(), NOW).unwrap();
    assert_eq!(
        effects[0].reason,
        "build 1 was registered at 1970-01-01T00:00:00Z, more than 7 days ago, and never uploaded"
    );
}
