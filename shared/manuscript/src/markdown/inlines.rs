//! Lines of text while they are read.

use pulldown_cmark::{LinkType, Tag};

use super::blocks::Reader;
use crate::link::checked_url;
use crate::manuscript::{Block, Inline, Marks, Math, Warning, WarningCode};
use crate::math::{Display, Formula};

/// How much of the source a warning shows, in characters.
const SNIPPET: usize = 200;

/// The line that is being read.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) bold: usize,
    italic: usize,
    strike: usize,
    /// Links and images that are open, with what stood before each.
    open: Vec<(Open, Vec<Inline>)>,
    pub(super) content: Vec<Inline>,
    /// What is shown below the line's paragraph.
    pub(super) figures: Vec<Block>,
}

/// Something that has text of its own.
#[derive(Debug)]
pub(super) enum Open {
    Link {
        url: String,
        at: usize,
    },
    Image {
        destination: String,
        title: String,
        at: usize,
    },
    /// What was between brackets is known from the source.
    Citation {
        label: String,
        source: String,
        at: usize,
    },
}

impl Line {
    fn marks(&self) -> Marks {
        Marks {
            bold: self.bold > 0,
            italic: self.italic > 0,
            strike: self.strike > 0,
            ..Marks::default()
        }
    }

    pub(super) fn is_within_something(&self) -> bool {
        !self.open.is_empty()
    }

    pub(super) fn is_in_link(&self) -> bool {
        self.open
            .iter()
            .any(|(open, _)| matches!(open, Open::Link { .. }))
    }

    pub(super) fn is_within_an_image(&self) -> bool {
        self.open
            .iter()
            .any(|(open, _)| matches!(open, Open::Image { .. }))
    }

    pub(super) fn text(&mut self, text: &str) {
        let marks = self.marks();
        push_text(&mut self.content, text, marks);
    }
}

/// Adds text, to the text before it if both look the same. Control characters are nothing.
pub(super) fn push_text(content: &mut Vec<Inline>, text: &str, marks: Marks) {
    let text = printable(text);
    if text.is_empty() {
        return;
    }
    if let Some(Inline::Text {
        text: last,
        marks: same,
    }) = content.last_mut()
        && *same == marks
    {
        last.push_str(&text);
        return;
    }
    content.push(Inline::Text { text, marks });
}

/// A text without characters that no output can have.
pub(super) fn printable(text: &str) -> String {
    let allowed =
        |c: &char| (!c.is_control() || matches!(c, '\n' | '\t')) && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().filter(allowed).collect()
}

/// What is read aloud.
pub(super) fn plain(content: &[Inline]) -> String {
    let mut text = String::new();
    for inline in content {
        match inline {
            Inline::Text { text: words, .. } | Inline::Code { text: words } => text.push_str(words),
            Inline::Link { content, .. } => text.push_str(&plain(content)),
            Inline::Math {
                math: Math::Formula(formula),
            } => text.push_str(&formula.tex),
            Inline::Math {
                math: Math::Source { source },
            } => text.push_str(source),
            Inline::Break => text.push(' '),
            Inline::Cite { .. } | Inline::Footnote { .. } => {}
        }
    }
    text
}

/// The beginning of a piece of source.
pub(super) fn snippet(source: &str) -> String {
    source.chars().take(SNIPPET).collect()
}

/// A line without white space at its ends.
pub(super) fn trim(content: &mut Vec<Inline>) {
    let is_space = |inline: &&Inline| match inline {
        Inline::Break => true,
        Inline::Text { text, .. } => text.trim().is_empty(),
        Inline::Code { .. }
        | Inline::Link { .. }
        | Inline::Cite { .. }
        | Inline::Math { .. }
        | Inline::Footnote { .. } => false,
    };
    content.truncate(content.len() - content.iter().rev().take_while(is_space).count());
    content.drain(..content.iter().take_while(is_space).count());
    if let Some(Inline::Text { text, .. }) = content.first_mut() {
        text.drain(..text.len() - text.trim_start().len());
    }
    if let Some(Inline::Text { text, .. }) = content.last_mut() {
        text.truncate(text.trim_end().len());
    }
}

/// Moves what is a link of its own out of a link's text.
fn take_links(content: Vec<Inline>) -> (Vec<Inline>, Vec<Inline>) {
    let mut text = Vec::new();
    let mut behind = Vec::new();
    for inline in content {
        match inline {
            Inline::Link { content, .. } => {
                let (inner, more) = take_links(content);
                text.extend(inner);
                behind.extend(more);
            }
            Inline::Cite { .. } | Inline::Footnote { .. } => behind.push(inline),
            Inline::Text { .. } | Inline::Code { .. } | Inline::Math { .. } | Inline::Break => {
                text.push(inline)
            }
        }
    }
    (text, behind)
}

impl Reader<'_> {
    pub(super) fn warn(&mut self, code: WarningCode, at: usize, message: String, source: &str) {
        let path = self.lines.path(at);
        self.warnings.push(Warning {
            code,
            path,
            node_id: None,
            message,
            snippet: snippet(source),
        });
    }

    /// Opens what is within a line.
    pub(super) fn open_inline(&mut self, tag: Tag<'_>, range: std::ops::Range<usize>) {
        let at = range.start;
        let open = match tag {
            Tag::Emphasis => return self.line.italic += 1,
            Tag::Strong => return self.line.bold += 1,
            Tag::Strikethrough => return self.line.strike += 1,
            Tag::Link {
                link_type: LinkType::ShortcutUnknown,
                ..
            } => {
                let source = self.text[range].to_owned();
                let label = source.trim_start_matches('[').trim_end_matches(']').to_owned();
                Open::Citation { label, source, at }
            }
            Tag::Link {
                link_type: LinkType::Email,
                dest_url,
                ..
            } => Open::Link {
                url: format!("mailto:{}", dest_url.trim_start_matches("mailto:")),
                at,
            },
            Tag::Link { dest_url, .. } => Open::Link {
                url: dest_url.into_string(),
                at,
            },
            Tag::Image { dest_url, title, .. } => Open::Image {
                destination: dest_url.into_string(),
                title: title.into_string(),
                at,
            },
            _ => return,
        };
        let before = std::mem::take(&mut self.line.content);
        self.line.open.push((open, before));
    }

    pub(super) fn close_marks(&mut self, bold: usize, italic: usize, strike: usize) {
        self.line.bold = self.line.bold.saturating_sub(bold);
        self.line.italic = self.line.italic.saturating_sub(italic);
        self.line.strike = self.line.strike.saturating_sub(strike);
    }

    /// Closes the link, image or citation that was opened last.
    pub(super) fn close_inline(&mut self) {
        let Some((open, before)) = self.line.open.pop() else {
            return;
        };
        let content = std::mem::replace(&mut self.line.content, before);
        match open {
            Open::Link { url, at } => self.link(url, at, content),
            Open::Image {
                destination,
                title,
                at,
            } => self.image(&destination, &title, at, content),
            Open::Citation { label, source, at } => self.cite(&label, &source, at),
        }
    }

    fn cite(&mut self, label: &str, source: &str, at: usize) {
        let ids = super::citations::ids(label).unwrap_or_default();
        let mut references = Vec::new();
        let mut unknown = ids.is_empty();
        for id in ids {
            match self.references.get(id) {
                Some(index) => references.push(*index),
                None => {
                    unknown = true;
                    self.warn(
                        WarningCode::Reference,
                        at,
                        format!("`{}` is cited and not listed", snippet(id)),
                        source,
                    );
                }
            }
        }
        if unknown {
            self.line.text(source);
        } else {
            self.line.content.push(Inline::Cite { references });
        }
    }

    /// A link, or only its text if pages do not have such links. Whether a fragment is one's id is known at the end.
    pub(super) fn link(&mut self, url: String, at: usize, content: Vec<Inline>) {
        let (content, behind) = take_links(content);
        let checked = match url.strip_prefix('#') {
            Some(fragment) => {
                self.fragments.push((fragment.to_owned(), at));
                Some(url)
            }
            None => {
                let checked = checked_url(&url);
                if checked.is_none() {
                    let message = "only links to http, https, mailto and to an id of this document are shown";
                    self.warn(WarningCode::Link, at, message.to_owned(), &url);
                }
                checked
            }
        };
        match checked {
            Some(url) if !content.is_empty() && !self.line.is_in_link() => {
                self.line.content.push(Inline::Link { url, content });
            }
            _ => self.line.content.extend(content),
        }
        self.line.content.extend(behind);
    }

    /// Reads a formula, or shows its source.
    pub(super) fn math(&mut self, source: &str, display: Display, at: usize) -> Math {
        match Formula::read(source, display) {
            Ok(formula) => Math::Formula(formula),
            Err(error) => {
                self.warn(WarningCode::Equation, at, error.message, source);
                Math::Source {
                    source: printable(source),
                }
            }
        }
    }
}
