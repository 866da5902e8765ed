//! The pages that nobody uploaded: the list of products, and what a reader sees when there is nothing.

use std::fmt::Write as _;

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

fn page(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>body{{font:1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}}\
         code{{overflow-wrap:anywhere}}</style>\n<h1>{title}</h1>\n{body}</html>\n"
    )
}

/// The list of products, by path.
pub(super) fn products(products: &[String]) -> String {
    let mut list = String::new();
    for product in products {
        let product = escaped(product);
        // Writing to a String cannot fail.
        let _written = writeln!(list, "<li><a href=\"/{product}/\">{product}</a></li>");
    }
    let body = match products {
        [] => "<p>Nothing has been published yet.</p>\n".to_owned(),
        [..] => format!("<ul>\n{list}</ul>\n"),
    };
    page("Published documentation", &body)
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
    }

    #[test]
    fn every_product_is_linked() {
        let page = products(&["alpha".to_owned(), "beta".to_owned()]);
        assert!(
            page.contains("<a href=\"/alpha/\">alpha</a>") && page.contains("<a href=\"/beta/\">beta</a>")
        );
        assert!(products(&[]).contains("Nothing has been published yet"));
    }
}
