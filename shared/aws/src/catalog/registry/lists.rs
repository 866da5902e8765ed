//! Lists of clusters, and their number. An organization's clusters are in some partitions of an index, which are asked at
//! the same time.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use futures_util::future::try_join_all;
use imprint_app::ports::{Direction, Page, StoreError};
use imprint_domain::registry::{AgeFilter, Cluster, Sorted};
use imprint_domain::slug::OrganizationSlug;
use jiff::SignedDuration;

use super::super::items::{self as plain, Item, LAST};
use super::super::keys::{Key, moment};
use super::super::{DynamoCatalog, cursor};
use super::items::{self, CHECKINS, FIRST_SEEN, LABELS, LAST_SEEN};
use super::keys::{Index, SHARDS, Stretch, is_place, place_of, shard};
use crate::call::store_error;

/// Megabytes that are read of a partition for one page of a list, so that no request lasts for ever. A page that ends
/// there may have fewer clusters than it should, and leads on.
const MAX_MEGABYTES: usize = 10;

/// What was found in one partition.
struct Found {
    /// The clusters with their places, in the order of the list.
    clusters: Vec<(String, Cluster)>,
    /// The last place that was looked at, unless everything was.
    until: Option<String>,
}

impl DynamoCatalog {
    pub(super) async fn read_clusters(
        &self,
        org: &OrganizationSlug,
        filter: &AgeFilter,
        direction: Direction,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Cluster>, StoreError> {
        let last = cursor.map(|cursor| cursor::read(cursor, is_place)).transpose()?;
        let (after, before) = filter.range();
        let stretch = Stretch::times(after, before).following(last.as_deref(), direction);
        if stretch.is_empty() {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        }
        let limit = limit.max(1);
        let shards = (0..SHARDS).map(|number| {
            let query = self.of_shard(shard(org, number), filter, &stretch);
            let query = query.scan_index_forward(direction == Direction::Ascending);
            look_through(query, filter, limit.saturating_add(1))
        });
        Ok(merge(try_join_all(shards).await?, direction, limit))
    }

    pub(super) async fn count(&self, org: &OrganizationSlug, filter: &AgeFilter) -> Result<u64, StoreError> {
        if filter.is_empty() {
            let counter = self.item(Key::cluster_counter(org)).await?;
            return counter.as_ref().map_or(Ok(0), number_of);
        }
        let (after, before) = filter.range();
        let stretch = Stretch::times(after, before);
        if stretch.is_empty() {
            return Ok(0);
        }
        let shards = (0..SHARDS).map(|number| {
            let query = self.of_shard(shard(org, number), filter, &stretch);
            count_in(query, filter.active_for)
        });
        Ok(try_join_all(shards).await?.into_iter().sum())
    }

    /// A query of a partition for what a filter lets through, but for the length of lives, which no expression computes.
    fn of_shard(&self, shard: String, filter: &AgeFilter, stretch: &Stretch) -> QueryFluentBuilder {
        let index = Index::of(filter.sorted());
        let query = self.client.query().table_name(&self.table).index_name(index.name);
        let query = query
            .key_condition_expression("#shard = :shard AND #place BETWEEN :from AND :to")
            .expression_attribute_names("#shard", index.pk)
            .expression_attribute_names("#place", index.sk)
            .expression_attribute_values(":shard", AttributeValue::S(shard))
            .expression_attribute_values(":from", AttributeValue::S(stretch.from.clone()))
            .expression_attribute_values(":to", AttributeValue::S(stretch.to.clone()));
        filtered(query, filter)
    }
}

/// Adds what a filter asks beyond the stretch. Names and values that no expression uses are refused, so each comes with its
/// condition.
fn filtered(mut query: QueryFluentBuilder, filter: &AgeFilter) -> QueryFluentBuilder {
    let mut conditions: Vec<String> = Vec::new();
    let last_seen = match filter.sorted() {
        Sorted::ByLastSeen => [None, None],
        Sorted::ByFirstSeen => [filter.bounds.checked_in_after, filter.bounds.checked_in_before],
    };
    for (bound, operator, name) in [(last_seen[0], ">", ":after"), (last_seen[1], "<", ":before")] {
        if let Some(bound) = bound {
            conditions.push(format!("#last_seen {operator} {name}"));
            query = query
                .expression_attribute_names("#last_seen", LAST_SEEN)
                .expression_attribute_values(name, AttributeValue::S(moment(bound.at)));
        }
    }
    if filter.min_checkins > 0 {
        conditions.push("#checkins >= :least".to_owned());
        query = query
            .expression_attribute_names("#checkins", CHECKINS)
            .expression_attribute_values(":least", plain::number(filter.min_checkins));
    }
    for (n, label) in filter.without_labels.iter().enumerate() {
        conditions.push(format!("NOT contains(#labels, :label{n})"));
        query = query
            .expression_attribute_names("#labels", LABELS)
            .expression_attribute_values(format!(":label{n}"), AttributeValue::S(label.to_string()));
    }
    let expression = conditions.join(" AND ");
    query.set_filter_expression(Some(expression).filter(|expression| !expression.is_empty()))
}

/// Finds at most `wanted` clusters. One whose filter could refuse some is asked for whole megabytes.
async fn look_through(
    query: QueryFluentBuilder,
    filter: &AgeFilter,
    wanted: usize,
) -> Result<Found, StoreError> {
    let sorted = filter.sorted();
    let mut clusters = Vec::new();
    let mut next = None;
    for _ in 0..MAX_MEGABYTES {
        let rest = (!filter.looks_further()).then(|| wanted - clusters.len());
        let query = query.clone().set_exclusive_start_key(next);
        let query = query.set_limit(rest.and_then(|rest| i32::try_from(rest).ok()));
        let answer = query.send().await.map_err(|error| store_error("Query", error))?;
        for item in answer.items.unwrap_or_default() {
            let cluster = items::cluster_of(item)?;
            if filter.admits(&cluster) {
                clusters.push((place_of(&cluster, sorted), cluster));
            }
        }
        next = answer.last_evaluated_key.filter(|key| !key.is_empty());
        if next.is_none() || clusters.len() >= wanted {
            break;
        }
    }
    let is_more = next.is_some() || clusters.len() > wanted;
    clusters.truncate(wanted);
    let until = if clusters.len() == wanted {
        clusters
            .last()
            .filter(|_| is_more)
            .map(|(place, _)| place.clone())
    } else {
        next.and_then(|key| key.get(Index::of(sorted).sk)?.as_s().ok().cloned())
    };
    Ok(Found { clusters, until })
}

/// A page of what was found in all partitions: as far as each of them was looked at.
fn merge(found: Vec<Found>, direction: Direction, limit: usize) -> Page<Cluster> {
    let ends = found.iter().filter_map(|found| found.until.clone());
    let until = match direction {
        Direction::Ascending => ends.min(),
        Direction::Descending => ends.max(),
    };
    let mut clusters: Vec<(String, Cluster)> = found.into_iter().flat_map(|found| found.clusters).collect();
    clusters.sort_by(|(one, _), (other, _)| match direction {
        Direction::Ascending => one.cmp(other),
        Direction::Descending => other.cmp(one),
    });
    let is_known = |place: &String| match direction {
        Direction::Ascending => until.as_ref().is_none_or(|until| place <= until),
        Direction::Descending => until.as_ref().is_none_or(|until| place >= until),
    };
    clusters.retain(|(place, _)| is_known(place));
    let next = if clusters.len() > limit {
        clusters.truncate(limit);
        clusters.last().map(|(place, _)| place.clone())
    } else {
        until
    };
    Page {
        items: clusters.into_iter().map(|(_, cluster)| cluster).collect(),
        next: next.as_deref().map(cursor::write),
    }
}

/// How many clusters a query finds that were there at least so long.
async fn count_in(query: QueryFluentBuilder, active_for: Option<SignedDuration>) -> Result<u64, StoreError> {
    let query = match active_for {
        None => query.select(Select::Count),
        Some(_) => query
            .projection_expression("#first_seen, #last_seen")
            .expression_attribute_names("#first_seen", FIRST_SEEN)
            .expression_attribute_names("#last_seen", LAST_SEEN),
    };
    let mut count: u64 = 0;
    let mut next = None;
    loop {
        let query = query.clone().set_exclusive_start_key(next);
        let answer = query.send().await.map_err(|error| store_error("Query", error))?;
        match active_for {
            None => count += u64::try_from(answer.count).unwrap_or(0),
            Some(least) => {
                for item in answer.items.unwrap_or_default() {
                    count += u64::from(life(&item)? >= least);
                }
            }
        }
        next = answer.last_evaluated_key.filter(|key| !key.is_empty());
        if next.is_none() {
            return Ok(count);
        }
    }
}

fn life(item: &Item) -> Result<SignedDuration, StoreError> {
    let (first, last) = (
        items::time_of(item, FIRST_SEEN)?,
        items::time_of(item, LAST_SEEN)?,
    );
    Ok(last.duration_since(first))
}

fn number_of(counter: &Item) -> Result<u64, StoreError> {
    let number = counter.get(LAST).and_then(|last| last.as_n().ok()?.parse().ok());
    number.ok_or_else(|| plain::unreadable(counter, format!("{LAST} is no number")))
}

#[cfg(test)]
mod tests {
    use imprint_domain::registry::{CheckIn, ClusterToken, Report};
    use imprint_testing::samples::after_noon;

    use super::*;

    /// A partition in which clusters were found that checked in first at these seconds.
    fn found(seconds: &[i64], until: Option<i64>) -> Found {
        let cluster = |second: i64| {
            let check_in = CheckIn {
                id: "c".parse().unwrap(),
                report: Report::default(),
                token: None,
                at: after_noon(second),
            };
            let cluster = check_in.first(OrganizationSlug::default(), &ClusterToken::from_bytes([0; 32]));
            (place_of(&cluster, Sorted::ByFirstSeen), cluster)
        };
        Found {
            clusters: seconds.iter().map(|second| cluster(*second)).collect(),
            until: until.map(|second| cluster(second).0),
        }
    }

    fn merged(found: Vec<Found>, direction: Direction, limit: usize) -> (Vec<i64>, Option<String>) {
        let page = merge(found, direction, limit);
        let second = |cluster: &Cluster| cluster.first_seen.duration_since(after_noon(0)).as_secs();
        let next = page.next.map(|next| cursor::read(&next, is_place).unwrap());
        (page.items.iter().map(second).collect(), next)
    }

    #[test]
    fn a_page_ends_where_a_partition_was_not_looked_at_any_more() {
        // The second partition was given up before it had found enough: what lies behind may come from it too.
        let up = || vec![found(&[1, 4, 9], None), found(&[2], Some(5)), found(&[], Some(7))];
        let place = |second| found(&[], Some(second)).until;
        assert_eq!(merged(up(), Direction::Ascending, 10), (vec![1, 2, 4], place(5)));
        assert_eq!(merged(up(), Direction::Ascending, 3), (vec![1, 2, 4], place(5)));
        assert_eq!(merged(up(), Direction::Ascending, 2), (vec![1, 2], place(2)));
        let down = || vec![found(&[9, 4, 1], None), found(&[8], Some(5)), found(&[], Some(3))];
        assert_eq!(merged(down(), Direction::Descending, 10), (vec![9, 8], place(5)));
        let whole = vec![found(&[1], None), found(&[2], None)];
        assert_eq!(merged(whole, Direction::Ascending, 2), (vec![1, 2], None));
        assert_eq!(
            merged(vec![found(&[], Some(5))], Direction::Ascending, 2),
            (vec![], place(5))
        );
    }
}
