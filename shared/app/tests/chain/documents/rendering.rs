//! Claims, outputs and failures of renderings (A-03 .. ).

use imprint_app::documents::render_document;
use imprint_app::step::{Disposal, MAX_RECEIVES};
use imprint_domain::document::{Checksum, ErrorCode, OutputName, Reader, RenderingState};
use imprint_domain::key::KeyPrefix;
use imprint_domain::message::Message;
use imprint_testing::{Moment, Trouble};
use jiff::SignedDuration;
use serde_json::Value;

use super::saying;
use crate::installation::Installation;

#[tokio::test(start_paused = true)]
async fn a04_twenty_deliveries_at_once_are_one_rendering() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.world.queue.wait_for_next();
    let envelope = here.world.queue.take_any().unwrap();
    let deliveries = (0..20).map(|_| here.deliver(&envelope, 1));
    let disposals = futures_util::future::join_all(deliveries).await;
    assert!(
        disposals.iter().all(|disposal| *disposal == Disposal::Done),
        "{disposals:?}"
    );
    assert_eq!(here.press.count(), 1);
    here.assert_whole(&document).await;
    assert!(here.world.catalog.all_outbox().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a05_the_status_is_written_after_everything_that_it_names() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("warn")).await;
    here.world.objects.forget_history();
    here.rest().await;
    let version = here.newest(&document).await;
    let checksum = version.current.unwrap();
    let prefix = KeyPrefix::rendering(document.id, &checksum);
    let written: Vec<String> = here
        .world
        .objects
        .history()
        .iter()
        .filter_map(|mutation| prefix.strip(mutation.key()).map(str::to_owned))
        .collect();
    assert_eq!(written.len(), OutputName::ALL.len() + 1);
    assert_eq!(written.last().map(String::as_str), Some("status.json"));
    let status = here
        .world
        .objects
        .get(prefix.file("status.json").as_str())
        .unwrap();
    let status: Value = serde_json::from_slice(&status.body).unwrap();
    assert_eq!(status["checksum"], checksum.as_str());
    assert_eq!(
        (&status["state"], &status["error"]),
        (&"succeeded".into(), &Value::Null)
    );
    assert_eq!(
        (&status["document"], &status["version"]),
        (&document.id.to_string().into(), &"1.0".into())
    );
    assert_eq!(status["warnings"][0]["code"], "equation");
    let pdf = &status["outputs"]["document.pdf"];
    assert_eq!(pdf["key"], prefix.file("document.pdf").as_str());
    assert_eq!(pdf["content_type"], "application/pdf");
    let output = here.world.objects.get(pdf["key"].as_str().unwrap()).unwrap();
    assert_eq!(
        output.headers.cache_control.as_deref(),
        Some("public, max-age=31536000, immutable")
    );
}

#[tokio::test(start_paused = true)]
async fn a06_what_cannot_be_made_says_why_and_readers_keep_what_was_good() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.rest().await;
    let good = here.page(&document, Reader::Editor).await;
    here.write(&document, saying("impossible")).await;
    here.rest().await;
    let version = here.newest(&document).await;
    let failed = here
        .rendering_of(&document, version.current.as_ref().unwrap())
        .await;
    let RenderingState::Failed { error } = failed.state else {
        panic!("{failed:?}")
    };
    assert_eq!(
        (error.code, error.path.as_str()),
        (ErrorCode::Template, "/document/introduction")
    );
    assert_eq!(here.page(&document, Reader::Editor).await, good);
    let rendered = here.press.count();
    here.recover().await;
    assert_eq!(
        here.press.count(),
        rendered,
        "A-11: what a document is, no other try changes"
    );
}

#[tokio::test(start_paused = true)]
async fn a11_a_store_that_fails_a_few_times_delays_a_rendering_and_loses_none() {
    for method in [
        "objects.read",
        "objects.write",
        "catalog.commit",
        "documents.rendering",
        "documents.version",
        "documents.document",
    ] {
        for times in 1..4 {
            let here = Installation::new().await;
            let document = here.document("fluxes", None, saying("Hello")).await;
            here.world.queue.wait_for_next();
            here.world
                .faults()
                .times(method, 1, times, Moment::Before, Trouble::Busy);
            let envelope = here.world.queue.take_any().unwrap();
            for receive_count in 1..=MAX_RECEIVES {
                // The queue's visibility timeout.
                here.world.clock.advance(SignedDuration::from_secs(120));
                if here.deliver(&envelope, receive_count).await == Disposal::Done {
                    break;
                }
            }
            here.recover().await;
            let page = here.page(&document, Reader::Editor).await;
            assert!(
                page.is_some_and(|page| page.contains("Hello")),
                "{method} {times}"
            );
            here.assert_whole(&document).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a11_what_fails_five_times_is_put_aside_and_says_so() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.world.queue.wait_for_next();
    here.world
        .faults()
        .from("objects.write", 1, Moment::Before, Trouble::Busy);
    let envelope = here.world.queue.take_any().unwrap();
    for receive_count in 1..=MAX_RECEIVES {
        here.world.clock.advance(SignedDuration::from_secs(120));
        assert_eq!(here.deliver(&envelope, receive_count).await, Disposal::Redeliver);
    }
    let version = here.newest(&document).await;
    let failed = here
        .rendering_of(&document, version.current.as_ref().unwrap())
        .await;
    let RenderingState::Failed { error } = failed.state else {
        panic!("{failed:?}")
    };
    assert_eq!(error.code, ErrorCode::Internal);
    here.world.faults().clear();
    here.recover().await;
    // Touched, it is made after all.
    let by = (imprint_app::documents::Authority::Editor, None);
    imprint_app::documents::touch(&here.env, document.id, version.number, by)
        .await
        .unwrap();
    here.rest().await;
    assert!(here.page(&document, Reader::Editor).await.is_some());
}

/// The first run's lease is over, somebody else has taken it over, and then the first one comes back.
#[tokio::test(start_paused = true)]
async fn a04_who_comes_back_after_their_lease_changes_nothing() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("Hello")).await;
    here.world.queue.wait_for_next();
    let envelope = here.world.queue.take_any().unwrap();
    let Message::RenderDocument(message) = &envelope.message else {
        panic!()
    };
    let hold = here.world.faults().hold("objects.write", 1);
    let slow = render_document(&here.env, &*here.press, &envelope.id, message);
    let other = async {
        hold.reached().await;
        here.world.clock.advance(SignedDuration::from_secs(91));
        here.deliver(&envelope, 2).await;
        let done = here.newest(&document).await;
        hold.release();
        done
    };
    let (came_back, done) = tokio::join!(slow, other);
    came_back.unwrap();
    assert_eq!(here.press.count(), 2);
    assert_eq!(here.newest(&document).await, done);
    here.assert_whole(&document).await;
}

/// An edit that is undone has the checksum of the one before.
#[tokio::test(start_paused = true)]
async fn a04_what_was_rendered_once_is_not_rendered_again() {
    let here = Installation::new().await;
    let document = here.document("fluxes", None, saying("One")).await;
    here.rest().await;
    let first: Option<Checksum> = here.newest(&document).await.current;
    here.write(&document, saying("Two")).await;
    here.rest().await;
    here.write(&document, saying("One")).await;
    here.rest().await;
    assert_eq!(here.press.count(), 2);
    let version = here.newest(&document).await;
    assert_eq!(version.current, first);
    assert!(
        here.page(&document, Reader::Editor)
            .await
            .unwrap()
            .contains("One")
    );
}
