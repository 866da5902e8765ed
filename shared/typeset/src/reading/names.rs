//! Links within the file that lead nowhere are made plain text, and texts are counted.

use std::collections::HashSet;

use super::{Node, Span};

/// Takes every link away whose name nothing has.
pub(super) fn settle(nodes: &mut [Node], names: &HashSet<String>) {
    for node in nodes {
        match node {
            Node::Heading { content, .. } | Node::Paragraph { content } | Node::Line { content } => {
                settle_spans(content, names);
            }
            Node::List { items, .. } => items.iter_mut().for_each(|item| settle(item, names)),
            Node::Quote { blocks } => settle(blocks, names),
            Node::Figure(figure) => settle_spans(&mut figure.caption, names),
            Node::Table(table) => {
                settle_spans(&mut table.caption, names);
                table
                    .header
                    .iter_mut()
                    .chain(&mut table.cells)
                    .for_each(|cell| settle(cell, names));
            }
            Node::Notes { notes } => settle_spans(notes, names),
            Node::Anchor { .. }
            | Node::Equation { .. }
            | Node::EquationSource { .. }
            | Node::Code { .. }
            | Node::Rule => {}
        }
    }
}

fn settle_spans(spans: &mut Vec<Span>, names: &HashSet<String>) {
    let is_lost = |span: &Span| matches!(span, Span::Jump { name, .. } if !names.contains(name));
    if spans.iter().any(is_lost) {
        *spans = std::mem::take(spans)
            .into_iter()
            .flat_map(|span| unlink(span, names))
            .collect();
    }
    for span in spans {
        match span {
            Span::Link { content, .. } | Span::Jump { content, .. } => settle_spans(content, names),
            Span::Cite { works } => works.iter_mut().for_each(|work| forget(&mut work.name, names)),
            Span::Note { blocks, .. } => settle(blocks, names),
            Span::Again { name, .. } => forget(name, names),
            Span::Text { .. }
            | Span::Code { .. }
            | Span::Formula { .. }
            | Span::Source { .. }
            | Span::Break
            | Span::Plain(_) => {}
        }
    }
}

fn unlink(span: Span, names: &HashSet<String>) -> Vec<Span> {
    match span {
        Span::Jump { name, content } if !names.contains(&name) => content,
        other => vec![other],
    }
}

fn forget(name: &mut Option<String>, names: &HashSet<String>) {
    if name.as_ref().is_some_and(|name| !names.contains(name)) {
        *name = None;
    }
}

/// About how many characters spans have.
pub(super) fn letters(spans: &[Span]) -> usize {
    let each = spans.iter().map(|span| match span {
        Span::Plain(text) | Span::Text { text, .. } | Span::Code { text } => text.len(),
        Span::Formula { formula: text } | Span::Source { source: text } => text.len(),
        Span::Link { content, .. } | Span::Jump { content, .. } => letters(content),
        Span::Cite { works } => works.iter().map(|work| work.text.len()).sum(),
        Span::Note { .. } | Span::Again { .. } => 1,
        Span::Break => 80,
    });
    each.sum()
}

/// About how many characters blocks have; what is no running text counts as many.
pub(super) fn letters_of(nodes: &[Node]) -> usize {
    let each = nodes.iter().map(|node| match node {
        Node::Heading { content, .. } | Node::Paragraph { content } | Node::Line { content } => {
            letters(content) + 20
        }
        Node::List { items, .. } => items.iter().map(|item| letters_of(item) + 20).sum(),
        Node::Quote { blocks } => letters_of(blocks),
        Node::Anchor { .. } | Node::Notes { .. } => 0,
        Node::Equation { formula: text, .. }
        | Node::EquationSource { source: text, .. }
        | Node::Code { text } => text.len() * 2 + 80,
        Node::Figure(_) | Node::Table(_) => 1000,
        Node::Rule => 80,
    });
    each.sum()
}
