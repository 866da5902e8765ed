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

use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_domain::id::TaskId;
use imprint_domain::layout;
use imprint_domain::registry::Release;

use crate::error::ApiError;
use crate::resources::Documentation;
use crate::urls::Urls;

use super::group::{Group, group};

/// The routes that are about no organization.
pub(super) fn of_installation<G: Group>() -> Vec<G> {
    vec![group!(spec::ping), group!(spec::swagger)]
}

/// The routes that every organization has.
pub(super) fn of_organizations<G: Group>() -> Vec<G> {
    vec![
        group!(releases::read, publishing::publish),
        group!(releases::list),
        group!(releases::latest),
        group!(releases::latest_of_beta),
        group!(clusters::count),
        group!(clusters::by_age),
        group!(clusters::checkins),
        group!(clusters::persistent),
        group!(clusters::read),
        group!(check_ins::create),
        group!(check_ins::create_by_path),
        group!(doctor::read, doctor::publish),
        group!(versions::trains),
        group!(versions::trains_of_component),
        group!(versions::list),
        group!(versions::read, publishing::publish_version, publishing::withdraw),
        group!(versions::latest),
        group!(known_clusters::list),
        group!(known_clusters::stats),
        group!(
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
