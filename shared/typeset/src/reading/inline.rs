//! What stands within a line.

use imprint_manuscript::manuscript::Marks;

use super::{Inline, MAX_NOTES, Place, Reading, Span};
use crate::text;
use crate::view::Cited;

impl<'a> Reading<'a> {
    pub(super) fn spans(&mut self, content: &'a [Inline], place: Place) -> Vec<Span> {
        let mut spans = Vec::with_capacity(content.len());
        for inline in content {
            self.span(inline, place, &mut spans);
        }
        spans
    }

    fn span(&mut self, inline: &'a Inline, place: Place, spans: &mut Vec<Span>) {
        match inline {
            Inline::Text { text, marks } => {
                let text = self.running(text, place.word);
                if !text.is_empty() {
                    let plain = *marks == Marks::default();
                    spans.push(if plain {
                        Span::Plain(text)
                    } else {
                        Span::Text { text, marks: *marks }
                    });
                }
            }
            Inline::Code { text } => {
                let text = self.running(text, place.word);
                if !text.is_empty() {
                    spans.push(Span::Code { text });
                }
            }
            Inline::Link { url, content } => self.link(url, content, place, spans),
            Inline::Cite { references } => spans.extend(self.cite(references, place)),
            Inline::Math { math } => spans.push(match self.formula(math) {
                Ok(formula) => Span::Formula {
                    formula: formula.to_owned(),
                },
                Err(source) => Span::Source {
                    source: text::running(source, place.word),
                },
            }),
            Inline::Footnote { note } => spans.push(self.note(*note, place)),
            Inline::Break => spans.push(Span::Break),
        }
    }

    fn link(&mut self, url: &str, content: &'a [Inline], place: Place, spans: &mut Vec<Span>) {
        if !place.links {
            spans.append(&mut self.spans(content, place));
            return;
        }
        let mut content = self.spans(
            content,
            Place {
                links: false,
                ..place
            },
        );
        if content.is_empty() {
            return;
        }
        if let Some(id) = url.strip_prefix('#') {
            spans.push(Span::Jump {
                name: id.to_owned(),
                content,
            });
        } else if let Some(url) = text::address(url) {
            spans.push(Span::Link { url, content });
        } else {
            spans.append(&mut content);
        }
    }

    fn cite(&mut self, references: &[usize], place: Place) -> Option<Span> {
        let mut works = Vec::with_capacity(references.len());
        for number in references {
            let Some(text) = self.bibliography.citations.get(*number) else {
                continue;
            };
            let entry = self
                .bibliography
                .entries
                .iter()
                .find(|entry| entry.reference == *number);
            let name = entry.filter(|_| place.links).map(|entry| entry.anchor.clone());
            works.push(Cited {
                text: self.running(text, place.word),
                name,
            });
        }
        (!works.is_empty()).then_some(Span::Cite { works })
    }

    /// A note's sign, with the note where it comes first.
    fn note(&mut self, note: usize, place: Place) -> Span {
        let number = note.saturating_add(1);
        let name = format!("N:{note}");
        let Some(blocks) = self.manuscript.footnotes.get(note) else {
            return Span::Again { number, name: None };
        };
        if place.notes >= MAX_NOTES || !self.notes.insert(note) {
            return Span::Again {
                number,
                name: place.links.then_some(name),
            };
        }
        let inside = Place {
            depth: 1,
            notes: place.notes + 1,
            links: true,
            names: true,
            ..place
        };
        let mut blocks = self.nodes(blocks, inside);
        if let [super::Node::Paragraph { .. }] = blocks.as_slice() {
            super::unwrap_paragraph(&mut blocks);
        }
        let named = self.names.insert(name.clone());
        let span = Span::Note {
            number,
            name: named.then_some(name),
            blocks,
        };
        if place.names {
            return span;
        }
        // A heading is printed in the contents too, and a table's header on each page: the note follows them.
        self.notes_later.push(span);
        Span::Again { number, name: None }
    }
}
