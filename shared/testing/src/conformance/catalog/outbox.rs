use imprint_app::ports::{Catalog, Change};
use imprint_domain::id::EditionId;
use imprint_domain::message::Message;
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::webhook::EventKind;
use jiff::{SignedDuration, Timestamp};

use super::{LONG_AGO, MANY, Place, ascending, half_past};
use crate::samples::{self, NOON};

fn entry(place: &Place<'_>, name: &str, sent_at: Timestamp) -> OutboxEntry {
    let build = samples::build_of(&place.product("alpha"), 3, "main");
    let message = samples::register_message(&place.task_id(name), &build);
    OutboxEntry::new(place.outbox_id(name), message, sent_at)
}

/// The entries of this place. With a small limit only right where nothing older waits.
async fn waiting(place: &Place<'_>, before: Timestamp, limit: usize) -> Vec<OutboxEntry> {
    let waiting = place.catalog.outbox(before, limit).await.unwrap();
    assert!(waiting.len() <= limit);
    let own = |entry: &OutboxEntry| *entry.message.organization() == place.org;
    waiting.into_iter().filter(own).collect()
}

async fn put(place: &Place<'_>, entries: &[OutboxEntry]) {
    let puts = entries.iter().rev().cloned().map(Change::PutOutbox);
    place.commit(puts.collect()).await;
}

async fn remove(place: &Place<'_>, entries: &[OutboxEntry]) {
    let ids = entries.iter().map(|entry| entry.id.clone());
    place.commit(ids.map(Change::RemoveOutbox).collect()).await;
}

pub(super) async fn the_outbox_is_listed_oldest_first(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let times = ascending(LONG_AGO);
    let entries: Vec<OutboxEntry> = (0..5).map(|n| entry(&place, &n.to_string(), times[n])).collect();
    put(&place, &entries).await;

    let end = times[4] + SignedDuration::from_secs(1);
    assert_eq!(waiting(&place, end, MANY).await, entries);
    assert_eq!(waiting(&place, times[3], MANY).await, entries[..3]);
    assert_eq!(waiting(&place, end, 2).await, entries[..2]);

    for _ in 0..2 {
        remove(&place, &entries[..1]).await;
    }
    assert_eq!(waiting(&place, end, MANY).await, entries[1..]);
    remove(&place, &entries).await;
    assert_eq!(waiting(&place, end, MANY).await, []);
}

pub(super) async fn an_entry_is_overwritten_by_its_next_send(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let first = entry(&place, "e", LONG_AGO);
    let later = half_past(LONG_AGO);
    let end = later + SignedDuration::from_secs(1);
    let again = first.clone().again(later).unwrap();
    for entry in [&first, &again] {
        put(&place, std::slice::from_ref(entry)).await;
    }
    assert_eq!(waiting(&place, later, MANY).await, []);
    assert_eq!(waiting(&place, end, MANY).await, std::slice::from_ref(&again));

    // The receiver of one message sends the next in the same commit.
    let next = entry(&place, "next", LONG_AGO);
    place
        .commit(vec![
            Change::RemoveOutbox(again.id),
            Change::PutOutbox(next.clone()),
        ])
        .await;
    assert_eq!(waiting(&place, end, MANY).await, std::slice::from_ref(&next));
    remove(&place, &[next]).await;
}

pub(super) async fn an_entry_is_taken_once(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let [first, next] = ["e", "next"].map(|name| entry(&place, name, LONG_AGO));
    let end = half_past(LONG_AGO);
    let take = || Change::TakeOutbox(first.id.clone());
    place.conflict(vec![take()]).await;
    put(&place, std::slice::from_ref(&first)).await;
    let on = vec![take(), Change::PutOutbox(next.clone())];
    place.commit(on.clone()).await;
    assert_eq!(waiting(&place, end, MANY).await, std::slice::from_ref(&next));
    remove(&place, &[next]).await;
    place.conflict(on).await;
    assert_eq!(waiting(&place, end, MANY).await, [], "a conflict writes nothing");
}

pub(super) async fn every_message_comes_back_as_it_was(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let product = place.product("alpha");
    let build = samples::build_of(&product, 3, "tickets/DM-1 späße");
    let edition = samples::edition_of(&product, 5, "main", "main");
    let task = place.task_id("t");
    let mut register = samples::register_message(&task, &build);
    if let Message::RegisterBuild(register) = &mut register {
        register.editions = vec![EditionId(1), EditionId(u64::from(u32::MAX) + 1)];
    }
    let mut copy = samples::copy_message(&task, &edition, &build, 2);
    if let Message::CopyEdition(copy) = &mut copy {
        copy.hand_overs = 3;
    }
    let mut purge = samples::purge_message(&task, &edition, &build, 2);
    if let Message::PurgeCdn(purge) = &mut purge {
        purge.report.copied = 20_000;
    }
    let mut render = samples::render_message(&place.product("alpha"));
    if let Message::RenderDashboard(render) = &mut render {
        render.tasks = vec![place.task_id("t"), place.task_id("u")];
    }
    let index = samples::index_message(&place.org);
    let all = samples::all_message(&place.org, &task);
    let deliver =
        samples::deliver_message(&place.org, &samples::webhook("w", &[EventKind::EditionFailed]).id);
    let times = ascending(NOON)
        .into_iter()
        .chain([20, 21].map(samples::after_noon));
    let entries: Vec<OutboxEntry> = [register, copy, purge, render, index, all, deliver]
        .into_iter()
        .zip(times)
        .map(|(message, at)| OutboxEntry::new(place.outbox_id(&at.to_string()), message, at))
        .collect();
    put(&place, &entries).await;
    // A delivery is listed when its rest is over: the last, whenever it was sent.
    assert_eq!(waiting(&place, samples::after_noon(30), MANY).await, entries[..6]);
    assert_eq!(waiting(&place, samples::after_noon(3600), MANY).await, entries);
    remove(&place, &entries).await;
}

pub(super) async fn what_rests_stands_before_nothing(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let webhook = samples::webhook("w", &[EventKind::EditionFailed]).id;
    let deliver = samples::deliver_message(&place.org, &webhook);
    let resting = OutboxEntry::new(place.outbox_id("resting"), deliver, LONG_AGO);
    let later = entry(&place, "later", half_past(LONG_AGO));
    put(&place, &[resting.clone(), later.clone()]).await;
    let end = resting.rests_until();
    assert!(end > later.sent_at);
    assert_eq!(waiting(&place, end, 1).await, std::slice::from_ref(&later));
    let after = end + SignedDuration::from_secs(1);
    assert_eq!(
        waiting(&place, after, MANY).await,
        [later.clone(), resting.clone()]
    );
    remove(&place, &[later, resting]).await;
}
