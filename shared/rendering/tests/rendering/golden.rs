//! The whole sample in each form. A change here is a change that readers see.

use imprint_rendering::{html, latex, search};
use insta::assert_snapshot;

use crate::sample::{full, journal};

/// The page without its style, which would hide everything else.
pub(crate) fn unstyled(page: &str) -> String {
    let (before, rest) = page.split_once("<style>").expect("a page has a style");
    let (_, after) = rest.split_once("</style>").expect("a style ends");
    format!("{before}{after}")
}

#[test]
fn the_page_is_as_before() {
    assert_snapshot!(unstyled(&html(&full())));
}

#[test]
fn the_latex_is_as_before() {
    let (tex, bib) = latex(&full());
    assert_snapshot!("tex", tex);
    assert_snapshot!("bib", bib);
}

#[test]
fn the_journal_numbers_lines_and_has_key_points() {
    let (tex, _) = latex(&journal());
    assert!(
        tex.contains("\\linenumbers") && tex.contains("Key points") && !tex.contains("\\tableofcontents")
    );
    let page = html(&journal());
    assert!(page.contains("Depth is retrieved over land and ocean."));
    assert!(!html(&full()).contains("Depth is retrieved over land and ocean."));
}

#[test]
fn the_search_is_as_before() {
    let json: serde_json::Value = serde_json::from_str(&search(&full())).expect("JSON");
    insta::assert_json_snapshot!(json);
}

#[test]
fn the_same_manuscript_gives_the_same_bytes() {
    let (one, two) = (full(), full());
    assert_eq!(html(&one), html(&two));
    assert_eq!(latex(&one), latex(&two));
    assert_eq!(search(&one), search(&two));
}

#[test]
#[ignore = "writes a page to look at"]
fn a_page_to_look_at() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("rendering-sample");
    std::fs::create_dir_all(folder.join("images")).expect("a folder");
    let page = html(&journal()).replace(
        "default-src 'none'; img-src 'self'",
        "default-src 'none'; img-src 'self' file:",
    );
    std::fs::write(folder.join("index.html"), page).expect("a page");
    std::fs::write(
        folder.join("document.epub"),
        imprint_rendering::epub(&full(), &crate::sample::images()),
    )
    .expect("a book");
}
