use axum::response::Response;
use http::StatusCode;

use imprint_app::documents;

use crate::access;
use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{JsonBody, OfDocument, OfVersion};
use crate::requests::{Bump, CreateVersion, UpdateVersion};
use crate::resources::{VersionList, VersionOfDocument};

use super::resource;

/// List the versions of a document
///
/// In the order of their numbers: those that are published, and for editors all.
#[utoipa::path(get, path = "/documents/{document}/versions", tag = "documents", operation_id = "list_document_versions",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had")),
    responses((status = 200, description = "Versions", body = VersionList)))]
pub(crate) async fn list(of: OfDocument) -> Result<Response, ApiError> {
    let versions = documents::versions(&of.api.env, of.document.id, of.reader).await?;
    let versions = versions.iter();
    let list = VersionList {
        versions: versions
            .map(|version| VersionOfDocument::new(&of.urls, version, of.reader))
            .collect(),
    };
    Ok(delivery::json(StatusCode::OK, &list))
}

/// Make a new version
///
/// A draft that says what the version before it says, which has to be published: the next minor one of a major for a
/// correction, or the next major one.
#[utoipa::path(post, path = "/documents/{document}/versions", tag = "documents",
    operation_id = "create_document_version",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had")),
    request_body = CreateVersion,
    responses((status = 201, description = "The version", body = VersionOfDocument,
        headers(("Location" = String, description = "Its URL")))))]
pub(crate) async fn create(
    of: OfDocument,
    JsonBody(body): JsonBody<CreateVersion>,
) -> Result<Response, ApiError> {
    let (env, id, by) = (&of.api.env, of.document.id, Some(&of.caller()?.user));
    let (_, version) = match body.parse()? {
        Bump::Minor(major) => {
            let major = major.unwrap_or(of.document.newest.major);
            documents::next_minor(env, id, major, by).await?
        }
        Bump::Major => documents::next_major(env, id, by).await?,
    };
    let answer = delivery::json(StatusCode::CREATED, &resource(&of, &version).await?);
    Ok(located(answer, &of.urls.version(id, version.number)))
}

/// Read a version
///
/// `2` is the newest of that major, `v2.1` that one, `latest` the newest; each as far as the caller may see it.
#[utoipa::path(get, path = "/documents/{document}/versions/{version}", tag = "documents",
    operation_id = "read_document_version",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`")),
    responses((status = 200, description = "The version", body = VersionOfDocument)))]
pub(crate) async fn read(OfVersion { of, version }: OfVersion) -> Result<Response, ApiError> {
    Ok(delivery::json(StatusCode::OK, &resource(&of, &version).await?))
}

/// Move a version on its way to publication
///
/// `PUBLISHED` needs the permission ADMIN_EDITION, and a rendering of its newest state without warnings, but those of kinds
/// that `accept_warnings` names. What is published stays as it is.
#[utoipa::path(patch, path = "/documents/{document}/versions/{version}", tag = "documents",
    operation_id = "update_document_version",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`")),
    request_body = UpdateVersion,
    responses((status = 200, description = "The version", body = VersionOfDocument)))]
pub(crate) async fn update(
    OfVersion { of, version }: OfVersion,
    JsonBody(body): JsonBody<UpdateVersion>,
) -> Result<Response, ApiError> {
    let (status, accepts) = body.parse()?;
    let caller = of.caller()?;
    let by = (access::authority(caller, &of.document), Some(&caller.user));
    let (id, number) = (of.document.id, version.number);
    let (_, version) = documents::set_status(&of.api.env, id, number, (status, &accepts), by).await?;
    Ok(delivery::json(StatusCode::OK, &resource(&of, &version).await?))
}

/// Have a version rendered anew
///
/// Although nothing has changed, such as by a newer engine. What it shows stays until that has succeeded. A published version
/// needs the permission ADMIN_EDITION. No body is read.
#[utoipa::path(post, path = "/documents/{document}/versions/{version}/touch", tag = "documents",
    operation_id = "touch_document_version",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`")),
    responses((status = 202, description = "The version, which will be rendered", body = VersionOfDocument)))]
pub(crate) async fn touch(OfVersion { of, version }: OfVersion) -> Result<Response, ApiError> {
    let caller = of.caller()?;
    let by = (access::authority(caller, &of.document), Some(&caller.user));
    let (_, version) = documents::touch(&of.api.env, of.document.id, version.number, by).await?;
    Ok(delivery::json(
        StatusCode::ACCEPTED,
        &resource(&of, &version).await?,
    ))
}
