//! What is put into the bucket: images, and documents of a batch.

use imprint_app::documents::{self, Authority};
use imprint_domain::document::{
    Document, Incoming, Notice, Picture, Reader, Sequencer, Status, VersionNumber,
};
use imprint_domain::manifest::Headers;
use imprint_testing::samples::{organization_slug, parsed};
use serde_json::{Value, json};

use super::{saying, showing};
use crate::installation::Installation;

pub(super) const FIRST: VersionNumber = VersionNumber::FIRST;

/// A PNG of a size; `salt` makes another file of it.
pub(super) fn png(width: u32, salt: u8) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend(width.to_be_bytes());
    png.extend(10u32.to_be_bytes());
    png.extend([8, 2, 0, 0, 0, salt]);
    png
}

impl Installation {
    pub(super) fn put(&self, incoming: &Incoming, body: Vec<u8>) {
        self.world
            .objects
            .put(incoming.key().as_str(), body, Headers::default());
    }

    pub(super) async fn event(&self, incoming: &Incoming, sequencer: &str) {
        let notice = Notice::Event(Sequencer::new(sequencer));
        documents::take(&self.world.tenants(), &incoming.key(), &notice)
            .await
            .unwrap();
    }

    /// What became of a document of a batch.
    fn report(&self, alias: &str) -> Value {
        let report = self
            .world
            .objects
            .get(&format!("_imprint/imports/{}/{alias}.json", organization_slug()));
        serde_json::from_slice(&report.expect("there is a report").body).unwrap()
    }
}

pub(super) fn image_of(document: &Document, name: &str) -> Incoming {
    Incoming::Image {
        document: document.id,
        version: FIRST,
        name: parsed(name),
    }
}

pub(super) fn batch(alias: &str) -> Incoming {
    Incoming::Document {
        organization: organization_slug(),
        alias: parsed(alias),
    }
}

#[tokio::test(start_paused = true)]
async fn a03_an_image_that_comes_and_one_that_is_replaced_make_the_page_anew() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, showing("Hello", "moon.png")).await;
    here.rest().await;
    assert!(
        !here
            .page(&document, Reader::Editor)
            .await
            .unwrap()
            .contains("image/png")
    );
    let moon = image_of(&document, "moon.png");
    for (rendered, sequencer, salt) in [(2, "1", 0), (3, "2", 1)] {
        here.put(&moon, png(10, salt));
        // Each event comes twice.
        here.event(&moon, sequencer).await;
        here.event(&moon, sequencer).await;
        here.rest().await;
        assert_eq!(here.press.count(), rendered);
        assert!(
            here.page(&document, Reader::Editor)
                .await
                .unwrap()
                .contains("moon.png: image/png of 30 bytes")
        );
    }
    // An event that comes late changes nothing, nor does the same file again, nor a file that nothing shows.
    let before = here.newest(&document).await;
    here.event(&moon, "1").await;
    assert_eq!(here.newest(&document).await, before);
    here.event(&moon, "3").await;
    let sun = image_of(&document, "sun.png");
    here.put(&sun, png(10, 9));
    here.event(&sun, "1").await;
    here.rest().await;
    assert_eq!(here.press.count(), 3);
    assert_eq!(here.newest(&document).await.images.len(), 2);
    here.assert_whole(&document).await;
}

#[tokio::test(start_paused = true)]
async fn a22_an_image_that_cannot_be_shown_is_told_by_its_header() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, showing("Hello", "moon.png")).await;
    let moon = image_of(&document, "moon.png");
    for (sequencer, body) in [("1", b"<svg/>".to_vec()), ("2", png(8_000_000, 0))] {
        here.put(&moon, body);
        here.event(&moon, sequencer).await;
        let version = here.newest(&document).await;
        let image = &version.images[&parsed("moon.png")];
        assert!(matches!(&image.picture, Picture::Bad { .. }), "{image:?}");
    }
    here.rest().await;
    assert!(
        !here
            .page(&document, Reader::Editor)
            .await
            .unwrap()
            .contains("image/png")
    );
}

#[tokio::test(start_paused = true)]
async fn a17_an_image_that_comes_after_the_publication_changes_nothing() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    let published = here.publish_newest(&document).await;
    let moon = image_of(&document, "moon.png");
    here.put(&moon, png(10, 0));
    here.event(&moon, "1").await;
    here.rest().await;
    assert_eq!(here.newest(&document).await, published);
}

#[tokio::test(start_paused = true)]
async fn a02_five_hundred_documents_of_a_batch_are_all_taken_whatever_the_order_of_events() {
    let here = Installation::new().await;
    let names: Vec<String> = (0..500).map(|n| format!("batch-{n}")).collect();
    for name in &names {
        let mut body = saying(&format!("This is {name}."));
        body["title"] = json!(name);
        here.put(&batch(name), serde_json::to_vec(&body).unwrap());
    }
    // Backwards, and every third event twice.
    for (n, name) in names.iter().enumerate().rev() {
        here.event(&batch(name), "1").await;
        if n % 3 == 0 {
            here.event(&batch(name), "1").await;
        }
    }
    here.rest().await;
    assert_eq!(here.press.count(), 500);
    for name in &names {
        let document = documents::find(&here.env, name).await.unwrap();
        assert!(
            here.page(&document, Reader::Editor)
                .await
                .unwrap()
                .contains(&format!("This is {name}."))
        );
        assert_eq!(here.report(name)["state"], "taken");
    }
}

#[tokio::test(start_paused = true)]
async fn a02_a_batch_corrects_what_is_published_by_a_minor_version() {
    let here = Installation::new().await;
    let put = |text: &str| {
        let mut body = saying(text);
        body["title"] = json!("Imported");
        here.put(&batch("fluxes"), serde_json::to_vec(&body).unwrap());
    };
    put("One");
    here.event(&batch("fluxes"), "1").await;
    let document = documents::find(&here.env, "fluxes").await.unwrap();
    here.publish_newest(&document).await;
    put("Two");
    here.event(&batch("fluxes"), "2").await;
    here.rest().await;
    let document = documents::find(&here.env, "fluxes").await.unwrap();
    assert_eq!(document.newest.to_string(), "1.1");
    let newest = here
        .env
        .documents
        .version(document.id, document.newest)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        documents::read_content(&here.env, &newest).await.unwrap(),
        Some(saying("Two"))
    );
    assert_eq!(newest.status, Status::Draft);
}

#[tokio::test(start_paused = true)]
async fn a02_what_is_wrong_with_a_document_of_a_batch_lies_beside_it() {
    let here = Installation::new().await;
    for (alias, body, said) in [
        ("no-json", b"{".to_vec(), "no JSON"),
        ("no-title", serde_json::to_vec(&saying("x")).unwrap(), "title"),
        (
            "no-product",
            serde_json::to_vec(&json!({"title": "x", "product": "nowhere", "markdown": "x"})).unwrap(),
            "there is no product nowhere",
        ),
        (
            "bad-node",
            serde_json::to_vec(
                &json!({"title": "x", "document": {"introduction": {"children": [{"type": "q"}]}}}),
            )
            .unwrap(),
            "the content is refused",
        ),
    ] {
        here.put(&batch(alias), body);
        here.event(&batch(alias), "1").await;
        let report = here.report(alias);
        assert_eq!(report["state"], "refused");
        assert!(report["message"].as_str().unwrap().contains(said), "{report}");
        assert!(documents::find(&here.env, alias).await.is_err());
    }
    let problem = &here.report("bad-node")["problems"][0];
    assert!(
        problem["path"]
            .as_str()
            .unwrap()
            .starts_with("/document/introduction/children/0"),
        "{problem}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_touch_of_an_editor_is_enough_for_a_draft() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.rest().await;
    let by = (Authority::Editor, None);
    documents::touch(&here.env, document.id, FIRST, by).await.unwrap();
    here.rest().await;
    assert_eq!(here.press.count(), 2);
}
