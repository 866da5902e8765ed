//! Works that are cited, in the style of the American Psychological Association (7th edition).

pub(crate) mod anchors;
pub(crate) mod authors;
pub(crate) mod fields;
mod plain;
mod styled;

use imprint_manuscript::manuscript::Reference;

use fields::Fields;

/// A list of works, written out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Bibliography {
    /// The works in the order in which they are listed.
    pub entries: Vec<Entry>,
    /// For each given reference what stands where it alone is cited, without parentheses: `Doe & Roe, 2019a`.
    pub citations: Vec<String>,
}

/// A work in the list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// The number of the given reference.
    pub reference: usize,
    /// The anchor: `ref-` and letters, digits, `-`.
    pub anchor: String,
    /// The text.
    pub text: Vec<Span>,
}

/// Text of one look.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Span {
    /// The text.
    pub text: String,
    /// Italic.
    pub italic: bool,
    /// `http` or `https`, where it is a link.
    pub url: Option<String>,
}

impl Span {
    fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            italic: false,
            url: None,
        }
    }
}

/// Writes works out.
pub fn bibliography(references: &[Reference]) -> Bibliography {
    let fields: Vec<Fields> = references.iter().map(Fields::read).collect();
    let anchors = anchors::anchors(references);
    let mut citations: Vec<String> = fields
        .iter()
        .enumerate()
        .map(|(n, f)| plain::citation(f, n))
        .collect();
    let mut entries: Vec<Entry> = Vec::with_capacity(references.len());
    let mut listed = vec![false; references.len()];
    for styled in styled::styled(&fields) {
        listed[styled.reference] = true;
        citations[styled.reference] = styled.citation;
        let text = styled.text;
        entries.push(Entry {
            reference: styled.reference,
            anchor: anchors[styled.reference].clone(),
            text,
        });
    }
    // What says neither who nor what has no place in the order of authors and titles: it comes last.
    for (reference, fields) in fields.iter().enumerate().filter(|(n, _)| !listed[*n]) {
        let text = plain::entry(fields, reference);
        entries.push(Entry {
            reference,
            anchor: anchors[reference].clone(),
            text,
        });
    }
    Bibliography { entries, citations }
}
