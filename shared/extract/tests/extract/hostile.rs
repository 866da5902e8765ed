//! Whatever a page is, reading it ends soon, and what comes of it is text.

use imprint_extract::{
    ExtractError, Extracted, MAX_HTML_BYTES, MAX_MARKDOWN_BYTES, Page, extract, llms_txt, search_json,
};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::string::string_regex;
use pulldown_cmark::{Event, Parser, Tag};

fn check(page: &Page) {
    let outputs = [&page.title, &page.markdown].into_iter().chain(&page.description);
    let parts = page
        .sections
        .iter()
        .flat_map(|section| [&section.id, &section.title, &section.text]);
    for text in outputs.chain(parts) {
        assert!(
            text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()),
            "{text:?}"
        );
    }
    let lines = page
        .sections
        .iter()
        .flat_map(|section| [&section.title, &section.text])
        .chain([&page.title]);
    for line in lines {
        assert!(!line.contains('\n') && line.trim() == line, "{line:?}");
    }
    assert!(!page.title.is_empty());
    assert!(page.markdown.len() <= MAX_MARKDOWN_BYTES && page.markdown.ends_with('\n'));
    for event in Parser::new(&page.markdown) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => panic!("markup: {html}"),
            Event::Start(Tag::Link { dest_url: to, .. } | Tag::Image { dest_url: to, .. }) => {
                let scheme = to.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
                assert!(
                    !scheme
                        .is_some_and(|scheme| ["javascript", "data", "vbscript"].contains(&scheme.as_str())),
                    "{to}"
                );
            }
            _ => {}
        }
    }
    let json = search_json([("a.html", page)].into_iter());
    serde_json::from_slice::<serde_json::Value>(&json).unwrap();
    assert_eq!(
        llms_txt(
            &page.title,
            page.description.as_deref(),
            [("a.html", page).into()].into_iter()
        )
        .matches("\n- ")
        .count(),
        1
    );
}

fn read(html: &[u8]) {
    match extract("a/b.html", html) {
        Ok(Extracted::Page(page)) => check(&page),
        Ok(Extracted::Redirect { to }) => assert!(!to.to_ascii_lowercase().starts_with("javascript:")),
        Err(ExtractError::NotHtml | ExtractError::TooLarge | ExtractError::TooManyElements) => {}
    }
}

/// Tags, ends of tags and pieces of both, in no order.
fn soup() -> impl Strategy<Value = String> {
    let names = "(a|b|i|p|div|span|ul|ol|li|dl|dt|dd|table|tr|td|th|caption|pre|code|h1|h2|section|main|article|blockquote|math|svg|br|img|script|style|title|textarea|template|noscript|x-y|body|html|head)";
    let attributes = "( (id|class|href|src|alt|role|colspan|start|hidden|type)=(x|'a b'|\"javascript:x\"|main|headerlink|math|sig|-1|99999999999|c\\.html#d|\\[x\\]\\(y\\)|admonition|language-x)){0,3}";
    let piece = prop_oneof![
        5 => string_regex(&format!("<{names}{attributes}>")).unwrap(),
        3 => string_regex(&format!("</{names}>")).unwrap(),
        3 => "[ -~\n]{0,12}",
        1 => any::<String>(),
        1 => prop_oneof![
            Just("<meta http-equiv=refresh content='0;url="), Just("&#0;&#x1f;&lt;b&gt;&nbsp;"), Just("<!--"), Just("-->"), Just("<![CDATA["),
            Just("- "), Just("# "), Just("1. "), Just("```"), Just("[a](javascript:b)"), Just("<a href='javascript:x'>y</a>"), Just("\\"),
        ].prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
        read(&[b"<p>", bytes.as_slice()].concat());
    }

    #[test]
    fn any_tags_in_any_order_become_text(html in soup()) {
        read(html.as_bytes());
    }

    #[test]
    fn the_same_page_is_always_read_the_same(html in soup()) {
        assert_eq!(extract("a.html", html.as_bytes()), extract("a.html", html.as_bytes()));
    }
}

/// Large enough that what is quadratic would hold this test up for as long as somebody waits for it; linear, each kind takes
/// about a second where nothing is optimized.
const LARGE: usize = MAX_HTML_BYTES / 16;

#[test]
fn large_pages_of_the_worst_kinds_end_soon() {
    let repeated = |part: &str| part.repeat(LARGE / part.len());
    let distinct = |part: &dyn Fn(usize) -> String| {
        let mut html = String::new();
        for at in 0.. {
            let one = part(at);
            if html.len() + one.len() > LARGE {
                return html;
            }
            html.push_str(&one);
        }
        html
    };
    let kinds = [
        ("nested", repeated("<div>")),
        ("nested lists", repeated("<ul><li>")),
        ("nested tables", repeated("<table><tr><td>")),
        ("bold paragraphs", repeated("<p><b>x")),
        ("attributes", format!("<a {}", distinct(&|at| format!("a{at} ")))),
        ("marks that differ", distinct(&|at| format!("<p><b id={at}>x"))),
        ("bodies", repeated("x<body>")),
        ("end tags", repeated("</div></b>")),
        ("one word", format!("<p>{}", "a".repeat(LARGE - 3))),
        ("signs", format!("<p>{}", "*_[`".repeat(LARGE / 4 - 1))),
        (
            "one address",
            format!("<p><a href='{}'>x</a>", "a".repeat(LARGE - 32)),
        ),
        ("an open comment", format!("<p>{}", "<!-".repeat(LARGE / 3 - 1))),
        (
            "wide tables",
            format!("<table><tr>{}", "<td colspan=16>a".repeat(12_000)),
        ),
        ("long tables", format!("<table>{}", "<tr><td>a".repeat(10_000))),
        ("headings", repeated("<section id=a><h1>x</h1>")),
        ("definitions", repeated("<dl><dt id=a class=sig>x<dd>")),
        ("links", repeated("<a href=b><i>x</a>")),
    ];
    for (kind, html) in kinds {
        if let Ok(Extracted::Page(page)) = extract("a/b.html", html.as_bytes()) {
            assert!(page.markdown.len() <= MAX_MARKDOWN_BYTES, "{kind}");
        }
    }
}

#[test]
fn deep_pages_need_no_more_stack_than_a_thread_has() {
    let kinds = [
        "<div>",
        "<b>",
        "<ul><li>",
        "<table><tr><td>",
        "<blockquote>",
        "<dl><dd>",
        "<a href=x><i>",
        "<span><p>",
        "<x-y>",
    ];
    // Half of what threads have by default.
    let reader = std::thread::Builder::new()
        .stack_size(1024 * 1024)
        .spawn(move || {
            for kind in kinds {
                read(format!("{}text", kind.repeat(100_000)).as_bytes());
            }
        });
    reader.unwrap().join().unwrap();
}
