//! A manuscript as PDF, set by Typst in this process.
//!
//! Fonts and template are compiled in; nothing is read from a disk or a network. The template reads the manuscript as
//! data, so what an author wrote is never markup.
//!
//! It never asks for the time: the same manuscript gives the same bytes. What the engine refuses, a formula or an image, is
//! shown as its source and reported; the rest of the document is set.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use imprint_manuscript::{Manuscript, Warning};
use imprint_rendering::Images;
use imprint_rendering::references::{Bibliography, bibliography};
use rayon::{ThreadPool, ThreadPoolBuilder};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use reading::Refused;
use typst::foundations::{Bytes, Smart};
use world::{Paper, Template};

mod expected;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc;
mod glyphs;
mod pictures;
mod probe;
mod reading;
mod text;
mod view;
mod world;

#[cfg(test)]
mod tests;

/// What is part of each rendering's checksum: another engine or another template makes other bytes.
pub const ENGINE: &str = "typst 0.15.1 / template 2";

/// A PDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdf {
    /// PDF 1.7, tagged.
    pub bytes: Vec<u8>,
    /// What could not be set as meant: characters that no font has, images and equations that the engine cannot read.
    pub warnings: Vec<Warning>,
}

/// The template or the engine failed: no document can be the reason, so it is a mistake here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("typst: {message}")]
pub struct TypesetError {
    /// What Typst says, with the place in the template.
    pub message: String,
}

/// How deep the engine may call itself, in bytes: lists in tables in lists need more than the two megabytes that a thread
/// has, and what it needs is not written to before.
const STACK: usize = 64 * 1024 * 1024;

/// The threads in which everything is set.
static THREADS: LazyLock<Option<ThreadPool>> =
    LazyLock::new(|| ThreadPoolBuilder::new().stack_size(STACK).build().ok());

/// How many manuscripts are being set.
static BEING_SET: AtomicUsize = AtomicUsize::new(0);

/// Sets a manuscript.
///
/// # Errors
/// When the engine fails.
pub fn pdf(manuscript: &Manuscript, images: &Images) -> Result<Pdf, TypesetError> {
    set(manuscript, images, &bibliography(&manuscript.references))
}

fn set(manuscript: &Manuscript, images: &Images, works: &Bibliography) -> Result<Pdf, TypesetError> {
    BEING_SET.fetch_add(1, Ordering::Relaxed);
    // A panic in the engine is this document's failure, not the end of the process.
    let result = catch_unwind(AssertUnwindSafe(|| match &*THREADS {
        Some(threads) => threads.install(|| typeset(manuscript, images, works)),
        None => typeset(manuscript, images, works),
    }));
    // The engine remembers what it computed, about 30 MB a document, and is hardly ever given the same one again. What is
    // still being set would have to compute it again, so it keeps what is not older than this document's end.
    let others = BEING_SET.fetch_sub(1, Ordering::Relaxed) > 1;
    comemo::evict(usize::from(others));
    result.unwrap_or_else(|_| {
        Err(TypesetError {
            message: "the engine panicked".to_owned(),
        })
    })
}

fn typeset(manuscript: &Manuscript, images: &Images, works: &Bibliography) -> Result<Pdf, TypesetError> {
    let nothing = Refused::default();
    let read = reading::read(manuscript, images, works, &nothing);
    match write(&read) {
        Ok(bytes) => Ok(Pdf {
            bytes,
            warnings: read.warnings,
        }),
        Err(error) => {
            let refused = probe::refused(&read);
            if refused == nothing {
                return Err(error);
            }
            let read = reading::read(manuscript, images, works, &refused);
            Ok(Pdf {
                bytes: write(&read)?,
                warnings: read.warnings,
            })
        }
    }
}

fn write(read: &reading::Read<'_>) -> Result<Vec<u8>, TypesetError> {
    let view = serde_json::to_string(&read.view).map_err(|error| TypesetError {
        message: error.to_string(),
    })?;
    let ident = format!("{:032x}", typst::utils::hash128(&(&view, &read.images)));
    let document = compile(Template::Paper, view, &read.images)?;
    // There are pages whose structure the engine loses. They can be read all the same, so they are written without it.
    export(&document, &ident, Tags::Written).or_else(|_| export(&document, &ident, Tags::Left))
}

fn compile(template: Template, view: String, images: &[Bytes]) -> Result<PagedDocument, TypesetError> {
    let paper = Paper::new(template, view, images.to_vec());
    typst::compile::<expected::Document>(&paper)
        .output
        .map(|document| document.0)
        .map_err(|errors| failure(&paper, &errors))
}

/// Whether a file says what its parts are, for those who listen to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tags {
    Written,
    Left,
}

fn export(document: &PagedDocument, ident: &str, tags: Tags) -> Result<Vec<u8>, TypesetError> {
    let options = PdfOptions {
        ident: Smart::Custom(ident.to_owned()),
        timestamp: None,
        tagged: tags == Tags::Written,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(document, &options).map_err(|errors| {
        let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
        TypesetError {
            message: messages.join("; "),
        }
    })
}

fn failure(paper: &Paper, errors: &[typst::diag::SourceDiagnostic]) -> TypesetError {
    let said = errors.iter().take(3).map(|error| match paper.line(error.span) {
        Some(place) => format!("{place}: {}", error.message),
        None => error.message.to_string(),
    });
    TypesetError {
        message: said.collect::<Vec<_>>().join("; "),
    }
}
