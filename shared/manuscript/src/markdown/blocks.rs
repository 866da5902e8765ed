//! Blocks while they are read: a stack of what is open.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use pulldown_cmark::{Alignment, CodeBlockKind, CowStr, Event, Tag, TagEnd};

use super::Lines;
use super::anchors::Anchors;
use super::inlines::{Line, plain, printable, trim};
use crate::content::Picture;
use crate::manuscript::{Align, Block, Inline, Reference, Section, Warning};
use crate::math::Display;

/// How deep lists and quotes are nested; deeper ones are laid flat.
const MAX_DEPTH: usize = 32;

/// Something that is open.
#[derive(Debug)]
enum Frame {
    /// Too deep, or of no meaning: what is in it belongs to what it stands in.
    Flat,
    Quote(Vec<Block>),
    List {
        start: Option<u64>,
        items: Vec<Vec<Block>>,
    },
    Item(Vec<Block>),
    Note {
        label: String,
        blocks: Vec<Block>,
    },
    Table {
        align: Vec<Align>,
        rows: Vec<Vec<Vec<Block>>>,
    },
    Row(Vec<Vec<Block>>),
    Cell(Vec<Block>),
    Code {
        language: Option<String>,
        text: String,
    },
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) lines: Lines,
    pub(super) references: HashMap<&'a str, usize>,
    pub(super) pictures: &'a BTreeMap<String, Picture>,
    pub(super) anchors: Anchors,
    pub(super) sections: Vec<Section>,
    pub(super) warnings: Vec<Warning>,
    /// Fragments that links go to, with where they stand.
    pub(super) fragments: Vec<(String, usize)>,
    /// Notes by their labels, and the labels in the order in which they were met.
    pub(super) notes: HashMap<String, Vec<Block>>,
    pub(super) labels: Vec<String>,
    label_numbers: HashMap<String, usize>,
    pub(super) line: Line,
    stack: Vec<Frame>,
    depth: usize,
    /// The heading that is being read: its level, where it stands, and the id that its author chose.
    heading: Option<(u8, usize, Option<String>)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        text: &'a str,
        references: &'a [Reference],
        pictures: &'a BTreeMap<String, Picture>,
    ) -> Self {
        // Where an id is listed twice, the first one counts.
        let references = references
            .iter()
            .enumerate()
            .rev()
            .map(|(index, reference)| (reference.id.as_str(), index));
        Self {
            text,
            lines: Lines::new(text),
            references: references.collect(),
            pictures,
            anchors: Anchors::default(),
            sections: Vec::new(),
            warnings: Vec::new(),
            fragments: Vec::new(),
            notes: HashMap::new(),
            labels: Vec::new(),
            label_numbers: HashMap::new(),
            line: Line::default(),
            stack: Vec::new(),
            depth: 0,
            heading: None,
        }
    }

    pub(super) fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        let at = range.start;
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.words(&text),
            Event::Code(text) => {
                let text = printable(&text);
                if !text.is_empty() {
                    self.line.content.push(Inline::Code { text });
                }
            }
            Event::InlineMath(source) => {
                let math = self.math(&source, Display::Inline, at);
                self.line.content.push(Inline::Math { math });
            }
            Event::DisplayMath(source) => self.display_math(&source, at),
            Event::FootnoteReference(label) => {
                let note = self.label_number(&label);
                self.line.content.push(Inline::Footnote { note });
            }
            Event::SoftBreak => self.line.text(" "),
            Event::HardBreak => self.line.content.push(Inline::Break),
            Event::Rule => {
                self.flush();
                self.push(Block::Rule);
            }
            Event::TaskListMarker(done) => self.line.text(if done { "[x] " } else { "[ ] " }),
        }
    }

    fn words(&mut self, words: &str) {
        match self.stack.last_mut() {
            Some(Frame::Code { text, .. }) => text.push_str(words),
            _ => self.line.text(words),
        }
    }

    fn label_number(&mut self, label: &str) -> usize {
        if let Some(number) = self.label_numbers.get(label) {
            return *number;
        }
        let number = self.labels.len();
        self.labels.push(label.to_owned());
        self.label_numbers.insert(label.to_owned(), number);
        number
    }

    /// A displayed equation stands alone: what is before it and behind it in its paragraph become paragraphs.
    fn display_math(&mut self, source: &str, at: usize) {
        let is_in_line = self.heading.is_some() || self.line.is_within_something() || self.is_in_cell();
        let math = self.math(
            source,
            if is_in_line {
                Display::Inline
            } else {
                Display::Block
            },
            at,
        );
        if is_in_line {
            self.line.content.push(Inline::Math { math });
        } else {
            self.flush();
            let id = self.anchors.of_content("equation", source.trim());
            self.push(Block::Equation {
                id,
                number: None,
                math,
            });
        }
    }

    fn is_in_cell(&self) -> bool {
        matches!(self.stack.last(), Some(Frame::Cell(_)))
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. } => {
                self.open_inline(tag, range);
            }
            Tag::Superscript | Tag::Subscript | Tag::Paragraph => {}
            Tag::Heading { level, id, .. } => {
                self.flush();
                self.heading = Some((level as u8, range.start, id.map(CowStr::into_string)));
                if !self.stack.is_empty() {
                    self.line.bold += 1;
                }
            }
            Tag::BlockQuote(_) => self.open(Frame::Quote(Vec::new())),
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next().map(printable),
                    CodeBlockKind::Indented => None,
                };
                self.open(Frame::Code {
                    language,
                    text: String::new(),
                });
            }
            Tag::List(start) => self.open(Frame::List {
                start,
                items: Vec::new(),
            }),
            Tag::Item => self.open(Frame::Item(Vec::new())),
            Tag::FootnoteDefinition(label) => {
                self.open(Frame::Note {
                    label: label.into_string(),
                    blocks: Vec::new(),
                });
            }
            Tag::Table(columns) => {
                let align = columns.into_iter().map(align).collect();
                self.open(Frame::Table {
                    align,
                    rows: Vec::new(),
                });
            }
            Tag::TableHead | Tag::TableRow => self.open(Frame::Row(Vec::new())),
            Tag::TableCell => self.open(Frame::Cell(Vec::new())),
            Tag::HtmlBlock
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::MetadataBlock(_) => self.flush(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis => self.close_marks(0, 1, 0),
            TagEnd::Strong => self.close_marks(1, 0, 0),
            TagEnd::Strikethrough => self.close_marks(0, 0, 1),
            TagEnd::Link | TagEnd::Image => self.close_inline(),
            TagEnd::Superscript | TagEnd::Subscript => {}
            TagEnd::Heading(_) => self.close_heading(),
            TagEnd::Paragraph
            | TagEnd::HtmlBlock
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::MetadataBlock(_) => self.flush(),
            TagEnd::BlockQuote(_)
            | TagEnd::CodeBlock
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::FootnoteDefinition
            | TagEnd::Table
            | TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::TableCell => self.close(),
        }
    }

    fn open(&mut self, frame: Frame) {
        self.flush();
        let nests = matches!(frame, Frame::Quote(_) | Frame::List { .. } | Frame::Item(_));
        let is_lost =
            matches!(frame, Frame::Item(_)) && !matches!(self.stack.last(), Some(Frame::List { .. }));
        // A list's items need their list, so they are never what is one too deep.
        let is_too_deep = self.depth >= MAX_DEPTH && !matches!(frame, Frame::Item(_));
        let frame = if nests && (is_lost || is_too_deep) {
            Frame::Flat
        } else {
            frame
        };
        self.depth += usize::from(!matches!(frame, Frame::Flat));
        self.stack.push(frame);
    }

    fn close(&mut self) {
        self.flush();
        let Some(frame) = self.stack.pop() else { return };
        self.depth -= usize::from(!matches!(frame, Frame::Flat));
        match frame {
            Frame::Flat => {}
            Frame::Quote(blocks) => self.push(Block::Quote { blocks }),
            Frame::List { start, items } => self.push(Block::List { start, items }),
            Frame::Item(blocks) => {
                if let Some(Frame::List { items, .. }) = self.stack.last_mut() {
                    items.push(blocks);
                }
            }
            Frame::Note { label, blocks } => {
                self.notes.entry(label).or_insert(blocks);
            }
            Frame::Table { align, rows } => self.table(align, rows),
            Frame::Row(cells) => {
                if let Some(Frame::Table { rows, .. }) = self.stack.last_mut() {
                    rows.push(cells);
                }
            }
            Frame::Cell(blocks) => {
                if let Some(Frame::Row(cells)) = self.stack.last_mut() {
                    cells.push(blocks);
                }
            }
            Frame::Code { language, text } => {
                let text = printable(text.strip_suffix('\n').unwrap_or(&text));
                self.push(Block::Code { language, text });
            }
        }
    }

    /// Every row gets as many cells as the longest one has.
    fn table(&mut self, mut align: Vec<Align>, mut rows: Vec<Vec<Vec<Block>>>) {
        let columns = rows.iter().map(Vec::len).chain([align.len()]).max().unwrap_or(0);
        align.resize(columns, Align::Start);
        rows.iter_mut().for_each(|row| row.resize(columns, Vec::new()));
        let mut rows = rows.into_iter();
        let header = rows.next().unwrap_or_default();
        let words: Vec<_> = header.iter().flatten().map(first_words).collect();
        let id = self
            .anchors
            .of_words("table", &format!("table {}", words.join(" ")));
        let rows = rows.collect();
        self.push(Block::Table {
            id,
            number: Some(0),
            caption: Vec::new(),
            widths: None,
            align,
            header,
            rows,
        });
    }

    /// Ends a line: it becomes a paragraph, with its figures below.
    pub(super) fn flush(&mut self) {
        let mut content = std::mem::take(&mut self.line.content);
        let figures = std::mem::take(&mut self.line.figures);
        trim(&mut content);
        if !content.is_empty() && !self.is_caption(&mut content) {
            self.push(Block::Paragraph { content });
        }
        figures.into_iter().for_each(|figure| self.push(figure));
    }

    /// A paragraph behind a table that begins with `Table:` is the table's caption.
    fn is_caption(&mut self, content: &mut Vec<Inline>) -> bool {
        let Some(Inline::Text { text, .. }) = content.first_mut() else {
            return false;
        };
        let Some(rest) = text.strip_prefix("Table:") else {
            return false;
        };
        let Some(Block::Table { caption, .. }) = self.blocks().and_then(|blocks| blocks.last_mut()) else {
            return false;
        };
        if !caption.is_empty() {
            return false;
        }
        *text = rest.to_owned();
        trim(content);
        caption.append(content);
        true
    }

    /// A heading begins a section, unless it stands within something: there it is a bold paragraph.
    fn close_heading(&mut self) {
        let Some((level, at, chosen)) = self.heading.take() else {
            return;
        };
        if !self.stack.is_empty() {
            self.close_marks(1, 0, 0);
            return self.flush();
        }
        let mut heading = std::mem::take(&mut self.line.content);
        let figures = std::mem::take(&mut self.line.figures);
        trim(&mut heading);
        if !heading.is_empty() {
            let chosen = chosen.and_then(|id| self.anchors.chosen(&id));
            let id = chosen.unwrap_or_else(|| self.anchors.of_words("section", &plain(&heading)));
            let path = self.lines.path(at);
            let number = Some(String::new());
            self.sections.push(Section {
                level,
                id,
                number,
                heading,
                blocks: Vec::new(),
                path,
            });
        }
        figures.into_iter().for_each(|figure| self.push(figure));
    }

    /// The blocks of the innermost thing that has some.
    fn blocks(&mut self) -> Option<&mut Vec<Block>> {
        let open = self.stack.iter_mut().rev().find_map(|frame| match frame {
            Frame::Quote(blocks) | Frame::Item(blocks) | Frame::Note { blocks, .. } | Frame::Cell(blocks) => {
                Some(blocks)
            }
            Frame::Flat | Frame::List { .. } | Frame::Table { .. } | Frame::Row(_) | Frame::Code { .. } => {
                None
            }
        });
        match open {
            Some(blocks) => Some(blocks),
            None => self.sections.last_mut().map(|section| &mut section.blocks),
        }
    }

    /// Adds a block to them, or to a section before the first heading.
    fn push(&mut self, block: Block) {
        if self.sections.is_empty() && self.stack.is_empty() {
            let id = self.anchors.of_words("section", "start");
            let path = self.lines.path(0);
            // Its level is that of the uppermost heading, whichever that is.
            let level = super::finish::UPPERMOST;
            self.sections.push(Section {
                level,
                id,
                number: None,
                heading: Vec::new(),
                blocks: Vec::new(),
                path,
            });
        }
        if let Some(blocks) = self.blocks() {
            blocks.push(block);
        }
    }
}

fn align(alignment: Alignment) -> Align {
    match alignment {
        Alignment::None | Alignment::Left => Align::Start,
        Alignment::Center => Align::Center,
        Alignment::Right => Align::End,
    }
}

fn first_words(block: &Block) -> String {
    match block {
        Block::Paragraph { content } => plain(content),
        Block::List { .. }
        | Block::Equation { .. }
        | Block::Figure { .. }
        | Block::Table { .. }
        | Block::Code { .. }
        | Block::Quote { .. }
        | Block::Rule => String::new(),
    }
}
