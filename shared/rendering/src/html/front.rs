//! What stands before the text.

use imprint_manuscript::manuscript::{Front, Variant};

use crate::markup::{escape, url};

use super::writer::{Place, Writer};

impl Writer<'_> {
    /// The title and everything that is said about the document.
    pub(crate) fn front(&mut self) {
        let manuscript = self.manuscript;
        let front = &manuscript.front;
        self.raw("<header>\n<h1>");
        self.text(&front.title);
        self.raw("</h1>\n");
        self.authors(front);
        self.facts(front);
        if matches!(self.place, Place::Page) {
            self.raw(
                "<p class=\"downloads\">Download: \
                 <a href=\"document.pdf\" download=\"\" type=\"application/pdf\">PDF</a>, \
                 <a href=\"journal.pdf\" download=\"\" type=\"application/pdf\">journal PDF</a>, \
                 <a href=\"document.epub\" download=\"\" type=\"application/epub+zip\">EPUB</a></p>\n",
            );
        }
        if manuscript.variant == Variant::Journal && !front.key_points.is_empty() {
            self.raw("<div class=\"key-points\">\n<p>Key points</p>\n<ul>\n");
            for point in &front.key_points {
                self.raw(&format!("<li>{}</li>\n", escape(point)));
            }
            self.raw("</ul>\n</div>\n");
        }
        self.raw("</header>\n");
    }

    fn authors(&mut self, front: &Front) {
        if front.authors.is_empty() {
            return;
        }
        self.raw("<ul class=\"authors\">\n");
        for author in &front.authors {
            self.raw(&format!("<li>{}", escape(&author.name)));
            let known: Vec<String> = author
                .affiliations
                .iter()
                .filter(|number| **number < front.affiliations.len())
                .map(|number| (number + 1).to_string())
                .collect();
            if !known.is_empty() {
                self.raw(&format!("<sup>{}</sup>", known.join(",")));
            }
            self.raw("</li>\n");
        }
        self.raw("</ul>\n");
        if !front.affiliations.is_empty() {
            self.raw("<ol class=\"affiliations\">\n");
            for affiliation in &front.affiliations {
                self.raw(&format!("<li>{}</li>\n", escape(affiliation)));
            }
            self.raw("</ol>\n");
        }
    }

    fn facts(&mut self, front: &Front) {
        let mut facts: Vec<(&str, String)> = Vec::new();
        if !front.version.is_empty() {
            facts.push(("Version", escape(&front.version)));
        }
        if let Some(day) = &front.published {
            let day = escape(day);
            facts.push(("Published", format!("<time datetime=\"{day}\">{day}</time>")));
        }
        if let Some(doi) = front.doi.as_deref().filter(|doi| !doi.is_empty()) {
            let href = escape(&url(&format!("https://doi.org/{doi}")));
            facts.push((
                "DOI",
                format!("<a href=\"{href}\" rel=\"noopener\">{}</a>", escape(doi)),
            ));
        }
        if let Some(corresponding) = &front.corresponding {
            let name = escape(&corresponding.name);
            let said = match corresponding.email.as_deref().filter(|email| email.contains('@')) {
                Some(email) => {
                    let href = escape(&url(&format!("mailto:{email}")));
                    format!(
                        "{name} (<a href=\"{href}\" rel=\"noopener\">{}</a>)",
                        escape(email)
                    )
                }
                None => name,
            };
            facts.push(("Correspondence", said));
        }
        if !front.keywords.is_empty() {
            facts.push(("Keywords", escape(&front.keywords.join("; "))));
        }
        if let Some(citation) = front.citation.as_deref().filter(|citation| !citation.is_empty()) {
            facts.push(("Cite as", escape(citation)));
        }
        if facts.is_empty() {
            return;
        }
        self.raw("<dl class=\"facts\">\n");
        for (name, said) in facts {
            self.raw(&format!("<div><dt>{name}</dt><dd>{said}</dd></div>\n"));
        }
        self.raw("</dl>\n");
    }
}
