//! The demo: a real site, published twice, with everything checked that a reader would notice.

mod bucket;
mod client;
mod document;
mod formats;
mod progress;
mod reader;
mod site;

use std::path::Path;

use anyhow::{Context as _, ensure};
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::stack::Stack;
use crate::standins::front::Snapshot;

pub use self::client::{Client, text};
pub use self::formats::has_formats;
pub use self::progress::{Report, report};
pub use self::reader::{Read, Reader};
pub use self::site::Site;

use self::bucket::{Listed, difference};
use self::progress::{Progress, watch};

const PRODUCT: &str = "tidepool";
const TITLE: &str = "Tidepool handbook";
/// The edition at the product's root.
const EDITION: &str = "main";
/// What the client brings beside the tree; the EPUB lies in it.
const PDF: &str = "_artifacts/tidepool.pdf";
const DOWNLOADS: [&str; 4] = ["tidepool.pdf", "tidepool.epub", "tidepool.zip", "search.json"];
/// Pages shown by name where there are many.
const SHOWN: usize = 4;

/// Whose requests are shown.
const FUNCTIONS: [&str; 6] = [
    "register-build",
    "derive-format",
    "index-search",
    "copy-edition",
    "purge-cdn",
    "render-dashboard",
];

/// Runs the demo on a stack that does not have its product yet.
///
/// # Errors
/// The first thing that did not hold.
pub async fn run(stack: &Stack, directory: &Path) -> anyhow::Result<()> {
    let first = Site::read(&directory.join("v1"))?;
    let over = Site::read(&directory.join("v2"))?;
    let listed = directory.join("v2.removed.txt");
    let listed = std::fs::read_to_string(&listed).with_context(|| format!("reading {}", listed.display()))?;
    let removed: Vec<String> = listed.lines().map(str::to_owned).collect();
    let second = first.changed(&over, &removed);

    let info = stack.info();
    let progress = Progress::begin();
    println!(
        "Imprint on this machine: API {}, published pages {}",
        info.api, info.docs
    );
    let client = Client::log_in(&info.api, &info.user, &info.password).await?;
    client.create_product(PRODUCT, TITLE).await.context(
        "the product of the demo could not be made (with --data, add --fresh: the demo starts from nothing)",
    )?;
    progress.say(format!("product {PRODUCT} made"));
    let demo = Demo {
        stack,
        client,
        progress,
        by_path: Reader::by_path(&info.docs, PRODUCT)?,
        by_host: Reader::by_host(&info.docs, PRODUCT)?,
    };
    demo.first_build(&first).await.context("the first build")?;
    demo.second_build(&first, &second, &removed)
        .await
        .context("the second build")?;
    document::run(stack, &demo.client, &demo.progress, &directory.join("document"))
        .await
        .context("the document")?;
    println!("\nEverything held.");
    Ok(())
}

/// Says where to look at what was published.
pub fn show_addresses(stack: &Stack) {
    let info = stack.info();
    let host = info.docs.replace("127.0.0.1", &format!("{PRODUCT}.localhost"));
    println!("Open");
    println!("  {host}/             the handbook (or {}/{PRODUCT}/)", info.docs);
    println!("  {host}/_search/     its search page; a search field is at {host}/v/");
    for file in DOWNLOADS {
        println!("  {host}/_downloads/{EDITION}/{file}");
    }
    println!("  {host}/llms.txt     its pages for agents, as Markdown");
    println!("  {host}/builds/1/    its first build");
    println!(
        "  {}/products/{PRODUCT}/builds/1/diff/2   what the second build changed",
        info.api
    );
    println!("  {}/products/{PRODUCT}   what the API says of it", info.api);
    println!("{}", document::addresses(stack));
}

struct Demo<'a> {
    stack: &'a Stack,
    client: Client,
    progress: Progress,
    by_path: Reader,
    by_host: Reader,
}

/// What publishing a build took.
struct Published {
    report: Report,
    requests: Snapshot,
    keys: Vec<String>,
    build: Value,
    before: Listed,
    after: Listed,
}

impl Demo<'_> {
    async fn first_build(&self, site: &Site) -> anyhow::Result<()> {
        println!("\nThe first build");
        let published = self.publish(site).await?;
        self.show(&published)?;
        self.check(site, &[]).await
    }

    async fn second_build(&self, first: &Site, second: &Site, removed: &[String]) -> anyhow::Result<()> {
        println!("\nThe second build");
        let changed = changed(first, second);
        let added = added(first, second);
        println!("            changed: {}", some(&changed));
        println!("            added:   {}", some(&added));
        println!("            removed: {}", some(removed));
        let page = changed
            .iter()
            .find(|path| path.ends_with(".html"))
            .context("no page changes")?;
        ensure!(
            self.by_path.read(page).await?.is_hit(),
            "{page} was read before and is not in the cache"
        );

        let published = self.publish(second).await?;
        self.show(&published)?;

        let read = self.by_path.read(page).await?;
        ensure!(
            !read.is_hit(),
            "{page} still comes from the cache, though its edition was purged"
        );
        self.progress
            .say(format!("{page}: was in the cache, was purged, is fresh"));
        self.check(second, removed).await?;
        let builds = self.by_path.below("builds/1");
        // What was brought beside the tree is not below the build.
        builds
            .has_all(&first.without(PDF).0)
            .await
            .context("the first build, which must stay as it was")?;
        self.progress.say("builds/1 is still what it was");
        self.difference(removed).await.context("the difference")
    }

    /// What the API says that the second build changed: pages by what they say, not by their bytes.
    async fn difference(&self, removed: &[String]) -> anyhow::Result<()> {
        let path = format!("/products/{PRODUCT}/builds/1/diff/2");
        let diff = self.client.read(&path).await?;
        let count = |name: &str| diff["totals"][name].as_u64().unwrap_or_default();
        let [added, gone, changed, moved] = ["added", "removed", "changed", "moved"].map(count);
        ensure!(
            added > 0 && changed > 0 && gone + moved == removed.len() as u64,
            "{path} tells of other changes: {diff}"
        );
        self.progress.say(format!(
            "{path}: {added} files added, {gone} removed, {moved} moved, {changed} changed; {} pages only around their text",
            count("changed_markup_only")
        ));
        Ok(())
    }

    /// What `ltd upload` does, then waiting for the task.
    async fn publish(&self, site: &Site) -> anyhow::Result<Published> {
        let (tree, pdf) = site.without(PDF);
        let pdf = pdf.with_context(|| format!("the site has no {PDF}"))?;
        let directories = tree.directories();
        let new = json!({"git_refs": ["main"], "directories": directories, "artifacts": ["pdf"]});
        let build = self.client.create_build_from(PRODUCT, &new).await?;
        self.progress.say(format!(
            "build {} announced, with {} directories and a PDF",
            text(&build, "slug")?,
            directories.len()
        ));
        self.client.upload(&build, &tree).await?;
        self.client.upload_format(&build, "pdf", pdf).await?;
        self.progress.say(format!(
            "{} files uploaded, {} kB",
            site.len(),
            site.bytes().div_ceil(1000)
        ));

        let place = format!("{PRODUCT}/v/{EDITION}/");
        let before = bucket::list(self.stack, &place).await?;
        let controlled = self.stack.controlled();
        controlled.counts.reset();
        let purged = controlled.fastly.purges().len();
        let task = self.client.confirm(&build).await?;
        self.progress.say(format!("upload confirmed; watching {task}"));
        let task = watch(&self.client, &task, &self.progress).await?;
        let purges = controlled.fastly.purges().split_off(purged);
        Ok(Published {
            report: report(&task, EDITION)?,
            requests: controlled.counts.snapshot(),
            keys: purges.into_iter().flat_map(|purge| purge.keys).collect(),
            build: self.client.read(text(&build, "self_url")?).await?,
            before,
            after: bucket::list(self.stack, &place).await?,
        })
    }

    fn show(&self, published: &Published) -> anyhow::Result<()> {
        let Report {
            copied,
            deleted,
            unchanged,
        } = published.report;
        let told = difference(&published.before, &published.after);
        ensure!(
            (copied, deleted, unchanged) == (told.written, told.gone, told.same),
            "the task tells of {copied} copied, {deleted} deleted, {unchanged} unchanged objects; in the bucket it is {told:?}"
        );
        println!("            copied {copied}, deleted {deleted}, left alone {unchanged} objects");
        for (format, artifact) in published.build["artifacts"].as_object().into_iter().flatten() {
            ensure!(artifact["state"] == "ready", "the format {format}: {artifact}");
            let bytes = artifact["bytes"].as_u64().unwrap_or_default().div_ceil(1000);
            println!("            {format}: {} files, {bytes} kB", artifact["files"]);
        }
        println!("            purged {}", published.keys.join(", "));
        for function in FUNCTIONS {
            println!(
                "            requests of {function}: {}",
                requests(&published.requests, function)
            );
        }
        let copies = count(&published.requests, "copy-edition", "s3", "CopyObject");
        // The journal of the copy is one of them, and a new edition's redirect for its address without the slash.
        let own = if unchanged == 0 { 2 } else { 1 };
        let writes = count(&published.requests, "copy-edition", "s3", "PutObject").saturating_sub(own);
        ensure!(
            copies + writes == copied,
            "{copies} CopyObject and {writes} PutObject requests for {copied} copied objects"
        );
        let deletes = count(&published.requests, "copy-edition", "s3", "DeleteObjects");
        ensure!(
            deletes == deleted.div_ceil(1000),
            "{deletes} DeleteObjects requests for {deleted} deleted objects"
        );
        Ok(())
    }

    async fn check(&self, site: &Site, removed: &[String]) -> anyhow::Result<()> {
        let edition = self.edition().await?;
        let key = text(&edition, "surrogate_key")?;
        let purges = self.stack.controlled().fastly.purges();
        ensure!(
            purges
                .iter()
                .any(|purge| purge.keys.iter().any(|purged| purged == key)),
            "the edition was not purged"
        );

        self.by_path.has_all(site).await.context("by path")?;
        self.by_host.has_all(site).await.context("by host")?;
        self.progress.say(format!(
            "all {} files are byte for byte what was uploaded",
            site.len()
        ));
        has_formats(&self.by_path, PRODUCT).await.context("the formats")?;
        self.offers(site).await.context("the downloads")?;
        self.by_path.has_none(removed).await?;
        if !removed.is_empty() {
            self.progress
                .say(format!("all {} removed pages answer 404", removed.len()));
        }
        let directories = site.directories();
        let directory = directories
            .iter()
            .find(|directory| *directory != "/")
            .context("a site of one directory")?;
        let bare = directory.trim_end_matches('/');
        let read = self.by_path.read(bare).await?;
        ensure!(
            read.status == StatusCode::MOVED_PERMANENTLY,
            "{bare}: {}, not a redirect",
            read.status
        );
        let target = format!("/{PRODUCT}/{directory}");
        ensure!(
            read.header("location") == target,
            "{bare} leads to {}, not {target}",
            read.header("location")
        );
        Ok(())
    }

    /// Checks the addresses that outlive builds, and that agents may ask for Markdown.
    async fn offers(&self, site: &Site) -> anyhow::Result<()> {
        for file in DOWNLOADS {
            let path = format!("_downloads/{EDITION}/{file}");
            let read = self.by_host.read(&path).await?;
            ensure!(read.status == StatusCode::OK, "{path}: {}", read.status);
            let uploaded = site.file(&format!("_artifacts/{file}"));
            ensure!(
                uploaded.is_none_or(|uploaded| *uploaded == read.body),
                "{path} is not what was uploaded"
            );
        }
        let part = [(header::RANGE, "bytes=0-4")];
        let pdf = format!("_downloads/{EDITION}/{}", DOWNLOADS[0]);
        let part = self.by_host.ask(http::Method::GET, &pdf, &part).await?;
        ensure!(
            part.status == StatusCode::PARTIAL_CONTENT && part.body == "%PDF-",
            "a part of the PDF: {}",
            part.status
        );
        let agent = [(header::ACCEPT, "text/markdown, text/html;q=0.5")];
        let markdown = self.by_host.ask(http::Method::GET, "", &agent).await?;
        ensure!(
            markdown.header("content-type").starts_with("text/markdown")
                && markdown.header("vary") == "Accept",
            "agents do not get Markdown: {:?}",
            markdown.headers
        );
        let formats = DOWNLOADS.len();
        self.progress.say(format!(
            "{formats} downloads, search, and a Markdown twin of each page"
        ));
        Ok(())
    }

    async fn edition(&self) -> anyhow::Result<Value> {
        let listed = self
            .client
            .read(&format!("/products/{PRODUCT}/editions/"))
            .await?;
        for url in listed["editions"].as_array().into_iter().flatten() {
            let edition = self.client.read(url.as_str().unwrap_or_default()).await?;
            if edition["slug"] == EDITION {
                return Ok(edition);
            }
        }
        anyhow::bail!("there is no edition {EDITION}")
    }
}

fn changed(first: &Site, second: &Site) -> Vec<String> {
    let differ = second
        .files()
        .filter(|(path, body)| first.file(path).is_some_and(|before| before != *body));
    differ.map(|(path, _)| path.to_owned()).collect()
}

fn added(first: &Site, second: &Site) -> Vec<String> {
    second
        .files()
        .filter(|(path, _)| first.file(path).is_none())
        .map(|(path, _)| path.to_owned())
        .collect()
}

fn some(paths: &[String]) -> String {
    let shown = paths.iter().filter(|path| path.ends_with(".html")).take(SHOWN);
    let shown: Vec<&str> = shown.map(String::as_str).collect();
    format!("{} files, {} and so on", paths.len(), shown.join(", "))
}

fn count(requests: &Snapshot, function: &str, service: &str, operation: &str) -> u64 {
    let services = requests.get(function);
    services
        .and_then(|services| services.get(service)?.get(operation))
        .copied()
        .unwrap_or_default()
}

fn requests(requests: &Snapshot, function: &str) -> String {
    let services = requests.get(function).into_iter().flatten();
    let all = services.flat_map(|(_, operations)| operations);
    let all: Vec<String> = all
        .map(|(operation, count)| format!("{count} {operation}"))
        .collect();
    match all.as_slice() {
        [] => "none".to_owned(),
        all => all.join(", "),
    }
}
