//! Writing: what is refused, what starts a rendering and what does not.

use imprint_app::documents::{self, DocumentUpdate, Edit};
use imprint_app::error::AppError;
use imprint_domain::document::{OutputName, Reader, VersionNumber, Which};
use imprint_testing::samples::parsed;
use jiff::SignedDuration;
use serde_json::json;

use super::saying;
use crate::installation::Installation;

const FIRST: VersionNumber = VersionNumber::FIRST;

#[tokio::test(start_paused = true)]
async fn a_document_is_rendered_a_moment_after_it_was_written() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.settle().await;
    assert_eq!(here.press.count(), 0, "somebody may be writing on");
    here.rest().await;
    assert_eq!(here.press.count(), 1);
    let page = here.page(&document, Reader::Editor).await.unwrap();
    assert!(
        page.starts_with("index.html: Fluxes & fields 1.0 DRAFT") && page.contains("Hello"),
        "{page}"
    );
    assert_eq!(here.page(&document, Reader::Public).await, None);
    here.assert_whole(&document).await;
    assert!(here.world.catalog.all_outbox().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a01_a_thousand_reads_start_nothing() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.rest().await;
    here.write(&document, saying("Not rendered yet")).await;
    let sent = here.world.queue.sent().len();
    here.world.counts().reset();
    for _ in 0..1_000 {
        let version = here.newest(&document).await;
        let checksum = version.last_good.clone().unwrap().1;
        for reader in [Reader::Public, Reader::Editor] {
            documents::seen(&here.env, &version, reader).await.unwrap();
            let output =
                documents::output(&here.env, &document, (&checksum, OutputName::DocumentPdf), reader).await;
            assert_eq!(
                output.is_ok(),
                reader == Reader::Editor,
                "an unpublished rendering is no business of the public"
            );
            documents::list(&here.env, reader, 10, None).await.unwrap();
        }
        documents::find(&here.env, "fluxes").await.unwrap();
    }
    assert_eq!(here.world.queue.sent().len(), sent);
    assert_eq!(here.world.counts().of("catalog.commit"), 0);
}

#[tokio::test(start_paused = true)]
async fn a01_each_kind_of_change_is_rendered_once_and_no_change_is_not() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.rest().await;
    assert_eq!((here.wishes(), here.press.count()), (1, 1));
    here.write(&document, saying("Hello")).await;
    assert_eq!(here.wishes(), 1, "it says the same");
    here.write(&document, saying("Hello, you")).await;
    here.rest().await;
    assert_eq!((here.wishes(), here.press.count()), (2, 2));
    let title = DocumentUpdate {
        title: Some(parsed("Another title")),
        ..DocumentUpdate::default()
    };
    for _ in 0..2 {
        documents::update(&here.env, document.id, &title).await.unwrap();
        here.rest().await;
        assert_eq!((here.wishes(), here.press.count()), (3, 3));
    }
    let open = imprint_domain::document::Status::OpenReview;
    for _ in 0..2 {
        here.set_status(&document, FIRST, open).await.unwrap();
        here.rest().await;
        assert_eq!((here.wishes(), here.press.count()), (4, 4));
    }
    documents::touch(
        &here.env,
        document.id,
        FIRST,
        (documents::Authority::Editor, None),
    )
    .await
    .unwrap();
    here.rest().await;
    assert_eq!((here.wishes(), here.press.count()), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn a10_thirty_edits_in_ten_seconds_are_one_rendering_of_the_last() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("0")).await;
    for n in 1..=30 {
        here.world.clock.advance(SignedDuration::from_millis(333));
        here.settle().await;
        here.write(&document, saying(&format!("edit {n}"))).await;
    }
    here.rest().await;
    assert_eq!(here.press.count(), 1);
    assert!(
        here.page(&document, Reader::Editor)
            .await
            .unwrap()
            .contains("edit 30")
    );
}

#[tokio::test(start_paused = true)]
async fn a10_who_writes_on_for_minutes_is_rendered_once_a_minute() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("0")).await;
    for n in 1..=300 {
        here.world.clock.advance(SignedDuration::from_secs(1));
        here.settle().await;
        here.write(&document, saying(&format!("edit {n}"))).await;
    }
    let while_writing = here.press.count();
    assert!((4..=5).contains(&while_writing), "{while_writing}");
    here.rest().await;
    assert_eq!(here.press.count(), while_writing + 1);
    assert!(
        here.page(&document, Reader::Editor)
            .await
            .unwrap()
            .contains("edit 300")
    );
}

#[tokio::test(start_paused = true)]
async fn a23_what_is_refused_changes_nothing_and_says_where_it_is_wrong() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.rest().await;
    let before = here.newest(&document).await;
    let bad = json!({"document": {"introduction": {"children": [{"type": "script", "children": []}]}}});
    let refused = documents::write(&here.env, document.id, FIRST, &Edit::Replace(bad), (None, None)).await;
    let Err(AppError::Content(problems)) = refused else {
        panic!("{refused:?}")
    };
    assert!(
        problems[0].path.starts_with("/document/introduction/children/0"),
        "{problems:?}"
    );
    assert_eq!(here.newest(&document).await, before);
    assert_eq!(here.wishes(), 1);
}

/// The edit form saves piece by piece, and two people have it open.
#[tokio::test(start_paused = true)]
async fn two_editors_of_different_parts_lose_nothing_and_of_the_same_version_notice() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    let seen = here.newest(&document).await.revision;
    let part = |name: &str, text: &str| {
        Edit::Merge(json!({"document": {name: {"children": [{"type": "p", "children": [{"text": text}]}]}}}))
    };
    let (env, id) = (&here.env, document.id);
    let write =
        |edit: Edit, expected| async move { documents::write(env, id, FIRST, &edit, (expected, None)).await };
    write(part("abstract", "One"), None).await.unwrap();
    write(part("data_availability", "Two"), None).await.unwrap();
    let outdated = write(part("abstract", "Three"), Some(seen)).await;
    assert!(matches!(outdated, Err(AppError::Outdated)), "{outdated:?}");
    here.rest().await;
    let page = here.page(&document, Reader::Editor).await.unwrap();
    for text in ["Hello", "One", "Two"] {
        assert!(page.contains(text), "{page}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_renamed_document_answers_to_its_old_name_and_nobody_else_gets_it() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    let other = here.document("other", None, saying("Hello")).await;
    let named = |alias: &str| DocumentUpdate {
        alias: Some(Some(parsed(alias))),
        ..DocumentUpdate::default()
    };
    documents::update(&here.env, document.id, &named("fields"))
        .await
        .unwrap();
    for alias in ["fields", "fluxes", &document.id.to_string()] {
        assert_eq!(
            documents::find(&here.env, alias).await.unwrap().id,
            document.id,
            "{alias}"
        );
    }
    for taken in ["fields", "fluxes"] {
        let refused = documents::update(&here.env, other.id, &named(taken)).await;
        assert!(
            matches!(refused, Err(AppError::Invalid(_))),
            "{taken}: {refused:?}"
        );
    }
    documents::update(&here.env, document.id, &named("fluxes"))
        .await
        .unwrap();
    assert_eq!(
        documents::find(&here.env, "fields").await.unwrap().id,
        document.id
    );
}

#[tokio::test(start_paused = true)]
async fn a_deleted_document_is_gone_for_everybody() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.rest().await;
    for _ in 0..2 {
        documents::end(&here.env, document.id).await.unwrap();
    }
    for raw in ["fluxes", &document.id.to_string()] {
        assert!(matches!(
            documents::find(&here.env, raw).await,
            Err(AppError::NotFound)
        ));
    }
    let listed = documents::list(&here.env, Reader::Editor, 10, None)
        .await
        .unwrap();
    assert!(listed.items.is_empty());
    let found = documents::found(&here.env, document, Which::Latest, Reader::Public).await;
    assert!(matches!(found, Err(AppError::NotFound)));
}
