//! What a search reads.

use imprint_manuscript::manuscript::Manuscript;
use serde::Serialize;

use crate::html::{NOTES, REFERENCES};
use crate::references::Bibliography;
use crate::text;

#[derive(Serialize)]
struct Page {
    path: &'static str,
    title: String,
    sections: Vec<Section>,
}

#[derive(Serialize)]
struct Section {
    id: String,
    heading: String,
    text: String,
}

/// The page as JSON, section by section.
pub(crate) fn index(manuscript: &Manuscript, bibliography: &Bibliography) -> String {
    let mut sections: Vec<Section> = manuscript
        .sections
        .iter()
        .map(|section| Section {
            id: section.id.clone(),
            heading: text::inlines(&section.heading, bibliography),
            text: text::blocks(&section.blocks, bibliography),
        })
        .collect();
    let notes: Vec<String> = manuscript
        .footnotes
        .iter()
        .map(|note| text::blocks(note, bibliography))
        .collect();
    let works: Vec<String> = bibliography
        .entries
        .iter()
        .map(|entry| {
            entry
                .text
                .iter()
                .map(|span| span.text.as_str())
                .collect::<String>()
        })
        .collect();
    for (id, heading, texts) in [(NOTES, "Notes", notes), (REFERENCES, "References", works)] {
        if !texts.is_empty() {
            sections.push(Section {
                id: id.to_owned(),
                heading: heading.to_owned(),
                text: texts.join(" "),
            });
        }
    }
    let title = crate::references::fields::clean(&manuscript.front.title);
    let page = Page {
        path: "index.html",
        title,
        sections,
    };
    serde_json::to_string(&page).expect("strings and lists of them are always JSON")
}
