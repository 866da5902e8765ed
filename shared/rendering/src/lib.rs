//! What a manuscript becomes besides a PDF: a page, an EPUB, LaTeX with its bibliography, and JSON for a search.
//!
//! Pure: the same manuscript gives the same bytes on every machine, at any time.

use std::collections::BTreeMap;
use std::sync::Arc;

use imprint_manuscript::Manuscript;

mod epub;
mod html;
mod latex;
mod markup;
mod outline;
pub mod references;
mod search;
mod text;

/// An image of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// `image/png`, `image/jpeg` or `image/gif`; SVG is not taken, because it can run scripts.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// The images of a document by their names. Those that a manuscript shows are all here.
pub type Images = BTreeMap<String, Image>;

/// The page: HTML5 with MathML, one style sheet of its own inside, no script, images beside it as `images/<name>`.
pub fn html(manuscript: &Manuscript) -> String {
    html::page(manuscript, &references::bibliography(&manuscript.references))
}

/// An EPUB 3 with everything inside.
pub fn epub(manuscript: &Manuscript, images: &Images) -> Vec<u8> {
    epub::book(
        manuscript,
        &references::bibliography(&manuscript.references),
        images,
    )
}

/// LaTeX source and the BibTeX file that it names (`references.bib`); images beside it as `images/<name>`.
pub fn latex(manuscript: &Manuscript) -> (String, String) {
    latex::source(manuscript, &references::bibliography(&manuscript.references))
}

/// JSON for a search: path, title, and each section with id, heading and text.
pub fn search(manuscript: &Manuscript) -> String {
    search::index(manuscript, &references::bibliography(&manuscript.references))
}
