//! The search page: its files are in `page/`.

use crate::IndexFile;
use crate::files::content_type;

const PAGE: &str = include_str!("page/index.html");
const SCRIPT: &str = include_str!("page/search.js");
const ENGINE: &str = include_str!("page/engine.js");
const STYLE: &str = include_str!("page/search.css");
const BOX: &str = include_str!("page/box.js");

/// The files below `_search/`.
pub(crate) fn files(title: &str, pages: usize) -> impl Iterator<Item = IndexFile> {
    let of_site = std::iter::once(file("_search/index.html", html(title, pages), false));
    let of_all = [
        ("_search/box.js", BOX),
        ("_search/engine.js", ENGINE),
        ("_search/search.css", STYLE),
        ("_search/search.js", SCRIPT),
    ];
    of_site.chain(of_all.map(|(path, text)| file(path, text.to_owned(), true)))
}

fn file(path: &str, text: String, shared: bool) -> IndexFile {
    IndexFile {
        path: path.to_owned(),
        content_type: content_type(path),
        bytes: text.into_bytes(),
        shared,
    }
}

/// The page, with its title and the number of pages put in. The title is replaced last, so nothing in it is replaced.
fn html(title: &str, pages: usize) -> String {
    PAGE.replace("{pages}", &pages.to_string())
        .replace("{title}", &escaped(title))
}

/// As text, and as the value of an attribute in double or single quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}
