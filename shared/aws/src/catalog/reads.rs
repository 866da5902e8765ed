//! Reads and counters.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue};
use imprint_app::ports::{Page, StoreError};
use imprint_domain::build::Build;
use imprint_domain::dashboard::IndexEntry;
use imprint_domain::edition::Edition;
use imprint_domain::history::Moved;
use imprint_domain::id::{EditionId, OutboxId, TaskId, WebhookId};
use imprint_domain::product::Product;
use imprint_domain::slug::{EditionSlug, OrganizationSlug, ProductSlug};
use imprint_domain::task::{PagesOf, PagesStep, Task};
use imprint_domain::webhook::Delivery;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::items::{self, Item, LAST, VALUE};
use super::keys::{self, GSI1, GSI1PK, GSI1SK, Key, OpenList, PK, PartOfTask, SK};
use super::{DynamoCatalog, cursor};
use crate::call::{Unusable, refused, store_error};

/// BatchGetItem takes 100 keys
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>).
pub(super) const MAX_BATCH: usize = 100;
/// A batch comes back in parts when it is over 16 MB or throttled.
const MAX_PARTS: usize = 8;

impl DynamoCatalog {
    /// The thing under a key.
    pub(super) async fn get<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>, StoreError> {
        self.item(key).await?.map(items::value).transpose()
    }

    /// The item under a key.
    pub(super) async fn item(&self, key: Key) -> Result<Option<Item>, StoreError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .consistent_read(true);
        let answer = request.set_key(Some(items::key(key))).send().await;
        let answer = answer.map_err(|error| store_error("GetItem", error))?;
        Ok(answer.item)
    }

    /// A query of a whole partition, or of a part of it when `range` is a condition on the sort key and its value.
    pub(super) fn partition(&self, pk: String, range: Option<(&str, String)>) -> QueryFluentBuilder {
        let condition = range
            .as_ref()
            .map_or(String::new(), |(operator, _)| format!(" AND #sk {operator} :sk"));
        let mut query = self.client.query().table_name(&self.table).consistent_read(true);
        query = query
            .key_condition_expression(format!("#pk = :pk{condition}"))
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":pk", AttributeValue::S(pk));
        if let Some((_, sk)) = range {
            query = query
                .expression_attribute_names("#sk", SK)
                .expression_attribute_values(":sk", AttributeValue::S(sk));
        }
        query
    }

    /// The items of a query, at most `limit`: a request for each megabyte.
    pub(super) async fn items(
        &self,
        query: QueryFluentBuilder,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let mut items: Vec<Item> = Vec::new();
        let mut next = None;
        loop {
            let rest = limit - items.len();
            let query = query.clone().set_exclusive_start_key(next);
            let query = query.set_limit(i32::try_from(rest).ok());
            let answer = query.send().await.map_err(|error| store_error("Query", error))?;
            items.extend(answer.items.unwrap_or_default());
            next = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if next.is_none() || items.len() >= limit {
                return Ok(items);
            }
        }
    }

    /// A page of a query. One item more is asked for, so that the last page knows that it is the last.
    pub(super) async fn page(
        &self,
        query: QueryFluentBuilder,
        limit: usize,
    ) -> Result<Page<Item>, StoreError> {
        let limit = limit.max(1);
        let mut items = self.items(query, limit.saturating_add(1)).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| cursor::write(items::sort_key(last)));
        Ok(Page { items, next })
    }

    pub(super) async fn read_product_with_editions(
        &self,
        org: &OrganizationSlug,
        slug: &ProductSlug,
    ) -> Result<Option<(Product, Vec<Edition>)>, StoreError> {
        let own = Key::product(org, slug);
        let mut product = None;
        let mut editions = Vec::new();
        for item in self.items(self.partition(own.pk, None), usize::MAX).await? {
            if items::sort_key(&item) == own.sk {
                product = Some(items::value(item)?);
            } else {
                editions.push(items::value(item)?);
            }
        }
        Ok(product.map(|product| (product, editions)))
    }

    pub(super) async fn read_products(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Product>, StoreError> {
        let is_row = |sk: &str| Key::product_of_row(sk).is_some();
        let after = cursor.map(|cursor| cursor::read(cursor, is_row)).transpose()?;
        let rows = self.partition(Key::product_rows(org), after.map(|sk| (">", sk)));
        let rows = self.page(rows, limit).await?;
        let mut keys = Vec::with_capacity(rows.items.len());
        for row in &rows.items {
            let sk = items::sort_key(row);
            let slug =
                Key::product_of_row(sk).ok_or_else(|| refused(format!("the row {sk} names no product")))?;
            keys.push(Key::product(org, &slug));
        }
        let mut products = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MAX_BATCH) {
            products.extend(self.get_all(keys).await?);
        }
        Ok(Page {
            items: products,
            next: rows.next,
        })
    }

    pub(super) async fn read_editions_with_slug(
        &self,
        org: &OrganizationSlug,
        products: &[ProductSlug],
        slug: &EditionSlug,
    ) -> Result<Vec<Edition>, StoreError> {
        let mut editions = Vec::with_capacity(products.len());
        for products in products.chunks(MAX_BATCH) {
            let claims = products
                .iter()
                .map(|product| Key::edition_slug(org, product, slug));
            let owners: Vec<Option<EditionId>> = self.get_each(&claims.collect::<Vec<_>>()).await?;
            let owned = products.iter().zip(owners);
            let keys = owned.filter_map(|(product, id)| Some(Key::edition(org, product, id?)));
            let found: Vec<Edition> = self.get_all(&keys.collect::<Vec<_>>()).await?;
            editions.extend(found.into_iter().filter(|edition| edition.slug == *slug));
        }
        Ok(editions)
    }

    /// The things under at most [`MAX_BATCH`] keys, in the order of the keys. What is not there is left out.
    pub(super) async fn get_all<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<T>, StoreError> {
        Ok(self.get_each(keys).await?.into_iter().flatten().collect())
    }

    /// What is under each of at most [`MAX_BATCH`] keys.
    async fn get_each<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<Option<T>>, StoreError> {
        let mut found = self.get_items(keys).await?;
        keys.iter()
            .map(|key| found.remove(key).map(items::value).transpose())
            .collect()
    }

    /// The items under at most [`MAX_BATCH`] keys, no two of them equal.
    pub(super) async fn get_items(&self, keys: &[Key]) -> Result<HashMap<Key, Item>, StoreError> {
        let mut found: HashMap<Key, Item> = HashMap::new();
        let mut wanted: Vec<Item> = keys.iter().cloned().map(items::key).collect();
        for _ in 0..MAX_PARTS {
            if wanted.is_empty() {
                break;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                .consistent_read(true)
                .build();
            let request = request.map_err(|error| StoreError::Failed(Box::new(error)))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.table, request)
                .send()
                .await;
            let answer = answer.map_err(|error| store_error("BatchGetItem", error))?;
            let items = answer.responses.unwrap_or_default().into_values().flatten();
            found.extend(items.filter_map(|item| Some((items::key_of(&item)?, item))));
            let rest = answer.unprocessed_keys.unwrap_or_default().into_values();
            wanted = rest.flat_map(|rest| rest.keys).collect();
        }
        if !wanted.is_empty() {
            let reason = format!("BatchGetItem left out {} keys again and again", wanted.len());
            return Err(StoreError::Busy(Box::new(Unusable(reason))));
        }
        Ok(found)
    }

    pub(super) async fn read_builds(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Build>, StoreError> {
        let before = cursor
            .map(|cursor| cursor::read(cursor, Key::is_number))
            .transpose()?;
        let builds = self.partition(Key::builds(org, product), before.map(|sk| ("<", sk)));
        let page = self.page(builds.scan_index_forward(false), limit).await?;
        let items = page.items.into_iter().map(items::value);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    pub(super) async fn read_index(&self, org: &OrganizationSlug) -> Result<Vec<IndexEntry>, StoreError> {
        let entries = self
            .items(self.partition(Key::index(org), None), usize::MAX)
            .await?;
        entries.into_iter().map(items::value).collect()
    }

    pub(super) async fn read_history(
        &self,
        edition: EditionId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Moved>, StoreError> {
        let before = cursor
            .map(|cursor| cursor::read(cursor, Key::is_number))
            .transpose()?;
        let moves = self.partition(Key::history(edition), before.map(|sk| ("<", sk)));
        let page = self.page(moves.scan_index_forward(false), limit).await?;
        let items = page.items.into_iter().map(items::value);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    pub(super) async fn read_deliveries(
        &self,
        org: &OrganizationSlug,
        webhook: &WebhookId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Delivery>, StoreError> {
        let before = cursor
            .map(|cursor| cursor::read(cursor, Key::is_event))
            .transpose()?;
        let told = self.partition(Key::deliveries(org, webhook), before.map(|sk| ("<", sk)));
        let page = self.page(told.scan_index_forward(false), limit).await?;
        let items = page.items.into_iter().map(items::value);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    pub(super) async fn read_task(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        let own = Key::task(id);
        let mut task: Option<Task> = None;
        let mut editions = Vec::new();
        let mut pages = Vec::new();
        for item in self.items(self.partition(own.pk, None), usize::MAX).await? {
            let sk = items::sort_key(&item);
            match Key::part_of_task(sk) {
                PartOfTask::Edition => editions.push(items::value(item)?),
                PartOfTask::Pages => pages.push(items::value(item)?),
                PartOfTask::Other if sk == own.sk => task = Some(items::value(item)?),
                PartOfTask::Other => {}
            }
        }
        Ok(task.map(|task| Task {
            editions,
            pages,
            ..task
        }))
    }

    /// The items of a list of open work that are older than `before`, oldest first.
    pub(super) async fn read_open(
        &self,
        list: OpenList,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let query = self.client.query().table_name(&self.table).index_name(GSI1);
        let query = query
            .key_condition_expression("#list = :list AND #at < :before")
            .expression_attribute_names("#list", GSI1PK)
            .expression_attribute_names("#at", GSI1SK)
            .expression_attribute_values(":list", AttributeValue::S(list.partition().to_owned()))
            .expression_attribute_values(":before", AttributeValue::S(keys::moment(before)));
        self.items(query, limit).await
    }

    /// Counts a counter up by `by` and returns the first of the numbers counted. None asked for: no request.
    pub(super) async fn count_up(&self, counter: Key, by: u64) -> Result<u64, StoreError> {
        if by == 0 {
            return Ok(0);
        }
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(items::key(counter)));
        let request = request
            .update_expression("ADD #last :by")
            .expression_attribute_names("#last", LAST)
            .expression_attribute_values(":by", items::number(by))
            .return_values(ReturnValue::UpdatedNew);
        let answer = request
            .send()
            .await
            .map_err(|error| store_error("UpdateItem", error))?;
        let last = answer
            .attributes()
            .and_then(|attributes| attributes.get(LAST)?.as_n().ok());
        let last = last.and_then(|last| last.parse::<u64>().ok());
        let first = last.and_then(|last| last.checked_sub(by - 1));
        first.ok_or_else(|| refused("the counter's new value is not a number that can be"))
    }

    /// Writes how far a copy is, while it is still copying.
    pub(super) async fn update_progress(
        &self,
        task: &TaskId,
        edition: EditionId,
        [done, total]: [u64; 2],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let key = items::key(Key::task_edition(task, edition));
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key));
        let answer = request
            .update_expression("SET #v.#done = :done, #v.#total = :total, #v.updated_at = :at")
            .condition_expression("#v.#state = :copying")
            .expression_attribute_names("#v", VALUE)
            .expression_attribute_names("#done", "done")
            .expression_attribute_names("#total", "total")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":done", items::number(done))
            .expression_attribute_values(":total", items::number(total))
            .expression_attribute_values(":at", AttributeValue::S(at.to_string()))
            .expression_attribute_values(":copying", AttributeValue::S("copying".to_owned()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(store_error("UpdateItem", error)),
            },
        }
    }

    /// Writes what became of a rendering, while the task waits for one of these and none has succeeded.
    pub(super) async fn update_pages(
        &self,
        task: &TaskId,
        of: &PagesOf,
        entries: &[OutboxId],
        step: &PagesStep,
    ) -> Result<(), StoreError> {
        let names: Vec<String> = (0..entries.len()).map(|n| format!(":entry{n}")).collect();
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(items::key(Key::task_pages(task, of))))
            .update_expression("SET #v.#step = :step")
            .condition_expression(format!(
                "#v.#entry IN ({}) AND #v.#step.#state <> :rendered",
                names.join(", ")
            ))
            .expression_attribute_names("#v", VALUE)
            .expression_attribute_names("#step", "step")
            .expression_attribute_names("#entry", "entry")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":step", items::attribute(step)?)
            .expression_attribute_values(":rendered", AttributeValue::S("rendered".to_owned()));
        for (name, entry) in names.into_iter().zip(entries) {
            request = request.expression_attribute_values(name, AttributeValue::S(entry.to_string()));
        }
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(store_error("UpdateItem", error)),
            },
        }
    }
}
