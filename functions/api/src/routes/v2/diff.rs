use axum::response::Response;

use crate::Api;
use crate::error::ApiError;
use crate::extract::{DiffForm, Named, TwoBuilds};
use crate::resources::DiffResource;
use crate::routes::diff as first;

/// Compare two builds of a project
///
/// What came, went, changed or moved from the first to the second. Pages are compared by what they say where that is known of
/// both, so that dates and commit ids around it are no changes. With `text/markdown` in `Accept` the answer is the summary
/// alone, to post to a pull request.
///
/// A build is named by its slug, or by its number where the project has no build of such a slug.
#[utoipa::path(get, path = "/v2/orgs/{org}/projects/{project}/builds/{a}/diff/{b}", tag = "projects",
    operation_id = "diff_project_builds",
    params(("org" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        ("a" = String, Path, description = "The build to compare with: its slug, or its number"),
        ("b" = String, Path, description = "The build to compare: its slug, or its number"),
        ("Accept" = Option<String>, Header, description = "`text/markdown` for the summary alone",
            example = "application/json")),
    responses((status = 200, description = "The difference", content((DiffResource = "application/json"),
        (String = "text/markdown", example = "### Documentation: 1 page changed\n")))))]
pub(crate) async fn read(
    api: Api,
    project: Named,
    builds: TwoBuilds,
    form: DiffForm,
) -> Result<Response, ApiError> {
    first::read(api, project, builds, form).await
}
