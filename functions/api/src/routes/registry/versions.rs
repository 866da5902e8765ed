//! Releases as v4 shows them: with all that is known, the component first in the path.

use axum::response::Response;
use http::StatusCode;

use imprint_app::access::Caller;
use imprint_app::env::Env;
use imprint_app::ports::Page;
use imprint_app::registry;
use imprint_domain::registry::{ComponentName, Release};

use crate::Api;
use crate::delivery::{self, Accepted};
use crate::error::ApiError;
use crate::extract::{InQuery, Known, PathNames, Posted};
use crate::requests::registry::{NextParams, OrderParams, Pairs, Wanted, multi_get};
use crate::resources::{ComponentVersionList, Documentation, ReleaseList, ReleaseResource, TrainList};
use crate::urls::Urls;

use super::documentation;
use super::paging::{MAX_LIMIT, page_that_fits};
use super::releases::{Latest, found, page, too_large};

/// List all trains
///
/// With the latest release of each, in the order of their components' names.
#[utoipa::path(get, path = "/v4/versions", tag = "registry-v4", operation_id = "list_trains", params(NextParams),
    responses((status = 200, description = "Trains", body = TrainList)))]
pub(crate) async fn trains(api: Api, InQuery(part): InQuery<NextParams>) -> Result<Response, ApiError> {
    train_list(&api.env, None, &part.check(MAX_LIMIT)?).await
}

/// List the trains of a component
///
/// With the latest release of each. A component that is not known has none.
#[utoipa::path(get, path = "/v4/versions/{component}", tag = "registry-v4", operation_id = "list_component_trains",
    params(("component" = String, Path, description = "The component"), NextParams),
    responses((status = 200, description = "Trains", body = TrainList)))]
pub(crate) async fn trains_of_component(
    api: Api,
    names: PathNames,
    InQuery(part): InQuery<NextParams>,
) -> Result<Response, ApiError> {
    let wanted = part.check(MAX_LIMIT)?;
    match names.read::<ComponentName>("component") {
        Some(component) => train_list(&api.env, Some(&component), &wanted).await,
        None => Ok(delivery::json(StatusCode::OK, &TrainList::new(&[], None))),
    }
}

async fn train_list(
    env: &Env,
    component: Option<&ComponentName>,
    wanted: &Wanted,
) -> Result<Response, ApiError> {
    let read = |limit, next: Option<String>| async move {
        registry::trains(env, component, limit, next.as_deref()).await
    };
    // Twice a thousand characters, of four bytes or escaped, are the most that a row has.
    let Page { items, next } = page_that_fits(wanted, read, super::paging::weight).await?;
    Ok(delivery::json(StatusCode::OK, &TrainList::new(&items, next)))
}

/// List the releases of a train with all that is known of them
///
/// A train that is not known has none.
#[utoipa::path(get, path = "/v4/versions/{component}/{train}", tag = "registry-v4", operation_id = "list_releases",
    params(("component" = String, Path, description = "The component"), ("train" = String, Path, description = "The train"),
        OrderParams, NextParams),
    responses((status = 200, description = "Releases", body = ReleaseList)))]
pub(crate) async fn list(
    api: Api,
    urls: Urls,
    names: PathNames,
    Known(caller): Known,
    InQuery(order): InQuery<OrderParams>,
    InQuery(part): InQuery<NextParams>,
) -> Result<Response, ApiError> {
    let (order, wanted) = (order.check()?, part.check(MAX_LIMIT)?);
    let page = page(&api.env, &names, order.0, &wanted).await?;
    let releases: Vec<&Release> = page.items.iter().collect();
    let documentation = documentation(&api.env, &releases);
    let show = Show {
        env: &api.env,
        urls: &urls,
        documentation: &documentation,
        caller: caller.as_ref(),
    };
    let list = ReleaseList {
        data: releases.iter().map(|release| show.release(release)).collect(),
        next: page.next,
    };
    Ok(delivery::json(StatusCode::OK, &list))
}

/// Read a release with all that is known of it
///
/// `latest` is the release of the train with the greatest release time.
#[utoipa::path(get, path = "/v4/versions/{component}/{train}/{release}", tag = "registry-v4",
    operation_id = "read_release",
    params(("component" = String, Path, description = "The component"), ("train" = String, Path, description = "The train"),
        ("release" = String, Path, description = "The version, or `latest`")),
    responses((status = 200, description = "The release", body = ReleaseResource)))]
pub(crate) async fn read(
    api: Api,
    urls: Urls,
    names: PathNames,
    Known(caller): Known,
) -> Result<Response, ApiError> {
    let release = found(&api.env, &names).await?;
    let documentation = documentation(&api.env, &[&release]);
    let show = Show {
        env: &api.env,
        urls: &urls,
        documentation: &documentation,
        caller: caller.as_ref(),
    };
    Ok(delivery::json(StatusCode::OK, &show.release(&release)))
}

/// Read the latest releases of several trains with all that is known of them
///
/// Exactly the pairs of component and train that are asked for, in their order; those without a release are left out. At
/// most 100 different ones.
#[utoipa::path(post, path = "/v4/versions/latest", tag = "registry-v4", operation_id = "read_latest_releases",
    request_body = ComponentVersionList,
    responses((status = 200, description = "Releases", body = ReleaseList)))]
pub(crate) async fn latest(
    api: Api,
    urls: Urls,
    Known(caller): Known,
    accepted: Accepted,
    Posted(body): Posted,
) -> Result<Response, ApiError> {
    let trains = multi_get(body, Pairs::Named)?;
    let latest = Latest::of(&api.env, &trains).await?;
    let releases = latest.in_order();
    let documentation = documentation(&api.env, &releases);
    let show = Show {
        env: &api.env,
        urls: &urls,
        documentation: &documentation,
        caller: caller.as_ref(),
    };
    let list = ReleaseList {
        data: releases.iter().map(|release| show.release(release)).collect(),
        next: None,
    };
    let rendered = delivery::render(&list, accepted).map_err(too_large)?;
    Ok(delivery::deliver(StatusCode::OK, rendered))
}

/// What it takes to show releases to somebody.
pub(super) struct Show<'a> {
    pub(super) env: &'a Env,
    pub(super) urls: &'a Urls,
    pub(super) documentation: &'a Documentation,
    /// Who asks, where that is known: strangers are not told who publishes.
    pub(super) caller: Option<&'a Caller>,
}

impl Show<'_> {
    pub(super) fn release<'r>(&self, release: &'r Release) -> ReleaseResource<'r> {
        let resource = ReleaseResource::new(release, self.documentation, self.build_url(release));
        match self.caller {
            Some(_) => resource.with_publisher(release),
            None => resource,
        }
    }

    fn build_url(&self, release: &Release) -> Option<String> {
        let docs = release.docs.as_ref()?;
        let org = &self.env.organization.slug;
        if org.is_default() {
            return Some(self.urls.build(docs.build));
        }
        let product = release.train.component.product()?;
        Some(self.urls.project_build(org, &product, &docs.slug))
    }
}
