//! One format that fails stops none of the others, and shows.

use imprint_app::step::MAX_RECEIVES;
use imprint_domain::artifact::Format;
use imprint_domain::message::Message;
use imprint_domain::task::{FailureCode, NoteCode, Registration, TaskStatus};
use imprint_testing::{Site, Trouble};

use super::{derivations, docs, format_of, formats, notes, page, settle_but, states};
use crate::installation::Installation;

/// Some path of each format in an edition.
const SHOWN: [(Format, &str); 4] = [
    (Format::HtmlZip, "_artifacts/alpha.zip"),
    (Format::Json, "_artifacts/search.json"),
    (Format::Search, "_search/index.html"),
    (Format::Markdown, "index.md"),
];

/// How the making of a format may fail, and what the build says of it.
const TROUBLES: [(Format, &str, Trouble, FailureCode); 6] = [
    (
        Format::HtmlZip,
        "objects.read_part",
        Trouble::Busy,
        FailureCode::ObjectStore,
    ),
    (
        Format::HtmlZip,
        "objects.write",
        Trouble::Failed,
        FailureCode::ObjectStore,
    ),
    (
        Format::Json,
        "objects.read_part",
        Trouble::Busy,
        FailureCode::ObjectStore,
    ),
    (
        Format::Markdown,
        "objects.write",
        Trouble::Busy,
        FailureCode::ObjectStore,
    ),
    (
        Format::Search,
        "indexer.index",
        Trouble::Failed,
        FailureCode::NotDerived,
    ),
    (
        Format::Search,
        "objects.headers",
        Trouble::Busy,
        FailureCode::ObjectStore,
    ),
];

#[tokio::test(start_paused = true)]
async fn a_format_that_fails_leaves_the_others_published_and_shows_on_the_build() {
    for (poisoned, method, trouble, code) in TROUBLES {
        let here = Installation::deriving(Format::DERIVED).await;
        let build = here.upload(&docs(), "main").await;
        let task = here.confirm(&build).await.unwrap();
        settle_but(&here, poisoned, method, trouble).await;
        let task = here.task(&task).await;
        assert_eq!(task.status(), TaskStatus::Success, "{poisoned} {method}");
        let (shown, states) = (here.shown("main"), states(&here, build.id));
        for (format, path) in SHOWN {
            let is_good = format != poisoned;
            assert_eq!(shown.contains_key(path), is_good, "{poisoned} {method}: {format}");
            let wanted = if is_good { Ok("ready") } else { Err(code) };
            assert_eq!(states[&format], wanted, "{poisoned} {method}");
            assert_eq!(formats(&here).contains_key(&format), is_good);
        }
        for path in docs().bodies().keys() {
            assert!(shown.contains_key(path), "{path}");
        }
        assert!(!notes(&here, build.id, poisoned).concat().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_failed_because_a_store_did_not_answer_is_made_later_and_shown_then() {
    for (poisoned, method, trouble, code) in TROUBLES {
        let here = Installation::deriving(Format::DERIVED).await;
        let build = here.upload(&docs(), "main").await;
        here.confirm(&build).await.unwrap();
        settle_but(&here, poisoned, method, trouble).await;
        here.recover().await;
        let is_final = code == FailureCode::NotDerived;
        let wanted = if is_final { Err(code) } else { Ok("ready") };
        assert_eq!(states(&here, build.id)[&poisoned], wanted, "{poisoned} {method}");
        let (_, path) = SHOWN.into_iter().find(|(format, _)| *format == poisoned).unwrap();
        assert_eq!(
            here.shown("main").contains_key(path),
            !is_final,
            "{poisoned} {method}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_edition_goes_on_showing_the_last_good_archive_and_says_that_it_is_older() {
    let here = Installation::deriving(Format::DERIVED).await;
    let (first, _) = here.publish(&docs(), "main").await;
    let old = here.shown("main")["_artifacts/alpha.zip"].clone();
    let changed = docs().file("index.html", page("Home", "Begin anew."));
    let build = here.upload(&changed, "main").await;
    let task = here.confirm(&build).await.unwrap();
    settle_but(&here, Format::HtmlZip, "objects.write", Trouble::Failed).await;
    let shown = here.shown("main");
    assert_eq!(shown["_artifacts/alpha.zip"], old);
    assert_eq!(shown["index.md"].as_ref(), b"# Home\n\nBegin anew.\n");
    let formats = formats(&here);
    assert_eq!(
        (formats[&Format::HtmlZip], formats[&Format::Markdown]),
        (first.id.0, build.id.0)
    );
    let task = here.task(&task).await;
    assert_eq!(task.status(), TaskStatus::Success);
    let older = task
        .notes
        .iter()
        .find(|note| note.code == NoteCode::ArtifactLacking);
    let older = older.unwrap_or_else(|| panic!("{task:?}"));
    assert!(older.message.contains("htmlzip of build 1"), "{}", older.message);

    // The next one is good again.
    here.recover().await;
    let (third, _) = here.publish(&docs(), "main").await;
    assert_eq!(super::formats(&here)[&Format::HtmlZip], third.id.0);
}

/// What a page says must be what the page says: no twin of an earlier build stays.
#[tokio::test(start_paused = true)]
async fn no_twin_of_an_earlier_page_stays_when_the_new_ones_fail() {
    let here = Installation::deriving(Format::DERIVED).await;
    here.publish(&docs(), "main").await;
    let build = here
        .upload(&docs().file("index.html", page("Home", "New.")), "main")
        .await;
    here.confirm(&build).await.unwrap();
    settle_but(&here, Format::Markdown, "objects.write", Trouble::Failed).await;
    let shown = here.shown("main");
    assert!(
        !shown
            .keys()
            .any(|path| path.ends_with(".md") || path == "llms.txt")
    );
    assert!(shown.contains_key("_search/index.html"));
}

#[tokio::test(start_paused = true)]
async fn pages_do_not_wait_for_formats_that_do_not_come_and_show_them_when_they_do() {
    let here = Installation::deriving(Format::DERIVED).await;
    let build = here.upload(&docs(), "main").await;
    let task = here.confirm(&build).await.unwrap();
    let lost = derivations(&here).await;
    assert_eq!(lost.len(), 4);
    assert!(matches!(
        here.task(&task).await.registration,
        Registration::Deriving { .. }
    ));
    assert_eq!(here.published("main"), None, "the editions wait a while");

    assert!(here.world.queue.wait_for_next());
    here.settle().await;
    here.assert_shows("main", &docs());
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
    assert_eq!(here.published("main"), Some(build.id.0));

    for envelope in &lost {
        here.deliver(envelope, 1).await;
    }
    here.settle().await;
    let shown = here.shown("main");
    for (format, path) in SHOWN {
        assert!(shown.contains_key(path), "{format}");
    }
    assert_eq!(
        here.edition("main").generation.0,
        2,
        "one more move for all of them"
    );
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn messages_that_come_twice_or_late_change_nothing() {
    let here = Installation::deriving(Format::DERIVED).await;
    let build = here.upload(&docs(), "main").await;
    here.confirm(&build).await.unwrap();
    let messages = derivations(&here).await;
    for envelope in messages.iter().chain(&messages) {
        here.deliver(envelope, 1).await;
    }
    here.settle().await;
    let (shown, states) = (here.shown("main"), states(&here, build.id));
    assert_eq!(here.edition("main").generation.0, 1);
    here.world.objects.forget_history();
    here.world.clock.advance(jiff::SignedDuration::from_hours(1));
    for envelope in &messages {
        here.deliver(envelope, MAX_RECEIVES).await;
    }
    here.settle().await;
    assert_eq!(here.world.objects.history(), [], "nobody writes what is there");
    assert_eq!(
        (here.shown("main"), super::states(&here, build.id)),
        (shown, states)
    );
}

/// The client confirms once more with other pages before the formats of the first are made.
#[tokio::test(start_paused = true)]
async fn formats_of_pages_that_were_replaced_are_not_shown() {
    let here = Installation::deriving(Format::DERIVED).await;
    let build = here.upload(&docs(), "main").await;
    here.confirm(&build).await.unwrap();
    let late = derivations(&here).await;
    let site = docs().file("index.html", page("Home", "Said again."));
    site.upload(&here.world.objects, &build);
    let task = here.confirm(&build).await.unwrap();
    here.settle().await;
    let shown = here.shown("main");
    assert_eq!(shown["index.md"].as_ref(), b"# Home\n\nSaid again.\n");
    for envelope in &late {
        here.deliver(envelope, 1).await;
    }
    while here.world.queue.wait_for_next() {
        here.settle().await;
    }
    assert_eq!(here.shown("main"), shown);
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_vanished_fails_what_is_made_of_it_and_says_which() {
    let here = Installation::deriving(Format::DERIVED).await;
    let build = here.upload(&docs(), "main").await;
    here.confirm(&build).await.unwrap();
    let messages = derivations(&here).await;
    here.world
        .objects
        .remove(&format!("{}guide/winter.html", build.prefix()));
    for envelope in &messages {
        here.deliver(envelope, 1).await;
    }
    for envelope in &messages {
        let format = format_of(envelope).unwrap();
        assert_eq!(states(&here, build.id)[&format], Err(FailureCode::FilesMissing));
        assert!(notes(&here, build.id, format)[0].contains("guide/winter.html"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_for_a_format_that_nobody_makes_is_a_failure_that_shows() {
    let here = Installation::deriving([Format::Search]).await;
    let build = here.upload(&docs(), "main").await;
    here.confirm(&build).await.unwrap();
    let messages = derivations(&here).await;
    let Message::DeriveFormat(search) = &messages[0].message else {
        panic!("{messages:?}")
    };
    // The function that has no engine takes the message.
    imprint_app::artifacts::derive_format(&here.env, &messages[0].id, search)
        .await
        .unwrap();
    assert_eq!(
        states(&here, build.id)[&Format::Search],
        Err(FailureCode::NotDerived)
    );
    here.settle().await;
    here.assert_shows("main", &docs());
}

#[tokio::test(start_paused = true)]
async fn a_site_without_pages_keeps_the_pages_and_texts_that_an_edition_shows() {
    let here = Installation::deriving(Format::DERIVED).await;
    here.publish(&docs(), "main").await;
    let before = here.shown("main");
    let only = Site::new()
        .without_redirects()
        .file("_artifacts/alpha.pdf", super::brought::PDF);
    let (build, task) = here.publish(&only, "main").await;
    assert_eq!(task.status(), TaskStatus::Success, "{task:?}");
    let shown = here.shown("main");
    assert_eq!(shown["_artifacts/alpha.pdf"], super::brought::PDF);
    for (path, body) in &before {
        if path != "_artifacts/alpha.zip" {
            assert_eq!(shown.get(path), Some(body), "{path}");
        }
    }
    let formats = formats(&here);
    assert_eq!((formats[&Format::Html], formats[&Format::Pdf]), (1, build.id.0));
}
