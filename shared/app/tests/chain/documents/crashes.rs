//! The steps of documents may die at any of their calls; what was begun is finished by a redelivery or by the sweep.

use imprint_app::documents;
use imprint_domain::document::Reader;
use imprint_testing::{Moment, run_until_death};
use jiff::SignedDuration;

use super::saying;
use crate::installation::Installation;

/// Kills the handling of the `nth` message of a document at its `call`-th call. False when it was over before.
async fn killed(nth: usize, call: u64, moment: Moment, is_lost: bool) -> bool {
    let here = Installation::new().await;
    let document = here.document("fluxes", Some("alpha"), saying("Hello")).await;
    for _ in 0..nth {
        here.world.queue.wait_for_next();
        let envelope = here.world.queue.take_any().unwrap();
        here.deliver(&envelope, 1).await;
    }
    here.world.queue.wait_for_next();
    let envelope = here.world.queue.take_any().unwrap();
    let survived = run_until_death(call, moment, here.deliver(&envelope, 1))
        .await
        .is_some();
    here.world.clock.advance(SignedDuration::from_secs(120));
    if !is_lost {
        here.world.queue.give_back(envelope);
    }
    here.recover().await;
    let page = here.page(&document, Reader::Editor).await;
    assert!(
        page.is_some_and(|page| page.contains("Hello")),
        "{nth} {call} {moment:?}"
    );
    here.assert_whole(&document).await;
    let shown = here.shown("draft-v1");
    let page = shown.get("index.html").expect("it is published, too");
    assert!(String::from_utf8_lossy(page).contains("Hello"));
    !survived
}

#[tokio::test(start_paused = true)]
async fn rendering_and_publishing_may_die_anywhere() {
    for nth in 0..2 {
        let mut deaths = 0;
        for is_lost in [false, true] {
            for moment in [Moment::Before, Moment::After] {
                let mut call = 1;
                while killed(nth, call, moment, is_lost).await {
                    call += 1;
                    deaths += 1;
                }
            }
        }
        assert!(deaths >= 40, "only {deaths} deaths");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_may_die_anywhere_and_is_whole_or_not_there() {
    for moment in [Moment::Before, Moment::After] {
        for call in 1.. {
            let here = Installation::new().await;
            let document = here.document("fluxes", None, saying("One")).await;
            here.rest().await;
            let before = here.newest(&document).await;
            let edit = documents::Edit::Replace(saying("Two"));
            let write = documents::write(&here.env, document.id, before.number, &edit, (None, None));
            let survived = run_until_death(call, moment, write).await.is_some();
            let after = here.newest(&document).await;
            let content = documents::read_content(&here.env, &after).await.unwrap().unwrap();
            let is_written = after != before;
            assert_eq!(content, saying(if is_written { "Two" } else { "One" }));
            here.recover().await;
            here.rest().await;
            let page = here.page(&document, Reader::Editor).await.unwrap();
            assert_eq!(page.contains("Two"), is_written);
            if survived {
                assert!(is_written);
                break;
            }
        }
    }
}
