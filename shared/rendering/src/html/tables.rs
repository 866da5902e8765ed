//! Tables.

use imprint_manuscript::manuscript::{Align, Block};

use crate::markup::escape;

use super::writer::Writer;

impl Writer<'_> {
    /// A table. Other blocks are not written.
    pub(super) fn table(&mut self, block: &Block) {
        let Block::Table {
            id,
            number,
            caption,
            widths,
            align,
            header,
            rows,
        } = block
        else {
            return;
        };
        let name = match number {
            Some(number) => format!("Table {number}"),
            None => "Table".to_owned(),
        };
        // Wide tables are scrolled, which a keyboard can do only where it can stop.
        self.raw(&format!(
            "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"{name}\">\n"
        ));
        self.raw(&format!("<table id=\"{}\">\n", escape(id)));
        if number.is_some() || !caption.is_empty() {
            self.raw("<caption>");
            match number {
                Some(_) => self.caption(&format!("{name}."), caption),
                None => self.inlines(caption),
            }
            self.raw("</caption>\n");
        }
        if let Some(widths) = widths {
            self.raw("<colgroup>");
            for width in widths.iter().take(header.len().max(1)) {
                self.raw(&format!("<col style=\"width: {}%\"/>", width.min(&100)));
            }
            self.raw("</colgroup>\n");
        }
        if !header.is_empty() {
            self.raw("<thead>\n<tr>");
            for (column, cell) in header.iter().enumerate() {
                let class = class(align.get(column));
                // A header that says nothing heads nothing.
                let says = !crate::text::blocks(cell, self.bibliography).is_empty();
                self.cell(
                    if says { "th" } else { "td" },
                    if says { " scope=\"col\"" } else { "" },
                    class,
                    cell,
                );
            }
            self.raw("</tr>\n</thead>\n");
        }
        self.raw("<tbody>\n");
        for row in rows.iter().filter(|row| !row.is_empty()) {
            self.raw("<tr>");
            for (column, cell) in row.iter().enumerate() {
                self.cell("td", "", class(align.get(column)), cell);
            }
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table>\n</div>\n");
    }

    fn cell(&mut self, tag: &str, scope: &str, class: &str, blocks: &[Block]) {
        self.raw(&format!("<{tag}{scope}{class}>"));
        match blocks {
            [Block::Paragraph { content }] => self.inlines(content),
            blocks => self.blocks(blocks),
        }
        self.raw(&format!("</{tag}>"));
    }
}

fn class(align: Option<&Align>) -> &'static str {
    match align {
        Some(Align::Start) | None => "",
        Some(Align::Center) => " class=\"center\"",
        Some(Align::End) => " class=\"end\"",
    }
}
