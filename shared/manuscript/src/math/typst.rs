//! The tree as Typst's math.
//!
//! What it writes is made of calls from a fixed list, of letters and digits, of strings, and of signs behind a backslash.
//! A `#` stands only before what is written here in full: numbers, truth values, and the two boxes.

use std::fmt::Write;

use super::tree::{self, Align, Class, Height, Node, Place, Size, Table, TableKind};

/// Writes a formula.
pub(super) fn write(node: &Node) -> String {
    let mut writer = Writer { out: String::new() };
    match node {
        // Alone, rows may be the equation's own lines.
        Node::Table(table) if matches!(table.kind, TableKind::Aligned | TableKind::Gathered) => {
            writer.lines(table)
        }
        other => writer.node(other),
    }
    writer.out
}

struct Writer {
    out: String,
}

impl Writer {
    /// Adds a token. Letters and digits would run together with those before them.
    fn token(&mut self, token: &str) {
        let joins = |c: char| c.is_alphanumeric();
        if token.starts_with(joins) && self.out.ends_with(joins) {
            self.out.push(' ');
        }
        self.out.push_str(token);
    }

    fn call(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.token(name);
        self.out.push('(');
        content(self);
        self.out.push(')');
    }

    /// An argument, which must not be nothing.
    fn argument(&mut self, node: &Node) {
        let before = self.out.len();
        self.node(node);
        if self.out.len() == before {
            self.out.push_str("\"\"");
        }
    }

    fn wrapped(&mut self, name: &str, node: &Node) {
        self.call(name, |writer| writer.argument(node));
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Row(nodes) => nodes.iter().for_each(|node| self.node(node)),
            Node::Words(text) => self.string(text),
            Node::Number(digits) if digits.contains(',') => self.string(digits),
            Node::Number(digits) => self.token(digits),
            Node::Function(name) => self.call("op", |writer| writer.string(name)),
            Node::Symbol {
                text, upright: true, ..
            } => self.string(text),
            Node::Symbol { text, .. } => text.chars().for_each(|c| self.sign(c)),
            Node::Delimiter {
                character, height, ..
            } => self.delimiter(*character, *height),
            Node::Space(width) => {
                let _ = write!(self.out, "#h({width:.4}em)");
            }
            Node::Fraction { above, below, line } => self.fraction(above, below, *line),
            Node::Root {
                radicand,
                index: None,
            } => self.wrapped("sqrt", radicand),
            Node::Root {
                radicand,
                index: Some(index),
            } => self.call("root", |writer| {
                writer.argument(index);
                writer.out.push_str(", ");
                writer.argument(radicand);
            }),
            Node::Negated(inner) => self.wrapped("cancel", inner),
            Node::Script {
                base,
                below,
                above,
                place,
            } => self.script(base, below.as_deref(), above.as_deref(), *place),
            Node::Fenced { open, close, body } => self.fenced(*open, *close, body),
            Node::Table(table) => self.table(table),
            Node::Sized(size, inner) => self.wrapped(
                match size {
                    Size::Display => "display",
                    Size::Text => "inline",
                    Size::Script => "script",
                    Size::ScriptScript => "sscript",
                },
                inner,
            ),
            Node::Framed(inner) => self.boxed("#box(stroke: 0.5pt, inset: 0.3em, $", inner),
            Node::Unseen(inner) => self.boxed("#hide($", inner),
        }
    }

    fn delimiter(&mut self, character: char, height: Height) {
        match height {
            Height::Plain => self.sign(character),
            Height::Around => self.call("mid", |writer| writer.sign(character)),
            Height::Em(em) => self.call("lr", |writer| {
                writer.sign(character);
                // Writing to a string cannot fail.
                let _ = write!(writer.out, ", size: #{em}em");
            }),
        }
    }

    fn fraction(&mut self, above: &Node, below: &Node, line: bool) {
        let (name, options, between) = if line {
            ("frac", "", ", ")
        } else {
            ("mat", "delim: #none, ", "; ")
        };
        self.call(name, |writer| {
            writer.out.push_str(options);
            writer.argument(above);
            writer.out.push_str(between);
            writer.argument(below);
        });
    }

    fn boxed(&mut self, open: &str, inner: &Node) {
        self.out.push_str(open);
        self.argument(inner);
        self.out.push_str("$)");
    }

    /// Words. Spaces at their ends count, which those of a line's text may not.
    fn string(&mut self, text: &str) {
        self.out.push('"');
        let inner = text.trim_matches(' ');
        if text.starts_with(' ') {
            self.out.push('\u{a0}');
        }
        for c in inner.chars() {
            if matches!(c, '"' | '\\') {
                self.out.push('\\');
            }
            self.out.push(c);
        }
        if text.ends_with(' ') && !inner.is_empty() {
            self.out.push('\u{a0}');
        }
        self.out.push('"');
    }

    /// A character that means itself.
    fn sign(&mut self, c: char) {
        if c.is_alphanumeric() {
            self.token(c.encode_utf8(&mut [0; 4]));
        } else {
            self.out.push('\\');
            self.out.push(c);
        }
    }

    fn script(&mut self, base: &Node, below: Option<&Node>, above: Option<&Node>, place: Place) {
        if place == Place::AboveBelow {
            let only = below.xor(above);
            if let Some(name) = only
                .and_then(tree::accent)
                .and_then(|sign| accent(sign, above.is_some()))
            {
                return self.wrapped(name, base);
            }
        }
        let around = match (place, base) {
            (Place::AboveBelow, _) => Some("limits"),
            // What stands above and below in Typst too, and must not.
            (
                Place::Right,
                Node::Symbol {
                    class: Class::Large, ..
                },
            ) => Some("scripts"),
            (Place::Right | Place::Movable, _) => None,
        };
        self.call("attach", |writer| {
            match (place, base, around) {
                (Place::Movable, Node::Function(name), _) => writer.call("op", |writer| {
                    writer.string(name);
                    writer.out.push_str(", limits: #true");
                }),
                (_, _, Some(name)) => writer.wrapped(name, base),
                (_, _, None) => writer.argument(base),
            }
            for (name, script) in [("b", below), ("t", above)] {
                if let Some(script) = script {
                    let _ = write!(writer.out, ", {name}: ");
                    writer.argument(script);
                }
            }
        });
    }

    fn fenced(&mut self, open: Option<char>, close: Option<char>, body: &Node) {
        if let (
            Some('('),
            Some(')'),
            Node::Fraction {
                above,
                below,
                line: false,
            },
        ) = (open, close, body)
        {
            return self.call("binom", |writer| {
                writer.argument(above);
                writer.out.push_str(", ");
                writer.argument(below);
            });
        }
        self.call("lr", |writer| {
            let before = writer.out.len();
            open.into_iter().for_each(|c| writer.sign(c));
            writer.node(body);
            close.into_iter().for_each(|c| writer.sign(c));
            if writer.out.len() == before {
                writer.out.push_str("\"\"");
            }
        });
    }

    /// Rows as lines of the equation, which Typst aligns itself.
    fn lines(&mut self, table: &Table) {
        for (index, row) in table.rows.iter().enumerate() {
            if index > 0 {
                self.out.push_str(" \\ ");
            }
            self.cells(row, "&");
        }
    }

    fn cells(&mut self, row: &[Node], between: &str) {
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                self.out.push_str(between);
            }
            self.node(cell);
        }
    }

    fn table(&mut self, table: &Table) {
        let shown = match (&table.kind, table.size) {
            (TableKind::Aligned | TableKind::Gathered, _) | (_, Some(Size::Display)) => Some("display"),
            (_, Some(Size::Text | Size::Script | Size::ScriptScript) | None) => None,
        };
        match &table.kind {
            TableKind::Cases { left } => self.call("cases", |writer| {
                if !left {
                    writer.out.push_str("reverse: #true, ");
                }
                writer.rows(table, ", ", shown, |writer, row| writer.cells(row, "#h(1em)&"));
            }),
            TableKind::Aligned => self.call("mat", |writer| {
                writer.out.push_str("delim: #none, align: #left, ");
                writer.rows(table, "; ", None, |writer, row| writer.cells(row, "&"));
            }),
            TableKind::Gathered => self.matrix(table, "delim: #none, ", shown),
            TableKind::Stack(align) => {
                self.matrix(
                    table,
                    &format!("delim: #none, row-gap: #0.1em, align: #{}, ", side(*align)),
                    None,
                );
            }
            TableKind::Matrix(align) => {
                self.matrix(table, &format!("delim: #none, align: #{}, ", side(*align)), shown);
            }
            TableKind::Array { columns, lines } => {
                let first = columns.first().copied().unwrap_or(Align::Center);
                let align = if columns.iter().all(|align| *align == first) {
                    first
                } else {
                    Align::Center
                };
                let mut options = format!("delim: #none, align: #{}, ", side(align));
                let width = table.rows.iter().map(Vec::len).max().unwrap_or(0);
                let inside = |at: &&usize, end: usize| **at > 0 && **at < end;
                let down: Vec<_> = lines.iter().filter(|at| inside(at, width)).collect();
                let across: Vec<_> = table
                    .lines
                    .iter()
                    .filter(|at| inside(at, table.rows.len()))
                    .collect();
                if !down.is_empty() || !across.is_empty() {
                    options.push_str(&augment(&across, &down));
                }
                self.matrix(table, &options, shown);
            }
        }
    }

    fn matrix(&mut self, table: &Table, options: &str, shown: Option<&str>) {
        self.call("mat", |writer| {
            writer.out.push_str(options);
            writer.rows(table, "; ", None, |writer, row| {
                for (index, cell) in row.iter().enumerate() {
                    if index > 0 {
                        writer.out.push_str(", ");
                    }
                    match shown {
                        Some(name) => writer.wrapped(name, cell),
                        None => writer.argument(cell),
                    }
                }
            });
        });
    }

    fn rows(
        &mut self,
        table: &Table,
        between: &str,
        shown: Option<&str>,
        write: impl Fn(&mut Self, &[Node]),
    ) {
        for (index, row) in table.rows.iter().enumerate() {
            if index > 0 {
                self.out.push_str(between);
            }
            let before = self.out.len();
            match (shown, row.as_slice()) {
                (Some(name), [cell]) => self.wrapped(name, cell),
                (_, row) => write(self, row),
            }
            if self.out.len() == before {
                self.out.push_str("\"\"");
            }
        }
    }
}

fn side(align: Align) -> &'static str {
    match align {
        Align::Left => "left",
        Align::Center => "center",
        Align::Right => "right",
    }
}

/// Lines between rows and columns.
fn augment(across: &[&usize], down: &[&usize]) -> String {
    let list = |places: &[&usize]| places.iter().map(|at| format!("{at},")).collect::<String>();
    format!("augment: #(hline: ({}), vline: ({})), ", list(across), list(down))
}

/// Typst's name for what is put above something, or below.
fn accent(sign: char, above: bool) -> Option<&'static str> {
    Some(match (sign, above) {
        ('´', true) => "acute",
        ('‾', true) => "overline",
        ('˘', true) => "breve",
        ('ˇ', true) => "caron",
        ('˙', true) => "dot",
        ('¨', true) => "dot.double",
        ('`', true) => "grave",
        ('^', true) => "hat",
        ('~', true) => "tilde",
        ('→', true) => "arrow",
        ('←', true) => "arrow.l",
        ('↔', true) => "arrow.l.r",
        ('⇀', true) => "harpoon",
        ('↼', true) => "harpoon.lt",
        ('˚', true) => "circle",
        ('⏞', true) => "overbrace",
        ('⏜', true) => "overparen",
        ('⎴', true) => "overbracket",
        ('⏠', true) => "overshell",
        ('_', false) => "underline",
        ('⏟', false) => "underbrace",
        ('⏝', false) => "underparen",
        ('⎵', false) => "underbracket",
        ('⏡', false) => "undershell",
        _ => return None,
    })
}
