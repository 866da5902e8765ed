//! Ten thousand random histories against a model that knows nothing of the rules' code: it writes down beside each
//! event which builds an edition needs, and says at each deletion whether somebody needed that.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::tests::{build, edition, survey};
use super::*;
use crate::edition::{Objects, UNDO_TIME};
use crate::id::ManifestId;
use crate::pin::Waiting;
use crate::publish;

const HISTORIES: u64 = 10_000;
const STEPS: u64 = 40;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What an edition needs, as the events say.
#[derive(Debug, Clone, Default)]
struct Needs {
    desired: Option<BuildId>,
    copied: Option<BuildId>,
    published: Option<BuildId>,
    begun: BTreeSet<BuildId>,
    waits: BTreeSet<BuildId>,
    moves: Vec<(BuildId, Timestamp)>,
}

impl Needs {
    fn all(&self, rules: &RetentionRules, now: Timestamp) -> BTreeSet<BuildId> {
        let newest_first = self.moves.iter().rev().enumerate();
        let moved = newest_first.filter(|(nth, (_, at))| {
            let young = |days| now.duration_since(*at) < DAY * i32::try_from(u32::from(days)).unwrap();
            match (rules.history_protects_days, rules.history_protects_moves) {
                (None, None) => true,
                (days, moves) => days.is_some_and(young) || moves.is_some_and(|moves| *nth < moves as usize),
            }
        });
        let moved = moved.map(|(_, (build, _))| *build);
        let shown = [self.desired, self.copied, self.published].into_iter().flatten();
        let all = shown.chain(moved).chain(self.begun.iter().copied());
        all.chain(self.waits.iter().copied()).collect()
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        // Splitmix64 (<https://prng.di.unimi.it/splitmix64.c>).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn one<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let n = u64::try_from(all.len()).unwrap();
        (n > 0).then(|| &all[usize::try_from(self.below(n)).unwrap()])
    }

    fn days(&mut self, from: u64, to: u64) -> Option<Days> {
        let days = u32::try_from(from + self.below(to - from)).unwrap();
        (self.below(4) > 0).then(|| Days::new(days).unwrap())
    }

    fn rules(&mut self) -> RetentionRules {
        RetentionRules {
            end_drafts_after_days: self.days(1, 30),
            delete_unreferenced_builds_after_days: self.days(1, 20),
            keep_newest_builds: u32::try_from(self.below(4)).unwrap(),
            delete_never_uploaded_after_days: self.days(2, 10),
            delete_ended_after_days: self.days(30, 40),
            history_protects_days: self.days(1, 30),
            history_protects_moves: (self.below(2) > 0).then(|| u32::try_from(self.below(4)).unwrap()),
            use_protects_days: self.days(1, 30),
            unverified_use_protects: false,
        }
    }
}

struct Product {
    random: Random,
    rules: RetentionRules,
    now: Timestamp,
    survey: Survey,
    needs: BTreeMap<EditionId, Needs>,
    /// When an installation last said that it runs `v1.0`.
    used_at: Option<Timestamp>,
    deleted: u64,
}

impl Product {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut product = Self {
            rules: random.rules(),
            random,
            now: Timestamp::UNIX_EPOCH,
            survey: survey(),
            needs: BTreeMap::new(),
            used_at: None,
            deleted: 0,
        };
        product.new_edition("main", "main");
        product
    }

    fn builds(&mut self) -> &mut Vec<Build> {
        match &mut self.survey.builds {
            Known::Known(builds) => builds,
            Known::Unknown(why) => panic!("{why}"),
        }
    }

    fn new_edition(&mut self, slug: &str, git_ref: &str) {
        let id = self.needs.keys().next_back().map_or(1, |id| id.0 + 1);
        let new = Edition {
            created_at: self.now,
            ..edition(id, slug, git_ref)
        };
        self.needs.insert(new.id, Needs::default());
        self.survey.editions.push(new);
    }

    fn moved(&mut self, edition: Edition, cause: Cause) {
        let moved = Moved::of(&edition, cause, None, self.now).unwrap();
        let needs = self.needs.get_mut(&edition.id).unwrap();
        needs.desired = Some(moved.pointer.build);
        needs.moves.push((moved.pointer.build, self.now));
        match &mut self.survey.histories {
            Known::Known(moves) => moves.insert(0, moved),
            Known::Unknown(why) => panic!("{why}"),
        }
        self.put(edition);
    }

    fn put(&mut self, edition: Edition) {
        let mut stored = self.survey.editions.iter_mut();
        let stored = stored.find(|stored| stored.id == edition.id).unwrap();
        *stored = edition;
    }

    fn any_edition(&mut self) -> Option<Edition> {
        let Self { random, survey, .. } = self;
        random.one(&survey.editions).cloned()
    }

    fn any_build(&mut self) -> Option<Build> {
        let builds = self.builds().clone();
        self.random.one(&builds).cloned()
    }

    fn step(&mut self) {
        match self.random.below(14) {
            0 | 1 => self.register(),
            2 | 3 => self.upload(),
            4 => self.copy(),
            5 => self.show_again(),
            6 => self.pin_or_unpin(),
            7 => self.end_edition(),
            8 => self.restore(),
            9 => self.end_build(),
            10 | 11 => self.now += DAY * i32::try_from(1 + self.random.below(15)).unwrap(),
            12 => self.used_at = Some(self.now),
            _ => self.retain(),
        }
    }

    /// What the registry says at this moment, as it is asked.
    fn ask_the_registry(&mut self) {
        let since = self.rules.used_since(self.now);
        let is_used = self.used_at.zip(since).is_some_and(|(at, since)| at >= since);
        let versions = is_used.then(|| "1.0".parse().unwrap()).into_iter().collect();
        self.survey.in_use = Known::Known(InUse {
            versions,
            ..InUse::default()
        });
    }

    /// Whether an installation still runs what a build documents, or did so within the time that the rules give.
    fn is_run(&self, build: &Build) -> bool {
        let within = |days: Days| {
            let length = DAY * i32::try_from(u32::from(days)).unwrap();
            self.used_at
                .is_some_and(|at| self.now.duration_since(at) < length)
        };
        build.git_refs.first().as_str() == "v1.0" && self.rules.use_protects_days.is_some_and(within)
    }

    fn register(&mut self) {
        let git_ref = *self.random.one(&["main", "a", "b", "v1.0"]).unwrap();
        let has_edition = |edition: &Edition| edition.holds_slug() && edition.slug.as_str() == git_ref;
        if !self.survey.editions.iter().any(has_edition) {
            self.new_edition(git_ref, git_ref);
        }
        let now = self.now;
        // Numbers are never used again, so a deleted build's must not be either.
        let id = self.deleted + u64::try_from(self.builds().len()).unwrap() + 1;
        self.builds().push(Build {
            created_at: now,
            ..build(id, git_ref)
        });
    }

    fn upload(&mut self) {
        let Some(build) = self.any_build() else { return };
        let (manifest, editions) = (manifest(&build), self.survey.editions.clone());
        // The confirmation of an upload that was only marked spares it.
        let is_late = matches!(
            (&build.state, build.doom),
            (BuildState::Uploading, Some(Doom::Marked { .. }))
        );
        let doomed = build.doom.is_some() && !is_late;
        let rules = &self.survey.tracking;
        let Ok(registered) = publish::register(rules, build, &manifest, editions, &[], self.now) else {
            return;
        };
        assert!(!doomed, "a marked build was registered");
        assert!(registered.build.doom.is_none(), "it was not spared");
        for edition in registered.waits {
            let needs = self.needs.get_mut(&edition.id).unwrap();
            needs.waits.insert(registered.build.id);
            self.put(edition);
        }
        for (edition, cause) in registered.moves {
            self.moved(edition, cause);
        }
        let stored = self.build(registered.build.id);
        *stored = registered.build;
    }

    /// A copy begins, and perhaps arrives, and perhaps its purge is accepted.
    fn copy(&mut self) {
        let Some(edition) = self.any_edition() else { return };
        let (Some(pointer), None) = (edition.desired.clone(), edition.ended_at) else {
            return;
        };
        let needs = self.needs.get_mut(&edition.id).unwrap();
        let mut edition = edition.begin_copy(&pointer, self.now);
        needs.begun.insert(pointer.build);
        if self.random.below(4) > 0 {
            edition = edition.finish_copy(&pointer, self.now);
            needs.begun.clear();
            needs.copied = Some(pointer.build);
            if self.random.below(4) > 0 {
                edition = edition.finish_purge(&pointer, self.now);
                needs.published = Some(pointer.build);
            }
        }
        self.put(edition);
    }

    /// Somebody names a build. A mark that came after the look at it does not stop the move.
    fn show_again(&mut self) {
        let Some(edition) = self.any_edition() else { return };
        let Some(build) = self.any_build() else { return };
        let marked_just_now = match build.doom {
            Some(Doom::Marked { at }) => self.now.duration_since(at) < SignedDuration::from_mins(15),
            Some(Doom::Deleting { .. }) | None => false,
        };
        let before_the_mark = Build {
            doom: None,
            ..build.clone()
        };
        let may = build.publishable().is_ok() || marked_just_now && before_the_mark.publishable().is_ok();
        if may && edition.ended_at.is_none() && edition.may_show(build.id) {
            let cause = *self.random.one(&[Cause::Person, Cause::Rollback]).unwrap();
            self.moved(edition.repoint(&build, manifest(&build), cause), cause);
        }
    }

    fn pin_or_unpin(&mut self) {
        let Some(edition) = self.any_edition() else { return };
        if edition.pin.is_none() {
            if let Ok(pinned) = edition.pin(self.now) {
                self.put(pinned);
            }
            return;
        }
        let (edition, waiting) = edition.unpin();
        self.needs.get_mut(&edition.id).unwrap().waits.clear();
        let builds = self.builds().clone();
        let publishable = |waiting: &Waiting| {
            let found = builds.iter().find(|build| build.id == waiting.build);
            found.filter(|build| build.publishable().is_ok())
        };
        let waits = !waiting.is_empty();
        let next = waiting.iter().find_map(publishable);
        self.put(edition.clone());
        if let (Some(build), None) = (next, edition.ended_at) {
            let moved = edition.repoint(build, manifest(build), Cause::Unpin);
            self.moved(moved, Cause::Unpin);
        } else if waits {
            let all_ended = waiting.iter().all(|waiting| {
                let build = builds.iter().find(|build| build.id == waiting.build);
                build.expect("what waits is not deleted").publishable().is_err()
            });
            assert!(all_ended || edition.ended_at.is_some());
        }
    }

    fn end_edition(&mut self) {
        if let Some(edition) = self.any_edition() {
            self.put(edition.end(self.now));
        }
    }

    fn restore(&mut self) {
        let Some(edition) = self.any_edition() else { return };
        let others = self.survey.editions.iter().filter(|other| other.id != edition.id);
        let taken = others
            .clone()
            .any(|other| other.slug == edition.slug && other.holds_slug());
        if edition.ended_at.is_none() || taken {
            return;
        }
        if let Ok(restored) = edition.restore(Objects::Own, self.now) {
            self.put(restored);
        }
    }

    fn end_build(&mut self) {
        let now = self.now;
        if let Some(build) = self.any_build() {
            let mut stored = self.builds().iter_mut();
            let stored = stored.find(|stored| stored.id == build.id).unwrap();
            *stored = build.end(now);
        }
    }

    fn needed(&self) -> BTreeSet<BuildId> {
        let of_edition = |edition: &Edition| self.needs[&edition.id].all(&self.rules, self.now);
        self.survey.editions.iter().flat_map(of_edition).collect()
    }

    /// One run. What is not known stops it altogether.
    fn retain(&mut self) {
        self.ask_the_registry();
        if self.random.below(4) == 0 {
            let unknown = Survey {
                busy: Known::Unknown("too many messages".to_owned()),
                ..self.survey.clone()
            };
            assert!(decide(&unknown, &self.rules, self.now).is_err());
        }
        let effects = decide(&self.survey, &self.rules, self.now).unwrap();
        let shown_before = decide(&self.survey, &self.rules, self.now).unwrap();
        assert_eq!(effects, shown_before);
        for effect in effects {
            self.carry_out(&effect);
        }
    }

    fn carry_out(&mut self, effect: &Effect) {
        let now = self.now;
        let marked = Some(Doom::Marked { at: now });
        match effect.action {
            Action::EndEdition(id) => {
                let edition = self.edition(id).clone();
                assert!(edition.slug.as_str() != "main" && edition.slug.as_str() != "v1.0");
                assert!(edition.pin.is_none() && edition.ended_at.is_none());
                self.put(edition.end(now));
            }
            Action::MarkBuild(id) => self.build(id).doom = marked,
            Action::SpareBuild(id) => self.build(id).doom = None,
            Action::MarkEdition(id) => {
                let doomed = Edition {
                    doom: marked,
                    ..self.edition(id).clone()
                };
                self.put(doomed);
            }
            Action::SpareEdition(id) => {
                let spared = Edition {
                    doom: None,
                    ..self.edition(id).clone()
                };
                self.put(spared);
            }
            Action::DeleteBuild(id) => {
                assert!(!self.needed().contains(&id), "{effect:?}: somebody needs it");
                let build = self.build(id).clone();
                assert!(!self.is_run(&build), "{effect:?}: somebody runs it");
                assert_marked(self.build(id).doom, now);
                self.builds().retain(|build| build.id != id);
                self.deleted += 1;
            }
            Action::DeleteEdition(id, files) => self.delete_edition(id, files),
            Action::MarkProduct | Action::SpareProduct | Action::DeleteProduct => panic!("{effect:?}"),
        }
    }

    fn delete_edition(&mut self, id: EditionId, files: EditionFiles) {
        let edition = self.edition(id).clone();
        assert_marked(edition.doom, self.now);
        let shown: Vec<Build> = self.builds().clone();
        let shown = shown
            .iter()
            .filter(|build| self.needs[&id].published == Some(build.id));
        assert!(
            !shown.into_iter().any(|build| self.is_run(build)),
            "somebody reads {edition:?}"
        );
        let ended_at = edition.ended_at.expect("a live edition is never deleted");
        assert!(self.now.duration_since(ended_at) >= UNDO_TIME);
        let others = self.survey.editions.iter().filter(|other| other.id != id);
        let mut namesakes = others.filter(|other| other.slug == edition.slug);
        let restorable = |other: &Edition| other.ended_at.is_none_or(|at| self.now <= at + UNDO_TIME);
        if namesakes.any(restorable) {
            assert_eq!(files, EditionFiles::LeftToAnother);
        }
        self.survey.editions.retain(|stored| stored.id != id);
        match &mut self.survey.histories {
            Known::Known(moves) => moves.retain(|moved| moved.edition != id),
            Known::Unknown(why) => panic!("{why}"),
        }
    }

    fn edition(&self, id: EditionId) -> &Edition {
        let mut editions = self.survey.editions.iter();
        editions.find(|edition| edition.id == id).unwrap()
    }

    fn build(&mut self, id: BuildId) -> &mut Build {
        let mut builds = self.builds().iter_mut();
        builds.find(|build| build.id == id).unwrap()
    }

    /// Nobody does anything any more: what is eligible goes, and only that.
    fn rest(&mut self) {
        for _ in 0..20 {
            self.now += DAY * 7;
            self.retain();
        }
        assert_eq!(decide(&self.survey, &self.rules, self.now), Ok(vec![]));
        let rules = self.rules.clone();
        let (needed, builds) = (self.needed(), self.builds().clone());
        let mut newest: Vec<&Build> = builds.iter().collect();
        newest.retain(|build| matches!(build.state, BuildState::Uploaded { .. }));
        newest.sort_by_key(|build| std::cmp::Reverse(build.id));
        newest.truncate(rules.keep_newest_builds as usize);
        for build in &builds {
            let rule = match build.state {
                BuildState::Uploading => rules.delete_never_uploaded_after_days,
                BuildState::Uploaded { .. } => rules.delete_unreferenced_builds_after_days,
                BuildState::Ended { .. } => rules.delete_ended_after_days,
            };
            let stays = needed.contains(&build.id) || rule.is_none() || newest.contains(&build);
            assert!(
                stays && build.doom.is_none(),
                "{build:?} should be gone: {rules:?}"
            );
        }
        for edition in &self.survey.editions {
            let stays = edition.ended_at.is_none() || rules.delete_ended_after_days.is_none();
            assert!(stays, "{edition:?} should be gone: {rules:?}");
        }
    }
}

/// No two builds have the same files.
fn manifest(build: &Build) -> ManifestId {
    ManifestId::from_bytes(u128::from(build.id.0).to_be_bytes())
}

fn assert_marked(doom: Option<Doom>, now: Timestamp) {
    match doom {
        Some(Doom::Marked { at }) => assert!(now.duration_since(at) >= GRACE),
        other => panic!("deleted without a mark: {other:?}"),
    }
}

#[test]
fn over_ten_thousand_histories_what_is_needed_stays_and_what_is_not_goes() {
    let mut deleted = 0;
    for seed in 0..HISTORIES {
        let mut product = Product::new(seed);
        for _ in 0..STEPS {
            product.step();
        }
        product.rest();
        deleted += product.deleted;
    }
    // The histories are worth something only if many builds really go.
    assert!(deleted > HISTORIES, "only {deleted} builds were deleted");
}
