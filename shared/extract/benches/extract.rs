//! How long the pages of a large site take: `cargo bench -p imprint-extract`.
//!
//! A page of about 20 KB is made of the demo site's by repeating their main content.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on stops")]

use std::fs;
use std::path::Path;
use std::time::Instant;

use imprint_extract::{Extracted, extract, search_json};

const PAGES: usize = 1_000;
const BYTES: usize = 20_000;

fn main() {
    // Started by the tests too, which have no use for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../local/demo-site/v1");
    let pages: Vec<_> = [
        "reference/api.html",
        "reference/configuration.html",
        "start/unpacking.html",
    ]
    .iter()
    .map(|path| enlarged(&fs::read_to_string(site.join(path)).unwrap()))
    .collect();
    let bytes: usize = (0..PAGES).map(|at| pages[at % pages.len()].len()).sum();
    let began = Instant::now();
    let mut read = Vec::with_capacity(PAGES);
    for at in 0..PAGES {
        let path = format!("p/{at}.html");
        let Extracted::Page(page) = extract(&path, pages[at % pages.len()].as_bytes()).unwrap() else {
            panic!("the demo's pages are no redirects");
        };
        read.push((path, page));
    }
    let extracted = began.elapsed();
    let search = search_json(read.iter().map(|(path, page)| (path.as_str(), page)));
    let markdown: usize = read.iter().map(|(_, page)| page.markdown.len()).sum();
    println!("{PAGES} pages, {bytes} bytes of HTML: {extracted:.2?}, {markdown} bytes of Markdown");
    println!(
        "search index: {:.2?} in all, {} bytes",
        began.elapsed(),
        search.len()
    );
}

fn enlarged(page: &str) -> String {
    let (before, rest) = page.split_once("<article>").unwrap();
    let (main, after) = rest.split_once("</article>").unwrap();
    let times = (BYTES - before.len() - after.len()) / main.len() + 1;
    format!("{before}<article>{}</article>{after}", main.repeat(times))
}
