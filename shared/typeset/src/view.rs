//! What the template reads: a manuscript with every reference resolved, every name known to exist and every number in
//! range, so that the template has nothing to decide and nothing to fail at.

use imprint_manuscript::Variant;
use imprint_manuscript::manuscript::{Align, Marks};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct View {
    pub(crate) variant: Variant,
    /// Two or three letters.
    pub(crate) language: String,
    /// Two letters.
    pub(crate) region: Option<String>,
    pub(crate) title: String,
    /// The title, cut to what a header has room for.
    pub(crate) short: String,
    /// `Version 1.3`, or nothing.
    pub(crate) version_line: String,
    pub(crate) published: Option<String>,
    pub(crate) doi: Option<Doi>,
    pub(crate) authors: Vec<Writer>,
    pub(crate) affiliations: Vec<String>,
    pub(crate) corresponding: Option<Correspondent>,
    pub(crate) keywords: Vec<String>,
    pub(crate) key_points: Vec<String>,
    pub(crate) citation: Option<String>,
    /// Whether there is anything that contents can list.
    pub(crate) contents: bool,
    pub(crate) body: Vec<Node>,
    pub(crate) references: Vec<Work>,
    pub(crate) references_name: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Doi {
    pub(crate) text: String,
    /// As it stands in a URL's path.
    pub(crate) address: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Writer {
    pub(crate) name: String,
    /// Initials and family name.
    pub(crate) short: String,
    /// Counted from 1, as they are printed.
    pub(crate) affiliations: Vec<usize>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Correspondent {
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) url: Option<String>,
}

/// A work of the list of references.
#[derive(Debug, Serialize)]
pub(crate) struct Work {
    pub(crate) name: Option<String>,
    pub(crate) text: Vec<WorkSpan>,
}

#[derive(Debug, Serialize)]
pub(crate) struct WorkSpan {
    pub(crate) text: String,
    pub(crate) italic: bool,
    pub(crate) url: Option<String>,
}

/// What stands on lines of its own. A `name` is what links jump to.
#[derive(Debug, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Node {
    Heading {
        level: u8,
        number: Option<String>,
        content: Vec<Span>,
        name: Option<String>,
        /// Whether it begins a page.
        chapter: bool,
    },
    /// A place to jump to with nothing to see.
    Anchor {
        name: String,
    },
    Paragraph {
        content: Vec<Span>,
    },
    /// The only paragraph of a tight list's item or of a cell.
    Line {
        content: Vec<Span>,
    },
    List {
        start: Option<u64>,
        tight: bool,
        items: Vec<Vec<Node>>,
    },
    Equation {
        number: Option<u32>,
        formula: String,
        /// Whether it may be wider than its line.
        wide: bool,
        name: Option<String>,
    },
    EquationSource {
        source: String,
        name: Option<String>,
    },
    Figure(Box<Figure>),
    Table(Box<Table>),
    Code {
        text: String,
    },
    Quote {
        blocks: Vec<Node>,
    },
    Rule,
    /// Notes whose signs stand where there cannot be notes.
    Notes {
        notes: Vec<Span>,
    },
}

#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) number: u32,
    /// The virtual file; none where the image cannot be shown.
    pub(crate) slot: Option<String>,
    pub(crate) format: Option<&'static str>,
    /// In points; none where the place says how wide it is.
    pub(crate) width: Option<f64>,
    /// What is said where it cannot be shown.
    pub(crate) lost: String,
    pub(crate) alt: String,
    pub(crate) caption: Vec<Span>,
    /// Whether caption and image may need more than a page.
    pub(crate) long: bool,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) number: Option<u32>,
    pub(crate) caption: Vec<Span>,
    pub(crate) columns: usize,
    /// In percent of the line, or in parts of it where `fill` is set.
    pub(crate) widths: Option<Vec<u8>>,
    pub(crate) fill: bool,
    pub(crate) align: Vec<Align>,
    /// Whether the header comes again on each page; a long one would leave no room.
    pub(crate) repeat: bool,
    /// Whether all of it stands on one page.
    pub(crate) whole: bool,
    pub(crate) header: Vec<Vec<Node>>,
    /// Row after row.
    pub(crate) cells: Vec<Vec<Node>>,
    pub(crate) name: Option<String>,
}

/// What stands within a line.
#[derive(Debug, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Span {
    Text {
        text: String,
        #[serde(flatten)]
        marks: Marks,
    },
    Code {
        text: String,
    },
    Link {
        url: String,
        content: Vec<Span>,
    },
    /// A link to a name.
    Jump {
        name: String,
        content: Vec<Span>,
    },
    Cite {
        works: Vec<Cited>,
    },
    Formula {
        formula: String,
    },
    Source {
        source: String,
    },
    /// A note where its sign stands for the first time.
    Note {
        number: usize,
        name: Option<String>,
        blocks: Vec<Node>,
    },
    /// The sign of a note that is printed elsewhere.
    Again {
        number: usize,
        name: Option<String>,
    },
    Break,
    /// Text without marks: most of what there is.
    #[serde(untagged)]
    Plain(String),
}

#[derive(Debug, Serialize)]
pub(crate) struct Cited {
    pub(crate) text: String,
    pub(crate) name: Option<String>,
}
