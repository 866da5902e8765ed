use axum::response::Response;
use http::StatusCode;

use imprint_app::tasks;
use imprint_domain::id::TaskId;

use crate::Api;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::InPath;
use crate::resources::TaskResource;
use crate::urls::Urls;

/// Watch a task
///
/// One task follows the whole: registering the build, copying to each edition, telling the CDN, writing the pages that
/// list it. It is a `SUCCESS` when readers see everything, and a `FAILURE` when any part has failed for good; the details say which and what to do.
#[utoipa::path(get, path = "/queue/{id}", tag = "tasks", operation_id = "read_task",
    params(("id" = String, Path, description = "The task's identity")),
    responses((status = 200, description = "The task", body = TaskResource,
        headers(("Location" = String, description = "Its own URL")))))]
pub(crate) async fn read(api: Api, urls: Urls, InPath(id): InPath<TaskId>) -> Result<Response, ApiError> {
    let task = tasks::get(&api.env, &id).await?;
    let build = tasks::build_of(&api.env, &task).await?;
    let resource = TaskResource::new(&urls, &task, build.as_ref());
    Ok(located(
        delivery::json(StatusCode::OK, &resource),
        &urls.task(&id),
    ))
}
