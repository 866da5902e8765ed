//! Rich text of Slate 0.4x.

use serde_json::{Map, Value, json};

use crate::content::place::Place;
use crate::content::reader::{Object, Reader};
use crate::content::text::{flatten, is_image_name, shown};

const KNOWN: &str = "paragraph, unordered-list, ordered-list, list-item, equation, equation-inline, image, table, \
                     table-row, table-cell, sub-section, link, reference";

/// What a node becomes.
enum Made {
    Block(Value),
    Span(Value),
}

impl Reader {
    /// A text, as `{"children": […]}`.
    pub(super) fn slate(&mut self, place: &Place<'_>, text: &Value) -> Value {
        let document = place.key("document");
        let (place, value) = match text.get("document") {
            Some(inside) => (&document, inside),
            None => (place, text),
        };
        match self.object(place, value, "a text") {
            Some(node) => json!({ "children": self.slate_blocks(node) }),
            None => Value::Null,
        }
    }

    /// Children as blocks. What stands in a line is put into paragraphs.
    fn slate_blocks(&mut self, above: Object<'_>) -> Vec<Value> {
        let mut blocks = Vec::new();
        let mut line = Vec::new();
        let close = |line: &mut Vec<Value>, blocks: &mut Vec<Value>| {
            let says = line
                .iter()
                .any(|span| !flatten(span).is_empty() || span.get("type").is_some());
            let spans = std::mem::take(line);
            if says {
                blocks.push(json!({ "type": "p", "children": spans }));
            }
        };
        for made in self.slate_nodes(above) {
            match made {
                Made::Span(span) => line.push(span),
                Made::Block(block) => {
                    close(&mut line, &mut blocks);
                    blocks.push(block);
                }
            }
        }
        close(&mut line, &mut blocks);
        blocks
    }

    /// Children as what stands in a line.
    fn slate_line(&mut self, above: Object<'_>) -> Vec<Value> {
        let mut line = Vec::new();
        for made in self.slate_nodes(above) {
            match made {
                Made::Span(span) => line.push(span),
                Made::Block(block) => {
                    let message = "a block stands within a line; a paragraph takes text, link, reference";
                    self.wrong(above.place, &block, message);
                }
            }
        }
        line
    }

    fn slate_nodes(&mut self, above: Object<'_>) -> Vec<Made> {
        let place = above.place.key("nodes");
        let mut made = Vec::new();
        for (index, value) in self.array(above, "nodes").iter().enumerate() {
            let place = place.index(index);
            if let Some(node) = self.object(&place, value, "a node") {
                self.slate_node(node, value, &mut made);
            }
        }
        made
    }

    fn slate_node(&mut self, node: Object<'_>, value: &Value, made: &mut Vec<Made>) {
        let own = data(node, &["id"]);
        let Some(name) = node.get("type").and_then(Value::as_str) else {
            if node.get("object").and_then(Value::as_str) == Some("text") || node.get("leaves").is_some() {
                return made.extend(leaves(node).into_iter().map(Made::Span));
            }
            return self.wrong(
                node.place,
                value,
                format!("a node is a text or has a `type`: {KNOWN}"),
            );
        };
        let block = match name.replace('_', "-").as_str() {
            "paragraph" => json!({ "type": "p", "children": self.slate_line(node) }),
            "unordered-list" => json!({ "type": "ul", "children": self.slate_items(node) }),
            "ordered-list" => json!({ "type": "ol", "children": self.slate_items(node) }),
            "list-item" => json!({ "type": "li", "children": self.slate_blocks(node) }),
            "equation" => json!({ "type": "equation", "children": [{ "text": flatten(value).concat() }] }),
            "image" => self.slate_image(node, value),
            "table" => self.slate_table(node),
            "table-row" => json!({ "type": "tr", "children": self.slate_items(node) }),
            "table-cell" => json!({ "type": "td", "children": self.slate_blocks(node) }),
            "sub-section" => json!({ "type": "sub-section", "children": self.slate_line(node) }),
            "equation-inline" => {
                let source = flatten(value).concat();
                return made.push(Made::Span(
                    json!({ "type": "equation-inline", "children": [{ "text": source }] }),
                ));
            }
            "link" => {
                let url = data(node, &["url", "href"]).unwrap_or_default();
                let children = self.slate_line(node);
                return made.push(Made::Span(
                    json!({ "type": "a", "url": url, "children": children }),
                ));
            }
            "reference" => {
                let work = own.unwrap_or_default();
                return made.push(Made::Span(
                    json!({ "type": "ref", "refId": work, "children": [{ "text": "" }] }),
                ));
            }
            _ => {
                let message = format!("`{}` is no type of node; known are {KNOWN}", shown(name));
                return self.wrong(node.place, value, message);
            }
        };
        made.push(Made::Block(with_id(block, own)));
    }

    /// Children that are blocks of one kind. Editors put empty texts between them.
    fn slate_items(&mut self, above: Object<'_>) -> Vec<Value> {
        let mut items = Vec::new();
        for made in self.slate_nodes(above) {
            match made {
                Made::Block(block) => items.push(block),
                Made::Span(span) if flatten(&span).is_empty() => {}
                Made::Span(span) => {
                    self.wrong(above.place, &span, "text stands between items, rows or cells")
                }
            }
        }
        items
    }

    fn slate_image(&mut self, node: Object<'_>, value: &Value) -> Value {
        let source = data(node, &["objectKey", "src", "url"]).unwrap_or_default();
        let name = image_name(&source);
        if name.is_empty() {
            self.wrong(node.place, value, "`image` has a `src` in its `data`");
        }
        let caption = self.slate_caption(node);
        json!({ "type": "image-block", "children": [
            { "type": "img", "objectKey": name, "children": [{ "text": "" }] },
            { "type": "caption", "children": caption },
        ]})
    }

    fn slate_table(&mut self, node: Object<'_>) -> Value {
        let rows = self.slate_items(node);
        let caption = vec![json!({ "text": data(node, &["caption"]).unwrap_or_default() })];
        json!({ "type": "table-block", "children": [
            { "type": "table", "children": rows },
            { "type": "caption", "children": caption },
        ]})
    }

    /// The caption of an image stands in its data or inside it.
    fn slate_caption(&mut self, node: Object<'_>) -> Vec<Value> {
        let inside = self.slate_line(node);
        match data(node, &["caption"]) {
            Some(caption) if inside.iter().all(|span| flatten(span).is_empty()) => {
                vec![json!({ "text": caption })]
            }
            Some(_) | None => inside,
        }
    }
}

/// Leaves of a text; the first versions of the model had them below it, the later ones in it.
fn leaves(text: Object<'_>) -> Vec<Value> {
    match text.get("leaves") {
        Some(Value::Array(leaves)) => leaves.iter().filter_map(Value::as_object).map(leaf).collect(),
        Some(_) | None => vec![leaf(text.fields)],
    }
}

fn leaf(old: &Map<String, Value>) -> Value {
    const MARKS: [&str; 5] = ["bold", "italic", "underline", "subscript", "superscript"];
    let text = old.get("text").and_then(Value::as_str).unwrap_or_default();
    let marks = old.get("marks").and_then(Value::as_array).into_iter().flatten();
    let names = marks.filter_map(|mark| mark.as_str().or_else(|| mark.get("type")?.as_str()));
    let flags = names
        .filter(|name| MARKS.contains(name))
        .map(|name| (name.to_owned(), json!(true)));
    Value::Object(
        std::iter::once(("text".to_owned(), json!(text)))
            .chain(flags)
            .collect(),
    )
}

/// The first of these fields of a node's data that says something.
fn data(node: Object<'_>, names: &[&str]) -> Option<String> {
    let data = node.get("data")?;
    let mut texts = names.iter().filter_map(|name| data.get(*name)).map(identifier);
    texts.find(|text| !text.trim().is_empty())
}

/// A text, or a number as text.
pub(super) fn identifier(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

fn with_id(mut block: Value, id: Option<String>) -> Value {
    if let (Some(fields), Some(id)) = (block.as_object_mut(), id) {
        fields.insert("id".to_owned(), json!(id));
    }
    block
}

/// What an image is called: the last part of its address, with `_` for what a name must not have.
fn image_name(source: &str) -> String {
    let path = source.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    if is_image_name(last) {
        return last.to_owned();
    }
    let safe = |one: char| {
        if one.is_ascii_alphanumeric() || matches!(one, '.' | '-') {
            one
        } else {
            '_'
        }
    };
    let name: String = last.chars().map(safe).collect();
    name.trim_start_matches(['.', '-', '_'])
        .chars()
        .take(128)
        .collect()
}
