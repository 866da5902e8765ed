//! Reading what stands within a line.

use serde_json::Value;

use super::MAX_EQUATION_BYTES;
use super::kind::{Kind, Parent};
use super::nodes::id;
use super::place::Place;
use super::reader::{Object, Reader, kind};
use super::text::{clean, flatten};
use super::tree::{Equation, Span};
use crate::manuscript::Marks;

impl Reader {
    /// The spans of a node.
    pub(super) fn spans(&mut self, node: Object<'_>, parent: Kind) -> Vec<Span> {
        let children = match parent {
            // Editors show these two as one thing; whether an empty leaf is inside says nothing.
            Kind::Ref | Kind::Img => self.array(node, "children"),
            Kind::P
            | Kind::A
            | Kind::Equation
            | Kind::EquationInline
            | Kind::Ul
            | Kind::Ol
            | Kind::Li
            | Kind::SubSection
            | Kind::ImageBlock
            | Kind::TableBlock
            | Kind::Table
            | Kind::Tr
            | Kind::Td
            | Kind::Caption => self.children(node, &Parent::Node(parent).name()),
        };
        let place = node.place.key("children");
        let mut spans = Vec::with_capacity(children.len());
        for (index, child) in children.iter().enumerate() {
            self.span(&place.index(index), Parent::Node(parent), child, &mut spans);
        }
        spans
    }

    fn span(&mut self, place: &Place<'_>, parent: Parent, value: &Value, spans: &mut Vec<Span>) {
        self.nodes += 1;
        let Some(node) = self.object(place, value, "a node") else {
            return spans.extend(flat(value));
        };
        if node.get("type").is_none() && !node.fields.contains_key("children") {
            return spans.extend(self.leaf(node));
        }
        let Some(found) = self.kind_of(node, parent, value) else {
            return spans.extend(flat(value));
        };
        match found {
            Kind::A => {
                let link = self.anchor(node, value);
                spans.push(link);
            }
            Kind::Ref => self.reference(node, value, spans),
            Kind::EquationInline => {
                spans.push(Span::Equation(self.equation(node, Kind::EquationInline, value)));
            }
            Kind::P
            | Kind::Equation
            | Kind::Ul
            | Kind::Ol
            | Kind::Li
            | Kind::SubSection
            | Kind::ImageBlock
            | Kind::Img
            | Kind::TableBlock
            | Kind::Table
            | Kind::Tr
            | Kind::Td
            | Kind::Caption => spans.extend(flat(value)),
        }
    }

    fn anchor(&mut self, node: Object<'_>, value: &Value) -> Span {
        let url = self.text(node, "url").unwrap_or_else(|| {
            self.wrong(node.place, value, "`a` has a `url`");
            String::new()
        });
        let content = self.spans(node, Kind::A);
        Span::Link {
            url,
            content,
            id: id(node),
            path: node.place.to_string(),
        }
    }

    fn reference(&mut self, node: Object<'_>, value: &Value, spans: &mut Vec<Span>) {
        let work = self.text_or_number(node, "refId").unwrap_or_else(|| {
            let message = "`ref` has a `refId`, the `id` of one of `publication_references`";
            self.wrong(node.place, value, message);
            String::new()
        });
        let inside = self.spans(node, Kind::Ref);
        if !inside.is_empty() {
            self.wrong(node.place, value, "`ref` has one leaf without text");
        }
        spans.push(Span::Ref {
            work,
            id: id(node),
            path: node.place.to_string(),
        });
        spans.extend(inside);
    }

    /// A text; none when it is empty, with its flags.
    fn leaf(&mut self, leaf: Object<'_>) -> Option<Span> {
        let text = match leaf.get("text") {
            None => String::new(),
            Some(Value::String(text)) => clean(text),
            Some(other) => {
                let message = format!("`text` is a string, not {}", kind(other));
                self.wrong(&leaf.place.key("text"), other, message);
                flatten(other).concat()
            }
        };
        let marks = Marks {
            bold: self.flag(leaf, "bold"),
            italic: self.flag(leaf, "italic"),
            underline: self.flag(leaf, "underline"),
            strike: false,
            subscript: self.flag(leaf, "subscript"),
            superscript: self.flag(leaf, "superscript"),
        };
        (!text.is_empty()).then_some(Span::Text { text, marks })
    }

    /// Older editors wrote flags as strings.
    fn flag(&mut self, leaf: Object<'_>, key: &str) -> bool {
        match leaf.get(key) {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(Value::String(word)) if word == "true" => true,
            Some(Value::String(word)) if word == "false" => false,
            Some(other) => {
                self.wrong(&leaf.place.key(key), other, format!("`{key}` is true or false"));
                false
            }
        }
    }

    /// An equation of either kind. Its math is read when it is printed: a draft may hold half of one.
    pub(super) fn equation(&mut self, node: Object<'_>, found: Kind, value: &Value) -> Equation {
        let leaves = node.get("children").and_then(Value::as_array).map_or(0, Vec::len);
        if leaves != 1 {
            let message = format!(
                "`{}` has one leaf, with LaTeX math; it has {leaves}",
                found.name()
            );
            self.wrong(node.place, value, message);
        }
        let source: String = self
            .spans(node, found)
            .iter()
            .map(|span| match span {
                Span::Text { text, .. } => text.as_str(),
                Span::Link { .. } | Span::Ref { .. } | Span::Equation(_) => "",
            })
            .collect();
        if source.len() > MAX_EQUATION_BYTES {
            let message = format!(
                "an equation has at most {MAX_EQUATION_BYTES} bytes; this one has {}",
                source.len()
            );
            self.too_much(node.place, value, message);
        }
        Equation {
            source,
            id: id(node),
            path: node.place.to_string(),
        }
    }
}

/// The texts of something that nobody knows.
fn flat(value: &Value) -> Option<Span> {
    let text = flatten(value).join(" ");
    (!text.is_empty()).then(|| Span::Text {
        text,
        marks: Marks::default(),
    })
}
