use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::documents::Seen;
use imprint_domain::document::{Output, OutputName, Reader, Rendering, Version};

use super::document::{RenderingErrorResource, WarningResource, error_of, state_of};
use super::registry::Millisecond;
use crate::extract::DocumentUrls;

/// How far a rendering has got, as its `status.json` has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RenderingStatus)]
pub(crate) struct StatusResource {
    /// Its name; null until it is begun.
    checksum: Option<String>,
    /// The number of its document.
    #[schema(example = "42")]
    document: String,
    /// Its version.
    version: String,
    /// `queued`, `running`, `succeeded` or `failed`.
    #[schema(value_type = String, example = "succeeded")]
    state: &'static str,
    /// How often it was begun.
    attempts: u32,
    /// When it was begun last.
    started_at: Option<Millisecond>,
    /// When it ended.
    finished_at: Option<Millisecond>,
    /// What makes it.
    #[schema(example = "typst 0.15.1 / template 7")]
    engine: Option<String>,
    /// Its files by their names.
    #[schema(value_type = BTreeMap<String, OutputResource>)]
    outputs: BTreeMap<&'static str, OutputResource>,
    /// What is not as its author meant it.
    warnings: Vec<WarningResource>,
    /// Why it failed.
    error: Option<RenderingErrorResource>,
    /// The name of the rendering that files are served of: the newest that succeeded; null until one has.
    served: Option<String>,
}

/// A file of a rendering.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RenderingOutput)]
pub(crate) struct OutputResource {
    /// Where it is served; it never changes.
    url: String,
    /// Its key in the bucket.
    key: String,
    /// Its size.
    bytes: u64,
    /// SHA-256 of its bytes.
    sha256: String,
    /// What it is.
    content_type: String,
}

impl StatusResource {
    /// The newest rendering of a version for those who may know it; what is served for others. None when there is none.
    pub(crate) fn of(urls: &DocumentUrls, version: &Version, seen: &Seen, reader: Reader) -> Option<Self> {
        let rendering = match reader {
            Reader::Editor if seen.is_queued => return Some(Self::queued(version, seen)),
            Reader::Editor => seen.current.as_ref(),
            Reader::Public => seen.served.as_ref(),
        };
        rendering.map(|rendering| Self::new(urls, rendering, seen))
    }

    fn new(urls: &DocumentUrls, rendering: &Rendering, seen: &Seen) -> Self {
        let output = |(name, output): (&OutputName, &Output)| {
            let resource = OutputResource {
                url: urls.output(rendering.document, &rendering.checksum, *name),
                key: output.key.to_string(),
                bytes: output.bytes,
                sha256: output.sha256.clone(),
                content_type: output.content_type.clone(),
            };
            (name.as_str(), resource)
        };
        Self {
            checksum: Some(rendering.checksum.to_string()),
            document: rendering.document.to_string(),
            version: rendering.version.to_string(),
            state: state_of(rendering),
            attempts: rendering.attempts,
            started_at: Some(Millisecond(rendering.started_at)),
            finished_at: rendering.finished_at.map(Millisecond),
            engine: Some(rendering.engine.clone()),
            outputs: rendering.outputs.iter().map(output).collect(),
            warnings: rendering.warnings.iter().map(WarningResource::new).collect(),
            error: error_of(rendering).map(RenderingErrorResource::new),
            served: served(seen),
        }
    }

    fn queued(version: &Version, seen: &Seen) -> Self {
        Self {
            checksum: None,
            document: version.document.to_string(),
            version: version.number.to_string(),
            state: "queued",
            attempts: 0,
            started_at: None,
            finished_at: None,
            engine: None,
            outputs: BTreeMap::new(),
            warnings: Vec::new(),
            error: None,
            served: served(seen),
        }
    }
}

fn served(seen: &Seen) -> Option<String> {
    seen.served.as_ref().map(|served| served.checksum.to_string())
}
