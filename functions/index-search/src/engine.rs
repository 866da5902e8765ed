//! What makes the index, in this process.

use bytes::Bytes;
use imprint_app::ports::{IndexError, IndexFile, IndexLimits, Indexer, SearchIndex};
use imprint_domain::key::SitePath;
use imprint_search::{Index, MAX_BYTES, MAX_PAGE_BYTES, MAX_PAGES, Page, SearchError};

/// Makes everything in this process, from what is compiled in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Engine;

#[async_trait::async_trait]
impl Indexer for Engine {
    fn limits(&self) -> IndexLimits {
        IndexLimits {
            pages: MAX_PAGES,
            page_bytes: MAX_PAGE_BYTES,
            bytes: MAX_BYTES,
        }
    }

    async fn index(&self, title: &str, pages: Vec<(SitePath, Bytes)>) -> Result<SearchIndex, IndexError> {
        let title = title.to_owned();
        // It computes for seconds and rarely gives way, and others wait for answers of the stores meanwhile.
        let runtime = tokio::runtime::Handle::current();
        let made = tokio::task::spawn_blocking(move || runtime.block_on(make(&title, &pages)));
        let made = made.await;
        made.unwrap_or_else(|error| Err(IndexError::Failed(format!("the engine stopped: {error}"))))
    }
}

async fn make(title: &str, pages: &[(SitePath, Bytes)]) -> Result<SearchIndex, IndexError> {
    let texts: Vec<_> = pages
        .iter()
        .map(|(path, html)| (path.as_str(), String::from_utf8_lossy(html)))
        .collect();
    let pages = texts.iter().map(|(path, html)| Page { path, html });
    let index: Index = imprint_search::index(pages, title)
        .await
        .map_err(|error| match error {
            error @ (SearchError::TooManyPages { .. }
            | SearchError::TooLarge { .. }
            | SearchError::TooMuchText { .. }) => IndexError::Declined(error.to_string()),
            error @ SearchError::Engine(_) => IndexError::Failed(error.to_string()),
        })?;
    let mut files = Vec::with_capacity(index.files.len());
    for file in index.files {
        let path = file.path.parse::<SitePath>();
        files.push(IndexFile {
            path: path.map_err(|error| IndexError::Failed(error.to_string()))?,
            content_type: file.content_type.to_owned(),
            body: file.bytes.into(),
            shared: file.shared,
        });
    }
    Ok(SearchIndex {
        files,
        notes: index.notes,
    })
}
