//! Releases as v3 shows them.

use axum::response::Response;
use http::StatusCode;

use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_app::ports::{Direction, Page};
use imprint_app::registry;
use imprint_domain::registry::{Release, TrainName};

use crate::Api;
use crate::delivery::{self, Accepted};
use crate::error::ApiError;
use crate::extract::{InQuery, PathNames, Posted};
use crate::requests::registry::{NextParams, Pairs, Wanted, multi_get};
use crate::resources::{ComponentVersionList, ComponentVersionResource};

use super::paging::{MAX_LIMIT, page_that_fits, weight};
use super::{documentation, no_release};

/// Read a release
///
/// `latest` is the release of the train with the greatest release time, whatever its version.
#[utoipa::path(get, path = "/v3/versions/{train}/{component}/{release}", tag = "registry",
    operation_id = "getComponentByRelease",
    params(("train" = String, Path, description = "The train"), ("component" = String, Path, description = "The component"),
        ("release" = String, Path, description = "The version, or `latest`")),
    responses((status = 200, description = "The release", body = ComponentVersionResource)))]
pub(crate) async fn read(api: Api, names: PathNames) -> Result<Response, ApiError> {
    let release = found(&api.env, &names).await?;
    let documentation = documentation(&api.env, &[&release]);
    let resource = ComponentVersionResource::new(&release, &documentation);
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// The release that a path names. What can be no name is none.
pub(super) async fn found(env: &Env, names: &PathNames) -> Result<Release, ApiError> {
    let train = train(names).ok_or(AppError::NotFound).map_err(no_release)?;
    let release = if names.raw("release") == "latest" {
        registry::latest(env, &train).await
    } else {
        match names.read("release") {
            Some(version) => registry::release(env, &train, &version).await,
            None => Err(AppError::NotFound),
        }
    };
    release.map_err(no_release)
}

/// The train that a path names; nothing where it can be none.
pub(super) fn train(names: &PathNames) -> Option<TrainName> {
    Some(TrainName {
        component: names.read("component")?,
        label: names.read("train")?,
    })
}

/// List the releases of a train
///
/// The one that came out first comes first. A train that is not known has none.
#[utoipa::path(get, path = "/v3/versions/{train}/{component}", tag = "registry", operation_id = "getComponentByName",
    params(("train" = String, Path, description = "The train"), ("component" = String, Path, description = "The component"),
        NextParams),
    responses((status = 200, description = "Releases", body = ComponentVersionList)))]
pub(crate) async fn list(
    api: Api,
    names: PathNames,
    InQuery(part): InQuery<NextParams>,
) -> Result<Response, ApiError> {
    let wanted = part.check(MAX_LIMIT)?;
    let page = page(&api.env, &names, Direction::Ascending, &wanted).await?;
    let releases: Vec<&Release> = page.items.iter().collect();
    let documentation = documentation(&api.env, &releases);
    let list = ComponentVersionList {
        data: releases
            .iter()
            .map(|release| ComponentVersionResource::new(release, &documentation))
            .collect(),
        next: page.next,
    };
    Ok(delivery::json(StatusCode::OK, &list))
}

/// A page of the releases of a train that a path names.
pub(super) async fn page(
    env: &Env,
    names: &PathNames,
    direction: Direction,
    wanted: &Wanted,
) -> Result<Page<Release>, ApiError> {
    let Some(train) = train(names) else {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    };
    let train = &train;
    let read = |limit, next: Option<String>| async move {
        registry::releases(env, train, direction, limit, next.as_deref()).await
    };
    // What a resource has besides is a few URLs.
    page_that_fits(wanted, read, |release: &Release| weight(release) + 512).await
}

/// Read the latest releases of several trains
///
/// Exactly the pairs of component and train that are asked for, in their order; those without a release are left out. At
/// most 100 different ones.
#[utoipa::path(post, path = "/v3/versions/latest", tag = "registry", operation_id = "getComponentsByLatestRelease",
    request_body = ComponentVersionList,
    responses((status = 200, description = "Releases", body = ComponentVersionList)))]
pub(crate) async fn latest(api: Api, accepted: Accepted, Posted(body): Posted) -> Result<Response, ApiError> {
    answer(&api.env, &multi_get(body, Pairs::Named)?, accepted).await
}

/// Read the latest releases of several trains, for clients of the beta
///
/// Where no train is named, `beta` is meant. Everything else is as in v3.
#[utoipa::path(post, path = "/v2/versions/latest", tag = "registry",
    operation_id = "getComponentsByLatestReleaseForV2", request_body = ComponentVersionList,
    responses((status = 200, description = "Releases", body = ComponentVersionList)))]
pub(crate) async fn latest_of_beta(
    api: Api,
    accepted: Accepted,
    Posted(body): Posted,
) -> Result<Response, ApiError> {
    answer(&api.env, &multi_get(body, Pairs::OfBeta)?, accepted).await
}

async fn answer(env: &Env, trains: &[TrainName], accepted: Accepted) -> Result<Response, ApiError> {
    let latest = Latest::of(env, trains).await?;
    let releases = latest.in_order();
    let documentation = documentation(env, &releases);
    let list = ComponentVersionList {
        data: releases
            .iter()
            .map(|release| ComponentVersionResource::new(release, &documentation))
            .collect(),
        next: None,
    };
    let rendered = delivery::render(&list, accepted).map_err(too_large)?;
    Ok(delivery::deliver(StatusCode::OK, rendered))
}

/// The refusal of an answer with too many releases.
pub(super) fn too_large(oversize: delivery::Oversize) -> ApiError {
    ApiError::TooLarge(format!(
        "{oversize}; ask for fewer, or send Accept-Encoding: gzip"
    ))
}

/// The latest releases of trains, each read once however often it is asked for.
pub(super) struct Latest<'a> {
    trains: &'a [TrainName],
    found: Vec<Release>,
}

impl<'a> Latest<'a> {
    pub(super) async fn of(env: &Env, trains: &'a [TrainName]) -> Result<Self, ApiError> {
        let mut distinct = trains.to_vec();
        distinct.sort();
        distinct.dedup();
        let found = registry::latest_of(env, &distinct).await?;
        Ok(Self {
            trains,
            found: found.into_iter().flatten().collect(),
        })
    }

    /// In the order that was asked.
    pub(super) fn in_order(&self) -> Vec<&Release> {
        let latest = |train: &TrainName| {
            self.found
                .binary_search_by(|release| release.train.cmp(train))
                .ok()
        };
        self.trains
            .iter()
            .filter_map(|train| self.found.get(latest(train)?))
            .collect()
    }
}
