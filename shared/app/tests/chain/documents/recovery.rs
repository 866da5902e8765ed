//! What is found although nobody heard of it, and what goes because nobody needs it.

use imprint_app::documents::{self, Authority, Looking, Scanned};
use imprint_domain::document::{Incoming, OutputName, Reader};
use imprint_domain::manifest::Headers;
use imprint_testing::samples::{organization_slug, parsed};
use jiff::SignedDuration;
use serde_json::json;

use super::saying;
use crate::installation::Installation;

impl Installation {
    /// Everything that was sent is lost, and what would be sent again, too.
    pub(super) fn lose_everything(&self) {
        self.world.clock.advance(SignedDuration::from_mins(10));
        self.world.queue.take_all();
        self.world.catalog.forget_outbox();
    }

    pub(super) async fn scan(&self) -> Scanned {
        documents::scan(&self.world.tenants(), &*self.press)
            .await
            .unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a09_two_hundred_changes_that_nobody_heard_of_are_found_by_one_scan() {
    let here = Installation::new().await;
    let mut all = Vec::new();
    for n in 0..200 {
        all.push(
            here.document(&format!("paper-{n}"), None, saying(&format!("This is {n}.")))
                .await,
        );
    }
    here.lose_everything();
    assert_eq!(here.scan().await.rendered, 200);
    here.rest().await;
    for (n, document) in all.iter().enumerate() {
        assert!(
            here.page(document, Reader::Editor)
                .await
                .unwrap()
                .contains(&format!("This is {n}."))
        );
    }
    here.world.clock.advance(SignedDuration::from_mins(10));
    let again = here.scan().await;
    assert_eq!((again.documents, again.rendered, again.published), (200, 0, 0));
    assert_eq!(here.world.queue.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn a09_a_scan_does_a_slice_and_the_next_one_goes_on() {
    let here = Installation::new().await;
    for n in 0..620 {
        here.document(&format!("paper-{n}"), None, saying("x")).await;
    }
    here.lose_everything();
    let (first, second) = (here.scan().await, here.scan().await);
    assert_eq!(first.documents + second.documents, 620);
    assert_eq!(first.rendered + second.rendered, 620);
    assert!(first.documents < 620);
}

#[tokio::test(start_paused = true)]
async fn a09_a_rendering_that_died_and_a_publication_that_was_lost_are_found() {
    let here = Installation::new().await;
    let document = here.document("fluxes", Some("alpha"), saying("Hello")).await;
    here.world.queue.wait_for_next();
    let envelope = here.world.queue.take_any().unwrap();
    imprint_testing::run_until_death(12, imprint_testing::Moment::After, here.deliver(&envelope, 1)).await;
    here.lose_everything();
    assert_eq!(here.scan().await.rendered, 1);
    let envelope = here.world.queue.take_any().unwrap();
    here.deliver(&envelope, 1).await;
    here.lose_everything();
    assert_eq!(here.scan().await.published, 1);
    here.rest().await;
    assert!(here.shown("draft-v1").contains_key("index.html"));
    here.assert_whole(&document).await;
}

#[tokio::test(start_paused = true)]
async fn a09_a_new_engine_makes_drafts_anew() {
    let mut here = Installation::new().await;
    here.document("fluxes", None, saying("Hello")).await;
    here.rest().await;
    std::sync::Arc::get_mut(&mut here.press).unwrap().engine = "press 2";
    here.world.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(here.scan().await.rendered, 1);
    here.rest().await;
    assert_eq!(here.press.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a09_objects_whose_event_was_lost_are_taken_once() {
    let here = Installation::new().await;
    let incoming = Incoming::Document {
        organization: organization_slug(),
        alias: parsed("fluxes"),
    };
    let mut body = saying("Hello");
    body["title"] = json!("Imported");
    let body = serde_json::to_vec(&body).unwrap();
    here.world
        .objects
        .put(incoming.key().as_str(), body, Headers::default());
    let tenants = here.world.tenants();
    let unheard = || documents::take_unheard(&tenants);
    assert_eq!(unheard().await.unwrap(), 0, "its event may still come");
    here.world.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(unheard().await.unwrap(), 1);
    let document = documents::find(&here.env, "fluxes").await.unwrap();
    here.rest().await;
    let before = here.newest(&document).await;
    here.world.clock.advance(SignedDuration::from_mins(15));
    unheard().await.unwrap();
    here.rest().await;
    assert_eq!(here.newest(&document).await, before);
    assert_eq!(here.press.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a12_outdated_renderings_go_after_a_day_and_nothing_that_is_needed_does() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("One")).await;
    here.rest().await;
    let outdated = here.newest(&document).await.current.unwrap();
    here.write(&document, saying("Two")).await;
    here.rest().await;
    assert_eq!(here.scan().await.deleted, 0);
    here.world.clock.advance(SignedDuration::from_hours(25));
    let only = documents::collect(&here.env, &document, Looking::Only)
        .await
        .unwrap();
    assert_eq!(only.marked, std::slice::from_ref(&outdated));
    let before = here.world.objects.snapshot();
    here.scan().await;
    assert_eq!(here.world.objects.snapshot(), before, "it is only marked");
    here.world.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(here.scan().await.deleted, 1);
    assert!(
        here.env
            .documents
            .rendering(document.id, &outdated)
            .await
            .unwrap()
            .is_none()
    );
    let left = here
        .world
        .objects
        .keys(&format!("_imprint/documents/{}/", document.id));
    assert_eq!(
        left.len(),
        1 + OutputName::ALL.len() + 1,
        "one content, one rendering and its status: {left:?}"
    );
    here.assert_whole(&document).await;
    assert!(
        here.page(&document, Reader::Editor)
            .await
            .unwrap()
            .contains("Two")
    );
}

/// Marked, and undone before it goes.
#[tokio::test(start_paused = true)]
async fn a12_what_is_needed_again_is_spared() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("One")).await;
    here.rest().await;
    here.write(&document, saying("Two")).await;
    here.rest().await;
    here.world.clock.advance(SignedDuration::from_hours(25));
    here.scan().await;
    here.write(&document, saying("One")).await;
    here.rest().await;
    for _ in 0..3 {
        here.world.clock.advance(SignedDuration::from_mins(15));
        here.scan().await;
        here.assert_whole(&document).await;
    }
    assert_eq!(here.press.count(), 2, "it was never rendered again");
    assert!(
        here.page(&document, Reader::Editor)
            .await
            .unwrap()
            .contains("One")
    );
}

#[tokio::test(start_paused = true)]
async fn a17_what_is_published_is_never_collected() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("One")).await;
    here.publish_newest(&document).await;
    let page = here.page(&document, Reader::Public).await;
    let (_, draft) = documents::next_minor(&here.env, document.id, 1, None)
        .await
        .unwrap();
    here.write_to(&document, draft.number, saying("Two")).await;
    here.rest().await;
    for _ in 0..4 {
        here.world.clock.advance(SignedDuration::from_hours(25));
        here.scan().await;
    }
    here.assert_whole(&document).await;
    let first = here
        .env
        .documents
        .version(document.id, parsed("1.0"))
        .await
        .unwrap()
        .unwrap();
    let seen = documents::seen(&here.env, &first, Reader::Public).await.unwrap();
    let output = seen.served.unwrap().outputs[&OutputName::Page].clone();
    let body = here.world.objects.get(output.key.as_str()).unwrap().body;
    assert_eq!(page.as_deref(), std::str::from_utf8(&body).ok());
}

#[tokio::test(start_paused = true)]
async fn a_document_that_was_deleted_leaves_nothing_after_thirty_days() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("One")).await;
    here.rest().await;
    documents::end(&here.env, document.id).await.unwrap();
    here.world.clock.advance(SignedDuration::from_hours(29 * 24));
    here.scan().await;
    assert!(here.env.documents.document(document.id).await.unwrap().is_some());
    here.world.clock.advance(SignedDuration::from_hours(25));
    here.scan().await;
    assert!(here.env.documents.document(document.id).await.unwrap().is_none());
    assert!(here.world.objects.keys("_imprint/documents/").is_empty());
    // Its name is free.
    here.document("fluxes", None, saying("Another")).await;
    let by = (Authority::Editor, None);
    let gone = documents::touch(&here.env, document.id, parsed("1.0"), by).await;
    assert!(gone.is_err());
}
