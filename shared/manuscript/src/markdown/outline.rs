//! What was read, as an outline for people: for tests.

use std::fmt::Write;

use super::Read;
use crate::manuscript::{Block, Inline, Math};

/// A line in one line.
pub(super) fn line(content: &[Inline]) -> String {
    let mut out = String::new();
    for inline in content {
        match inline {
            Inline::Text { text, marks } => {
                let mark = match (marks.bold, marks.italic, marks.strike) {
                    (false, false, false) => "",
                    (true, false, false) => "**",
                    (false, true, false) => "*",
                    (true, true, false) => "***",
                    (_, _, true) => "~~",
                };
                write!(out, "{mark}{text}{mark}").unwrap();
            }
            Inline::Code { text } => write!(out, "`{text}`").unwrap(),
            Inline::Link { url, content } => write!(out, "[{}]({url})", line(content)).unwrap(),
            Inline::Cite { references } => write!(out, "<cite {references:?}>").unwrap(),
            Inline::Math {
                math: Math::Formula(formula),
            } => write!(out, "<math {}>", formula.tex).unwrap(),
            Inline::Math {
                math: Math::Source { source },
            } => write!(out, "<source {source}>").unwrap(),
            Inline::Footnote { note } => write!(out, "<note {note}>").unwrap(),
            Inline::Break => out.push_str("<break>"),
        }
    }
    out
}

/// Blocks as an indented outline.
pub(super) fn outline(blocks: &[Block], indent: usize, out: &mut String) {
    for block in blocks {
        write!(out, "{}", "  ".repeat(indent)).unwrap();
        match block {
            Block::Paragraph { content } => writeln!(out, "p {}", line(content)).unwrap(),
            Block::List { start, items } => {
                writeln!(out, "list {start:?}").unwrap();
                for item in items {
                    writeln!(out, "{}- ", "  ".repeat(indent + 1)).unwrap();
                    outline(item, indent + 2, out);
                }
            }
            Block::Equation { id, number, math } => {
                let source = match math {
                    Math::Formula(formula) => &formula.tex,
                    Math::Source { source } => source,
                };
                writeln!(out, "equation {id} {number:?} {source}").unwrap();
            }
            Block::Figure {
                id,
                number,
                image,
                alt,
                caption,
                path,
            } => {
                writeln!(
                    out,
                    "figure {id} {number} {image} alt={alt} caption={} {path}",
                    line(caption)
                )
                .unwrap();
            }
            Block::Table { .. } => table(block, indent, out),
            Block::Code { language, text } => writeln!(out, "code {language:?} {text:?}").unwrap(),
            Block::Quote { blocks } => {
                writeln!(out, "quote").unwrap();
                outline(blocks, indent + 1, out);
            }
            Block::Rule => writeln!(out, "rule").unwrap(),
        }
    }
}

pub(super) fn written(read: &Read) -> String {
    let mut out = String::new();
    for section in &read.sections {
        let number = section.number.as_deref().unwrap_or("-");
        let heading = line(&section.heading);
        writeln!(
            out,
            "{} {number} {} {:?} {}",
            section.level, section.id, heading, section.path
        )
        .unwrap();
        outline(&section.blocks, 1, &mut out);
    }
    for (index, note) in read.footnotes.iter().enumerate() {
        writeln!(out, "note {index}").unwrap();
        outline(note, 1, &mut out);
    }
    for warning in &read.warnings {
        writeln!(
            out,
            "{:?} {} {} | {}",
            warning.code, warning.path, warning.message, warning.snippet
        )
        .unwrap();
    }
    out
}

fn table(block: &Block, indent: usize, out: &mut String) {
    let Block::Table {
        id,
        number,
        caption,
        align,
        header,
        rows,
        ..
    } = block
    else {
        return;
    };
    writeln!(out, "table {id} {number:?} {align:?} caption={}", line(caption)).unwrap();
    for row in std::iter::once(header).chain(rows) {
        writeln!(out, "{}row", "  ".repeat(indent + 1)).unwrap();
        for cell in row {
            if cell.is_empty() {
                writeln!(out, "{}(empty)", "  ".repeat(indent + 2)).unwrap();
            }
            outline(cell, indent + 2, out);
        }
    }
}
