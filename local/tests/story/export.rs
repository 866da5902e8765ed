//! An edition as a folder: the same files as on the docs port, whoever serves them, whether the stack is up or not.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Output;

use imprint_local::demo::{Reader, Site};
use imprint_local::stack::Options;
use serde_json::Value;

use crate::served::serve;
use crate::support::Story;

fn site() -> Site {
    Site::from([
        ("index.html", "<h1>Home</h1>"),
        ("guides/index.html", "<h1>Guides</h1>"),
        ("guides/Über uns & mehr.html", "about"),
        ("_static/style.css", "body{}"),
    ])
}

fn export(data: &Path, product: &str, rest: &[&str]) -> Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_imprint-local"))
        .args(["export", product])
        .args(rest)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap()
}

fn told(output: &Output) -> Value {
    let (out, err) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(out).unwrap_or_else(|error| panic!("{error}: {err}"))
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let site = Site::read(folder).unwrap();
    let files = site.files();
    files
        .map(|(path, body)| (path.to_owned(), body.to_vec()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_has_what_readers_see_whether_the_stack_is_up_or_not() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    let options = Options {
        data: Some(data.clone()),
        ..Options::default()
    };
    let story = Story::begin_with(options).await;
    story.product("handbook").await;
    story.publish("handbook", &site()).await;
    story.quiesce().await;
    // What was compressed for browsers.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"let x = 1;").unwrap();
    let put = story.s3().put_object().bucket(&story.stack.info().bucket);
    let put = put.key("handbook/v/main/_static/x.js").content_encoding("gzip");
    put.body(gzip.finish().unwrap().into()).send().await.unwrap();
    // What no file system holds: a file below a file.
    let put = story.s3().put_object().bucket(&story.stack.info().bucket);
    put.key("handbook/v/main/index.html/below")
        .body(b"x".to_vec().into())
        .send()
        .await
        .unwrap();

    let up = parent.path().join("up");
    let output = export(&data, "handbook", &[up.to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let json = told(&output);
    assert_eq!(
        (&json["edition"], &json["build"]),
        (&"main".into(), &"1".into()),
        "{json}"
    );
    assert_eq!(json["files"], 5, "{json}");
    assert_eq!(json["skipped"][0]["path"], "index.html/below", "{json}");
    let url = serve(&up).await;
    let reader = Reader::below_url(&url).unwrap();
    reader.has_all(&site()).await.unwrap();
    assert_eq!(reader.read("").await.unwrap().body, "<h1>Home</h1>");
    assert_eq!(
        reader.read("guides").await.unwrap().header("location"),
        "/guides/"
    );
    assert_eq!(reader.read("_static/x.js").await.unwrap().body, "let x = 1;");

    let gone = story.s3().delete_object().bucket(&story.stack.info().bucket);
    gone.key("handbook/v/main/index.html/below").send().await.unwrap();
    story.end().await;
    let down = parent.path().join("down");
    let output = export(&data, "handbook", &[down.to_str().unwrap(), "--edition", "main"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("5 files"),
        "{output:?}"
    );
    assert_eq!(files(&down), files(&up));

    // A folder that is not empty is left alone, unless somebody insists.
    std::fs::write(down.join("mine.txt"), "mine").unwrap();
    std::fs::write(down.join("index.html"), "old").unwrap();
    let refused = export(&data, "handbook", &[down.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert_eq!(files(&down)["index.html"], b"old");
    let forced = export(&data, "handbook", &[down.to_str().unwrap(), "--force"]);
    assert_eq!(forced.status.code(), Some(0), "{forced:?}");
    let after = files(&down);
    assert_eq!(
        (&after["index.html"][..], &after["mine.txt"][..]),
        (&b"<h1>Home</h1>"[..], &b"mine"[..])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_told_with_what_there_is() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    let options = Options {
        data: Some(data.clone()),
        ..Options::default()
    };
    let story = Story::begin_with(options).await;
    story.product("handbook").await;
    let folder = parent.path().join("site");
    let folder = folder.to_str().unwrap();
    for (product, rest, code, says) in [
        ("almanac", &[folder][..], 3, "there are: handbook"),
        ("handbook", &[folder, "--edition", "v1"][..], 3, "there are: main"),
        ("handbook", &[folder][..], 3, "has not been published yet"),
        (
            "handbook",
            &[folder, "--org", "acme"][..],
            3,
            "there are: default",
        ),
        ("..", &[folder][..], 2, "PRODUCT"),
        ("handbook", &[folder, "--edition", "../x"][..], 2, "--edition"),
        ("handbook", &[][..], 2, "DIR"),
    ] {
        let output = export(&data, product, rest);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{product} {rest:?}: {error}");
        assert!(error.contains(says), "{product} {rest:?}: {error}");
    }
    let nowhere = export(&parent.path().join("nowhere"), "handbook", &[folder]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(!parent.path().join("nowhere").exists() && !Path::new(folder).exists());
    story.end().await;
}
