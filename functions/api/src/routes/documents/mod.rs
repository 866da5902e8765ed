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

use imprint_app::documents;
use imprint_domain::document::Version;

use crate::error::ApiError;
use crate::extract::OfDocument;
use crate::resources::VersionOfDocument;

use super::group::{Group, group};

/// The routes that every organization has.
pub(super) fn of_organizations<G: Group>() -> Vec<G> {
    vec![
        group!(list::list, list::create),
        group!(check::check),
        group!(list::read, list::update, list::end),
        group!(versions::list, versions::create),
        group!(versions::read, versions::update),
        group!(content::read, content::replace, content::merge),
        group!(versions::touch),
        group!(images::list, images::create),
        group!(images::end),
        group!(outputs::status),
        group!(outputs::pdf),
        group!(outputs::html),
        group!(outputs::epub),
        group!(outputs::latex),
        group!(outputs::bibliography),
        group!(outputs::search),
        group!(renderings::read),
        group!(renderings::image),
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
