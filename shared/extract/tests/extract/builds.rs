//! The digest tells builds that say something else from builds that were only made at another time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use imprint_extract::{ContentDigest, Extracted, Page, extract, search_json};

fn demo_site(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../local/demo-site")
        .join(version)
}

/// The pages below a directory, by path.
fn pages(root: &Path) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    let mut rest = vec![root.to_owned()];
    while let Some(directory) = rest.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                rest.push(path);
            } else if path.extension().is_some_and(|ending| ending == "html") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                pages.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    pages
}

fn read(path: &str, html: &str) -> Page {
    match extract(path, html.as_bytes()).unwrap() {
        Extracted::Page(page) => page,
        Extracted::Redirect { to } => panic!("{path} leads on to {to}"),
    }
}

fn digest(path: &str, html: &str) -> ContentDigest {
    read(path, html).digest
}

#[test]
fn pages_of_the_demo_site_differ_where_their_text_does() {
    let first = pages(&demo_site("v1"));
    let second = pages(&demo_site("v2"));
    let same = |path: &&String| {
        first
            .get(*path)
            .is_none_or(|html| digest(path, html) == digest(path, &second[*path]))
    };
    let differ: Vec<_> = second.keys().filter(|path| !same(path)).collect();
    // The others of the second build are new. Of these, four have another sentence, table or list of pages, the home
    // page and three indexes name other pages, and so does the index of words.
    assert_eq!(
        differ,
        [
            "changes/index.html",
            "genindex.html",
            "guides/index.html",
            "index.html",
            "instruments/index.html",
            "start/first reading.html",
            "stations/Skerry Bank.html",
            "stations/index.html",
        ]
    );
    let new = second.keys().filter(|path| !first.contains_key(*path)).count();
    assert_eq!(new + differ.len(), second.len());
}

#[test]
fn no_two_pages_of_the_demo_site_say_the_same() {
    let pages = pages(&demo_site("v1"));
    let digests: BTreeMap<_, _> = pages
        .iter()
        .map(|(path, html)| (digest(path, html), path))
        .collect();
    assert_eq!(digests.len(), pages.len());
}

/// What another build on another day changes, although nobody wrote anything.
const NOISE: &[(&str, &str)] = &[
    (
        "<meta charset=\"utf-8\">",
        "<meta charset=\"utf-8\"><meta name=\"generator\" content=\"Sphinx 9.9\"><script>var t = 1902;</script>",
    ),
    ("_static/tidepool.css\"", "_static/tidepool.css?v=5ecbeea2\""),
    (".svg\"", ".svg?v=0c1d2e3f\""),
    ("· Tidepool</title>", "· Tidepool 2.0.4 documentation</title>"),
    (
        "<ul class=\"current\">",
        "<ul class=\"current\"><li><a href=\"new.html\">A new page elsewhere</a></li>",
    ),
    (
        "class=\"reference internal\" href",
        "title=\"x\" class=\"internal reference\" data-x=\"1\" href",
    ),
    ("class=\"highlight\"", "class=\"highlight\" id=\"codecell0\""),
    (
        "</article>",
        "<p class=\"last-updated\">Last updated on Apr 5, 2031.</p><p>Revision <code>4f0c2d91</code>.</p>\n</article>",
    ),
    (
        "<footer>",
        "<footer>© Copyright 2031. Built with Sphinx 9.9.9. Created using it on Apr 5, 2031.",
    ),
    ("<p>", "<p>\n  "),
    ("</pre>", "</pre><button class=\"copybtn\">Copy</button>"),
];

#[test]
fn what_each_build_changes_by_itself_is_no_difference() {
    let pages = pages(&demo_site("v1"));
    let mut seen = vec![false; NOISE.len()];
    for (path, html) in &pages {
        let mut other = html.clone();
        for (at, (from, to)) in NOISE.iter().enumerate() {
            seen[at] |= other.contains(from);
            other = other.replace(from, to);
        }
        assert_eq!(digest(path, html), digest(path, &other), "{path}");
    }
    assert_eq!(seen, vec![true; NOISE.len()]);
}

#[test]
fn what_somebody_wrote_is_a_difference() {
    let page = |main: &str| digest("a.html", &format!("<main><h1>T</h1>{main}</main>"));
    let before =
        "<p>Text <a href=b.html>b</a> <img src=c.png alt=c></p><pre>x = 1\n  y</pre><ul><li>a<li>b</ul>";
    for (what, from, to) in [
        ("a word", "Text", "test"),
        ("where a link leads", "b.html", "d.html"),
        ("an anchor", "b.html", "b.html#d"),
        ("an image", "c.png", "d.png"),
        ("what an image shows", "alt=c", "alt=d"),
        ("white space in code", "\n  y", "\n y"),
        ("what belongs to an item", "<li>b", " b"),
        ("a heading", "<p>Text", "<h2>Text</h2><p>"),
    ] {
        let after = before.replace(from, to);
        assert_ne!(page(before), page(&after), "{what}");
    }
}

#[test]
fn every_page_of_the_demo_site_has_a_title_sections_and_markdown() {
    for (path, html) in pages(&demo_site("v1")) {
        let page = read(&path, &html);
        assert!(page.markdown.starts_with("# "), "{path}");
        assert!(
            !page.markdown.contains('¶') && !page.markdown.contains("made-up instrument;"),
            "{path}"
        );
        assert!(
            page.sections.iter().all(|section| !section.title.is_empty()),
            "{path}"
        );
    }
}

#[test]
fn the_search_index_of_the_demo_site_finds_each_page_once() {
    let pages: Vec<_> = pages(&demo_site("v1"))
        .into_iter()
        .map(|(path, html)| (path.clone(), read(&path, &html)))
        .collect();
    let json = search_json(pages.iter().rev().map(|(path, page)| (path.as_str(), page)));
    let index: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let listed: Vec<_> = index["pages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|page| page["path"].as_str().unwrap())
        .collect();
    let paths: Vec<_> = pages.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(listed, paths);
}
