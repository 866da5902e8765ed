//! What somebody may do, or what may happen, to lose what others wrote, to have work done for ever, or to keep others waiting.

use imprint_app::documents::{self, Authority};
use imprint_app::products;
use imprint_domain::document::{ErrorCode, Reader, RenderingState, Status};
use imprint_testing::samples::parsed;
use imprint_testing::{Faults, Moment, run_until_death};
use jiff::SignedDuration;
use serde_json::json;

use super::incoming::{FIRST, batch, image_of, png};
use super::{saying, showing};
use crate::installation::Installation;

/// Each event comes within a second, and the scan finds the same object a quarter of an hour later.
#[tokio::test(start_paused = true)]
async fn a09_a_scan_undoes_nothing_that_was_done_since_an_event() {
    let here = Installation::new().await;
    let mut body = saying("From the batch");
    body["title"] = json!("Imported");
    here.put(&batch("fluxes"), serde_json::to_vec(&body).unwrap());
    here.event(&batch("fluxes"), "1").await;
    let document = documents::find(&here.env, "fluxes").await.unwrap();
    let moon = image_of(&document, "moon.png");
    here.put(&moon, png(10, 0));
    here.event(&moon, "1").await;
    here.write(&document, saying("By hand")).await;
    documents::remove_image(&here.env, document.id, FIRST, &parsed("moon.png"), None)
        .await
        .unwrap();
    let tenants = here.world.tenants();
    for _ in 0..3 {
        here.world.clock.advance(SignedDuration::from_mins(15));
        documents::take_unheard(&tenants).await.unwrap();
        here.rest().await;
        assert!(
            here.page(&document, Reader::Editor)
                .await
                .unwrap()
                .contains("By hand")
        );
        assert!(here.newest(&document).await.images.is_empty());
    }
    // A later write of the batch whose event is lost is found all the same.
    body["document"] = saying("A later batch")["document"].clone();
    here.put(&batch("fluxes"), serde_json::to_vec(&body).unwrap());
    here.world.clock.advance(SignedDuration::from_mins(15));
    documents::take_unheard(&tenants).await.unwrap();
    here.rest().await;
    assert!(
        here.page(&document, Reader::Editor)
            .await
            .unwrap()
            .contains("A later batch")
    );
}

#[tokio::test(start_paused = true)]
async fn a09_a_document_that_always_fails_keeps_no_other_from_being_looked_at() {
    let here = Installation::new().await;
    let stuck = here.document("stuck", None, saying("Stuck")).await;
    here.rest().await;
    documents::end(&here.env, stuck.id).await.unwrap();
    here.world.clock.advance(SignedDuration::from_hours(31 * 24));
    for key in here
        .world
        .objects
        .keys(&format!("_imprint/documents/{}/", stuck.id))
    {
        here.world.objects.fail_deletes_of(&key, u64::MAX, false);
    }
    let other = here.document("other", None, saying("Hello")).await;
    here.lose_everything();
    let scanned = documents::scan(&here.world.tenants(), &*here.press)
        .await
        .unwrap();
    assert_eq!((scanned.documents, scanned.rendered, scanned.failed), (2, 1, 1));
    here.rest().await;
    assert!(here.page(&other, Reader::Editor).await.unwrap().contains("Hello"));
}

#[tokio::test(start_paused = true)]
async fn a09_objects_that_were_not_heard_of_are_looked_at_a_slice_at_a_time() {
    let here = Installation::new().await;
    here.world.objects.set_page(100);
    for n in 0..1_300 {
        let mut body = saying("x");
        body["title"] = json!("Imported");
        here.put(
            &batch(&format!("batch-{n:04}")),
            serde_json::to_vec(&body).unwrap(),
        );
    }
    here.world.clock.advance(SignedDuration::from_mins(6));
    let tenants = here.world.tenants();
    let mut looked = Vec::new();
    while looked.iter().sum::<u64>() < 1_300 {
        looked.push(documents::take_unheard(&tenants).await.unwrap());
    }
    assert!(
        looked.len() > 1 && looked.iter().all(|looked| *looked <= 500),
        "{looked:?}"
    );
    assert!(documents::find(&here.env, "batch-1299").await.is_ok());
    assert!(
        documents::take_unheard(&tenants).await.unwrap() > 0,
        "then from the beginning"
    );
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_too_large_for_anything_is_not_even_read() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, showing("Hello", "moon.png")).await;
    let size = usize::try_from(documents::MAX_INCOMING).unwrap() + 1;
    here.put(&image_of(&document, "moon.png"), vec![0; size]);
    here.world.clock.advance(SignedDuration::from_mins(6));
    documents::take_unheard(&here.world.tenants()).await.unwrap();
    assert!(here.newest(&document).await.images.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a09_what_was_made_for_a_product_that_is_gone_is_not_sent_for_ever() {
    let here = Installation::new().await;
    here.document("fluxes", Some("alpha"), saying("Hello")).await;
    products::end(&here.env, &parsed("alpha")).await.unwrap();
    here.rest().await;
    here.world.clock.advance(SignedDuration::from_mins(10));
    let scan = || async {
        documents::scan(&here.world.tenants(), &*here.press)
            .await
            .unwrap()
    };
    assert_eq!(scan().await.published, 0);
    // It comes back.
    products::restore(&here.env, &parsed("alpha")).await.unwrap();
    assert_eq!(scan().await.published, 1);
    here.rest().await;
    assert!(here.shown("draft-v1").contains_key("index.html"));
}

/// Such as one that takes all the memory there is.
#[tokio::test(start_paused = true)]
async fn a11_a_rendering_that_kills_whoever_does_it_fails_at_last() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.world.queue.wait_for_next();
    let mut runs = 0;
    while let Some(envelope) = here.world.queue.take_any() {
        // The claim is the fifth call.
        let is_dead = run_until_death(5, Moment::After, here.deliver(&envelope, 1))
            .await
            .is_none();
        runs += u64::from(is_dead);
        assert!(runs < 20, "it is tried for ever");
        here.lose_everything();
        documents::scan(&here.world.tenants(), &*here.press)
            .await
            .unwrap();
    }
    let version = here.newest(&document).await;
    let rendering = here
        .rendering_of(&document, version.current.as_ref().unwrap())
        .await;
    assert!(
        matches!(&rendering.state, RenderingState::Failed { error } if error.code == ErrorCode::Internal),
        "{rendering:?}"
    );
    assert_eq!(here.press.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a22_images_that_are_too_much_together_are_refused_before_any_is_read() {
    let here = Installation::new().await;
    let names: Vec<String> = (0..4).map(|n| format!("moon-{n}.png")).collect();
    let mut content = saying("Hello");
    for name in &names {
        let block = showing("", name)["document"]["introduction"]["children"][1].clone();
        content["document"]["introduction"]["children"]
            .as_array_mut()
            .unwrap()
            .push(block);
    }
    let document = here.document("fluxes", None, content).await;
    for name in &names {
        let moon = image_of(&document, name);
        here.put(&moon, png(4_000_000, 0));
        here.event(&moon, "1").await;
    }
    here.rest().await;
    let version = here.newest(&document).await;
    let rendering = here
        .rendering_of(&document, version.current.as_ref().unwrap())
        .await;
    let RenderingState::Failed { error } = rendering.state else {
        panic!("four images have 160 million pixels");
    };
    assert_eq!(error.code, ErrorCode::Limit);
    assert!(error.message.contains("160000000 pixels together"), "{error}");
    assert_eq!(here.press.count(), 0);
    documents::remove_image(&here.env, document.id, FIRST, &parsed("moon-0.png"), None)
        .await
        .unwrap();
    here.rest().await;
    assert!(here.page(&document, Reader::Editor).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_was_uploaded_and_is_not_shown_stays_private_when_its_version_is_published() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, showing("Hello", "moon.png")).await;
    for name in ["moon.png", "secret.png"] {
        here.put(&image_of(&document, name), png(10, 0));
        here.event(&image_of(&document, name), "1").await;
    }
    let published = here.publish_newest(&document).await;
    let checksum = published.publication.unwrap().rendering.unwrap();
    let document = documents::get(&here.env, document.id).await.unwrap();
    for (name, public, editor) in [("moon.png", true, true), ("secret.png", false, true)] {
        for (reader, may) in [(Reader::Public, public), (Reader::Editor, editor)] {
            let name = parsed(name);
            let image = documents::image(&here.env, &document, (&checksum, &name), reader).await;
            assert_eq!(image.is_ok(), may, "{name} {reader:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a16_readers_of_the_latest_version_get_the_one_before_until_there_is_something_to_read() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("One")).await;
    here.publish_newest(&document).await;
    documents::next_minor(&here.env, document.id, 1, None)
        .await
        .unwrap();
    here.write(&document, saying("Two")).await;
    here.rest().await;
    let number = parsed("1.1");
    let by = (Authority::Publisher, None);
    let accepts = Default::default();
    documents::set_status(&here.env, document.id, number, (Status::Published, &accepts), by)
        .await
        .unwrap();
    let public = |which: &str| {
        let which = parsed::<imprint_domain::document::Which>(which);
        let document = document.clone();
        let env = &here.env;
        async move {
            documents::found(env, document, which, Reader::Public)
                .await
                .unwrap()
                .version
                .number
                .to_string()
        }
    };
    assert_eq!(public("latest").await, "1.0");
    assert_eq!(public("1").await, "1.0");
    assert_eq!(public("v1.1").await, "1.1");
    here.rest().await;
    assert_eq!(public("latest").await, "1.1");
}

/// The publication of a version is held at each of its calls until a greater one is through.
#[tokio::test(start_paused = true)]
async fn a_late_publication_of_an_older_version_does_not_take_the_products_address_back() {
    let mut held = 0;
    for nth in 1..100 {
        let here = Installation::new().await;
        let document = here.document("fluxes", Some("alpha"), saying("Old")).await;
        here.rest().await;
        let by = (Authority::Publisher, None);
        let accepts = Default::default();
        let published = (Status::Published, &accepts);
        documents::set_status(&here.env, document.id, FIRST, published, by)
            .await
            .unwrap();
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
            documents::next_major(&here.env, document.id, None).await.unwrap();
            here.write(&document, saying("New")).await;
            here.publish_newest(&document).await;
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
        let page = |edition: &str| String::from_utf8(here.shown(edition)["index.html"].to_vec()).unwrap();
        assert!(page("main").contains("New"), "held at call {nth}");
        assert!(page("v1.0").contains("Old"), "held at call {nth}");
    }
    assert!(held >= 20, "{held}");
}

#[test]
fn a_text_of_nothing_but_mistakes_has_an_answer_that_can_be_delivered() {
    let text = "$\\nosuch$ and a long tail of words that nobody needs\n\n".repeat(3_900);
    let review = documents::review(&json!({"markdown": text}));
    assert!(review.problems.is_empty(), "{:?}", review.problems.first());
    assert!(
        (1..=200).contains(&review.warnings.len()),
        "{}",
        review.warnings.len()
    );
}
