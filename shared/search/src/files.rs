//! Which files are put beside the pages, and as what.

use crate::engine::BundleFile;
use crate::{IndexFile, page};

/// Bundles of an interface that nothing here uses. `pagefind.js`, `pagefind-ui.*` and `pagefind-highlight.js` stay:
/// themes that bring a search of their own, and sites that come from elsewhere, load them.
const UNUSED: [&str; 4] = [
    "pagefind-modular-ui.js",
    "pagefind-modular-ui.css",
    "pagefind-component-ui.js",
    "pagefind-component-ui.css",
];

/// The engine for texts of no language in particular.
const ENGINE_OF_ANY: &str = "wasm.unknown.pagefind";

/// Whether a file is what the index knows of one page.
pub(crate) fn is_fragment(file: &BundleFile) -> bool {
    file.path.starts_with("fragment/")
}

/// The files of the index and of the search page, by path.
pub(crate) fn of_site(bundle: Vec<BundleFile>, title: &str, pages: usize) -> Vec<IndexFile> {
    let has_own_engine = bundle
        .iter()
        .any(|file| is_engine(&file.path) && file.path != ENGINE_OF_ANY);
    let mut files: Vec<_> = bundle
        .into_iter()
        .filter(|file| !UNUSED.contains(&file.path.as_str()))
        .filter(|file| !(has_own_engine && file.path == ENGINE_OF_ANY))
        .map(|file| IndexFile {
            content_type: content_type(&file.path),
            shared: is_engine(&file.path) || file.path.ends_with(".js") || file.path.ends_with(".css"),
            path: format!("pagefind/{}", file.path),
            bytes: file.bytes,
        })
        .chain(page::files(title, pages))
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn is_engine(path: &str) -> bool {
    path.starts_with("wasm.")
}

/// By the file's ending; what is not text is read by the script alone.
pub(crate) fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
