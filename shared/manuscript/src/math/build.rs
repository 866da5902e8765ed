//! Makes the tree from the parser's events: fonts are applied to letters, and old habits of notation resolved.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::vec::IntoIter;

use pulldown_latex::event::{
    ArrayColumn, ColumnAlignment, Content, DelimiterSize, DelimiterType, Dimension, DimensionUnit,
    EnvironmentFlow, Event, Font, Grouping, ScriptPosition, ScriptType, StateChange, Style, Visual,
};
use pulldown_latex::{Parser, Storage};

use super::parser_input::{FRAMED, Input, UNSEEN};
use super::source::too_deep;
use super::tree::{ACCENTS, Align, Class, Height, Node, Place, Side, Size, Table, TableKind, is_empty};
use super::{MAX_DEPTH, MathError, alphabet};

/// Reads the parser's input.
pub(super) fn read(input: &Input) -> Result<Node, MathError> {
    let storage = Storage::new();
    let events = Parser::new(&input.source, &storage)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| MathError::new(first_line(&error.to_string())))?;
    let mut builder = Builder {
        events: events.into_iter().peekable(),
        texts: &input.texts,
        depth: 0,
    };
    builder.row(None)
}

/// Whether the parser knows a command.
pub(super) fn knows(command: &str) -> bool {
    let storage = Storage::new();
    let source = format!("\\{command}");
    let unknown = |error: String| error.contains("unknown primitive");
    !Parser::new(&source, &storage)
        .next()
        .is_some_and(|event| event.is_err_and(|error| unknown(error.to_string())))
}

fn first_line(message: &str) -> String {
    let line = message
        .lines()
        .next()
        .unwrap_or(message)
        .trim_start_matches("parsing error: ");
    match line {
        "expected a token" => "an argument is missing".to_owned(),
        line => line.replace("unkown", "unknown"),
    }
}

struct Builder<'a> {
    events: Peekable<IntoIter<Event<'a>>>,
    texts: &'a [String],
    depth: usize,
}

impl<'a> Builder<'a> {
    /// What stands side by side, up to the end of its group or cell, which it leaves where it is.
    fn row(&mut self, mut font: Option<Font>) -> Result<Node, MathError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep());
        }
        // Each change of size holds for what follows it in the row.
        let mut parts: Vec<(Option<Size>, Vec<Node>)> = vec![(None, Vec::new())];
        while let Some(event) = self
            .events
            .next_if(|event| !matches!(event, Event::End | Event::EnvironmentFlow(_)))
        {
            if let Event::StateChange(StateChange::Style(style)) = event {
                parts.push((Some(size(style)), Vec::new()));
                continue;
            }
            let node = self.element(event, &mut font)?;
            if let Some((_, nodes)) = parts.last_mut() {
                push(nodes, node);
            }
        }
        self.depth -= 1;
        let mut nodes = Vec::new();
        for (size, part) in parts {
            match size {
                None => nodes.extend(part),
                Some(_) if part.is_empty() => {}
                Some(size) => nodes.push(Node::Sized(size, Box::new(row_of(part)))),
            }
        }
        Ok(row_of(nodes))
    }

    /// The next thing that counts as one: an argument.
    fn argument(&mut self, font: &mut Option<Font>) -> Result<Box<Node>, MathError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep());
        }
        let event = self
            .events
            .next_if(|event| !matches!(event, Event::End | Event::EnvironmentFlow(_)));
        let node = match event {
            Some(event) => self.element(event, font)?,
            None => Node::Row(Vec::new()),
        };
        self.depth -= 1;
        Ok(Box::new(node))
    }

    fn element(&mut self, event: Event<'a>, font: &mut Option<Font>) -> Result<Node, MathError> {
        match event {
            Event::Content(content) => Ok(self.content(content, *font)),
            Event::Begin(grouping) => self.group(grouping, *font),
            Event::Visual(visual) => self.visual(visual, font),
            Event::Script { ty, position } => self.script(ty, position, font),
            Event::Space { width, .. } => Ok(Node::Space(width.map_or(0.0, em))),
            Event::StateChange(StateChange::Font(new)) => {
                *font = new;
                Ok(Node::Row(Vec::new()))
            }
            // Colours are not printed; a size in the place of an argument changes nothing.
            Event::StateChange(StateChange::Color(_) | StateChange::Style(_))
            | Event::End
            | Event::EnvironmentFlow(_) => Ok(Node::Row(Vec::new())),
        }
    }

    fn content(&self, content: Content<'a>, font: Option<Font>) -> Node {
        match content {
            Content::Text(text) => {
                let text = self.text(text);
                Node::Words(match font {
                    None | Some(Font::UpRight) => text,
                    Some(font) => text.chars().map(|c| alphabet::styled(c, font)).collect(),
                })
            }
            Content::Number(digits) => Node::Number(
                digits
                    .chars()
                    .map(|c| font.map_or(c, |font| alphabet::styled(c, font)))
                    .collect(),
            ),
            Content::Function(name) => Node::Function(self.text(name)),
            Content::Ordinary {
                content,
                stretchy: true,
            } => symbol(content, Class::Stretchy),
            Content::Ordinary {
                content,
                stretchy: false,
            } => ordinary(content, font),
            Content::LargeOp { content, .. } => symbol(content, Class::Large),
            Content::BinaryOp { content, .. } => symbol(content, Class::Binary),
            Content::Relation { content, .. } => {
                let mut buffer = [0; 8];
                let text = String::from_utf8_lossy(content.encode_utf8_to_buf(&mut buffer)).into_owned();
                Node::Symbol {
                    text,
                    class: Class::Relation,
                    upright: false,
                }
            }
            Content::Delimiter { content, size, ty } => Node::Delimiter {
                character: content,
                side: match ty {
                    DelimiterType::Open => Side::Open,
                    DelimiterType::Fence => Side::Middle,
                    DelimiterType::Close => Side::Close,
                },
                height: match size {
                    None => Height::Plain,
                    Some(DelimiterSize::Big) => Height::Em(BIG),
                    Some(DelimiterSize::BIG) => Height::Em(1.8),
                    Some(DelimiterSize::Bigg) => Height::Em(2.4),
                    Some(DelimiterSize::BIGG) => Height::Em(3.0),
                },
            },
            Content::Punctuation(character) => symbol(character, Class::Punctuation),
        }
    }

    /// Words were given to the parser as numbers, and it says a space in its own way.
    fn text(&self, text: &str) -> String {
        let known = text.parse::<usize>().ok().and_then(|index| self.texts.get(index));
        match text {
            "&nbsp;" => "\u{a0}".to_owned(),
            "lim inf" | "lim sup" => text.replace(' ', "\u{2009}"),
            _ => known.map_or(text, String::as_str).to_owned(),
        }
    }

    fn group(&mut self, grouping: Grouping, font: Option<Font>) -> Result<Node, MathError> {
        match grouping {
            Grouping::Normal => {
                let body = self.row(font)?;
                self.events.next();
                Ok(marked(body))
            }
            Grouping::LeftRight(open, close) => {
                let body = Box::new(between(self.row(font)?));
                self.events.next();
                Ok(Node::Fenced { open, close, body })
            }
            Grouping::Array(columns) => self.table(array(&columns)),
            Grouping::Matrix { alignment } => self.table(TableKind::Matrix(align(alignment))),
            Grouping::Cases { left } => self.table(TableKind::Cases { left }),
            Grouping::SubArray { alignment } => self.table(TableKind::Stack(align(alignment))),
            Grouping::Align { .. }
            | Grouping::Aligned
            | Grouping::Alignat { .. }
            | Grouping::Alignedat { .. }
            | Grouping::Split => self.table(TableKind::Aligned),
            Grouping::Equation { .. } | Grouping::Gather { .. } | Grouping::Gathered | Grouping::Multline => {
                self.table(TableKind::Gathered)
            }
        }
    }

    fn table(&mut self, kind: TableKind) -> Result<Node, MathError> {
        let asked = |event: &Event<'_>| matches!(event, Event::StateChange(StateChange::Style(_)));
        let size = match self.events.next_if(asked) {
            Some(Event::StateChange(StateChange::Style(style))) => Some(size(style)),
            _ => None,
        };
        let mut table = Table {
            kind,
            size,
            rows: vec![Vec::new()],
            lines: BTreeSet::new(),
        };
        loop {
            let cell = self.row(None)?;
            let row = table.rows.len() - 1;
            match self.events.next() {
                // Lines above the first row come before its first cell.
                Some(Event::EnvironmentFlow(EnvironmentFlow::StartLines { .. })) => {
                    table.lines.insert(row);
                }
                Some(Event::EnvironmentFlow(EnvironmentFlow::Alignment)) => table.rows[row].push(cell),
                Some(Event::EnvironmentFlow(EnvironmentFlow::NewLine { horizontal_lines, .. })) => {
                    table.rows[row].push(cell);
                    if !horizontal_lines.is_empty() {
                        table.lines.insert(row + 1);
                    }
                    table.rows.push(Vec::new());
                }
                _ => {
                    table.rows[row].push(cell);
                    break;
                }
            }
        }
        // Nothing stands behind the last line break.
        if table.rows.len() > 1 && table.rows.last().is_some_and(|row| row.iter().all(is_empty)) {
            table.rows.pop();
        }
        Ok(Node::Table(table))
    }

    fn visual(&mut self, visual: Visual, font: &mut Option<Font>) -> Result<Node, MathError> {
        let first = self.argument(font)?;
        Ok(match visual {
            Visual::SquareRoot => Node::Root {
                radicand: first,
                index: None,
            },
            Visual::Root => {
                let index = self.argument(font)?;
                Node::Root {
                    radicand: first,
                    index: Some(index),
                }
            }
            Visual::Fraction(thickness) => {
                let line = thickness.is_none_or(|thickness| thickness.value != 0.0);
                Node::Fraction {
                    above: first,
                    below: self.argument(font)?,
                    line,
                }
            }
            Visual::Negation => negated(*first),
        })
    }

    fn script(
        &mut self,
        ty: ScriptType,
        place: ScriptPosition,
        font: &mut Option<Font>,
    ) -> Result<Node, MathError> {
        let base = self.argument(font)?;
        let (below, above) = match ty {
            ScriptType::Subscript => (Some(self.argument(font)?), None),
            ScriptType::Superscript => (None, Some(self.argument(font)?)),
            ScriptType::SubSuperscript => (Some(self.argument(font)?), Some(self.argument(font)?)),
        };
        let place = match place {
            ScriptPosition::Right => Place::Right,
            ScriptPosition::AboveBelow => Place::AboveBelow,
            ScriptPosition::Movable => Place::Movable,
        };
        Ok(Node::Script {
            base,
            below,
            above,
            place,
        })
    }
}

/// Adds a thing to a row. Upright letters side by side are a word.
fn push(nodes: &mut Vec<Node>, node: Node) {
    if is_empty(&node) {
        return;
    }
    if let Some(letter) = upright_letter(&node) {
        if let Some(Node::Words(words)) = nodes.last_mut() {
            words.push_str(letter);
            return;
        }
        nodes.push(Node::Words(letter.to_owned()));
    } else {
        nodes.push(node);
    }
}

fn upright_letter(node: &Node) -> Option<&str> {
    match node {
        Node::Symbol {
            text,
            class: Class::Ordinary,
            upright: true,
        } if text.chars().all(char::is_alphabetic) => Some(text),
        _ => None,
    }
}

fn row_of(mut nodes: Vec<Node>) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() && !is_mark(&only) => only,
        Some(last) => {
            nodes.push(last);
            Node::Row(nodes)
        }
        None => Node::Row(nodes),
    }
}

fn is_mark(node: &Node) -> bool {
    matches!(node, Node::Symbol { text, .. } if text.starts_with([FRAMED, UNSEEN]))
}

/// How high `\big` is, in em.
const BIG: f32 = 1.2;

/// For the parser, `\middle|` and `\big|` are one. Between `\left` and `\right` it means the first.
fn between(mut body: Node) -> Node {
    let nodes = match &mut body {
        Node::Row(nodes) => nodes.as_mut_slice(),
        only => std::slice::from_mut(only),
    };
    for node in nodes {
        if let Node::Delimiter {
            side: Side::Middle,
            height: height @ Height::Em(BIG),
            ..
        } = node
        {
            *height = Height::Around;
        }
    }
    body
}

/// A group, framed or unseen if it says so. A group of one accent is a group still: it does not sit on anything.
fn marked(body: Node) -> Node {
    match body {
        Node::Row(mut nodes) if nodes.first().is_some_and(is_mark) => {
            let mark = nodes.remove(0);
            let body = Box::new(row_of(nodes));
            match mark {
                Node::Symbol { text, .. } if text.starts_with(FRAMED) => Node::Framed(body),
                _ => Node::Unseen(body),
            }
        }
        Node::Symbol {
            ref text,
            class: Class::Ordinary,
            ..
        } if text.starts_with(ACCENTS) => Node::Row(vec![body]),
        other => other,
    }
}

fn symbol(character: char, class: Class) -> Node {
    Node::Symbol {
        text: character.to_string(),
        class,
        upright: false,
    }
}

fn ordinary(character: char, font: Option<Font>) -> Node {
    // What the parser says for \mu is the sign of a millionth, which few fonts of mathematics have.
    let character = if character == 'µ' { 'μ' } else { character };
    let (character, upright) = match font {
        None => (character, false),
        Some(Font::UpRight) => (character, true),
        Some(font) => (alphabet::styled(character, font), false),
    };
    Node::Symbol {
        text: character.to_string(),
        class: Class::Ordinary,
        upright,
    }
}

/// Signs that are crossed out often are characters of their own.
fn negated(node: Node) -> Node {
    match node {
        Node::Symbol { text, class, upright } => match alphabet::negated(&text) {
            Some(negated) => Node::Symbol {
                text: negated.to_string(),
                class,
                upright,
            },
            None => Node::Negated(Box::new(Node::Symbol { text, class, upright })),
        },
        other => Node::Negated(Box::new(other)),
    }
}

fn size(style: Style) -> Size {
    match style {
        Style::Display => Size::Display,
        Style::Text => Size::Text,
        Style::Script => Size::Script,
        Style::ScriptScript => Size::ScriptScript,
    }
}

fn align(alignment: ColumnAlignment) -> Align {
    match alignment {
        ColumnAlignment::Left => Align::Left,
        ColumnAlignment::Center => Align::Center,
        ColumnAlignment::Right => Align::Right,
    }
}

fn array(columns: &[ArrayColumn]) -> TableKind {
    let mut aligns = Vec::new();
    let mut lines = BTreeSet::new();
    for column in columns {
        match column {
            ArrayColumn::Column(alignment) => aligns.push(align(*alignment)),
            ArrayColumn::Separator(_) => {
                lines.insert(aligns.len());
            }
        }
    }
    TableKind::Array {
        columns: aligns,
        lines,
    }
}

/// A width in em, at most a page's. Other units are taken at a size of ten points, as LaTeX's are.
fn em(width: Dimension) -> f32 {
    const WIDEST: f32 = 40.0;
    let points = match width.unit {
        DimensionUnit::Em => 10.0,
        DimensionUnit::Mu => 10.0 / 18.0,
        DimensionUnit::Ex => 4.3,
        DimensionUnit::Pt => 1.0,
        DimensionUnit::Pc | DimensionUnit::Cc => 12.0,
        DimensionUnit::In => 72.27,
        DimensionUnit::Bp => 1.003_75,
        DimensionUnit::Cm => 28.45,
        DimensionUnit::Mm => 2.845,
        DimensionUnit::Dd => 1.07,
        DimensionUnit::Sp => 1.0 / 65_536.0,
    };
    let em = width.value * points / 10.0;
    if em.is_finite() {
        em.clamp(-WIDEST, WIDEST)
    } else {
        0.0
    }
}
