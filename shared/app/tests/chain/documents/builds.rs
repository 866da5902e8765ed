//! Renderings that become builds of a product: what readers of its editions see.

use imprint_app::documents::{self, DocumentUpdate};
use imprint_app::sweep::sweep;
use imprint_domain::document::{Drafts, VersionNumber};
use imprint_domain::message::Message;
use imprint_domain::retention::{Days, RetentionRules};
use imprint_testing::Faults;
use imprint_testing::samples::parsed;
use jiff::SignedDuration;

use super::saying;
use crate::installation::Installation;

fn page(here: &Installation, edition: &str) -> String {
    let shown = here.shown(edition);
    String::from_utf8(shown["index.html"].to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_draft_is_shown_by_an_edition_of_its_own_with_all_its_files() {
    let here = Installation::new().await;
    let document = here.document("fluxes", Some("alpha"), saying("One")).await;
    here.rest().await;
    let shown = here.shown("draft-v1");
    let names: Vec<&str> = shown.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "_artifacts/alpha.epub",
            "_artifacts/alpha.pdf",
            "_artifacts/search.json",
            "document.epub",
            "document.pdf",
            "document.tex",
            "index.html",
            "journal.pdf",
            "references.bib",
            "search.json"
        ]
    );
    assert!(page(&here, "draft-v1").contains("One"));
    let types = here
        .world
        .objects
        .get("alpha/v/draft-v1/document.pdf")
        .unwrap()
        .headers;
    assert_eq!(types.content_type.as_deref(), Some("application/pdf"));
    assert_eq!(shown["_artifacts/alpha.pdf"], shown["document.pdf"]);
    assert_eq!(shown["_artifacts/alpha.epub"], shown["document.epub"]);
    here.write(&document, saying("Two")).await;
    here.rest().await;
    assert!(page(&here, "draft-v1").contains("Two"));
    // Undone: the page goes back, and nothing was rendered for it.
    here.write(&document, saying("One")).await;
    here.rest().await;
    assert!(page(&here, "draft-v1").contains("One"));
    assert_eq!(here.press.count(), 2);
    assert!(here.shown("main").is_empty(), "nothing is published");
}

#[tokio::test(start_paused = true)]
async fn what_is_published_has_an_edition_a_release_and_the_products_own_address() {
    let here = Installation::new().await;
    let document = here.document("fluxes", Some("alpha"), saying("One")).await;
    here.publish_newest(&document).await;
    assert!(page(&here, "v1.0").contains("PUBLISHED"));
    assert!(page(&here, "main").contains("One"));
    assert_eq!(here.latest_version("alpha/stable").await.as_deref(), Some("1.0"));
    documents::next_minor(&here.env, document.id, 1, None)
        .await
        .unwrap();
    here.write_newest(&document, "Two").await;
    here.rest().await;
    assert!(page(&here, "main").contains("One"), "the correction is a draft");
    here.publish_newest(&document).await;
    assert!(page(&here, "main").contains("Two"));
    assert!(page(&here, "v1.0").contains("One"));
    assert!(page(&here, "v1.1").contains("Two"));
}

/// A correction of an old major comes out after the new one.
#[tokio::test(start_paused = true)]
async fn a_correction_of_an_old_major_does_not_take_the_products_address_back() {
    let here = Installation::new().await;
    let document = here.document("fluxes", Some("alpha"), saying("One")).await;
    here.publish_newest(&document).await;
    documents::next_major(&here.env, document.id, None).await.unwrap();
    here.write_newest(&document, "Two").await;
    here.publish_newest(&document).await;
    let (_, fix) = documents::next_minor(&here.env, document.id, 1, None)
        .await
        .unwrap();
    here.write_to(&document, fix.number, saying("One, corrected"))
        .await;
    here.rest().await;
    let published = imprint_domain::document::Status::Published;
    here.set_status(&document, fix.number, published).await.unwrap();
    here.rest().await;
    assert!(page(&here, "v1.1").contains("One, corrected"));
    assert!(page(&here, "main").contains("Two"));
}

#[tokio::test(start_paused = true)]
async fn private_drafts_are_no_builds_and_become_some_when_they_are_not_private_any_more() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("One")).await;
    let update = |drafts, product: Option<&str>| DocumentUpdate {
        drafts: Some(drafts),
        product: Some(product.map(parsed)),
        ..DocumentUpdate::default()
    };
    let private = update(Drafts::Private, Some("alpha"));
    documents::update(&here.env, document.id, &private).await.unwrap();
    here.rest().await;
    assert!(
        here.world
            .objects
            .keys("alpha/builds/")
            .iter()
            .all(|key| !key.contains("document-"))
    );
    let public = update(Drafts::Public, Some("alpha"));
    documents::update(&here.env, document.id, &public).await.unwrap();
    here.rest().await;
    assert!(page(&here, "draft-v1").contains("One"));
    assert_eq!(here.press.count(), 1);
}

impl Installation {
    /// The registration of every build is lost, time after time, until the sweep gives it up.
    async fn lose_registrations(&self) {
        for _ in 0..10 {
            while let Some(envelope) = self.world.queue.take_any() {
                if !matches!(envelope.message, Message::RegisterBuild(_)) {
                    self.deliver(&envelope, 1).await;
                }
            }
            self.world.clock.advance(SignedDuration::from_hours(1));
            sweep(&self.world.tenants(), SignedDuration::from_secs(120))
                .await
                .unwrap();
        }
        self.world.queue.take_all();
        assert!(self.world.catalog.all_outbox().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_published_version_whose_registration_was_given_up_is_registered_again_though_the_rules_deleted_its_build()
 {
    for rules_run in [false, true] {
        let here = Installation::new().await;
        let document = here.document("fluxes", Some("alpha"), saying("One")).await;
        here.rest().await;
        here.scan().await;
        let number = here.newest(&document).await.number;
        let published = imprint_domain::document::Status::Published;
        here.set_status(&document, number, published).await.unwrap();
        here.lose_registrations().await;
        assert!(here.shown("main").is_empty());
        if rules_run {
            here.rule(RetentionRules {
                delete_unreferenced_builds_after_days: Some(Days::new(1).unwrap()),
                keep_newest_builds: 0,
                ..RetentionRules::default()
            });
            for _ in 0..3 {
                here.later(2);
                here.retain().await;
            }
            assert!(
                here.below("alpha/builds/")
                    .iter()
                    .all(|key| !key.contains("-release-"))
            );
        }
        assert!(here.scan().await.published > 0);
        here.rest().await;
        assert!(
            page(&here, "main").contains("One"),
            "after the rules: {rules_run}"
        );
        assert!(page(&here, "v1.0").contains("PUBLISHED"));
        assert_eq!(here.scan().await.published, 0, "it notes that all is well");
        here.world.counts().reset();
        assert_eq!(here.scan().await.published, 0);
        assert_eq!(
            here.world.counts().of("catalog.build"),
            0,
            "and does not look again"
        );
    }
}

/// The publication of an older rendering is held at each of its calls until a newer one is through.
#[tokio::test(start_paused = true)]
async fn a_late_publication_takes_no_edition_back() {
    let mut held = 0;
    for nth in 1..40 {
        let here = Installation::new().await;
        let document = here.document("fluxes", Some("alpha"), saying("Old")).await;
        here.world.queue.wait_for_next();
        let render = here.world.queue.take_any().unwrap();
        here.deliver(&render, 1).await;
        let publish = here.world.queue.take_any().unwrap();
        let hold = here.world.faults().hold(Faults::ANY, nth);
        let late = here.deliver(&publish, 1);
        let newer = async {
            tokio::select! {
                () = hold.reached() => {}
                () = tokio::time::sleep(std::time::Duration::from_secs(1)) => return false,
            }
            here.world.faults().clear();
            here.write(&document, saying("New")).await;
            here.rest().await;
            hold.release();
            true
        };
        let (_, was_held) = tokio::join!(late, newer);
        if !was_held {
            break;
        }
        held += 1;
        here.rest().await;
        here.recover().await;
        assert!(page(&here, "draft-v1").contains("New"), "held at call {nth}");
    }
    assert!(held >= 10, "{held}");
}

#[tokio::test(start_paused = true)]
async fn a_product_that_is_not_there_loses_no_rendering() {
    let here = Installation::new().await;
    let document = here.document("fluxes", Some("alpha"), saying("One")).await;
    imprint_app::products::end(&here.env, &parsed("alpha"))
        .await
        .unwrap();
    here.rest().await;
    let version = here.newest(&document).await;
    assert_eq!(version.number, VersionNumber::FIRST);
    assert!(version.last_good.is_some());
    assert!(here.world.catalog.all_outbox().is_empty());
}

impl Installation {
    async fn write_newest(&self, document: &imprint_domain::document::Document, text: &str) {
        self.write(document, saying(text)).await;
    }
}
