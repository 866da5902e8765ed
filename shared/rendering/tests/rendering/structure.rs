//! What a page must have so that everybody can read it.

use std::collections::BTreeSet;

use imprint_manuscript::manuscript::{Inline, Marks};
use imprint_rendering::html;

use crate::sample::{full, journal, manuscript, only, paragraph, section};
use crate::xml::{Piece, elements, read, text, values};

fn headings(pieces: &[Piece]) -> Vec<u8> {
    pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Open(name, _) if name.len() == 2 && name.starts_with('h') => name[1..].parse().ok(),
            Piece::Open(..) | Piece::Close(_) | Piece::Text(_) => None,
        })
        .collect()
}

#[test]
fn a_page_is_well_formed_and_names_its_language() {
    for sample in [full(), journal(), manuscript(vec![]), only(vec![])] {
        let pieces = read(&html(&sample)).expect("well-formed");
        assert_eq!(elements(&pieces, "html")[0]["lang"], "en");
        assert_eq!(elements(&pieces, "h1").len(), 1);
        assert_eq!(elements(&pieces, "main").len(), 1);
        assert_eq!(elements(&pieces, "title").len(), 1);
    }
}

#[test]
fn headings_skip_no_level() {
    let levels = [1, 4, 6, 2, 6, 1, 5];
    let sections = levels
        .iter()
        .enumerate()
        .map(|(n, l)| section(*l, &format!("s{n}"), None, "x", vec![]))
        .collect();
    for sample in [full(), manuscript(sections)] {
        let headings = headings(&read(&html(&sample)).expect("well-formed"));
        assert_eq!(headings[0], 1);
        assert!(
            headings.len() > 5 && headings.windows(2).all(|pair| pair[1] <= pair[0] + 1),
            "{headings:?}"
        );
    }
}

#[test]
fn seven_depths_of_headings_are_told_although_html_has_six() {
    let sections = (1..=6)
        .map(|l| section(l, &format!("s{l}"), None, "x", vec![]))
        .collect();
    let page = html(&manuscript(sections));
    assert!(page.contains("<h6 aria-level=\"7\">") && page.contains("<h6>") && !page.contains("<h7"));
}

#[test]
fn sections_lie_within_each_other() {
    let page = html(&full());
    let theory = page
        .find("<section id=\"scientific-theory\">")
        .expect("a section");
    let parent = page
        .find("<section id=\"algorithm-description\">")
        .expect("a section");
    assert!(parent < theory && !page[parent..theory].contains("</section>"));
    let next = page
        .find("<section id=\"data-availability\">")
        .expect("a section");
    let between = &page[parent..next];
    assert_eq!(
        between.matches("<section").count(),
        between.matches("</section>").count()
    );
}

#[test]
fn images_have_a_text_and_tables_have_headers() {
    let pieces = read(&html(&full())).expect("well-formed");
    let images = elements(&pieces, "img");
    assert!(
        images.len() == 2
            && images
                .iter()
                .all(|image| !image["alt"].is_empty() && image["loading"] == "lazy")
    );
    assert_eq!(images[0]["src"], "images/full%20moon.jpg");
    let headers = elements(&pieces, "th");
    assert!(headers.len() == 5 && headers.iter().all(|header| header["scope"] == "col"));
}

#[test]
fn ids_are_unique_and_inner_links_lead_somewhere() {
    for sample in [full(), journal()] {
        let pieces = read(&html(&sample)).expect("well-formed");
        let ids = values(&pieces, "id");
        let set: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(set.len(), ids.len(), "{ids:?}");
        let inner: Vec<String> = values(&pieces, "href")
            .into_iter()
            .filter(|href| href.starts_with('#'))
            .collect();
        assert!(inner.len() > 15);
        for href in inner {
            assert!(set.contains(&href[1..].to_owned()), "{href}");
        }
    }
}

#[test]
fn a_section_called_like_a_work_takes_nothing_from_it() {
    let mut sample = manuscript(vec![section(1, "ref-a", None, "Ref a", vec![paragraph("x")])]);
    sample.references = vec![crate::sample::reference("a", &[("title", "A")])];
    let ids = values(&read(&html(&sample)).expect("well-formed"), "id");
    assert!(ids.contains(&"ref-a".to_owned()) && ids.contains(&"ref-a_".to_owned()));
}

#[test]
fn nothing_can_run_and_nothing_comes_from_elsewhere() {
    let page = html(&full());
    let pieces = read(&page).expect("well-formed");
    assert!(elements(&pieces, "script").is_empty() && elements(&pieces, "link").is_empty());
    let policy = elements(&pieces, "meta")
        .into_iter()
        .find(|meta| meta.contains_key("http-equiv"))
        .expect("a policy");
    assert_eq!(
        policy["content"],
        "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
    );
    for link in elements(&pieces, "a")
        .into_iter()
        .filter(|link| link["href"].starts_with("http"))
    {
        assert_eq!(link["rel"], "noopener");
    }
}

#[test]
fn links_of_other_kinds_keep_only_their_text() {
    for url in [
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//example.org",
        "",
        "#nowhere",
    ] {
        let block = imprint_manuscript::manuscript::Block::Paragraph {
            content: vec![crate::sample::link(url, "words")],
        };
        let page = html(&only(vec![block]));
        assert!(page.contains("<p>words</p>"), "{url}");
    }
}

#[test]
fn text_before_the_first_heading_has_none() {
    let sample = manuscript(vec![
        section(1, "start", None, "", vec![paragraph("first")]),
        section(1, "a", None, "A", vec![]),
    ]);
    let page = html(&sample);
    assert!(page.contains("<section id=\"start\">\n<p>first</p>\n</section>"));
    assert!(!page.contains("href=\"#start\""));
}

#[test]
fn a_description_is_the_beginning_of_the_abstract() {
    let long = "word ".repeat(100);
    let sample = manuscript(vec![
        section(
            1,
            "introduction",
            None,
            "Introduction",
            vec![paragraph("not this")],
        ),
        section(1, "abstract", None, "Abstract", vec![paragraph(&long)]),
    ]);
    let pieces = read(&html(&sample)).expect("well-formed");
    let description = elements(&pieces, "meta")
        .into_iter()
        .find(|m| m.get("name").is_some_and(|n| n == "description"));
    let content = &description.expect("a description")["content"];
    assert!(content.starts_with("word word") && content.ends_with("word…") && content.chars().count() <= 200);
}

#[test]
fn headings_may_contain_everything_that_lines_may() {
    let mut sample = only(vec![]);
    let bold = Marks {
        bold: true,
        ..Marks::default()
    };
    sample.sections[0].heading = vec![
        crate::sample::marked("Bold <x>", bold),
        Inline::Footnote { note: 0 },
    ];
    sample.footnotes = vec![vec![paragraph("n")]];
    let pieces = read(&html(&sample)).expect("well-formed");
    assert!(text(&pieces).contains("Bold <x>"));
}
