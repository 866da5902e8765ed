//! Pages to look at: `cargo test -p imprint-typeset -- --ignored to_look_at` writes them to the system's directory for
//! temporary files.

use imprint_manuscript::manuscript::{Align, Math};

use super::*;

#[test]
#[ignore = "for the eye"]
fn pages_to_look_at() {
    for variant in [Variant::Document, Variant::Journal] {
        let (manuscript, images) = sample::sample(8, variant);
        let pdf = set(&manuscript, &images, &works(&manuscript)).unwrap();
        std::fs::write(
            std::env::temp_dir().join(format!("typeset-{variant:?}.pdf")),
            pdf.bytes,
        )
        .unwrap();
        assert_eq!(pdf.warnings, []);
    }
}

fn marked(text: &str, marks: Marks) -> Inline {
    Inline::Text {
        text: text.to_owned(),
        marks,
    }
}

fn marks() -> Block {
    let plain = Marks::default();
    let source = Math::Source {
        source: r"\over \partial u".to_owned(),
    };
    Block::Paragraph {
        content: vec![
            marked("bold", Marks { bold: true, ..plain }),
            text(", "),
            marked(
                "italic",
                Marks {
                    italic: true,
                    ..plain
                },
            ),
            text(", "),
            marked(
                "underlined",
                Marks {
                    underline: true,
                    ..plain
                },
            ),
            text(", "),
            marked(
                "struck",
                Marks {
                    strike: true,
                    ..plain
                },
            ),
            text(", H"),
            marked(
                "2",
                Marks {
                    subscript: true,
                    ..plain
                },
            ),
            text("O, 10"),
            marked(
                "-3",
                Marks {
                    superscript: true,
                    ..plain
                },
            ),
            text(", a program's "),
            Inline::Code {
                text: "let word = 1;".to_owned(),
            },
            text(", what cannot be set "),
            Inline::Math { math: source },
            text(", a note"),
            Inline::Footnote { note: 0 },
            text(", a link "),
            Inline::Link {
                url: "https://example.org".to_owned(),
                content: vec![text("to a page")],
            },
            text(
                " and an address, https://example.org/a/very/long/path/that/does/not/fit/into/what/is/left/of/this/line.html, ",
            ),
            text("in one line,"),
            Inline::Break,
            text("and another line."),
        ],
    }
}

fn table(number: Option<u32>, widths: Option<Vec<u8>>) -> Block {
    let cell = |words: &str| vec![paragraph(words)];
    Block::Table {
        id: "table".to_owned(),
        number,
        caption: number.map(|_| text("Values of a run")).into_iter().collect(),
        widths,
        align: vec![Align::Start, Align::End],
        header: vec![cell("Name"), cell("Unit")],
        rows: (0..4)
            .map(|_| {
                vec![
                    cell("a_long_name_of_a_variable_that_goes_on_and_on_and_on_and_on"),
                    cell("W m-2"),
                ]
            })
            .collect(),
    }
}

#[test]
#[ignore = "for the eye"]
fn every_block_to_look_at() {
    let source = Math::Source {
        source: "{\\partial \\over \\partial u} \\unknown{x}\n= \\foo".to_owned(),
    };
    let figure = Block::Figure {
        id: "figure".to_owned(),
        number: 1,
        image: "fullmoon.jpg".to_owned(),
        alt: "The moon".to_owned(),
        caption: vec![text("An image that cannot be shown")],
        path: "/document".to_owned(),
    };
    let items = vec![
        vec![paragraph("one"), paragraph("more")],
        vec![paragraph("two"), marks()],
    ];
    let blocks = vec![
        marks(),
        Block::Equation {
            id: String::new(),
            number: None,
            math: source,
        },
        figure,
        table(Some(1), None),
        Block::List { start: None, items },
        table(None, Some(vec![75, 25])),
        Block::Quote {
            blocks: vec![paragraph(&"Somebody else's words. ".repeat(8))],
        },
        Block::Rule,
        Block::Code {
            language: None,
            text: "fn main() {\n    println!(\"{}\", 1);\n}".to_owned(),
        },
        paragraph(&"The end of it. ".repeat(20)),
    ];
    for variant in [Variant::Document, Variant::Journal] {
        let mut manuscript = manuscript(variant, blocks.clone());
        manuscript.front.title = "Everything".to_owned();
        manuscript.footnotes = vec![vec![paragraph("A note at the foot of the page.")]];
        let pdf = set(&manuscript, &Images::new(), &nothing()).unwrap();
        std::fs::write(
            std::env::temp_dir().join(format!("typeset-every-{variant:?}.pdf")),
            pdf.bytes,
        )
        .unwrap();
        assert_eq!(pdf.warnings.len(), 1);
    }
}
