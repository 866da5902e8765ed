use imprint_app::ports::{Catalog, Change};
use imprint_domain::id::{Revision, WebhookId};
use imprint_domain::webhook::{Answer, Attempt, Delivery, EventKind, Turn};
use jiff::Timestamp;

use super::{Place, ascending};
use crate::samples::{self, NOON};

fn webhook(name: &str) -> WebhookId {
    samples::webhook(name, &[EventKind::EditionUpdated]).id
}

fn delivery(place: &Place<'_>, name: &str, at: Timestamp) -> Delivery {
    let event = samples::ping(&format!("{} {name}", place.tag), at);
    let entry = place.outbox_id(name);
    Delivery::new(place.org.clone(), webhook("one"), event, entry)
}

fn tried(delivery: Delivery, answer: Answer) -> Delivery {
    let attempt = Attempt {
        at: NOON,
        took_ms: 120,
        answer,
    };
    let turn = Turn {
        queue_repeats: true,
        sweep_repeats: true,
    };
    delivery.tried(attempt, turn).0
}

fn stored(delivery: Delivery) -> Delivery {
    Delivery {
        revision: delivery.revision.next(),
        ..delivery
    }
}

pub(super) async fn a_delivery_is_read_as_it_was_noted(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let new = delivery(&place, "d", NOON);
    let read = async || {
        catalog
            .delivery(&place.org, &webhook("one"), &new.event.id)
            .await
            .unwrap()
    };
    assert_eq!(read().await, None);
    place.commit(vec![Change::PutDelivery(new.clone())]).await;
    let mut log = stored(new.clone());
    assert_eq!(read().await, Some(log.clone()));
    for answer in [
        Answer::unanswered("it is down"),
        Answer::answered(503, "späße <b>"),
        Answer::answered(204, ""),
    ] {
        log = tried(log, answer);
        place.commit(vec![Change::PutDelivery(log.clone())]).await;
        log = stored(log);
        assert_eq!(read().await, Some(log.clone()));
    }
    let elsewhere = catalog.delivery(&place.org, &webhook("two"), &new.event.id).await;
    assert_eq!(elsewhere.unwrap(), None);
}

pub(super) async fn a_delivery_needs_the_revision_that_is_stored(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let new = delivery(&place, "d", NOON);
    let early = tried(stored(new.clone()), Answer::answered(200, ""));
    place.conflict(vec![Change::PutDelivery(early)]).await;
    place.commit(vec![Change::PutDelivery(new.clone())]).await;
    place.conflict(vec![Change::PutDelivery(new.clone())]).await;
    let log = stored(new);
    place.commit(vec![Change::PutDelivery(log.clone())]).await;
    place.conflict(vec![Change::PutDelivery(log)]).await;
}

pub(super) async fn deliveries_are_listed_newest_first_and_by_webhook(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let at = ascending(NOON);
    // The first two are of one millisecond, whose order is nobody's business.
    let all: Vec<Delivery> = [0, 2, 3, 4]
        .map(|n| delivery(&place, &n.to_string(), at[n]))
        .into();
    let other = Delivery {
        webhook: webhook("two"),
        ..delivery(&place, "other", NOON)
    };
    for delivery in all.iter().chain([&other]) {
        place.commit(vec![Change::PutDelivery(delivery.clone())]).await;
    }
    let mut listed = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = catalog
            .deliveries(&place.org, &webhook("one"), 3, cursor.as_deref())
            .await
            .unwrap();
        assert!(page.items.len() <= 3);
        listed.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let expected: Vec<Delivery> = all.into_iter().rev().map(stored).collect();
    assert_eq!(listed, expected);
    assert!(listed.iter().all(|delivery| delivery.revision != Revision::NEW));
    let nobody = catalog.deliveries(&place.org, &webhook("three"), 3, None).await;
    assert_eq!(nobody.unwrap().items, []);
    let bad = catalog
        .deliveries(&place.org, &webhook("one"), 3, Some("no page"))
        .await;
    assert!(bad.is_err());
}
