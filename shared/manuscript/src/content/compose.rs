//! Making blocks of nodes, section by section.

use std::collections::BTreeMap;

use super::Picture;
use super::document::says_something;
use super::ids::Ids;
use super::text::{is_image_name, one_line, slug, snippet};
use super::tree::{Entry, Equation, Image, ListIs, Node, Span, Table, Variable, VariableList};
use crate::link;
use crate::manuscript::{Align, Block, Inline, Marks, Math, Reference, Section, Warning, WarningCode};
use crate::math::Display;

/// Sections below this level are not numbered.
const MAX_NUMBERED_LEVEL: u8 = 3;
/// The level of the deepest heading of a page.
const MAX_LEVEL: u8 = 6;

/// A manuscript's sections while they are made.
pub(super) struct Composer<'a> {
    pub(super) works: BTreeMap<&'a str, usize>,
    pictures: &'a BTreeMap<String, Picture>,
    ids: Ids,
    pub(super) sections: Vec<Section>,
    pub(super) warnings: Vec<Warning>,
    /// The level of the document's own section, below which sub-sections stand.
    level: u8,
    /// Its id.
    own: String,
    is_numbered: bool,
    /// How many sub-sections it has so far.
    inside: usize,
    counts: Counts,
}

/// What was counted in the section so far; ids of what has none of its own are made of it.
#[derive(Default)]
struct Counts {
    equations: usize,
    figures: usize,
    tables: usize,
}

impl<'a> Composer<'a> {
    pub(super) fn new(works: &'a [Reference], pictures: &'a BTreeMap<String, Picture>, ids: Ids) -> Self {
        let works = works
            .iter()
            .enumerate()
            .map(|(number, work)| (work.id.as_str(), number))
            .collect();
        Self {
            works,
            pictures,
            ids,
            sections: Vec::new(),
            warnings: Vec::new(),
            level: 1,
            own: String::new(),
            is_numbered: false,
            inside: 0,
            counts: Counts::default(),
        }
    }

    /// Begins one of the document's own sections. Their ids are theirs alone.
    pub(super) fn open(
        &mut self,
        level: u8,
        id: String,
        heading: Vec<Inline>,
        number: Option<String>,
        path: String,
    ) {
        self.level = level;
        self.own.clone_from(&id);
        self.inside = 0;
        self.counts = Counts::default();
        self.is_numbered = number.is_some();
        self.sections.push(Section {
            level,
            id,
            number,
            heading,
            blocks: Vec::new(),
            path,
        });
    }

    /// A heading that an author put into a section.
    fn open_inside(&mut self, heading: &[Span], id: Option<&str>, path: &str) {
        let heading = self.line(heading);
        self.inside += 1;
        let otherwise = format!("{}-{}", self.own, self.inside);
        let words = plain(&heading);
        let wish = id.filter(|id| !slug(id).is_empty()).unwrap_or(&words);
        let id = self.ids.give(Some(wish), &otherwise);
        let level = (self.level + 1).min(MAX_LEVEL);
        let number = (self.is_numbered && level <= MAX_NUMBERED_LEVEL).then(String::new);
        self.counts = Counts::default();
        self.sections.push(Section {
            level,
            id,
            number,
            heading,
            blocks: Vec::new(),
            path: path.to_owned(),
        });
    }

    fn push(&mut self, block: Block) {
        if let Some(section) = self.sections.last_mut() {
            section.blocks.push(block);
        }
    }

    /// A section's text. False when it says nothing.
    pub(super) fn text(&mut self, nodes: &[Node]) -> bool {
        for node in nodes {
            match node {
                Node::SubSection { heading, id, path } => self.open_inside(heading, id.as_deref(), path),
                Node::Paragraph(_)
                | Node::List { .. }
                | Node::Equation(_)
                | Node::Image(_)
                | Node::Table(_) => {
                    for block in self.block(node) {
                        self.push(block);
                    }
                }
            }
        }
        nodes.iter().any(says_something)
    }

    /// A paragraph of its own.
    pub(super) fn paragraph(&mut self, content: Vec<Inline>) {
        self.push(Block::Paragraph { content });
    }

    /// A list of labels.
    pub(super) fn keywords(&mut self, keywords: &[String]) -> bool {
        let items = keywords
            .iter()
            .map(|label| vec![paragraph(vec![words(label)])])
            .collect();
        if !keywords.is_empty() {
            self.push(Block::List { start: None, items });
        }
        !keywords.is_empty()
    }

    /// A table of variables. Nobody refers to it, so it has no number.
    pub(super) fn variables(&mut self, list: &VariableList) -> bool {
        if list.variables.is_empty() && list.caption.is_none() {
            return false;
        }
        let id = self.table_id(None);
        let rows = list
            .variables
            .iter()
            .map(|variable| self.variable(variable))
            .collect();
        let header = ["Name", "Unit"]
            .map(|name| vec![paragraph(vec![words(name)])])
            .into();
        self.push(Block::Table {
            id,
            number: None,
            caption: list.caption.iter().map(|caption| words(caption)).collect(),
            widths: Some(vec![75, 25]),
            align: vec![Align::Start; 2],
            header,
            rows,
        });
        true
    }

    fn variable(&mut self, variable: &Variable) -> Vec<Vec<Block>> {
        let mut name = self.blocks(&variable.long_name);
        name.extend(self.blocks(&variable.name));
        vec![name, self.blocks(&variable.unit)]
    }

    /// Entries, numbered from 1 on.
    pub(super) fn entries(&mut self, entries: &[Entry]) -> bool {
        for (index, entry) in entries.iter().enumerate() {
            let marks = Marks {
                bold: true,
                ..Marks::default()
            };
            self.paragraph(vec![Inline::Text {
                text: format!("Entry #{}", index + 1),
                marks,
            }]);
            if let Some(url) = &entry.url {
                let content = vec![words(url)];
                let path = format!("{}/url", entry.path);
                let link = self.link(url, content, None, &path);
                self.paragraph([words("Access URL: ")].into_iter().chain(link).collect());
            }
            let mut description = self.blocks(&entry.description).into_iter();
            if let Some(first) = description.next() {
                let label = words("Description: ");
                match first {
                    Block::Paragraph { mut content } => {
                        content.insert(0, label);
                        self.paragraph(content);
                    }
                    other => {
                        self.paragraph(vec![label]);
                        self.push(other);
                    }
                }
            }
            for block in description {
                self.push(block);
            }
        }
        !entries.is_empty()
    }

    fn blocks(&mut self, nodes: &[Node]) -> Vec<Block> {
        nodes.iter().flat_map(|node| self.block(node)).collect()
    }

    /// What a node prints: nothing where nobody wrote. An image that is not stored is two blocks.
    fn block(&mut self, node: &Node) -> Vec<Block> {
        if !says_something(node) {
            return Vec::new();
        }
        match node {
            Node::Paragraph(spans) => vec![paragraph(self.line(spans))],
            Node::List { is, items } => {
                let items: Vec<_> = items.iter().map(|item| self.blocks(item)).collect();
                let items = items.into_iter().filter(|item| !item.is_empty()).collect();
                let start = match is {
                    ListIs::Bulleted => None,
                    ListIs::Numbered => Some(1),
                };
                vec![Block::List { start, items }]
            }
            Node::Equation(equation) => {
                self.counts.equations += 1;
                let id = self.id("eq", self.counts.equations, equation.id.as_deref());
                let math = self.math(equation, Display::Block);
                vec![Block::Equation {
                    id,
                    number: None,
                    math,
                }]
            }
            // Only sections have headings inside; reading makes sure of it.
            Node::SubSection { heading, .. } => vec![paragraph(self.line(heading))],
            Node::Image(image) => self.image(image),
            Node::Table(table) => vec![self.table(table)],
        }
    }

    fn id(&mut self, prefix: &str, number: usize, own: Option<&str>) -> String {
        let section = self
            .sections
            .last()
            .map_or("section", |section| section.id.as_str());
        let otherwise = format!("{prefix}-{section}-{number}");
        self.ids.give(own, &otherwise)
    }

    fn table_id(&mut self, own: Option<&str>) -> String {
        self.counts.tables += 1;
        self.id("tab", self.counts.tables, own)
    }

    fn image(&mut self, image: &Image) -> Vec<Block> {
        self.counts.figures += 1;
        let id = self.id("fig", self.counts.figures, image.id.as_deref());
        let caption = self.line(&image.caption);
        let name = &image.name;
        let (code, says, shows) = match self.pictures.get(name).filter(|_| is_image_name(name)) {
            Some(Picture::Good { .. }) => {
                let texts = [plain(&caption), one_line(&image.text)];
                let alt = texts
                    .into_iter()
                    .find(|text| !text.is_empty())
                    .unwrap_or_else(|| name.clone());
                let path = image.path.clone();
                return vec![Block::Figure {
                    id,
                    number: 0,
                    image: name.clone(),
                    alt,
                    caption,
                    path,
                }];
            }
            Some(Picture::Bad { problem: why }) => (
                WarningCode::ImageBad,
                format!("image {name} cannot be shown: {why}"),
                "cannot be shown",
            ),
            None => (
                WarningCode::ImageMissing,
                format!("image {name} is not stored"),
                "is not stored",
            ),
        };
        self.warn(code, &image.image_path, image.id.as_deref(), says, name);
        let instead = paragraph(vec![words(&format!("[image {name} {shows}]"))]);
        let text = one_line(&image.text);
        let text = (!text.is_empty()).then(|| paragraph(vec![words(&text)]));
        let caption = (!caption.is_empty()).then(|| paragraph(caption));
        [instead].into_iter().chain(text).chain(caption).collect()
    }

    fn table(&mut self, table: &Table) -> Block {
        let id = self.table_id(table.id.as_deref());
        let columns = table.rows.iter().map(Vec::len).max().unwrap_or_default();
        let mut rows = table.rows.iter().map(|row| {
            let mut cells: Vec<_> = row.iter().map(|cell| self.blocks(cell)).collect();
            cells.resize(columns, Vec::new());
            cells
        });
        let header = rows.next().unwrap_or_default();
        let rows = rows.collect();
        let align = vec![Align::Start; columns];
        let caption = self.line(&table.caption);
        Block::Table {
            id,
            number: Some(0),
            caption,
            widths: None,
            align,
            header,
            rows,
        }
    }

    pub(super) fn warn(
        &mut self,
        code: WarningCode,
        path: &str,
        node: Option<&str>,
        message: String,
        source: &str,
    ) {
        self.warnings.push(Warning {
            code,
            path: path.to_owned(),
            node_id: node.map(snippet),
            message,
            snippet: snippet(source),
        });
    }

    pub(super) fn link(
        &mut self,
        url: &str,
        content: Vec<Inline>,
        node: Option<&str>,
        path: &str,
    ) -> Vec<Inline> {
        match link::checked_url(url) {
            Some(url) => vec![Inline::Link { url, content }],
            None => {
                let message = "a link begins with http:, https: or mailto:; only its text is printed";
                self.warn(WarningCode::Link, path, node, message.to_owned(), url);
                content
            }
        }
    }

    pub(super) fn math(&mut self, equation: &Equation, display: Display) -> Math {
        let source = &equation.source;
        let read = if source.len() > super::MAX_EQUATION_BYTES {
            Err(format!(
                "an equation has at most {} bytes",
                super::MAX_EQUATION_BYTES
            ))
        } else {
            crate::math::Formula::read(source, display).map_err(|error| error.message)
        };
        match read {
            Ok(formula) => Math::Formula(formula),
            Err(message) => {
                self.warn(
                    WarningCode::Equation,
                    &equation.path,
                    equation.id.as_deref(),
                    message,
                    source,
                );
                Math::Source {
                    source: source.clone(),
                }
            }
        }
    }
}

pub(super) fn words(text: &str) -> Inline {
    Inline::Text {
        text: text.to_owned(),
        marks: Marks::default(),
    }
}

fn paragraph(content: Vec<Inline>) -> Block {
    Block::Paragraph { content }
}

/// What is read aloud of a line, in one line.
fn plain(line: &[Inline]) -> String {
    fn add(line: &[Inline], text: &mut String) {
        for inline in line {
            match inline {
                Inline::Text { text: words, .. } | Inline::Code { text: words } => text.push_str(words),
                Inline::Link { content, .. } => add(content, text),
                Inline::Math {
                    math: Math::Formula(formula),
                } => text.push_str(&formula.source),
                Inline::Math {
                    math: Math::Source { source },
                } => text.push_str(source),
                Inline::Break => text.push(' '),
                Inline::Cite { .. } | Inline::Footnote { .. } => {}
            }
        }
    }
    let mut text = String::new();
    add(line, &mut text);
    one_line(&text)
}
