//! What a page says, before it is written as anything.

/// A part of the text that begins a line of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    Heading {
        level: u8,
        id: String,
        line: Vec<Inline>,
    },
    Paragraph(Vec<Inline>),
    Code {
        language: Option<String>,
        text: String,
    },
    Math(String),
    List {
        first: Option<u32>,
        items: Vec<Vec<Block>>,
    },
    Definitions(Vec<Definition>),
    Quote(Vec<Block>),
    Table(Table),
    Rule,
}

/// A term, or the signature of something, and what is said of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Definition {
    pub(crate) id: String,
    pub(crate) term: Vec<Inline>,
    pub(crate) details: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    /// Whether the first row says what the columns are.
    pub(crate) headed: bool,
    pub(crate) rows: Vec<Vec<Vec<Block>>>,
}

/// A part of a line. White space in it is single spaces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Inline {
    Text(String),
    Code(String),
    Math(String),
    Strong(Vec<Inline>),
    Emphasis(Vec<Inline>),
    Link { to: String, line: Vec<Inline> },
    Image { from: String, alt: String },
    Break,
}

/// The text of a line alone.
pub(crate) fn plain(line: &[Inline]) -> String {
    let mut text = String::new();
    push_plain(line, &mut text);
    text
}

/// Adds the text of a line. As deep as a line is nested, which the depth of the page bounds.
pub(crate) fn push_plain(line: &[Inline], to: &mut String) {
    for one in line {
        match one {
            Inline::Text(text) | Inline::Code(text) | Inline::Math(text) => to.push_str(text),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Link { line: inner, .. } => {
                push_plain(inner, to)
            }
            Inline::Image { alt, .. } => to.push_str(alt),
            Inline::Break => to.push(' '),
        }
    }
}
