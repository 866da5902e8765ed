use super::*;
use crate::{Extracted, extract};

fn page(html: &str) -> Page {
    match extract("a.html", html.as_bytes()) {
        Ok(Extracted::Page(page)) => page,
        other => panic!("no page: {other:?}"),
    }
}

#[test]
fn the_search_index_is_sorted_and_says_where_text_stands() {
    let one = page(
        "<main><p>Before.<h1 id=a>A <b>b</b></h1><p>Text\n of\ta.<section id=c><h2>C</h2></section></main>",
    );
    let other = page("<main><h1>\"Quoted\"</h1></main>");
    let pages = [("b/c.html", &one), ("b.html", &other)];
    let json = search_json(pages.into_iter());
    assert_eq!(
        String::from_utf8(json.clone()).unwrap(),
        concat!(
            r#"{"pages":[{"path":"b.html","title":"\"Quoted\"","sections":[{"id":"","title":"\"Quoted\"","content":""}]},"#,
            r#"{"path":"b/c.html","title":"A b","sections":[{"id":"","title":"","content":"Before."},"#,
            r#"{"id":"a","title":"A b","content":"Text of a."},{"id":"c","title":"C","content":""}]}]}"#
        )
    );
    assert_eq!(search_json(pages.into_iter().rev()), json);
    assert_eq!(search_json(std::iter::empty()), b"{\"pages\":[]}");
}

#[test]
fn llms_txt_links_to_the_twins_of_pages() {
    let entry = |path, title, description| Entry {
        path,
        title,
        description,
    };
    let text = llms_txt(
        "Tide [pool]\n#",
        Some("- A handbook\n"),
        [
            entry("b c/d#e.html", "D](x) *e*", Some("About <d>")),
            entry("a.html", " ", None),
            entry("1:2.html", "Colon", Some(" ")),
            entry("_static/x.pdf", "Not a page", None),
            entry("index.html", "Home", Some("Start here")),
        ]
        .into_iter(),
    );
    insta::assert_snapshot!(text, @r"
    # Tide \[pool\] \#

    > \- A handbook

    ## Pages

    - [Home](index.md): Start here
    - [Colon](1%3A2.md)
    - [a.html](a.md)
    - [D\](x) \*e\*](b%20c/d%23e.md): About \<d>
    ");
    assert_eq!(llms_txt("A", None, std::iter::empty()), "# A\n");
}

#[test]
fn only_pages_have_twins() {
    for (path, expected) in [
        ("index.html", Some("index.md")),
        ("a/b.html", Some("a/b.md")),
        ("a.b/x.HTM", Some("a.b/x.md")),
        ("x.xhtml", Some("x.md")),
        ("a.html/b", None),
        (".html", None),
        ("a/.html", None),
        ("a.md", None),
        ("html", None),
        ("", None),
    ] {
        assert_eq!(markdown_path(path).as_deref(), expected, "{path}");
    }
}
