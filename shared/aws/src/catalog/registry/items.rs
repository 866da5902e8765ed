//! What the items of the registry hold besides their keys.
//!
//! What others say in JSON of their own is kept as its text: DynamoDB nests 32 deep, knows no numbers beyond 10^125, and
//! does not tell 1.0 from 1.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use imprint_app::ports::StoreError;
use imprint_domain::id::Revision;
use imprint_domain::registry::{
    Cluster, ClusterId, Data, DoctorReport, Head, Label, Release, Report, Sorted,
};
use imprint_domain::slug::OrganizationSlug;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use serde_dynamo::aws_sdk_dynamodb_1 as serde_dynamo;

use super::super::items::{self, Item, VALUE};
use super::super::keys::{GSI1PK, GSI2PK, Key, moment};
use super::keys::{Index, place_of, shard_of};

/// The attributes of a cluster that expressions name.
pub(super) const CHECKINS: &str = "checkins";
pub(super) const DIGEST: &str = "digest";
pub(super) const FIRST_SEEN: &str = "first_seen";
pub(super) const IS_VERIFIED: &str = "is_verified";
pub(super) const LABELS: &str = "labels";
pub(super) const LAST_SEEN: &str = "last_seen";
pub(super) const TOKEN_HASH: &str = "token_hash";
pub(super) const USED_AT: &str = "used_at";

/// Inside a release, what its publisher says.
const DATA: &str = "data";
/// Inside a head, its latest release.
const LATEST: &str = "latest";

type Map = HashMap<String, AttributeValue>;

/// A release under one of its keys.
pub(super) fn release(at: Key, release: &Release) -> Result<Item, StoreError> {
    let mut item = items::key(at);
    item.insert(VALUE.to_owned(), AttributeValue::M(release_map(release)?));
    Ok(item)
}

/// The release that an item holds.
pub(super) fn release_of(mut item: Item) -> Result<Release, StoreError> {
    let value = item.remove(VALUE).unwrap_or(AttributeValue::Null(true));
    read_release(value).map_err(|reason| items::unreadable(&item, reason))
}

pub(super) fn head(head: &Head) -> Result<Item, StoreError> {
    let bare = Head {
        latest: None,
        ..head.clone()
    };
    let mut map = map_of(&bare)?;
    if let Some(latest) = &head.latest {
        map.insert(LATEST.to_owned(), AttributeValue::M(release_map(latest)?));
    }
    let mut item = items::key(Key::head(&head.organization, &head.train));
    item.insert(VALUE.to_owned(), AttributeValue::M(map));
    item.insert(items::REVISION.to_owned(), items::number(head.revision.0));
    Ok(item)
}

/// The head that an item holds.
pub(super) fn head_of(mut item: Item) -> Result<Head, StoreError> {
    let mut value = item.remove(VALUE).unwrap_or(AttributeValue::Null(true));
    let latest = match &mut value {
        AttributeValue::M(map) => map.remove(LATEST),
        _ => None,
    };
    let latest = latest.map(read_release).transpose();
    let latest = latest.map_err(|reason| items::unreadable(&item, reason))?;
    let bare: Head =
        serde_dynamo::from_attribute_value(value).map_err(|error| items::unreadable(&item, error))?;
    Ok(Head { latest, ..bare })
}

fn map_of(value: &impl Serialize) -> Result<Map, StoreError> {
    serde_dynamo::to_item(value).map_err(|error| StoreError::Failed(Box::new(error)))
}

fn release_map(release: &Release) -> Result<Map, StoreError> {
    let bare = Release {
        data: Data::default(),
        ..release.clone()
    };
    let mut map = map_of(&bare)?;
    map.insert(DATA.to_owned(), AttributeValue::S(json(&release.data)?));
    Ok(map)
}

fn read_release(mut value: AttributeValue) -> Result<Release, String> {
    let data = match &mut value {
        AttributeValue::M(map) => map.remove(DATA),
        _ => None,
    };
    let bare: Release = serde_dynamo::from_attribute_value(value).map_err(|error| error.to_string())?;
    let Some(data) = data else { return Ok(bare) };
    let text = data.as_s().map_err(|_| format!("{DATA} is no text"))?;
    let data = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(Release { data, ..bare })
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Failed(Box::new(error)))
}

/// A cluster, whose attributes are those of its item, because a check-in changes only some of them.
#[derive(Serialize, Deserialize)]
struct StoredCluster {
    organization: OrganizationSlug,
    id: ClusterId,
    report: String,
    #[serde(serialize_with = "as_moment")]
    first_seen: Timestamp,
    #[serde(serialize_with = "as_moment")]
    last_seen: Timestamp,
    checkins: u64,
    token_hash: String,
    is_verified: bool,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    labels: BTreeSet<Label>,
    revision: Revision,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_some_moment"
    )]
    used_at: Option<Timestamp>,
}

/// Conditions compare times as texts.
fn as_moment<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment(*at))
}

fn as_some_moment<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(moment).serialize(serializer)
}

pub(super) fn cluster(cluster: &Cluster) -> Result<Item, StoreError> {
    let stored = StoredCluster {
        organization: cluster.organization.clone(),
        id: cluster.id.clone(),
        report: json(&cluster.report)?,
        first_seen: cluster.first_seen,
        last_seen: cluster.last_seen,
        checkins: cluster.checkins,
        token_hash: cluster.token_hash.clone(),
        is_verified: cluster.is_verified,
        labels: cluster.labels.clone(),
        revision: cluster.revision,
        used_at: cluster.used_at,
    };
    let mut item = map_of(&stored)?;
    item.extend(items::key(Key::cluster(&cluster.organization, &cluster.id)));
    let mut text = |name: &str, text: String| item.insert(name.to_owned(), AttributeValue::S(text));
    text(DIGEST, cluster.report.digest());
    for name in [GSI1PK, GSI2PK] {
        text(name, shard_of(&cluster.organization, &cluster.id));
    }
    for sorted in [Sorted::ByFirstSeen, Sorted::ByLastSeen] {
        text(Index::of(sorted).sk, place_of(cluster, sorted));
    }
    Ok(item)
}

/// The cluster that an item is.
pub(super) fn cluster_of(item: Item) -> Result<Cluster, StoreError> {
    let stored: StoredCluster =
        serde_dynamo::from_item(item.clone()).map_err(|error| items::unreadable(&item, error))?;
    let report: Report =
        serde_json::from_str(&stored.report).map_err(|error| items::unreadable(&item, error))?;
    Ok(Cluster {
        organization: stored.organization,
        id: stored.id,
        report,
        first_seen: stored.first_seen,
        last_seen: stored.last_seen,
        checkins: stored.checkins,
        token_hash: stored.token_hash,
        is_verified: stored.is_verified,
        labels: stored.labels,
        used_at: stored.used_at,
        revision: stored.revision,
    })
}

/// The time that an attribute holds.
pub(super) fn time_of(item: &Item, name: &str) -> Result<Timestamp, StoreError> {
    let text = item.get(name).and_then(|at| at.as_s().ok());
    let at = text.and_then(|text| text.parse().ok());
    at.ok_or_else(|| items::unreadable(item, format!("{name} is no time")))
}

pub(super) fn doctor_report(report: &DoctorReport) -> Result<Item, StoreError> {
    let key = Key::doctor_report(&report.organization, &report.id);
    Ok(items::expiring(items::thing(key, report)?, report.expires_at()))
}
