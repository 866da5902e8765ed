use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use http::StatusCode;

use imprint_app::builds::{self, Confirmation, CreatedBuild, NewBuild};
use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_app::ports::Page;
use imprint_app::products;
use imprint_domain::build::Build;
use imprint_domain::id::{BuildId, TaskId};
use imprint_domain::product::Product;
use imprint_domain::slug::ProductSlug;

use crate::Api;
use crate::delivery::{self, Accepted, Oversize, Rendered, located};
use crate::error::ApiError;
use crate::extract::{Authenticated, BuildForm, InPath, JsonBody, after};
use crate::filters::{BuildFilter, BuildParams};
use crate::listing::{ListParams, Listing, Shape};
use crate::requests::{CreateBuild, MakeForms, UpdateBuild};
use crate::resources::{BuildConfirmed, BuildList, BuildResource, Nothing};
use crate::urls::Urls;

/// List the builds of a product
///
/// Newest first, so that the first page has what is of interest. Deleted builds are left out unless they are asked for.
#[utoipa::path(get, path = "/products/{slug}/builds/", tag = "builds", operation_id = "list_builds",
    params(("slug" = String, Path, description = "The product's slug"), ListParams, BuildParams),
    responses((status = 200, description = "Builds", body = BuildList,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn list(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
    mut listing: Listing,
    filter: BuildFilter,
) -> Result<Response, ApiError> {
    let organization = &api.env.organization;
    let (product, page) = page(&api.env, &slug, &mut listing, &filter).await?;
    let items = page.items.iter();
    let list = match listing.shape {
        Shape::Urls => BuildList::Urls {
            builds: items.map(|build| urls.build(build.id)).collect(),
        },
        Shape::Resources => {
            let resource = |build| BuildResource::new(&urls, organization, &product, build);
            BuildList::Resources {
                builds: items.map(resource).collect(),
            }
        }
    };
    Ok(listing.answer(&urls, &format!("/products/{slug}/builds/"), &page, &list))
}

/// A product with a page of those of its builds that a filter lets through.
pub(super) async fn page(
    env: &Env,
    slug: &ProductSlug,
    listing: &mut Listing,
    filter: &BuildFilter,
) -> Result<(Product, Page<Build>), ApiError> {
    let product = products::get(env, slug).await?;
    listing.filtered(filter);
    let read = |limit, cursor: Option<String>| async move {
        let (_, page) = builds::list(env, slug, limit, cursor.as_deref()).await?;
        Ok(page)
    };
    let page = listing
        .read_where(read, |build: &Build| filter.admits(build))
        .await?;
    Ok((product, page))
}

/// Register a build
///
/// With the media type `application/vnd.ltdkeeper.v2+json` in `Accept` the answer has forms to upload the files with; any
/// other `Accept` gives the plain build. When nobody tracks the refs and the caller may create editions, an edition
/// comes with it. With `"upload": "archive"` the answer has one address for an archive of all files instead, whatever `Accept`
/// says: once that is there, everything follows by itself. Forms for more than a few hundred directories need `Accept-Encoding: gzip`.
#[utoipa::path(post, path = "/products/{slug}/builds/", tag = "builds", operation_id = "create_build",
    params(("slug" = String, Path, description = "The product's slug"),
        ("Accept" = Option<String>, Header, description = "`application/vnd.ltdkeeper.v2+json` for upload forms")),
    request_body = CreateBuild,
    responses((status = 201, description = "The build", body = BuildResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn create(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
    Authenticated(caller): Authenticated,
    form: BuildForm,
    accepted: Accepted,
    body: Result<JsonBody<CreateBuild>, ApiError>,
) -> Result<Response, ApiError> {
    let new = body.and_then(|JsonBody(body)| body.parse(form, &caller, &api.env.organization.slug, &slug));
    let new = after(products::get(&api.env, &slug), new).await?;
    let render = |created: &CreatedBuild| {
        let resource = BuildResource::created(&urls, &api.env.organization, created);
        delivery::render(&resource, accepted)
    };
    let (created, answer) = register(&api.env, &slug, new, &render).await?;
    Ok(located(answer, &urls.build(created.build.id)))
}

/// Registers a build, with the answer as `render` has it. That is made before anything is stored, so that one that cannot
/// be delivered leaves nothing behind.
pub(super) async fn register(
    env: &Env,
    product: &ProductSlug,
    new: NewBuild,
    render: &(dyn Fn(&CreatedBuild) -> Result<Rendered, Oversize> + Sync),
) -> Result<(CreatedBuild, Response), ApiError> {
    let answer = Mutex::new(None);
    let check = |created: &CreatedBuild| {
        let rendered = render(created).map_err(too_many)?;
        *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(rendered);
        Ok(())
    };
    let created = builds::create(env, product, new, &check).await?;
    let answer = answer.into_inner().unwrap_or_else(PoisonError::into_inner);
    let answer = answer.ok_or_else(|| ApiError::Internal("a build was created unchecked".to_owned()))?;
    Ok((created, delivery::deliver(StatusCode::CREATED, answer)))
}

pub(super) fn too_many(oversize: Oversize) -> AppError {
    AppError::TooLarge(match oversize.encoding {
        Accepted::Plain => format!("{oversize}; send Accept-Encoding: gzip, or name fewer directories"),
        Accepted::Gzip => format!(
            "{oversize}; name fewer directories: the form of a directory also takes the files below it when `key` is \
             written out"
        ),
    })
}

/// Make upload forms for a build
///
/// For a build that was registered without forms, whose forms are no longer good, or of which another client goes on uploading:
/// any number of times, for as many of its directories at a time as one likes, until its upload is confirmed. Of a build that
/// comes in an archive it is the address to send that to. Nothing changes; forms that were made before stay good for their day.
#[utoipa::path(post, path = "/builds/{id}/forms", tag = "builds", operation_id = "make_upload_forms",
    params(("id" = u64, Path, description = "The build's number")), request_body = MakeForms,
    responses((status = 200, description = "The build with its forms", body = BuildResource)))]
pub(crate) async fn forms(
    api: Api,
    urls: Urls,
    InPath(id): InPath<BuildId>,
    accepted: Accepted,
    body: Result<JsonBody<MakeForms>, ApiError>,
) -> Result<Response, ApiError> {
    let made = made_forms(&api.env, id, body).await?;
    let resource = BuildResource::created(&urls, &api.env.organization, &made);
    let answer = delivery::render(&resource, accepted).map_err(too_many)?;
    Ok(delivery::deliver(StatusCode::OK, answer))
}

/// A build with forms as a body says.
pub(super) async fn made_forms(
    env: &Env,
    id: BuildId,
    body: Result<JsonBody<MakeForms>, ApiError>,
) -> Result<CreatedBuild, ApiError> {
    let directories = body.and_then(|JsonBody(body)| body.parse());
    let directories = after(builds::get(env, id), directories).await?;
    Ok(builds::forms(env, id, &directories).await?)
}

/// Read a build
///
/// Also one that was deleted.
#[utoipa::path(get, path = "/builds/{id}", tag = "builds", operation_id = "read_build",
    params(("id" = u64, Path, description = "The build's number")),
    responses((status = 200, description = "The build", body = BuildResource)))]
pub(crate) async fn read(api: Api, urls: Urls, InPath(id): InPath<BuildId>) -> Result<Response, ApiError> {
    let build = builds::get(&api.env, id).await?;
    let product = products::get(&api.env, &build.product).await?;
    let resource = BuildResource::new(&urls, &api.env.organization, &product, &build);
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// Confirm the upload of a build
///
/// `{"uploaded": true}` has the editions that follow the build move to it; `queue_url` is where to watch that.
#[utoipa::path(patch, path = "/builds/{id}", tag = "builds", operation_id = "update_build",
    params(("id" = u64, Path, description = "The build's number")), request_body = UpdateBuild,
    responses((status = 200, description = "Accepted", body = BuildConfirmed,
        headers(("Location" = String, description = "The build's URL")))))]
pub(crate) async fn update(
    api: Api,
    urls: Urls,
    InPath(id): InPath<BuildId>,
    body: Result<JsonBody<UpdateBuild>, ApiError>,
) -> Result<Response, ApiError> {
    let JsonBody(body) = after(builds::get(&api.env, id), body).await?;
    let task = confirmed(&api.env, id, &body).await?;
    if task.is_none() {
        builds::get(&api.env, id).await?;
    }
    let answer = BuildConfirmed {
        queue_url: task.map(|task| urls.task(&task)),
    };
    Ok(located(delivery::json(StatusCode::OK, &answer), &urls.build(id)))
}

/// Confirms the upload of a build if that is what a body says.
pub(super) async fn confirmed(
    env: &Env,
    id: BuildId,
    body: &UpdateBuild,
) -> Result<Option<TaskId>, ApiError> {
    match body.uploaded {
        Some(true) => Ok(Some(
            builds::confirm_upload(env, id, &Confirmation::Request).await?,
        )),
        Some(false) | None => Ok(None),
    }
}

/// Delete a build
///
/// No edition can move to it any more. Editions that show it keep showing it.
#[utoipa::path(delete, path = "/builds/{id}", tag = "builds", operation_id = "delete_build",
    params(("id" = u64, Path, description = "The build's number")),
    responses((status = 200, description = "Deleted, or it was before", body = Nothing)))]
pub(crate) async fn end(api: Api, InPath(id): InPath<BuildId>) -> Result<Response, ApiError> {
    builds::end(&api.env, id).await?;
    Ok(delivery::json(StatusCode::OK, &Nothing {}))
}
