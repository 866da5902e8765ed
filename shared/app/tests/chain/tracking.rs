//! What builds bring with them and what follows them, from registering to publishing.

use std::sync::Arc;

use imprint_app::builds::{self, NewBuild, NewEditions};
use imprint_app::editions::{self, EditionPatch, NewEdition, NewName};
use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_app::slug_rules::{self, Asked, OwnRules};
use imprint_domain::build::Build;
use imprint_domain::edition::{Tracking, Verdict};
use imprint_domain::git::GitRefs;
use imprint_domain::kind::{Kind, Retention};
use imprint_domain::organization::Organization;
use imprint_domain::preview::Foreseen;
use imprint_domain::rules::SemverEditions;
use imprint_domain::slug_rules::SlugRules;
use imprint_domain::task::{NoteCode, Task};
use imprint_domain::tracking::{LsstDocGrammar, TrackingMode};
use imprint_testing::samples::parsed;
use serde_json::json;

use crate::installation::{Installation, sites};

async fn upload(here: &Installation, git_refs: &[&str], alternate: Option<&str>) -> Build {
    let new = NewBuild {
        slug: None,
        git_refs: GitRefs::parse(git_refs).unwrap(),
        alternate: alternate.map(parsed),
        artifacts: std::collections::BTreeSet::new(),
        documents: None,
        github_requester: None,
        upload: imprint_domain::upload::Upload::Files,
        directories: None,
        new_editions: NewEditions::Allowed,
    };
    let created = builds::create(&here.env, &parsed("alpha"), new, &|_| Ok(()))
        .await
        .unwrap();
    let [site, ..] = sites();
    site.upload(&here.world.objects, &created.build);
    created.build
}

async fn publish(here: &Installation, git_refs: &[&str], alternate: Option<&str>) -> (Build, Task) {
    let build = upload(here, git_refs, alternate).await;
    let task = here.confirm(&build).await.unwrap();
    here.settle().await;
    (build, here.task(&task).await)
}

async fn create(here: &Installation, slug: &str, mode: TrackingMode, refs: &[&str]) {
    let new = NewEdition {
        name: NewName::Given {
            slug: parsed(slug),
            title: parsed(slug),
        },
        tracking: Tracking {
            mode,
            refs: Some(GitRefs::parse(refs).unwrap()),
            alternate: None,
        },
        kind: None,
        retention: Retention::Applies,
        build: None,
        by: None,
    };
    editions::create(&here.env, &parsed("alpha"), new).await.unwrap();
}

fn codes(task: &Task) -> Vec<NoteCode> {
    task.notes.iter().map(|note| note.code).collect()
}

fn slugs(here: &Installation) -> Vec<String> {
    let all = here.world.catalog.all_editions();
    all.into_iter().map(|edition| edition.slug.to_string()).collect()
}

async fn set_rules(here: &Installation, list: serde_json::Value, semver_editions: Option<SemverEditions>) {
    let own = OwnRules {
        slugs: Some(serde_json::from_value::<SlugRules>(list).unwrap()),
        semver_editions,
    };
    slug_rules::set(&here.env, &parsed("alpha"), own).await.unwrap();
}

/// Docverse's rules of slugs come first there, so that a build whose ref is ignored never reaches its edition.
#[tokio::test(start_paused = true)]
async fn a_ref_that_names_no_edition_still_feeds_those_that_track_it() {
    let here = Installation::new().await;
    set_rules(&here, json!([{"type": "ignore", "pattern": "release/**"}]), None).await;
    for (slug, git_ref) in [("hand-made", "release/1"), ("odd", "feature+x")] {
        create(&here, slug, TrackingMode::GitRefs, &[git_ref]).await;
        let (build, task) = publish(&here, &[git_ref], None).await;
        assert_eq!(here.published(slug), Some(build.id.0));
        assert_eq!(task.notes, []);
    }
    let (_, task) = publish(&here, &["release/2"], None).await;
    assert_eq!(codes(&task), [NoteCode::NoEditionFollows]);
    assert!(
        task.notes[0]
            .message
            .contains("rule 1 of the slug rules ignores it"),
        "{:?}",
        task.notes
    );
    assert_eq!(slugs(&here), ["main", "hand-made", "odd"]);
}

/// LTD's "one ref per slug": the second ref never had an edition, and nobody was told.
#[tokio::test(start_paused = true)]
async fn two_refs_of_one_slug_can_share_its_edition_and_the_newest_build_is_shown() {
    let here = Installation::new().await;
    publish(&here, &["tickets/DM-7"], None).await;
    let (_, task) = publish(&here, &["DM-7"], None).await;
    assert_eq!(codes(&task), [NoteCode::NoEditionFollows, NoteCode::SlugTaken]);
    assert!(
        task.notes[1].message.contains("slug DM-7 is taken"),
        "{:?}",
        task.notes
    );

    let patch = EditionPatch {
        tracked_refs: Some(GitRefs::parse(&["tickets/DM-7", "DM-7"]).unwrap()),
        ..EditionPatch::default()
    };
    editions::update(&here.env, here.edition("DM-7").id, patch)
        .await
        .unwrap();
    let first = upload(&here, &["DM-7"], None).await;
    let second = upload(&here, &["tickets/DM-7"], None).await;
    for build in [&second, &first] {
        here.confirm(build).await.unwrap();
        here.settle().await;
        assert_eq!(here.published("DM-7"), Some(second.id.0));
    }
    let (third, task) = publish(&here, &["DM-7"], None).await;
    assert_eq!((here.published("DM-7"), task.notes), (Some(third.id.0), vec![]));
    assert_eq!(slugs(&here), ["main", "DM-7"]);
}

#[tokio::test(start_paused = true)]
async fn a_release_brings_the_editions_of_its_line_and_later_ones_move_them() {
    let here = Installation::new().await;
    publish(&here, &["1.0.0"], None).await;
    assert_eq!(slugs(&here), ["main", "1.0.0"]);
    set_rules(&here, json!([]), Some(SemverEditions::MajorAndMinor)).await;
    for version in ["2.3.1", "2.3.0", "2.4.0", "2.3.2", "3.0.0-rc.1"] {
        publish(&here, &[version], None).await;
    }
    let all = [
        "main",
        "1.0.0",
        "2.3.1",
        "2",
        "2.3",
        "2.3.0",
        "2.4.0",
        "2.4",
        "2.3.2",
        "3.0.0-rc.1",
    ];
    assert_eq!(slugs(&here), all);
    for (line, shows, kind) in [
        ("2", "2.4.0", Kind::Major),
        ("2.3", "2.3.2", Kind::Minor),
        ("2.4", "2.4.0", Kind::Minor),
    ] {
        let edition = here.edition(line);
        let shown = edition.published.unwrap().pointer.git_refs;
        assert_eq!(
            (shown.first().as_str(), edition.kind),
            (shows, Some(kind)),
            "{line}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn builds_for_an_alternate_feed_its_editions_and_no_others() {
    let here = Installation::new().await;
    let (plain, _) = publish(&here, &["main"], None).await;
    let (there, task) = publish(&here, &["main"], Some("usdf-dev")).await;
    assert_eq!(task.notes, []);
    assert_eq!(here.published("main"), Some(plain.id.0));
    assert_eq!(here.published("usdf-dev--main"), Some(there.id.0));
    assert_eq!(here.edition("usdf-dev--main").kind, Some(Kind::Alternate));
    let (plain, _) = publish(&here, &["main"], None).await;
    publish(&here, &["main"], Some("usdf")).await;
    assert_eq!(here.published("main"), Some(plain.id.0));
    assert_eq!(here.published("usdf-dev--main"), Some(there.id.0));
}

#[tokio::test(start_paused = true)]
async fn an_edition_of_an_alternate_is_named_after_it() {
    let here = Installation::new().await;
    let named = |slug: &str| NewEdition {
        name: NewName::Given {
            slug: parsed(slug),
            title: parsed(slug),
        },
        tracking: Tracking {
            mode: TrackingMode::AlternateGitRef,
            refs: Some(GitRefs::parse(&["main"]).unwrap()),
            alternate: Some(parsed("usdf-dev")),
        },
        kind: None,
        retention: Retention::Exempt,
        build: None,
        by: None,
    };
    let refused = editions::create(&here.env, &parsed("alpha"), named("main2")).await;
    assert!(matches!(refused, Err(AppError::Invalid(why)) if why.contains("begins with usdf-dev--")));
    let made = editions::create(&here.env, &parsed("alpha"), named("usdf-dev--x"))
        .await
        .unwrap();
    assert_eq!(
        (made.edition.kind, made.edition.retention),
        (Some(Kind::Alternate), Retention::Exempt)
    );
    let renamed = async |to: &str| {
        let patch = EditionPatch {
            slug: Some(parsed(to)),
            ..EditionPatch::default()
        };
        editions::update(&here.env, made.edition.id, patch).await
    };
    let refused = renamed("usdf--x").await;
    assert!(matches!(refused, Err(AppError::Invalid(why)) if why.contains("begins with usdf-dev--")));
    assert_eq!(
        renamed("usdf-dev--y").await.unwrap().edition.slug,
        parsed("usdf-dev--y")
    );
}

/// What the trunk and the tags are is the organization's choice.
#[tokio::test(start_paused = true)]
async fn the_grammar_of_lsst_doc_is_the_organizations() {
    for (grammar, shows) in [
        (LsstDocGrammar::Keeper1, "v1.0"),
        (LsstDocGrammar::Keeper2, "1.1.1"),
    ] {
        let mut here = Installation::tracking(TrackingMode::LsstDoc).await;
        let mut organization = Organization::clone(&here.env.organization);
        organization.policy.lsst_doc = grammar;
        here.env = Env {
            organization: Arc::new(organization),
            ..here.env
        };
        for git_ref in ["main", "v1.0", "1.1.1", "main"] {
            publish(&here, &[git_ref], None).await;
        }
        let shown = here.edition("main").published.unwrap().pointer.git_refs;
        assert_eq!(shown.first().as_str(), shows, "{grammar:?}");
    }
}

/// A train in which nothing was ever published keeps its edition where it is.
#[tokio::test(start_paused = true)]
async fn an_edition_of_an_unknown_train_stays_where_it_is() {
    let here = Installation::new().await;
    create(&here, "stable", TrackingMode::Train, &["alpha/stable"]).await;
    let (build, _) = publish(&here, &["one"], None).await;
    let patch = EditionPatch {
        build: Some(build.id),
        ..EditionPatch::default()
    };
    editions::update(&here.env, here.edition("stable").id, patch)
        .await
        .unwrap();
    here.settle().await;
    publish(&here, &["two"], None).await;
    assert_eq!(here.published("stable"), Some(build.id.0));
}

async fn foresee(here: &Installation, refs: &[&str], alternate: Option<&str>) -> Vec<Foreseen> {
    let asked = Asked {
        refs: refs.iter().map(|raw| parsed(raw)).collect(),
        rules: OwnRules::default(),
        alternate: alternate.map(parsed),
    };
    slug_rules::foresee(&here.env, &parsed("alpha"), &asked)
        .await
        .unwrap()
}

/// A preview of many refs and of each alone say what happens then.
#[tokio::test(start_paused = true)]
async fn what_a_preview_says_is_what_happens() {
    let here = Installation::tracking(TrackingMode::LsstDoc).await;
    let rules = json!([
        {"type": "ignore", "pattern": "dependabot/**"},
        {"type": "prefix_strip", "prefix": "tickets/"},
        {"type": "regex", "pattern": "/", "replacement": "-"},
    ]);
    set_rules(&here, rules, Some(SemverEditions::MajorAndMinor)).await;
    create(&here, "bots", TrackingMode::GitRef, &["dependabot/a", "u/me/x"]).await;
    create(&here, "2", TrackingMode::Manual, &["x"]).await;
    create(&here, "stable", TrackingMode::Train, &["alpha/stable"]).await;
    let refs = [
        "main",
        "tickets/DM-7",
        "DM-7",
        "dependabot/a",
        "dependabot/b",
        "u/me/x",
        "a+b",
        "v1.0.0",
        "2.3.1",
        "v0.9",
        "main",
        "2.3.0",
        "index.html",
    ];
    for alternate in [None, Some("usdf-dev")] {
        let foreseen = foresee(&here, &refs, alternate).await;
        for (git_ref, foreseen) in refs.into_iter().zip(foreseen) {
            let alone = foresee(&here, &[git_ref], alternate).await.remove(0);
            let before = slugs(&here);
            let (build, task) = publish(&here, &[git_ref], alternate).await;
            let born: Vec<String> = slugs(&here).split_off(before.len());
            let moved: Vec<String> = here
                .world
                .catalog
                .all_editions()
                .into_iter()
                .filter(|edition| edition.desired.as_ref().is_some_and(|at| at.build == build.id))
                .map(|edition| edition.slug.to_string())
                .collect();
            for said in [foreseen, alone] {
                let births: Vec<String> = said.births.iter().map(|born| born.slug.to_string()).collect();
                let moves = said
                    .feeds
                    .iter()
                    .filter(|(_, verdict)| *verdict == Verdict::Moves);
                let mut moves: Vec<String> = moves.map(|(edition, _)| edition.slug.to_string()).collect();
                moves.extend(births.clone());
                assert_eq!((&births, &moves), (&born, &moved), "{git_ref} {alternate:?}");
                let is_told = codes(&task).iter().any(|code| *code != NoteCode::EditionHasNewer);
                assert!(said.without.is_some() || !is_told, "{git_ref}: {:?}", task.notes);
            }
        }
    }
}
