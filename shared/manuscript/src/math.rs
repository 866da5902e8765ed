//! LaTeX math, read once for all outputs, so that all of them accept the same equations.
//!
//! An author's source is taken apart by `source`, rewritten into what the parser knows by `rewrite`, and made into a `tree`
//! by `build`; `mathml` and `typst` write that tree down. Definitions are refused, and so is every command that nobody knows:
//! what stays in [`Formula::tex`] neither reads files nor changes what other text means.

mod alphabet;
mod build;
mod mathml;
mod parser_input;
mod rewrite;
mod source;
mod tree;
mod typst;

use serde::Serialize;

use crate::content::MAX_EQUATION_BYTES;

/// Whether a formula has a line of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// It has.
    Block,
    /// It stands within one.
    Inline,
}

/// A formula that can be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Formula {
    /// As the author wrote it.
    pub source: String,
    /// The LaTeX that is set: without delimiters, labels and an outer environment, old primitives rewritten.
    pub tex: String,
    /// A `<math>` element, valid as HTML and as XHTML, with the source as its annotation. Cells of a table that are
    /// aligned say so with the classes `math-left` and `math-right`.
    pub mathml: String,
    /// Typst's math, without its delimiters. Made of a fixed vocabulary: nothing in it runs what an author wrote.
    pub typst: String,
}

/// Why a formula cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MathError {
    /// What the parser says, in one line.
    pub message: String,
}

impl MathError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// How deep groups, fractions, scripts and the like may be nested: far more than anybody can read, and little enough that
/// walking down does not use up a thread's stack.
const MAX_DEPTH: usize = 64;

impl Formula {
    /// Reads LaTeX math.
    ///
    /// # Errors
    /// When it cannot be set in every output.
    pub fn read(source: &str, display: Display) -> Result<Self, MathError> {
        if source.len() > MAX_EQUATION_BYTES {
            return Err(MathError::new(format!(
                "the equation is longer than {MAX_EQUATION_BYTES} bytes"
            )));
        }
        let items = rewrite::clean(source::read(source::bare(source))?)?;
        if items.iter().all(|item| matches!(item, source::Item::Space)) {
            return Err(MathError::new("the equation is empty"));
        }
        let input = parser_input::write(&items)?;
        let node = build::read(&input)?;
        Ok(Self {
            source: source.to_owned(),
            tex: source::write(&items).trim().to_owned(),
            mathml: mathml::write(&node, display, source),
            typst: typst::write(&node),
        })
    }
}

#[cfg(test)]
mod check;
#[cfg(test)]
mod tests;
