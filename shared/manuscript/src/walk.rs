//! Goes through everything that is within blocks, in the order in which it is printed.

use crate::manuscript::{Block, Inline};

/// Calls `visit` with each block, and then with those within it.
pub(crate) fn blocks(blocks: &mut [Block], visit: &mut impl FnMut(&mut Block)) {
    for block in blocks {
        visit(block);
        for within in children(block) {
            self::blocks(within, visit);
        }
    }
}

/// Calls `visit` with each line of text: of paragraphs, captions and links.
pub(crate) fn lines(blocks: &mut [Block], visit: &mut impl FnMut(&mut Vec<Inline>)) {
    self::blocks(blocks, &mut |block| match block {
        Block::Paragraph { content } => line(content, visit),
        Block::Figure { caption, .. } | Block::Table { caption, .. } => line(caption, visit),
        Block::List { .. }
        | Block::Equation { .. }
        | Block::Code { .. }
        | Block::Quote { .. }
        | Block::Rule => {}
    });
}

/// As [`lines`], of one line and the links in it.
pub(crate) fn line(content: &mut Vec<Inline>, visit: &mut impl FnMut(&mut Vec<Inline>)) {
    visit(content);
    for inline in content {
        if let Inline::Link { content, .. } = inline {
            line(content, visit);
        }
    }
}

fn children(block: &mut Block) -> Vec<&mut Vec<Block>> {
    match block {
        Block::List { items, .. } => items.iter_mut().collect(),
        Block::Quote { blocks } => vec![blocks],
        Block::Table { header, rows, .. } => header.iter_mut().chain(rows.iter_mut().flatten()).collect(),
        Block::Paragraph { .. }
        | Block::Equation { .. }
        | Block::Figure { .. }
        | Block::Code { .. }
        | Block::Rule => Vec::new(),
    }
}
