//! A document: written as Markdown, rendered, changed, published. What the page says, the PDF says.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{Client, text};
use super::progress::Progress;
use super::reader::Reader;
use crate::stack::Stack;

const PRODUCT: &str = "tide-note";
const TITLE: &str = "Tide at the pools";
/// What is changed, and to what.
const EDIT: (&str, &str) = ("mean of three years", "mean of four years");
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// It takes seconds, most of them waiting for more edits; after this it hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Writes a document, looks at it, changes it and publishes it.
///
/// # Errors
/// The first thing that did not hold.
pub(super) async fn run(
    stack: &Stack,
    client: &Client,
    progress: &Progress,
    directory: &Path,
) -> anyhow::Result<()> {
    println!("\nA document");
    client.create_product(PRODUCT, TITLE).await?;
    let markdown = read_text(&directory.join("document.md"))?;
    let mut content: Value = serde_json::from_str(&read_text(&directory.join("document.json"))?)?;
    content["markdown"] = json!(markdown);
    let new = json!({"title": TITLE, "alias": PRODUCT, "product": PRODUCT, "content": content});
    let (status, document) = client.send(Method::POST, "/documents", Some(new)).await?;
    ensure!(
        status == StatusCode::CREATED,
        "POST /documents answered {status}: {document}"
    );
    let demo = Demo {
        client,
        progress,
        version: text(&document, "newest_version_url")?.to_owned(),
        page: Reader::by_path(&stack.info().docs, PRODUCT)?,
    };
    progress.say(format!(
        "{} words of Markdown written",
        markdown.split_whitespace().count()
    ));
    demo.upload(&directory.join("tide.png")).await?;
    let first = demo.rendered(1, "the draft").await?;
    let before = demo.pdf(&first).await?;
    demo.shows("v/draft-v1/", EDIT.0).await?;

    content["markdown"] = json!(markdown.replace(EDIT.0, EDIT.1));
    let url = format!("{}/content", demo.version);
    let (status, answer) = client.send(Method::PUT, &url, Some(content)).await?;
    ensure!(status == StatusCode::OK, "PUT {url} answered {status}: {answer}");
    progress.say(format!("changed to {:?}", EDIT.1));
    let edit = answer["edit"].as_u64().unwrap_or_default();
    let second = demo.rendered(edit, "the change").await?;
    ensure!(demo.pdf(&second).await? != before, "the PDF is still what it was");
    demo.shows("v/draft-v1/", EDIT.1).await?;

    let wish = json!({"status": "PUBLISHED"});
    let (status, answer) = client.send(Method::PATCH, &demo.version, Some(wish)).await?;
    ensure!(
        status == StatusCode::OK,
        "the publication answered {status}: {answer}"
    );
    demo.shows("", EDIT.1).await?;
    demo.shows("v/v1.0/", EDIT.1).await?;
    progress.say("published as 1.0, and at the product's own address");
    Ok(())
}

/// Where to look at it.
pub(super) fn addresses(stack: &Stack) -> String {
    let info = stack.info();
    let host = info.docs.replace("127.0.0.1", &format!("{PRODUCT}.localhost"));
    format!(
        "  {host}/             a document, with {host}/document.pdf\n  {}/documents/{PRODUCT}   what the API says of it",
        info.api
    )
}

struct Demo<'a> {
    client: &'a Client,
    progress: &'a Progress,
    version: String,
    page: Reader,
}

impl Demo<'_> {
    async fn upload(&self, path: &Path) -> anyhow::Result<()> {
        let image = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .context("a name")?;
        let url = format!("{}/images", self.version);
        let (status, forms) = self
            .client
            .send(Method::POST, &url, Some(json!({"names": [name]})))
            .await?;
        ensure!(status.is_success(), "POST {url} answered {status}: {forms}");
        let form = forms["forms"][name].clone();
        self.client
            .upload_one(form, Some("image/png"), name.to_owned(), Bytes::from(image))
            .await
    }

    /// Waits until the newest state is rendered, which is at least that edit, and shows all images.
    async fn rendered(&self, edit: u64, what: &str) -> anyhow::Result<Value> {
        let begin = Instant::now();
        loop {
            let version = self.client.read(&self.version).await?;
            let rendering = &version["rendering"];
            ensure!(rendering["state"] != "failed", "{what}: {rendering}");
            let is_whole = rendering["warnings_count"] == 0 && version["edit"].as_u64() >= Some(edit);
            if rendering["state"] == "succeeded" && is_whole {
                let status = self.client.read(text(&version, "status_url")?).await?;
                let took = took(&status)?;
                self.progress.say(format!(
                    "{what} is a page, two PDFs, an EPUB and LaTeX: {:.2} s of work, {:.1} s after it was written",
                    took.as_secs_f64(),
                    begin.elapsed().as_secs_f64()
                ));
                return Ok(version);
            }
            ensure!(
                begin.elapsed() < PATIENCE,
                "{what} is never rendered: {rendering}"
            );
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    async fn pdf(&self, version: &Value) -> anyhow::Result<Bytes> {
        let pdf = self.client.download(text(version, "pdf_url")?).await?;
        ensure!(pdf.starts_with(b"%PDF-"), "it is no PDF");
        Ok(pdf)
    }

    /// Waits until readers of the product see it.
    async fn shows(&self, path: &str, what: &str) -> anyhow::Result<()> {
        let begin = Instant::now();
        loop {
            let read = self.page.read(path).await?;
            if read.status == StatusCode::OK && String::from_utf8_lossy(&read.body).contains(what) {
                let pdf = self.page.read(&format!("{path}document.pdf")).await?;
                ensure!(pdf.status == StatusCode::OK, "{path}document.pdf: {}", pdf.status);
                self.progress.say(format!("/{PRODUCT}/{path} says {what:?}"));
                return Ok(());
            }
            ensure!(
                begin.elapsed() < PATIENCE,
                "/{PRODUCT}/{path} never says {what:?}: {}",
                read.status
            );
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
}

/// How long the renderer worked.
fn took(status: &Value) -> anyhow::Result<Duration> {
    let at = |field| -> anyhow::Result<jiff::Timestamp> { Ok(text(status, field)?.parse()?) };
    Ok(at("finished_at")?
        .duration_since(at("started_at")?)
        .unsigned_abs())
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
