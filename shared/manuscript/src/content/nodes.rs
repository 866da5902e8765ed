//! Reading what stands on lines of its own.

use serde_json::Value;

use super::kind::{Kind, Parent};
use super::place::Place;
use super::reader::{Object, Reader, kind};
use super::text::{clean, flatten, is_image_name, shown};
use super::tree::{Image, ListIs, Node, Span, Table};
use super::{MAX_CELLS, MAX_DEPTH};
use crate::manuscript::Marks;

impl Reader {
    /// The nodes of a section or of a text field: `{"children": […]}`.
    pub(super) fn rich(&mut self, place: &Place<'_>, parent: Parent, value: &Value) -> Vec<Node> {
        let what = match parent {
            Parent::Section | Parent::Node(_) => "a section",
            Parent::Field => "a text field",
        };
        match self.object(place, value, what) {
            Some(wrapper) => self.blocks(wrapper, parent),
            None => flat(value),
        }
    }

    fn blocks(&mut self, above: Object<'_>, parent: Parent) -> Vec<Node> {
        let children = self.children(above, &parent.name());
        let place = above.place.key("children");
        let mut nodes = Vec::with_capacity(children.len());
        for (index, child) in children.iter().enumerate() {
            self.block(&place.index(index), parent, child, &mut nodes);
        }
        nodes
    }

    fn block(&mut self, place: &Place<'_>, parent: Parent, value: &Value, nodes: &mut Vec<Node>) {
        self.nodes += 1;
        if place.depth() > MAX_DEPTH {
            self.too_much(place, value, format!("nodes are nested at most {MAX_DEPTH} deep"));
            return nodes.extend(flat(value));
        }
        let node = self.object(place, value, "a node");
        let found = node.and_then(|node| self.kind_of(node, parent, value));
        let (Some(node), Some(found)) = (node, found) else {
            return nodes.extend(flat(value));
        };
        match found {
            Kind::P => nodes.push(Node::Paragraph(self.spans(node, Kind::P))),
            Kind::Ul => nodes.push(self.list(node, Kind::Ul, ListIs::Bulleted)),
            Kind::Ol => nodes.push(self.list(node, Kind::Ol, ListIs::Numbered)),
            Kind::Equation => nodes.push(Node::Equation(self.equation(node, Kind::Equation, value))),
            Kind::SubSection => nodes.push(Node::SubSection {
                heading: self.spans(node, Kind::SubSection),
                id: id(node),
                path: place.to_string(),
            }),
            Kind::ImageBlock => self.image_block(node, value, nodes),
            Kind::TableBlock => self.table_block(node, value, nodes),
            Kind::A
            | Kind::Ref
            | Kind::EquationInline
            | Kind::Li
            | Kind::Img
            | Kind::Table
            | Kind::Tr
            | Kind::Td
            | Kind::Caption => nodes.extend(flat(value)),
        }
    }

    /// The kind of a node, if it belongs where it stands.
    pub(super) fn kind_of(&mut self, node: Object<'_>, parent: Parent, value: &Value) -> Option<Kind> {
        let named = node.get("type").and_then(Value::as_str).and_then(Kind::named);
        if let Some(kind) = named.filter(|kind| parent.takes().contains(kind)) {
            return Some(kind);
        }
        let above = parent.name();
        let message = match node.get("type") {
            Some(Value::String(name)) => match named {
                Some(kind) => format!("`{}` does not belong into {above}", kind.name()),
                None => format!("`{}` is no type of node", shown(name)),
            },
            Some(other) => format!("`type` is a string, not {}", kind(other)),
            None if node.fields.contains_key("text") => format!("text does not stand right in {above}"),
            None => "a node has a `type`".to_owned(),
        };
        self.wrong(
            node.place,
            value,
            format!("{message}; {above} takes {}", parent.wants()),
        );
        None
    }

    fn list(&mut self, node: Object<'_>, found: Kind, is: ListIs) -> Node {
        let items = self.rows(node, found, Kind::Li);
        Node::List { is, items }
    }

    /// Children that all are of one kind and have blocks inside: the items of a list, the cells of a row.
    fn rows(&mut self, node: Object<'_>, found: Kind, inside: Kind) -> Vec<Vec<Node>> {
        let children = self.children(node, &Parent::Node(found).name());
        let place = node.place.key("children");
        let mut rows = Vec::with_capacity(children.len());
        for (index, value) in children.iter().enumerate() {
            self.nodes += 1;
            let place = place.index(index);
            let child = self.object(&place, value, "a node");
            let kind = child.and_then(|child| self.kind_of(child, Parent::Node(found), value));
            rows.push(match (child, kind) {
                (Some(child), Some(_)) => self.blocks(child, Parent::Node(inside)),
                (_, None) | (None, _) => flat(value),
            });
        }
        rows
    }

    /// The two children of a block, in either order; what stands there besides is kept as text after it.
    fn pair<'a>(
        &mut self,
        node: Object<'a>,
        [found, main]: [Kind; 2],
        value: &Value,
        after: &mut Vec<Node>,
    ) -> (Option<(usize, &'a Value)>, Vec<Span>) {
        let children = self.children(node, &Parent::Node(found).name());
        let place = node.place.key("children");
        let (mut first, mut caption) = (None, None);
        for (index, child) in children.iter().enumerate() {
            self.nodes += 1;
            let place = place.index(index);
            let inside = self.object(&place, child, "a node");
            let kind = inside.and_then(|inside| self.kind_of(inside, Parent::Node(found), child));
            match (inside, kind) {
                (Some(_), Some(kind)) if kind == main && first.is_none() => first = Some((index, child)),
                (Some(inside), Some(Kind::Caption)) if caption.is_none() => {
                    caption = Some(self.spans(inside, Kind::Caption));
                }
                (_, Some(kind)) => {
                    self.wrong(
                        &place,
                        child,
                        format!("{}; this is another `{}`", both(found, main), kind.name()),
                    );
                    after.extend(flat(child));
                }
                (_, None) => after.extend(flat(child)),
            }
        }
        for (missing, kind) in [(first.is_none(), main), (caption.is_none(), Kind::Caption)] {
            if missing {
                self.wrong(
                    node.place,
                    value,
                    format!("{}; it has no `{}`", both(found, main), kind.name()),
                );
            }
        }
        (first, caption.unwrap_or_default())
    }

    fn image_block(&mut self, node: Object<'_>, value: &Value, nodes: &mut Vec<Node>) {
        self.images += 1;
        let mut after = Vec::new();
        let (image, caption) = self.pair(node, [Kind::ImageBlock, Kind::Img], value, &mut after);
        let children = node.place.key("children");
        let read = image.and_then(|(index, image)| self.image(node, &children.index(index), image));
        match read {
            Some(image) => nodes.push(Node::Image(Image { caption, ..image })),
            None => nodes.push(Node::Paragraph(caption)),
        }
        nodes.extend(after);
    }

    fn image(&mut self, block: Object<'_>, place: &Place<'_>, value: &Value) -> Option<Image> {
        let node = self.object(place, value, "`img`")?;
        let name = match node.get("objectKey") {
            Some(Value::String(name)) => clean(name),
            Some(_) | None => String::new(),
        };
        if !is_image_name(&name) {
            let message = "`img` has an `objectKey`, the name of an image: at most 128 letters, digits, `.`, `_`, `-`, \
                           the first one a letter or digit";
            match node.get("objectKey") {
                Some(bad) => self.wrong(&place.key("objectKey"), bad, message),
                None => self.wrong(place, value, message),
            }
        }
        let text = self.spans(node, Kind::Img);
        let text = text.iter().map(|span| match span {
            Span::Text { text, .. } => text.as_str(),
            Span::Link { .. } | Span::Ref { .. } | Span::Equation(_) => "",
        });
        Some(Image {
            name,
            text: text.collect(),
            caption: Vec::new(),
            id: id(block),
            path: block.place.to_string(),
            image_path: place.to_string(),
        })
    }

    fn table_block(&mut self, node: Object<'_>, value: &Value, nodes: &mut Vec<Node>) {
        let mut after = Vec::new();
        let (table, caption) = self.pair(node, [Kind::TableBlock, Kind::Table], value, &mut after);
        let children = node.place.key("children");
        let rows = table.and_then(|(index, table)| self.table(&children.index(index), table));
        match (rows, table) {
            (Some(rows), _) => nodes.push(Node::Table(Table {
                rows,
                caption,
                id: id(node),
            })),
            (None, table) => {
                nodes.push(Node::Paragraph(caption));
                nodes.extend(table.map(|(_, table)| flat(table)).unwrap_or_default());
            }
        }
        nodes.extend(after);
    }

    fn table(&mut self, place: &Place<'_>, value: &Value) -> Option<Vec<Vec<Vec<Node>>>> {
        let table = self.object(place, value, "`table`")?;
        let values = self.children(table, "`table`");
        let children = place.key("children");
        let mut rows = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            self.nodes += 1;
            let place = children.index(index);
            let row = self.object(&place, value, "a node");
            let kind = row.and_then(|row| self.kind_of(row, Parent::Node(Kind::Table), value));
            let cells = match (row, kind) {
                (Some(row), Some(_)) => self.rows(row, Kind::Tr, Kind::Td),
                (_, None) | (None, _) => vec![flat(value)],
            };
            if cells.is_empty() {
                self.wrong(&place, value, "`tr` has at least one `td`");
            }
            rows.push(cells);
        }
        if rows.is_empty() {
            self.wrong(place, value, "`table` has at least one `tr`, which is its header");
        }
        let columns = rows.iter().map(Vec::len).max().filter(|&columns| columns > 0)?;
        if columns.saturating_mul(rows.len()) > MAX_CELLS {
            let message =
                format!("a table has at most {MAX_CELLS} cells, each row as many as the longest one");
            self.too_much(place, value, message);
            return None;
        }
        Some(rows)
    }
}

fn both(found: Kind, main: Kind) -> String {
    format!(
        "`{}` has exactly one `{}` and one `caption`",
        found.name(),
        main.name()
    )
}

/// A node's own id.
pub(super) fn id(node: Object<'_>) -> Option<String> {
    node.get("id")
        .and_then(Value::as_str)
        .map(clean)
        .filter(|id| !id.trim().is_empty())
}

/// The texts of something that nobody knows, a paragraph each.
fn flat(value: &Value) -> Vec<Node> {
    let paragraph = |text| {
        Node::Paragraph(vec![Span::Text {
            text,
            marks: Marks::default(),
        }])
    };
    flatten(value).into_iter().map(paragraph).collect()
}
