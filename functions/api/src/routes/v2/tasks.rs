use axum::response::Response;
use http::StatusCode;

use imprint_app::tasks;
use imprint_domain::id::TaskId;

use crate::Api;
use crate::access::sees;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{Authenticated, InPath};
use crate::resources::TaskResource;
use crate::urls::Urls;

/// Watch a task of an organization
///
/// The same as for the default organization, with the URLs of v2. It is there for those who have a role in its
/// organization.
#[utoipa::path(get, path = "/v2/task/{id}", tag = "tasks", operation_id = "read_project_task",
    params(("id" = String, Path, description = "The task's identity")),
    responses((status = 200, description = "The task", body = TaskResource,
        headers(("Location" = String, description = "Its own URL")))))]
pub(crate) async fn read(
    api: Api,
    urls: Urls,
    InPath(id): InPath<TaskId>,
    Authenticated(caller): Authenticated,
) -> Result<Response, ApiError> {
    let task = tasks::of_any_organization(&api.env, &id).await?;
    if !sees(&caller, &task.organization, task.product.as_ref()) {
        return Err(ApiError::NotFound);
    }
    let builds = tasks::builds_of(&api.env, &task).await?;
    let resource = TaskResource::of_project(&urls, &task, &builds);
    Ok(located(
        delivery::json(StatusCode::OK, &resource),
        &urls.task_of_project(&id),
    ))
}
