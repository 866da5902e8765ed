//! Tables: their rows and cells, and those that are there for layout only.

use super::{Context, Flow, MAX_NESTED, Reader};
use crate::content::{Block, Inline, Table};
use crate::place::is_no_content;
use crate::tree::{Data, Element, NodeId};

/// A table whose rows are being read.
#[derive(Default)]
struct Rows {
    rows: Vec<Vec<Vec<Block>>>,
    headed: bool,
}

impl<'t> Reader<'t> {
    pub(super) fn table(&self, id: NodeId, element: &Element, flow: &mut Flow, context: Context<'t>) {
        flow.end_line();
        // Line numbers are beside code in a table; without them it is code.
        let is_layout = element
            .classes()
            .any(|class| class.ends_with("highlighttable") || class == "rouge-table")
            || element.attribute("role") == Some("presentation");
        if is_layout || context.nested >= MAX_NESTED {
            self.flow(id, flow, context);
            return flow.end_line();
        }
        let mut rows = Rows::default();
        self.rows(id, &mut rows, flow, context);
        rows.rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        if !rows.rows.is_empty() {
            flow.push(Block::Table(Table {
                headed: rows.headed,
                rows: rows.rows,
            }));
        }
    }

    /// Reads rows; what is in a table and in none of its cells comes before it, as browsers show it.
    fn rows(&self, id: NodeId, rows: &mut Rows, flow: &mut Flow, context: Context<'t>) {
        for child in self.tree.children(id) {
            match self.tree.data(child) {
                Data::Text(text) => flow.line.text(text),
                Data::Element(element) if is_no_content(element) => {}
                Data::Element(element) => match element.name {
                    "thead" | "tbody" | "tfoot" => self.rows(child, rows, flow, context),
                    "tr" => self.row(child, rows, flow, context),
                    "caption" => self.strong_line(child, flow, context),
                    "col" | "colgroup" => {}
                    _ => self.element(child, element, flow, context),
                },
            }
        }
    }

    fn row(&self, id: NodeId, rows: &mut Rows, flow: &mut Flow, context: Context<'t>) {
        let mut cells = Vec::new();
        let mut heads = 0;
        for child in self.tree.children(id) {
            match self.tree.data(child) {
                Data::Text(text) => flow.line.text(text),
                Data::Element(element) if is_no_content(element) => {}
                Data::Element(element) if matches!(element.name, "td" | "th") => {
                    cells.push(self.nested(child, context));
                    cells.extend((1..span(element)).map(|_| Vec::new()));
                    if element.name == "th" {
                        heads += span(element);
                    }
                }
                Data::Element(element) => self.element(child, element, flow, context),
            }
        }
        let is_head = heads > 0 && (heads == cells.len() || self.is_in_head(id));
        if rows.rows.is_empty() && is_head {
            rows.headed = true;
        }
        rows.rows.push(cells);
    }

    fn is_in_head(&self, row: NodeId) -> bool {
        let parent = self.tree.parent(row).and_then(|parent| self.tree.element(parent));
        parent.is_some_and(|parent| parent.name == "thead")
    }
}

/// How many columns a cell is wide. One that says more than anybody draws is one wide.
fn span(cell: &Element) -> usize {
    const MAX: usize = 16;
    let span = cell
        .attribute("colspan")
        .and_then(|span| span.trim().parse().ok());
    span.filter(|span| (1..=MAX).contains(span)).unwrap_or(1)
}

impl Table {
    /// The cells as lines, if each is at most one: what a table of Markdown can hold.
    pub(crate) fn as_lines(&self) -> Option<Vec<Vec<&[Inline]>>> {
        let is_line = |cell: &Vec<Block>| matches!(cell.as_slice(), [] | [Block::Paragraph(_)]);
        if !self.rows.iter().flatten().all(is_line) {
            return None;
        }
        let rows = self.rows.iter().map(|row| {
            row.iter()
                .map(|cell| match cell.as_slice() {
                    [Block::Paragraph(line), ..] => line.as_slice(),
                    _ => [].as_slice(),
                })
                .collect()
        });
        Some(rows.collect())
    }
}
