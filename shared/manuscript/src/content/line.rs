//! Making what stands within a line.

use super::compose::{Composer, words};
use super::text::shown;
use super::tree::Span;
use crate::manuscript::{Inline, Marks, WarningCode};
use crate::math::Display;

impl Composer<'_> {
    /// A line. Neighbours of one look are one text, and works that are cited side by side are cited in one place.
    pub(super) fn line(&mut self, spans: &[Span]) -> Vec<Inline> {
        let mut line = Vec::with_capacity(spans.len());
        for span in spans {
            match span {
                Span::Text { text, marks } => {
                    let same = match line.last_mut() {
                        Some(Inline::Text { text, marks: before }) if before == marks => Some(text),
                        _ => None,
                    };
                    match same {
                        Some(before) => before.push_str(text),
                        None => line.push(Inline::Text {
                            text: text.clone(),
                            marks: *marks,
                        }),
                    }
                }
                Span::Link {
                    url,
                    content,
                    id,
                    path,
                } => {
                    let content = self.line(content);
                    if !content.is_empty() {
                        line.extend(self.link(url, content, id.as_deref(), path));
                    }
                }
                Span::Ref { work, id, path } => match self.works.get(work.as_str()) {
                    Some(&number) => cite(&mut line, number),
                    None => {
                        let message = format!("no work has the `id` {}", shown(work));
                        self.warn(WarningCode::Reference, path, id.as_deref(), message, work);
                        line.push(words("[?]"));
                    }
                },
                Span::Equation(equation) => {
                    if !equation.source.trim().is_empty() {
                        let math = self.math(equation, Display::Inline);
                        line.push(Inline::Math { math });
                    }
                }
            }
        }
        line
    }
}

/// Adds a work to the place where others are cited, if only white space is between.
fn cite(line: &mut Vec<Inline>, number: usize) {
    let is_space = |inline: &Inline| matches!(inline, Inline::Text { text, .. } if text.trim().is_empty());
    let last = line.iter().rposition(|inline| !is_space(inline));
    if let Some(last) = last
        && let Some(Inline::Cite { references }) = line.get_mut(last)
    {
        if !references.contains(&number) {
            references.push(number);
        }
        line.truncate(last + 1);
        return;
    }
    keep_apart(line);
    line.push(Inline::Cite {
        references: vec![number],
    });
}

/// In an editor a work is a sign of its own right behind its word; printed it begins with a bracket, which needs a space.
fn keep_apart(line: &mut Vec<Inline>) {
    let is_apart = match line.last_mut() {
        None | Some(Inline::Break) => true,
        Some(Inline::Text { text, marks }) => {
            let is_apart = text.ends_with(|c: char| c.is_whitespace() || "([{".contains(c));
            if !is_apart && *marks == Marks::default() {
                text.push(' ');
                return;
            }
            is_apart
        }
        Some(
            Inline::Code { .. }
            | Inline::Link { .. }
            | Inline::Cite { .. }
            | Inline::Math { .. }
            | Inline::Footnote { .. },
        ) => false,
    };
    if !is_apart {
        line.push(words(" "));
    }
}
