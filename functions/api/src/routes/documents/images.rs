use axum::response::Response;
use http::StatusCode;

use imprint_app::documents;
use imprint_domain::document::ImageName;

use crate::delivery;
use crate::error::ApiError;
use crate::extract::{JsonBody, OfVersion, Part};
use crate::requests::UploadImages;
use crate::resources::{ImageForms, ImageList, ImageResource, VersionOfDocument};

use super::resource;

/// List the images of a version
///
/// In the order of their names, with those that the content shows and nobody has uploaded; for editors also those that it does
/// not show.
#[utoipa::path(get, path = "/documents/{document}/versions/{version}/images", tag = "documents",
    operation_id = "list_document_images",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`")),
    responses((status = 200, description = "Images", body = ImageList)))]
pub(crate) async fn list(OfVersion { of, version }: OfVersion) -> Result<Response, ApiError> {
    let images = ImageResource::all(&version, of.reader);
    Ok(delivery::json(StatusCode::OK, &ImageList { images }))
}

/// Upload images
///
/// The answer has a form for each, to post the file with: PNG, JPEG or GIF of at most 10 MB. It is there a moment after its
/// upload; one of a name that is taken replaces the image.
#[utoipa::path(post, path = "/documents/{document}/versions/{version}/images", tag = "documents",
    operation_id = "upload_document_images",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`")),
    request_body = UploadImages,
    responses((status = 200, description = "The forms", body = ImageForms)))]
pub(crate) async fn create(
    OfVersion { of, version }: OfVersion,
    JsonBody(body): JsonBody<UploadImages>,
) -> Result<Response, ApiError> {
    let names = body.parse()?;
    let forms = documents::forms(&of.api.env, of.document.id, version.number, &names).await?;
    Ok(delivery::json(StatusCode::OK, &ImageForms::new(&forms)))
}

/// Remove an image from a version
///
/// Removing one that is not there changes nothing.
#[utoipa::path(delete, path = "/documents/{document}/versions/{version}/images/{name}", tag = "documents",
    operation_id = "remove_document_image",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`"),
        ("name" = String, Path, description = "The image's name")),
    responses((status = 200, description = "The version", body = VersionOfDocument)))]
pub(crate) async fn end(
    OfVersion { of, version }: OfVersion,
    Part(name): Part<ImageName>,
) -> Result<Response, ApiError> {
    let by = Some(&of.caller()?.user);
    let (env, id, number) = (&of.api.env, of.document.id, version.number);
    let (_, version) = documents::remove_image(env, id, number, &name, by).await?;
    Ok(delivery::json(StatusCode::OK, &resource(&of, &version).await?))
}
