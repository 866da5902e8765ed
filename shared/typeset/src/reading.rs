//! A manuscript made into what the template reads.

use std::collections::{BTreeSet, HashSet};

use imprint_manuscript::manuscript::{Align, Block, Front, Inline, Math, Section, WarningCode};
use imprint_manuscript::{Manuscript, Variant, Warning};
use imprint_rendering::Images;
use imprint_rendering::references::Bibliography;
use typst::foundations::Bytes;

use crate::glyphs::Glyphs;
use crate::pictures::Pictures;
use crate::text;
use crate::view::{Correspondent, Doi, Figure, Node, Span, Table, View, Work, WorkSpan, Writer};

mod front;
mod inline;
mod names;

/// How deep lists, quotes and tables stand in each other; what is deeper stands there too. The engine has a limit, and a
/// line has a width.
const MAX_NESTING: usize = 6;
/// How deep notes stand in notes.
const MAX_NOTES: usize = 2;
/// From how many characters on a formula may be wider than its line.
const WIDE: usize = 80;
/// How many characters of a caption stand with an image on one page in any case.
const LONG_CAPTION: usize = 900;
/// How many characters a header has that comes again on each page.
const LONG_HEADER: usize = 600;
/// How many rows a table has that is not broken over pages, and how many characters each of its cells.
const SHORT_TABLE: usize = 12;
const SHORT_CELL: usize = 150;
/// How many blocks a document of chapters has, about forty pages, and how many of them a chapter, about three: each begins a page
/// then, as in a book, and the engine sets those of one after another side by side.
const LONG_DOCUMENT: usize = 300;
const LONG_CHAPTER: usize = 20;
/// How many characters of a source a warning shows.
const SNIPPET: usize = 200;

/// What the engine refused although it was checked before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Formulas, as they are set.
    pub(crate) formulas: BTreeSet<String>,
    /// Images by name.
    pub(crate) images: BTreeSet<String>,
}

/// What was read.
pub(crate) struct Read<'a> {
    pub(crate) view: View,
    /// The images in their slots, and what they are called.
    pub(crate) images: Vec<Bytes>,
    pub(crate) image_names: Vec<&'a str>,
    pub(crate) image_formats: Vec<&'static str>,
    pub(crate) formulas: BTreeSet<&'a str>,
    pub(crate) warnings: Vec<Warning>,
}

/// Reads a manuscript.
pub(crate) fn read<'a>(
    manuscript: &'a Manuscript,
    images: &'a Images,
    bibliography: &'a Bibliography,
    refused: &'a Refused,
) -> Read<'a> {
    let mut reading = Reading {
        manuscript,
        bibliography,
        refused,
        pictures: Pictures::new(images, &refused.images),
        glyphs: Glyphs::default(),
        has_chapters: has_chapters(manuscript),
        names: HashSet::new(),
        notes: HashSet::new(),
        notes_later: Vec::new(),
        formulas: BTreeSet::new(),
        warnings: Vec::new(),
        path: "",
    };
    let mut view = reading.front(&manuscript.front);
    for section in &manuscript.sections {
        reading.section(section, &mut view.body);
    }
    reading.path = "";
    reading.references(&mut view);
    view.contents = view.contents && !(view.body.is_empty() && view.references.is_empty());
    names::settle(&mut view.body, &reading.names);
    let mut warnings = reading.warnings;
    warnings.append(&mut reading.glyphs.warnings);
    Read {
        view,
        images: reading.pictures.bytes,
        image_names: reading.pictures.names,
        image_formats: reading.pictures.formats,
        formulas: reading.formulas,
        warnings,
    }
}

/// Whether sections of the first level begin pages.
fn has_chapters(manuscript: &Manuscript) -> bool {
    let blocks: usize = manuscript
        .sections
        .iter()
        .map(|section| section.blocks.len())
        .sum();
    let first = manuscript.sections.iter().filter(|section| section.level == 1);
    match manuscript.variant {
        Variant::Document => blocks >= LONG_DOCUMENT && blocks / first.count().max(1) >= LONG_CHAPTER,
        // Line numbers and wide lines already make it long.
        Variant::Journal => false,
    }
}

struct Reading<'a> {
    manuscript: &'a Manuscript,
    has_chapters: bool,
    bibliography: &'a Bibliography,
    refused: &'a Refused,
    pictures: Pictures<'a>,
    glyphs: Glyphs,
    /// The names that something in the file has.
    names: HashSet<String>,
    /// The notes that are printed.
    notes: HashSet<usize>,
    /// Those of them that stand behind what is read now.
    notes_later: Vec<Span>,
    formulas: BTreeSet<&'a str>,
    warnings: Vec<Warning>,
    /// Of the section that is read.
    path: &'a str,
}

/// Where something stands, which says what it can be.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// How many lists, quotes and tables are around it.
    depth: usize,
    /// How many notes are around it.
    notes: usize,
    /// Whether links can be here: there are none in links and headings.
    links: bool,
    /// Whether names can be here: what is printed more than once has none.
    names: bool,
    /// How long a word may be.
    word: usize,
}

impl Place {
    const TOP: Self = Self {
        depth: 0,
        notes: 0,
        links: true,
        names: true,
        word: text::WORD,
    };
    const HEADING: Self = Self {
        links: false,
        names: false,
        ..Self::TOP
    };

    fn deeper(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }

    fn cell(self) -> Self {
        Self {
            word: text::WORD_IN_TABLE,
            ..self.deeper()
        }
    }
}

impl<'a> Reading<'a> {
    fn section(&mut self, section: &'a Section, body: &mut Vec<Node>) {
        self.path = &section.path;
        let name = self.name(&section.id, Place::TOP);
        let content = self.spans(&section.heading, Place::HEADING);
        if content.is_empty() {
            body.extend(name.map(|name| Node::Anchor { name }));
        } else {
            let number = section
                .number
                .as_deref()
                .map(|number| self.running(number, text::WORD));
            body.push(Node::Heading {
                level: section.level.clamp(1, 6),
                number,
                content,
                name,
                chapter: self.has_chapters && section.level == 1,
            });
        }
        self.put_notes(Place::TOP, body);
        body.append(&mut self.nodes(&section.blocks, Place::TOP));
    }

    fn nodes(&mut self, blocks: &'a [Block], place: Place) -> Vec<Node> {
        let mut nodes = Vec::with_capacity(blocks.len());
        for block in blocks {
            self.node(block, place, &mut nodes);
        }
        nodes
    }

    fn node(&mut self, block: &'a Block, place: Place, nodes: &mut Vec<Node>) {
        match block {
            Block::Paragraph { content } => {
                let content = self.spans(content, place);
                if !content.is_empty() {
                    nodes.push(Node::Paragraph { content });
                }
            }
            Block::List { items, .. } if place.depth >= MAX_NESTING => {
                items
                    .iter()
                    .for_each(|item| nodes.append(&mut self.nodes(item, place)));
            }
            Block::List { start, items } => nodes.extend(self.list(*start, items, place.deeper())),
            Block::Equation { id, number, math } => nodes.push(self.equation(id, *number, math, place)),
            Block::Figure { .. } => nodes.extend(self.figure(block, place)),
            Block::Table { header, rows, .. } if place.depth >= MAX_NESTING => {
                let cells = header.iter().chain(rows.iter().flatten());
                cells.for_each(|cell| nodes.append(&mut self.nodes(cell, place)));
            }
            Block::Table { .. } => {
                nodes.extend(self.table(block, place));
                self.put_notes(place, nodes);
            }
            Block::Code { language: _, text } => {
                let text = text::lines(text);
                self.glyphs.look(&text, self.path);
                nodes.push(Node::Code { text });
            }
            Block::Quote { blocks } if place.depth >= MAX_NESTING => {
                nodes.append(&mut self.nodes(blocks, place));
            }
            Block::Quote { blocks } => nodes.push(Node::Quote {
                blocks: self.nodes(blocks, place.deeper()),
            }),
            Block::Rule => nodes.push(Node::Rule),
        }
    }

    fn list(&mut self, start: Option<u64>, items: &'a [Vec<Block>], place: Place) -> Option<Node> {
        let mut items: Vec<Vec<Node>> = items.iter().map(|item| self.nodes(item, place)).collect();
        let tight = items.iter().all(|item| {
            let lines = item
                .iter()
                .filter(|node| matches!(node, Node::Paragraph { .. }))
                .count();
            lines <= 1
                && item
                    .iter()
                    .all(|node| matches!(node, Node::Paragraph { .. } | Node::List { tight: true, .. }))
        });
        if tight {
            items.iter_mut().for_each(|item| unwrap_paragraph(item));
        }
        // Numbers that the engine can count with, and that a margin has room for.
        let start = start.map(|start| start.min(1_000_000_000));
        (!items.is_empty()).then_some(Node::List { start, tight, items })
    }

    fn equation(&mut self, id: &str, number: Option<u32>, math: &'a Math, place: Place) -> Node {
        let name = self.name(id, place);
        match self.formula(math) {
            Ok(formula) => Node::Equation {
                number,
                wide: formula.len() > WIDE,
                formula: formula.to_owned(),
                name,
            },
            Err(source) => Node::EquationSource {
                source: text::lines(source),
                name,
            },
        }
    }

    /// A formula as it is set, or the source of one that cannot be.
    fn formula(&mut self, math: &'a Math) -> Result<&'a str, &'a str> {
        match math {
            Math::Formula(formula) if self.refused.formulas.contains(&formula.typst) => {
                self.glyphs.look(&formula.source, self.path);
                self.warnings.push(Warning {
                    code: WarningCode::Equation,
                    path: self.path.to_owned(),
                    node_id: None,
                    message: "the PDF cannot set this equation; its source is shown instead".to_owned(),
                    snippet: formula.source.chars().take(SNIPPET).collect(),
                });
                Err(&formula.source)
            }
            Math::Formula(formula) => {
                self.glyphs.look(&formula.typst, self.path);
                self.formulas.insert(&formula.typst);
                Ok(&formula.typst)
            }
            Math::Source { source } => {
                self.glyphs.look(source, self.path);
                Err(source)
            }
        }
    }

    fn figure(&mut self, block: &'a Block, place: Place) -> Option<Node> {
        let Block::Figure {
            id,
            number,
            image,
            alt,
            caption,
            path,
        } = block
        else {
            return None;
        };
        let slot = self.pictures.slot(image);
        if slot.is_none() {
            self.warnings.push(Warning {
                code: WarningCode::ImageBad,
                path: path.clone(),
                node_id: None,
                message: format!("the PDF cannot show the image {image}; its name is shown instead"),
                snippet: image.chars().take(SNIPPET).collect(),
            });
        }
        let lost = if slot.is_none() {
            self.running(image, text::WORD_IN_TABLE)
        } else {
            String::new()
        };
        let (path, format, width) = match slot {
            Some(slot) => (
                Some(slot.path),
                Some(slot.format),
                (place.depth == 0).then_some(slot.width),
            ),
            None => (None, None, None),
        };
        let caption = self.spans(caption, place);
        Some(Node::Figure(Box::new(Figure {
            number: *number,
            slot: path,
            format,
            width,
            lost,
            alt: text::running(alt, usize::MAX - 1),
            long: names::letters(&caption) > LONG_CAPTION,
            caption,
            name: self.name(id, place),
        })))
    }

    fn table(&mut self, block: &'a Block, place: Place) -> Option<Node> {
        let Block::Table {
            id,
            number,
            caption,
            widths,
            align,
            header,
            rows,
        } = block
        else {
            return None;
        };
        let columns = rows
            .iter()
            .map(Vec::len)
            .chain([header.len()])
            .max()
            .filter(|columns| *columns > 0)?;
        let inside = place.cell();
        let header = self.row(
            header,
            columns,
            Place {
                names: false,
                ..inside
            },
        );
        let mut cells = Vec::with_capacity(columns * rows.len());
        for row in rows {
            cells.append(&mut self.row(row, columns, inside));
        }
        let widths = widths
            .clone()
            .filter(|widths| widths.len() == columns && widths.iter().all(|width| *width > 0));
        let fill = widths
            .iter()
            .flatten()
            .map(|width| u32::from(*width))
            .sum::<u32>()
            > 100;
        let mut align = align.clone();
        align.resize(columns, Align::Start);
        let caption = self.spans(caption, place);
        Some(Node::Table(Box::new(Table {
            number: *number,
            caption,
            columns,
            widths,
            fill,
            align,
            repeat: header.iter().map(|cell| names::letters_of(cell)).sum::<usize>() <= LONG_HEADER,
            whole: rows.len() <= SHORT_TABLE
                && cells.iter().map(|cell| names::letters_of(cell)).max() <= Some(SHORT_CELL),
            header,
            cells,
            name: self.name(id, place),
        })))
    }

    /// A row of exactly as many cells as there are columns.
    fn row(&mut self, row: &'a [Vec<Block>], columns: usize, place: Place) -> Vec<Vec<Node>> {
        let mut cells: Vec<Vec<Node>> = row.iter().map(|cell| self.nodes(cell, place)).collect();
        for cell in &mut cells {
            if let [Node::Paragraph { .. }] = cell.as_slice() {
                unwrap_paragraph(cell);
            }
        }
        cells.resize_with(columns, Vec::new);
        cells
    }

    /// Puts the notes that wait behind what they belong to, where there can be notes.
    fn put_notes(&mut self, place: Place, nodes: &mut Vec<Node>) {
        if place.names && !self.notes_later.is_empty() {
            nodes.push(Node::Notes {
                notes: std::mem::take(&mut self.notes_later),
            });
        }
    }

    /// What links jump to by an id: the first thing of this id, if it is one.
    fn name(&mut self, id: &str, place: Place) -> Option<String> {
        (place.names && text::is_name(id) && self.names.insert(id.to_owned())).then(|| id.to_owned())
    }

    fn running(&mut self, string: &str, word: usize) -> String {
        self.glyphs.look(string, self.path);
        text::running(string, word)
    }
}

/// Makes the paragraphs of a list's item or a cell running text, which has no space above and below.
fn unwrap_paragraph(nodes: &mut [Node]) {
    for node in nodes {
        if let Node::Paragraph { content } = node {
            *node = Node::Line {
                content: std::mem::take(content),
            };
        }
    }
}
