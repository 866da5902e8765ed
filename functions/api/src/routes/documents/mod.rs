//! Documents: writing them, moving their versions towards publication, and the pages and PDFs that were made of them.
//! Whoever reads starts nothing.

mod check;
mod content;
mod images;
mod list;
mod outputs;
mod renderings;
mod versions;

use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes;

use imprint_app::documents;
use imprint_domain::document::Version;

use crate::Service;
use crate::error::ApiError;
use crate::extract::OfDocument;
use crate::resources::VersionOfDocument;

/// The routes that every organization has.
pub(super) fn of_organizations() -> Vec<UtoipaMethodRouter<Service>> {
    vec![
        routes!(list::list, list::create),
        routes!(check::check),
        routes!(list::read, list::update, list::end),
        routes!(versions::list, versions::create),
        routes!(versions::read, versions::update),
        routes!(content::read, content::replace, content::merge),
        routes!(versions::touch),
        routes!(images::list, images::create),
        routes!(images::end),
        routes!(outputs::status),
        routes!(outputs::pdf),
        routes!(outputs::html),
        routes!(outputs::epub),
        routes!(outputs::latex),
        routes!(outputs::bibliography),
        routes!(outputs::search),
        routes!(renderings::read),
        routes!(renderings::image),
    ]
}

/// A version with its rendering, as its reader may know it.
async fn resource(of: &OfDocument, version: &Version) -> Result<VersionOfDocument, ApiError> {
    let seen = documents::seen(&of.api.env, version, of.reader).await?;
    Ok(VersionOfDocument::new(&of.urls, version, of.reader).rendered(&seen))
}

/// The same answer with a header. What is no header's value is left out.
fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The same answer, which nobody may keep.
fn unkept(response: Response) -> Response {
    with(response, header::CACHE_CONTROL, "private, no-store")
}
