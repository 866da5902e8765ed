//! What was made of a version, by names that stay: each leads to where it lies under the checksum of what it is made of.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};

use imprint_app::documents::{self, Seen};
use imprint_domain::document::{MAX_ATTEMPTS, OutputName, Reader, Rendering, RenderingState};

use crate::delivery::{self, located};
use crate::error::ApiError;
use crate::extract::{InQuery, OfVersion};
use crate::requests::{Pdf, PdfParams};
use crate::resources::StatusResource;

use super::{unkept, with};

/// Where the rendering of a version is
///
/// Editors see that of its newest state, and what is served meanwhile; everybody else sees what is published.
#[utoipa::path(get, path = "/documents/{document}/versions/{version}/status", tag = "documents",
    operation_id = "read_document_status",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`")),
    responses((status = 200, description = "How far it has got", body = StatusResource)))]
pub(crate) async fn status(OfVersion { of, version }: OfVersion) -> Result<Response, ApiError> {
    let seen = documents::seen(&of.api.env, &version, of.reader).await?;
    let status = StatusResource::of(&of.urls, &version, &seen, of.reader);
    let status = status.ok_or(ApiError::Missing("the version has no rendering"))?;
    Ok(unkept(delivery::json(StatusCode::OK, &status)))
}

/// The PDF of a version
///
/// Leads to where it lies. Editors learn instead that it is not rendered yet, or why it could not be, as long as there is
/// nothing to show; for everybody else it is not there then.
#[utoipa::path(get, path = "/documents/{document}/versions/{version}/pdf", tag = "documents",
    operation_id = "read_document_pdf",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`"), PdfParams),
    responses((status = 302, description = "Where it lies", headers(("Location" = String, description = "Its URL"))),
        (status = 202, description = "It is not rendered yet; `Retry-After` says when to come back", body = StatusResource)))]
pub(crate) async fn pdf(found: OfVersion, InQuery(which): InQuery<PdfParams>) -> Result<Response, ApiError> {
    let name = match which.parse()? {
        Pdf::Document => OutputName::DocumentPdf,
        Pdf::Journal => OutputName::JournalPdf,
    };
    lead(&found, name).await
}

/// The page of a version
///
/// Leads to where it lies, as the PDF does.
#[utoipa::path(get, path = "/documents/{document}/versions/{version}/html", tag = "documents",
    operation_id = "read_document_html",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`")),
    responses((status = 302, description = "Where it lies", headers(("Location" = String, description = "Its URL"))),
        (status = 202, description = "It is not rendered yet; `Retry-After` says when to come back", body = StatusResource)))]
pub(crate) async fn html(found: OfVersion) -> Result<Response, ApiError> {
    lead(&found, OutputName::Page).await
}

/// The EPUB of a version
///
/// Leads to where it lies, as the PDF does.
#[utoipa::path(get, path = "/documents/{document}/versions/{version}/epub", tag = "documents",
    operation_id = "read_document_epub",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`")),
    responses((status = 302, description = "Where it lies", headers(("Location" = String, description = "Its URL"))),
        (status = 202, description = "It is not rendered yet; `Retry-After` says when to come back", body = StatusResource)))]
pub(crate) async fn epub(found: OfVersion) -> Result<Response, ApiError> {
    lead(&found, OutputName::Epub).await
}

/// The LaTeX source of a version
///
/// Leads to where it lies, as the PDF does.
#[utoipa::path(get, path = "/documents/{document}/versions/{version}/latex", tag = "documents",
    operation_id = "read_document_latex",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`")),
    responses((status = 302, description = "Where it lies", headers(("Location" = String, description = "Its URL"))),
        (status = 202, description = "It is not rendered yet; `Retry-After` says when to come back", body = StatusResource)))]
pub(crate) async fn latex(found: OfVersion) -> Result<Response, ApiError> {
    lead(&found, OutputName::Latex).await
}

/// The bibliography of a version's LaTeX source
///
/// Leads to where it lies, as the PDF does.
#[utoipa::path(get, path = "/documents/{document}/versions/{version}/bibliography", tag = "documents",
    operation_id = "read_document_bibliography",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`")),
    responses((status = 302, description = "Where it lies", headers(("Location" = String, description = "Its URL"))),
        (status = 202, description = "It is not rendered yet; `Retry-After` says when to come back", body = StatusResource)))]
pub(crate) async fn bibliography(found: OfVersion) -> Result<Response, ApiError> {
    lead(&found, OutputName::Bibliography).await
}

/// What a search reads of a version
///
/// Leads to where it lies, as the PDF does.
#[utoipa::path(get, path = "/documents/{document}/versions/{version}/search", tag = "documents",
    operation_id = "read_document_search",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("version" = String, Path, description = "`2`, `v2.1` or `latest`")),
    responses((status = 302, description = "Where it lies", headers(("Location" = String, description = "Its URL"))),
        (status = 202, description = "It is not rendered yet; `Retry-After` says when to come back", body = StatusResource)))]
pub(crate) async fn search(found: OfVersion) -> Result<Response, ApiError> {
    lead(&found, OutputName::Search).await
}

/// Leads to a file. Readers never get an error page: what is not there yet is not there for them.
async fn lead(OfVersion { of, version }: &OfVersion, name: OutputName) -> Result<Response, ApiError> {
    let seen = documents::seen(&of.api.env, version, of.reader).await?;
    if let Some(served) = &seen.served {
        if !served.outputs.contains_key(&name) {
            return Err(ApiError::NotFound);
        }
        let is_published = version.served(Reader::Public) == Some(&served.checksum);
        let url = of.urls.output(of.document.id, &served.checksum, name);
        return Ok(to(&url, if is_published { PUBLIC } else { PRIVATE }));
    }
    if of.reader == Reader::Public {
        return Err(ApiError::NotFound);
    }
    if is_pending(&seen) {
        let status = StatusResource::of(&of.urls, version, &seen, of.reader);
        let answer = unkept(delivery::json(StatusCode::ACCEPTED, &status));
        return Ok(with(answer, header::RETRY_AFTER, "2"));
    }
    match seen.current.map(|current| current.state) {
        Some(RenderingState::Failed { error }) => Err(ApiError::Unrendered(Box::new(error))),
        Some(RenderingState::Running { .. } | RenderingState::Succeeded) | None => {
            Err(ApiError::Missing("the version has no content yet"))
        }
    }
}

const PUBLIC: &str = "public, max-age=60";
const PRIVATE: &str = "private, no-store";

fn to(url: &str, kept: &'static str) -> Response {
    let mut answer = located(StatusCode::FOUND.into_response(), url);
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    // Editors are led elsewhere.
    headers.insert(header::VARY, HeaderValue::from_static("Authorization"));
    answer
}

/// Whether something is still going to be made of the newest state.
fn is_pending(seen: &Seen) -> bool {
    let is_tried_again = |current: &Rendering| match &current.state {
        RenderingState::Running { .. } => true,
        RenderingState::Failed { error } => error.code.is_retryable() && current.attempts < MAX_ATTEMPTS,
        RenderingState::Succeeded => false,
    };
    seen.is_queued || seen.current.as_ref().is_some_and(is_tried_again)
}
