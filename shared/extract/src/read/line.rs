//! A line of text: words, and what is marked in them.

use super::{Context, Reader, math};
use crate::clean::{one_line, push_collapsed};
use crate::content::{Inline, plain};
use crate::link;
use crate::place::is_no_content;
use crate::tree::{Data, Element, NodeId};

/// A line that is being read.
#[derive(Default)]
pub(super) struct Line {
    inlines: Vec<Inline>,
    /// Whether what was written last is not white space, so that white space may follow.
    open: bool,
}

impl Line {
    pub(super) fn text(&mut self, text: &str) {
        let mut spaced = !self.open;
        if let Some(Inline::Text(last)) = self.inlines.last_mut() {
            push_collapsed(text, last, &mut spaced);
        } else {
            let mut one = String::new();
            push_collapsed(text, &mut one, &mut spaced);
            if !one.is_empty() {
                self.inlines.push(Inline::Text(one));
            }
        }
        self.open = !spaced;
    }

    fn push(&mut self, one: Inline) {
        // Two spans of code side by side are one: between them would be nothing to tell them apart.
        if let (Inline::Code(more), Some(Inline::Code(last))) = (&one, self.inlines.last_mut()) {
            last.push_str(more);
        } else {
            self.inlines.push(one);
        }
        self.open = true;
    }

    fn line_break(&mut self) {
        if self.inlines.is_empty() {
            // What is marked and begins with a break is apart from what is before it.
            return self.text(" ");
        }
        self.trim();
        if !matches!(self.inlines.last(), None | Some(Inline::Break)) {
            self.inlines.push(Inline::Break);
        }
        self.open = false;
    }

    /// What is inside something, read as a part of this line; white space around it stays outside of it.
    fn within(&mut self, read: impl FnOnce(&mut Line), make: impl FnOnce(Vec<Inline>) -> Inline) {
        let mut inner = Line {
            inlines: Vec::new(),
            open: true,
        };
        read(&mut inner);
        let before = matches!(inner.inlines.first(), Some(Inline::Text(text)) if text.starts_with(' '));
        if let Some(Inline::Text(text)) = inner.inlines.first_mut() {
            text.drain(..usize::from(before));
        }
        let after = !inner.open;
        let line = inner.end();
        if before {
            self.text(" ");
        }
        if !line.is_empty() {
            self.push(make(line));
        }
        if after {
            self.text(" ");
        }
    }

    /// The line without white space and breaks at its ends.
    pub(super) fn end(mut self) -> Vec<Inline> {
        while matches!(self.inlines.last(), Some(Inline::Break)) || self.trim() {
            if matches!(self.inlines.last(), Some(Inline::Break)) {
                self.inlines.pop();
            }
        }
        self.inlines
            .retain(|one| !matches!(one, Inline::Text(text) if text.is_empty()));
        self.inlines
    }

    /// Takes away white space at the end; whether there was any.
    fn trim(&mut self) -> bool {
        let Some(Inline::Text(text)) = self.inlines.last_mut() else {
            return false;
        };
        let length = text.trim_end().len();
        let trimmed = length < text.len();
        text.truncate(length);
        if length == 0 {
            self.inlines.pop();
            return true;
        }
        trimmed
    }
}

impl<'t> Reader<'t> {
    /// Reads the children of a node into a line, blocks as words of it.
    pub(super) fn inlines(&self, id: NodeId, line: &mut Line, context: Context<'t>) {
        for child in self.tree.children(id) {
            match self.tree.data(child) {
                Data::Text(text) => line.text(text),
                Data::Element(element) if is_no_content(element) => {}
                Data::Element(element) => self.inline(child, element, line, context),
            }
        }
    }

    pub(super) fn inline(&self, id: NodeId, element: &'t Element, line: &mut Line, context: Context<'t>) {
        if let Some(tex) = math::inline(self.tree, id, element) {
            return line.push(Inline::Math(tex));
        }
        match element.name {
            "br" => line.line_break(),
            "wbr" => {}
            "img" => image(element, line),
            "code" | "kbd" | "samp" | "tt" => {
                let text = one_line(&self.tree.text(id, is_no_content));
                if !text.is_empty() {
                    line.push(Inline::Code(text));
                }
            }
            "strong" | "b" if !context.in_strong => {
                let inner = Context {
                    in_strong: true,
                    ..context
                };
                line.within(|line| self.inlines(id, line, inner), Inline::Strong);
            }
            "em" | "i" if !context.in_emphasis => {
                let inner = Context {
                    in_emphasis: true,
                    ..context
                };
                line.within(|line| self.inlines(id, line, inner), Inline::Emphasis);
            }
            "q" => {
                line.text("“");
                self.inlines(id, line, context);
                line.text("”");
            }
            "a" => self.link(id, element, line, context),
            name if crate::parse::is_block(name) => {
                line.text(" ");
                self.inlines(id, line, context);
                line.text(" ");
            }
            _ => self.inlines(id, line, context),
        }
    }

    fn link(&self, id: NodeId, element: &'t Element, line: &mut Line, context: Context<'t>) {
        let to = element.attribute("href").and_then(link::address);
        let Some(to) = to.filter(|_| !context.in_link) else {
            return self.inlines(id, line, context);
        };
        let mut inner = Line::default();
        self.inlines(
            id,
            &mut inner,
            Context {
                in_link: true,
                ..context
            },
        );
        if to.starts_with('#') && is_sign(&plain(&inner.inlines)) {
            return;
        }
        let to = self.start.twin(&to).into_owned();
        line.within(
            |line| {
                self.inlines(
                    id,
                    line,
                    Context {
                        in_link: true,
                        ..context
                    },
                )
            },
            |line| Inline::Link { to, line },
        );
    }
}

/// The signs that lead to the place where they stand.
fn is_sign(text: &str) -> bool {
    matches!(text.trim(), "" | "#" | "¶" | "§" | "🔗" | "\u{f0c1}")
}

fn image(element: &Element, line: &mut Line) {
    let alt = one_line(element.attribute("alt").unwrap_or_default());
    // Where Sphinx makes images of formulas it puts their source beside them.
    if element.has_class("math") && !alt.is_empty() {
        return line.push(Inline::Math(alt));
    }
    match element.attribute("src").and_then(link::image_address) {
        Some(from) => line.push(Inline::Image { from, alt }),
        None => line.text(&alt),
    }
}
