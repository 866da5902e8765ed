//! Which clusters and releases are asked for.

use std::collections::BTreeSet;

use imprint_app::ports::Direction;
use imprint_domain::registry::{
    AgeFilter, Bounds, Given, Impossible, Label, NotMoment, ago, check_persistent, moment,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::ApiError;

/// Which clusters are asked for. Each time is RFC 3339, a date (its midnight in UTC), `now`, `yesterday`, `last-week`,
/// `last-month`, or how long ago it was: `30m`, `12h`, `7d`, `2w`. All bounds are exclusive.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AgeParams {
    /// Only clusters that checked in last after this time: RFC 3339, a date, `yesterday`, `last-week`, or `7d` for seven days
    /// ago.
    #[param(example = "last-week")]
    checked_in_after: Option<String>,
    /// Only clusters that checked in last before this time.
    #[param(example = "2026-01-01T12:00:00Z")]
    checked_in_before: Option<String>,
    /// Only clusters that checked in first after this time.
    #[param(example = "2025-01-01")]
    created_after: Option<String>,
    /// Only clusters that checked in first before this time.
    #[param(example = "now")]
    created_before: Option<String>,
    /// The same as `checked_in_after`, in a word.
    #[param(example = "last-week")]
    since: Option<String>,
    /// Only clusters that did not check in for so long: `30d`. The same as `checked_in_before` that long ago.
    #[param(example = "30d")]
    stale_for: Option<String>,
    /// Only clusters with at least so long between their first and their last check-in: `30d`.
    #[param(example = "30d")]
    active_for: Option<String>,
    /// Only clusters that checked in first within this time: `7d`. The same as `created_after` that long ago.
    #[param(example = "7d")]
    appeared_in: Option<String>,
    /// Labels, separated by commas. Clusters that have one of them are left out.
    #[param(example = "staff,ci")]
    exclude_labels: Option<String>,
}

/// Which clusters are asked for by their first check-in.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreatedParams {
    /// Only clusters that checked in first after this time: RFC 3339, a date, `yesterday`, `last-week`, or `7d` for seven
    /// days ago.
    #[param(example = "2025-01-01")]
    created_after: Option<String>,
    /// Only clusters that checked in first before this time.
    #[param(example = "now")]
    created_before: Option<String>,
    /// Labels, separated by commas. Clusters that have one of them are left out.
    #[param(example = "staff,ci")]
    exclude_labels: Option<String>,
}

/// Which clusters are asked for that stayed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PersistentParams {
    /// Only clusters that checked in first after this time: RFC 3339, a date, `yesterday`, `last-week`, or `7d` for seven
    /// days ago.
    #[param(example = "2025-01-01")]
    epoch: Option<String>,
    /// Only clusters that checked in first before this time, and last no more than a day before it.
    #[param(example = "now")]
    timestamp: Option<String>,
    /// Labels, separated by commas. Clusters that have one of them are left out.
    #[param(example = "staff,ci")]
    exclude_labels: Option<String>,
}

/// Which clusters count.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsParams {
    /// Labels, separated by commas. Clusters that have one of them are not counted.
    #[param(example = "staff,ci")]
    exclude_labels: Option<String>,
}

/// Which part of a list is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NextParams {
    /// How many to answer with at most. An answer that would be too large has fewer.
    #[param(minimum = 1, maximum = 1000, value_type = Option<u64>)]
    limit: Option<String>,
    /// Where the page begins: `next` of the page before.
    next: Option<String>,
}

/// In which order a list is.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrderParams {
    /// `asc` for the oldest release first, which is the default, or `desc` for the newest first.
    #[param(example = "desc")]
    order: Option<String>,
}

/// A part of a list that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) limit: usize,
    pub(crate) next: Option<String>,
}

/// The order of a list of releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListOrder(pub(crate) Direction);

impl AgeParams {
    /// Checks the parameters, by their names first and the shorthands last.
    ///
    /// # Errors
    /// 422 for a value that is none, or a shorthand beside what it stands for, 400 where no cluster could pass.
    pub(crate) fn check(&self, now: Timestamp) -> Result<AgeFilter, ApiError> {
        let long = Bounds {
            checked_in_after: time("checked_in_after", self.checked_in_after.as_deref(), now)?,
            checked_in_before: time("checked_in_before", self.checked_in_before.as_deref(), now)?,
            created_after: time("created_after", self.created_after.as_deref(), now)?,
            created_before: time("created_before", self.created_before.as_deref(), now)?,
        };
        let since = time("since", self.since.as_deref(), now)?;
        let appeared_in = time("appeared_in", self.appeared_in.as_deref(), now)?;
        let stale_for = length("stale_for", self.stale_for.as_deref())?;
        let stale_for =
            stale_for.map(|length| Given::utc(now.saturating_sub(length).unwrap_or(Timestamp::MIN)));
        let bounds = Bounds {
            checked_in_after: either(["since", "checked_in_after"], since, long.checked_in_after)?,
            checked_in_before: either(
                ["stale_for", "checked_in_before"],
                stale_for,
                long.checked_in_before,
            )?,
            created_after: either(["appeared_in", "created_after"], appeared_in, long.created_after)?,
            created_before: long.created_before,
        };
        let filter = AgeFilter {
            bounds,
            active_for: length("active_for", self.active_for.as_deref())?,
            min_checkins: 0,
            without_labels: labels(self.exclude_labels.as_deref())?,
        };
        filter.bounds.check().map_err(impossible)?;
        Ok(filter)
    }
}

impl CreatedParams {
    /// Checks the parameters.
    ///
    /// # Errors
    /// As those of [`AgeParams::check`].
    pub(crate) fn check(&self, now: Timestamp) -> Result<AgeFilter, ApiError> {
        let filter = AgeFilter {
            bounds: Bounds {
                created_after: time("created_after", self.created_after.as_deref(), now)?,
                created_before: time("created_before", self.created_before.as_deref(), now)?,
                ..Bounds::default()
            },
            without_labels: labels(self.exclude_labels.as_deref())?,
            ..AgeFilter::default()
        };
        filter.bounds.check().map_err(impossible)?;
        Ok(filter)
    }
}

/// How long before the time that is asked about a cluster may have checked in last to be still there.
const STILL_THERE: SignedDuration = SignedDuration::from_hours(24);

impl PersistentParams {
    /// Checks the parameters.
    ///
    /// # Errors
    /// As those of [`AgeParams::check`].
    pub(crate) fn check(&self, now: Timestamp) -> Result<AgeFilter, ApiError> {
        let epoch = time("epoch", self.epoch.as_deref(), now)?;
        let timestamp = time("timestamp", self.timestamp.as_deref(), now)?;
        check_persistent(epoch, timestamp).map_err(impossible)?;
        let there = |at: Given| Given::utc(at.at.saturating_sub(STILL_THERE).unwrap_or(Timestamp::MIN));
        Ok(AgeFilter {
            bounds: Bounds {
                created_after: epoch,
                created_before: timestamp,
                checked_in_after: timestamp.map(there),
                checked_in_before: None,
            },
            min_checkins: 2,
            without_labels: labels(self.exclude_labels.as_deref())?,
            ..AgeFilter::default()
        })
    }
}

impl StatsParams {
    /// Checks the parameter.
    ///
    /// # Errors
    /// For a label that is none.
    pub(crate) fn check(&self) -> Result<AgeFilter, ApiError> {
        Ok(AgeFilter {
            without_labels: labels(self.exclude_labels.as_deref())?,
            ..AgeFilter::default()
        })
    }
}

impl NextParams {
    /// Checks the parameters. `most` is also what is meant when nobody says how many.
    ///
    /// # Errors
    /// For a number that is none, or out of range.
    pub(crate) fn check(self, most: usize) -> Result<Wanted, ApiError> {
        let limit = match self.limit.as_deref() {
            None => most,
            Some(raw) => {
                let number: i64 = raw.parse().map_err(|_| of_type("limit", "integer", raw))?;
                let limit = usize::try_from(number)
                    .ok()
                    .filter(|limit| (1..=most).contains(limit));
                limit.ok_or_else(|| {
                    ApiError::Unprocessable(format!("limit in query should be from 1 to {most}"))
                })?
            }
        };
        Ok(Wanted {
            limit,
            next: self.next,
        })
    }
}

impl OrderParams {
    /// Checks the parameter.
    ///
    /// # Errors
    /// For another word.
    pub(crate) fn check(&self) -> Result<ListOrder, ApiError> {
        match self.order.as_deref() {
            None | Some("asc") => Ok(ListOrder(Direction::Ascending)),
            Some("desc") => Ok(ListOrder(Direction::Descending)),
            Some(_) => Err(ApiError::Unprocessable(
                "order in query should be one of [asc desc]".to_owned(),
            )),
        }
    }
}

fn time(name: &str, raw: Option<&str>, now: Timestamp) -> Result<Option<Given>, ApiError> {
    let read = |raw: &str| moment(raw, now).map_err(|NotMoment| of_type(name, "date-time", raw));
    raw.map(read).transpose()
}

fn length(name: &str, raw: Option<&str>) -> Result<Option<SignedDuration>, ApiError> {
    let read = |raw: &str| ago(raw).map_err(|NotMoment| of_type(name, "duration", raw));
    raw.map(read).transpose()
}

fn of_type(name: &str, kind: &str, raw: &str) -> ApiError {
    let shortened: String = raw.chars().take(80).collect();
    ApiError::Unprocessable(format!("{name} in query must be of type {kind}: {shortened:?}"))
}

/// A bound that is given by a shorthand or by its own name, not both.
fn either(
    [short, long]: [&str; 2],
    by_short: Option<Given>,
    by_long: Option<Given>,
) -> Result<Option<Given>, ApiError> {
    match (by_short, by_long) {
        (Some(_), Some(_)) => Err(ApiError::Unprocessable(format!(
            "{short} in query stands for {long}: give one of them"
        ))),
        (by_short, by_long) => Ok(by_short.or(by_long)),
    }
}

fn impossible(error: Impossible) -> ApiError {
    ApiError::BadRequest(error.to_string())
}

fn labels(raw: Option<&str>) -> Result<BTreeSet<Label>, ApiError> {
    let names = raw
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let label = |name: &str| {
        name.parse()
            .map_err(|error| ApiError::Unprocessable(format!("exclude_labels in query: {error}")))
    };
    names.map(label).collect()
}
