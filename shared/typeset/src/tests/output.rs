//! Bytes, text and warnings.

use std::sync::Arc;

use imprint_manuscript::manuscript::{Align, Math, WarningCode};
use imprint_manuscript::math::Formula;
use imprint_rendering::Image;

use super::*;

const LITERAL: &str = "100% & #1 $x_y$ *x* \\cmd @a <b> [c] \"q\" #eval(1) _u_ ~ -- ...";

/// Text without white space and without what lines are broken with.
fn dense(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '\u{200b}' | '\u{ad}'))
        .collect()
}

fn formula(typst: &str) -> Formula {
    Formula {
        source: "\\source".to_owned(),
        tex: String::new(),
        mathml: String::new(),
        typst: typst.to_owned(),
    }
}

fn equation(typst: &str) -> Block {
    Block::Equation {
        id: "equation-1".to_owned(),
        number: Some(1),
        math: Math::Formula(formula(typst)),
    }
}

fn figure(image: &str) -> Block {
    Block::Figure {
        id: "figure-1".to_owned(),
        number: 1,
        image: image.to_owned(),
        alt: "A picture".to_owned(),
        caption: vec![text("What it shows")],
        path: "/document/introduction/children/0".to_owned(),
    }
}

#[test]
fn the_same_manuscript_gives_the_same_bytes() {
    for variant in [Variant::Document, Variant::Journal] {
        let (manuscript, images) = sample::sample(4, variant);
        let works = works(&manuscript);
        let first = set(&manuscript, &images, &works).unwrap();
        let again = set(&manuscript, &images, &works).unwrap();
        assert!(first.bytes.starts_with(b"%PDF-1.7"));
        assert!(first.bytes == again.bytes, "{variant:?}");
        assert_eq!(first.warnings, []);
    }
}

#[test]
fn a_file_names_its_document_and_says_what_its_parts_are() {
    let (manuscript, images) = sample::sample(4, Variant::Document);
    let bytes = set(&manuscript, &images, &works(&manuscript)).unwrap().bytes;
    let file = String::from_utf8_lossy(&bytes);
    for part in [
        "/StructTreeRoot",
        "/Outlines",
        "/Lang(en)",
        "/Alt(A map of reflectance)",
        "dc:title",
        "section-1",
    ] {
        assert!(file.contains(part), "{part}");
    }
}

#[test]
fn text_is_printed_as_it_stands_in_every_field() {
    for variant in [Variant::Document, Variant::Journal] {
        let (mut manuscript, images) = sample::sample(1, variant);
        let mut works = works(&manuscript);
        manuscript.front.title = format!("T{LITERAL}");
        manuscript.front.authors[0].name = format!("A{LITERAL}");
        manuscript.front.authors[0].family = format!("A{LITERAL}");
        manuscript.sections[0].heading = vec![text(&format!("H{LITERAL}"))];
        let marks = Marks {
            bold: true,
            italic: true,
            underline: true,
            strike: true,
            subscript: true,
            superscript: true,
        };
        manuscript.sections[0].blocks.extend([
            paragraph(&format!("P{LITERAL}")),
            Block::Paragraph {
                content: vec![Inline::Text {
                    text: format!("M{LITERAL}"),
                    marks,
                }],
            },
            Block::Paragraph {
                content: vec![Inline::Code {
                    text: format!("C{LITERAL}"),
                }],
            },
            Block::Code {
                language: Some("rust".to_owned()),
                text: format!("B{LITERAL}"),
            },
            Block::Quote {
                blocks: vec![paragraph(&format!("Q{LITERAL}"))],
            },
            Block::Equation {
                id: String::new(),
                number: None,
                math: Math::Source {
                    source: format!("E{LITERAL}"),
                },
            },
        ]);
        manuscript.footnotes[0] = vec![paragraph(&format!("N{LITERAL}"))];
        works.entries[0].text[0].text = format!("W{LITERAL}");
        works.citations[0] = format!("I{LITERAL}");
        let pages = dense(&printed(&manuscript, &images, &works));
        for field in ["T", "A", "H", "P", "M", "C", "B", "Q", "E", "N", "W", "I"] {
            let expected = dense(&format!("{field}{LITERAL}"));
            assert!(
                pages.contains(&expected),
                "{variant:?} {field}: {expected} in {pages}"
            );
        }
    }
}

#[test]
fn the_document_form_has_contents_and_the_journal_form_numbered_lines_and_key_points() {
    let page = |variant| {
        let (manuscript, images) = sample::sample(2, variant);
        dense(&printed(&manuscript, &images, &works(&manuscript)))
    };
    let (document, journal) = (page(Variant::Document), page(Variant::Journal));
    assert!(document.contains("Contents") && !journal.contains("Contents"));
    assert!(journal.contains("KeyPoints") && !document.contains("KeyPoints"));
    assert!(journal.contains("Manuscript") && !document.contains("Manuscript"));
    assert!(journal.contains("Correspondingauthor:JaneQ.Doe,jane.doe@example.org"));
    assert!(document.contains("J.Q.Doe,J.Müller,R.Roe"));
    assert!(
        document.contains("(2)") && journal.contains("(2)"),
        "equations are numbered"
    );
    assert!(document.contains("Table1.") && document.contains("References"));
}

#[test]
fn an_empty_manuscript_is_set() {
    for variant in [Variant::Document, Variant::Journal] {
        let mut empty = manuscript(variant, Vec::new());
        empty.sections.clear();
        assert!(pdf(&empty).bytes.starts_with(b"%PDF-1.7"));
    }
}

#[test]
fn a_link_to_nothing_is_text_and_an_id_that_comes_twice_is_found_once() {
    let jump = |id: &str| Block::Paragraph {
        content: vec![Inline::Link {
            url: format!("#{id}"),
            content: vec![text(&format!("to {id}"))],
        }],
    };
    let blocks = vec![
        jump("nowhere"),
        jump("section"),
        jump("Not A Name"),
        jump(""),
        equation("x"),
        equation("y"),
    ];
    let mut manuscript = manuscript(Variant::Document, blocks);
    manuscript.sections.push(manuscript.sections[0].clone());
    let pages = dense(&printed(&manuscript, &Images::new(), &nothing()));
    assert!(
        pages.contains("tonowhere") && pages.contains("tosection") && pages.contains("toNotAName"),
        "{pages}"
    );
}

#[test]
fn a_note_that_is_named_twice_is_printed_once_and_a_note_in_itself_ends() {
    let sign = |note| Inline::Footnote { note };
    let blocks = vec![Block::Paragraph {
        content: vec![text("a"), sign(0), sign(0), sign(1), sign(99)],
    }];
    let mut manuscript = manuscript(Variant::Document, blocks);
    manuscript.sections[0].heading.push(sign(2));
    manuscript.footnotes = vec![
        vec![Block::Paragraph {
            content: vec![text("FIRST"), sign(0), sign(1)],
        }],
        vec![Block::Paragraph {
            content: vec![text("SECOND"), sign(0)],
        }],
        vec![paragraph("THIRD")],
    ];
    let pages = printed(&manuscript, &Images::new(), &nothing());
    for note in ["FIRST", "SECOND", "THIRD"] {
        assert_eq!(pages.matches(note).count(), 1, "{note} in {pages}");
    }
}

#[test]
fn characters_without_a_glyph_are_reported_once_each_and_twenty_in_all() {
    let set = pdf(&manuscript(
        Variant::Document,
        vec![paragraph("°λ∑ ä漢字漢\u{fe0f}"), paragraph("漢🦀")],
    ));
    let told: Vec<_> = set
        .warnings
        .iter()
        .map(|warning| (warning.code, warning.path.as_str(), warning.snippet.as_str()))
        .collect();
    let path = "/document/introduction";
    assert_eq!(
        told,
        [
            (WarningCode::Glyph, path, "漢 (U+6F22)"),
            (WarningCode::Glyph, path, "字 (U+5B57)"),
            (WarningCode::Glyph, path, "🦀 (U+1F980)"),
        ]
    );
    let many: String = ('一'..='乿').collect();
    assert_eq!(
        pdf(&manuscript(Variant::Journal, vec![paragraph(&many)]))
            .warnings
            .len(),
        20
    );
}

#[test]
fn an_image_that_cannot_be_read_is_named_in_its_place() {
    let (_, mut images) = sample::sample(1, Variant::Document);
    let cut = images["figure-0.png"].bytes[..2000].to_vec();
    images.insert(
        "cut.png".to_owned(),
        Image {
            media_type: "image/png",
            bytes: Arc::from(cut),
        },
    );
    images.insert(
        "lie.jpg".to_owned(),
        Image {
            media_type: "image/jpeg",
            ..images["figure-1.png"].clone()
        },
    );
    images.insert(
        "empty.gif".to_owned(),
        Image {
            media_type: "image/gif",
            bytes: Arc::from(Vec::new()),
        },
    );
    let shown = ["cut.png", "lie.jpg", "empty.gif", "absent.png", "figure-0.png"];
    let manuscript = manuscript(Variant::Document, shown.iter().map(|name| figure(name)).collect());
    let set = set(&manuscript, &images, &nothing()).unwrap();
    let told: Vec<_> = set
        .warnings
        .iter()
        .map(|warning| (warning.code, warning.snippet.as_str()))
        .collect();
    assert_eq!(
        told,
        shown[..4]
            .iter()
            .map(|name| (WarningCode::ImageBad, *name))
            .collect::<Vec<_>>()
    );
    assert_eq!(set.warnings[0].path, "/document/introduction/children/0");
    let pages = printed(&manuscript, &images, &nothing()).replace('\u{200b}', "");
    assert!(
        pages.contains("cut.png") && pages.contains("absent.png"),
        "{pages}"
    );
}

#[test]
fn a_formula_that_the_engine_refuses_is_shown_as_its_source_and_the_others_are_set() {
    let bad = [
        "frac(",
        "nonsense_variable",
        "#panic()",
        "#read(\"/etc/passwd\")",
        "#image(\"/etc/passwd\")",
    ];
    let mut blocks: Vec<_> = bad.iter().map(|typst| equation(typst)).collect();
    blocks.push(equation("q = integral x"));
    blocks.push(Block::Paragraph {
        content: vec![Inline::Math {
            math: Math::Formula(formula("#bad")),
        }],
    });
    let manuscript = manuscript(Variant::Document, blocks);
    let set = pdf(&manuscript);
    let codes: Vec<_> = set.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, vec![WarningCode::Equation; 6]);
    assert_eq!(set.warnings[0].snippet, "\\source");
}

#[test]
fn a_table_of_any_shape_is_set() {
    let cell = |words: &str| vec![paragraph(words)];
    for (header, rows, widths, align) in [
        (
            vec![cell("a")],
            vec![vec![cell("b"), cell("c")], vec![]],
            None,
            vec![],
        ),
        (vec![], vec![], None, vec![Align::End]),
        (
            vec![],
            vec![vec![cell("x")]],
            Some(vec![0]),
            vec![Align::Center; 9],
        ),
        (
            vec![cell("a"), cell("b")],
            vec![vec![cell("c")]],
            Some(vec![255, 255]),
            vec![Align::End],
        ),
        (
            vec![cell("a"), cell("b")],
            vec![vec![cell("c")]],
            Some(vec![30, 20]),
            vec![Align::End],
        ),
        (
            vec![cell(&"long ".repeat(5000))],
            vec![vec![cell(&"row ".repeat(9000))]],
            None,
            vec![],
        ),
    ] {
        let table = Block::Table {
            id: "table-1".to_owned(),
            number: Some(1),
            caption: vec![text("Caption")],
            widths,
            align,
            header,
            rows,
        };
        pdf(&manuscript(Variant::Document, vec![table.clone()]));
        pdf(&manuscript(
            Variant::Journal,
            vec![Block::List {
                start: Some(u64::MAX),
                items: vec![vec![table]],
            }],
        ));
    }
}
