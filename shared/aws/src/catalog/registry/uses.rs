//! Notes that are forgotten by themselves: which versions were in use, and what a source did in a day.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, TryStreamExt, stream};
use imprint_app::ports::{Installed, StoreError, Used};
use imprint_domain::registry::{ComponentName, Trust};
use imprint_domain::slug::OrganizationSlug;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::DynamoCatalog;
use super::super::items::{self as plain, TTL};
use super::super::keys::{Key, moment};
use super::items::{self, LAST_SEEN};
use crate::call::{refused, store_error};

/// Retention asks for a year at most.
const USE_LIFE: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Counted from the beginning of the day.
const SPENT_LIFE: SignedDuration = SignedDuration::from_hours(2 * 24);
/// What a source did.
const THINGS: &str = "things";
/// A check-in notes some dozens of versions, once a week.
const NOTES_AT_A_TIME: usize = 8;

impl DynamoCatalog {
    pub(super) async fn write_uses(
        &self,
        org: &OrganizationSlug,
        versions: &[Installed],
        trust: Trust,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let keys = versions
            .iter()
            .map(|(component, version)| Key::used(org, component, version, trust));
        let notes = keys.map(|key| self.write_use(key, at)).collect::<Vec<_>>();
        stream::iter(notes)
            .buffer_unordered(NOTES_AT_A_TIME)
            .try_collect()
            .await
    }

    async fn write_use(&self, key: Key, at: Timestamp) -> Result<(), StoreError> {
        let request = self.client.update_item().table_name(&self.table);
        let answer = request
            .set_key(Some(plain::key(key)))
            .update_expression("SET #last_seen = :at, #ttl = :ttl")
            .condition_expression("attribute_not_exists(#last_seen) OR #last_seen < :at")
            .expression_attribute_names("#last_seen", LAST_SEEN)
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":at", AttributeValue::S(moment(at)))
            .expression_attribute_values(":ttl", plain::expiry(at + USE_LIFE))
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

    pub(super) async fn read_uses(
        &self,
        org: &OrganizationSlug,
        component: &ComponentName,
        since: Timestamp,
    ) -> Result<Vec<Used>, StoreError> {
        let noted = self
            .items(self.partition(Key::uses(org, component), None), usize::MAX)
            .await?;
        let mut uses = Vec::with_capacity(noted.len());
        for item in noted {
            let at = items::time_of(&item, LAST_SEEN)?;
            // The table takes days to remove what has expired.
            if at >= since {
                let sk = plain::sort_key(&item);
                let (version, trust) = Key::version_of_use(sk)
                    .ok_or_else(|| refused(format!("the use {sk} names no version")))?;
                uses.push(Used { version, trust, at });
            }
        }
        Ok(uses)
    }

    pub(super) async fn spend_one(
        &self,
        org: &OrganizationSlug,
        source: &str,
        day: Date,
        thing: &str,
        most: u64,
    ) -> Result<bool, StoreError> {
        if most == 0 {
            return Ok(false);
        }
        let midnight = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0));
        let midnight = midnight.map_err(|error| StoreError::Failed(Box::new(error)))?;
        let request = self.client.update_item().table_name(&self.table);
        let answer = request
            .set_key(Some(plain::key(Key::spent(org, source, day))))
            .update_expression("SET #ttl = :ttl ADD #things :new")
            .condition_expression(
                "attribute_not_exists(#things) OR contains(#things, :thing) OR size(#things) < :most",
            )
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_names("#things", THINGS)
            .expression_attribute_values(":ttl", plain::expiry(midnight + SPENT_LIFE))
            .expression_attribute_values(":new", AttributeValue::Ss(vec![thing.to_owned()]))
            .expression_attribute_values(":thing", AttributeValue::S(thing.to_owned()))
            .expression_attribute_values(":most", plain::number(most))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(store_error("UpdateItem", error)),
            },
        }
    }
}
