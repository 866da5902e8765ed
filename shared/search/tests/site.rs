//! Indexes of whole sites: what is found, what stays the same, what is left out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use imprint_search::{Index, MAX_BYTES, MAX_PAGE_BYTES, MAX_PAGES, MAX_TEXT_BYTES, Page, SearchError, index};
use proptest::prelude::*;
use serde_json::Value;

type Pages = BTreeMap<String, String>;

fn demo_site() -> Pages {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../local/demo-site/v1");
    let mut folders = vec![root.clone()];
    let mut pages = Pages::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "html") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                pages.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    assert!(pages.len() > 40);
    pages
}

async fn indexed(pages: &Pages) -> Index {
    let pages = pages.iter().map(|(path, html)| Page { path, html });
    index(pages, "Tidepool").await.unwrap()
}

fn site<const N: usize>(pages: [(&str, &str); N]) -> Pages {
    pages
        .into_iter()
        .map(|(path, html)| (path.to_owned(), html.to_owned()))
        .collect()
}

/// What the index knows of each page, by its address.
fn fragments(index: &Index) -> BTreeMap<String, Value> {
    index
        .files
        .iter()
        .filter(|file| file.path.starts_with("pagefind/fragment/"))
        .map(|file| {
            let mut text = String::new();
            GzDecoder::new(file.bytes.as_slice())
                .read_to_string(&mut text)
                .unwrap();
            let page: Value = serde_json::from_str(text.strip_prefix("pagefind_dcd").unwrap()).unwrap();
            (page["url"].as_str().unwrap().to_owned(), page)
        })
        .collect()
}

fn names(index: &Index) -> BTreeSet<&str> {
    index.files.iter().map(|file| file.path.as_str()).collect()
}

fn text_of<'a>(index: &'a Index, path: &str) -> &'a str {
    let file = index.files.iter().find(|file| file.path == path).unwrap();
    std::str::from_utf8(&file.bytes).unwrap()
}

#[tokio::test]
async fn a_real_site_is_indexed_by_what_its_pages_say() {
    let index = indexed(&demo_site()).await;
    assert_eq!(index.pages, 45);
    assert_eq!(
        index.notes,
        ["2 pages of the generator's own index and search are not searched (genindex.html, search.html)."]
    );
    let pages = fragments(&index);
    let page = &pages["/instruments/level-gauge.html"];
    assert_eq!(page["meta"]["title"], "Level gauge");
    let content = page["content"].as_str().unwrap();
    assert!(content.starts_with("Level gauge. A float in a tube"), "{content}");
    // Navigation, the sign beside headings, and the frame of the page.
    for noise in [
        "About this handbook",
        "¶",
        "Source of this page",
        "Skip to the text",
    ] {
        assert!(!content.contains(noise), "{noise}");
    }
    // Pages have addresses that a browser can follow.
    assert!(pages.contains_key("/stations/%C3%8Ele%20du%20Phare.html"));
    // Sections are found as such.
    let anchors = pages["/concepts/tides.html"]["anchors"].as_array().unwrap();
    assert!(
        anchors
            .iter()
            .any(|anchor| anchor["element"] == "h2" && anchor["text"] != ""),
        "{anchors:?}"
    );
    let members = pages["/reference/api.html"]["anchors"].as_array().unwrap();
    assert!(
        members
            .iter()
            .any(|anchor| anchor["title"] == "tidepool.Series.drop")
    );
}

#[tokio::test]
async fn the_files_are_what_the_search_needs() {
    let index = indexed(&demo_site()).await;
    let paths: Vec<_> = index.files.iter().map(|file| file.path.as_str()).collect();
    assert!(paths.is_sorted());
    let shared: Vec<_> = index
        .files
        .iter()
        .filter(|file| file.shared)
        .map(|file| (file.path.as_str(), file.content_type))
        .collect();
    let (script, style) = ("text/javascript; charset=utf-8", "text/css; charset=utf-8");
    assert_eq!(
        shared,
        [
            ("_search/box.js", script),
            ("_search/engine.js", script),
            ("_search/search.css", style),
            ("_search/search.js", script),
            ("pagefind/pagefind-highlight.js", script),
            ("pagefind/pagefind-ui.css", style),
            ("pagefind/pagefind-ui.js", script),
            ("pagefind/pagefind-worker.js", script),
            ("pagefind/pagefind.js", script),
            ("pagefind/wasm.en.pagefind", "application/octet-stream"),
        ]
    );
    let entry: Value = serde_json::from_str(text_of(&index, "pagefind/pagefind-entry.json")).unwrap();
    assert_eq!(entry["languages"]["en"]["page_count"], 45);
    let engine = index
        .files
        .iter()
        .find(|file| file.path == "pagefind/wasm.en.pagefind")
        .unwrap();
    assert_eq!(&engine.bytes[..2], b"\x1f\x8b", "the script decompresses it");
}

#[tokio::test]
async fn an_index_can_be_made_on_a_task_of_its_own() {
    let page = Page {
        path: "a.html",
        html: "<p>tide",
    };
    let made = tokio::spawn(index([page], "t")).await.unwrap();
    assert_eq!(made.unwrap().pages, 1);
}

#[tokio::test]
async fn the_same_pages_give_the_same_files() {
    let pages = demo_site();
    let index = indexed(&pages).await;
    assert_eq!(index, indexed(&pages).await);
    let backwards = pages.iter().rev().map(|(path, html)| Page { path, html });
    assert_eq!(index, imprint_search::index(backwards, "Tidepool").await.unwrap());
}

#[tokio::test]
async fn a_change_of_one_page_changes_few_files() {
    let mut pages = demo_site();
    let before = indexed(&pages).await;
    let page = pages.get_mut("guides/winter.html").unwrap();
    *page = page.replace("</h1>", "</h1><p>A walrus came by.</p>");
    let after = indexed(&pages).await;
    let new: Vec<_> = names(&after).difference(&names(&before)).copied().collect();
    // Its own fragment, the part of the index that has its words, and the table of contents of the index.
    assert!(new.len() <= 3, "{new:?}");
    assert!(new.iter().any(|path| path.starts_with("pagefind/fragment/")));
    let shared =
        |index: &Index| -> Vec<_> { index.files.iter().filter(|file| file.shared).cloned().collect() };
    assert_eq!(shared(&before), shared(&after));
}

#[tokio::test]
async fn words_are_found_with_the_page_that_says_them() {
    let index = indexed(&site([
        ("a/b.html", "<p>walrus<p>narwhal<ul><li>one<li>two</ul>"),
        ("empty.html", ""),
        (
            "words.html",
            "<html lang=en><body><nav>menu</nav><h1>Title</h1>text",
        ),
    ]))
    .await;
    assert_eq!(index.pages, 2);
    let pages = fragments(&index);
    assert_eq!(pages["/a/b.html"]["content"], "walrus. narwhal. one. two.");
    assert_eq!(pages["/words.html"]["content"], "Title. text");
    assert_eq!(pages["/words.html"]["meta"]["title"], "Title");
}

#[tokio::test]
async fn pages_that_ask_for_it_are_left_out() {
    let index = indexed(&site([
        (
            "draft.html",
            "<html><head><meta name=robots content=noindex></head><body>secret</body></html>",
        ),
        (
            "moved.html",
            "<html><head><meta http-equiv=refresh content='0;url=a.html'></head></html>",
        ),
        ("old.html", "<html><body data-pagefind-ignore>old</body></html>"),
        ("_search/index.html", "<html><body>ours</body></html>"),
        (
            "page.html",
            "<html><body>page <p data-pagefind-ignore>hidden</p></body></html>",
        ),
    ]))
    .await;
    assert_eq!(
        index.notes,
        [
            "1 page is not searched because of a robots tag with noindex (draft.html).",
            "1 page is not searched because of data-pagefind-ignore (old.html).",
            "1 page that only redirects is not searched (moved.html).",
        ]
    );
    let pages = fragments(&index);
    assert_eq!(pages.keys().collect::<Vec<_>>(), ["/page.html"]);
    assert_eq!(pages["/page.html"]["content"], "page");
}

#[tokio::test]
async fn an_author_chooses_what_is_searched() {
    let index = indexed(&site([
        (
            "a.html",
            "<html><body><main>frame <div data-pagefind-body>chosen</div></main></body></html>",
        ),
        ("b.html", "<html><body><main>not chosen</main></body></html>"),
    ]))
    .await;
    let pages = fragments(&index);
    assert_eq!(pages.keys().collect::<Vec<_>>(), ["/a.html"]);
    assert_eq!(pages["/a.html"]["content"], "chosen.");
}

#[tokio::test]
async fn a_site_has_one_index_in_the_language_of_most_pages() {
    let index = indexed(&site([
        ("a.html", "<html lang=de><body>Ebbe</body></html>"),
        ("b.html", "<html lang=de-AT><body>Flut</body></html>"),
        ("c.html", "<html lang=en><body>tide</body></html>"),
        ("d.html", "<html lang='../../x'><body>none</body></html>"),
    ]))
    .await;
    let entry: Value = serde_json::from_str(text_of(&index, "pagefind/pagefind-entry.json")).unwrap();
    assert_eq!(
        entry["languages"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["de"]
    );
    assert_eq!(entry["languages"]["de"]["page_count"], 4);
    assert_eq!(
        index.notes,
        ["1 page in another language than most is searched as if in that of the others (c.html)."]
    );
    assert!(index.files.iter().all(|file| !file.path.contains("..")));
}

#[tokio::test]
async fn a_site_without_pages_has_a_search_page_all_the_same() {
    let index = indexed(&Pages::new()).await;
    assert_eq!(index.pages, 0);
    assert!(text_of(&index, "_search/index.html").contains("data-pages=\"0\""));
}

#[tokio::test]
async fn too_much_is_declined_with_a_reason() {
    let pages: Vec<_> = (0..=MAX_PAGES).map(|page| format!("{page}.html")).collect();
    let many = index(pages.iter().map(|path| Page { path, html: "a" }), "t").await;
    assert!(
        matches!(many, Err(SearchError::TooManyPages { pages, limit: MAX_PAGES }) if pages == MAX_PAGES + 1)
    );
    assert!(many.unwrap_err().to_string().contains("5001 HTML pages"));
    let html = "a ".repeat(MAX_PAGE_BYTES / 2);
    let large = pages.iter().take(MAX_BYTES / MAX_PAGE_BYTES + 1);
    let large = index(large.map(|path| Page { path, html: &html }), "t").await;
    assert!(matches!(
        large,
        Err(SearchError::TooLarge { limit: MAX_BYTES, .. })
    ));
}

#[tokio::test]
async fn too_much_text_is_declined_and_scripts_do_not_count() {
    let filler = "word ".repeat(600_000);
    let of = |html: String| async move {
        let paths: Vec<_> = (0..=MAX_TEXT_BYTES / 3_000_000)
            .map(|page| format!("{page}.html"))
            .collect();
        index(paths.iter().map(|path| Page { path, html: &html }), "t").await
    };
    let text = of(format!("<html><body>{filler}</body></html>")).await;
    assert!(matches!(
        text,
        Err(SearchError::TooMuchText {
            limit: MAX_TEXT_BYTES
        })
    ));
    let script = of(format!("<html><body><script>{filler}</script>tide</body></html>")).await;
    assert_eq!(script.unwrap().pages, 9);
}

#[tokio::test]
async fn hostile_pages_cost_only_themselves() {
    let hostile = [
        ("deep.html", format!("<html><body>{}", "<div>".repeat(200_000))),
        ("large.html", format!("<html><body>{}", "word ".repeat(2_000_000))),
        (
            "word.html",
            format!("<html lang=en><body>{}", "yo".repeat(20_000)),
        ),
        (
            "dots.html",
            format!("<html lang=en><body>{}", "a.B".repeat(10_000)),
        ),
        (
            "links.html",
            format!("<html><body>{}", "<a href=x>a</a> ".repeat(50_000)),
        ),
        (
            "entities.html",
            format!("<html><body>{}", "&#x110000;&bogus;&#0;&".repeat(20_000)),
        ),
        ("open.html", format!("<html><body>{}", "<p><b>a ".repeat(50_000))),
        ("stray.html", format!("<html><body>{}", "</x>".repeat(200_000))),
        ("nul.html", "<html>\0<body>\0a\u{202e}b\u{feff}</body>".to_owned()),
        ("tag.html", format!("<html><body><p {}", "a=b ".repeat(100_000))),
        (
            "private.html",
            "<html><body>___PAGEFIND_ANCHOR___ ___END_PAGEFIND_WEIGHT___ ___PAGEFIND_WEIGHT___x a".to_owned(),
        ),
        ("../../etc/x.html", "<html><body>path</body></html>".to_owned()),
        ("good.html", "<html><body>walrus</body></html>".to_owned()),
    ];
    let pages: Pages = hostile
        .into_iter()
        .map(|(path, html)| (path.to_owned(), html))
        .collect();
    let index = indexed(&pages).await;
    let found = fragments(&index);
    assert_eq!(found["/good.html"]["content"], "walrus");
    assert!(found.contains_key("/word.html") && found.contains_key("/links.html"));
    assert!(!found.contains_key("/deep.html") && !found.contains_key("/large.html"));
    let notes = index.notes.join(" ");
    assert!(
        notes.contains("1 page of more than 4 MB is not searched (large.html)"),
        "{notes}"
    );
    assert!(
        notes.contains("deeply nested elements are not searched"),
        "{notes}"
    );
    assert!(index.files.iter().all(|file| !file.path.contains("..")));
}

#[tokio::test]
async fn markup_in_a_title_stays_text() {
    let page = "<html><body><h1>&lt;img src=x onerror=alert(1)&gt;</h1>text</body></html>";
    let index = indexed(&site([("a.html", page)])).await;
    assert_eq!(
        fragments(&index)["/a.html"]["meta"]["title"],
        "<img src=x onerror=alert(1)>"
    );
    // The scripts that show it make no markup of text.
    for script in ["box.js", "engine.js", "search.js"] {
        let script = text_of(&index, &format!("_search/{script}"));
        for maker in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(!script.contains(maker), "{maker}");
        }
    }
    let html = text_of(&index, "_search/index.html");
    assert!(!html.contains("<script>") && !html.contains("<style") && !html.contains(" on"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_title_of_a_site_becomes_markup(title in "(<|>|\"|'|&|\\{pages\\}|\\{title\\}|</title>|<script>|[a-z ]){0,12}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let of = |title: &str| {
            let index = runtime.block_on(index(std::iter::empty(), title)).unwrap();
            text_of(&index, "_search/index.html").to_owned()
        };
        let (plain, html) = (of("plain"), of(&title));
        for sign in ['<', '>', '"', '\''] {
            prop_assert_eq!(html.matches(sign).count(), plain.matches(sign).count());
        }
    }
}
