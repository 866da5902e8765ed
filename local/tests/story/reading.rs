//! How published files are read: in parts, by their headers alone, and as Markdown.

use http::{HeaderName, Method, StatusCode, header};
use imprint_local::demo::{Read, Reader};

use crate::support::Story;

/// What lies at the edition `main`, with the headers that a copy gives it.
async fn put(story: &Story, path: &str, content_type: &str, body: Vec<u8>) {
    let put = story.s3().put_object().bucket(&story.stack.info().bucket);
    let put = put
        .key(format!("handbook/v/main/{path}"))
        .body(body.into())
        .content_type(content_type)
        .cache_control("no-cache")
        .metadata("surrogate-control", "max-age=31536000")
        .metadata("surrogate-key", "edition");
    let put = match path.ends_with(".pdf") {
        true => put.content_disposition("inline; filename=\"handbook.pdf\""),
        false => put,
    };
    put.send().await.unwrap();
}

async fn get(reader: &Reader, path: &str, headers: &[(HeaderName, &str)]) -> Read {
    reader.ask(Method::GET, path, headers).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_can_be_read_in_parts_whether_it_is_kept_or_passed_on() {
    let story = Story::begin().await;
    let small: Vec<u8> = b"%PDF-1.7 some bytes".to_vec();
    // More than the cache takes.
    let large: Vec<u8> = (0..9 * 1024 * 1024).map(|at: u32| at.to_le_bytes()[0]).collect();
    put(&story, "small.pdf", "application/pdf", small.clone()).await;
    put(&story, "large.pdf", "application/pdf", large.clone()).await;
    let reader = story.reader("handbook");
    for (path, body) in [("small.pdf", &small), ("large.pdf", &large)] {
        let length = body.len();
        let whole = get(&reader, path, &[]).await;
        assert_eq!(whole.status, StatusCode::OK);
        assert_eq!(whole.header("accept-ranges"), "bytes");
        assert_eq!(
            whole.header("content-disposition"),
            "inline; filename=\"handbook.pdf\""
        );
        let (tag, last_byte) = (
            whole.header("etag").to_owned(),
            format!("bytes {0}-{0}/{length}", length - 1),
        );
        let five = format!("bytes 0-4/{length}");
        for (range, if_range, answered) in [
            ("bytes=0-4", None, Some((&five, &body[..5]))),
            ("bytes=0-4", Some(tag.as_str()), Some((&five, &body[..5]))),
            ("bytes=-1", None, Some((&last_byte, &body[length - 1..]))),
            ("bytes=0-4", Some("\"another\""), None),
            ("bytes=0-1,3-4", None, None),
        ] {
            let mut headers = vec![(header::RANGE, range)];
            headers.extend(if_range.map(|tag| (header::IF_RANGE, tag)));
            let part = get(&reader, path, &headers).await;
            match answered {
                Some((range, bytes)) => {
                    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{path} {headers:?}");
                    assert_eq!(part.header("content-range"), range);
                    assert!(part.body == bytes, "{path} {headers:?}");
                    assert_eq!(part.header("content-type"), "application/pdf");
                    assert_eq!(part.header("etag"), tag);
                }
                None => {
                    assert_eq!(part.status, StatusCode::OK, "{path} {headers:?}");
                    assert!(part.body == *body, "{path} {headers:?}");
                }
            }
        }
        let outside = [(header::RANGE, "bytes=99999999-")];
        let outside = get(&reader, path, &outside).await;
        assert_eq!(outside.status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(outside.header("content-range"), format!("bytes */{length}"));
        assert!(outside.body.is_empty());
        // HEAD tells of the whole, whatever range it names.
        let head = [(header::RANGE, "bytes=0-4")];
        let head = reader.ask(Method::HEAD, path, &head).await.unwrap();
        assert_eq!(head.status, StatusCode::OK);
        assert_eq!(head.header("content-length"), length.to_string());
        assert!(head.body.is_empty());
        let known = [
            (header::RANGE, "bytes=0-4"),
            (header::IF_NONE_MATCH, tag.as_str()),
        ];
        assert_eq!(get(&reader, path, &known).await.status, StatusCode::NOT_MODIFIED);
    }
    assert!(get(&reader, "small.pdf", &[]).await.is_hit());
    assert!(!get(&reader, "large.pdf", &[]).await.is_hit());
    story.end().await;
}

const AGENT: &str = "text/markdown, */*;q=0.1";
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_markdown_gets_a_pages_twin_and_browsers_never_do() {
    let story = Story::begin().await;
    for (path, content_type, body) in [
        ("index.html", "text/html", "<h1>Home</h1>"),
        ("index.md", "text/markdown; charset=utf-8", "# Home"),
        ("a/index.html", "text/html", "<h1>A</h1>"),
        ("a/index.md", "text/markdown; charset=utf-8", "# A"),
        ("a/b.html", "text/html", "<h1>B</h1>"),
        ("a/b.md", "text/markdown; charset=utf-8", "# B"),
        ("alone.html", "text/html", "<h1>Alone</h1>"),
        ("other.html", "text/html", "<h1>Other</h1>"),
        // What a site brings under the name of a twin and is none.
        ("other.md", "application/octet-stream", "bytes"),
    ] {
        put(&story, path, content_type, body.into()).await;
    }
    let reader = story.reader("handbook");
    for (path, html, markdown) in [
        ("", "<h1>Home</h1>", "# Home"),
        ("index.html", "<h1>Home</h1>", "# Home"),
        ("a/", "<h1>A</h1>", "# A"),
        ("a/b.html", "<h1>B</h1>", "# B"),
        ("v/main/a/b.html", "<h1>B</h1>", "# B"),
    ] {
        // Each twice, so that the second comes from the cache, and in turn, so that neither is taken for the other.
        for round in 0..2 {
            let page = get(&reader, path, &[(header::ACCEPT, BROWSER)]).await;
            assert_eq!(
                (page.status, &page.body[..]),
                (StatusCode::OK, html.as_bytes()),
                "{path}"
            );
            assert_eq!(page.header("vary"), "Accept", "{path}");
            let twin = get(&reader, path, &[(header::ACCEPT, AGENT)]).await;
            assert_eq!(
                (twin.status, &twin.body[..]),
                (StatusCode::OK, markdown.as_bytes()),
                "{path}"
            );
            assert_eq!(
                twin.header("content-type"),
                "text/markdown; charset=utf-8",
                "{path}"
            );
            assert_eq!(twin.header("vary"), "Accept", "{path}");
            assert_ne!(twin.header("etag"), page.header("etag"), "{path}");
            if round == 1 {
                assert!(page.is_hit() && twin.is_hit(), "{path}");
            }
            let known = [
                (header::ACCEPT, AGENT),
                (header::IF_NONE_MATCH, twin.header("etag")),
            ];
            let known = get(&reader, path, &known).await;
            assert_eq!(
                (known.status, known.header("vary")),
                (StatusCode::NOT_MODIFIED, "Accept")
            );
        }
    }
    for path in ["alone.html", "other.html"] {
        let page = get(&reader, path, &[(header::ACCEPT, AGENT)]).await;
        assert_eq!(
            (page.header("content-type"), page.header("vary")),
            ("text/html", ""),
            "{path}"
        );
    }
    let itself = get(&reader, "a/b.md", &[(header::ACCEPT, BROWSER)]).await;
    assert_eq!((itself.status, itself.header("vary")), (StatusCode::OK, ""));
    story.end().await;
}
