use async_trait::async_trait;
use bytes::Bytes;

use imprint_domain::key::SitePath;

/// A file of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFile {
    /// Where it belongs below the edition's root.
    pub path: SitePath,
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub body: Bytes,
    /// Whether the index of every site has the same.
    pub shared: bool,
}

/// A full-text index with the page that searches it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchIndex {
    /// Its files, each path once.
    pub files: Vec<IndexFile>,
    /// What people may want to know of it, in sentences.
    pub notes: Vec<String>,
}

/// Why there is no index. Another try would end in the same way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It is not made of a site like this. The sentence says why.
    #[error("{0}")]
    Declined(String),
    /// It stopped.
    #[error("{0}")]
    Failed(String),
}

/// Of how much an index is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexLimits {
    /// Pages of a site. One with more is declined.
    pub pages: usize,
    /// Bytes of a page. A larger one is left out.
    pub page_bytes: usize,
    /// Bytes of all pages. A site with more is declined.
    pub bytes: usize,
}

/// What makes full-text indexes. The same pages give the same index, always and everywhere.
#[async_trait]
pub trait Indexer: Send + Sync {
    /// Of how much, so that nothing is read in vain.
    fn limits(&self) -> IndexLimits;

    /// Makes the index of pages of HTML, and a page to search in that is called `title`.
    ///
    /// # Errors
    /// When there is none.
    async fn index(&self, title: &str, pages: Vec<(SitePath, Bytes)>) -> Result<SearchIndex, IndexError>;
}
