//! The author's source as commands, characters and groups.

use std::fmt::Write;
use std::str::Chars;

use super::{MAX_DEPTH, MathError};

/// A piece of the source.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// `\name`, without its backslash.
    Command(String),
    /// A character that is not white space.
    Char(char),
    /// White space, however much.
    Space,
    /// What stands between two braces.
    Group(Vec<Item>),
    /// A command whose argument is words, not math. The words are what is read, not how it was written.
    Text { command: &'static str, text: String },
}

/// The source without what only says that it is math: dollars, brackets and an outer environment.
pub(super) fn bare(source: &str) -> &str {
    const AROUND: [(&str, &str); 6] = [
        ("$$", "$$"),
        ("$", "$"),
        (r"\[", r"\]"),
        (r"\(", r"\)"),
        (r"\begin{equation}", r"\end{equation}"),
        (r"\begin{equation*}", r"\end{equation*}"),
    ];
    let mut rest = source.trim();
    // Twice, because an environment may stand within dollars; more is somebody's mistake, which the parser reports.
    for _ in 0..2 {
        let inner = AROUND
            .iter()
            .find_map(|(open, close)| rest.strip_prefix(open)?.strip_suffix(close))
            .filter(|inner| !inner.ends_with('\\') || inner.ends_with(r"\\"));
        match inner {
            Some(inner) => rest = inner.trim(),
            None => break,
        }
    }
    rest
}

/// Takes a source apart.
pub(super) fn read(source: &str) -> Result<Vec<Item>, MathError> {
    let mut reader = Reader {
        chars: source.chars(),
        depth: 0,
    };
    reader.items(End::Source)
}

/// Up to where pieces are read.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Source,
    Brace,
    Dollar,
}

struct Reader<'a> {
    chars: Chars<'a>,
    depth: usize,
}

impl Reader<'_> {
    fn items(&mut self, end: End) -> Result<Vec<Item>, MathError> {
        let mut items = Vec::new();
        while let Some(character) = self.chars.next() {
            match character {
                '}' if end == End::Brace => return Ok(items),
                '$' if end == End::Dollar => return Ok(items),
                '}' => return Err(MathError::new("a `}` closes nothing")),
                '{' => items.push(Item::Group(self.deeper(End::Brace)?)),
                '\\' => self.command(&mut items)?,
                '%' => self.comment(),
                '^' if self.chars.as_str().starts_with('^') => {
                    return Err(MathError::new("`^^` is not allowed"));
                }
                c if c.is_whitespace() => {
                    if items.last() != Some(&Item::Space) {
                        items.push(Item::Space);
                    }
                }
                c => items.push(Item::Char(checked(c)?)),
            }
        }
        match end {
            End::Source => Ok(items),
            End::Brace => Err(MathError::new("a `{` is not closed")),
            End::Dollar => Err(MathError::new("a `$` within text is not closed")),
        }
    }

    fn deeper(&mut self, end: End) -> Result<Vec<Item>, MathError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep());
        }
        let items = self.items(end)?;
        self.depth -= 1;
        Ok(items)
    }

    fn comment(&mut self) {
        let rest = self.chars.as_str();
        let end = rest.find('\n').unwrap_or(rest.len());
        self.chars = rest[end..].chars();
    }

    fn name(&mut self) -> Result<String, MathError> {
        let rest = self.chars.as_str();
        let letters = rest.chars().take_while(char::is_ascii_alphabetic).count();
        if letters > 0 {
            self.chars = rest[letters..].chars();
            return Ok(rest[..letters].to_owned());
        }
        match self.chars.next() {
            Some(c) if c.is_whitespace() => Ok(" ".to_owned()),
            Some(c) => Ok(checked(c)?.to_string()),
            None => Err(MathError::new("a `\\` stands at the end")),
        }
    }

    fn command(&mut self, items: &mut Vec<Item>) -> Result<(), MathError> {
        let name = self.name()?;
        let command = match name.as_str() {
            "text" | "mbox" | "hbox" | "textnormal" | "textup" => "text",
            "textrm" => "textrm",
            "textbf" => "textbf",
            "textit" => "textit",
            "textsf" => "textsf",
            "texttt" => "texttt",
            "operatorname" => "operatorname",
            _ => {
                items.push(Item::Command(name));
                return Ok(());
            }
        };
        let rest = self.chars.as_str();
        let limits = command == "operatorname" && rest.starts_with('*');
        self.chars = rest[usize::from(limits)..].trim_start().chars();
        self.words(command, items)?;
        if limits {
            items.push(Item::Command("limits".to_owned()));
        }
        Ok(())
    }

    /// The argument of a command whose argument is words; pieces of math in it become pieces between two such commands.
    fn words(&mut self, command: &'static str, items: &mut Vec<Item>) -> Result<(), MathError> {
        match self.chars.next() {
            Some('{') => {}
            Some(c) if !matches!(c, '}' | '\\' | '$' | '%') => {
                items.push(Item::Text {
                    command,
                    text: checked(c)?.to_string(),
                });
                return Ok(());
            }
            _ => return Err(MathError::new(format!("`\\{command}` wants its text in braces"))),
        }
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut open = 1_usize;
        while open > 0 {
            let character = self.chars.next();
            match character.ok_or_else(|| MathError::new("a `{` is not closed"))? {
                '{' => open += 1,
                '}' => open -= 1,
                '\\' => text.push_str(word(&self.name()?)?),
                '%' => self.comment(),
                '~' => text.push('\u{a0}'),
                '$' => {
                    push_text(command, &mut text, &mut pieces);
                    pieces.push(Item::Group(self.deeper(End::Dollar)?));
                }
                c if c.is_whitespace() && c != '\u{a0}' => {
                    if !text.ends_with(' ') {
                        text.push(' ');
                    }
                }
                c => text.push(checked(c)?),
            }
        }
        push_text(command, &mut text, &mut pieces);
        match pieces.len() {
            1 => items.append(&mut pieces),
            _ => items.push(Item::Group(pieces)),
        }
        Ok(())
    }
}

fn push_text(command: &'static str, text: &mut String, pieces: &mut Vec<Item>) {
    if !text.is_empty() {
        pieces.push(Item::Text {
            command,
            text: std::mem::take(text),
        });
    }
}

/// What a command says within words. Those that only change how words look say nothing.
fn word(name: &str) -> Result<&'static str, MathError> {
    Ok(match name {
        "%" => "%",
        "&" => "&",
        "#" => "#",
        "$" => "$",
        "_" => "_",
        "{" => "{",
        "}" => "}",
        "-" => "-",
        "backslash" | "textbackslash" => "\\",
        " " | ":" | ";" | ">" | "quad" | "qquad" | "enspace" | "\\" => " ",
        "," | "thinspace" => "\u{2009}",
        "degree" | "textdegree" => "°",
        "mu" | "textmu" => "μ",
        "AA" => "Å",
        "LaTeX" => "LaTeX",
        "TeX" => "TeX",
        "!" | "/" | "text" | "textrm" | "textbf" | "textit" | "textsf" | "texttt" | "textnormal"
        | "mathrm" | "mathbf" | "mathit" | "emph" | "rm" | "bf" | "it" | "sf" | "tt" | "em" | "small"
        | "scriptsize" => "",
        _ => return Err(MathError::new(format!("`\\{name}` is not known within text"))),
    })
}

/// A character that every output can have: no control character, none that is nobody's, none that XML does not allow.
fn checked(c: char) -> Result<char, MathError> {
    match c {
        '\u{e000}'..='\u{f8ff}'
        | '\u{f0000}'..
        | '\u{fff0}'..='\u{ffff}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => {}
        c if c.is_control() => {}
        c => return Ok(c),
    }
    Err(MathError::new(format!(
        "the character U+{:04X} is not allowed",
        u32::from(c)
    )))
}

pub(super) fn too_deep() -> MathError {
    MathError::new(format!("the equation is nested deeper than {MAX_DEPTH} levels"))
}

/// The items as LaTeX.
pub(super) fn write(items: &[Item]) -> String {
    let mut out = String::new();
    write_items(items, &mut out);
    out
}

fn write_items(items: &[Item], out: &mut String) {
    let mut previous = None;
    for item in items {
        match item {
            Item::Command(name) => {
                out.push('\\');
                out.push_str(name);
            }
            Item::Char(c) => {
                if follows_a_name(previous, *c) {
                    out.push(' ');
                }
                out.push(*c);
            }
            Item::Space => out.push(' '),
            Item::Group(inner) => {
                out.push('{');
                write_items(inner, out);
                out.push('}');
            }
            Item::Text { command, text } => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\{command}{{");
                text.chars().for_each(|c| write_word(c, out));
                out.push('}');
            }
        }
        previous = Some(item);
    }
}

/// Whether a character would be taken for the end of the name before it.
pub(super) fn follows_a_name(previous: Option<&Item>, next: char) -> bool {
    let name_is_open = |name: &String| name.ends_with(|c: char| c.is_ascii_alphabetic());
    next.is_ascii_alphabetic() && matches!(previous, Some(Item::Command(name)) if name_is_open(name))
}

fn write_word(c: char, out: &mut String) {
    match c {
        '\\' => out.push_str("\\textbackslash{}"),
        '^' => out.push_str("\\textasciicircum{}"),
        '~' => out.push_str("\\textasciitilde{}"),
        '{' | '}' | '$' | '&' | '#' | '%' | '_' => {
            out.push('\\');
            out.push(c);
        }
        '\u{a0}' => out.push('~'),
        '\u{2009}' => out.push_str("\\,"),
        c => out.push(c),
    }
}
