//! The release registry: Deis Workflow Manager's v3 and v2 as they were meant to be, and v4, which shows everything and
//! names components first.

mod check_ins;
mod clusters;
mod doctor;
mod known_clusters;
mod paging;
mod publishing;
mod releases;
mod spec;
mod versions;

use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes;

use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_domain::id::TaskId;
use imprint_domain::layout;
use imprint_domain::registry::Release;

use crate::Service;
use crate::error::ApiError;
use crate::resources::Documentation;
use crate::urls::Urls;

/// The routes that are about no organization.
pub(super) fn of_installation() -> Vec<UtoipaMethodRouter<Service>> {
    vec![routes!(spec::ping), routes!(spec::swagger)]
}

/// The routes that every organization has.
pub(super) fn of_organizations() -> Vec<UtoipaMethodRouter<Service>> {
    vec![
        routes!(releases::read, publishing::publish),
        routes!(releases::list),
        routes!(releases::latest),
        routes!(releases::latest_of_beta),
        routes!(clusters::count),
        routes!(clusters::by_age),
        routes!(clusters::checkins),
        routes!(clusters::persistent),
        routes!(clusters::read),
        routes!(check_ins::create),
        routes!(check_ins::create_by_path),
        routes!(doctor::read, doctor::publish),
        routes!(versions::trains),
        routes!(versions::trains_of_component),
        routes!(versions::list),
        routes!(versions::read, publishing::publish_version, publishing::withdraw),
        routes!(versions::latest),
        routes!(known_clusters::list),
        routes!(known_clusters::stats),
        routes!(
            known_clusters::read,
            known_clusters::label,
            known_clusters::forget
        ),
    ]
}

/// Where the documentation of releases is published.
fn documentation(env: &Env, releases: &[&Release]) -> Documentation {
    let documented = releases.iter().filter_map(|release| {
        let (docs, component) = (release.docs.as_ref()?, &release.train.component);
        let url = layout::url_of(
            &env.organization,
            docs.own_domain.as_deref(),
            &component.product()?,
        );
        Some((component.clone(), url))
    });
    documented.collect()
}

/// Where to watch a task of an organization.
fn watch(env: &Env, urls: &Urls, task: &TaskId) -> String {
    if env.organization.slug.is_default() {
        urls.task(task)
    } else {
        urls.task_of_project(task)
    }
}

/// The refusal of a release that is not there.
fn no_release(error: AppError) -> ApiError {
    missing(error, "404 release not found")
}

/// The refusal of a cluster that is not there.
fn no_cluster(error: AppError) -> ApiError {
    missing(error, "404 cluster not found")
}

fn missing(error: AppError, sentence: &'static str) -> ApiError {
    match error {
        AppError::NotFound => ApiError::Missing(sentence),
        error => error.into(),
    }
}
