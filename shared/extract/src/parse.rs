//! HTML to a [`Tree`]. The tokens are html5gum's, by the standard; the tree is simpler than the standard's.
//!
//! The standard's own way of building a tree may take quadratic time and memory for wrongly nested tags. This one puts each
//! element where its tag stands, ends what HTML lets authors leave open (`p`, `li`, `tr` and the like), and ignores end tags
//! that end nothing. For pages of generators both trees are the same.

mod names;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use crate::tree::{Data, Element, NodeId, Tree};
pub(crate) use names::is_block;
use names::{ATTRIBUTES, is_void, known_name};

/// Elements within elements; what is nested deeper stands at this depth. Browsers stop at 512, and pages of generators
/// have about 30. Reading a tree is recursive, so this is also what its stack depends on.
const MAX_DEPTH: usize = 160;

/// Elements and texts of a page. A page of four megabytes that is mostly text has a quarter of it.
const MAX_NODES: usize = 500_000;

/// A longer value is no id, class or address: an image within its page, most often.
const MAX_VALUE_BYTES: usize = 4_096;

/// The page has more elements than anybody reads.
#[derive(Debug)]
pub(crate) struct TooManyNodes;

pub(crate) fn parse(html: &str) -> Result<Tree, TooManyNodes> {
    let mut builder = Builder::new();
    let callback = |event: CallbackEvent<'_>, _: Span<()>| builder.take(event);
    let mut emitter = CallbackEmitter::new(callback);
    // Text of scripts and the like is not markup.
    emitter.naively_switch_states(true);
    let mut stops = Tokenizer::new_with_emitter(html, emitter);
    match stops.next() {
        Some(Ok(stop)) => Err(stop),
        Some(Err(never)) => match never {},
        None => {
            drop(stops);
            Ok(builder.tree)
        }
    }
}

struct Builder {
    tree: Tree,
    open: Vec<(NodeId, &'static str)>,
    /// Start tags at the greatest depth whose end tags are still to come.
    beyond: usize,
    /// Which of `html`, `head` and `body` have begun: each does once.
    begun: Vec<&'static str>,
    /// The start tag that is being read.
    tag: Option<Element>,
    /// The attribute that is being read, if it is one that is kept.
    attribute: Option<&'static str>,
}

impl Builder {
    fn new() -> Self {
        Self {
            tree: Tree::new(),
            open: vec![(Tree::ROOT, "")],
            beyond: 0,
            begun: Vec::new(),
            tag: None,
            attribute: None,
        }
    }

    fn take(&mut self, event: CallbackEvent<'_>) -> Option<TooManyNodes> {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag = Some(Element {
                    name: known_name(name),
                    ..Element::default()
                });
                self.attribute = None;
            }
            CallbackEvent::AttributeName { name } => self.attribute_name(name),
            CallbackEvent::AttributeValue { value } => self.attribute_value(value),
            CallbackEvent::CloseStartTag { self_closing } => {
                self.attribute = None;
                if let Some(element) = self.tag.take() {
                    self.start(element, self_closing);
                }
            }
            CallbackEvent::EndTag { name } => {
                self.tag = None;
                self.end(known_name(name));
            }
            CallbackEvent::String { value } => self.text(&String::from_utf8_lossy(value)),
            CallbackEvent::Comment { .. } | CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => {}
        }
        (self.tree.len() > MAX_NODES).then_some(TooManyNodes)
    }

    fn attribute_name(&mut self, name: &[u8]) {
        self.attribute = ATTRIBUTES.iter().copied().find(|one| one.as_bytes() == name);
        if let (Some(tag), Some(name)) = (&mut self.tag, self.attribute) {
            if tag.attribute(name).is_some() {
                self.attribute = None;
            } else {
                tag.attributes.push((name, String::new()));
            }
        }
    }

    fn attribute_value(&mut self, value: &[u8]) {
        let (Some(tag), Some(_)) = (&mut self.tag, self.attribute.take()) else {
            return;
        };
        if let Some((_, last)) = tag.attributes.last_mut()
            && value.len() <= MAX_VALUE_BYTES
        {
            *last = String::from_utf8_lossy(value).into_owned();
        }
    }

    fn text(&mut self, text: &str) {
        let (top, name) = self.top();
        let unread = match name {
            "style" => true,
            "script" => !self.tree.element(top).is_some_and(is_math_script),
            _ => false,
        };
        if !unread {
            self.tree.append_text(top, text);
        }
    }

    fn start(&mut self, element: Element, self_closing: bool) {
        let name = element.name;
        if matches!(name, "html" | "body" | "head") {
            if self.begun.contains(&name) {
                return;
            }
            self.begun.push(name);
        }
        self.end_implied_by(name);
        let inside = self.open.len() < MAX_DEPTH;
        if inside {
            self.beyond = 0;
        }
        let empty = is_void(name) || (self_closing && name.is_empty());
        if !inside && !empty && !is_raw(name) {
            self.beyond += 1;
            return;
        }
        let id = self.tree.append(self.top().0, Data::Element(element));
        if is_block(name) {
            self.tree.note_block(id);
        }
        if !empty {
            self.open.push((id, name));
        }
    }

    fn end(&mut self, name: &'static str) {
        if is_void(name) || matches!(name, "html" | "body") {
            return;
        }
        if self.beyond > 0 && self.top().1 != name_if_raw(name) {
            self.beyond -= 1;
            return;
        }
        // What an end tag may not reach past: the end of a bold text ends no table cell.
        let stops = |open: &str| match name {
            "table" => false,
            "li" => matches!(open, "ul" | "ol" | "menu" | "table") || is_cell(open),
            _ if is_block(name) || name.is_empty() => {
                matches!(open, "table") || (is_cell(open) && !is_table_part(name))
            }
            _ => open != "p" && is_block(open),
        };
        self.close(name, stops);
    }

    /// Ends elements up to the innermost of this name, unless one that `stops` comes before.
    fn close(&mut self, name: &str, stops: impl Fn(&str) -> bool) {
        for at in (1..self.open.len()).rev() {
            let open = self.open[at].1;
            if open == name {
                self.open.truncate(at);
                return;
            }
            if stops(open) {
                return;
            }
        }
    }

    /// Ends what the beginning of an element ends.
    fn end_implied_by(&mut self, name: &str) {
        if !matches!(
            name,
            "head" | "meta" | "title" | "link" | "script" | "style" | "base" | "noscript" | "template"
        ) {
            self.close("head", |_| false);
        }
        if is_block(name) {
            self.close("p", |open| is_block(open) && open != "p");
        }
        match name {
            "li" => self.close("li", |open| matches!(open, "ul" | "ol" | "menu") || is_cell(open)),
            "dt" | "dd" => {
                for other in ["dt", "dd"] {
                    self.close(other, |open| open == "dl" || is_cell(open));
                }
            }
            "td" | "th" => {
                for other in ["td", "th"] {
                    self.close(other, |open| matches!(open, "tr" | "table"));
                }
            }
            "tr" => self.close("tr", |open| open == "table"),
            "thead" | "tbody" | "tfoot" => {
                for other in ["thead", "tbody", "tfoot"] {
                    self.close(other, |open| open == "table");
                }
            }
            "a" => self.close("a", is_block),
            "option" => self.close("option", |open| open == "select"),
            heading if is_heading(heading) && is_heading(self.top().1) => {
                self.open.pop();
            }
            _ => {}
        }
    }

    fn top(&self) -> (NodeId, &'static str) {
        *self.open.last().expect("the root is never ended")
    }
}

/// The source of a formula that a script of the page would show.
pub(crate) fn is_math_script(element: &Element) -> bool {
    element.name == "script"
        && element
            .attribute("type")
            .is_some_and(|kind| kind.trim_start().starts_with("math/tex"))
}

pub(crate) fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

fn is_cell(name: &str) -> bool {
    matches!(name, "td" | "th" | "caption")
}

fn is_table_part(name: &str) -> bool {
    is_cell(name) || matches!(name, "tr" | "thead" | "tbody" | "tfoot")
}

/// Elements whose text is no markup: they are put into the tree at any depth, so that their text is not taken for the page's.
fn is_raw(name: &str) -> bool {
    matches!(
        name,
        "script" | "style" | "noscript" | "iframe" | "textarea" | "title"
    )
}

/// The name, if [`is_raw`]; else one that no element has.
fn name_if_raw(name: &'static str) -> &'static str {
    if is_raw(name) { name } else { "-" }
}

#[cfg(test)]
mod tests;
