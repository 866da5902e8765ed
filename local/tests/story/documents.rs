//! Documents over HTTP, with the real engine: written, rendered, published, read.

use http::{Method, StatusCode};
use imprint_local::demo::text;
use serde_json::{Value, json};

use crate::place::Place;
use crate::support::{Story, until};

/// A paragraph, an equation, a table, an image and a citation.
pub(crate) fn content(text: &str) -> Value {
    json!({
        "document": {
            "introduction": {"children": [
                {"type": "p", "children": [
                    {"text": text}, {"text": " 100% & #1 $x_y$ <b>", "bold": true},
                    {"type": "ref", "refId": "one", "children": [{"text": ""}]}
                ]},
                {"type": "equation", "children": [{"text": "E = \\frac{1}{2} m v^2"}]},
                {"type": "image-block", "children": [
                    {"type": "img", "objectKey": "tide.png", "children": [{"text": ""}]},
                    {"type": "caption", "children": [{"text": "A tide"}]}
                ]},
                {"type": "table-block", "children": [
                    {"type": "caption", "children": [{"text": "Numbers"}]},
                    {"type": "table", "children": [
                        {"type": "tr", "children": [cell("Name"), cell("Value")]},
                        {"type": "tr", "children": [cell("alpha"), cell("1")]}
                    ]}
                ]}
            ]},
            "publication_references": [{"id": "one", "authors": "Doe, J.", "year": "2019", "title": "A work"}]
        }
    })
}

fn cell(text: &str) -> Value {
    json!({"type": "td", "children": [{"type": "p", "children": [{"text": text}]}]})
}

pub(crate) const TIDE: &[u8] = include_bytes!("../../demo-site/document/tide.png");

impl Place {
    /// A document of the product, and the URL of its first version.
    async fn document(&self, product: &str, content: Value) -> String {
        let new = json!({"title": "Tides & pools", "alias": product, "product": product, "content": content});
        let (status, document) = self
            .client
            .send(Method::POST, "/documents", Some(new))
            .await
            .unwrap();
        assert_eq!(status, StatusCode::CREATED, "{document}");
        text(&document, "newest_version_url").unwrap().to_owned()
    }

    /// The version when its newest state is rendered, or could not be.
    async fn rendered(&self, version: &str, holds: impl Fn(&Value) -> bool + Sync) -> Value {
        let looked = || async {
            let version = self.client.read(version).await.unwrap();
            let state = version["rendering"]["state"].as_str().unwrap_or_default();
            ["succeeded", "failed"].contains(&state) && holds(&version)
        };
        until("it is rendered", looked).await;
        self.client.read(version).await.unwrap()
    }

    async fn page_says(&self, product: &str, path: &str, what: &str) {
        let reader = self.reader(product);
        let (reader, told) = (&reader, &format!("{path} says {what}"));
        until(told, || async move {
            let read = reader.read(path).await.unwrap();
            read.status == StatusCode::OK && String::from_utf8_lossy(&read.body).contains(what)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_becomes_pages_and_pdfs_and_is_published_as_a_build() {
    let story = Story::begin().await;
    let version = becomes_pages_and_pdfs(&story, "tides").await;
    let edit = story
        .client
        .send(
            Method::PUT,
            &format!("{version}/content"),
            Some(content("Other words.")),
        )
        .await;
    assert_eq!(edit.unwrap().0, StatusCode::CONFLICT);
    let latest = story
        .client
        .read("/v4/versions/tides/stable/latest")
        .await
        .unwrap();
    assert_eq!(latest["version"]["version"], "1.0", "{latest}");

    // Everybody may read what is published, and the address by checksum never changes.
    let api = &story.stack.info().api;
    let followed = reqwest::get(format!("{api}/documents/tides/versions/latest/pdf"))
        .await
        .unwrap();
    assert_eq!(followed.status(), StatusCode::OK);
    let headers = followed.headers().clone();
    assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(headers["content-type"], "application/pdf");
    story.quiesce().await;
    story.end().await;
}

/// A document is written, gets its image, and is published; gives the URL of its version.
pub(crate) async fn becomes_pages_and_pdfs(place: &Place, product: &str) -> String {
    place.product(product).await;
    let version = place.document(product, content("First words.")).await;
    let read = place.rendered(&version, |_| true).await;
    assert_eq!(
        read["rendering"]["warnings"][0]["code"], "image_missing",
        "{read}"
    );
    let publish = || {
        let published = json!({"status": "PUBLISHED"});
        place.client.send(Method::PATCH, &version, Some(published))
    };
    assert_eq!(publish().await.unwrap().0, StatusCode::CONFLICT);

    // The image goes straight to the bucket, and its event has the document made anew.
    let wish = json!({"names": ["tide.png"]});
    let forms = place
        .client
        .send(Method::POST, &format!("{version}/images"), Some(wish))
        .await;
    let form = forms.unwrap().1["forms"]["tide.png"].clone();
    place
        .client
        .upload_one(form, Some("image/png"), "tide.png".into(), TIDE.into())
        .await
        .unwrap();
    let read = place
        .rendered(&version, |version| version["rendering"]["warnings_count"] == 0)
        .await;
    for (url, begins) in [
        ("pdf_url", &b"%PDF-1.7"[..]),
        ("journal_pdf_url", b"%PDF-1.7"),
        ("html_url", b"<!"),
        ("epub_url", b"PK"),
        ("latex_url", b""),
        ("bibliography_url", b""),
        ("search_url", b"{"),
    ] {
        let body = place.client.download(text(&read, url).unwrap()).await.unwrap();
        assert!(body.starts_with(begins) && body.len() > 50, "{url}");
    }
    has_drafted_pages(place, product).await;
    let (status, answer) = publish().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{answer}");
    place.page_says(product, "", "First words.").await;
    place.page_says(product, "v/v1.0/", "First words.").await;
    version
}

async fn has_drafted_pages(place: &Place, product: &str) {
    place.page_says(product, "v/draft-v1/", "First words.").await;
    // Only the second build has it.
    place.page_says(product, "v/draft-v1/", "images/tide.png").await;
    let page = place.reader(product).read("v/draft-v1/").await.unwrap();
    let page = String::from_utf8_lossy(&page.body).into_owned();
    assert!(
        page.contains("<math") && page.contains("100% &amp; #1 $x_y$ &lt;b&gt;"),
        "{page}"
    );
    let reader = place.reader(product);
    let image = reader.read("v/draft-v1/images/tide.png").await.unwrap();
    assert_eq!((image.status, &image.body[..]), (StatusCode::OK, TIDE));
    assert_eq!(image.header("content-type"), "image/png");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_a_batch_puts_into_the_bucket_are_taken() {
    let story = Story::begin().await;
    let put = |alias: &str, body: Value| {
        let key = format!("_imprint/incoming/documents/default/{alias}.json");
        let put = story
            .s3()
            .put_object()
            .bucket(&story.stack.info().bucket)
            .key(key);
        put.body(serde_json::to_vec(&body).unwrap().into()).send()
    };
    for n in 0..20 {
        let body = json!({"title": format!("Paper {n}"), "markdown": format!("# Paper {n}\n\nAn equation, $e^{{{n}}}$.")});
        put(&format!("paper-{n}"), body).await.unwrap();
    }
    put(
        "bad",
        json!({"title": "Bad", "document": {"introduction": {"children": [{"type": "script"}]}}}),
    )
    .await
    .unwrap();
    for n in 0..20 {
        let version = format!("/documents/paper-{n}/versions/latest");
        let (version, client) = (&version, &story.client);
        until("it is taken", || async move {
            client.send(Method::GET, version, None).await.unwrap().0 == StatusCode::OK
        })
        .await;
        let read = story.rendered(version, |_| true).await;
        assert_eq!(read["rendering"]["state"], "succeeded", "{read}");
    }
    let report = story.s3().get_object().bucket(&story.stack.info().bucket);
    let report = report
        .key("_imprint/imports/default/bad.json")
        .send()
        .await
        .unwrap();
    let report: Value = serde_json::from_slice(&report.body.collect().await.unwrap().into_bytes()).unwrap();
    assert_eq!(report["state"], "refused", "{report}");
    assert_eq!(report["problems"][0]["path"], "/document/introduction/children/0");
    story.quiesce().await;
    story.end().await;
}
