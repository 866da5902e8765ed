//! Each kind of node alone: in the page and in LaTeX.

use imprint_manuscript::manuscript::{Align, Block, Inline, Manuscript, Marks, Math};
use imprint_rendering::{html, latex};

use crate::sample::{formula, link, marked, only, paragraph, reference, text};

fn lines(manuscript: &Manuscript) -> String {
    let page = html(manuscript);
    let (_, body) = page
        .split_once("aria-label=\"Link to Introduction\">#</a></h2>\n")
        .expect("the section begins");
    let body = body.split("</section>").next().unwrap_or_default();
    let (tex, _) = latex(manuscript);
    let (_, tex) = tex
        .split_once("{\\protect\\numberline{1}Introduction}\n")
        .expect("the section begins");
    let tex = tex.split("\\end{document}").next().unwrap_or_default();
    format!("{}\n{}", body.trim(), tex.trim())
}

fn inline(content: Vec<Inline>) -> String {
    lines(&only(vec![Block::Paragraph { content }]))
}

#[test]
fn every_kind_of_inline() {
    let marks = |set: fn(&mut Marks)| {
        let mut marks = Marks::default();
        set(&mut marks);
        marked("a<", marks)
    };
    let mut out = Vec::new();
    for (name, content) in [
        ("text", vec![text("a < b & c_d")]),
        ("bold", vec![marks(|m| m.bold = true)]),
        ("italic", vec![marks(|m| m.italic = true)]),
        ("underline", vec![marks(|m| m.underline = true)]),
        ("strike", vec![marks(|m| m.strike = true)]),
        ("subscript", vec![marks(|m| m.subscript = true)]),
        ("superscript", vec![marks(|m| m.superscript = true)]),
        ("code", vec![Inline::Code { text: "a --b".into() }]),
        ("link", vec![link("https://example.org/%20?a=1&b#c", "x & y")]),
        ("mail", vec![link("mailto:a@example.org", "a")]),
        ("inner link", vec![link("#introduction", "here")]),
        ("link to nothing", vec![link("#nowhere", "nowhere")]),
        (
            "formula",
            vec![Inline::Math {
                math: formula("x^2", "<msup><mi>x</mi><mn>2</mn></msup>", false),
            }],
        ),
        (
            "source",
            vec![Inline::Math {
                math: Math::Source {
                    source: "\\x{".into(),
                },
            }],
        ),
        ("break", vec![text("a"), Inline::Break, text("[b]")]),
        ("note that is not there", vec![Inline::Footnote { note: 7 }]),
        (
            "work that is not there",
            vec![Inline::Cite { references: vec![7] }],
        ),
    ] {
        out.push(format!("== {name}\n{}", inline(content)));
    }
    insta::assert_snapshot!(out.join("\n"));
}

#[test]
fn every_kind_of_block() {
    let table = |number, caption: Vec<Inline>, widths| Block::Table {
        id: "t".into(),
        number,
        caption,
        widths,
        align: vec![Align::Start, Align::End],
        header: vec![vec![paragraph("A")], vec![]],
        rows: vec![vec![
            vec![paragraph("1 & 2")],
            vec![paragraph("3"), paragraph("4")],
        ]],
    };
    let equation = |number, math| Block::Equation {
        id: "e".into(),
        number,
        math,
    };
    let x = || formula("x & y", "<mi>x</mi>", true);
    let mut out = Vec::new();
    for (name, block) in [
        ("paragraph", paragraph("a\nb")),
        (
            "bullets",
            Block::List {
                start: None,
                items: vec![vec![paragraph("a")], vec![]],
            },
        ),
        (
            "numbers",
            Block::List {
                start: Some(4),
                items: vec![vec![paragraph("a"), paragraph("b")]],
            },
        ),
        (
            "no items",
            Block::List {
                start: None,
                items: vec![],
            },
        ),
        ("equation", equation(Some(7), x())),
        ("equation without number", equation(None, x())),
        (
            "source",
            equation(
                None,
                Math::Source {
                    source: "\\begin{x} <&".into(),
                },
            ),
        ),
        (
            "figure",
            Block::Figure {
                id: "f".into(),
                number: 3,
                image: "a_b.png".into(),
                alt: "a \"b\"".into(),
                caption: vec![text("c")],
                path: String::new(),
            },
        ),
        (
            "figure of a kind that TeX does not read",
            Block::Figure {
                id: "f".into(),
                number: 3,
                image: "a.gif".into(),
                alt: "a_b".into(),
                caption: vec![],
                path: String::new(),
            },
        ),
        ("table", table(Some(2), vec![text("c")], None)),
        ("table without number", table(None, vec![], Some(vec![75, 25]))),
        (
            "code",
            Block::Code {
                language: Some("c\"++".into()),
                text: "a  b\n\n\tc'".into(),
            },
        ),
        (
            "quote",
            Block::Quote {
                blocks: vec![paragraph("a")],
            },
        ),
        ("rule", Block::Rule),
    ] {
        out.push(format!("== {name}\n{}", lines(&only(vec![block]))));
    }
    insta::assert_snapshot!(out.join("\n"));
}

#[test]
fn lists_deeper_than_latex_nests_them_are_still_written() {
    let mut block = paragraph("deep");
    for depth in 0..12 {
        block = if depth % 2 == 0 {
            Block::List {
                start: Some(1),
                items: vec![vec![block]],
            }
        } else {
            Block::Quote { blocks: vec![block] }
        };
    }
    let (tex, _) = latex(&only(vec![block]));
    assert!(tex.contains("deep"));
    assert_eq!(
        tex.matches("\\begin{enumerate}").count() + tex.matches("\\begin{quote}").count(),
        4
    );
}

#[test]
fn a_note_is_written_once_however_often_it_is_signed() {
    let mut manuscript = only(vec![Block::Paragraph {
        content: vec![Inline::Footnote { note: 0 }, Inline::Footnote { note: 0 }],
    }]);
    // A note that signs itself ends nevertheless.
    manuscript.footnotes = vec![vec![Block::Paragraph {
        content: vec![text("said"), Inline::Footnote { note: 0 }],
    }]];
    let (tex, _) = latex(&manuscript);
    assert_eq!(tex.matches("\\footnotetext[1]").count(), 1);
    let page = html(&manuscript);
    assert_eq!(page.matches("role=\"doc-noteref\"").count(), 3);
    assert_eq!(page.matches("role=\"doc-backlink\"").count(), 3);
}

#[test]
fn citations_stand_in_the_order_of_the_list_and_lead_there() {
    let mut manuscript = only(vec![Block::Paragraph {
        content: vec![Inline::Cite {
            references: vec![0, 1],
        }],
    }]);
    manuscript.references = vec![
        reference("z", &[("authors", "Zoe, Z."), ("year", "2001"), ("title", "Z")]),
        reference(
            "introduction",
            &[("authors", "Abe, A."), ("year", "2002"), ("title", "A")],
        ),
    ];
    insta::assert_snapshot!(lines(&manuscript));
}
