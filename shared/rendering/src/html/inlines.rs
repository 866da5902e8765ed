//! What stands within a line.

use imprint_manuscript::manuscript::{Inline, Marks, Math};

use crate::markup::{escape, is_outward};
use crate::text;

use super::writer::{Writer, note_id};

impl Writer<'_> {
    /// Writes what stands within a line.
    pub(crate) fn inlines(&mut self, content: &[Inline]) {
        for inline in content {
            match inline {
                Inline::Text { text, marks } => self.marked(text, *marks),
                Inline::Code { text } => self.raw(&format!("<code>{}</code>", escape(text))),
                Inline::Link { url, content } => self.leads(url, content),
                Inline::Cite { references } => self.cites(references),
                Inline::Math { math } => self.math(math),
                Inline::Footnote { note } => self.sign(*note),
                Inline::Break => self.raw("<br/>\n"),
            }
        }
    }

    fn marked(&mut self, text: &str, marks: Marks) {
        let tags: Vec<&str> = [
            (marks.bold, "strong"),
            (marks.italic, "em"),
            (marks.underline, "u"),
            (marks.strike, "s"),
            (marks.subscript, "sub"),
            (marks.superscript, "sup"),
        ]
        .into_iter()
        .filter_map(|(set, tag)| set.then_some(tag))
        .collect();
        for tag in &tags {
            self.raw(&format!("<{tag}>"));
        }
        self.text(text);
        for tag in tags.iter().rev() {
            self.raw(&format!("</{tag}>"));
        }
    }

    /// A link, or its content alone where it may lead nowhere. Links do not lie within links.
    fn leads(&mut self, url: &str, content: &[Inline]) {
        let start = match url.strip_prefix('#') {
            Some(id) => self
                .known(id)
                .map(|href| format!("<a href=\"{}\">", escape(&href))),
            None if is_outward(url) => {
                let href = escape(&crate::markup::url(url));
                Some(format!("<a href=\"{href}\" rel=\"noopener\">"))
            }
            None => None,
        };
        match start {
            Some(start) => {
                self.raw(&start);
                self.unlinked(content);
                self.raw("</a>");
            }
            None => self.inlines(content),
        }
    }

    fn unlinked(&mut self, content: &[Inline]) {
        for inline in content {
            match inline {
                Inline::Link { content, url: _ } => self.unlinked(content),
                Inline::Cite { .. } => {
                    self.text(&text::inlines(std::slice::from_ref(inline), self.bibliography))
                }
                Inline::Footnote { .. } => {}
                Inline::Text { .. } | Inline::Code { .. } | Inline::Math { .. } | Inline::Break => {
                    self.inlines(std::slice::from_ref(inline));
                }
            }
        }
    }

    fn cites(&mut self, references: &[usize]) {
        let cited = text::cited(references, self.bibliography);
        if cited.is_empty() {
            return;
        }
        self.raw("(");
        for (place, reference) in cited.into_iter().enumerate() {
            if place > 0 {
                self.raw("; ");
            }
            let bibliography = self.bibliography;
            let Some(entry) = bibliography
                .entries
                .iter()
                .find(|entry| entry.reference == reference)
            else {
                continue;
            };
            let words = escape(&bibliography.citations[reference]);
            match self.href(&self.entry_id(&entry.anchor)) {
                Some(href) => self.raw(&format!(
                    "<a role=\"doc-biblioref\" href=\"{}\">{words}</a>",
                    escape(&href)
                )),
                None => self.raw(&words),
            }
        }
        self.raw(")");
    }

    /// A formula in the line.
    fn math(&mut self, math: &Math) {
        match math {
            Math::Formula(formula) => self.raw(&formula.mathml),
            Math::Source { source } => self.unset(source),
        }
    }

    /// A formula that cannot be set.
    pub(super) fn unset(&mut self, source: &str) {
        self.raw(&format!(
            "<code class=\"unset\" title=\"This formula cannot be set\">{}</code>",
            escape(source)
        ));
    }

    fn sign(&mut self, note: usize) {
        if note >= self.manuscript.footnotes.len() {
            return;
        }
        let target = note_id(note);
        let signs = self.signs.entry(note).or_default();
        let id = if signs.is_empty() {
            format!("sign_{}", note + 1)
        } else {
            format!("sign_{}_{}", note + 1, signs.len() + 1)
        };
        signs.push(format!("{}#{id}", self.file));
        let Some(href) = self.href(&target) else { return };
        let number = note + 1;
        self.raw(&format!(
            "<sup><a id=\"{id}\" role=\"doc-noteref\" href=\"{href}\">{number}</a></sup>"
        ));
    }
}
