//! What stands before the text, and the works at its end.

use super::{Correspondent, Doi, Front, Reading, Variant, View, Work, WorkSpan, Writer};
use crate::text;

impl Reading<'_> {
    /// A view without its text.
    pub(super) fn front(&mut self, front: &Front) -> View {
        let (language, region) = text::language(&front.language);
        let title = self.plain(&front.title);
        let version = self.plain(&front.version);
        View {
            variant: self.manuscript.variant,
            language,
            region,
            short: text::short(&title),
            title,
            version_line: if version.is_empty() {
                version
            } else {
                format!("Version {version}")
            },
            published: self.option(front.published.as_deref()),
            doi: front.doi.as_deref().map(|doi| Doi {
                text: self.plain(doi),
                address: text::doi_address(doi),
            }),
            authors: self.authors(front),
            affiliations: front.affiliations.iter().map(|name| self.plain(name)).collect(),
            corresponding: self.corresponding(front),
            keywords: front.keywords.iter().map(|word| self.plain(word)).collect(),
            key_points: front.key_points.iter().map(|point| self.plain(point)).collect(),
            citation: self.option(front.citation.as_deref()),
            contents: match self.manuscript.variant {
                Variant::Document => self
                    .manuscript
                    .sections
                    .iter()
                    .any(|section| !section.heading.is_empty()),
                Variant::Journal => false,
            },
            body: Vec::new(),
            references: Vec::new(),
            references_name: None,
        }
    }

    fn authors(&mut self, front: &Front) -> Vec<Writer> {
        let known = front.affiliations.len();
        let authors = front.authors.iter().map(|author| Writer {
            name: self.plain(&author.name),
            short: self.plain(format!("{} {}", author.initials, author.family).trim()),
            affiliations: author
                .affiliations
                .iter()
                .filter(|number| **number < known)
                .map(|number| number + 1)
                .collect(),
        });
        authors.collect()
    }

    fn corresponding(&mut self, front: &Front) -> Option<Correspondent> {
        let who = front.corresponding.as_ref()?;
        Some(Correspondent {
            name: self.plain(&who.name),
            email: self.option(who.email.as_deref()),
            url: who
                .email
                .as_deref()
                .and_then(|email| text::address(&format!("mailto:{email}"))),
        })
    }

    /// Puts the works that can be cited into the view.
    pub(super) fn references(&mut self, view: &mut View) {
        for entry in &self.bibliography.entries {
            let name = self.name(&entry.anchor, super::Place::TOP);
            let spans = entry.text.iter().map(|span| WorkSpan {
                text: self.plain(&span.text),
                italic: span.italic,
                url: span.url.as_deref().and_then(text::address),
            });
            view.references.push(Work {
                name,
                text: spans.collect(),
            });
        }
        if !view.references.is_empty() {
            view.references_name = self.name("references", super::Place::TOP);
        }
    }

    fn plain(&mut self, string: &str) -> String {
        self.running(string, text::WORD)
    }

    fn option(&mut self, string: Option<&str>) -> Option<String> {
        string
            .map(|string| self.plain(string))
            .filter(|string| !string.is_empty())
    }
}
