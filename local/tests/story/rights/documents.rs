//! Documents of an organization: written, illustrated, rendered, published, replaced, imported, deleted.

use http::Method;
use imprint_local::demo::text;
use serde_json::{Value, json};

use super::place::Place;
use crate::documents::TIDE;
use crate::support::until;

impl Place<'_> {
    pub(super) async fn documents(&self) {
        self.project("tides", json!([])).await;
        let content =
            |says: &str| json!({"markdown": format!("# Abstract\n\n{says}\n\n![A tide](tide.png)\n")});
        let new = json!({"title": "Tides", "alias": "tides", "product": "tides", "content": content("One.")});
        let document = self.ask(Method::POST, &self.at("/documents"), new).await;
        let version = text(&document, "newest_version_url").unwrap().to_owned();
        let images = format!("{version}/images");
        let wish = json!({"names": ["tide.png", "other.png"]});
        let forms = self.ask(Method::POST, &images, wish).await["forms"].clone();
        for name in ["tide.png", "other.png"] {
            let form = forms[name].clone();
            let sent = self
                .client
                .upload_one(form, Some("image/png"), name.to_owned(), TIDE.into());
            sent.await.unwrap();
        }
        self.import().await;
        until("the images are there", async || {
            let listed = self.client.read(&images).await.unwrap();
            listed["images"]
                .as_array()
                .is_some_and(|images| images.len() == 2)
        })
        .await;
        self.ask(Method::DELETE, &format!("{images}/other.png"), Value::Null)
            .await;
        self.ask(Method::PUT, &format!("{version}/content"), content("Two."))
            .await;
        self.rendered(&version).await;
        for part in ["pdf", "search", "bibliography"] {
            self.client.download(&format!("{version}/{part}")).await.unwrap();
        }
        self.client.read(&format!("{version}/content")).await.unwrap();
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

    async fn rendered(&self, version: &str) {
        until("it is rendered", async || {
            let read = self.client.read(version).await.unwrap();
            let is_shown = read["rendering"]["warnings_count"] == 0;
            read["rendering"]["state"] == "succeeded" && is_shown
        })
        .await;
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
