//! The pages that nobody uploaded: what a reader sees when there is nothing.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use sha2::{Digest as _, Sha256};

/// Text as it may stand in HTML, attributes included.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

const STYLE: &str = "body{font:1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}\
    code{overflow-wrap:anywhere}";

/// What browsers may do with these pages: use their style sheet, and nothing else.
pub(super) static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("Base64 has no character that a header refuses")
});

fn page(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n<h1>{title}</h1>\n{body}</html>\n"
    )
}

/// What a reader sees before there is an index of products.
pub(super) fn no_products() -> String {
    page(
        "Published documentation",
        "<p>Nothing has been published yet.</p>\n",
    )
}

/// What a reader sees where there is no page.
pub(super) fn not_found(path: &str) -> String {
    page(
        "There is no such page",
        &format!("<p><code>{}</code> has not been published.</p>\n", escaped(path)),
    )
}

/// What a reader sees when the object store does not answer.
pub(super) fn bad_gateway() -> String {
    page(
        "The page could not be read",
        "<p>The object store did not answer. The log says why.</p>\n",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_readers_typed_is_shown_as_text() {
        let page = not_found("/<script>alert('x')</script>\"&");
        assert!(
            page.contains("/&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"),
            "{page}"
        );
        assert!(!page.contains("<script>"));
        let (_, style) = page.split_once("<style>").unwrap();
        let (style, _) = style.split_once("</style>").unwrap();
        let hash = STANDARD.encode(Sha256::digest(style));
        assert!(POLICY.to_str().unwrap().contains(&hash));
    }
}
