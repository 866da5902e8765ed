use axum::response::Response;
use http::StatusCode;

use imprint_app::documents::{self, MAX_BYTES};
use imprint_domain::document::{Document, Reader};

use crate::Api;
use crate::access;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{Authenticated, DocumentUrls, JsonBody, Known, OfDocument};
use crate::listing::{ListParams, Listing};
use crate::requests::{CreateDocument, UpdateDocument};
use crate::resources::{DocumentList, DocumentResource, Nothing};

/// A content and what stands around it.
const MAX_CREATE: usize = MAX_BYTES + 16 * 1024;

/// List documents
///
/// In the order of creation: those that are published, and for editors all. Always full resources; `expand` changes nothing.
#[utoipa::path(get, path = "/documents", tag = "documents", operation_id = "list_documents", params(ListParams),
    responses((status = 200, description = "Documents", body = DocumentList,
        headers(("Link" = String, description = "The next page, where there is one")))))]
pub(crate) async fn list(
    api: Api,
    urls: DocumentUrls,
    Known(caller): Known,
    mut listing: Listing,
) -> Result<Response, ApiError> {
    listing.of_resources();
    let env = &api.env;
    let read = |limit, cursor: Option<String>| async move {
        documents::list(env, Reader::Editor, limit, cursor.as_deref()).await
    };
    let reader = |document: &Document| access::reader(caller.as_ref(), document);
    let is_visible = |document: &Document| document.is_visible(reader(document));
    let page = listing.read_where(read, is_visible).await?;
    let documents = page.items.iter();
    let list = DocumentList {
        documents: documents
            .map(|document| DocumentResource::new(&urls, document, reader(document)))
            .collect(),
    };
    Ok(listing.answer(urls.urls(), &urls.list_path(), &page, &list))
}

/// Create a document
///
/// With its version 1.0, a draft. A document of a product needs the permission for that product.
#[utoipa::path(post, path = "/documents", tag = "documents", operation_id = "create_document",
    request_body = CreateDocument,
    responses((status = 201, description = "The document", body = DocumentResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn create(
    api: Api,
    urls: DocumentUrls,
    Authenticated(caller): Authenticated,
    JsonBody(body): JsonBody<CreateDocument, MAX_CREATE>,
) -> Result<Response, ApiError> {
    let new = body.parse(caller.user.clone())?;
    if !access::may_write(&caller, &api.env.organization.slug, new.product.as_ref()) {
        return Err(ApiError::Forbidden);
    }
    let (document, _) = documents::create(&api.env, new).await?;
    let resource = DocumentResource::new(&urls, &document, Reader::Editor);
    let answer = delivery::json(StatusCode::CREATED, &resource);
    Ok(located(answer, &urls.document(document.id)))
}

/// Read a document
///
/// By its number, its alias, or an alias that it had. What is not published is there for editors only.
#[utoipa::path(get, path = "/documents/{document}", tag = "documents", operation_id = "read_document",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had")),
    responses((status = 200, description = "The document", body = DocumentResource)))]
pub(crate) async fn read(of: OfDocument) -> Result<Response, ApiError> {
    let resource = DocumentResource::new(&of.urls, &of.document, of.reader);
    Ok(delivery::json(StatusCode::OK, &resource))
}

/// Change a document
///
/// Another title or alias is printed, so what is not published is rendered anew. An alias that it had goes on leading to it.
/// Another product needs the permission for that product, too.
#[utoipa::path(patch, path = "/documents/{document}", tag = "documents", operation_id = "update_document",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had")),
    request_body = UpdateDocument,
    responses((status = 200, description = "The document", body = DocumentResource,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn update(
    of: OfDocument,
    JsonBody(body): JsonBody<UpdateDocument>,
) -> Result<Response, ApiError> {
    let update = body.parse()?;
    if let Some(product) = &update.product
        && !access::may_write(of.caller()?, &of.document.organization, product.as_ref())
    {
        return Err(ApiError::Forbidden);
    }
    let document = documents::update(&of.api.env, of.document.id, &update).await?;
    let resource = DocumentResource::new(&of.urls, &document, Reader::Editor);
    let answer = delivery::json(StatusCode::OK, &resource);
    Ok(located(answer, &of.urls.document(document.id)))
}

/// Delete a document
///
/// Nobody finds it any more. What has become builds of a product stays there. One that has a published version is deleted by
/// those who have the permission ADMIN_PRODUCT.
#[utoipa::path(delete, path = "/documents/{document}", tag = "documents", operation_id = "delete_document",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had")),
    responses((status = 200, description = "Deleted", body = Nothing)))]
pub(crate) async fn end(of: OfDocument) -> Result<Response, ApiError> {
    if !access::may_delete(of.caller()?, &of.document) {
        return Err(ApiError::Forbidden);
    }
    documents::end(&of.api.env, of.document.id).await?;
    Ok(delivery::json(StatusCode::OK, &Nothing {}))
}
