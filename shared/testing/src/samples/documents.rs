//! Documents, their versions and renderings.

use std::collections::{BTreeMap, BTreeSet};

use imprint_domain::document::{
    Checksum, Claim, ContentRef, Document, Drafts, Form, Fresh, Image, MediaType, Output, OutputName,
    Picture, Rendered, Rendering, Version,
};
use imprint_domain::id::{DocumentId, Revision};
use imprint_domain::key::KeyPrefix;
use imprint_domain::message::{Message, PublishRendering, RenderDocument};

use super::{NOON, digest, organization_slug, parsed};

/// The checksum of a name.
pub fn checksum(name: &str) -> Checksum {
    let half = hex::encode(digest("checksum", name));
    parsed(&format!("{half}{half}"))
}

/// A document without a product, whose first version is its newest.
pub fn document(id: u64, alias: &str) -> Document {
    Document {
        id: DocumentId(id),
        organization: organization_slug(),
        title: parsed(&format!("The {alias} report")),
        alias: Some(parsed(alias)),
        former_aliases: BTreeSet::new(),
        product: None,
        drafts: Drafts::Public,
        newest: parsed("1.0"),
        published: None,
        imported: None,
        created_at: NOON,
        created_by: None,
        ended_at: None,
        revision: Revision::NEW,
    }
}

/// A version of a document whose content was written once, at [`NOON`].
pub fn version(document: &Document, number: &str) -> Version {
    let first = Version::first(document.id, document.organization.clone(), None, NOON);
    let written = Version {
        number: parsed(number),
        content: Some(content("content")),
        ..first
    };
    written.edited(NOON)
}

/// A content of a name, without images.
pub fn content(name: &str) -> ContentRef {
    ContentRef {
        object: hex::encode(digest("content", name)),
        digest: checksum(&format!("content {name}")),
        bytes: 1_234,
        form: Form::Tree,
        images: BTreeSet::new(),
    }
}

/// An image of a name that can be shown.
pub fn image(name: &str) -> Image {
    Image {
        object: hex::encode(digest("image", name)),
        sha256: checksum(&format!("image {name}")).to_string(),
        bytes: 5_678,
        picture: Picture::Good {
            media_type: MediaType::Png,
            width: 640,
            height: 480,
        },
    }
}

/// A rendering of a name, of a version, that was begun at [`NOON`].
///
/// # Panics
/// Never: what is not known can be begun.
pub fn rendering(version: &Version, name: &str) -> Rendering {
    let fresh = Fresh {
        checksum: &checksum(name),
        version,
        engine: "engine 1",
    };
    match Rendering::claim(None, fresh, NOON) {
        Claim::Work(rendering) => *rendering,
        other @ (Claim::Ended(_) | Claim::Busy) => panic!("{other:?} of what is not known"),
    }
}

/// The same rendering, ended at [`NOON`] without warnings, with a page and a PDF.
pub fn rendered(rendering: Rendering) -> Rendering {
    let prefix = KeyPrefix::rendering(rendering.document, &rendering.checksum);
    let output = |name: OutputName| Output {
        key: prefix.file(name.as_str()),
        bytes: 9_012,
        sha256: checksum(name.as_str()).to_string(),
        content_type: name.content_type().to_owned(),
    };
    let outputs = [OutputName::Page, OutputName::DocumentPdf].map(|name| (name, output(name)));
    let rendered = Rendered {
        outputs: BTreeMap::from(outputs),
        warnings: Vec::new(),
    };
    rendering.succeed(rendered, NOON)
}

/// A message that has a version rendered, after so many quiet seconds.
pub fn render_document_message(version: &Version, quiet: u32) -> Message {
    Message::RenderDocument(RenderDocument {
        organization: version.organization.clone(),
        document: version.document,
        version: version.number,
        edit: version.edit,
        quiet,
    })
}

/// A message that makes a rendering a build.
pub fn publish_rendering_message(rendering: &Rendering) -> Message {
    Message::PublishRendering(PublishRendering {
        organization: rendering.organization.clone(),
        document: rendering.document,
        version: rendering.version,
        rendering: rendering.checksum.clone(),
    })
}
