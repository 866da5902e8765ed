//! A formula as a tree, which both writers walk.

use std::collections::BTreeSet;

/// A part of a formula.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Things side by side.
    Row(Vec<Node>),
    /// Upright words.
    Words(String),
    /// Digits.
    Number(String),
    /// An operator's name.
    Function(String),
    /// A letter or sign, mostly one character.
    Symbol {
        text: String,
        class: Class,
        upright: bool,
    },
    /// A bracket or bar.
    Delimiter {
        character: char,
        side: Side,
        height: Height,
    },
    /// White space of so many em, perhaps less than none.
    Space(f32),
    /// One thing above another, with a line between them or without.
    Fraction {
        above: Box<Node>,
        below: Box<Node>,
        line: bool,
    },
    /// A root; a square root has no index.
    Root {
        radicand: Box<Node>,
        index: Option<Box<Node>>,
    },
    /// Crossed out.
    Negated(Box<Node>),
    /// A base with what is lowered and raised.
    Script {
        base: Box<Node>,
        below: Option<Box<Node>>,
        above: Option<Box<Node>>,
        place: Place,
    },
    /// Between two delimiters that are as high as it is.
    Fenced {
        open: Option<char>,
        close: Option<char>,
        body: Box<Node>,
    },
    /// Rows of cells.
    Table(Table),
    /// In a size that is asked for.
    Sized(Size, Box<Node>),
    /// In a frame.
    Framed(Box<Node>),
    /// Takes its room and is not seen.
    Unseen(Box<Node>),
}

/// How a sign behaves between others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Ordinary,
    /// Drawn to be put above or below something, as wide as it is.
    Stretchy,
    Large,
    Binary,
    Relation,
    Punctuation,
}

/// On which side of something a delimiter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Open,
    Middle,
    Close,
}

/// How high a delimiter is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Height {
    /// As the font has it.
    Plain,
    /// So many em.
    Em(f32),
    /// As what is left and right of it, between the delimiters of both.
    Around,
}

/// Where scripts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Right,
    AboveBelow,
    /// Above and below in a displayed equation, right elsewhere.
    Movable,
}

/// LaTeX's four styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Display,
    Text,
    Script,
    ScriptScript,
}

/// Rows of cells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) kind: TableKind,
    pub(super) size: Option<Size>,
    pub(super) rows: Vec<Vec<Node>>,
    /// The rows above which there is a line.
    pub(super) lines: BTreeSet<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TableKind {
    /// All columns aligned in the same way.
    Matrix(Align),
    /// Each column aligned in its way, with the columns before which there is a line.
    Array {
        columns: Vec<Align>,
        lines: BTreeSet<usize>,
    },
    Cases {
        left: bool,
    },
    /// Columns are aligned right and left, by turns, and touch each other.
    Aligned,
    /// One column of displayed equations.
    Gathered,
    /// One column of small lines, as below a sum.
    Stack(Align),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

pub(super) fn is_empty(node: &Node) -> bool {
    matches!(node, Node::Row(nodes) if nodes.is_empty())
}

/// What the parser puts above a letter that has an accent.
pub(super) const ACCENTS: [char; 11] = ['´', '‾', '˘', 'ˇ', '˙', '¨', '`', '^', '~', '→', '˚'];

/// The accent that a thing is, if it stands above another.
pub(super) fn accent(node: &Node) -> Option<char> {
    match node {
        Node::Symbol {
            text,
            class: Class::Stretchy,
            ..
        } => text.chars().next(),
        Node::Symbol {
            text,
            class: Class::Ordinary,
            ..
        } => text.chars().next().filter(|c| ACCENTS.contains(c)),
        _ => None,
    }
}
