//! The tree as MathML: what MathML Core has, and two old elements that readers without them skip.

use std::fmt::Write;

use super::Display;
use super::tree::{self, Align, Class, Height, Node, Place, Side, Size, Table, TableKind};

/// Writes a formula with its source as annotation.
pub(super) fn write(node: &Node, display: Display, source: &str) -> String {
    let mut writer = Writer {
        out: String::new(),
        display: display == Display::Block,
    };
    writer
        .out
        .push_str("<math xmlns=\"http://www.w3.org/1998/Math/MathML\"");
    if writer.display {
        writer.out.push_str(" display=\"block\"");
    }
    writer.out.push_str("><semantics>");
    writer.one(node);
    writer.out.push_str("<annotation encoding=\"application/x-tex\">");
    escape(source, &mut writer.out);
    writer.out.push_str("</annotation></semantics></math>");
    writer.out
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // A source may have them in a comment, and XML must not.
            c if (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                out.push(' ')
            }
            c => out.push(c),
        }
    }
}

struct Writer {
    out: String,
    /// Whether scripts that can go above and below do.
    display: bool,
}

impl Writer {
    fn tag(&mut self, name: &str, attributes: &str, content: impl FnOnce(&mut Self)) {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "<{name}{attributes}>");
        content(self);
        let _ = write!(self.out, "</{name}>");
    }

    fn word(&mut self, name: &str, attributes: &str, text: &str) {
        self.tag(name, attributes, |writer| escape(text, &mut writer.out));
    }

    fn within(&mut self, display: bool, content: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.display, display);
        content(self);
        self.display = before;
    }

    /// Exactly one element.
    fn one(&mut self, node: &Node) {
        match node {
            Node::Row(nodes) => self.tag("mrow", "", |writer| writer.row(nodes)),
            other => self.node(other, true),
        }
    }

    fn row(&mut self, nodes: &[Node]) {
        // A sign between two things is one of calculation; at the beginning, or behind another sign, it is a plus or minus
        // that belongs to what follows.
        let mut at_start = true;
        for (index, node) in nodes.iter().enumerate() {
            self.node(node, at_start);
            if matches!(node, Node::Function(_)) && index + 1 < nodes.len() {
                self.out.push_str("<mo>\u{2061}</mo>");
            }
            at_start = match node {
                Node::Symbol { class, .. } => !matches!(class, Class::Ordinary | Class::Stretchy),
                Node::Delimiter { side, .. } => *side == Side::Open,
                Node::Space(_) => at_start,
                _ => false,
            };
        }
    }

    fn node(&mut self, node: &Node, at_start: bool) {
        match node {
            Node::Row(_) => self.one(node),
            Node::Words(text) => self.words(text),
            Node::Number(digits) => self.word("mn", "", digits),
            Node::Function(name) => {
                let single = if name.chars().count() == 1 {
                    " mathvariant=\"normal\""
                } else {
                    ""
                };
                self.word("mi", single, name);
            }
            Node::Symbol { text, class, upright } => self.symbol(text, *class, *upright, at_start),
            Node::Delimiter {
                character,
                side,
                height,
            } => self.delimiter(*character, *side, *height),
            Node::Space(width) => {
                let _ = write!(self.out, "<mspace width=\"{width:.4}em\"></mspace>");
            }
            Node::Fraction { above, below, line } => {
                let attributes = if *line { "" } else { " linethickness=\"0\"" };
                self.within(false, |writer| {
                    writer.tag("mfrac", attributes, |writer| {
                        writer.one(above);
                        writer.one(below);
                    });
                });
            }
            Node::Root {
                radicand,
                index: None,
            } => self.tag("msqrt", "", |writer| writer.one(radicand)),
            Node::Root {
                radicand,
                index: Some(index),
            } => self.tag("mroot", "", |writer| {
                writer.one(radicand);
                writer.within(false, |writer| writer.one(index));
            }),
            Node::Negated(inner) => {
                self.tag("menclose", " notation=\"updiagonalstrike\"", |writer| {
                    writer.one(inner)
                });
            }
            Node::Script {
                base,
                below,
                above,
                place,
            } => self.script(base, below.as_deref(), above.as_deref(), *place),
            Node::Fenced { open, close, body } => self.fenced(*open, *close, body),
            Node::Table(table) => self.table(table),
            Node::Sized(size, inner) => self.sized(*size, inner),
            Node::Framed(inner) => self.tag("menclose", " notation=\"box\"", |writer| writer.one(inner)),
            Node::Unseen(inner) => self.tag("mphantom", "", |writer| writer.one(inner)),
        }
    }

    /// Spaces at the ends of words count, which XML's do not.
    fn words(&mut self, text: &str) {
        let inner = text.trim_matches(' ');
        let before = text.len() - text.trim_start_matches(' ').len();
        let after = text.len() - before - inner.len();
        let spaces = |count: usize| "\u{a0}".repeat(count.min(1));
        let single = text.chars().count() == 1 && text.chars().all(char::is_alphabetic);
        let (name, attributes) = if single {
            ("mi", " mathvariant=\"normal\"")
        } else {
            ("mtext", "")
        };
        self.word(
            name,
            attributes,
            &format!("{}{inner}{}", spaces(before), spaces(after)),
        );
    }

    fn symbol(&mut self, text: &str, class: Class, upright: bool, at_start: bool) {
        match class {
            Class::Ordinary if text == "′" || text.chars().all(|c| c.is_ascii_punctuation()) => {
                self.word("mo", " stretchy=\"false\" lspace=\"0\" rspace=\"0\"", text);
            }
            Class::Ordinary => {
                // Capital Greek letters are upright in LaTeX.
                let capital = text.chars().all(|c| matches!(c, 'Α'..='Ω'));
                self.word(
                    "mi",
                    if upright || capital {
                        " mathvariant=\"normal\""
                    } else {
                        ""
                    },
                    text,
                );
            }
            Class::Stretchy => self.word("mo", " stretchy=\"true\"", text),
            Class::Large => self.word("mo", " movablelimits=\"false\"", text),
            Class::Binary if text == "/" => self.word("mo", " lspace=\"0\" rspace=\"0\"", text),
            Class::Binary if at_start => self.word("mo", " form=\"prefix\"", text),
            Class::Binary | Class::Relation => self.word("mo", " form=\"infix\"", text),
            Class::Punctuation => self.word("mo", " separator=\"true\"", text),
        }
    }

    fn delimiter(&mut self, character: char, side: Side, height: Height) {
        let form = match side {
            Side::Open => "prefix",
            Side::Middle => "infix",
            Side::Close => "postfix",
        };
        let stretch = match height {
            Height::Plain => " stretchy=\"false\"".to_owned(),
            Height::Around => " stretchy=\"true\" symmetric=\"true\"".to_owned(),
            Height::Em(em) => {
                format!(" stretchy=\"true\" symmetric=\"true\" minsize=\"{em}em\" maxsize=\"{em}em\"")
            }
        };
        self.word(
            "mo",
            &format!(" form=\"{form}\"{stretch}"),
            character.encode_utf8(&mut [0; 4]),
        );
    }

    fn script(&mut self, base: &Node, below: Option<&Node>, above: Option<&Node>, place: Place) {
        let stacked = match place {
            Place::Right => false,
            Place::AboveBelow => true,
            Place::Movable => self.display,
        };
        let name = match (stacked, below.is_some(), above.is_some()) {
            (false, true, true) => "msubsup",
            (false, true, false) => "msub",
            (false, false, _) => "msup",
            (true, true, true) => "munderover",
            (true, true, false) => "munder",
            (true, false, _) => "mover",
        };
        let accents = |node: Option<&Node>| node.is_some_and(|node| tree::accent(node).is_some());
        let attributes = match (stacked, accents(below), accents(above)) {
            (true, _, true) => " accent=\"true\"",
            (true, true, false) => " accentunder=\"true\"",
            _ => "",
        };
        self.tag(name, attributes, |writer| {
            writer.one(base);
            writer.within(false, |writer| {
                for script in [below, above].into_iter().flatten() {
                    match tree::accent(script) {
                        Some(sign) if stacked => writer.accent(sign, script),
                        _ => writer.one(script),
                    }
                }
            });
        });
    }

    fn accent(&mut self, sign: char, node: &Node) {
        let stretchy = matches!(
            node,
            Node::Symbol {
                class: Class::Stretchy,
                ..
            }
        ) || sign == '‾';
        let sign = if sign == '_' { '‾' } else { sign };
        let attributes = if stretchy {
            " stretchy=\"true\""
        } else {
            " stretchy=\"false\""
        };
        self.word("mo", attributes, sign.encode_utf8(&mut [0; 4]));
    }

    fn fenced(&mut self, open: Option<char>, close: Option<char>, body: &Node) {
        self.tag("mrow", "", |writer| {
            if let Some(open) = open {
                let text = open.to_string();
                writer.word(
                    "mo",
                    " form=\"prefix\" stretchy=\"true\" symmetric=\"true\"",
                    &text,
                );
            }
            writer.one(body);
            if let Some(close) = close {
                let text = close.to_string();
                writer.word(
                    "mo",
                    " form=\"postfix\" stretchy=\"true\" symmetric=\"true\"",
                    &text,
                );
            }
        });
    }

    fn sized(&mut self, size: Size, inner: &Node) {
        let attributes = match size {
            Size::Display => " displaystyle=\"true\" scriptlevel=\"0\"",
            Size::Text => " displaystyle=\"false\" scriptlevel=\"0\"",
            Size::Script => " displaystyle=\"false\" scriptlevel=\"1\"",
            Size::ScriptScript => " displaystyle=\"false\" scriptlevel=\"2\"",
        };
        self.within(size == Size::Display, |writer| {
            writer.tag("mstyle", attributes, |writer| writer.one(inner))
        });
    }

    fn table(&mut self, table: &Table) {
        let brace =
            |writer: &mut Self, text: &str| writer.word("mo", " stretchy=\"true\" symmetric=\"true\"", text);
        match table.kind {
            TableKind::Cases { left } => self.tag("mrow", "", |writer| {
                if left {
                    brace(writer, "{");
                }
                writer.rows(table);
                if !left {
                    brace(writer, "}");
                }
            }),
            TableKind::Matrix(_)
            | TableKind::Array { .. }
            | TableKind::Aligned
            | TableKind::Gathered
            | TableKind::Stack(_) => self.rows(table),
        }
    }

    fn rows(&mut self, table: &Table) {
        let equations = matches!(table.kind, TableKind::Aligned | TableKind::Gathered);
        let display = equations || table.size == Some(Size::Display);
        let attributes = match (equations, display) {
            (true, _) => " displaystyle=\"true\" class=\"math-equations\"",
            (false, true) => " displaystyle=\"true\"",
            (false, false) => "",
        };
        self.within(display, |writer| {
            writer.tag("mtable", attributes, |writer| {
                for row in &table.rows {
                    writer.tag("mtr", "", |writer| {
                        for (column, cell) in row.iter().enumerate() {
                            let class = match column_align(&table.kind, column) {
                                Align::Left => " class=\"math-left\"",
                                Align::Center => "",
                                Align::Right => " class=\"math-right\"",
                            };
                            writer.tag("mtd", class, |writer| writer.one(cell));
                        }
                    });
                }
            });
        });
    }
}

fn column_align(kind: &TableKind, column: usize) -> Align {
    match kind {
        TableKind::Matrix(align) | TableKind::Stack(align) => *align,
        TableKind::Array { columns, .. } => columns.get(column).copied().unwrap_or(Align::Center),
        TableKind::Cases { .. } => Align::Left,
        TableKind::Aligned if column.is_multiple_of(2) => Align::Right,
        TableKind::Aligned => Align::Left,
        TableKind::Gathered => Align::Center,
    }
}
