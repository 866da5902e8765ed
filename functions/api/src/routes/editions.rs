use axum::response::Response;
use http::StatusCode;

use imprint_app::access::Caller;
use imprint_app::editions::{self, Changed};
use imprint_app::env::Env;
use imprint_app::ports::Page;
use imprint_app::products;
use imprint_domain::edition::Edition;
use imprint_domain::id::EditionId;
use imprint_domain::product::Product;
use imprint_domain::slug::ProductSlug;

use crate::Api;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{Authenticated, InPath, JsonBody, after};
use crate::filters::{EditionFilter, EditionParams};
use crate::listing::{ListParams, Listing, Shape};
use crate::requests::{CreateEdition, UpdateEdition};
use crate::resources::{EditionEnded, EditionList, EditionResource};
use crate::urls::Urls;

/// List the editions of a product
///
/// In the order of creation. Deleted editions are left out unless they are asked for.
#[utoipa::path(get, path = "/products/{slug}/editions/", tag = "editions", operation_id = "list_editions",
    params(("slug" = String, Path, description = "The product's slug"), ListParams, EditionParams),
    responses((status = 200, description = "Editions", body = EditionList,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn list(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
    mut listing: Listing,
    filter: EditionFilter,
) -> Result<Response, ApiError> {
    let (product, page) = page(&api.env, &slug, &mut listing, &filter).await?;
    let items = page.items.iter();
    let list = match listing.shape {
        Shape::Urls => EditionList::Urls {
            editions: items.map(|edition| urls.edition(edition.id)).collect(),
        },
        Shape::Resources => {
            let resource = |edition| EditionResource::new(&urls, &api.env.organization, &product, edition);
            EditionList::Resources {
                editions: items.map(resource).collect(),
            }
        }
    };
    Ok(listing.answer(&urls, &format!("/products/{slug}/editions/"), &page, &list))
}

/// A product with a page of those of its editions that a filter lets through.
pub(super) async fn page(
    env: &Env,
    slug: &ProductSlug,
    listing: &mut Listing,
    filter: &EditionFilter,
) -> Result<(Product, Page<Edition>), ApiError> {
    listing.filtered(filter);
    let (product, mut all) = editions::list(env, slug).await?;
    all.retain(|edition| filter.admits(&env.organization, edition));
    let page = listing.cut(all, |edition| edition.id.0)?;
    Ok((product, page))
}

/// Create an edition
///
/// With `build_url` it shows that build at once, and `queue_url` is where to watch that.
#[utoipa::path(post, path = "/products/{slug}/editions/", tag = "editions", operation_id = "create_edition",
    params(("slug" = String, Path, description = "The product's slug")), request_body = CreateEdition,
    responses((status = 201, description = "The edition", body = EditionResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn create(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
    Authenticated(caller): Authenticated,
    body: Result<JsonBody<CreateEdition>, ApiError>,
) -> Result<Response, ApiError> {
    let body = body.map(|JsonBody(body)| body);
    let changed = made(&api.env, &urls, &slug, caller, body).await?;
    let resource = EditionResource::changed(&urls, &api.env.organization, &changed);
    Ok(located(
        delivery::json(StatusCode::CREATED, &resource),
        &urls.edition(changed.edition.id),
    ))
}

/// Creates an edition as a body says.
pub(super) async fn made(
    env: &Env,
    urls: &Urls,
    product: &ProductSlug,
    caller: Caller,
    body: Result<CreateEdition, ApiError>,
) -> Result<Changed, ApiError> {
    let new = body.and_then(|body| body.parse(urls));
    let mut new = after(products::get(env, product), new).await?;
    new.by = Some(caller.user);
    let changed = editions::create(env, product, new).await.map_err(ApiError::from);
    // A build of no product is no build of this one, but that this one is not there comes first.
    after(products::get(env, product), changed).await
}

/// Read an edition
///
/// Also one that was deleted.
#[utoipa::path(get, path = "/editions/{id}", tag = "editions", operation_id = "read_edition",
    params(("id" = u64, Path, description = "The edition's number")),
    responses((status = 200, description = "The edition", body = EditionResource)))]
pub(crate) async fn read(api: Api, urls: Urls, InPath(id): InPath<EditionId>) -> Result<Response, ApiError> {
    let (product, edition) = editions::get(&api.env, id).await?;
    let resource = EditionResource::new(&urls, &api.env.organization, &product, &edition);
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// Change an edition
///
/// Naming a build shows it now, also when it is older than the present one; a pinned edition can only be given its own
/// again. A change to what the edition already is succeeds.
///
/// Another slug is claimed at once. The edition has it as soon as its files are there, and readers find it at the old URL
/// until then; after that the old URL redirects to the new one, until another edition takes that slug. `queue_url` is
/// where to watch this; an edition that shows nothing is renamed at once, without a task. The default edition cannot be
/// renamed.
#[utoipa::path(patch, path = "/editions/{id}", tag = "editions", operation_id = "update_edition",
    params(("id" = u64, Path, description = "The edition's number")), request_body = UpdateEdition,
    responses((status = 200, description = "The edition", body = EditionResource)))]
pub(crate) async fn update(
    api: Api,
    urls: Urls,
    InPath(id): InPath<EditionId>,
    Authenticated(caller): Authenticated,
    body: Result<JsonBody<UpdateEdition>, ApiError>,
) -> Result<Response, ApiError> {
    let body = body.map(|JsonBody(body)| body);
    let changed = patched(&api.env, &urls, id, caller, body).await?;
    let resource = EditionResource::changed(&urls, &api.env.organization, &changed);
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// Changes an edition as a body says.
pub(super) async fn patched(
    env: &Env,
    urls: &Urls,
    id: EditionId,
    caller: Caller,
    body: Result<UpdateEdition, ApiError>,
) -> Result<Changed, ApiError> {
    let patch = body.and_then(|body| body.parse(urls));
    let mut patch = after(editions::get(env, id), patch).await?;
    patch.by = Some(caller.user);
    Ok(editions::update(env, id, patch).await?)
}

/// Delete an edition
///
/// No build moves it any more, lists leave it out, and another edition can have its slug. It can be restored for 30 days.
#[utoipa::path(delete, path = "/editions/{id}", tag = "editions", operation_id = "delete_edition",
    params(("id" = u64, Path, description = "The edition's number")),
    responses((status = 200, description = "Deleted, or it was before", body = EditionEnded)))]
pub(crate) async fn end(api: Api, urls: Urls, InPath(id): InPath<EditionId>) -> Result<Response, ApiError> {
    let changed = editions::end(&api.env, id).await?;
    let answer = EditionEnded {
        queue_url: changed.task.map(|task| urls.task(&task)),
    };
    Ok(delivery::json(StatusCode::OK, &answer))
}
