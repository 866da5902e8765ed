//! What users get.

use imprint_app::builds::{self, Confirmation, NewBuild, NewEditions};
use imprint_app::editions::{self, EditionPatch, NewEdition, NewName};
use imprint_app::error::AppError;
use imprint_domain::edition::Tracking;
use imprint_domain::git::GitRefs;
use imprint_domain::kind::Retention;
use imprint_domain::manifest::Headers;
use imprint_domain::task::{EditionStep, NoteCode, Registration, TaskStatus};
use imprint_domain::tracking::TrackingMode;
use imprint_testing::samples::parsed;
use imprint_testing::{Moment, Mutation, Site, Trouble};

use crate::installation::{Installation, sites};

#[tokio::test(start_paused = true)]
async fn a_build_is_published_and_the_next_one_replaces_exactly_what_changed() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    let (first, task) = here.publish(&a, "main").await;
    assert_eq!(task.status(), TaskStatus::Success);
    here.assert_shows("main", &a);
    assert_eq!(here.published("main"), Some(first.id.0));

    let (_, task) = here.publish(&b, "main").await;
    here.assert_shows("main", &b);
    let report = task.editions[0].report.unwrap();
    assert_eq!((report.copied, report.deleted), (3, 2), "{report:?}");
    assert!(!here.edition("main").is_pending());
}

#[tokio::test(start_paused = true)]
async fn a_branch_gets_its_own_edition_and_main_stays() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    here.publish(&b, "tickets/DM-7").await;
    here.assert_shows("DM-7", &b);
    assert_eq!(here.shown("main"), crate::installation::expected(&a));
}

/// D1: sibling slugs share a character prefix and nothing else.
#[tokio::test(start_paused = true)]
async fn d1_republishing_an_edition_never_touches_its_siblings() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    for slug in ["v1", "v1.0", "v10", "v1-old"] {
        here.publish(&a, slug).await;
    }
    here.publish(&b, "v1").await;
    here.assert_shows("v1", &b);
    for sibling in ["v1.0", "v10", "v1-old"] {
        assert_eq!(
            here.shown(sibling),
            crate::installation::expected(&a),
            "{sibling}"
        );
        assert!(
            here.world.objects.get(&format!("alpha/v/{sibling}")).is_some(),
            "{sibling}'s redirect"
        );
    }
}

/// D11 and D12: the root redirect carries the edition's key, and no header leaks from one object to another.
#[tokio::test(start_paused = true)]
async fn d11_d12_every_object_has_its_own_headers_and_the_editions_key() {
    let here = Installation::new().await;
    let zipped = Headers {
        content_type: Some("text/html".into()),
        content_encoding: Some("gzip".into()),
        content_language: Some("de".into()),
        content_disposition: Some("inline".into()),
        expires: Some("Thu, 01 Jan 2099 00:00:00 GMT".into()),
        ..Headers::default()
    };
    let site = Site::new()
        .file_with("index.html", "zip", zipped)
        .file("a.css", "a")
        .file("b.css", "b");
    here.publish(&site, "main").await;
    here.assert_shows("main", &site);
    let page = here.world.objects.get("alpha/v/main/index.html").unwrap().headers;
    assert_eq!(page.content_encoding.as_deref(), Some("gzip"));
    assert_eq!(page.content_language.as_deref(), Some("de"));
    assert_eq!(page.content_disposition.as_deref(), Some("inline"));
    assert!(page.expires.is_some());
    let style = here.world.objects.get("alpha/v/main/a.css").unwrap().headers;
    assert_eq!((style.content_encoding, style.expires), (None, None));
    let root = here.world.objects.get("alpha/v/main").unwrap().headers;
    assert!(root.is_redirect());
    assert_eq!(
        root.metadata["surrogate-key"],
        here.edition("main").surrogate_key.as_str()
    );
}

#[tokio::test(start_paused = true)]
async fn saying_uploaded_again_publishes_again_and_changes_nothing() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let (build, _) = here.publish(&a, "main").await;
    here.world.objects.forget_history();
    let task = here.confirm(&build).await.unwrap();
    here.settle().await;
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
    let copied = here
        .world
        .objects
        .history()
        .iter()
        .any(|change| matches!(change, Mutation::Copied { .. }));
    assert!(!copied);
    here.assert_shows("main", &a);
}

#[tokio::test(start_paused = true)]
async fn a_completion_marker_confirms_once_however_often_its_event_comes() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let build = here.upload(&a, "main").await;
    let marker = Confirmation::Marker {
        sequencer: "0055AED6DCD90281E5".into(),
    };
    let first = builds::confirm_upload(&here.env, build.id, &marker)
        .await
        .unwrap();
    let again = builds::confirm_upload(&here.env, build.id, &marker)
        .await
        .unwrap();
    assert_eq!(first, again);
    here.settle().await;
    here.assert_shows("main", &a);
    assert_eq!(here.edition("main").generation.0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_person_moves_an_edition_back_and_a_late_build_does_not_slip_in() {
    let here = Installation::new().await;
    let [a, b, c] = sites();
    let (first, _) = here.publish(&a, "main").await;
    let late = here.upload(&b, "main").await;
    here.publish(&c, "main").await;
    let id = here.edition("main").id;
    let patch = EditionPatch {
        build: Some(first.id),
        ..EditionPatch::default()
    };
    let changed = editions::update(&here.env, id, patch).await.unwrap();
    here.settle().await;
    assert_eq!(
        here.task(&changed.task.unwrap()).await.status(),
        TaskStatus::Success
    );
    here.assert_shows("main", &a);

    let task = here.confirm(&late).await.unwrap();
    here.settle().await;
    let task = here.task(&task).await;
    assert_eq!(
        (task.status(), task.notes[0].code),
        (TaskStatus::Success, NoteCode::EditionHasNewer)
    );
    here.assert_shows("main", &a);
}

#[tokio::test(start_paused = true)]
async fn an_edition_can_be_pointed_at_a_build_that_is_uploaded_but_not_yet_registered() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let build = here.upload(&a, "u/me/x").await;
    here.confirm(&build).await.unwrap();
    let new = NewEdition {
        name: NewName::Autoincrement,
        tracking: Tracking {
            mode: TrackingMode::Manual,
            refs: None,
            alternate: None,
        },
        kind: None,
        retention: Retention::Applies,
        build: Some(build.id),
        by: None,
    };
    let changed = editions::create(&here.env, &parsed("alpha"), new).await.unwrap();
    assert_eq!(changed.edition.slug.as_str(), "1");
    here.settle().await;
    assert_eq!(
        here.task(&changed.task.unwrap()).await.status(),
        TaskStatus::Success
    );
    here.assert_shows("1", &a);
}

/// D24: an edition without tracked refs could be created and made every read of it fail.
#[test]
fn d24_a_mode_that_compares_refs_needs_some() {
    assert!(matches!(
        editions::tracking(TrackingMode::GitRefs, None, None),
        Err(AppError::Invalid(_))
    ));
    assert!(matches!(
        editions::tracking(TrackingMode::GitRef, None, None),
        Err(AppError::Invalid(_))
    ));
    assert!(editions::tracking(TrackingMode::LsstDoc, None, None).is_ok());
}

#[tokio::test(start_paused = true)]
async fn automatic_build_slugs_are_the_smallest_free_numbers() {
    let here = Installation::new().await;
    let new = |slug: Option<&str>| NewBuild {
        slug: slug.map(parsed),
        git_refs: GitRefs::parse(&["main"]).unwrap(),
        alternate: None,
        artifacts: std::collections::BTreeSet::new(),
        documents: None,
        github_requester: None,
        upload: imprint_domain::upload::Upload::Files,
        directories: None,
        new_editions: NewEditions::Forbidden,
    };
    let mut slugs = Vec::new();
    for slug in [Some("b1"), None, Some("2"), None, None] {
        let created = builds::create(&here.env, &parsed("alpha"), new(slug), &|_| Ok(()))
            .await
            .unwrap();
        slugs.push(created.build.slug.to_string());
    }
    assert_eq!(slugs, ["b1", "1", "2", "3", "4"]);
    let taken = builds::create(&here.env, &parsed("alpha"), new(Some("2")), &|_| Ok(())).await;
    assert!(
        matches!(taken, Err(AppError::Invalid(message)) if message == "A build already exists with slug '2'")
    );
}

/// D21: when signing failed, the build was there all the same and its slug was used up.
#[tokio::test(start_paused = true)]
async fn d21_a_build_whose_forms_cannot_be_signed_leaves_nothing_behind() {
    let here = Installation::new().await;
    here.world
        .faults()
        .once("uploads.presign", 2, Moment::Before, Trouble::Failed);
    let new = || NewBuild {
        slug: None,
        git_refs: GitRefs::parse(&["u/me/branch"]).unwrap(),
        alternate: None,
        artifacts: std::collections::BTreeSet::new(),
        documents: None,
        github_requester: None,
        upload: imprint_domain::upload::Upload::Files,
        directories: Some(vec![parsed("/"), parsed("a/")]),
        new_editions: NewEditions::Allowed,
    };
    let refused = builds::create(&here.env, &parsed("alpha"), new(), &|_| Ok(())).await;
    assert!(matches!(refused, Err(AppError::Presign(_))));
    let too_large = |_: &builds::CreatedBuild| Err(AppError::TooLarge("too large".into()));
    assert!(
        builds::create(&here.env, &parsed("alpha"), new(), &too_large)
            .await
            .is_err()
    );
    assert!(here.world.catalog.all_builds().is_empty());
    assert_eq!(here.world.catalog.all_editions().len(), 1);
    let created = builds::create(&here.env, &parsed("alpha"), new(), &|_| Ok(()))
        .await
        .unwrap();
    assert_eq!(created.build.slug.as_str(), "1");
}

#[tokio::test(start_paused = true)]
async fn files_that_no_url_can_name_are_left_out_and_named() {
    let here = Installation::new().await;
    let site = Site::new().file("index.html", "x").without_redirects();
    let build = here.upload(&site, "main").await;
    here.world.objects.put(
        &format!("{}a/../b.html", build.prefix()),
        "evil",
        Headers::default(),
    );
    let task = here.confirm(&build).await.unwrap();
    here.settle().await;
    let task = here.task(&task).await;
    assert_eq!(task.notes[0].code, NoteCode::FileLeftOut);
    assert!(
        task.notes[0].message.contains("a/../b.html"),
        "{}",
        task.notes[0].message
    );
    here.assert_shows("main", &site);
    assert!(matches!(task.registration, Registration::Done { files: 1, .. }));
    assert!(matches!(task.editions[0].step, EditionStep::Published { .. }));
}
