//! Invariants 7 and 8: drafts, builds and what was deleted go when the rules say so, in two phases, exactly; what is not
//! known stops everything; a run may die anywhere.

mod runs;

use std::collections::BTreeMap;

use bytes::Bytes;
use imprint_app::Ran;
use imprint_app::editions::{self, EditionPatch, NewEdition, NewName, RollbackTo};
use imprint_app::error::AppError;
use imprint_app::ports::{Change, Clock as _};
use imprint_app::retention::{preview, retain, retain_product};
use imprint_domain::build::Build;
use imprint_domain::edition::{Cause, Edition};
use imprint_domain::id::BuildId;
use imprint_domain::manifest::Headers;
use imprint_domain::product::Product;
use imprint_domain::retention::{Action, Days, Doom, EditionFiles, Effect, RetentionRules};
use imprint_testing::samples::{self, parsed};
use imprint_testing::{Moment, Site, Trouble, run_until_death};
use jiff::SignedDuration;

use crate::installation::{Installation, sites};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn days(days: u32) -> Option<Days> {
    Some(Days::new(days).unwrap())
}

/// Drafts end after 30 days; builds go 10 days after nothing refers to them.
fn rules() -> RetentionRules {
    RetentionRules {
        end_drafts_after_days: days(30),
        delete_unreferenced_builds_after_days: days(10),
        keep_newest_builds: 0,
        history_protects_moves: Some(1),
        ..RetentionRules::default()
    }
}

impl Installation {
    pub(crate) fn rule(&self, rules: RetentionRules) {
        let product = self.world.catalog.all_products().remove(0);
        let mut policy = product.policy.clone();
        policy.retention = Some(rules);
        let ruled = Product { policy, ..product };
        self.world.catalog.seed(vec![Change::UpdateProduct(ruled)]);
    }

    pub(crate) fn later(&self, days: i32) {
        self.world.clock.advance(DAY * days);
    }

    pub(crate) async fn retain(&self) -> Vec<Action> {
        let (done, ran) = retain_product(&self.env, &parsed("alpha"), None).await.unwrap();
        assert_eq!(ran, Ran::Completely);
        self.settle().await;
        done.into_iter().map(|effect| effect.action).collect()
    }

    fn objects(&self) -> BTreeMap<String, Bytes> {
        let all = self.world.objects.snapshot().into_iter();
        all.map(|(key, object)| (key.to_string(), object.body)).collect()
    }

    pub(crate) fn below(&self, prefix: &str) -> Vec<String> {
        let all = self.objects().into_keys();
        all.filter(|key| key.starts_with(prefix)).collect()
    }

    pub(crate) fn build(&self, id: BuildId) -> Option<Build> {
        let all = self.world.catalog.all_builds();
        all.into_iter().find(|build| build.id == id)
    }

    fn has_edition(&self, slug: &str) -> bool {
        let all = self.world.catalog.all_editions();
        all.iter().any(|edition| edition.slug.as_str() == slug)
    }
}

#[tokio::test(start_paused = true)]
async fn a_draft_that_rests_ends_and_after_the_undo_time_its_files_are_gone_and_no_others() {
    let here = Installation::new().await;
    here.rule(rules());
    let [a, b, c] = sites();
    here.publish(&a, "main").await;
    let (draft, _) = here.publish(&b, "DM-1").await;
    let draft_edition = here.edition("DM-1");
    here.later(20);
    let (sibling, _) = here.publish(&c, "DM-10").await;
    let first_main = here.world.catalog.all_builds().remove(0);
    here.later(10);
    assert_eq!(here.retain().await, [Action::EndEdition(draft_edition.id)]);
    assert!(here.edition("DM-1").ended_at.is_some());
    assert!(!here.below("alpha/v/DM-1/").is_empty(), "it can be restored");

    here.publish(&a, "main").await;
    here.publish(&c, "DM-10").await;
    here.later(30);
    // The sibling's first build is in no history any more.
    let first = here.retain().await;
    assert!(
        first.contains(&Action::MarkEdition(draft_edition.id)),
        "{first:?}"
    );
    assert!(first.contains(&Action::MarkBuild(sibling.id)), "{first:?}");
    let before = here.objects();
    here.later(1);
    let second = here.retain().await;
    let gone = Action::DeleteEdition(draft_edition.id, EditionFiles::Deleted);
    assert!(second.contains(&gone), "{second:?}");
    assert!(!here.has_edition("DM-1"));
    let history = here
        .env
        .catalog
        .history(draft_edition.id, 10, None)
        .await
        .unwrap();
    assert_eq!(history.items, []);
    assert!(here.build(sibling.id).is_none() && here.build(draft.id).is_some());
    // Nor is the first build of the main edition, of which one move is remembered too.
    let of_build = |build: &Build| {
        let (files, manifests) = (
            format!("alpha/builds/{}/", build.slug),
            format!("_imprint/builds/{}/", build.id),
        );
        [files, manifests]
    };
    let mut prefixes = vec![
        "alpha/v/DM-1/".to_owned(),
        format!("_imprint/editions/{}/", draft_edition.id),
    ];
    prefixes.extend([&sibling, &first_main].into_iter().flat_map(of_build));
    let directory = |build: &Build| format!("alpha/builds/{}", build.slug);
    let directories = [
        "alpha/v/DM-1".to_owned(),
        directory(&sibling),
        directory(&first_main),
    ];
    let own_pages = |key: &String| key.starts_with("alpha/v/") && key.matches('/').count() == 2;
    let wanted = before.into_iter().filter(|(key, _)| {
        !prefixes.iter().any(|prefix| key.starts_with(prefix)) && !directories.contains(key)
    });
    let pages = ["alpha/builds/index.html"];
    let rest = |(key, _): &(String, Bytes)| !own_pages(key) && !pages.contains(&key.as_str());
    let wanted: Vec<_> = wanted.filter(rest).collect();
    let left: Vec<_> = here.objects().into_iter().filter(rest).collect();
    assert_eq!(left.len(), wanted.len());
    assert!(left == wanted, "exactly its own objects are gone");
    assert!(
        here.world
            .cdn
            .purged_keys()
            .contains(&draft_edition.surrogate_key)
    );

    // The draft's build is free only now that its edition has gone.
    assert_eq!(here.retain().await, [Action::MarkBuild(draft.id)]);
    here.later(1);
    assert_eq!(here.retain().await, [Action::DeleteBuild(draft.id)]);
    assert_eq!(here.retain().await, []);
    here.publish(&b, "DM-1").await;
    here.assert_shows("DM-1", &b);
}

#[tokio::test(start_paused = true)]
async fn d25_a_build_that_was_never_uploaded_goes_and_its_slug_is_never_used_again() {
    let here = Installation::new().await;
    // Half of it came.
    let build = here.upload(&Site::of_pages(3), "main").await;
    here.later(6);
    assert_eq!(here.retain().await, []);
    here.later(1);
    assert_eq!(here.retain().await, [Action::MarkBuild(build.id)]);
    here.later(1);
    assert_eq!(here.retain().await, [Action::DeleteBuild(build.id)]);
    assert_eq!(here.below(&format!("alpha/builds/{}/", build.slug)), [""; 0]);
    let next = here.upload(&Site::of_pages(3), "main").await;
    assert_ne!(next.slug, build.slug);
    assert!(matches!(here.confirm(&build).await, Err(AppError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_confirmed_after_its_mark_is_published_and_stays() {
    let here = Installation::new().await;
    let [a, _, _] = sites();
    let build = here.upload(&a, "main").await;
    here.later(7);
    assert_eq!(here.retain().await, [Action::MarkBuild(build.id)]);
    here.confirm(&build).await.unwrap();
    here.settle().await;
    here.assert_shows("main", &a);
    here.later(1);
    assert_eq!(here.retain().await, []);
}

/// What was begun before the mark and written after it protects: the mark is taken back.
#[tokio::test(start_paused = true)]
async fn a_move_that_slipped_in_beside_the_mark_spares_the_build_and_no_other_can_begin() {
    let here = Installation::new().await;
    here.rule(rules());
    let [a, b, _] = sites();
    let (old, _) = here.publish(&a, "main").await;
    here.publish(&b, "main").await;
    let looked_at = here.build(old.id).unwrap();
    here.later(11);
    assert_eq!(here.retain().await, [Action::MarkBuild(old.id)]);

    let main = here.edition("main");
    let to = EditionPatch {
        build: Some(old.id),
        ..EditionPatch::default()
    };
    let named = editions::update(&here.env, main.id, to).await.map(drop);
    let back = RollbackTo::Build(old.id);
    let back = editions::rollback(&here.env, main.id, back, None).await.map(drop);
    let new = NewEdition {
        name: NewName::Given {
            slug: parsed("x"),
            title: parsed("x"),
        },
        tracking: editions::tracking(imprint_domain::tracking::TrackingMode::Manual, None, None).unwrap(),
        kind: None,
        retention: imprint_domain::kind::Retention::Applies,
        build: Some(old.id),
        by: None,
    };
    let created = editions::create(&here.env, &parsed("alpha"), new).await.map(drop);
    let confirmed = here.confirm(&old).await.map(drop);
    for refused in [named, back, created, confirmed] {
        assert!(matches!(refused, Err(AppError::Invalid(_))), "{refused:?}");
    }

    let manifest = looked_at.manifest.clone().unwrap();
    let slipped_in = main.repoint(&looked_at, manifest, Cause::Person);
    here.world.catalog.seed(vec![Change::UpdateEdition(slipped_in)]);
    here.later(2);
    assert_eq!(here.retain().await, [Action::SpareBuild(old.id)]);
    assert!(here.build(old.id).unwrap().publishable().is_ok());
    assert!(!here.below(&format!("alpha/builds/{}/", old.slug)).is_empty());
}

/// The successor of a deleted edition keeps its files, and nobody gets a slug whose files are being deleted.
#[tokio::test(start_paused = true)]
async fn what_lies_at_a_slug_belongs_to_whoever_has_it() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.publish(&a, "DM-1").await;
    let first = here.edition("DM-1");
    editions::end(&here.env, first.id).await.unwrap();
    here.publish(&b, "DM-1").await;
    let second = here.live("DM-1");
    assert_ne!(first.id, second.id);
    here.later(31);
    here.retain().await;
    here.later(1);
    let gone = Action::DeleteEdition(first.id, EditionFiles::LeftToAnother);
    assert_eq!(here.retain().await, [gone]);
    here.assert_shows("DM-1", &b);

    editions::end(&here.env, second.id).await.unwrap();
    here.later(31);
    here.retain().await;
    here.later(1);
    // The run dies when it has begun to delete.
    here.world.counts().reset();
    for call in 1.. {
        let alpha = parsed("alpha");
        let run = retain_product(&here.env, &alpha, None);
        assert!(run_until_death(call, Moment::After, run).await.is_none());
        if here.world.counts().of("objects.delete") > 0 {
            break;
        }
    }
    let (build, _) = here.publish(&a, "DM-1").await;
    assert!(
        !here
            .world
            .catalog
            .all_editions()
            .iter()
            .any(|edition| edition.ended_at.is_none() && edition.slug.as_str() == "DM-1")
    );
    assert!(
        here.build(build.id).is_some(),
        "the build is registered all the same"
    );
    here.retain().await;
    here.publish(&a, "DM-1").await;
    here.assert_shows("DM-1", &a);
}

/// Kills a run at its `call`-th call, then lets others finish. The end is that of a run that nobody killed.
#[tokio::test(start_paused = true)]
async fn retention_may_die_anywhere() {
    let clean = deleted_after_death(None).await.0;
    let mut deaths = 0;
    for moment in [Moment::Before, Moment::After] {
        for call in 1.. {
            let (end, died) = deleted_after_death(Some((call, moment))).await;
            assert!(end == clean, "killed at {call}, {moment:?}");
            if !died {
                break;
            }
            deaths += 1;
        }
    }
    assert!(deaths > 40, "only {deaths} deaths");
}

type End = (BTreeMap<String, Bytes>, Vec<u64>, Vec<u64>);

async fn deleted_after_death(death: Option<(u64, Moment)>) -> (End, bool) {
    let here = Installation::new().await;
    here.rule(rules());
    let [a, b, c] = sites();
    here.publish(&a, "main").await;
    here.publish(&b, "main").await;
    here.publish(&c, "DM-1").await;
    let draft = here.edition("DM-1").id;
    editions::end(&here.env, draft).await.unwrap();
    here.later(31);
    here.retain().await;
    here.later(1);
    let died = match death {
        Some((call, moment)) => {
            let alpha = parsed("alpha");
            let run = retain_product(&here.env, &alpha, None);
            run_until_death(call, moment, run).await.is_none()
        }
        None => false,
    };
    here.recover().await;
    for _ in 0..3 {
        here.retain().await;
        here.later(1);
    }
    assert_eq!(here.retain().await, []);
    let builds = here.world.catalog.all_builds();
    let editions = here.world.catalog.all_editions();
    let end = (
        here.objects(),
        builds.iter().map(|build| build.id.0).collect(),
        editions.iter().map(|edition| edition.id.0).collect(),
    );
    assert!(builds.iter().all(|build| build.doom.is_none()));
    here.assert_shows("main", &b);
    (end, died)
}

#[tokio::test(start_paused = true)]
async fn a_product_goes_as_a_whole_and_wherever_the_run_dies() {
    let mut deaths = 0;
    for moment in [Moment::Before, Moment::After] {
        for call in 1.. {
            let here = Installation::new().await;
            let [a, b, _] = sites();
            here.publish(&a, "main").await;
            here.publish(&b, "DM-1").await;
            editions::end(&here.env, here.edition("DM-1").id).await.unwrap();
            here.publish(&a, "DM-1").await;
            here.settle().await;
            here.world
                .objects
                .put("alphabet/v/main/index.html", "another's", Headers::default());
            here.doom_product();
            let alpha = parsed("alpha");
            let run = retain_product(&here.env, &alpha, None);
            let died = run_until_death(call, moment, run).await.is_none();
            here.recover().await;
            here.retain().await;
            // The organization's own pages and its neighbour's stay.
            assert_eq!(
                here.objects().into_keys().collect::<Vec<_>>(),
                ["404.html", "alphabet/v/main/index.html", "index.html"]
            );
            let catalog = &here.world.catalog;
            assert_eq!(catalog.all_products(), []);
            assert_eq!((catalog.all_builds(), catalog.all_editions()), (vec![], vec![]));
            if !died {
                break;
            }
            deaths += 1;
        }
    }
    assert!(deaths > 40, "only {deaths} deaths");
}

/// A late copy of an edition that ended and was deleted does nothing.
#[tokio::test(start_paused = true)]
async fn a_copy_that_comes_after_the_deletion_writes_nothing() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.publish(&a, "DM-1").await;
    let build = here.upload(&b, "DM-1").await;
    here.confirm(&build).await.unwrap();
    let register = here.world.queue.take_any().unwrap();
    here.deliver(&register, 1).await;
    let late = here.world.queue.take(imprint_testing::Step::CopyEdition).unwrap();
    let entries = here.world.catalog.all_outbox();
    for entry in entries {
        here.world.catalog.seed(vec![Change::RemoveOutbox(entry.id)]);
    }
    let edition = here.edition("DM-1");
    editions::end(&here.env, edition.id).await.unwrap();
    here.settle().await;
    here.later(31);
    here.retain().await;
    here.later(1);
    here.retain().await;
    assert!(!here.has_edition("DM-1"));
    let before = here.objects();
    here.deliver(&late, 5).await;
    here.settle().await;
    assert!(before == here.objects());
}

impl Installation {
    async fn retain_unsettled(&self) -> Vec<Action> {
        let (done, _) = retain_product(&self.env, &parsed("alpha"), None).await.unwrap();
        done.into_iter().map(|effect| effect.action).collect()
    }

    fn live(&self, slug: &str) -> Edition {
        let all = self.world.catalog.all_editions();
        let live = |edition: &Edition| edition.ended_at.is_none() && edition.slug.as_str() == slug;
        all.into_iter().find(live).unwrap()
    }

    fn doom_product(&self) {
        let product = self.world.catalog.all_products().remove(0);
        let doom = Some(Doom::Deleting {
            at: self.world.clock.now(),
        });
        let doomed = Product { doom, ..product };
        self.world.catalog.seed(vec![Change::UpdateProduct(doomed)]);
    }
}
