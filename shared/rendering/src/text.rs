//! The plain text of what stands in a manuscript.

use imprint_manuscript::manuscript::{Block, Inline, Manuscript, Math};

use crate::references::Bibliography;
use crate::references::fields::clean;

/// What is said in a line, without any look; formulas as their source.
pub(crate) fn inlines(content: &[Inline], bibliography: &Bibliography) -> String {
    let mut out = String::new();
    add_inlines(content, bibliography, &mut out);
    clean(&out)
}

/// What is said in blocks, on one line.
pub(crate) fn blocks(content: &[Block], bibliography: &Bibliography) -> String {
    let mut out = String::new();
    add_blocks(content, bibliography, &mut out);
    clean(&out)
}

/// What the document is about, in at most `max` characters: the beginning of its abstract, or of its text.
pub(crate) fn description(manuscript: &Manuscript, bibliography: &Bibliography, max: usize) -> String {
    let is_abstract = |id: &str, path: &str| id == "abstract" || path == "/document/abstract";
    let section = manuscript
        .sections
        .iter()
        .find(|s| is_abstract(&s.id, &s.path))
        .or(manuscript.sections.first());
    let text = section
        .map(|section| blocks(&section.blocks, bibliography))
        .unwrap_or_default();
    if text.chars().count() <= max {
        return text;
    }
    let cut: String = text.chars().take(max.saturating_sub(1)).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", &cut[..end])
}

/// The source of a formula.
pub(crate) fn source(math: &Math) -> &str {
    match math {
        Math::Formula(formula) => &formula.source,
        Math::Source { source } => source,
    }
}

/// What a citation of several works says, without parentheses, in the order of the list.
pub(crate) fn cited(references: &[usize], bibliography: &Bibliography) -> Vec<usize> {
    let mut cited: Vec<usize> = Vec::new();
    for entry in &bibliography.entries {
        if references.contains(&entry.reference) {
            cited.push(entry.reference);
        }
    }
    cited
}

fn add_inlines(content: &[Inline], bibliography: &Bibliography, out: &mut String) {
    for inline in content {
        match inline {
            Inline::Text { text, marks: _ } | Inline::Code { text } => out.push_str(text),
            Inline::Link { url: _, content } => add_inlines(content, bibliography, out),
            Inline::Cite { references } => {
                let texts: Vec<&str> = cited(references, bibliography)
                    .iter()
                    .map(|n| bibliography.citations[*n].as_str())
                    .collect();
                if !texts.is_empty() {
                    out.push_str(&format!("({})", texts.join("; ")));
                }
            }
            Inline::Math { math } => out.push_str(source(math)),
            Inline::Footnote { note: _ } => {}
            Inline::Break => out.push(' '),
        }
    }
}

fn add_blocks(content: &[Block], bibliography: &Bibliography, out: &mut String) {
    for block in content {
        match block {
            Block::Paragraph { content } => add_inlines(content, bibliography, out),
            Block::List { start: _, items } => {
                for item in items {
                    add_blocks(item, bibliography, out);
                }
            }
            Block::Equation { math, .. } => out.push_str(source(math)),
            Block::Figure { caption, .. } => add_inlines(caption, bibliography, out),
            Block::Table {
                caption,
                header,
                rows,
                ..
            } => {
                add_inlines(caption, bibliography, out);
                out.push(' ');
                for cell in header.iter().chain(rows.iter().flatten()) {
                    add_blocks(cell, bibliography, out);
                }
            }
            Block::Code { text, .. } => out.push_str(text),
            Block::Quote { blocks } => add_blocks(blocks, bibliography, out),
            Block::Rule => {}
        }
        out.push(' ');
    }
}
