//! Documents: from a change to files that readers get, and to builds of a product.

mod builds;
mod crashes;
mod hostile;
mod incoming;
mod progress;
mod recovery;
mod rendering;
mod written;

use imprint_app::documents::{self, Edit, NewDocument};
use imprint_domain::document::{
    Checksum, Document, Drafts, OutputName, Reader, Rendering, RenderingState, Version, VersionNumber, Which,
};
use imprint_domain::message::Message;
use imprint_testing::samples::parsed;
use serde_json::{Value, json};

use crate::installation::Installation;

/// A content of one paragraph.
fn saying(text: &str) -> Value {
    json!({"document": {"introduction": {"children": [{"type": "p", "children": [{"text": text}]}]}}})
}

/// One that shows an image.
fn showing(text: &str, image: &str) -> Value {
    json!({"document": {"introduction": {"children": [
        {"type": "p", "children": [{"text": text}]},
        {"type": "image-block", "children": [
            {"type": "img", "objectKey": image, "children": [{"text": ""}]},
            {"type": "caption", "children": [{"text": "A picture"}]},
        ]},
    ]}}})
}

impl Installation {
    /// A document of the product `alpha`, or of none, that says something.
    async fn document(&self, alias: &str, product: Option<&str>, content: Value) -> Document {
        let new = NewDocument {
            title: parsed("Fluxes & fields"),
            alias: Some(parsed(alias)),
            product: product.map(parsed),
            drafts: Drafts::Public,
            content: Some(content),
            by: None,
        };
        documents::create(&self.env, new).await.unwrap().0
    }

    async fn write(&self, document: &Document, content: Value) -> Version {
        let version = self.newest(document).await;
        self.write_to(document, version.number, content).await
    }

    async fn write_to(&self, document: &Document, number: VersionNumber, content: Value) -> Version {
        let edit = Edit::Replace(content);
        let written = documents::write(&self.env, document.id, number, &edit, (None, None)).await;
        written.unwrap().1
    }

    /// The newest version, as an editor sees it.
    async fn newest(&self, document: &Document) -> Version {
        let found = documents::found(&self.env, document.clone(), Which::Latest, Reader::Editor).await;
        found.unwrap().version
    }

    /// Until everything has happened that anybody has asked for, however long that is held back.
    async fn rest(&self) {
        loop {
            self.settle().await;
            if !self.world.queue.wait_for_next() {
                return;
            }
        }
    }

    async fn rendering_of(&self, document: &Document, checksum: &Checksum) -> Rendering {
        let rendering = self.env.documents.rendering(document.id, checksum).await.unwrap();
        rendering.expect("it was begun")
    }

    /// What readers of the newest version's page get.
    async fn page(&self, document: &Document, reader: Reader) -> Option<String> {
        let version = self.newest(document).await;
        let seen = documents::seen(&self.env, &version, reader).await.unwrap();
        let output = seen.served?.outputs[&OutputName::Page].clone();
        let body = self
            .world
            .objects
            .get(output.key.as_str())
            .expect("an output that is listed exists")
            .body;
        Some(String::from_utf8(body.to_vec()).unwrap())
    }

    /// What is wrong with a state that is at rest: every output of every rendering that succeeded has to be there, whole, and so
    /// has everything that a version needs.
    async fn assert_whole(&self, document: &Document) {
        use sha2::Digest as _;
        let renderings = self.env.documents.renderings(document.id).await.unwrap();
        for rendering in &renderings {
            if rendering.state != RenderingState::Succeeded {
                continue;
            }
            assert_eq!(rendering.outputs.len(), OutputName::ALL.len());
            for output in rendering.outputs.values() {
                let stored = self
                    .world
                    .objects
                    .get(output.key.as_str())
                    .expect("an output that is listed exists");
                assert_eq!(hex::encode(sha2::Sha256::digest(&stored.body)), output.sha256);
                assert_eq!(stored.body.len() as u64, output.bytes);
            }
        }
        for version in self.env.documents.versions(document.id).await.unwrap() {
            for checksum in version.renderings() {
                assert!(renderings.iter().any(|rendering| rendering.checksum == *checksum));
            }
        }
    }

    /// Messages that have a version rendered, ever sent.
    fn wishes(&self) -> usize {
        let sent = self.world.queue.sent();
        let wishes = sent
            .iter()
            .filter(|sent| matches!(sent.message, Message::RenderDocument(_)));
        wishes.count()
    }
}
