use super::*;

fn read(html: &str) -> Extracted {
    extract("a/b.html", html.as_bytes()).unwrap()
}

fn page(html: &str) -> Page {
    match read(html) {
        Extracted::Page(page) => page,
        Extracted::Redirect { to } => panic!("leads on to {to}"),
    }
}

#[test]
fn a_title_is_the_first_heading_or_what_the_browser_shows_without_the_sites_name() {
    for (html, expected) in [
        (
            "<title>A — Project</title><main><h1>B<a class=headerlink href=#b>¶</a></h1>",
            "B",
        ),
        (
            "<title>A — Project 1.0 documentation</title><main><h2>B</h2>",
            "A",
        ),
        ("<title>A - B | Site</title><p>x", "A - B"),
        ("<title>a-b::c</title><p>x", "a-b::c"),
        ("<title> — Site</title><p>x", "— Site"),
        ("<title>A &amp; B</title><p>x", "A & B"),
        ("<svg><title>Icon</title></svg><title>A</title><p>x", "A"),
        ("<main><h1> <img alt=''> </h1><h1><code>b</code>  c</h1>", "b c"),
        ("<nav><h1>Site</h1></nav><main><p>x", "a/b.html"),
    ] {
        assert_eq!(page(html).title, expected, "{html}");
    }
}

#[test]
fn a_page_without_a_heading_gets_its_title_in_markdown() {
    assert_eq!(page("<title>A # · Site</title><p>x").markdown, "# A \\#\n\nx\n");
    assert_eq!(page("<title>A</title><h1>B</h1>x").markdown, "# B\n\nx\n");
    assert_eq!(page("<title>A</title><body>").markdown, "# A\n");
}

#[test]
fn a_description_is_what_the_page_says_of_itself() {
    for (html, expected) in [
        ("<meta name=description content=' A\nb '><p>x", Some("A b")),
        (
            "<meta property='og:description' content=o><meta name=Description content=d><p>x",
            Some("d"),
        ),
        (
            "<meta property='og:description' content=o><meta name=description content=''><p>x",
            Some("o"),
        ),
        ("<meta name=keywords content=k><p>x", None),
    ] {
        assert_eq!(page(html).description.as_deref(), expected, "{html}");
    }
    let long = format!("<meta name=description content='{}'><p>x", "ä".repeat(2_000));
    let description = page(&long).description.unwrap();
    assert_eq!(description.chars().count(), MAX_DESCRIPTION_CHARS + 1);
}

#[test]
fn a_page_that_leads_on_is_a_redirect() {
    for (content, expected) in [
        ("0; url=c.html", Some("c.html")),
        ("0;URL='../c.html#x'", Some("../c.html#x")),
        ("1, url = \"https://example.org/\"", Some("https://example.org/")),
        ("0;c.html", Some("c.html")),
        ("0.5;url=c.html", Some("c.html")),
        ("; url=c.html", Some("c.html")),
        ("300; url=c.html", None),
        ("5", None),
        ("0; url=javascript:alert(1)", None),
        ("0; url=data:text/html,x", None),
        ("0; url=", None),
        ("é;é", None),
        ("0;é", Some("é")),
    ] {
        let html = format!(
            "<meta http-equiv=Refresh content='{}'><p>Moved",
            content.replace('\'', "&#39;")
        );
        let to = match read(&html) {
            Extracted::Page(_) => None,
            Extracted::Redirect { to } => Some(to),
        };
        assert_eq!(to.as_deref(), expected, "{content}");
    }
}

#[test]
fn what_stands_there_for_readers_without_scripts_leads_on_only_if_nothing_else_is_said() {
    let noscript =
        "<head><noscript><meta http-equiv=refresh content='1; url=c/'></noscript><script>x</script></head>";
    assert_eq!(read(noscript), Extracted::Redirect { to: "c/".to_owned() });
    assert_eq!(
        page(&format!("{noscript}<p>Text")).markdown,
        "# a/b.html\n\nText\n"
    );
}

#[test]
fn what_is_no_page_is_told_from_what_is_too_large() {
    let too_large = vec![b' '; MAX_HTML_BYTES + 1];
    for (html, expected) in [
        (too_large.as_slice(), ExtractError::TooLarge),
        (b"", ExtractError::NotHtml),
        (b"just text & more", ExtractError::NotHtml),
        (b"<!doctype html><!-- nothing -->", ExtractError::NotHtml),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", ExtractError::NotHtml),
        (b"\xff\xfe<\x00p\x00>\x00", ExtractError::NotHtml),
        ("<br>".repeat(600_000).as_bytes(), ExtractError::TooManyElements),
    ] {
        assert_eq!(extract("a.html", html), Err(expected));
    }
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_signs_before_it_left_out() {
    let Extracted::Page(page) = extract("a.html", b"\xef\xbb\xbf<h1>a\xff\x00b\x07c</h1>").unwrap() else {
        panic!("leads nowhere");
    };
    assert_eq!(page.title, "a\u{fffd}bc");
    assert_eq!(page.markdown, "# a\u{fffd}bc\n");
}

#[test]
fn code_that_nests_and_lists_cannot_make_a_page_many_times_longer() {
    let html = format!(
        "{}<pre>{}</pre>",
        "<ol start=999999999><li>".repeat(12),
        "a\n".repeat(1_000_000)
    );
    assert_eq!(extract("a.html", html.as_bytes()), Err(ExtractError::TooLarge));
}
