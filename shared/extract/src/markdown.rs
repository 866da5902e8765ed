//! Content as Markdown: CommonMark with the tables of GitHub's.

mod escape;
mod line;

use std::fmt::Write;

use crate::content::{Block, Definition, Inline, Table};
use crate::page::MAX_MARKDOWN_BYTES;
use line::{Place, lines};
pub(crate) use line::{escaped_heading, escaped_line, escaped_text, link};

/// Writes blocks, after a title if they have none. None where that is too long.
pub(crate) fn write(title: Option<&str>, blocks: &[Block]) -> Option<String> {
    let mut writer = Writer::default();
    if let Some(title) = title {
        writer.line(&format!("# {}", escaped_heading(title)));
        if !blocks.is_empty() {
            writer.blank();
        }
    }
    writer.blocks(blocks);
    (!writer.full).then_some(writer.text)
}

#[derive(Default)]
struct Writer {
    text: String,
    /// What each line begins with: the indentation and marks of the lists and quotes around it.
    prefix: String,
    /// Whether the line has begun already, with the mark of a list's item.
    begun: bool,
    /// Whether there was more than fits. Nothing is written from then on.
    full: bool,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.full |= self.text.len() + self.prefix.len() + line.len() >= MAX_MARKDOWN_BYTES;
        if self.full {
            return;
        }
        if !std::mem::take(&mut self.begun) {
            self.text.push_str(if line.is_empty() {
                self.prefix.trim_end()
            } else {
                &self.prefix
            });
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn blank(&mut self) {
        self.line("");
    }

    fn blocks(&mut self, blocks: &[Block]) {
        // Two lists of a kind that follow each other are told apart by their marks.
        let mut turn = false;
        for (at, block) in blocks.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| blocks.get(before));
            if before.is_some() {
                self.blank();
            }
            turn = match before {
                // Sphinx makes a list of each definition; they are one.
                Some(Block::Definitions(_)) if matches!(block, Block::Definitions(_)) => turn,
                Some(before) => {
                    !turn && is_bulleted(before).is_some() && is_bulleted(before) == is_bulleted(block)
                }
                None => false,
            };
            self.block(block, turn);
        }
    }

    fn block(&mut self, block: &Block, turn: bool) {
        match block {
            Block::Heading { level, line, .. } => self.heading(usize::from(*level), line),
            Block::Paragraph(line) => self.paragraph(line),
            Block::Code { language, text } => self.fenced(language.as_deref().unwrap_or_default(), text),
            Block::Math(text) => self.fenced("math", text),
            Block::List { first, items } => self.list(*first, items, turn),
            Block::Definitions(definitions) => self.definitions(definitions, turn),
            Block::Quote(inner) => self.within("> ", "> ", |to| to.blocks(inner)),
            Block::Table(table) => self.table(table, turn),
            Block::Rule => self.line("___"),
        }
    }

    fn heading(&mut self, level: usize, line: &[Inline]) {
        let text = lines(line, Place::Heading);
        self.line(&format!("{} {text}", "######".get(..level).unwrap_or("######")));
    }

    fn paragraph(&mut self, line: &[Inline]) {
        for one in lines(line, Place::Text).split('\n') {
            self.line(one);
        }
    }

    fn fenced(&mut self, language: &str, text: &str) {
        let fence = "`".repeat(escape::longest_run(text, '`').max(2) + 1);
        self.line(&format!("{fence}{language}"));
        for one in text.split('\n') {
            self.line(one);
        }
        self.line(&fence);
    }

    /// Writes what is inside of a list's item or a quote: `first` begins its first line, `rest` all others.
    fn within(&mut self, first: &str, rest: &str, write: impl FnOnce(&mut Self)) {
        if !self.full {
            if !self.begun {
                self.text.push_str(&self.prefix);
            }
            self.text.push_str(first);
        }
        self.begun = true;
        let length = self.prefix.len();
        self.prefix.push_str(rest);
        write(self);
        self.prefix.truncate(length);
        if self.begun {
            self.line("");
        }
    }

    fn list(&mut self, first: Option<u32>, items: &[Vec<Block>], turn: bool) {
        let loose = !items.iter().all(|item| is_short(item));
        for (at, item) in (0u32..).zip(items) {
            if loose && at > 0 {
                self.blank();
            }
            let mark = match first {
                Some(first) => format!(
                    "{}{} ",
                    first.saturating_add(at).min(999_999_999),
                    if turn { ')' } else { '.' }
                ),
                None => bullet(turn).to_owned(),
            };
            self.within(&mark, &" ".repeat(mark.len()), |to| match item.as_slice() {
                [line @ Block::Paragraph(_), list @ Block::List { first: None, .. }] if !loose => {
                    to.block(line, false);
                    to.block(list, false);
                }
                item => to.blocks(item),
            });
        }
    }

    fn definitions(&mut self, definitions: &[Definition], turn: bool) {
        let mark = bullet(turn);
        for (at, one) in definitions.iter().enumerate() {
            if at > 0 {
                self.blank();
            }
            self.within(mark, "  ", |to| {
                if !one.term.is_empty() {
                    to.paragraph(&one.term);
                    if !one.details.is_empty() {
                        to.blank();
                    }
                }
                to.blocks(&one.details);
            });
        }
    }

    fn table(&mut self, table: &Table, turn: bool) {
        let Some(rows) = table.as_lines() else {
            return self.rows(table, turn);
        };
        let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
        let mut rows = rows.into_iter();
        let mut head = if table.headed {
            rows.next().unwrap_or_default()
        } else {
            Vec::new()
        };
        head.resize(columns, &[]);
        self.row(&head);
        self.line(&format!("|{}", " --- |".repeat(columns)));
        for row in rows {
            self.row(&row);
        }
    }

    /// A row with as many cells as there are: readers fill up those that are missing.
    fn row(&mut self, cells: &[&[Inline]]) {
        let mut row = "|".to_owned();
        for cell in cells {
            let _ = write!(row, " {} |", lines(cell, Place::Cell));
        }
        self.line(&row);
    }

    /// A table that no table of Markdown can hold: each row is an item of a list, and each of its cells one of a list in it.
    fn rows(&mut self, table: &Table, turn: bool) {
        let mark = bullet(turn);
        for (at, row) in table.rows.iter().enumerate() {
            if at > 0 {
                self.blank();
            }
            self.within(mark, "  ", |to| {
                let cells: Vec<_> = row.iter().filter(|cell| !cell.is_empty()).collect();
                for (at, cell) in cells.into_iter().enumerate() {
                    if at > 0 {
                        to.blank();
                    }
                    to.within("- ", "  ", |to| to.blocks(cell));
                }
            });
        }
    }
}

fn bullet(turn: bool) -> &'static str {
    if turn { "* " } else { "- " }
}

/// Whether an item is a line, and perhaps a list of such below it.
fn is_short(item: &[Block]) -> bool {
    match item {
        [Block::Paragraph(_)] => true,
        [Block::Paragraph(_), Block::List { first: None, items }] => items.iter().all(|item| is_short(item)),
        _ => false,
    }
}

/// Of lists, whether they have bullets. None for all else.
fn is_bulleted(block: &Block) -> Option<bool> {
    match block {
        Block::List { first, .. } => Some(first.is_none()),
        Block::Definitions(_) => Some(true),
        // One that is written as a list is followed by no other list that could be taken for its end.
        Block::Table(table) => table.as_lines().is_none().then_some(true),
        Block::Heading { .. }
        | Block::Paragraph(_)
        | Block::Code { .. }
        | Block::Math(_)
        | Block::Quote(_)
        | Block::Rule => None,
    }
}

#[cfg(test)]
mod tests;
