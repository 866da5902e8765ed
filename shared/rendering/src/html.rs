//! The page, and the writer of blocks that pages and EPUB chapters share.

mod blocks;
mod front;
mod inlines;
mod page;
mod tables;
mod writer;

pub(crate) use page::{language, page};
pub(crate) use writer::{Place, Writer, note_id};

/// Ids of what no author named. They contain `_`, which no id of a manuscript does.
pub(crate) const REFERENCES: &str = "references_";
pub(crate) const NOTES: &str = "notes_";
