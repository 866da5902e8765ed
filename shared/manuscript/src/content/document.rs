//! Reading the parts of a document.

use serde_json::Value;

use super::kind::Parent;
use super::place::Place;
use super::reader::{Object, Reader};
use super::text::{clean, shown};
use super::tree::{Entries, Entry, Node, Span, Text, Tree, Variable, VariableList, Variables};
use super::{MAX_IMAGES, MAX_NODES};
use crate::manuscript::{Marks, Reference};

/// The field with key points.
pub(crate) const KEY_POINTS: &str = "key_points";
/// The field with the works that can be cited; beside `markdown` it stands in the content itself.
pub(crate) const REFERENCES: &str = "publication_references";

/// The fields of a work, as they may be given. `id` stands beside them.
pub(crate) const WORK: [&str; 15] = [
    "authors",
    "title",
    "series",
    "edition",
    "volume",
    "issue",
    "publication_place",
    "publisher",
    "pages",
    "isbn",
    "year",
    "report_number",
    "doi",
    "online_resource",
    "other_reference_details",
];

impl Reader {
    /// The tree and its works.
    pub(super) fn document(&mut self, place: &Place<'_>, value: &Value) -> (Tree, Vec<Reference>) {
        let mut tree = Tree::default();
        let Some(document) = self.object(place, value, "`document`") else {
            return (tree, Vec::new());
        };
        self.only(document, "`document`", &known());
        for part in Text::ALL {
            if let Some(text) = document.get(part.key()) {
                tree.texts
                    .insert(part, self.rich(&place.key(part.key()), Parent::Section, text));
            }
        }
        for part in Variables::ALL {
            let caption = self.text(document, part.caption_key());
            let variables = self.list_of(document, part.key(), Self::variable);
            tree.variables.insert(part, VariableList { caption, variables });
        }
        for part in Entries::ALL {
            let entries: Vec<Option<Entry>> = self.list_of(document, part.key(), Self::entry);
            tree.entries.insert(part, entries.into_iter().flatten().collect());
        }
        tree.key_points = self.key_points(document);
        let works = self.works(document);
        if self.nodes > MAX_NODES {
            let message = format!(
                "a document has at most {MAX_NODES} nodes; this one has {}",
                self.nodes
            );
            self.too_much_in_all(place, message);
        }
        if self.images > MAX_IMAGES {
            let message = format!(
                "a document has at most {MAX_IMAGES} images; this one has {}",
                self.images
            );
            self.too_much_in_all(place, message);
        }
        (tree, works)
    }

    fn list_of<T>(
        &mut self,
        object: Object<'_>,
        key: &str,
        read: impl Fn(&mut Self, &Place<'_>, &Value) -> T,
    ) -> Vec<T> {
        let values = self.array(object, key);
        let place = object.place.key(key);
        let one = |(index, value)| read(self, &place.index(index), value);
        values.iter().enumerate().map(one).collect()
    }

    fn variable(&mut self, place: &Place<'_>, value: &Value) -> Variable {
        let Some(variable) = self.object(place, value, "a variable") else {
            return Variable::default();
        };
        self.only(variable, "a variable", &["name", "long_name", "unit"]);
        Variable {
            long_name: self.field(variable, "long_name"),
            name: self.field(variable, "name"),
            unit: self.field(variable, "unit"),
        }
    }

    fn entry(&mut self, place: &Place<'_>, value: &Value) -> Option<Entry> {
        let entry = self.object(place, value, "an entry")?;
        self.only(entry, "an entry", &["url", "description"]);
        let url = self.text(entry, "url");
        let description = self.field(entry, "description");
        let is_filled = url.is_some() || description.iter().any(says_something);
        is_filled.then(|| Entry {
            url,
            description,
            path: place.to_string(),
        })
    }

    /// Paragraphs, or a string, of which each line is one.
    fn field(&mut self, object: Object<'_>, key: &str) -> Vec<Node> {
        match object.get(key) {
            None => Vec::new(),
            Some(Value::String(text)) => {
                let lines = text.lines().map(clean).filter(|line| !line.trim().is_empty());
                lines
                    .map(|text| {
                        Node::Paragraph(vec![Span::Text {
                            text,
                            marks: Marks::default(),
                        }])
                    })
                    .collect()
            }
            Some(value) => self.rich(&object.place.key(key), Parent::Field, value),
        }
    }

    fn key_points(&mut self, document: Object<'_>) -> Vec<String> {
        let text = self.text(document, KEY_POINTS).unwrap_or_default();
        let is_sign = |one: char| one.is_whitespace() || matches!(one, '-' | '•');
        let points = text.lines().map(|line| line.trim_start_matches(is_sign).trim());
        points
            .filter(|point| !point.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The works that can be cited.
    pub(super) fn works(&mut self, object: Object<'_>) -> Vec<Reference> {
        let works: Vec<Option<Reference>> = self.list_of(object, REFERENCES, Self::work);
        let mut kept: Vec<Reference> = Vec::with_capacity(works.len());
        let mut seen = std::collections::BTreeSet::new();
        for (index, work) in works.into_iter().enumerate() {
            let Some(work) = work else { continue };
            if seen.insert(work.id.clone()) {
                kept.push(work);
                continue;
            }
            let list = object.place.key(REFERENCES);
            let place = list.index(index);
            let message = format!("two works have the `id` {}; each has its own", shown(&work.id));
            self.wrong(&place.key("id"), &Value::String(work.id), message);
        }
        kept
    }

    fn work(&mut self, place: &Place<'_>, value: &Value) -> Option<Reference> {
        let work = self.object(place, value, "a work")?;
        let known: Vec<&str> = std::iter::once("id").chain(WORK).collect();
        self.only(work, "a work", &known);
        let id = self.text_or_number(work, "id");
        if id.is_none() {
            self.wrong(place, value, "a work has an `id`, by which it is cited");
        }
        let field = |key: &str| Some((key.to_owned(), self.text_or_number(work, key)?));
        let fields = WORK.into_iter().filter_map(field).collect();
        Some(Reference { id: id?, fields })
    }
}

/// All fields of a document, in the order in which they are told.
pub(crate) fn known() -> Vec<&'static str> {
    let texts = Text::ALL.into_iter().map(Text::key);
    let variables = Variables::ALL
        .into_iter()
        .flat_map(|part| [part.key(), part.caption_key()]);
    let entries = Entries::ALL.into_iter().map(Entries::key);
    texts
        .chain(variables)
        .chain(entries)
        .chain([KEY_POINTS, REFERENCES])
        .collect()
}

/// Whether a node prints anything. An editor leaves an empty paragraph where nobody wrote.
pub(super) fn says_something(node: &Node) -> bool {
    match node {
        Node::Paragraph(spans) => spans.iter().any(span_says_something),
        Node::List { items, .. } => items.iter().flatten().any(says_something),
        Node::Equation(equation) => !equation.source.trim().is_empty(),
        Node::SubSection { .. } | Node::Image(_) | Node::Table(_) => true,
    }
}

fn span_says_something(span: &Span) -> bool {
    match span {
        Span::Text { text, .. } => !text.trim().is_empty(),
        Span::Link { content, .. } => content.iter().any(span_says_something),
        Span::Equation(equation) => !equation.source.trim().is_empty(),
        Span::Ref { .. } => true,
    }
}
