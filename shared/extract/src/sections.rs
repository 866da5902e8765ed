//! A page as sections for a search index.

use crate::clean::one_line;
use crate::content::{Block, Inline, plain, push_plain};
use crate::page::Section;

/// The sections of a page, in order, those that say nothing left out.
pub(crate) fn of(blocks: &[Block]) -> Vec<Section> {
    let beginning = Section {
        id: String::new(),
        title: String::new(),
        text: String::new(),
    };
    let mut reader = Reader {
        sections: vec![beginning],
        current: 0,
    };
    reader.blocks(blocks);
    for section in &mut reader.sections {
        section.text = one_line(&section.text);
    }
    reader
        .sections
        .retain(|section| !section.title.is_empty() || !section.text.is_empty());
    reader.sections
}

struct Reader {
    sections: Vec<Section>,
    /// The section that text belongs to. Not always the last: after a definition the section around it goes on.
    current: usize,
}

impl Reader {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Heading { id, line, .. } => self.begin(id, line),
                Block::Paragraph(line) => self.line(line),
                Block::Code { text, .. } | Block::Math(text) => self.text(text),
                Block::List { items, .. } => items.iter().for_each(|item| self.blocks(item)),
                Block::Definitions(definitions) => {
                    for one in definitions {
                        let around = self.current;
                        if one.id.is_empty() {
                            self.line(&one.term);
                            self.blocks(&one.details);
                        } else {
                            self.begin(&one.id, &one.term);
                            self.blocks(&one.details);
                            self.current = around;
                        }
                    }
                }
                Block::Quote(inner) => self.blocks(inner),
                Block::Table(table) => table.rows.iter().flatten().for_each(|cell| self.blocks(cell)),
                Block::Rule => {}
            }
        }
    }

    fn begin(&mut self, id: &str, title: &[Inline]) {
        let section = Section {
            id: id.to_owned(),
            title: one_line(&plain(title)),
            text: String::new(),
        };
        self.current = self.sections.len();
        self.sections.push(section);
    }

    fn line(&mut self, line: &[Inline]) {
        let text = &mut self.sections[self.current].text;
        push_plain(line, text);
        text.push(' ');
    }

    fn text(&mut self, text: &str) {
        let to = &mut self.sections[self.current].text;
        to.push_str(text);
        to.push(' ');
    }
}
