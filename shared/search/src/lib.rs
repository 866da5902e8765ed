//! A static full-text index of a docs site, and the page that searches it.
//!
//! Pages come in as HTML, files go out: an index that a browser reads by itself, so a search needs no server.
//! Pure: the same pages give the same files. Nothing is read from disk, written to it, or printed.
//! This is the only crate that knows pagefind.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

mod engine;
mod files;
mod notes;
mod page;
mod site;
mod tidy;

/// A page of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<'a> {
    /// Where it is below the edition's root: `guides/winter.html`.
    pub path: &'a str,
    /// What it says.
    pub html: &'a str,
}

/// A file to be put beside the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFile {
    /// Where it belongs below the edition's root: `pagefind/pagefind.js`.
    pub path: String,
    /// Its media type. What is compressed in here is decompressed by the script, so no file has a content encoding.
    pub content_type: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether it is the same for every site: scripts, style, the engine.
    pub shared: bool,
}

/// The index of a site, with the page that searches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Every file, by path.
    pub files: Vec<IndexFile>,
    /// How many pages can be found.
    pub pages: usize,
    /// What was left out and why, in sentences for people.
    pub notes: Vec<String>,
}

/// Pages of one site. Five thousand pages of 600 words take 1.4 GB of memory, which is what a function may have.
pub const MAX_PAGES: usize = 5_000;

/// Bytes of HTML of one site: 12 KB a page at [`MAX_PAGES`], which is 600 words and the markup around them.
pub const MAX_BYTES: usize = 60_000_000;

/// Bytes of text in all pages together: 600 words a page at [`MAX_PAGES`]. The engine's memory grows with these,
/// by about 65 bytes a byte.
pub const MAX_TEXT_BYTES: usize = 24_000_000;

/// Bytes of one page. What is larger is made for machines: a log, a table of everything.
pub const MAX_PAGE_BYTES: usize = 4_000_000;

/// Why there is no index.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// More pages than [`MAX_PAGES`].
    #[error(
        "the site has {pages} HTML pages and a search is made for up to {limit}: \
         publish parts of it as products of their own, or bring an index with the build"
    )]
    TooManyPages {
        /// Of the site.
        pages: usize,
        /// [`MAX_PAGES`].
        limit: usize,
    },
    /// More HTML than [`MAX_BYTES`].
    #[error(
        "the site's HTML pages have {bytes} bytes and a search is made for up to {limit}: \
         publish parts of it as products of their own, or bring an index with the build"
    )]
    TooLarge {
        /// Of the site.
        bytes: usize,
        /// [`MAX_BYTES`].
        limit: usize,
    },
    /// More text than [`MAX_TEXT_BYTES`].
    #[error(
        "the site's HTML pages have more than {limit} bytes of text, for which a search would take too much memory: \
         publish parts of it as products of their own, or bring an index with the build"
    )]
    TooMuchText {
        /// [`MAX_TEXT_BYTES`].
        limit: usize,
    },
    /// The engine gave up; the pages are published without a search.
    #[error("the search could not be made, and trying again will not help: {0}")]
    Engine(String),
}

/// Indexes the pages of a site that is called `title`.
///
/// Computes for seconds on a large site and yields rarely: call it from a task of its own, on a tokio runtime.
pub async fn index<'a>(pages: impl IntoIterator<Item = Page<'a>>, title: &str) -> Result<Index, SearchError> {
    let pages = bounded(pages)?;
    let site = site::prepare(&pages)?;
    let built = AssertUnwindSafe(engine::build(site.pages, &site.language))
        .catch_unwind()
        .await
        .map_err(|_| {
            SearchError::Engine("the engine stopped at a page it does not understand".to_owned())
        })??;
    let mut notes = site.notes;
    for path in &built.refused {
        notes.add(notes::Reason::Refused, path);
    }
    let pages = built.files.iter().filter(|file| files::is_fragment(file)).count();
    Ok(Index {
        files: files::of_site(built.files, title, pages),
        pages,
        notes: notes.sentences(),
    })
}

/// The pages by path, one a path, if there are not too many.
fn bounded<'a>(pages: impl IntoIterator<Item = Page<'a>>) -> Result<Vec<Page<'a>>, SearchError> {
    let mut pages: Vec<_> = pages.into_iter().collect();
    // The later one of two with the same path is left, as it would be in a directory.
    pages.reverse();
    pages.sort_by_key(|page| page.path);
    pages.dedup_by_key(|page| page.path);
    if pages.len() > MAX_PAGES {
        return Err(SearchError::TooManyPages {
            pages: pages.len(),
            limit: MAX_PAGES,
        });
    }
    let bytes = pages
        .iter()
        .map(|page| page.html.len())
        .filter(|bytes| *bytes <= MAX_PAGE_BYTES)
        .sum();
    if bytes > MAX_BYTES {
        return Err(SearchError::TooLarge {
            bytes,
            limit: MAX_BYTES,
        });
    }
    Ok(pages)
}
