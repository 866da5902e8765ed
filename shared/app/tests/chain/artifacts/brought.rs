//! Files that come with an upload: found in its tree, or uploaded with a form of their own.

use bytes::Bytes;
use imprint_domain::artifact::Format;
use imprint_domain::build::Build;
use imprint_domain::manifest::Headers;
use imprint_domain::task::{FailureCode, NoteCode, TaskStatus};

use super::{docs, formats, notes, states};
use crate::installation::Installation;

/// As much of a PDF as anybody looks at.
pub(super) const PDF: &str = "%PDF-1.7\nsomething\n%%EOF\n";

/// As much of an EPUB as anybody looks at.
fn epub() -> Vec<u8> {
    let mut begin = b"PK\x03\x04".to_vec();
    begin.resize(30, 0);
    begin.extend_from_slice(b"mimetypeapplication/epub+zip");
    begin
}

fn put(here: &Installation, build: &Build, format: Format, name: &str, body: impl Into<Bytes>) {
    let key = format!("alpha/artifacts/{}/{format}/{name}", build.slug);
    here.world.objects.put(&key, body, Headers::default());
}

#[tokio::test(start_paused = true)]
async fn what_lies_among_the_artifacts_of_a_tree_is_shown_as_such_and_not_twice() {
    let here = Installation::new().await;
    let site = docs()
        .file("_artifacts/Handbook.pdf", PDF)
        .file("_artifacts/book.epub", epub());
    let (build, task) = here.publish(&site, "main").await;
    assert_eq!(task.status(), TaskStatus::Success);
    let shown = here.shown("main");
    assert_eq!(shown["_artifacts/alpha.pdf"], PDF);
    assert_eq!(shown["_artifacts/alpha.epub"], epub());
    assert!(!shown.contains_key("_artifacts/Handbook.pdf"));
    let headers = here
        .world
        .objects
        .get("alpha/v/main/_artifacts/alpha.epub")
        .unwrap()
        .headers;
    assert_eq!(headers.content_type.as_deref(), Some("application/epub+zip"));
    assert_eq!(states(&here, build.id)[&Format::Pdf], Ok("ready"));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_in_its_format_fails_alone() {
    let here = Installation::new().await;
    let site = docs()
        .file("_artifacts/alpha.pdf", "<html>not found</html>")
        .file("_artifacts/alpha.epub", epub());
    let (build, task) = here.publish(&site, "main").await;
    assert_eq!(task.status(), TaskStatus::Success);
    let states = states(&here, build.id);
    assert_eq!(states[&Format::Pdf], Err(FailureCode::ArtifactUnfit));
    assert_eq!(states[&Format::Epub], Ok("ready"));
    let shown = here.shown("main");
    assert!(!shown.contains_key("_artifacts/alpha.pdf") && shown.contains_key("_artifacts/alpha.epub"));
    let note = task
        .notes
        .iter()
        .find(|note| note.code == NoteCode::ArtifactLacking)
        .unwrap();
    assert!(note.message.contains("%PDF-"), "{}", note.message);
}

#[tokio::test(start_paused = true)]
async fn of_two_pdfs_the_one_with_the_products_name_counts_and_without_it_neither() {
    let here = Installation::new().await;
    let site = docs()
        .file("_artifacts/a.pdf", PDF)
        .file("_artifacts/alpha.pdf", PDF);
    let (build, _) = here.publish(&site, "main").await;
    assert_eq!(states(&here, build.id)[&Format::Pdf], Ok("ready"));

    let site = docs().file("_artifacts/a.pdf", PDF).file("_artifacts/b.pdf", PDF);
    let (build, _) = here.publish(&site, "main").await;
    assert_eq!(
        states(&here, build.id)[&Format::Pdf],
        Err(FailureCode::ArtifactUnfit)
    );
    let said = notes(&here, build.id, Format::Pdf).concat();
    assert!(said.contains("_artifacts/alpha.pdf"), "{said}");
    assert!(
        here.shown("main").contains_key("_artifacts/alpha.pdf"),
        "the last good one stays"
    );
    assert_eq!(formats(&here)[&Format::Pdf], 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_announced_and_uploaded_with_a_form_is_shown() {
    let here = Installation::new().await;
    let announced = [Format::Pdf, Format::HtmlZip, Format::Json];
    let build = here.upload_with(&docs(), "main", announced).await;
    put(&here, &build, Format::Pdf, "alpha.pdf", PDF);
    put(&here, &build, Format::HtmlZip, "alpha.zip", "PK\x03\x04");
    put(&here, &build, Format::Json, "search.json", "{\"pages\": []}");
    let task = here.confirm(&build).await.unwrap();
    here.settle().await;
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
    let shown = here.shown("main");
    assert_eq!(shown["_artifacts/alpha.pdf"], PDF);
    assert_eq!(shown["_artifacts/alpha.zip"].as_ref(), b"PK\x03\x04");
    assert_eq!(shown["_artifacts/search.json"].as_ref(), b"{\"pages\": []}");
}

#[tokio::test(start_paused = true)]
async fn what_was_announced_and_did_not_come_is_missing_until_it_is_uploaded_and_confirmed_again() {
    let here = Installation::new().await;
    let build = here.upload_with(&docs(), "main", [Format::Pdf]).await;
    let task = here.confirm(&build).await.unwrap();
    here.settle().await;
    assert_eq!(
        here.task(&task).await.status(),
        TaskStatus::Success,
        "the pages are published"
    );
    assert_eq!(
        states(&here, build.id)[&Format::Pdf],
        Err(FailureCode::ArtifactMissing)
    );

    put(&here, &build, Format::Pdf, "alpha.pdf", PDF);
    here.confirm(&build).await.unwrap();
    here.settle().await;
    assert_eq!(states(&here, build.id)[&Format::Pdf], Ok("ready"));
    assert_eq!(here.shown("main")["_artifacts/alpha.pdf"], PDF);
}

/// What the client brings is never overwritten by what could be made.
#[tokio::test(start_paused = true)]
async fn a_format_that_a_client_brings_is_not_made() {
    let here = Installation::deriving(Format::DERIVED).await;
    let site = docs().file("_artifacts/search.json", "{\"own\": true}");
    let (build, _) = here.publish(&site, "main").await;
    assert_eq!(
        here.shown("main")["_artifacts/search.json"].as_ref(),
        b"{\"own\": true}"
    );
    assert_eq!(states(&here, build.id)[&Format::HtmlZip], Ok("ready"));
}

#[tokio::test(start_paused = true)]
async fn a_pdf_that_a_build_no_longer_has_disappears_from_the_edition() {
    let here = Installation::new().await;
    here.publish(&docs().file("_artifacts/alpha.pdf", PDF), "main")
        .await;
    here.publish(&docs(), "main").await;
    here.assert_shows("main", &docs());
    assert!(!formats(&here).contains_key(&Format::Pdf));
}
