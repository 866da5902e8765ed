//! Numbers what is numbered, once everything stands in its order. Both readers end with it: that of Markdown, and that of
//! the tree of nodes.
//!
//! A reader says *what* is numbered, by what it puts in the place of the number: `Some` of anything for a section or a
//! table, [`Math::Formula`] for an equation; figures always are. The numbers themselves are set here.

use crate::manuscript::{Block, Math, Section};
use crate::walk;

/// The deepest level of sections.
const LEVELS: usize = 6;

/// Sets the numbers of sections (`3.2`), and those of equations, figures and tables, each from 1 on through the whole
/// manuscript, notes last.
pub(crate) fn number(sections: &mut [Section], footnotes: &mut [Vec<Block>]) {
    number_sections(sections);
    let mut counts = Counts::default();
    for section in sections {
        walk::blocks(&mut section.blocks, &mut |block| counts.number(block));
    }
    for note in footnotes {
        walk::blocks(note, &mut |block| counts.number(block));
    }
}

/// A section without a number counts for nothing.
fn number_sections(sections: &mut [Section]) {
    let mut counts = [0_u32; LEVELS];
    for section in sections {
        let Some(number) = &mut section.number else {
            continue;
        };
        let level = usize::from(section.level).clamp(1, LEVELS);
        counts[level - 1] += 1;
        counts[level..].fill(0);
        *number = counts[..level]
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(".");
    }
}

#[derive(Default)]
struct Counts {
    equations: u32,
    figures: u32,
    tables: u32,
}

impl Counts {
    fn number(&mut self, block: &mut Block) {
        match block {
            Block::Equation {
                number,
                math: Math::Formula(_),
                ..
            } => *number = Some(next(&mut self.equations)),
            Block::Equation {
                number,
                math: Math::Source { .. },
                ..
            } => *number = None,
            Block::Figure { number, .. } => *number = next(&mut self.figures),
            Block::Table {
                number: Some(number), ..
            } => *number = next(&mut self.tables),
            Block::Table { number: None, .. }
            | Block::Paragraph { .. }
            | Block::List { .. }
            | Block::Code { .. }
            | Block::Quote { .. }
            | Block::Rule => {}
        }
    }
}

fn next(count: &mut u32) -> u32 {
    *count += 1;
    *count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{Display, Formula};

    fn section(level: u8, numbered: bool, blocks: Vec<Block>) -> Section {
        Section {
            level,
            id: String::new(),
            number: numbered.then(String::new),
            heading: Vec::new(),
            blocks,
            path: String::new(),
        }
    }

    fn equation(source: &str) -> Block {
        let math = match Formula::read(source, Display::Block) {
            Ok(formula) => Math::Formula(formula),
            Err(_) => Math::Source {
                source: source.to_owned(),
            },
        };
        Block::Equation {
            id: String::new(),
            number: None,
            math,
        }
    }

    fn table(number: Option<u32>, cell: Vec<Block>) -> Block {
        Block::Table {
            id: String::new(),
            number,
            caption: Vec::new(),
            widths: None,
            align: Vec::new(),
            header: vec![cell],
            rows: Vec::new(),
        }
    }

    fn figure() -> Block {
        Block::Figure {
            id: String::new(),
            number: 0,
            image: String::new(),
            alt: String::new(),
            caption: Vec::new(),
            path: String::new(),
        }
    }

    #[test]
    fn sections_are_numbered_below_one_another() {
        let levels = [
            (1, true),
            (2, true),
            (2, false),
            (2, true),
            (3, true),
            (1, false),
            (1, true),
            (3, true),
            (9, true),
        ];
        let mut sections: Vec<_> = levels
            .map(|(level, numbered)| section(level, numbered, Vec::new()))
            .into();
        number(&mut sections, &mut []);
        let numbers: Vec<_> = sections.iter().map(|section| section.number.as_deref()).collect();
        let expected = [
            Some("1"),
            Some("1.1"),
            None,
            Some("1.2"),
            Some("1.2.1"),
            None,
            Some("2"),
            Some("2.0.1"),
            Some("2.0.1.0.0.1"),
        ];
        assert_eq!(numbers, expected);
    }

    #[test]
    fn what_is_within_something_is_numbered_in_the_order_of_the_text() {
        let quote = Block::Quote {
            blocks: vec![equation("a"), equation(r"\bad")],
        };
        let list = Block::List {
            start: None,
            items: vec![vec![figure()], vec![equation("b")]],
        };
        let tables = vec![
            table(Some(0), vec![equation("c"), figure()]),
            table(None, Vec::new()),
            table(Some(0), Vec::new()),
        ];
        let mut sections = vec![section(1, true, vec![quote, list]), section(1, true, tables)];
        let mut footnotes = vec![vec![equation("d")]];
        number(&mut sections, &mut footnotes);

        let mut seen = Vec::new();
        let mut visit = |block: &mut Block| match block {
            Block::Equation { number, .. } => seen.push(format!("equation {number:?}")),
            Block::Figure { number, .. } => seen.push(format!("figure {number}")),
            Block::Table { number, .. } => seen.push(format!("table {number:?}")),
            Block::Paragraph { .. }
            | Block::List { .. }
            | Block::Code { .. }
            | Block::Quote { .. }
            | Block::Rule => {}
        };
        for section in &mut sections {
            walk::blocks(&mut section.blocks, &mut visit);
        }
        walk::blocks(&mut footnotes[0], &mut visit);
        let expected = [
            "equation Some(1)",
            "equation None",
            "figure 1",
            "equation Some(2)",
            "table Some(1)",
            "equation Some(3)",
            "figure 2",
            "table None",
            "table Some(2)",
            "equation Some(4)",
        ];
        assert_eq!(seen, expected);
    }
}
