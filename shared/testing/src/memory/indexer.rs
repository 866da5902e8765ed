//! An engine that makes one small file of each page.

use async_trait::async_trait;
use bytes::Bytes;
use imprint_app::ports::{IndexError, IndexFile, IndexLimits, Indexer, SearchIndex};
use imprint_domain::key::SitePath;
use md5::{Digest, Md5};

use crate::gate::{Call, Gate, Trouble};

/// The indexer in memory: a fragment for each page that is named after its content, a list of them, the page to search in,
/// and an engine that all sites share.
#[derive(Debug)]
pub struct MemoryIndexer {
    gate: Gate,
}

impl MemoryIndexer {
    /// One behind a gate.
    pub fn new(gate: Gate) -> Self {
        Self { gate }
    }
}

#[async_trait]
impl Indexer for MemoryIndexer {
    fn limits(&self) -> IndexLimits {
        IndexLimits {
            pages: 100,
            page_bytes: 4_000,
            bytes: 100_000,
        }
    }

    async fn index(&self, title: &str, pages: Vec<(SitePath, Bytes)>) -> Result<SearchIndex, IndexError> {
        let made = self.gate.pass(Call::one("indexer.index"), || made(title, &pages));
        made.await.map_err(|trouble| match trouble {
            Trouble::Conflict | Trouble::NotFound => IndexError::Declined("a test declined it".to_owned()),
            Trouble::Busy | Trouble::Failed => IndexError::Failed("a test made it fail".to_owned()),
        })
    }
}

fn made(title: &str, pages: &[(SitePath, Bytes)]) -> SearchIndex {
    let fragment = |(path, html): &(SitePath, Bytes)| {
        let mut digest = Md5::new();
        digest.update(path.as_str());
        digest.update(html);
        let name = hex::encode(digest.finalize());
        let body = format!("{} in {} bytes", path.as_str(), html.len());
        file(&format!("pagefind/fragment/{name}"), body)
    };
    let mut files: Vec<IndexFile> = pages.iter().map(fragment).collect();
    let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let list = file("pagefind/entry.json", names.join("\n"));
    let page = file("_search/index.html", format!("<title>Search {title}</title>"));
    let engine = IndexFile {
        shared: true,
        ..file("pagefind/pagefind.js", "the engine".to_owned())
    };
    files.extend([list, page, engine]);
    SearchIndex {
        files,
        notes: Vec::new(),
    }
}

fn file(path: &str, body: String) -> IndexFile {
    let content_type = match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some(_) | None => "application/octet-stream",
    };
    IndexFile {
        path: path.parse().expect("a digest can be a part of a path"),
        content_type: content_type.to_owned(),
        body: body.into(),
        shared: false,
    }
}
