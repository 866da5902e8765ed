//! What versions say.

use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};

use imprint_app::documents::{self, Edit};
use imprint_app::error::AppError;
use imprint_domain::document::{Reader, Version, Which};

use crate::delivery;
use crate::error::ApiError;
use crate::extract::{IfMatch, IfNoneMatch, OfVersion, Written, etag_of};
use crate::resources::VersionOfDocument;

use super::{resource, with};

/// How often a writer who has seen what is there is let in again, because something else of the version was written.
const MAX_TRIES: usize = 8;

/// Read what a version says
///
/// As it is stored. Its ETag is for `If-Match` of the next write.
#[utoipa::path(get, path = "/documents/{document}/versions/{version}/content", tag = "documents",
    operation_id = "read_document_content",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of what the reader has", example = "\"0123\"")),
    responses((status = 200, description = "The content", body = Object,
            headers(("ETag" = String, description = "Another one for another content"))),
        (status = 304, description = "The reader has it")))]
pub(crate) async fn read(
    OfVersion { of, version }: OfVersion,
    has: IfNoneMatch,
) -> Result<Response, ApiError> {
    let Some(digest) = digest_of(&version) else {
        return Err(ApiError::Missing("the version has no content yet"));
    };
    let answer = if has.has(digest) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let content = documents::read_content(&of.api.env, &version).await;
        delivery::json(
            StatusCode::OK,
            &content.map_err(AppError::from)?.unwrap_or_default(),
        )
    };
    let kept = match (of.reader, version.publication.is_some()) {
        (Reader::Public, true) => "public, max-age=60",
        (Reader::Public | Reader::Editor, _) => "private, no-cache",
    };
    Ok(with(
        with(answer, header::CACHE_CONTROL, kept),
        header::ETAG,
        &etag_of(digest),
    ))
}

/// Write what a version says
///
/// As JSON this is all that it says. As `text/markdown` it is the text; keywords, contacts, references and all else stay. What
/// it says already is no change. With `If-Match` only if nobody has written since.
#[utoipa::path(put, path = "/documents/{document}/versions/{version}/content", tag = "documents",
    operation_id = "replace_document_content",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what the writer has seen", example = "\"0123\"")),
    request_body(content((Object = "application/json"), (String = "text/markdown", example = "# Introduction\n\nText.\n"))),
    responses((status = 200, description = "The version", body = VersionOfDocument,
        headers(("ETag" = String, description = "That of the content")))))]
pub(crate) async fn replace(found: OfVersion, seen: IfMatch, written: Written) -> Result<Response, ApiError> {
    let edit = match written {
        Written::Json(value) => Edit::Replace(value),
        Written::Markdown(text) => Edit::Markdown(text),
        Written::Patch(_) => return Err(Written::unfit("application/json or text/markdown")),
    };
    write(found, &seen, &edit).await
}

/// Change parts of what a version says
///
/// A merge patch (RFC 7396), so that a form can be saved piece by piece: objects are merged, null removes, everything else
/// replaces. With `If-Match` only if nobody has written since; without it parts that others write stay theirs.
#[utoipa::path(patch, path = "/documents/{document}/versions/{version}/content", tag = "documents",
    operation_id = "merge_document_content",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what the writer has seen", example = "\"0123\"")),
    request_body(content((Object = "application/merge-patch+json"), (Object = "application/json"))),
    responses((status = 200, description = "The version", body = VersionOfDocument,
        headers(("ETag" = String, description = "That of the content")))))]
pub(crate) async fn merge(found: OfVersion, seen: IfMatch, written: Written) -> Result<Response, ApiError> {
    let edit = match written {
        Written::Json(patch) | Written::Patch(patch) => Edit::Merge(patch),
        Written::Markdown(_) => {
            return Err(Written::unfit("application/merge-patch+json or application/json"));
        }
    };
    write(found, &seen, &edit).await
}

fn digest_of(version: &Version) -> Option<&str> {
    version.content.as_ref().map(|content| content.digest.as_str())
}

/// A version is also written when it is rendered or gets an image. That is nothing to a writer who has seen its content, so
/// such a one is let in again.
async fn write(found: OfVersion, seen: &IfMatch, edit: &Edit) -> Result<Response, ApiError> {
    let OfVersion { of, mut version } = found;
    let by = Some(&of.caller()?.user);
    let (env, id, number) = (&of.api.env, of.document.id, version.number);
    for _ in 0..MAX_TRIES {
        if !seen.admits(digest_of(&version)) {
            return Err(ApiError::Outdated);
        }
        let expected = seen.is_there().then_some(version.revision);
        match documents::write(env, id, number, edit, (expected, by)).await {
            Ok((_, written)) => {
                let answer = delivery::json(StatusCode::OK, &resource(&of, &written).await?);
                let etag = digest_of(&written).map(etag_of).unwrap_or_default();
                return Ok(with(answer, header::ETAG, &etag));
            }
            Err(AppError::Outdated) => {
                let again = documents::found(env, of.document.clone(), Which::Exactly(number), of.reader);
                version = again.await?.version;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended.into())
}
