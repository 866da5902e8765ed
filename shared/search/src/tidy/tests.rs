use proptest::prelude::*;

use super::{Facets, MAX_DEPTH, MAX_OPEN, depth, tidy};
use crate::notes::Reason;

fn html(source: &str) -> String {
    tidy(source, Facets::Kept).unwrap().html
}

fn reason(source: &str) -> Option<Reason> {
    match tidy(source, Facets::Kept) {
        Ok(tidied) => tidied.left_out,
        Err(reason) => Some(reason),
    }
}

#[test]
fn what_an_author_leaves_open_is_closed() {
    let cases = [
        ("<html><p>a<p>b</html>", "<p>a</p><p>b</p></html>"),
        (
            "<html><ul><li>a<li>b</ul>c</html>",
            "<ul><li>a</li><li>b</li></ul>c</html>",
        ),
        (
            "<html><ul><li><p>a<li>b</ul></html>",
            "<ul><li><p>a</p></li><li>b</li></ul></html>",
        ),
        (
            "<html><dl><dt>a<dd>b<dt>c</dl></html>",
            "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl></html>",
        ),
        (
            "<html><table><tr><td>a<td>b<tr><td>c</table></html>",
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table></html>",
        ),
        ("<html><div><b>a</div>c", "<div><b>a</b></div>c</html>"),
        (
            "<html><p>a<div>b</div></p>c</html>",
            "<p>a</p><div>b</div>c</html>",
        ),
        ("<html><p>a<ul><li>b</ul>", "<p>a</p><ul><li>b</li></ul></html>"),
        (
            "<html><ul><li>a<ul><li>b</ul></ul>",
            "<ul><li>a<ul><li>b</li></ul></li></ul></html>",
        ),
        ("<html><br><img><hr>a", "<br><img><hr>a</html>"),
    ];
    for (source, expected) in cases {
        let written = html(source);
        let (_, inside) = written.split_once('>').unwrap();
        assert_eq!(inside, expected, "{source}");
    }
}

#[test]
fn a_page_without_an_html_element_gets_one() {
    let written = tidy("<p>tide", Facets::Kept).unwrap().with_main_content();
    assert_eq!(written, "<html data-pagefind-body><p>tide</p></html>");
}

#[test]
fn the_main_content_is_what_the_generator_says() {
    let cases = [
        (
            "<main>x</main><article class=\"bd-article y\">a</article>",
            "<article",
        ),
        (
            "<div class=\"md-content\"><article class=\"md-content__inner\">a</article></div>",
            "<article",
        ),
        (
            "<main><article><div class=\"theme-doc-markdown markdown\">a</div></article></main>",
            "<div",
        ),
        (
            "<div role=\"main\"><div itemprop=\"articleBody\">a</div></div>",
            "<div itemprop",
        ),
        ("<div>x</div><div role=\"main\">a</div>", "<div role"),
        ("<main>x<article>a</article></main>", "<article"),
        ("<main>x<article>a</article><article>b</article></main>", "<main"),
        ("<article>a</article><div>b</div>", "<body"),
        ("<nav>a</nav><section>b</section>", "<body"),
    ];
    for (body, expected) in cases {
        let source = format!("<html><body>{body}</body></html>");
        let written = tidy(&source, Facets::Kept).unwrap().with_main_content();
        let tag_at = written[..written.find("data-pagefind-body").unwrap()]
            .rfind('<')
            .unwrap();
        assert!(written[tag_at..].starts_with(expected), "{body}: {written}");
        assert_eq!(written.matches("data-pagefind-body").count(), 1, "{body}");
    }
}

#[test]
fn the_title_is_the_first_heading_of_the_main_content() {
    let source = "<html><body><h1>Site</h1><main><h1>Page</h1><h1>Other</h1></main></body></html>";
    let written = tidy(source, Facets::Kept).unwrap().with_main_content();
    assert_eq!(written.matches("data-pagefind-meta=\"title\">Page").count(), 1);
    assert_eq!(written.matches("data-pagefind-meta").count(), 1);
    let own = "<html><body><main><h1>Page</h1><p data-pagefind-meta=\"title\">Mine</p></main></body></html>";
    let written = tidy(own, Facets::Kept).unwrap().with_main_content();
    assert!(
        !written.contains("data-pagefind-meta=\"title\">Page"),
        "{written}"
    );
}

#[test]
fn a_heading_gets_the_id_of_the_section_it_begins() {
    let written = html("<html><section id=\"s\"><h2>a</h2><h3>b</h3></section></html>");
    assert!(written.contains("<h2 id=\"s\">"), "{written}");
    assert!(written.contains("<h3>"), "{written}");
    let own = html("<html><section id=\"s\"><h2 id=\"mine\">a</h2></section></html>");
    assert!(own.contains("<h2 id=\"mine\">"), "{own}");
    let signature = html("<html><dl><dt class=\"sig py\" id=\"tide.level\">level()</dt></dl></html>");
    assert!(
        signature.contains("data-pagefind-title=\"tide.level\""),
        "{signature}"
    );
}

#[test]
fn a_page_says_whether_it_is_to_be_found() {
    let cases = [
        (
            "<meta name=\"robots\" content=\"noindex, follow\">",
            Some(Reason::Noindex),
        ),
        ("<meta name=\"ROBOTS\" content=\"NONE\">", Some(Reason::Noindex)),
        ("<meta name=\"robots\" content=\"nofollow\">", None),
        ("<meta name=\"description\" content=\"noindex\">", None),
        (
            "<meta http-equiv=\"Refresh\" content=\"0; url=a.html\">",
            Some(Reason::Redirect),
        ),
        ("<meta http-equiv=\"refresh\" content=\"60\">", None),
        ("<body data-pagefind-ignore>", Some(Reason::Ignored)),
        ("<body><div data-pagefind-ignore></div>", None),
    ];
    for (source, expected) in cases {
        assert_eq!(
            reason(&format!("<html>{source}text</html>")),
            expected,
            "{source}"
        );
    }
}

#[test]
fn only_a_language_is_taken_for_one() {
    let cases = [
        ("en", Some("en")),
        ("EN-gb", Some("en")),
        ("gsw", Some("gsw")),
        ("zh_TW", Some("zh")),
        ("", None),
        ("../../../etc", None),
        ("english", None),
        ("e/", None),
    ];
    for (lang, expected) in cases {
        let page = tidy(&format!("<html lang=\"{lang}\">a</html>"), Facets::Kept).unwrap();
        assert_eq!(page.language.as_deref(), expected, "{lang}");
    }
}

#[test]
fn deep_and_open_elements_are_bounded() {
    let nested = |tag: &str, times: usize| format!("<html>{}a</html>", format!("<{tag}>").repeat(times));
    assert_eq!(reason(&nested("div", MAX_DEPTH - 2)), None);
    assert_eq!(reason(&nested("div", MAX_DEPTH + 1)), Some(Reason::TooDeep));
    assert_eq!(reason(&nested("div", 500_000)), Some(Reason::TooDeep));
    // Paragraphs without end tags are beside each other, not within.
    assert_eq!(reason(&nested("p", MAX_OPEN - 10)), None);
    assert_eq!(reason(&nested("p", 500_000)), Some(Reason::TooDeep));
}

#[test]
fn a_word_is_broken_where_it_is_too_long_to_be_one() {
    let word = "y".repeat(100_000);
    let written = html(&format!("<html><b>{word}</b><i>{word}</i> end</html>"));
    let longest = written
        .split(|character: char| character.is_whitespace() || character == '<')
        .map(str::len)
        .max();
    assert!(longest.unwrap() <= 510, "{longest:?}");
    assert!(written.ends_with("</i> end</html>"));
    let short = "ä".repeat(400);
    assert!(html(&format!("<html>{short} {short}</html>")).contains(&format!("{short} {short}")));
}

#[test]
fn attributes_that_multiply_are_taken_away() {
    let long = "x".repeat(5_000);
    let copies = html(&format!(
        "<html><p title=\"{long}\" data-pagefind-index-attrs=\"title,title\">a</p></html>"
    ));
    assert!(!copies.contains("data-pagefind-index-attrs"));
    let image = html(&format!(
        "<html><img alt=\"tide\" src=\"data:image/png;base64,{long}\"></html>"
    ));
    assert!(
        !image.contains("base64") && image.contains("alt=\"tide\""),
        "{image}"
    );
    let ids: String = (0..40).map(|id| format!("<a id=\"i{id}\">")).collect();
    assert_eq!(
        html(&format!("<html>{ids}text</html>")).matches(" id=").count(),
        3
    );
    let many: String = (0..100)
        .map(|one| format!("<i data-pagefind-meta=\"m{one}:1\"></i>"))
        .collect();
    let page = tidy(&format!("<html>{many}</html>"), Facets::Kept).unwrap();
    assert_eq!((page.names.len(), page.dropped_facets), (64, true));
    let none = tidy(&format!("<html>{many}</html>"), Facets::Dropped).unwrap();
    assert!(!none.html.contains("data-pagefind-meta"));
}

/// Pieces of pages, right and wrong, in any order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = [
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<div id=a>",
        "<li>",
        "</li>",
        "<ul>",
        "</ul>",
        "<b>",
        "</b>",
        "<td>",
        "<tr>",
        "</table>",
        "<table>",
        "<svg>",
        "</svg>",
        "<path/>",
        "<script>",
        "</script>",
        "<textarea>",
        "<title>",
        "<!--",
        "-->",
        "<![CDATA[",
        "<plaintext>",
        "<select>",
        "<option>",
        "<h1>",
        "</h1>",
        "<main>",
        "</main>",
        "<html>",
        "</html>",
        "<html lang=\"x",
        "<body>",
        "<",
        ">",
        "\"",
        "&",
        "&#x110000;",
        "&lt;",
        "text ",
        "ÄÖ東",
        "<a id='",
        "'",
        "<img src=",
        "<br/>",
        "<template>",
        "<math>",
        "<mi>",
        "</math>",
        "<frameset>",
        "\0",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_that_is_written_is_deep(source in soup()) {
        if let Ok(tidied) = tidy(&source, Facets::Kept) {
            prop_assert!(depth(&tidied.html).unwrap() <= MAX_DEPTH + 1);
            prop_assert!(tidied.with_main_content().contains("<html"));
        }
    }

    #[test]
    fn text_is_kept(words in prop::collection::vec("[a-zäö]{1,12}", 1..20)) {
        let source = format!("<html><p>{}</html>", words.join("<p>"));
        let written = html(&source);
        for word in &words {
            prop_assert!(written.contains(word.as_str()));
        }
    }
}
