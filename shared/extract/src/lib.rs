//! What a published HTML page says, without what surrounds it: its title, its sections for a search index, the page as
//! Markdown, and a digest of its main content.
//!
//! Pure by intention: nothing here is async, reads a file, asks for the time or knows of AWS. It never runs, loads or
//! follows what a page names, and writes no HTML. A page is hostile input: what it says stays text, its nesting and its size
//! are bounded, and the time is linear in its length.

mod clean;
mod content;
mod digest;
mod link;
mod markdown;
mod page;
mod parse;
mod place;
mod read;
mod sections;
mod site;
mod tree;

pub use digest::{ContentDigest, ParseDigestError};
pub use page::{ExtractError, Extracted, MAX_HTML_BYTES, MAX_MARKDOWN_BYTES, Page, Section, extract};
pub use site::{Entry, llms_txt, markdown_path, search_json};
