//! Renaming: exactly one prefix goes, its readers follow, nothing is torn or lost.

use std::collections::BTreeSet;

use imprint_app::Pace;
use imprint_app::copy_edition::Bounds;
use imprint_app::editions::{self, Changed, EditionPatch, NewEdition, NewName};
use imprint_app::error::AppError;
use imprint_domain::build::Build;
use imprint_domain::edition::{Cause, Edition, Tracking};
use imprint_domain::git::GitRefs;
use imprint_domain::kind::Retention;
use imprint_domain::task::{EditionStep, TaskStatus};
use imprint_domain::tracking::TrackingMode;
use imprint_testing::samples::parsed;
use imprint_testing::{Moment, Mutation, Site, run_until_death};

use crate::installation::{Installation, expected, sites};

/// Editions whose names begin alike, each with a page of its own.
const SIBLINGS: [&str; 4] = ["v1.0", "v10", "v1-old", "v"];

pub(crate) fn site_of(slug: &str) -> Site {
    let [a, ..] = sites();
    a.file("own.html", slug.to_owned())
}

/// A product with `v1` and its siblings, each tracking the ref of its name.
pub(crate) async fn with_siblings() -> Installation {
    let here = Installation::new().await;
    for slug in SIBLINGS.into_iter().chain(["v1"]) {
        here.publish(&site_of(slug), slug).await;
    }
    here
}

pub(crate) async fn ask(here: &Installation, from: &str, to: &str) -> Result<Changed, AppError> {
    let patch = EditionPatch {
        slug: Some(parsed(to)),
        by: Some(parsed("dev")),
        ..EditionPatch::default()
    };
    editions::update(&here.env, here.edition(from).id, patch).await
}

/// Renames and waits for it.
pub(crate) async fn rename(here: &Installation, from: &str, to: &str) -> Edition {
    let changed = ask(here, from, to).await.unwrap();
    here.settle().await;
    let task = here.task(&changed.task.unwrap()).await;
    assert_eq!(task.status(), TaskStatus::Success, "{task:?}");
    here.edition(to)
}

fn told(result: Result<Changed, AppError>) -> String {
    match result {
        Err(AppError::Invalid(sentence)) => sentence,
        other => panic!("{other:?} is no refusal"),
    }
}

/// Nothing is left at a name but the one object that leads to another.
pub(crate) fn assert_leads(here: &Installation, old: &str, to: &str) {
    assert!(here.shown(old).is_empty(), "{old} still has files");
    let object = here.world.objects.get(&format!("alpha/v/{old}")).unwrap();
    let metadata = &object.headers.metadata;
    assert_eq!(
        (
            metadata["edition-redirect"].as_str(),
            metadata["dir-redirect"].as_str()
        ),
        (to, "true")
    );
    assert_eq!(metadata["surrogate-key"], here.edition(to).surrogate_key.as_str());
    assert_eq!(object.headers.cache_control.as_deref(), Some("no-cache"));
}

/// The objects of all editions but these, with headers and times of writing, and of all builds.
pub(crate) fn others(here: &Installation, but: &[&str]) -> String {
    let own: Vec<String> = but.iter().map(|slug| format!("alpha/v/{slug}/")).collect();
    let place =
        |key: &str| key.starts_with("alpha/v/") && key.matches('/').count() > 2 || key.contains("/builds/1");
    let all = here.world.objects.snapshot().into_iter();
    let all =
        all.filter(|(key, _)| place(key.as_str()) && !own.iter().any(|own| key.as_str().starts_with(own)));
    format!("{:?}", all.collect::<Vec<_>>())
}

/// D1: LTD's rename of `v1` deleted `v1.0`, `v10` and, for a name that goes on, itself. D2: the next LTD answered 500.
#[tokio::test(start_paused = true)]
async fn d1_d2_a_rename_touches_its_own_two_prefixes_and_no_sibling() {
    for to in ["v2", "v1-new", "v1.0.1", "k"] {
        let here = with_siblings().await;
        let before = here.edition("v1");
        let untouched = others(&here, &["v1", to]);
        let renamed = rename(&here, "v1", to).await;
        assert_eq!(
            (renamed.id, &renamed.surrogate_key),
            (before.id, &before.surrogate_key)
        );
        assert!(!renamed.is_pending() && renamed.renaming.is_none());
        here.assert_shows(to, &site_of("v1"));
        assert_leads(&here, "v1", to);
        assert_eq!(others(&here, &["v1", to]), untouched);
        for sibling in SIBLINGS {
            assert_eq!(here.shown(sibling), expected(&site_of(sibling)));
        }
        let switcher = here.world.objects.get("alpha/v/switcher.json").unwrap();
        let switcher = String::from_utf8(switcher.body.to_vec()).unwrap();
        assert!(
            switcher.contains(&format!("/v/{to}/")) && !switcher.contains("/v/v1/"),
            "{switcher}"
        );
        let history = editions::history(&here.env, renamed.id, 9, None).await.unwrap();
        assert_eq!(history.items[0].cause, Cause::Rename);
        // It follows as before.
        here.publish(&site_of("again"), "v1").await;
        here.assert_shows(to, &site_of("again"));
    }
}

/// D12: each file keeps the headers of its build.
#[tokio::test(start_paused = true)]
async fn d12_a_renamed_file_has_the_headers_it_had() {
    let here = with_siblings().await;
    let headers = |slug: &str| {
        let prefix = format!("alpha/v/{slug}/");
        let all = here.world.objects.snapshot().into_iter();
        let below = all.filter_map(|(key, object)| {
            Some((key.as_str().strip_prefix(&prefix)?.to_owned(), object.headers))
        });
        below.collect::<Vec<_>>()
    };
    let before = headers("v1");
    rename(&here, "v1", "v2").await;
    assert_eq!(headers("v2"), before);
}

/// Invariant 3, for both names: replays what was done to the bucket.
#[tokio::test(start_paused = true)]
async fn every_page_answers_at_the_old_url_after_every_single_change() {
    let here = with_siblings().await;
    here.world.objects.forget_history();
    rename(&here, "v1", "v2").await;
    let site = expected(&site_of("v1"));
    let mut old: BTreeSet<String> = site.keys().cloned().collect();
    let mut new = BTreeSet::new();
    let mut redirects = false;
    for change in here.world.objects.history() {
        let key = change.key().as_str();
        redirects |= key == "alpha/v/v1";
        for (prefix, present) in [("alpha/v/v1/", &mut old), ("alpha/v/v2/", &mut new)] {
            if let Some(path) = key.strip_prefix(prefix) {
                match change {
                    Mutation::Written { .. } | Mutation::Copied { .. } => present.insert(path.to_owned()),
                    Mutation::Deleted { .. } => present.remove(path),
                };
            }
        }
        for path in site.keys() {
            assert!(
                old.contains(path) || redirects && new.contains(path),
                "{path} is missing"
            );
        }
        assert!(
            !redirects || new.len() == site.len(),
            "redirected before all was there"
        );
    }
    assert!(redirects && old.is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_former_name_leads_to_the_last_one() {
    let here = with_siblings().await;
    for (from, to) in [("v1", "b"), ("b", "c"), ("c", "d")] {
        rename(&here, from, to).await;
    }
    for old in ["v1", "b", "c"] {
        assert_leads(&here, old, "d");
    }
    here.assert_shows("d", &site_of("v1"));
    // Back to one of them: that is none any more.
    rename(&here, "d", "b").await;
    here.assert_shows("b", &site_of("v1"));
    let directory = here.world.objects.get("alpha/v/b").unwrap();
    assert!(!directory.headers.metadata.contains_key("edition-redirect"));
    for old in ["v1", "c", "d"] {
        assert_leads(&here, old, "b");
    }
}

fn named(slug: &str, build: Option<&Build>) -> NewEdition {
    NewEdition {
        name: NewName::Given {
            slug: parsed(slug),
            title: parsed(slug),
        },
        tracking: Tracking {
            mode: TrackingMode::Manual,
            refs: None,
            alternate: None,
        },
        kind: None,
        retention: Retention::Applies,
        build: build.map(|build| build.id),
        by: None,
    }
}

#[tokio::test(start_paused = true)]
async fn the_redirect_gives_way_to_an_edition_that_takes_the_name() {
    let here = with_siblings().await;
    let (build, _) = here.publish(&site_of("else"), "else").await;
    let renamed = rename(&here, "v1", "v2").await;
    let product = parsed("alpha");
    let new = editions::create(&here.env, &product, named("v1", Some(&build)))
        .await
        .unwrap();
    here.settle().await;
    here.assert_shows("v1", &site_of("else"));
    let directory = here.world.objects.get("alpha/v/v1").unwrap();
    assert!(!directory.headers.metadata.contains_key("edition-redirect"));
    // What the CDN holds at the old URLs carries the renamed edition's key.
    assert_eq!(new.edition.surrogate_key, renamed.surrogate_key);
    // The next rename leaves the name to its new owner, also when that was deleted.
    editions::end(&here.env, new.edition.id).await.unwrap();
    rename(&here, "v2", "v3").await;
    assert_eq!(here.shown("v1"), expected(&site_of("else")));
    assert_leads(&here, "v2", "v3");
}

/// A branch of the old name makes an edition of its own when a build of it comes.
#[tokio::test(start_paused = true)]
async fn an_automatic_edition_takes_a_former_name_as_well() {
    let here = with_siblings().await;
    here.publish(&site_of("x"), "x").await;
    rename(&here, "x", "y").await;
    let patch = EditionPatch {
        tracked_refs: Some(GitRefs::parse(&["y"]).unwrap()),
        ..EditionPatch::default()
    };
    editions::update(&here.env, here.edition("y").id, patch)
        .await
        .unwrap();
    here.publish(&site_of("new x"), "x").await;
    here.assert_shows("x", &site_of("new x"));
    here.assert_shows("y", &site_of("x"));
    assert!(here.edition("y").former.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_name_that_cannot_be_had_is_refused_and_nothing_changes() {
    let here = with_siblings().await;
    here.settle().await;
    let before = here.world.catalog.all_editions();
    for (from, to, part) in [
        ("main", "other", "the default edition (main) cannot be renamed"),
        ("v1", "main", "slug (main) is that of the default edition"),
        ("v1", "v10", "slug (v10) already exists"),
    ] {
        assert!(told(ask(&here, from, to).await).contains(part), "{from} to {to}");
    }
    assert_eq!(here.world.catalog.all_editions(), before);
    // The present name is no rename.
    assert!(ask(&here, "v1", "v1").await.unwrap().task.is_none());
    assert_eq!(here.world.catalog.all_editions(), before);

    // One at a time; the same again is the same rename.
    let first = ask(&here, "v1", "v2").await.unwrap();
    assert_eq!(ask(&here, "v1", "v2").await.unwrap().task, first.task);
    for to in ["v3", "v1"] {
        let sentence = told(ask(&here, "v1", to).await);
        assert!(sentence.contains("is being renamed to v2"), "{sentence}");
    }
    // Both names are taken meanwhile.
    for slug in ["v1", "v2"] {
        let taken = editions::create(&here.env, &parsed("alpha"), named(slug, None)).await;
        assert!(told(taken).contains("already exists"), "{slug}");
    }
    assert!(told(ask(&here, "v10", "v2").await).contains("already exists"));
    here.settle().await;
    here.assert_shows("v2", &site_of("v1"));

    editions::end(&here.env, here.edition("v10").id).await.unwrap();
    assert!(told(ask(&here, "v10", "v11").await).contains("Edition was deprecated: v10"));
}

#[tokio::test(start_paused = true)]
async fn an_edition_without_a_build_is_renamed_at_once() {
    let here = with_siblings().await;
    let product = parsed("alpha");
    editions::create(&here.env, &product, named("empty", None))
        .await
        .unwrap();
    let changed = ask(&here, "empty", "full").await.unwrap();
    assert!(changed.task.is_none());
    assert_eq!(changed.edition.slug.as_str(), "full");
    editions::create(&here.env, &product, named("empty", None))
        .await
        .unwrap();
    let taken = editions::create(&here.env, &product, named("full", None)).await;
    assert!(told(taken).contains("already exists"));
}

#[tokio::test(start_paused = true)]
async fn a_rename_may_name_a_build_that_was_published() {
    let here = with_siblings().await;
    let (build, _) = here.publish(&site_of("else"), "else").await;
    let waiting = here.upload(&site_of("unknown"), "else").await;
    here.confirm(&waiting).await.unwrap();
    let patch = |build: &Build| EditionPatch {
        slug: Some(parsed("v2")),
        build: Some(build.id),
        ..EditionPatch::default()
    };
    let id = here.edition("v1").id;
    let unknown = editions::update(&here.env, id, patch(&waiting)).await;
    assert!(told(unknown).contains("together with build_url"));
    let changed = editions::update(&here.env, id, patch(&build)).await.unwrap();
    here.settle().await;
    assert_eq!(
        here.task(&changed.task.unwrap()).await.status(),
        TaskStatus::Success
    );
    here.assert_shows("v2", &site_of("else"));
    assert_leads(&here, "v1", "v2");
}

/// Whatever an edition that had the new name left there, and whatever the CDN holds of it, goes.
#[tokio::test(start_paused = true)]
async fn the_name_of_a_deleted_edition_can_be_taken_and_goes_back_to_it() {
    let here = with_siblings().await;
    let gone = here.edition("v10");
    editions::end(&here.env, gone.id).await.unwrap();
    here.settle().await;
    here.world.cdn.forget();
    let changed = ask(&here, "v1", "v10").await.unwrap();
    here.settle().await;
    assert_eq!(
        here.task(&changed.task.unwrap()).await.status(),
        TaskStatus::Success
    );
    assert_eq!(here.shown("v10"), expected(&site_of("v1")));
    let purged = |key: &imprint_domain::id::SurrogateKey| {
        let purges = here.world.cdn.purges();
        purges.iter().any(|purge| purge.keys.contains(key))
    };
    assert!(purged(&gone.surrogate_key) && purged(&changed.edition.surrogate_key));
    let all = here.world.catalog.all_editions();
    let owner = all
        .iter()
        .find(|edition| edition.id == changed.edition.id)
        .unwrap();
    assert!(owner.stale_keys.is_empty());

    // Away again, and the first owner comes back: it trusts nothing that it finds.
    let patch = EditionPatch {
        slug: Some(parsed("v11")),
        ..EditionPatch::default()
    };
    editions::update(&here.env, owner.id, patch).await.unwrap();
    here.settle().await;
    here.world.cdn.forget();
    editions::restore(&here.env, gone.id, None).await.unwrap();
    here.settle().await;
    here.assert_shows("v10", &site_of("v10"));
    here.assert_shows("v11", &site_of("v1"));
    assert!(purged(&gone.surrogate_key) && purged(&owner.surrogate_key));
}

#[tokio::test(start_paused = true)]
async fn an_edition_that_ends_on_its_way_to_another_name_gives_both_up() {
    let mut here = with_siblings().await;
    here.bounds = Bounds {
        pace: Pace::fixed(1),
        ..Bounds::default()
    };
    let gone = here.edition("v10");
    editions::end(&here.env, gone.id).await.unwrap();
    here.settle().await;
    // It dies in the middle of the copy over what the deleted edition has left.
    let changed = ask(&here, "v1", "v10").await.unwrap();
    let copy = here.world.queue.take_any().unwrap();
    run_until_death(14, Moment::After, here.deliver(&copy, 1)).await;
    editions::end(&here.env, changed.edition.id).await.unwrap();
    here.world.queue.give_back(copy);
    here.recover().await;
    let task = here.task(&changed.task.unwrap()).await;
    assert_eq!(task.editions[0].step, EditionStep::Superseded);
    assert!(here.shown("v10").is_empty(), "the half copy is removed");
    editions::restore(&here.env, gone.id, None).await.unwrap();
    editions::restore(&here.env, changed.edition.id, None)
        .await
        .unwrap();
    here.recover().await;
    here.assert_shows("v10", &site_of("v10"));
    here.assert_shows("v1", &site_of("v1"));
}

#[tokio::test(start_paused = true)]
async fn a_rename_is_one_copy_a_file_one_deletion_a_thousand_and_few_others() {
    for pages in [3, 2500] {
        let here = Installation::new().await;
        let site = Site::of_pages(pages);
        here.publish(&site, "v1").await;
        let counts = here.world.counts();
        counts.reset();
        let task = ask(&here, "v1", "v2").await.unwrap().task.unwrap();
        // The pages of the product are counted elsewhere.
        while here.world.queue.waiting_to_publish() > 0 {
            let envelope = here.world.queue.take_any().unwrap();
            here.deliver(&envelope, 1).await;
        }
        let files = expected(&site).len() as u64;
        let of = |method| counts.of(method);
        assert_eq!(
            (of("objects.copy"), of("objects.headers"), of("objects.delete")),
            (files, 0, files.div_ceil(1000))
        );
        let lists = files.div_ceil(1000) + 1;
        let others = counts.total_except(&[
            "objects.copy",
            "objects.headers",
            "objects.delete",
            "objects.list",
        ]);
        assert!(of("objects.list") <= lists, "{} lists", of("objects.list"));
        assert!(others <= 25, "{others}: {:?}", counts.all());
        here.settle().await;
        here.assert_shows("v2", &site);
        assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
    }
}
