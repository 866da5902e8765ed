//! Structured text: what a document says, read from a tree of nodes or from Markdown, checked, and put in the order in
//! which it is printed.
//!
//! Pure by intention: nothing here is async, reads a file, asks for the time or knows of AWS. It writes no output format;
//! `imprint-rendering` and `imprint-typeset` do, from the same [`Manuscript`], so that all of them number, order and say the
//! same. Text stays text: no output can be told anything by what is written in a document.

pub mod content;
pub mod import;
mod link;
pub mod manuscript;
mod markdown;
pub mod math;
mod numbering;
pub mod picture;
mod walk;

pub use content::{Content, Problem};
pub use manuscript::{Manuscript, Variant, Warning};
