//! LaTeX source, for whoever wants to go on in it. Nothing that an author wrote is read as TeX except formulas.

mod bib;
mod blocks;
mod commands;
mod escape;
mod math;
mod preamble;
mod signs;

use imprint_manuscript::manuscript::Manuscript;

use crate::references::Bibliography;

/// The source and its bibliography.
pub(crate) fn source(manuscript: &Manuscript, bibliography: &Bibliography) -> (String, String) {
    let works = bib::file(&manuscript.references);
    (preamble::document(manuscript, bibliography, &works), works)
}
