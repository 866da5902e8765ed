use axum::response::Response;
use http::StatusCode;

use imprint_app::env::Env;
use imprint_app::ports::Page;
use imprint_app::products;
use imprint_domain::product::Product;
use imprint_domain::slug::ProductSlug;

use crate::Api;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{InPath, JsonBody, after};
use crate::filters::{ProductFilter, ProductParams};
use crate::listing::{ListParams, Listing, Shape};
use crate::requests::{CreateProduct, UpdateProduct};
use crate::resources::{ProductList, ProductResource};
use crate::urls::Urls;

/// List products
///
/// In the order of creation. Deleted products are left out.
#[utoipa::path(get, path = "/products/", tag = "products", operation_id = "list_products",
    params(ListParams, ProductParams),
    responses((status = 200, description = "Products", body = ProductList,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn list(
    api: Api,
    urls: Urls,
    mut listing: Listing,
    filter: ProductFilter,
) -> Result<Response, ApiError> {
    let env = &api.env;
    let page = page(env, &mut listing, &filter).await?;
    let items = page.items.iter();
    let list = match listing.shape {
        Shape::Urls => ProductList::Urls {
            products: items.map(|product| urls.product(&product.slug)).collect(),
        },
        Shape::Resources => {
            let resource = |product| ProductResource::new(&urls, &env.organization, product);
            ProductList::Resources {
                products: items.map(resource).collect(),
            }
        }
    };
    Ok(listing.answer(&urls, "/products/", &page, &list))
}

/// A page of the products that a filter lets through.
pub(super) async fn page(
    env: &Env,
    listing: &mut Listing,
    filter: &ProductFilter,
) -> Result<Page<Product>, ApiError> {
    listing.filtered(filter);
    let read =
        |limit, cursor: Option<String>| async move { products::list(env, limit, cursor.as_deref()).await };
    listing
        .read_where(read, |product: &Product| filter.admits(product))
        .await
}

/// Create a product
///
/// Comes with its default edition, which tracks `main`. `bucket_name` is accepted and ignored.
#[utoipa::path(post, path = "/products/", tag = "products", operation_id = "create_product",
    request_body = CreateProduct,
    responses((status = 201, description = "The product", body = ProductResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn create(
    api: Api,
    urls: Urls,
    JsonBody(body): JsonBody<CreateProduct>,
) -> Result<Response, ApiError> {
    let (product, _) = products::create(&api.env, body.parse()?).await?;
    let resource = ProductResource::new(&urls, &api.env.organization, &product);
    Ok(located(
        delivery::json(StatusCode::CREATED, &resource),
        &urls.product(&product.slug),
    ))
}

/// Read a product
///
/// Also one that was deleted.
#[utoipa::path(get, path = "/products/{slug}", tag = "products", operation_id = "read_product",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The product", body = ProductResource)))]
pub(crate) async fn read(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
) -> Result<Response, ApiError> {
    let product = products::get(&api.env, &slug).await?;
    Ok(delivery::json(
        StatusCode::OK,
        &ProductResource::new(&urls, &api.env.organization, &product),
    ))
}

/// Change a product
///
/// Its title and its repository. A change to what it already is succeeds.
#[utoipa::path(patch, path = "/products/{slug}", tag = "products", operation_id = "update_product",
    params(("slug" = String, Path, description = "The product's slug")), request_body = UpdateProduct,
    responses((status = 200, description = "The product", body = ProductResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn update(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
    body: Result<JsonBody<UpdateProduct>, ApiError>,
) -> Result<Response, ApiError> {
    let patch = body.and_then(|JsonBody(body)| body.parse());
    let patch = after(products::get(&api.env, &slug), patch).await?;
    let product = products::update(&api.env, &slug, patch).await?;
    let resource = ProductResource::new(&urls, &api.env.organization, &product);
    Ok(located(
        delivery::json(StatusCode::OK, &resource),
        &urls.product(&product.slug),
    ))
}

/// Delete a product
///
/// Lists leave it out, and it gets no builds and editions any more. Readers keep what is published, until it is removed for
/// good; its slug stays taken. It can be restored for 30 days. Deleting it again changes nothing.
#[utoipa::path(delete, path = "/products/{slug}", tag = "products", operation_id = "delete_product",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The product", body = ProductResource)))]
pub(crate) async fn end(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
) -> Result<Response, ApiError> {
    let product = products::end(&api.env, &slug).await?;
    Ok(delivery::json(
        StatusCode::OK,
        &ProductResource::new(&urls, &api.env.organization, &product),
    ))
}

/// Restore a deleted product
///
/// Within 30 days of its deletion, with all its builds and editions. Restoring a product that was not deleted changes
/// nothing. No body is read.
#[utoipa::path(post, path = "/products/{slug}/restore", tag = "products", operation_id = "restore_product",
    params(("slug" = String, Path, description = "The product's slug")),
    responses((status = 200, description = "The product", body = ProductResource)))]
pub(crate) async fn restore(
    api: Api,
    urls: Urls,
    InPath(slug): InPath<ProductSlug>,
) -> Result<Response, ApiError> {
    let product = products::restore(&api.env, &slug).await?;
    Ok(delivery::json(
        StatusCode::OK,
        &ProductResource::new(&urls, &api.env.organization, &product),
    ))
}
