//! LTD's second API: projects of organizations, everything by slugs. The use-cases and the bodies are those of the first.

pub(super) mod builds;
pub(super) mod diff;
pub(super) mod edition_life;
pub(super) mod editions;
pub(super) mod projects;
pub(super) mod retention;
pub(super) mod slug_rules;
pub(super) mod tasks;

use imprint_app::builds as use_case;
use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_domain::slug::ProductSlug;

use crate::error::ApiError;
use crate::requests::NamesBuild;
use crate::urls::{Urls, no_build};

/// A body with the build that it names looked up, if it names one.
async fn with_build<B: NamesBuild>(
    env: &Env,
    urls: &Urls,
    project: &ProductSlug,
    body: B,
) -> Result<B::First, ApiError> {
    let Some(raw) = body.build_url().map(str::to_owned) else {
        return body.with_build_url(None);
    };
    let slug = urls.parse_project_build(&raw, &env.organization.slug, project)?;
    let (_, build) = use_case::with_slug(env, project, &slug)
        .await
        .map_err(|error| match error {
            AppError::NotFound => no_build(&raw),
            error => error.into(),
        })?;
    body.with_build_url(Some(urls.build(build.id)))
}
