//! Writes what HTML and XHTML have in common: everything it writes is well-formed XML and valid HTML.

use std::collections::{BTreeMap, BTreeSet};

use imprint_manuscript::manuscript::{Block, Inline, Manuscript};

use crate::markup::escape;
use crate::outline;
use crate::references::Bibliography;

/// Where something is written.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    /// A page, with its images beside it.
    Page,
    /// A book of several files, with those images that were given.
    Book {
        /// In which file an id is.
        files: &'a BTreeMap<String, String>,
        /// The images' files by their names.
        images: &'a BTreeMap<String, String>,
    },
}

/// Writes blocks and what stands in them.
pub(crate) struct Writer<'a> {
    pub(super) manuscript: &'a Manuscript,
    pub(super) bibliography: &'a Bibliography,
    pub(super) place: Place<'a>,
    /// Ids that are in the manuscript.
    ids: BTreeSet<&'a str>,
    /// The file that is being written; empty for a page.
    pub(crate) file: String,
    /// For each note where its signs are, as URLs.
    pub(super) signs: BTreeMap<usize, Vec<String>>,
    /// What is written.
    pub(crate) out: String,
}

impl<'a> Writer<'a> {
    /// A writer that has written nothing.
    pub(crate) fn new(manuscript: &'a Manuscript, bibliography: &'a Bibliography, place: Place<'a>) -> Self {
        let ids = outline::all_ids(manuscript);
        Self {
            manuscript,
            bibliography,
            place,
            ids,
            file: String::new(),
            signs: BTreeMap::new(),
            out: String::new(),
        }
    }

    /// Writes text.
    pub(crate) fn text(&mut self, text: &str) {
        self.out.push_str(&escape(text));
    }

    /// Writes markup.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// The id of a work in the list.
    pub(crate) fn entry_id(&self, anchor: &str) -> String {
        if self.ids.contains(anchor) {
            format!("{anchor}_")
        } else {
            anchor.to_owned()
        }
    }

    /// The URL of an id, from the file that is being written; none where nothing has that id.
    pub(super) fn href(&self, id: &str) -> Option<String> {
        match self.place {
            Place::Page => Some(format!("#{id}")),
            Place::Book { files, .. } => {
                let file = files.get(id)?;
                Some(if *file == self.file {
                    format!("#{id}")
                } else {
                    format!("{file}#{id}")
                })
            }
        }
    }

    /// As [`Self::href`], for an id that an author wrote.
    pub(super) fn known(&self, id: &str) -> Option<String> {
        if self.ids.contains(id) {
            self.href(id)
        } else {
            None
        }
    }

    /// Writes sections, each within the one that it belongs to. The depth of the first is 1.
    pub(crate) fn sections(&mut self, first: usize, last: usize) {
        let depths = outline::depths(&self.manuscript.sections);
        let mut open = 0;
        let manuscript = self.manuscript;
        for (section, depth) in manuscript.sections.iter().zip(depths).take(last).skip(first) {
            while open >= depth {
                self.raw("</section>\n");
                open -= 1;
            }
            open += 1;
            self.raw(&format!("<section id=\"{}\">\n", escape(&section.id)));
            if !section.heading.is_empty() {
                self.heading(&section.id, section.number.as_deref(), &section.heading, depth);
            }
            self.blocks(&section.blocks);
        }
        for _ in 0..open {
            self.raw("</section>\n");
        }
    }

    fn heading(&mut self, id: &str, number: Option<&str>, heading: &[Inline], depth: usize) {
        // HTML has six levels, and the title takes the first.
        let (level, told) = if depth < 6 {
            (depth + 1, String::new())
        } else {
            (6, aria_level(depth + 1))
        };
        self.raw(&format!("<h{level}{told}>"));
        if let Some(number) = number {
            self.raw(&format!("<span class=\"number\">{}</span> ", escape(number)));
        }
        self.inlines(heading);
        if matches!(self.place, Place::Page) {
            let name = escape(&crate::text::inlines(heading, self.bibliography));
            let link = format!(
                " <a class=\"anchor\" href=\"#{}\" aria-label=\"Link to {name}\">#</a>",
                escape(id)
            );
            self.raw(&link);
        }
        self.raw(&format!("</h{level}>\n"));
    }

    /// The works, each with its id.
    pub(crate) fn references(&mut self) {
        if self.bibliography.entries.is_empty() {
            return;
        }
        self.end_section(super::REFERENCES, "doc-bibliography", "References");
        self.raw("<ul class=\"references\">\n");
        let bibliography = self.bibliography;
        for entry in &bibliography.entries {
            self.raw(&format!("<li id=\"{}\">", escape(&self.entry_id(&entry.anchor))));
            for span in &entry.text {
                let (open, close) = if span.italic { ("<i>", "</i>") } else { ("", "") };
                let text = format!("{open}{}{close}", escape(&span.text));
                match span
                    .url
                    .as_deref()
                    .filter(|url| crate::references::fields::is_web(url))
                {
                    Some(url) => self.link(url, &text),
                    None => self.raw(&text),
                }
            }
            self.raw("</li>\n");
        }
        self.raw("</ul>\n</section>\n");
    }

    /// The notes, with links back to their signs.
    pub(crate) fn notes(&mut self) {
        if self.manuscript.footnotes.is_empty() {
            return;
        }
        self.end_section(super::NOTES, "doc-endnotes", "Notes");
        self.raw("<ol class=\"notes\">\n");
        let manuscript = self.manuscript;
        for (note, blocks) in manuscript.footnotes.iter().enumerate() {
            self.raw(&format!("<li id=\"{}\">\n", note_id(note)));
            // A link back on a line of its own would look like a piece of the next note.
            match blocks.split_last() {
                Some((Block::Paragraph { content }, before)) => {
                    self.blocks(before);
                    self.raw("<p>");
                    self.inlines(content);
                    self.raw(" ");
                    self.back(note);
                    self.raw("</p>\n");
                }
                Some(_) | None => {
                    self.blocks(blocks);
                    self.back(note);
                }
            }
            self.raw("</li>\n");
        }
        self.raw("</ol>\n</section>\n");
    }

    fn back(&mut self, note: usize) {
        let signs = self.signs.get(&note).cloned().unwrap_or_default();
        let links: Vec<String> = signs
            .iter()
            .map(|sign| {
                let aria = format!("Back to where note {} is", note + 1);
                format!("<a class=\"back\" role=\"doc-backlink\" href=\"{sign}\" aria-label=\"{aria}\">↩</a>")
            })
            .collect();
        self.raw(&links.join(" "));
    }

    fn end_section(&mut self, id: &str, role: &str, heading: &str) {
        self.raw(&format!("<section id=\"{id}\" role=\"{role}\">\n<h2>{heading}"));
        if matches!(self.place, Place::Page) {
            self.raw(&format!(
                " <a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to {heading}\">#</a>"
            ));
        }
        self.raw("</h2>\n");
    }

    /// A link that leads out; `markup` is what is clicked on.
    pub(crate) fn link(&mut self, url: &str, markup: &str) {
        let href = escape(&crate::markup::url(url));
        self.raw(&format!("<a href=\"{href}\" rel=\"noopener\">{markup}</a>"));
    }
}

/// The id of a note.
pub(crate) fn note_id(note: usize) -> String {
    format!("note_{}", note + 1)
}

fn aria_level(level: usize) -> String {
    if level > 6 {
        format!(" aria-level=\"{level}\"")
    } else {
        String::new()
    }
}
