//! What a PDF says and looks like, seen from outside.

use imprint_manuscript::manuscript::{Block, Inline, Marks, Section};
use imprint_manuscript::{Manuscript, Variant};
use imprint_rendering::Images;
use imprint_rendering::references::{Bibliography, Entry, Span};
use typst::layout::{Frame, FrameItem};

use crate::reading::Refused;
use crate::world::Template;
use crate::{Pdf, compile, reading, set};

#[path = "../../benches/typeset/sample.rs"]
mod sample;

mod expected;
mod files;
mod hostile;
mod looks;
mod output;

/// Works written out by hand.
fn works(manuscript: &Manuscript) -> Bibliography {
    let span = |text: &str, italic: bool, url: Option<&str>| Span {
        text: text.to_owned(),
        italic,
        url: url.map(str::to_owned),
    };
    let entries = (0..manuscript.references.len()).map(|number| Entry {
        reference: number,
        anchor: format!("ref-{number}"),
        text: vec![
            span(
                &format!(
                    "Doe, J., & Roe, R{number}. ({}). On the retrieval of reflectance, part {number}. ",
                    1990 + number
                ),
                false,
                None,
            ),
            span(&format!("Journal of Atmospheric Radiation, {number}"), true, None),
            span(&format!(", {number}01–{number}17. "), false, None),
            span(
                &format!("https://doi.org/10.1000/example.{number}"),
                false,
                Some(&format!("https://doi.org/10.1000/example.{number}")),
            ),
        ],
    });
    Bibliography {
        entries: entries.collect(),
        citations: (0..manuscript.references.len())
            .map(|number| format!("Doe & Roe, {}", 1990 + number))
            .collect(),
    }
}

fn text(text: &str) -> Inline {
    Inline::Text {
        text: text.to_owned(),
        marks: Marks::default(),
    }
}

fn paragraph(words: &str) -> Block {
    Block::Paragraph {
        content: vec![text(words)],
    }
}

/// A manuscript of one section.
fn manuscript(variant: Variant, blocks: Vec<Block>) -> Manuscript {
    Manuscript {
        variant,
        front: Default::default(),
        sections: vec![Section {
            level: 1,
            id: "section".to_owned(),
            number: Some("1".to_owned()),
            heading: vec![text("Heading")],
            blocks,
            path: "/document/introduction".to_owned(),
        }],
        footnotes: Vec::new(),
        references: Vec::new(),
        warnings: Vec::new(),
    }
}

fn nothing() -> Bibliography {
    Bibliography {
        entries: Vec::new(),
        citations: Vec::new(),
    }
}

/// Sets a manuscript without references and images.
fn pdf(manuscript: &Manuscript) -> Pdf {
    set(manuscript, &Images::new(), &nothing()).unwrap()
}

/// What stands on the pages, letter by letter, without what the engine adds: spaces, hyphens, breaks.
fn printed(manuscript: &Manuscript, images: &Images, works: &Bibliography) -> String {
    let refused = Refused::default();
    let read = reading::read(manuscript, images, works, &refused);
    let view = serde_json::to_string(&read.view).unwrap();
    let document = compile(Template::Paper, view, &read.images).unwrap();
    let mut out = String::new();
    for page in document.pages() {
        letters(&page.frame, &mut out);
        out.push('\u{c}');
    }
    out
}

fn letters(frame: &Frame, out: &mut String) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => letters(&group.frame, out),
            FrameItem::Text(text) => out.push_str(&text.text),
            FrameItem::Shape(..) | FrameItem::Image(..) | FrameItem::Link(..) | FrameItem::Tag(_) => {}
        }
    }
}
