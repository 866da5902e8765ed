//! What each item holds besides its key: the thing itself as the map `v`, and what conditions, the index and the
//! table's expiry look at.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use imprint_app::ports::StoreError;
use imprint_domain::access::Token;
use imprint_domain::id::{Revision, TaskId};
use imprint_domain::idempotency::KeptRequest;
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use imprint_domain::task::{Task, TaskEdition, TaskPages};
use imprint_domain::webhook::Delivery;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1 as serde_dynamo;

use super::keys::{GSI1PK, GSI1SK, Key, OpenList, PK, SK, moment};
use crate::call::Unusable;

/// An item as DynamoDB takes and gives it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The attribute with the thing itself.
pub(super) const VALUE: &str = "v";
/// The attribute that conditions compare.
pub(super) const REVISION: &str = "revision";
/// The attribute of a counter.
pub(super) const LAST: &str = "last";
/// The attribute that the table's expiry looks at, in seconds since 1970.
pub(super) const TTL: &str = "ttl";

/// Nobody asks for a task after a month.
const TASK_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long it can be seen what a webhook was told.
const DELIVERY_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Where a build or an edition is, for those who know its number only.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) organization: OrganizationSlug,
    pub(super) product: ProductSlug,
}

pub(super) fn attribute(value: &impl Serialize) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(value).map_err(|error| StoreError::Failed(Box::new(error)))
}

/// The key as DynamoDB takes it.
pub(super) fn key(key: Key) -> Item {
    let text = AttributeValue::S;
    HashMap::from([(PK.to_owned(), text(key.pk)), (SK.to_owned(), text(key.sk))])
}

/// An item that holds nothing but its key.
pub(super) fn claim(claimed: Key) -> Item {
    key(claimed)
}

/// An item that holds a thing.
pub(super) fn thing(at: Key, value: &impl Serialize) -> Result<Item, StoreError> {
    let mut item = key(at);
    item.insert(VALUE.to_owned(), attribute(value)?);
    Ok(item)
}

/// An item that holds a thing whose writes are conditional on its revision.
pub(super) fn revised(at: Key, value: &impl Serialize, revision: Revision) -> Result<Item, StoreError> {
    let mut item = thing(at, value)?;
    item.insert(REVISION.to_owned(), number(revision.0));
    Ok(item)
}

pub(super) fn task(task: &Task) -> Result<Item, StoreError> {
    let item = revised(Key::task(&task.id), task, task.revision)?;
    Ok(expiring(item, task.created_at + TASK_LIFE))
}

pub(super) fn task_edition(id: &TaskId, edition: &TaskEdition) -> Result<Item, StoreError> {
    let item = thing(Key::task_edition(id, edition.edition), edition)?;
    Ok(expiring(item, edition.updated_at + TASK_LIFE))
}

pub(super) fn task_pages(id: &TaskId, pages: &TaskPages) -> Result<Item, StoreError> {
    let item = thing(Key::task_pages(id, &pages.of), pages)?;
    Ok(expiring(item, pages.wanted_at + TASK_LIFE))
}

pub(super) fn open_task(task: &Task) -> Result<Item, StoreError> {
    let item = thing(Key::open_task(&task.id), &task.id)?;
    let item = listed(item, OpenList::Tasks, task.created_at, task.id.as_str());
    Ok(expiring(item, task.created_at + TASK_LIFE))
}

pub(super) fn outbox(entry: &OutboxEntry) -> Result<Item, StoreError> {
    let item = thing(Key::outbox(&entry.id), entry)?;
    Ok(listed(
        item,
        OpenList::Outbox,
        entry.rests_until(),
        entry.id.as_str(),
    ))
}

pub(super) fn delivery(delivery: &Delivery) -> Result<Item, StoreError> {
    let key = Key::delivery(&delivery.organization, &delivery.webhook, &delivery.event.id);
    let item = revised(key, delivery, delivery.revision)?;
    let last = delivery
        .attempts
        .last()
        .map_or(delivery.event.at, |attempt| attempt.at);
    Ok(expiring(item, last.max(delivery.event.at) + DELIVERY_LIFE))
}

pub(super) fn kept_request(kept: &KeptRequest) -> Result<Item, StoreError> {
    let item = revised(Key::kept_request(&kept.id), kept, kept.revision)?;
    Ok(expiring(item, kept.kept_until))
}

pub(super) fn token(token: &Token) -> Result<Item, StoreError> {
    Ok(expiring(thing(Key::token(&token.hash), token)?, token.expires_at))
}

pub(super) fn token_row(token: &Token) -> Result<Item, StoreError> {
    Ok(expiring(thing(Key::token_row(token), token)?, token.expires_at))
}

/// Lists an item by its age. The identity makes the order of equal ages the same each time.
fn listed(mut item: Item, list: OpenList, at: Timestamp, id: &str) -> Item {
    item.insert(GSI1PK.to_owned(), AttributeValue::S(list.partition().to_owned()));
    item.insert(
        GSI1SK.to_owned(),
        AttributeValue::S(format!("{}#{id}", moment(at))),
    );
    item
}

/// Lets the table delete an item some time after this moment.
pub(super) fn expiring(mut item: Item, at: Timestamp) -> Item {
    item.insert(TTL.to_owned(), expiry(at));
    item
}

/// When an item may be deleted, as the table's expiry reads it.
pub(super) fn expiry(at: Timestamp) -> AttributeValue {
    AttributeValue::N((at.as_second() + 1).to_string())
}

/// A number as DynamoDB takes it.
pub(super) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The sort key of an item that was read.
pub(super) fn sort_key(item: &Item) -> &str {
    item.get(SK)
        .and_then(|sk| sk.as_s().ok())
        .map_or("", String::as_str)
}

/// The key of an item that was read.
pub(super) fn key_of(item: &Item) -> Option<Key> {
    let text = |name| item.get(name)?.as_s().ok().cloned();
    Some(Key {
        pk: text(PK)?,
        sk: text(SK)?,
    })
}

/// The thing that an item holds. Stored data is input too: what does not parse is an error that names the item.
pub(super) fn value<T: DeserializeOwned>(mut item: Item) -> Result<T, StoreError> {
    let value = item.remove(VALUE).unwrap_or(AttributeValue::Null(true));
    serde_dynamo::from_attribute_value(value).map_err(|error| unreadable(&item, error))
}

/// The error of stored data that does not parse.
pub(super) fn unreadable(item: &Item, reason: impl std::fmt::Display) -> StoreError {
    let pk = item
        .get(PK)
        .and_then(|pk| pk.as_s().ok())
        .map_or("?", String::as_str);
    let name = format!("the item {pk} / {} cannot be read: {reason}", sort_key(item));
    StoreError::Failed(Box::new(Unusable(name)))
}
