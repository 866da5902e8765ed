use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::StatusCode;
use imprint_local::demo::{Site, text};
use serde_json::{Value, json};

use crate::place::Place;
use crate::support::{Story, ended, until};

fn site() -> Site {
    Site::from([
        ("index.html", "<p>from an archive"),
        ("guide/first.html", "<p>first"),
    ])
}

/// As `tar czf` packs these files, in the oldest of its formats.
pub(crate) fn tar_gz(files: &[(&str, u8, &str)]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    for (name, kind, body) in files {
        let mut header = name.as_bytes().to_vec();
        header.resize(512, 0);
        let size = format!("{:011o}\0", body.len());
        header[124..136].copy_from_slice(size.as_bytes());
        header[148..156].fill(b' ');
        header[156] = *kind;
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let mut body = body.as_bytes().to_vec();
        body.resize(body.len().next_multiple_of(512), 0);
        gzip.write_all(&[header, body].concat()).unwrap();
    }
    gzip.write_all(&[0; 1024]).unwrap();
    gzip.finish().unwrap()
}

/// A build that waits for its archive.
async fn announced(place: &Place, product: &str) -> Value {
    let body = json!({"git_refs": ["main"], "upload": "archive"});
    let path = format!("/products/{product}/builds/");
    let (status, build) = place
        .client
        .send(http::Method::POST, &path, Some(body))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::CREATED, "{build}");
    build
}

async fn put(build: &Value, archive: Vec<u8>) {
    let url = text(&build["archive_upload"], "url").unwrap();
    let sent = reqwest::Client::new()
        .put(url)
        .body(archive)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), StatusCode::OK, "{}", sent.text().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_published_with_one_post_and_one_put() {
    let story = Story::begin().await;
    archive_is_published(&story, "handbook").await;
    story.end().await;
}

/// One request announces the archive, another uploads it, and S3 tells of it.
pub(crate) async fn archive_is_published(place: &Place, product: &str) {
    place.product(product).await;
    let build = announced(place, product).await;
    let files = [
        ("./index.html", b'0', "<p>from an archive"),
        ("./guide/first.html", b'0', "<p>first"),
    ];
    put(&build, tar_gz(&files)).await;
    let (reader, site) = (&place.reader(product), &site());
    until("the site is there", || async move {
        reader.has_all(site).await.is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_with_a_link_is_refused_and_its_task_says_why() {
    let story = Story::begin().await;
    story.product("handbook").await;
    let build = announced(&story, "handbook").await;
    put(
        &build,
        tar_gz(&[("index.html", b'0', "<p>x"), ("passwd", b'2', "")]),
    )
    .await;
    // The hint that names the task.
    let task = story.client.confirm(&build).await.unwrap();
    let task = ended(&story.client, &task).await;
    assert_eq!(task["status"], "FAILURE");
    let failure = &task["metadata"]["registration"]["failure"];
    assert_eq!(failure["code"], "archive_bad_entry", "{failure}");
    assert!(
        text(failure, "message").unwrap().contains("a link: \"passwd\""),
        "{failure}"
    );
    story.quiesce().await;
    let below = text(&build, "bucket_root_dir").unwrap();
    assert!(story.written(&format!("{below}/")).await.is_empty());
    story.end().await;
}
