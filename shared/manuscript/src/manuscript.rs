//! What is printed, in its order, with everything numbered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use imprint_domain::document::{Warning, WarningCode};

use crate::math::Formula;

/// Which of the two forms of a document is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// With contents and without discussion and acknowledgements.
    Document,
    /// As a journal wants it submitted: numbered lines, affiliations, key points.
    Journal,
}

/// A document as it is printed in one of its forms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manuscript {
    /// The form.
    pub variant: Variant,
    /// What stands before the text.
    pub front: Front,
    /// The text, in its order; each section's level says how deep it is.
    pub sections: Vec<Section>,
    /// Notes that [`Inline::Footnote`] numbers from 0 on.
    pub footnotes: Vec<Vec<Block>>,
    /// The works that can be cited; [`Inline::Cite`] numbers them from 0 on. Printed are all of them.
    pub references: Vec<Reference>,
    /// What is not as its author meant it. A strict reader refuses the document for any of them.
    pub warnings: Vec<Warning>,
}

/// What stands before the text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Front {
    /// The title.
    pub title: String,
    /// Such as `1.3`.
    pub version: String,
    /// The day of publication, `2026-04-11`; none for what is not published.
    pub published: Option<String>,
    /// BCP 47, such as `en`.
    pub language: String,
    /// Sorted by family name.
    pub authors: Vec<Author>,
    /// What [`Author::affiliations`] numbers from 0 on.
    pub affiliations: Vec<String>,
    /// To whom one writes.
    pub corresponding: Option<Corresponding>,
    /// Labels.
    pub keywords: Vec<String>,
    /// One sentence each; the journal form prints them.
    pub key_points: Vec<String>,
    /// Without a resolver's address: `10.5067/…`.
    pub doi: Option<String>,
    /// How to cite the document, as its authors say.
    pub citation: Option<String>,
}

/// Who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Author {
    /// Such as `Jane Q. Doe`.
    pub name: String,
    /// Such as `J. Q.`; may be empty.
    pub initials: String,
    /// Such as `Doe`.
    pub family: String,
    /// Numbers of [`Front::affiliations`].
    pub affiliations: Vec<usize>,
}

/// To whom one writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Corresponding {
    /// Such as `Jane Q. Doe`.
    pub name: String,
    /// The address, where it is known.
    pub email: Option<String>,
}

/// A heading and what stands below it, down to the next heading of any level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// 1 for the uppermost, at most 6.
    pub level: u8,
    /// Unique within the manuscript and the same after an edit elsewhere: a URL's fragment. Lower case letters, digits, `-`.
    pub id: String,
    /// Such as `3.2`; none where it is not numbered.
    pub number: Option<String>,
    /// The heading. Empty only for text before the first heading.
    pub heading: Vec<Inline>,
    /// What stands below it.
    pub blocks: Vec<Block>,
    /// Where it comes from: a JSON pointer into the source (`/document/introduction`), or `/markdown` with a line
    /// (`/markdown:17`).
    pub path: String,
}

/// What stands on lines of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// Running text.
    Paragraph {
        /// The text.
        content: Vec<Inline>,
    },
    /// A list.
    List {
        /// The number of the first item; none for bullets.
        start: Option<u64>,
        /// The items.
        items: Vec<Vec<Block>>,
    },
    /// A numbered equation.
    Equation {
        /// As [`Section::id`].
        id: String,
        /// From 1 on; none when it cannot be set, because its source is shown instead.
        number: Option<u32>,
        /// The formula.
        math: Math,
    },
    /// An image with its caption.
    Figure {
        /// As [`Section::id`].
        id: String,
        /// From 1 on.
        number: u32,
        /// The image's name among those of the document.
        image: String,
        /// Said aloud in its place; never empty.
        alt: String,
        /// The caption; may be empty.
        caption: Vec<Inline>,
        /// Where it comes from, as [`Section::path`].
        path: String,
    },
    /// A table. Every row has as many cells as the longest one has.
    Table {
        /// As [`Section::id`].
        id: String,
        /// From 1 on; none for a table that nobody refers to, such as one of variables.
        number: Option<u32>,
        /// The caption; may be empty.
        caption: Vec<Inline>,
        /// How wide the columns are, in percent; none to let their content say.
        widths: Option<Vec<u8>>,
        /// How the columns are aligned; as many as there are columns.
        align: Vec<Align>,
        /// The first row.
        header: Vec<Vec<Block>>,
        /// The other rows, cell by cell.
        rows: Vec<Vec<Vec<Block>>>,
    },
    /// A program's text.
    Code {
        /// As its author says.
        language: Option<String>,
        /// With its line breaks.
        text: String,
    },
    /// Somebody else's words.
    Quote {
        /// The words.
        blocks: Vec<Block>,
    },
    /// A line between two parts.
    Rule,
}

/// How a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// At its beginning.
    Start,
    /// In the middle.
    Center,
    /// At its end.
    End,
}

/// What stands within a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Inline {
    /// Text of one look. Never empty. May contain line breaks, which are white space.
    Text {
        /// The text.
        text: String,
        /// How it looks.
        #[serde(flatten)]
        marks: Marks,
    },
    /// A program's words.
    Code {
        /// The words.
        text: String,
    },
    /// A link.
    Link {
        /// `http`, `https` or `mailto`, or `#` and the id of something in the manuscript. Everything else was dropped with a
        /// warning, and only its content is here.
        url: String,
        /// What is clicked on; has no links inside.
        content: Vec<Inline>,
    },
    /// Works that are cited in one place.
    Cite {
        /// Numbers of [`Manuscript::references`].
        references: Vec<usize>,
    },
    /// A formula in the line.
    Math {
        /// The formula.
        math: Math,
    },
    /// The sign of a note.
    Footnote {
        /// The number in [`Manuscript::footnotes`]; printed one higher.
        note: usize,
    },
    /// A line ends here.
    Break,
}

/// How text looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// Bold.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bold: bool,
    /// Italic.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub italic: bool,
    /// Underlined.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub underline: bool,
    /// Struck through.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strike: bool,
    /// Lowered.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub subscript: bool,
    /// Raised.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub superscript: bool,
}

/// A formula that can be set, or its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Math {
    /// It can be set.
    Formula(Formula),
    /// It cannot: its source is shown in a marked box, and a warning says why.
    Source {
        /// As the author wrote it.
        source: String,
    },
}

/// A work that can be cited, field by field as its author typed it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// By what the source cites it.
    pub id: String,
    /// The fields of the tree's `publication_references`, by name, without those that are empty: `authors`, `title`,
    /// `series`, `edition`, `volume`, `issue`, `publication_place`, `publisher`, `pages`, `isbn`, `year`, `report_number`,
    /// `doi`, `online_resource`, `other_reference_details`.
    pub fields: BTreeMap<String, String>,
}
