//! What stands on lines of its own and within them.

use std::collections::BTreeSet;

use imprint_manuscript::manuscript::{Align, Block, Inline, Manuscript, Marks, Math};

use crate::references::Bibliography;
use crate::{markup, text};

use super::commands::names;
use super::escape::{code, escape, label, url};
use super::math::accepted;

/// LaTeX nests lists no deeper; what lies deeper is written without them.
const MAX_LISTS: usize = 4;

/// Where blocks stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// On the page.
    Page,
    /// In a cell or a note, where nothing floats and nothing breaks over pages.
    Box,
}

/// Writes LaTeX.
pub(super) struct Writer<'a> {
    pub(super) manuscript: &'a Manuscript,
    pub(super) bibliography: &'a Bibliography,
    pub(super) ids: BTreeSet<&'a str>,
    lists: usize,
    numbered: usize,
    /// Notes whose sign is written and whose text is not yet.
    pending: Vec<usize>,
    written: BTreeSet<usize>,
    /// The commands of all formulas.
    pub(super) commands: BTreeSet<String>,
    pub(super) out: String,
}

impl<'a> Writer<'a> {
    pub(super) fn new(manuscript: &'a Manuscript, bibliography: &'a Bibliography) -> Self {
        let ids = crate::outline::all_ids(manuscript);
        let (pending, written, out) = (Vec::new(), BTreeSet::new(), String::new());
        Self {
            manuscript,
            bibliography,
            ids,
            lists: 0,
            numbered: 0,
            pending,
            written,
            commands: BTreeSet::new(),
            out,
        }
    }

    /// Blocks of the page, each with its notes behind it.
    pub(super) fn page(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block, Around::Page);
            self.notes();
        }
    }

    /// The text of notes whose signs are written.
    pub(super) fn notes(&mut self) {
        while let Some(note) = self.pending.first().copied() {
            self.pending.remove(0);
            if !self.written.insert(note) {
                continue;
            }
            let Some(blocks) = self.manuscript.footnotes.get(note) else {
                continue;
            };
            self.out.push_str(&format!("\\footnotetext[{}]{{", note + 1));
            blocks.iter().for_each(|block| self.block(block, Around::Box));
            self.trim();
            self.out.push_str("}\n");
        }
    }

    fn trim(&mut self) {
        self.out.truncate(self.out.trim_end_matches('\n').len());
    }

    fn block(&mut self, block: &Block, around: Around) {
        match block {
            Block::Paragraph { content } => {
                self.inlines(content);
                self.out.push_str("\n\n");
            }
            Block::List { start, items } => self.list(*start, items, around),
            Block::Equation { id, number, math } => self.equation(id, *number, math),
            Block::Figure {
                id,
                number,
                image,
                alt,
                caption,
                path: _,
            } => {
                self.figure(around, (id, *number), image, alt, caption);
            }
            Block::Table { .. } => self.table(block, around),
            Block::Code { language: _, text } => self.code(text),
            Block::Quote { blocks } => self.quote(blocks, around),
            Block::Rule => self.out.push_str("\\noindent\\rule{\\linewidth}{0.4pt}\n\n"),
        }
    }

    fn list(&mut self, start: Option<u64>, items: &[Vec<Block>], around: Around) {
        if items.is_empty() {
            return;
        }
        if self.lists >= MAX_LISTS {
            items.iter().flatten().for_each(|block| self.block(block, around));
            return;
        }
        self.lists += 1;
        self.numbered += usize::from(start.is_some());
        let environment = if start.is_some() { "enumerate" } else { "itemize" };
        self.out.push_str(&format!("\\begin{{{environment}}}\n"));
        if let Some(start) = start {
            let counter = ["enumi", "enumii", "enumiii", "enumiv"][self.numbered - 1];
            // TeX counts no further than 2^31.
            let before = i64::try_from(start).unwrap_or(i64::MAX).min(2_000_000_000) - 1;
            self.out
                .push_str(&format!("\\setcounter{{{counter}}}{{{before}}}\n"));
        }
        for item in items {
            self.out.push_str("\\item{} ");
            item.iter().for_each(|block| self.block(block, around));
            self.trim();
            self.out.push('\n');
        }
        self.out.push_str(&format!("\\end{{{environment}}}\n\n"));
        self.lists -= 1;
        self.numbered -= usize::from(start.is_some());
    }

    fn quote(&mut self, blocks: &[Block], around: Around) {
        let is_list = self.lists < MAX_LISTS && !blocks.is_empty();
        if is_list {
            self.lists += 1;
            self.out.push_str("\\begin{quote}\n");
        }
        blocks.iter().for_each(|block| self.block(block, around));
        if is_list {
            self.lists -= 1;
            self.trim();
            self.out.push_str("\n\\end{quote}\n\n");
        }
    }

    fn equation(&mut self, id: &str, number: Option<u32>, math: &Math) {
        let Some(tex) = self.set(math) else {
            let source = escape(text::source(math).trim());
            let target = label(id);
            self.out
                .push_str(&format!("\\begin{{center}}\\hypertarget{{{target}}}{{}}"));
            self.out.push_str(&format!(
                "\\fbox{{\\parbox{{0.9\\linewidth}}{{\\texttt{{{source}}}}}}}\\end{{center}}\n\n"
            ));
            return;
        };
        match number {
            Some(number) => {
                let before = i64::from(number) - 1;
                let label = label(id);
                self.out
                    .push_str(&format!("\\setcounter{{equation}}{{{before}}}\n"));
                self.out.push_str(&format!(
                    "\\begin{{equation}}\\label{{{label}}}\n{tex}\n\\end{{equation}}\n\n"
                ));
            }
            None => self
                .out
                .push_str(&format!("\\begin{{equation*}}\n{tex}\n\\end{{equation*}}\n\n")),
        }
    }

    fn figure(
        &mut self,
        around: Around,
        (id, number): (&str, u32),
        image: &str,
        alt: &str,
        caption: &[Inline],
    ) {
        let picture = if is_file(image) {
            // No wider than the line, no higher than leaves room for the caption, and never enlarged.
            format!("\\includegraphics[max width=\\linewidth,max height=0.8\\textheight]{{images/{image}}}")
        } else {
            format!("\\fbox{{\\parbox{{0.9\\linewidth}}{{{}}}}}", escape(alt))
        };
        if around == Around::Box {
            self.out.push_str(&format!("{picture}\n\nFigure {number}. "));
            self.inlines(caption);
            self.out.push_str("\n\n");
            return;
        }
        let before = i64::from(number) - 1;
        self.out.push_str(&format!(
            "\\setcounter{{figure}}{{{before}}}\n\\begin{{figure}}[H]\n\\centering\n{picture}\n"
        ));
        self.out.push_str("\\caption");
        self.captioned(caption);
        self.out
            .push_str(&format!("\\label{{{}}}\n\\end{{figure}}\n\n", label(id)));
    }

    /// `[for lists]{for the page}`: lists of figures are no place for notes.
    fn captioned(&mut self, caption: &[Inline]) {
        self.out.push_str(&format!(
            "[{}]{{",
            escape(&text::inlines(caption, self.bibliography))
        ));
        self.inlines(caption);
        self.out.push('}');
    }

    fn table(&mut self, block: &Block, around: Around) {
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
        let columns = rows.iter().map(Vec::len).chain([header.len()]).max().unwrap_or(0);
        if around == Around::Box || columns == 0 {
            self.inlines(caption);
            self.out.push_str("\n\n");
            header
                .iter()
                .chain(rows.iter().flatten())
                .flatten()
                .for_each(|block| self.block(block, Around::Box));
            return;
        }
        if let Some(number) = number {
            self.out
                .push_str(&format!("\\setcounter{{table}}{{{}}}\n", i64::from(*number) - 1));
        }
        let spec: String = (0..columns)
            .map(|n| column(n, columns, widths.as_deref(), align))
            .collect();
        self.out.push_str(&format!("\\begin{{longtable}}{{{spec}}}\n"));
        match number {
            Some(_) => {
                self.out.push_str("\\caption");
                self.captioned(caption);
                self.out.push_str(&format!("\\label{{{}}}\\\\\n", label(id)));
            }
            None if caption.is_empty() => {}
            None => {
                self.out.push_str("\\caption*{");
                self.inlines(caption);
                self.out.push_str("}\\\\\n");
            }
        }
        self.out.push_str("\\toprule\n");
        if !header.is_empty() {
            self.row(header, columns, "\\bfseries{}");
            self.out.push_str("\\midrule\n\\endhead\n");
        }
        for row in rows {
            self.row(row, columns, "");
        }
        self.out.push_str("\\bottomrule\n\\end{longtable}\n\n");
    }

    fn row(&mut self, cells: &[Vec<Block>], columns: usize, look: &str) {
        for column in 0..columns {
            if column > 0 {
                self.out.push_str(" & ");
            }
            let Some(cell) = cells.get(column) else { continue };
            self.out.push_str(&format!("{{{look}"));
            cell.iter().for_each(|block| self.block(block, Around::Box));
            self.trim();
            self.out.push('}');
        }
        self.out.push_str(" \\tabularnewline\n");
    }

    fn code(&mut self, text: &str) {
        self.out.push_str("{\\ttfamily\\raggedright\\small\n");
        for line in text.lines() {
            self.out.push_str("\\noindent\\mbox{}");
            self.out.push_str(&code(line));
            self.out.push_str("\\par\n");
        }
        self.out.push_str("}\n\n");
    }

    /// Writes what stands within a line.
    pub(super) fn inlines(&mut self, content: &[Inline]) {
        for inline in content {
            match inline {
                Inline::Text { text, marks } => self.out.push_str(&marked(&escape(text), *marks)),
                Inline::Code { text } => self.out.push_str(&format!("\\texttt{{{}}}", escape(text))),
                Inline::Link { url, content } => self.link(url, content),
                Inline::Cite { references } => self.cite(references),
                Inline::Math { math } => self.math(math),
                Inline::Footnote { note } if *note < self.manuscript.footnotes.len() => {
                    self.out.push_str(&format!("\\footnotemark[{}]", note + 1));
                    self.pending.push(*note);
                }
                Inline::Footnote { note: _ } => {}
                Inline::Break => self.out.push_str("\\newline{}"),
            }
        }
    }

    /// The formula; none for one that is shown as its source.
    fn set(&mut self, math: &Math) -> Option<String> {
        let tex = match math {
            Math::Formula(formula) => accepted(&formula.tex)?,
            Math::Source { source: _ } => return None,
        };
        self.commands.extend(names(&tex).into_iter().map(str::to_owned));
        Some(tex)
    }

    fn math(&mut self, math: &Math) {
        match self.set(math) {
            Some(tex) => self.out.push_str(&format!("\\({tex}\\)")),
            None => self.out.push_str(&format!(
                "\\fbox{{\\texttt{{{}}}}}",
                escape(text::source(math).trim())
            )),
        }
    }

    fn link(&mut self, target: &str, content: &[Inline]) {
        let start = match target.strip_prefix('#') {
            Some(id) if self.ids.contains(id) => Some(format!("\\hyperref[{}]{{", label(id))),
            None if markup::is_outward(target) => Some(format!("\\href{{{}}}{{", url(target))),
            Some(_) | None => None,
        };
        let is_link = start.is_some();
        self.out.push_str(&start.unwrap_or_default());
        self.inlines(content);
        if is_link {
            self.out.push('}');
        }
    }

    fn cite(&mut self, references: &[usize]) {
        let keys: Vec<&str> = text::cited(references, self.bibliography)
            .into_iter()
            .filter_map(|cited| {
                self.bibliography
                    .entries
                    .iter()
                    .find(|entry| entry.reference == cited)
            })
            .map(|entry| entry.anchor.as_str())
            .collect();
        if !keys.is_empty() {
            self.out.push_str(&format!("\\citep{{{}}}", keys.join(",")));
        }
    }
}

fn marked(text: &str, marks: Marks) -> String {
    let commands = [
        (marks.superscript, "\\textsuperscript"),
        (marks.subscript, "\\textsubscript"),
        (marks.strike, "\\sout"),
        (marks.underline, "\\uline"),
        (marks.italic, "\\emph"),
        (marks.bold, "\\textbf"),
    ];
    commands
        .into_iter()
        .filter(|(set, _)| *set)
        .fold(text.to_owned(), |text, (_, command)| {
            format!("{command}{{{text}}}")
        })
}

fn column(n: usize, columns: usize, widths: Option<&[u8]>, align: &[Align]) -> String {
    let even = 100.0 / columns as f64;
    let percent = widths
        .and_then(|widths| widths.get(n))
        .map_or(even, |width| f64::from((*width).clamp(1, 100)));
    let side = match align.get(n) {
        Some(Align::Center) => "\\centering",
        Some(Align::End) => "\\raggedleft",
        Some(Align::Start) | None => "\\raggedright",
    };
    // The space between columns is part of the line.
    let share = percent / 100.0;
    format!(">{{{side}\\arraybackslash}}p{{\\dimexpr{share:.4}\\linewidth-2\\tabcolsep\\relax}}")
}

/// Whether TeX can include it: a name that is nothing else to TeX, of a kind that it reads.
fn is_file(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let known = [".png", ".jpg", ".jpeg"]
        .iter()
        .any(|ending| lower.ends_with(ending));
    known && !name.starts_with('.') && name.chars().all(|c| c.is_alphanumeric() || "._- ".contains(c))
}
