use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use imprint_domain::document::{
    Document, ImageName, MediaType, OutputName, RenderingError, Version, Warning,
};

/// What is to be rendered, with everything that it shows.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The document.
    pub document: Document,
    /// The version.
    pub version: Version,
    /// Its content, as it is stored.
    pub content: Value,
    /// The bytes of the images that it shows and that are good.
    pub images: BTreeMap<ImageName, (MediaType, Arc<[u8]>)>,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The bytes of each output.
    pub outputs: BTreeMap<OutputName, Vec<u8>>,
    /// What is not as its author meant it.
    pub warnings: Vec<Warning>,
}

/// What makes pages and PDFs. The same draft gives the same bytes, always and everywhere.
#[async_trait]
pub trait Renderer: Send + Sync {
    /// What makes them: another one makes other bytes of the same draft.
    fn engine(&self) -> &str;

    /// Makes all outputs.
    ///
    /// # Errors
    /// When nothing can be made of it: another try would fail as well.
    async fn render(&self, draft: Draft) -> Result<Files, RenderingError>;
}
