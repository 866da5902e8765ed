//! The demo: a real site, published twice, with everything checked that a reader would notice.

mod client;
mod document;
mod progress;
mod reader;
mod site;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, ensure};
use http::StatusCode;
use serde_json::Value;

use crate::stack::Stack;
use crate::standins::front::Snapshot;

pub use self::client::{Client, text};
pub use self::progress::{Report, report};
pub use self::reader::{Read, Reader};
pub use self::site::Site;

use self::progress::{Progress, watch};

const PRODUCT: &str = "tidepool";
const TITLE: &str = "Tidepool handbook";
/// The edition at the product's root.
const EDITION: &str = "main";
/// Pages shown by name where there are many.
const SHOWN: usize = 4;

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
    println!("  {host}/builds/1/    its first build");
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
}

impl Demo<'_> {
    async fn first_build(&self, site: &Site) -> anyhow::Result<()> {
        println!("\nThe first build");
        let published = self.publish(site).await?;
        let objects = objects(site).len() as u64;
        let expected = Report {
            copied: objects,
            deleted: 0,
            unchanged: 0,
        };
        ensure!(
            published.report == expected,
            "{:?}, expected {expected:?}",
            published.report
        );
        self.show(&published)?;
        self.check(site, &[]).await
    }

    async fn second_build(&self, first: &Site, second: &Site, removed: &[String]) -> anyhow::Result<()> {
        println!("\nThe second build");
        let (before, after) = (objects(first), objects(second));
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
        let copied = (changed.len() + after.difference(&before).count()) as u64;
        let deleted = before.difference(&after).count() as u64;
        let expected = Report {
            copied,
            deleted,
            unchanged: after.len() as u64 - copied,
        };
        ensure!(
            published.report == expected,
            "{:?}, expected {expected:?}",
            published.report
        );
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
        builds
            .has_all(first)
            .await
            .context("the first build, which must stay as it was")?;
        self.progress.say("builds/1 is still what it was");
        Ok(())
    }

    /// What `ltd upload` does, then waiting for the task.
    async fn publish(&self, site: &Site) -> anyhow::Result<Published> {
        let build = self.client.create_build(PRODUCT, "main", site).await?;
        let directories = site.directories().len();
        self.progress.say(format!(
            "build {} announced, with {directories} directories",
            text(&build, "slug")?
        ));
        self.client.upload(&build, site).await?;
        self.progress.say(format!(
            "{} files uploaded, {} kB",
            site.len(),
            site.bytes().div_ceil(1000)
        ));

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
        })
    }

    fn show(&self, published: &Published) -> anyhow::Result<()> {
        let Report {
            copied,
            deleted,
            unchanged,
        } = published.report;
        println!("            copied {copied}, deleted {deleted}, left alone {unchanged} objects");
        println!("            purged {}", published.keys.join(", "));
        for function in ["register-build", "copy-edition", "purge-cdn", "render-dashboard"] {
            println!(
                "            requests of {function}: {}",
                requests(&published.requests, function)
            );
        }
        let copies = count(&published.requests, "copy-edition", "s3", "CopyObject");
        ensure!(
            copies == copied,
            "{copies} CopyObject requests for {copied} copied objects"
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
            "all {} pages are byte for byte what was uploaded",
            site.len()
        ));
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

/// What is copied to an edition: the files, and an object for each directory but the root, whose is the edition's own.
fn objects(site: &Site) -> BTreeSet<String> {
    let directories = site
        .directories()
        .into_iter()
        .filter(|directory| directory != "/");
    directories
        .chain(site.files().map(|(path, _)| path.to_owned()))
        .collect()
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
