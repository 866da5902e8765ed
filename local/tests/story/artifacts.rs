//! Every format of a build, from upload to reader: a real Sphinx site with a PDF and an EPUB.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::Path;

use bytes::Bytes;
use http::{Method, StatusCode, header};
use imprint_domain::slug::ProductSlug;
use imprint_local::demo::{Reader, Site, has_formats, report, text};
use imprint_local::export::{Occupied, Order, export};
use imprint_local::stack::{Kept, Options};
use serde_json::{Value, json};

use crate::served::serve;
use crate::support::{Story, succeeded};

const PRODUCT: &str = "demo";
const PDF: &str = "_artifacts/tidepool.pdf";
const EPUB: &str = "_artifacts/tidepool.epub";

/// The demo site's first build, and its second.
fn sites() -> [Site; 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo-site");
    let first = Site::read(&root.join("v1")).unwrap();
    let removed = std::fs::read_to_string(root.join("v2.removed.txt")).unwrap();
    let removed: Vec<String> = removed.lines().map(str::to_owned).collect();
    let second = first.changed(&Site::read(&root.join("v2")).unwrap(), &removed);
    [first, second]
}

/// Publishes a build that brings a PDF beside its tree, and gives the task and the build when that has ended.
async fn publish(story: &Story, tree: &Site, pdf: Bytes) -> (Value, Value) {
    let client = &story.client;
    let new = json!({"git_refs": ["main"], "directories": tree.directories(), "artifacts": ["pdf"]});
    let build = client.create_build_from(PRODUCT, &new).await.unwrap();
    assert_eq!(build["artifacts"]["pdf"]["state"], "expected", "{build}");
    client.upload(&build, tree).await.unwrap();
    client.upload_format(&build, "pdf", pdf).await.unwrap();
    story.stack.controlled().counts.reset();
    let task = client.confirm(&build).await.unwrap();
    let task = succeeded(client, &task).await;
    let build = client.read(text(&build, "self_url").unwrap()).await.unwrap();
    (task, build)
}

/// The states of a build's formats, such as `pdf: ready (uploaded)`.
fn states(build: &Value) -> Vec<String> {
    let formats = build["artifacts"].as_object().unwrap().iter();
    formats
        .map(|(format, artifact)| {
            let detail = ["origin", "code"]
                .iter()
                .find_map(|field| artifact[*field].as_str());
            let state = text(artifact, "state").unwrap();
            format!("{format}: {state} ({})", detail.unwrap_or_default())
        })
        .collect()
}

async fn page(reader: &Reader, path: &str) -> String {
    let read = reader.read(path).await.unwrap();
    assert_eq!(read.status, StatusCode::OK, "{path}");
    String::from_utf8_lossy(&read.body).replace("&#x2f;", "/")
}

/// The formats of an edition and whether each is older than its pages.
fn downloads(edition: &Value) -> Vec<(&str, bool)> {
    let downloads = edition["downloads"].as_array().unwrap().iter();
    downloads
        .map(|one| (text(one, "format").unwrap(), one["older"].as_bool().unwrap()))
        .collect()
}

async fn begin(data: &Path) -> Story {
    let story = Story::begin_with(Options {
        data: Some(data.to_owned()),
        ..Options::default()
    })
    .await;
    story.product_with_formats(PRODUCT).await;
    story
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_published_in_every_format_at_urls_that_outlive_it() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    let story = begin(&data).await;
    let [first, _] = sites();
    let (tree, pdf) = first.without(PDF);
    let (pdf, epub) = (pdf.unwrap(), tree.file(EPUB).unwrap().clone());

    let (task, build) = publish(&story, &tree, pdf.clone()).await;
    assert_eq!(
        states(&build),
        [
            "epub: ready (uploaded)",
            "html: ready (uploaded)",
            "htmlzip: ready (derived)",
            "json: ready (derived)",
            "markdown: ready (derived)",
            "pdf: ready (uploaded)",
            "search: ready (derived)",
        ]
    );
    counted(&story, &task);
    let edition = story.main_edition(PRODUCT).await;
    assert_eq!(story.purges_of(&edition), 1, "the edition moved more than once");

    let reader = story.reader(PRODUCT);
    has_formats(&reader, PRODUCT).await.unwrap();
    let pages = tree.without(EPUB).0;
    reader.has_all(&pages).await.unwrap();
    for (file, content_type, bytes) in [
        ("demo.pdf", "application/pdf", Some(&pdf)),
        ("demo.epub", "application/epub+zip", Some(&epub)),
        ("demo.zip", "application/zip", None),
        ("search.json", "application/json", None),
    ] {
        let path = format!("_downloads/main/{file}");
        let read = reader.read(&path).await.unwrap();
        assert_eq!(read.status, StatusCode::OK, "{path}");
        assert!(
            read.header("content-type").starts_with(content_type),
            "{:?}",
            read.headers
        );
        assert!(bytes.is_none_or(|bytes| *bytes == read.body), "{path}");
        let disposition = read.header("content-disposition");
        assert!(
            disposition.contains(file) || file == "search.json",
            "{path}: {disposition}"
        );
        let part = [(header::RANGE, "bytes=-7")];
        let part = reader.ask(Method::GET, &path, &part).await.unwrap();
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{path}");
        assert_eq!(part.body, read.body.slice(read.body.len() - 7..), "{path}");
        let key = format!("{PRODUCT}/v/main/_artifacts/{file}");
        let head = story
            .s3()
            .head_object()
            .bucket(&story.stack.info().bucket)
            .key(key);
        let metadata = head.send().await.unwrap().metadata.unwrap();
        assert_eq!(
            metadata["surrogate-key"],
            text(&edition, "surrogate_key").unwrap()
        );
    }
    has_every_page(&reader, &pages).await;
    has_twins(&reader).await;
    is_on_the_dashboards(&reader, &edition).await;

    let folder = parent.path().join("site");
    exported(&data, &folder).await;
    let served = Reader::below_url(&serve(&folder).await).unwrap();
    has_formats(&served, PRODUCT).await.unwrap();
    served.has_all(&pages).await.unwrap();
    assert_eq!(served.read("_artifacts/demo.pdf").await.unwrap().body, pdf);
    story.end().await;
}

/// A copy is one request for an object of its own, and one for each file out of a bundle; bundles are read once.
fn counted(story: &Story, task: &Value) {
    let counts = story.stack.controlled().counts.snapshot();
    let of = |function: &str, operation: &str| {
        let services = counts.get(function).and_then(|services| services.get("s3"));
        services
            .and_then(|s3| s3.get(operation))
            .copied()
            .unwrap_or_default()
    };
    let report = report(task, "main").unwrap();
    // The journal, and the object that redirects the edition's address without its slash.
    let own = 2;
    let (copies, writes) = (
        of("copy-edition", "CopyObject"),
        of("copy-edition", "PutObject") - own,
    );
    assert_eq!(copies + writes, report.copied, "{counts:?}");
    assert!(writes > 50, "twins and index come out of bundles: {counts:?}");
    // The texts, the twins and the index are three objects and three manifests, however many files they are; the archive has
    // parts, and what pages say is kept for the other formats.
    assert!(
        of("derive-format", "PutObject") + of("index-search", "PutObject") <= 12,
        "{counts:?}"
    );
    assert_eq!((report.deleted, report.unchanged), (0, 0));
}

async fn has_every_page(reader: &Reader, pages: &Site) {
    let archive = reader.read("_downloads/main/demo.zip").await.unwrap().body;
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let names: BTreeSet<String> = archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    // Not genindex.html.
    let roots = names.iter().filter_map(|name| name.strip_suffix("index.html"));
    let roots = roots.filter(|root| root.is_empty() || root.ends_with('/'));
    let root = roots.min_by_key(|root| root.matches('/').count()).unwrap();
    for (path, body) in pages.files() {
        let mut bytes = Vec::new();
        let mut file = archive
            .by_name(&format!("{root}{path}"))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        std::io::copy(&mut file, &mut bytes).unwrap();
        assert!(bytes == *body, "{path}");
    }
    let search = reader.read("_downloads/main/search.json").await.unwrap().body;
    let search: Value = serde_json::from_slice(&search).unwrap();
    assert!(search.to_string().contains("guides/winter.html"), "{search}");
}

async fn has_twins(reader: &Reader) {
    let agent = [(header::ACCEPT, "text/markdown")];
    for (path, twin) in [("", "index.md"), ("guides/winter.html", "guides/winter.md")] {
        let direct = reader.read(twin).await.unwrap();
        assert_eq!(direct.status, StatusCode::OK, "{twin}");
        let asked = reader.ask(Method::GET, path, &agent).await.unwrap();
        assert_eq!(asked.body, direct.body, "{path}");
        assert_eq!(asked.header("vary"), "Accept", "{path}");
        assert!(!asked.body.contains(&b'<'), "{path} has markup");
    }
    let overview = page(reader, "llms.txt").await;
    assert!(overview.contains("guides/winter.md"), "{overview}");
}

async fn is_on_the_dashboards(reader: &Reader, edition: &Value) {
    let all = ["html", "htmlzip", "pdf", "epub", "json", "search", "markdown"];
    let told: BTreeSet<(&str, bool)> = downloads(edition).into_iter().collect();
    for format in all.iter().filter(|format| **format != "html") {
        assert!(told.contains(&(*format, false)), "{format}: {told:?}");
    }
    // The task has ended, so the pages show what it did.
    let editions = page(reader, "v/").await;
    for link in ["demo.pdf", "demo.epub", "demo.zip"] {
        assert!(
            editions.contains(&format!("href=\"../_downloads/main/{link}\"")),
            "{editions}"
        );
    }
    for there in ["href=\"../_search/\"", "src=\"../_search/box.js\""] {
        assert!(editions.contains(there), "{editions}");
    }
    assert!(!editions.contains("class=\"older\""), "{editions}");
    let builds = page(reader, "builds/").await;
    assert!(
        builds.contains("<span class=\"format ready\">PDF</span>"),
        "{builds}"
    );
}

async fn exported(data: &Path, folder: &Path) {
    let kept = Kept::open(data).await.unwrap();
    let order = Order {
        organization: imprint_domain::slug::OrganizationSlug::default(),
        product: PRODUCT.parse::<ProductSlug>().unwrap(),
        edition: None,
        directory: folder.to_owned(),
        occupied: Occupied::Refused,
    };
    let exported = export(&kept, &order, |_| {}).await.unwrap();
    assert!(exported.skipped.is_empty(), "{exported:?}");
    kept.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pdf_that_is_none_leaves_the_last_good_one_and_stops_nothing_else() {
    let parent = tempfile::tempdir().unwrap();
    let story = begin(&parent.path().join("data")).await;
    let [first, second] = sites();
    let (tree, pdf) = first.without(PDF);
    let pdf = pdf.unwrap();
    publish(&story, &tree, pdf.clone()).await;
    let reader = story.reader(PRODUCT);
    reader.has_all(&tree.without(EPUB).0).await.unwrap();

    // The second build brings no EPUB any more, and something that is no PDF.
    let (tree, good) = second.without(PDF);
    let tree = tree.without(EPUB).0;
    let (_, build) = publish(&story, &tree, Bytes::from_static(b"this is no PDF")).await;
    let states = states(&build);
    assert!(
        states.contains(&"html: ready (uploaded)".to_owned()),
        "{states:?}"
    );
    assert!(
        states.iter().any(|state| state.starts_with("pdf: failed (")),
        "{states:?}"
    );
    assert!(
        !states.iter().any(|state| state.starts_with("epub")),
        "{states:?}"
    );
    reader.has_all(&tree).await.unwrap();
    assert_eq!(reader.read("_downloads/main/demo.pdf").await.unwrap().body, pdf);
    let epub = reader.read("_downloads/main/demo.epub").await.unwrap();
    assert_eq!(epub.status, StatusCode::NOT_FOUND);
    let edition = story.main_edition(PRODUCT).await;
    let told = downloads(&edition);
    assert!(
        told.contains(&("pdf", true)) && told.contains(&("htmlzip", false)),
        "{told:?}"
    );
    assert!(!told.iter().any(|(format, _)| *format == "epub"), "{told:?}");
    has_every_page(&reader, &tree).await;
    let editions = page(&reader, "v/").await;
    assert!(editions.contains(">of build 1</span>"), "{editions}");
    assert!(!editions.contains("demo.epub"), "{editions}");
    let builds = page(&reader, "builds/").await;
    let message = text(&build["artifacts"]["pdf"], "message").unwrap();
    assert!(builds.contains("class=\"format failed\" title="), "{builds}");
    assert!(
        builds.contains(&message.replace('"', "&quot;")),
        "{message}: {builds}"
    );

    // A good one takes its place.
    let (_, build) = publish(&story, &tree, good.clone().unwrap()).await;
    assert_eq!(build["artifacts"]["pdf"]["state"], "ready", "{build}");
    assert_eq!(
        reader.read("_downloads/main/demo.pdf").await.unwrap().body,
        good.unwrap()
    );
    let edition = story.main_edition(PRODUCT).await;
    assert!(downloads(&edition).contains(&("pdf", false)), "{edition}");
    assert!(!page(&reader, "v/").await.contains("class=\"older\""));
    story.end().await;
}
