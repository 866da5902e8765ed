//! What stands on lines of its own.

use imprint_manuscript::manuscript::{Block, Inline, Math};

use crate::markup::{escape, segment};

use super::writer::{Place, Writer};

impl Writer<'_> {
    /// Writes blocks.
    pub(crate) fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Paragraph { content } => {
                    self.raw("<p>");
                    self.inlines(content);
                    self.raw("</p>\n");
                }
                Block::List { start, items } => self.list(*start, items),
                Block::Equation { id, number, math } => self.equation(id, *number, math),
                Block::Figure {
                    id,
                    number,
                    image,
                    alt,
                    caption,
                    path: _,
                } => {
                    self.figure(id, *number, image, alt, caption);
                }
                Block::Table { .. } => self.table(block),
                Block::Code { language, text } => self.code(language.as_deref(), text),
                Block::Quote { blocks } => {
                    self.raw("<blockquote>\n");
                    self.blocks(blocks);
                    self.raw("</blockquote>\n");
                }
                Block::Rule => self.raw("<hr/>\n"),
            }
        }
    }

    fn list(&mut self, start: Option<u64>, items: &[Vec<Block>]) {
        if items.is_empty() {
            return;
        }
        let (open, close) = match start {
            None => ("<ul>\n".to_owned(), "</ul>\n"),
            Some(1) => ("<ol>\n".to_owned(), "</ol>\n"),
            Some(number) => (format!("<ol start=\"{number}\">\n"), "</ol>\n"),
        };
        self.raw(&open);
        for item in items {
            self.raw("<li>");
            // A single paragraph is the item itself: its margins would tear a list of short lines apart.
            match item.as_slice() {
                [Block::Paragraph { content }] => self.inlines(content),
                [Block::Paragraph { content }, rest @ ..] if rest.iter().all(is_list) => {
                    self.inlines(content);
                    self.raw("\n");
                    self.blocks(rest);
                }
                blocks => {
                    self.raw("\n");
                    self.blocks(blocks);
                }
            }
            self.raw("</li>\n");
        }
        self.raw(close);
    }

    fn equation(&mut self, id: &str, number: Option<u32>, math: &Math) {
        self.raw(&format!("<div class=\"equation\" id=\"{}\">", escape(id)));
        match math {
            Math::Formula(formula) => {
                // Wide formulas are scrolled, which a keyboard can do only where it can stop.
                self.raw("<div class=\"formula\" tabindex=\"0\" role=\"group\" aria-label=\"Equation");
                if let Some(number) = number {
                    self.raw(&format!(" {number}"));
                }
                self.raw("\">");
                self.raw(&formula.mathml);
                self.raw("</div>");
            }
            Math::Source { source } => self.unset(source),
        }
        if let Some(number) = number {
            self.raw(&format!("<span class=\"number\">({number})</span>"));
        }
        self.raw("</div>\n");
    }

    fn figure(&mut self, id: &str, number: u32, image: &str, alt: &str, caption: &[Inline]) {
        self.raw(&format!("<figure id=\"{}\">\n", escape(id)));
        match self.place {
            Place::Page => {
                let (src, alt) = (segment(image), escape(alt));
                self.raw(&format!(
                    "<img src=\"images/{src}\" alt=\"{alt}\" loading=\"lazy\"/>\n"
                ));
            }
            Place::Book { images, .. } => match images.get(image) {
                Some(file) => {
                    self.raw(&format!(
                        "<img src=\"{}\" alt=\"{}\"/>\n",
                        escape(file),
                        escape(alt)
                    ));
                }
                None => self.raw(&format!("<p class=\"unset\">{}</p>\n", escape(alt))),
            },
        }
        self.raw("<figcaption>");
        self.caption(&format!("Figure {number}."), caption);
        self.raw("</figcaption>\n</figure>\n");
    }

    /// A label and what is said of it.
    pub(super) fn caption(&mut self, label: &str, caption: &[Inline]) {
        self.raw(&format!("<span class=\"label\">{label}</span>"));
        if !caption.is_empty() {
            self.raw(" ");
            self.inlines(caption);
        }
    }

    fn code(&mut self, language: Option<&str>, text: &str) {
        let word = language.map(class).filter(|word| !word.is_empty());
        let class = word
            .map(|word| format!(" class=\"language-{word}\""))
            .unwrap_or_default();
        self.raw(&format!(
            "<pre tabindex=\"0\"><code{class}>{}</code></pre>\n",
            escape(text)
        ));
    }
}

fn is_list(block: &Block) -> bool {
    matches!(block, Block::List { .. })
}

/// The part of a language's name that a class may be.
fn class(language: &str) -> String {
    let kept = |c: &char| c.is_ascii_alphanumeric() || "+-#_".contains(*c);
    language.chars().take_while(kept).take(32).collect()
}
