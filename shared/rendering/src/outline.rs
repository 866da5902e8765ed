//! How sections lie within each other, and what is in them.

use std::collections::BTreeSet;

use imprint_manuscript::manuscript::{Block, Manuscript, Section};

/// How deep each section lies, 1 for the uppermost. What skips a level is pulled up, so no depth is ever skipped.
pub(crate) fn depths(sections: &[Section]) -> Vec<usize> {
    let mut open: Vec<u8> = Vec::new();
    let mut depths = Vec::with_capacity(sections.len());
    for section in sections {
        if section.heading.is_empty() {
            open.clear();
            depths.push(1);
            continue;
        }
        while open.last().is_some_and(|level| *level >= section.level) {
            open.pop();
        }
        open.push(section.level);
        depths.push(open.len());
    }
    depths
}

/// All ids of a manuscript.
pub(crate) fn all_ids(manuscript: &Manuscript) -> BTreeSet<&str> {
    let mut ids = ids(&manuscript.sections);
    ids.extend(ids_of_notes(manuscript));
    ids
}

/// The ids of some sections and of what stands in them.
pub(crate) fn ids(sections: &[Section]) -> BTreeSet<&str> {
    let mut ids = BTreeSet::new();
    for section in sections {
        ids.insert(section.id.as_str());
        each(&section.blocks, &mut |block| ids.extend(id(block)));
    }
    ids
}

/// The ids of what stands in notes.
pub(crate) fn ids_of_notes(manuscript: &Manuscript) -> BTreeSet<&str> {
    let mut ids = BTreeSet::new();
    manuscript
        .footnotes
        .iter()
        .for_each(|note| each(note, &mut |block| ids.extend(id(block))));
    ids
}

/// The names of the images that are shown, in their order, each once.
pub(crate) fn images(manuscript: &Manuscript) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let texts = manuscript
        .sections
        .iter()
        .map(|section| &section.blocks)
        .chain(&manuscript.footnotes);
    for blocks in texts {
        each(blocks, &mut |block| {
            if let Block::Figure { image, .. } = block
                && !names.contains(&image.as_str())
            {
                names.push(image);
            }
        });
    }
    names
}

fn id(block: &Block) -> Option<&str> {
    match block {
        Block::Equation { id, .. } | Block::Figure { id, .. } | Block::Table { id, .. } => Some(id),
        Block::Paragraph { .. }
        | Block::List { .. }
        | Block::Code { .. }
        | Block::Quote { .. }
        | Block::Rule => None,
    }
}

fn each<'a>(blocks: &'a [Block], seen: &mut impl FnMut(&'a Block)) {
    for block in blocks {
        seen(block);
        match block {
            Block::Table { header, rows, .. } => {
                header
                    .iter()
                    .chain(rows.iter().flatten())
                    .for_each(|cell| each(cell, seen));
            }
            Block::List { items, .. } => items.iter().for_each(|item| each(item, seen)),
            Block::Quote { blocks } => each(blocks, seen),
            Block::Paragraph { .. }
            | Block::Equation { .. }
            | Block::Figure { .. }
            | Block::Code { .. }
            | Block::Rule => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::depths;
    use imprint_manuscript::manuscript::{Inline, Marks, Section};

    fn section(level: u8) -> Section {
        let text = Inline::Text {
            text: "x".into(),
            marks: Marks::default(),
        };
        let heading = if level == 0 { vec![] } else { vec![text] };
        Section {
            level,
            id: String::new(),
            number: None,
            heading,
            blocks: vec![],
            path: String::new(),
        }
    }

    #[test]
    fn no_depth_is_skipped_whatever_the_levels_are() {
        for (levels, wanted) in [
            (vec![1, 2, 3, 1], vec![1, 2, 3, 1]),
            (vec![1, 3, 3, 2, 6], vec![1, 2, 2, 2, 3]),
            (vec![3, 2, 1], vec![1, 1, 1]),
            (vec![0, 4, 5], vec![1, 1, 2]),
        ] {
            let sections: Vec<Section> = levels.into_iter().map(section).collect();
            assert_eq!(depths(&sections), wanted);
        }
    }
}
