//! Documents over HTTP, and what a small renderer makes of them.

mod bad_input;
mod files;
mod images;
mod lists;
mod press;
mod publishing;
mod quiet;
mod rights;
mod states;
mod writing;

use http::StatusCode;
use imprint_app::documents::{self, render_document};
use imprint_domain::document::{Incoming, Notice, Sequencer, VersionNumber};
use imprint_domain::manifest::Headers;
use imprint_domain::message::Message;
use imprint_testing::samples::parsed;
use serde_json::{Value, json};

use crate::server::{Answer, Server, path_of};
pub(crate) use press::Press;

/// Where the first version of the first document is.
const FIRST: &str = "/documents/1/versions/1.0";

/// A content of one paragraph.
pub(crate) fn saying(text: &str) -> Value {
    json!({"document": {"introduction": {"children": [{"type": "p", "children": [{"text": text}]}]}}})
}

/// One that shows an image.
pub(crate) fn showing(image: &str) -> Value {
    json!({"document": {"introduction": {"children": [
        {"type": "image-block", "children": [
            {"type": "img", "objectKey": image, "children": [{"text": ""}]},
            {"type": "caption", "children": [{"text": "A picture"}]},
        ]},
    ]}}})
}

/// A PNG of a size, as far as its header goes.
pub(crate) fn png(width: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend(width.to_be_bytes());
    png.extend(10u32.to_be_bytes());
    png.extend([8, 2, 0, 0, 0]);
    png
}

/// A server whose documents have been rendered.
pub(crate) async fn desk_over(server: Server) -> Server {
    let desk = Desk { server, press: Press };
    desk.render().await;
    desk.server
}

/// A server with somebody who renders.
pub(crate) struct Desk {
    pub(crate) server: Server,
    pub(crate) press: Press,
}

impl Desk {
    /// One with a product `alpha` and no documents.
    async fn new() -> Self {
        Self {
            server: Server::with_alpha().await,
            press: Press,
        }
    }

    /// One with a document that says something, at [`FIRST`].
    async fn with(content: Value) -> Self {
        let desk = Self::new().await;
        desk.create(&json!({"title": "Fluxes", "alias": "fluxes", "content": content}))
            .await;
        desk
    }

    /// One with a document that is published.
    async fn published(content: Value) -> Self {
        let desk = Self::with(content).await;
        desk.render().await;
        desk.publish(FIRST).await;
        desk.render().await;
        desk
    }

    pub(crate) async fn create(&self, body: &Value) -> Value {
        let answer = self.server.post("/documents").admin().json(body).await;
        answer.expect(StatusCode::CREATED).json()
    }

    /// Until nothing waits any more: renders, and lets everything else be.
    pub(crate) async fn render(&self) {
        let tenants = self.server.world.tenants();
        loop {
            while let Some(envelope) = self.server.world.queue.take_any() {
                if let Message::RenderDocument(message) = &envelope.message {
                    let env = tenants.of(&message.organization).await.unwrap();
                    render_document(&env, &self.press, &envelope.id, message)
                        .await
                        .unwrap();
                }
            }
            if !self.server.world.queue.wait_for_next() {
                return;
            }
        }
    }

    async fn read(&self, path: &str) -> Value {
        let answer = self.server.get(path).admin().send().await;
        answer.expect(StatusCode::OK).json()
    }

    async fn put(&self, version: &str, content: &Value) -> Answer {
        let path = format!("{version}/content");
        self.server.put(&path).admin().json(content).await
    }

    async fn merge(&self, version: &str, patch: &Value) -> Answer {
        let path = format!("{version}/content");
        let call = self.server.patch(&path).admin();
        let call = call.header("content-type", "application/merge-patch+json");
        call.raw(patch.to_string()).await
    }

    async fn status(&self, version: &str, body: &Value) -> Answer {
        self.server.patch(version).admin().json(body).await
    }

    pub(crate) async fn publish(&self, version: &str) -> Value {
        let answer = self.status(version, &json!({"status": "PUBLISHED"})).await;
        answer.expect(StatusCode::OK).json()
    }

    /// Where a path leads to.
    async fn led(&self, path: &str) -> String {
        let answer = self.server.get(path).admin().send().await;
        let answer = answer.expect(StatusCode::FOUND);
        path_of(&answer.header("location").into())
    }

    /// Uploads an image to a version of the first document, as the event of the bucket tells of it.
    pub(crate) async fn upload(&self, version: VersionNumber, name: &str, body: Vec<u8>, sequencer: &str) {
        let incoming = Incoming::Image {
            document: imprint_domain::id::DocumentId(1),
            version,
            name: parsed(name),
        };
        let key = incoming.key();
        self.server
            .world
            .objects
            .put(key.as_str(), body, Headers::default());
        let notice = Notice::Event(Sequencer::new(sequencer));
        documents::take(&self.server.world.tenants(), &key, &notice)
            .await
            .unwrap();
    }
}
