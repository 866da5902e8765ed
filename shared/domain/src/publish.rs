//! What follows from a registered build: which editions move, and what the caller is told.

use jiff::Timestamp;

use crate::automatic::{Automatic, NoEdition, Origin, automatic};
use crate::build::{Build, BuildError};
use crate::edition::{Cause, Edition, Verdict};
use crate::id::{EditionId, ManifestId};
use crate::rules::Rules;
use crate::task::{Note, NoteCode};

/// The outcome of registering a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The build, which now has a manifest.
    pub build: Build,
    /// The editions that move to it, re-pointed, and why.
    pub moves: Vec<(Edition, Cause)>,
    /// The pinned editions that follow it when they are unpinned, with the build among those that wait.
    pub waits: Vec<Edition>,
    /// What the caller should know.
    pub notes: Vec<Note>,
}

/// Decides which editions move to a build whose files are known.
///
/// `asked_for` are editions that somebody wants moved to it, whatever they track.
///
/// # Errors
/// When the build may not be published.
pub fn register(
    rules: &Rules,
    build: Build,
    manifest: &ManifestId,
    editions: Vec<Edition>,
    asked_for: &[EditionId],
    now: Timestamp,
) -> Result<Registered, BuildError> {
    let build = build.confirm_upload(now)?;
    let mut moves = Vec::new();
    let mut waits = Vec::new();
    let mut notes = Vec::new();
    let own = automatic(rules, Origin::from(&build), &editions);
    let moved = |edition: Edition, cause| (edition.repoint(&build, manifest.clone(), cause), cause);
    for edition in editions {
        let wanted = asked_for.contains(&edition.id) && edition.ended_at.is_none();
        match edition.judge(rules, &build) {
            Verdict::Moves => moves.push(moved(edition, Cause::Tracking)),
            Verdict::Waits => {
                notes.push(pinned(&edition, "the build waits until it is unpinned"));
                waits.push(edition.wait(rules, &build));
            }
            Verdict::Older | Verdict::NotTracked if wanted && edition.may_show(build.id) => {
                moves.push(moved(edition, Cause::Person));
            }
            // Somebody pinned it after the build was named.
            Verdict::Older | Verdict::NotTracked if wanted => {
                notes.push(pinned(&edition, "unpin it to show the build"));
            }
            Verdict::Older => notes.push(has_newer(&edition)),
            Verdict::NotTracked => {}
        }
    }
    if moves.is_empty() && notes.is_empty() {
        notes.push(nobody_follows(&own));
    }
    notes.extend(own.without.as_ref().and_then(slug_taken));
    let build = Build {
        manifest: Some(manifest.clone()),
        ..build
    };
    Ok(Registered {
        build,
        moves,
        waits,
        notes,
    })
}

fn shown(edition: &Edition) -> String {
    let pointer = edition.desired.as_ref();
    pointer.map_or_else(String::new, |pointer| format!(" (build {})", pointer.build))
}

fn has_newer(edition: &Edition) -> Note {
    Note {
        code: NoteCode::EditionHasNewer,
        message: format!(
            "edition {} already has a newer build{} and stays there",
            edition.slug,
            shown(edition)
        ),
    }
}

fn pinned(edition: &Edition, what_then: &str) -> Note {
    Note {
        code: NoteCode::EditionPinned,
        message: format!(
            "edition {} is pinned where it is{}; {what_then}",
            edition.slug,
            shown(edition)
        ),
    }
}

fn nobody_follows(own: &Automatic) -> Note {
    let message = match (&own.without, own.births.first()) {
        (Some(why), _) => format!("no edition follows this build: {why}"),
        (None, Some(born)) => format!(
            "no edition follows this build; create one that tracks its refs, for example with slug {:?}",
            born.slug.as_str()
        ),
        (None, None) => "no edition follows this build; create one that tracks its refs".to_owned(),
    };
    Note {
        code: NoteCode::NoEditionFollows,
        message: format!("{message}, or point an edition at it with build_url"),
    }
}

fn slug_taken(why: &NoEdition) -> Option<Note> {
    match why {
        NoEdition::Taken { .. } | NoEdition::Held { .. } => Some(Note {
            code: NoteCode::SlugTaken,
            message: format!("the build has no edition of its own: {why}"),
        }),
        NoEdition::Unnamed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::BuildState;
    use crate::edition::Tracking;
    use crate::git::GitRefs;
    use crate::id::{BuildId, Generation, Revision, SurrogateKey};
    use crate::kind::Retention;
    use crate::rules::tests::rules;
    use crate::tracking::TrackingMode;
    use proptest::prelude::*;

    fn build(id: u64, git_ref: &str) -> Build {
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
            state: BuildState::Uploaded {
                at: Timestamp::UNIX_EPOCH,
            },
            manifest: None,
            artifacts: crate::artifact::Artifacts::default(),
            upload: crate::upload::Upload::Files,
            doom: None,
            revision: Revision::NEW,
        }
    }

    fn edition(mode: TrackingMode) -> Edition {
        Edition {
            id: EditionId(1),
            organization: "default".parse().unwrap(),
            product: "alpha".parse().unwrap(),
            slug: "main".parse().unwrap(),
            title: "Latest".parse().unwrap(),
            tracking: Tracking {
                mode,
                refs: Some(GitRefs::parse(&["main"]).unwrap()),
                alternate: None,
            },
            kind: None,
            retention: Retention::Applies,
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
            renaming: None,
            former: Vec::new(),
            stale_keys: Vec::new(),
            failure: None,
            doom: None,
            revision: Revision::NEW,
        }
    }

    fn manifest() -> ManifestId {
        ManifestId::from_bytes([3; 16])
    }

    fn arrive(edition: Edition, build: Build) -> Edition {
        let registered = register(
            &rules(),
            build,
            &manifest(),
            vec![edition.clone()],
            &[],
            Timestamp::UNIX_EPOCH,
        )
        .unwrap();
        let moved = registered.moves.into_iter().map(|(edition, _)| edition);
        moved.chain(registered.waits).next().unwrap_or(edition)
    }

    fn shown(edition: &Edition) -> Option<u64> {
        edition.desired.as_ref().map(|pointer| pointer.build.0)
    }

    /// Invariant 1.
    #[test]
    fn a_late_older_build_never_takes_an_edition_back() {
        let edition = arrive(
            arrive(edition(TrackingMode::GitRefs), build(5, "main")),
            build(4, "main"),
        );
        assert_eq!(shown(&edition), Some(5));
    }

    #[test]
    fn the_same_build_again_is_a_new_publication_of_it() {
        let once = arrive(edition(TrackingMode::GitRefs), build(5, "main"));
        let twice = arrive(once.clone(), build(5, "main"));
        assert_eq!(shown(&twice), Some(5));
        assert_eq!(twice.generation, once.generation.next());
    }

    #[test]
    fn after_a_person_went_back_a_late_build_between_does_not_slip_in_but_a_new_one_does() {
        let edition = arrive(edition(TrackingMode::GitRefs), build(5, "main"));
        let back = edition.repoint(&build(3, "main"), manifest(), Cause::Person);
        let late = arrive(back.clone(), build(4, "main"));
        assert_eq!(shown(&late), Some(3));
        assert_eq!(shown(&arrive(back, build(6, "main"))), Some(6));
    }

    #[test]
    fn a_newer_build_of_a_lower_version_does_not_keep_a_version_from_being_published_again() {
        let edition = arrive(edition(TrackingMode::LsstDoc), build(3, "v0.5"));
        let edition = arrive(arrive(edition, build(1, "v1.0")), build(2, "v1.0"));
        assert_eq!(shown(&edition), Some(2));
    }

    #[test]
    fn an_ended_edition_follows_nothing() {
        let ended = edition(TrackingMode::GitRefs).end(Timestamp::UNIX_EPOCH);
        assert_eq!(shown(&arrive(ended, build(1, "main"))), None);
    }

    #[test]
    fn a_build_that_nobody_follows_says_so() {
        let registered = register(
            &rules(),
            build(1, "x"),
            &manifest(),
            vec![edition(TrackingMode::GitRefs)],
            &[],
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(registered.unwrap().notes[0].code, NoteCode::NoEditionFollows);
    }

    #[test]
    fn an_edition_that_was_asked_for_moves_whatever_it_tracks() {
        let manual = edition(TrackingMode::Manual);
        let registered = register(
            &rules(),
            build(1, "x"),
            &manifest(),
            vec![manual],
            &[EditionId(1)],
            Timestamp::UNIX_EPOCH,
        )
        .unwrap();
        let (edition, cause) = &registered.moves[0];
        assert_eq!((shown(edition), *cause), (Some(1), Cause::Person));
    }

    fn highest(mode: TrackingMode, arrivals: &[(u64, String)]) -> Option<u64> {
        let last = arrivals.iter().fold(edition(mode), |edition, (id, git_ref)| {
            arrive(edition, build(*id, git_ref))
        });
        shown(&last)
    }

    fn pinned_at(edition: Edition) -> Edition {
        edition.pin(Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_pinned_edition_stays_and_its_followers_are_told() {
        let pinned = pinned_at(arrive(edition(TrackingMode::GitRefs), build(1, "main")));
        let registered = |edition: &Edition, build: Build, asked_for: &[EditionId]| {
            let now = Timestamp::UNIX_EPOCH;
            register(
                &rules(),
                build,
                &manifest(),
                vec![edition.clone()],
                asked_for,
                now,
            )
            .unwrap()
        };
        let follows = registered(&pinned, build(2, "main"), &[]);
        assert!(follows.moves.is_empty());
        assert_eq!(follows.notes[0].code, NoteCode::EditionPinned);
        assert_eq!(follows.waits[0].waiting(), Some(BuildId(2)));
        assert_eq!(shown(&follows.waits[0]), Some(1));
        // Also when somebody named the build before the edition was pinned.
        let named = registered(&pinned, build(3, "x"), &[EditionId(1)]);
        assert!(named.moves.is_empty() && named.waits.is_empty());
        assert_eq!(named.notes[0].code, NoteCode::EditionPinned);
    }

    #[test]
    fn the_build_that_waited_before_the_last_is_next_when_that_is_deleted() {
        let pinned = pinned_at(arrive(edition(TrackingMode::LsstDoc), build(1, "v1.0")));
        let pinned = [
            (5, "v1.2"),
            (3, "v1.3"),
            (4, "v0.9"),
            (6, "v1.1"),
            (2, "v1.3"),
            (5, "v1.2"),
        ]
        .into_iter()
        .fold(pinned, |edition, (id, git_ref)| {
            arrive(edition, build(id, git_ref))
        });
        let (_, waiting) = pinned.unpin();
        let builds: Vec<u64> = waiting.iter().map(|waiting| waiting.build.0).collect();
        assert_eq!(builds, [3, 2, 5, 6]);
    }

    #[test]
    fn what_shows_nothing_or_has_ended_cannot_be_pinned_and_pinning_twice_keeps_what_waits() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(edition(TrackingMode::GitRefs).pin(now).is_err());
        let shows = arrive(edition(TrackingMode::GitRefs), build(1, "main"));
        assert!(shows.clone().end(now).pin(now).is_err());
        let waits = arrive(pinned_at(shows), build(2, "main"));
        assert_eq!(waits.clone().pin(now), Ok(waits));
    }

    proptest! {
        /// Whatever comes while an edition is pinned, unpinning shows what tracking alone would have shown, at once.
        #[test]
        fn a_storm_while_pinned_ends_where_tracking_alone_would_have(
            mode in prop::sample::select(vec![
                TrackingMode::LsstDoc, TrackingMode::SemverRelease, TrackingMode::GitRefs, TrackingMode::GitRef,
            ]),
            before in proptest::collection::vec(("main|v[0-2]\\.[0-4]\\.[01]", 1u64..40), 1..4),
            storm in proptest::collection::vec(("main|x|v[0-2]\\.[0-4]\\.[01]", 1u64..40), 20),
            gone_back in any::<bool>(),
        ) {
            // A build keeps its refs however often it comes.
            let mut refs = std::collections::BTreeMap::new();
            let mut fixed = |(git_ref, id): &(String, u64)| {
                let git_ref = refs.entry(*id).or_insert_with(|| git_ref.clone());
                build(*id, git_ref)
            };
            let before: Vec<Build> = before.iter().map(&mut fixed).collect();
            let storm: Vec<Build> = storm.iter().map(&mut fixed).collect();
            let mut start = before.iter().cloned().fold(edition(mode), arrive);
            if gone_back || start.desired.is_none() {
                start = start.repoint(&before[0], manifest(), Cause::Person);
            }
            let free = storm.iter().cloned().fold(start.clone(), arrive);
            let pinned = storm.iter().cloned().fold(pinned_at(start.clone()), arrive);
            prop_assert_eq!((shown(&pinned), pinned.generation), (shown(&start), start.generation));
            let (freed, waiting) = pinned.unpin();
            let target = waiting.first().map(|waiting| waiting.build.0);
            prop_assert_eq!(target.or(shown(&start)), shown(&free));
            prop_assert_eq!(target.is_some(), free.generation > start.generation);
            prop_assert_eq!(freed.pin, None);
        }

        /// Invariant 1 for refs: whatever the order and however often they arrive, the last registered wins.
        #[test]
        fn the_order_of_arrival_does_not_matter_for_refs(ids in proptest::collection::vec(1u64..20, 1..12)) {
            let arrivals: Vec<_> = ids.iter().map(|id| (*id, "main".to_owned())).collect();
            prop_assert_eq!(highest(TrackingMode::GitRefs, &arrivals), ids.iter().max().copied());
        }

        /// Invariant 1 for versions: the highest wins, and among builds of one tag the last registered.
        #[test]
        fn the_order_of_arrival_does_not_matter_for_versions(
            versions in proptest::collection::vec((0u64..4, 0u64..12), 1..10),
            order in any::<prop::sample::Index>(),
        ) {
            let mut arrivals: Vec<(u64, String)> =
                versions.iter().zip(1..).map(|((a, b), id)| (id, format!("v{a}.{b}"))).collect();
            let (_, best) = versions.iter().zip(1u64..).max().unwrap();
            let at = order.index(arrivals.len());
            arrivals.rotate_left(at);
            prop_assert_eq!(highest(TrackingMode::LsstDoc, &arrivals), Some(best));
        }
    }
}
