//! What every answer tells browsers, so that none of them is taken for more than it is.

use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

use crate::delivery::AsItIs;

/// Nothing in an answer is to be run, shown or loaded, unless it is a page that says so itself.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A browser must believe the type that is named.
const ALL: [(HeaderName, &str); 2] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // URLs of the API name what is not published.
    (header::REFERRER_POLICY, "no-referrer"),
];
/// Files, which other sites may show: PDFs and images. Those of documents are on nobody's own page.
const NO_FILES: [(HeaderName, &str); 2] = [
    (header::CONTENT_SECURITY_POLICY, NOTHING),
    // For browsers that do not know `frame-ancestors`.
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Adds what the handler has not said itself.
pub(crate) fn guard(response: &mut Response) {
    let is_file = response.extensions().get::<AsItIs>().is_some();
    let others = NO_FILES.into_iter().filter(|_| !is_file);
    for (name, value) in ALL.into_iter().chain(others) {
        let headers = response.headers_mut();
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_says_of_itself_is_kept_and_files_may_be_framed() {
        let mut page = Response::new("".into());
        let own = HeaderValue::from_static("default-src 'self'");
        page.headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, own.clone());
        guard(&mut page);
        assert_eq!(page.headers()[header::CONTENT_SECURITY_POLICY], own);
        assert_eq!(page.headers()[header::X_FRAME_OPTIONS], "DENY");
        let mut file = Response::new("".into());
        file.extensions_mut().insert(AsItIs);
        guard(&mut file);
        assert_eq!(file.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!file.headers().contains_key(header::X_FRAME_OPTIONS));
    }
}
