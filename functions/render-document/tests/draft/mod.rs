//! What the engine is given in tests and measurements.

use std::sync::Arc;

use imprint_app::ports::Draft;
use imprint_domain::document::{ContentRef, Form, Image, ImageName, MediaType, Version, canonical};
use imprint_testing::samples::{self, parsed};
use serde_json::Value;

/// The picture that every image is.
pub(crate) const TIDE: &[u8] = include_bytes!("../../../../local/demo-site/document/tide.png");

/// A draft with a title that says something, with these images.
pub(crate) fn draft(title: &str, content: Value, images: &[&str]) -> Draft {
    let mut document = samples::document(42, "fluxes");
    document.title = parsed(title);
    let name = |name: &&str| -> ImageName { parsed(name) };
    let image = Image {
        picture: imprint_manuscript::picture::picture(TIDE),
        ..samples::image("tide")
    };
    let version = Version {
        content: Some(ContentRef {
            object: "0".repeat(32),
            digest: canonical(&content).unwrap().digest,
            bytes: 1,
            form: Form::Tree,
            images: images.iter().map(name).collect(),
        }),
        images: images.iter().map(|one| (name(one), image.clone())).collect(),
        ..samples::version(&document, "1.0")
    };
    let bytes: Arc<[u8]> = TIDE.into();
    Draft {
        document,
        version,
        content,
        images: images
            .iter()
            .map(|one| (name(one), (MediaType::Png, bytes.clone())))
            .collect(),
    }
}
