//! Releases, trains, and what is news.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, TryStreamExt, stream};
use imprint_app::ports::{Direction, Installed, News, Page, StoreError};
use imprint_domain::registry::{ComponentName, Release, RowOfTrain, TrainName, VersionName};
use imprint_domain::slug::OrganizationSlug;

use super::super::items::{self as plain, Item};
use super::super::keys::{Key, PK, SK};
use super::super::reads::MAX_BATCH;
use super::super::{DynamoCatalog, cursor};
use super::items;
use super::keys::Stretch;

/// A report has 200 entries at most, so it asks for 400 keys: four requests.
const BATCHES_AT_A_TIME: usize = 4;

impl DynamoCatalog {
    pub(super) async fn read_news(
        &self,
        org: &OrganizationSlug,
        trains: &[TrainName],
        versions: &[Installed],
    ) -> Result<News, StoreError> {
        let head = |train: &TrainName| Key::head(org, train);
        let gone = |(component, version): &Installed| Key::gone(org, component, version);
        // A batch that names a key twice is refused.
        let keys: BTreeSet<Key> = trains.iter().map(head).chain(versions.iter().map(gone)).collect();
        let keys: Vec<Key> = keys.into_iter().collect();
        let batches = keys.chunks(MAX_BATCH).map(|keys| self.get_items(keys));
        let batches = stream::iter(batches.collect::<Vec<_>>()).buffer_unordered(BATCHES_AT_A_TIME);
        let found: Vec<HashMap<Key, Item>> = batches.try_collect().await?;
        let mut found: HashMap<Key, Item> = found.into_iter().flatten().collect();
        let heads = trains.iter().filter_map(|train| found.remove(&head(train)));
        Ok(News {
            heads: heads.map(items::head_of).collect::<Result<_, _>>()?,
            gone: versions
                .iter()
                .filter(|version| found.contains_key(&gone(version)))
                .cloned()
                .collect(),
        })
    }

    pub(super) async fn read_release(
        &self,
        org: &OrganizationSlug,
        train: &TrainName,
        version: &VersionName,
    ) -> Result<Option<Release>, StoreError> {
        let item = self.item(Key::release(org, train, version)).await?;
        item.map(items::release_of).transpose()
    }

    pub(super) async fn read_releases(
        &self,
        org: &OrganizationSlug,
        train: &TrainName,
        direction: Direction,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Release>, StoreError> {
        let last = cursor
            .map(|cursor| cursor::read(cursor, Key::is_release_by_time))
            .transpose()?;
        let stretch = Stretch::releases().following(last.as_deref(), direction);
        let releases = self.stretch(Key::releases(org, train), stretch);
        let releases = releases.scan_index_forward(direction == Direction::Ascending);
        let page = self.page(releases, limit).await?;
        let items = page.items.into_iter().map(items::release_of);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    pub(super) async fn read_trains(
        &self,
        org: &OrganizationSlug,
        component: Option<&ComponentName>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<RowOfTrain>, StoreError> {
        let is_train = |sk: &str| Key::is_train(sk, component);
        let last = cursor.map(|cursor| cursor::read(cursor, is_train)).transpose()?;
        let stretch = Stretch::trains(component).following(last.as_deref(), Direction::Ascending);
        let page = self.page(self.stretch(Key::trains(org), stretch), limit).await?;
        let items = page.items.into_iter().map(plain::value);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    /// A query of neighbours in a partition.
    fn stretch(&self, pk: String, stretch: Stretch) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        query
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", AttributeValue::S(pk))
            .expression_attribute_values(":from", AttributeValue::S(stretch.from))
            .expression_attribute_values(":to", AttributeValue::S(stretch.to))
    }
}
