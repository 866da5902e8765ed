//! What a document says, as it is stored: one JSON object.
//!
//! ```json
//! {"document": {"introduction": {"children": [{"type": "p", "children": [{"text": "…"}]}]}, "publication_references": []},
//!  "keywords": [{"label": "…"}], "contacts": [], "citation": {}, "doi": "10.5067/…", "language": "en"}
//! ```
//!
//! or, instead of the tree, `"markdown": "# Introduction …"` with `"publication_references"` beside it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

pub use imprint_domain::document::Picture;

use crate::manuscript::{Front, Manuscript, Reference, Variant, Warning};
use crate::{markdown, numbering};
use compose::Composer;
use ids::Ids;
use people::Contact;
use place::Place;
use reader::{Object, Reader, kind};
use tree::Tree;

mod compose;
pub(crate) mod document;
pub(crate) mod front;
mod ids;
mod kind;
pub(crate) mod limits;
mod line;
mod nodes;
mod order;
mod people;
pub(crate) mod place;
pub(crate) mod reader;
mod spans;
pub(crate) mod text;
pub(crate) mod tree;

/// The most bytes that a content has, as JSON (A-22).
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// How deep its JSON may be nested (A-22).
pub const MAX_DEPTH: usize = 64;
/// The most nodes of a tree, leaves included (A-22).
pub const MAX_NODES: usize = 20_000;
/// The most images of a document (A-22).
pub const MAX_IMAGES: usize = 200;
/// The most bytes of one equation (A-22).
pub const MAX_EQUATION_BYTES: usize = 4 * 1024;

/// The most cells of a table, when every row has as many as the longest one: a few rows must not become millions of cells.
pub const MAX_CELLS: usize = 20_000;

/// A content that was checked: everything in it can be printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    body: Body,
    references: Vec<Reference>,
    keywords: Vec<String>,
    contacts: Vec<Contact>,
    citation: Option<String>,
    doi: Option<String>,
    language: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Body {
    Tree { tree: Tree, images: BTreeSet<String> },
    Markdown(String),
}

/// Something in a content that is refused when it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A JSON pointer (RFC 6901) to the value: `/document/introduction/children/2`.
    pub path: String,
    /// Which rule it breaks.
    pub code: ProblemCode,
    /// The sentence, which says what would be right.
    pub message: String,
}

/// Which rule a content breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// It has not the shape that it must have.
    Schema,
    /// It is too much of something.
    Limit,
}

/// What the content itself does not say of its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The document's title.
    pub title: String,
    /// Such as `1.3`.
    pub version: String,
    /// The day of publication, `2026-04-11`; none for what is not published.
    pub published: Option<String>,
}

impl Content {
    /// Checks a content that is to be written.
    ///
    /// # Errors
    /// Everything that is wrong with it, at most a hundred things, in the order of the document.
    pub fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        if let Some(problem) = limits::check(value) {
            return Err(vec![problem]);
        }
        let mut reader = Reader::default();
        let content = reader.content(value);
        let mut problems = reader.into_problems();
        if let Body::Markdown(text) = &content.body {
            problems.extend(limits::of_markdown(text));
        }
        if problems.is_empty() {
            Ok(content)
        } else {
            Err(problems)
        }
    }

    /// Reads a content that is stored already. What is wrong with it is left out or kept as plain text, and a warning says
    /// so.
    pub fn read_stored(value: &Value) -> (Self, Vec<Warning>) {
        let mut reader = Reader::default();
        let content = reader.content(value);
        (content, reader.into_warnings())
    }

    /// The names of all images that it shows, whether or not they are stored.
    pub fn images(&self) -> BTreeSet<String> {
        match &self.body {
            Body::Tree { images, .. } => images.clone(),
            Body::Markdown(text) => markdown::images(text),
        }
    }

    /// Puts it in the order in which it is printed. `pictures` are the document's images by name.
    pub fn manuscript(
        &self,
        about: &About,
        pictures: &BTreeMap<String, Picture>,
        variant: Variant,
    ) -> Manuscript {
        let (mut sections, mut footnotes, warnings) = match &self.body {
            Body::Tree { tree, .. } => {
                let mut composer = Composer::new(&self.references, pictures, Ids::new(order::ids()));
                order::print(tree, &self.keywords, variant, &mut composer);
                (composer.sections, Vec::new(), composer.warnings)
            }
            Body::Markdown(text) => {
                let read = markdown::read(text, &self.references, pictures);
                (read.sections, read.footnotes, read.warnings)
            }
        };
        numbering::number(&mut sections, &mut footnotes);
        let references = self.references.clone();
        Manuscript {
            variant,
            front: self.front(about),
            sections,
            footnotes,
            references,
            warnings,
        }
    }

    fn front(&self, about: &About) -> Front {
        let mut front = Front {
            title: text::clean(&about.title),
            version: text::clean(&about.version),
            published: about.published.as_deref().map(text::clean),
            language: self.language.clone(),
            keywords: self.keywords.clone(),
            key_points: match &self.body {
                Body::Tree { tree, .. } => tree.key_points.clone(),
                Body::Markdown(_) => Vec::new(),
            },
            doi: self.doi.clone(),
            citation: self.citation.clone(),
            ..Front::default()
        };
        people::print(&self.contacts, &mut front);
        front
    }
}

impl Reader {
    fn content(&mut self, value: &Value) -> Content {
        const KNOWN: [&str; 8] = [
            "document",
            "markdown",
            "publication_references",
            "keywords",
            "contacts",
            "citation",
            "doi",
            "language",
        ];
        let nothing = serde_json::Map::new();
        let content = self.object(&Place::ROOT, value, "a content");
        let content = content.unwrap_or(Object {
            place: &Place::ROOT,
            fields: &nothing,
        });
        self.only(content, "a content", &KNOWN);
        let (body, references) = self.body(content, value);
        Content {
            body,
            references,
            keywords: self.keywords(content),
            contacts: self.contacts(content),
            citation: self.citation(content),
            doi: self.doi(content),
            language: self.language(content),
        }
    }

    fn body(&mut self, content: Object<'_>, value: &Value) -> (Body, Vec<Reference>) {
        const ONE: &str = "a content has exactly one of `document`, an object, and `markdown`, a string";
        let place = Place::ROOT.key("document");
        match (content.get("document"), content.get("markdown")) {
            (None, Some(text)) => {
                let references = self.works(content);
                (self.markdown(text), references)
            }
            (document, markdown) => {
                if document.is_some() == markdown.is_some() {
                    self.wrong(&Place::ROOT, value, ONE);
                }
                if let Some(works) = content.get(document::REFERENCES) {
                    let message = "beside a `document`, the works stand in its `publication_references`";
                    self.wrong(&Place::ROOT.key(document::REFERENCES), works, message);
                }
                let (tree, references) = match document {
                    Some(document) => self.document(&place, document),
                    None => (Tree::default(), Vec::new()),
                };
                (
                    Body::Tree {
                        images: tree.images(),
                        tree,
                    },
                    references,
                )
            }
        }
    }

    fn markdown(&mut self, value: &Value) -> Body {
        let place = Place::ROOT.key("markdown");
        let Value::String(given) = value else {
            self.wrong(
                &place,
                value,
                format!("`markdown` is a string, not {}", kind(value)),
            );
            return Body::Markdown(String::new());
        };
        let text = text::clean(&given.replace("\r\n", "\n"));
        let images = markdown::images(&text).len();
        if images > MAX_IMAGES {
            let message = format!("a document has at most {MAX_IMAGES} images; this one has {images}");
            self.too_much_in_all(&place, message);
        }
        Body::Markdown(text)
    }
}
