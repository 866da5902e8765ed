//! pagefind, as a library: nothing of it is seen outside of here.

use pagefind::api::PagefindIndex;
use pagefind::options::PagefindServiceConfig;

use crate::SearchError;

/// What no reader searches for: navigation, and the small signs that generators put beside headings and code.
/// pagefind itself leaves out `nav`, `footer`, `form`, `script`, `style` and `svg`.
const EXCLUDED: &[&str] = &[
    "[aria-hidden=\"true\"]",
    "[role=\"navigation\"]",
    "[role=\"search\"]",
    "[class*=\"crumbs\"]",
    // Page frames, where the page does not say which part of it is the main one.
    "body > header",
    "body > aside",
    // Sphinx and its themes.
    ".sphinxsidebar",
    ".related",
    ".toctree-wrapper",
    ".headerlink",
    ".viewcode-link",
    ".viewcode-back",
    ".linenos",
    ".linenodiv",
    ".copybtn",
    ".bd-sidebar",
    ".prev-next-area",
    ".rst-footer-buttons",
    // MkDocs Material, Docusaurus, rustdoc, mdBook.
    ".md-sidebar",
    ".md-content__button",
    ".hash-link",
    ".pagination-nav",
    ".theme-doc-toc-mobile",
    "rustdoc-toolbar",
    "a.anchor",
    "a.src",
    "button",
];

/// A file of the bundle, below `pagefind/`.
pub(crate) struct BundleFile {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// What the engine made.
pub(crate) struct Built {
    pub(crate) files: Vec<BundleFile>,
    /// Pages it could not read.
    pub(crate) refused: Vec<String>,
}

/// Indexes pages (path, HTML) in this order, all as if in one language.
pub(crate) async fn build(pages: Vec<(String, String)>, language: &str) -> Result<Built, SearchError> {
    let config = PagefindServiceConfig::builder()
        .exclude_selectors(EXCLUDED.iter().map(|&one| one.to_owned()).collect())
        .force_language(language.to_owned())
        // The address of an object is right wherever the edition is served.
        .keep_index_url(true)
        .build();
    let mut index = PagefindIndex::new(Some(config)).map_err(engine_error)?;
    let mut refused = Vec::new();
    for (path, html) in pages {
        // A page at which the engine panics does so on a thread of its own, and only that page is lost.
        if index.add_html_file(Some(path.clone()), None, html).await.is_err() {
            refused.push(path);
        }
    }
    let files = index.get_files().await.map_err(engine_error)?;
    let files = files
        .into_iter()
        .map(|file| BundleFile {
            path: file.filename.to_string_lossy().into_owned(),
            bytes: file.contents,
        })
        .collect();
    Ok(Built { files, refused })
}

fn engine_error(error: impl std::fmt::Display) -> SearchError {
    SearchError::Engine(error.to_string())
}
