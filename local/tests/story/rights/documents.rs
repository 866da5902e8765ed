//! Documents of an organization: written, illustrated, rendered, published, replaced, imported, deleted.

use http::Method;
use imprint_local::demo::text;
use serde_json::{Value, json};

use super::place::Place;
use crate::documents::{TIDE, content};
use crate::support::until;

impl Place<'_> {
    pub(super) async fn documents(&self) {
        self.project("tides", json!([])).await;
        let new = json!({"title": "Tides", "alias": "tides", "product": "tides", "content": content("One.")});
        let document = self.ask(Method::POST, &self.at("/documents"), new).await;
        let version = text(&document, "newest_version_url").unwrap().to_owned();
        let wish = json!({"names": ["tide.png"]});
        let forms = self.ask(Method::POST, &format!("{version}/images"), wish).await;
        let form = forms["forms"]["tide.png"].clone();
        let sent = self
            .client
            .upload_one(form, Some("image/png"), "tide.png".to_owned(), TIDE.into());
        sent.await.unwrap();
        self.import().await;
        self.rendered(&version).await;
        let edit = format!("{version}/content");
        self.ask(Method::PUT, &edit, content("Two.")).await;
        self.ask(Method::GET, &edit, Value::Null).await;
        let read = self.rendered(&version).await;
        for url in ["pdf_url", "search_url", "bibliography_url"] {
            self.client.download(text(&read, url).unwrap()).await.unwrap();
        }
        self.ask(Method::PATCH, &version, json!({"status": "PUBLISHED"}))
            .await;
    }

    /// Puts one into the bucket.
    async fn import(&self) {
        let key = format!("_imprint/incoming/documents/{}/imported.json", self.organization);
        let body = json!({"title": "Imported", "markdown": "# Imported\n\nA sentence."});
        let put = self
            .story
            .s3()
            .put_object()
            .bucket(&self.story.stack.info().bucket);
        let body = serde_json::to_vec(&body).unwrap();
        put.key(key).body(body.into()).send().await.unwrap();
    }

    async fn rendered(&self, version: &str) -> Value {
        until("it is rendered", async || {
            let read = self.client.read(version).await.unwrap();
            let is_shown = read["rendering"]["warnings_count"] == 0;
            read["rendering"]["state"] == "succeeded" && is_shown
        })
        .await;
        self.client.read(version).await.unwrap()
    }

    /// A draft that is written twice, days apart, and deleted: what was made of it is garbage.
    pub(super) async fn forgotten(&self, write: u32) {
        let path = self.at("/documents");
        let content = json!({"markdown": format!("# Abstract\n\nDraft {write}.\n")});
        if write == 0 {
            let new = json!({"title": "Draft", "alias": "draft", "content": content});
            self.ask(Method::POST, &path, new).await;
        } else {
            let content_path = format!("{path}/draft/versions/1.0/content");
            self.ask(Method::PUT, &content_path, content).await;
        }
        self.rendered(&format!("{path}/draft/versions/1.0")).await;
    }
}
