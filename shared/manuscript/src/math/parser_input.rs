//! What is given to the parser: the rewritten source, without what the parser stumbles over.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::source::{Item, follows_a_name};
use super::{MathError, build};

/// Stands first in a group that is framed. Authors cannot write it: it is refused in their source.
pub(super) const FRAMED: char = '\u{e001}';
/// Stands first in a group that takes its room and is not seen.
pub(super) const UNSEEN: char = '\u{e002}';

/// How many commands may be each other's arguments without braces, as in `\hat\hat\hat x`. The parser calls itself for
/// each, with much on its stack.
const MAX_CHAIN: usize = 16;

/// What the parser knows only behind something else, and what is rewritten before it sees it.
const OURS: [&str; 6] = ["limits", "nolimits", "hline", "hdashline", "boxed", "phantom"];

/// A source for the parser. Its words are numbers: those of the texts.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) source: String,
    pub(super) texts: Vec<String>,
}

/// Makes the parser's input.
pub(super) fn write(items: &[Item]) -> Result<Input, MathError> {
    let mut known = BTreeSet::from(OURS);
    check_commands(items, &mut known)?;
    let mut input = Input {
        source: String::new(),
        texts: Vec::new(),
    };
    input.items(items)?;
    Ok(input)
}

impl Input {
    fn items(&mut self, items: &[Item]) -> Result<(), MathError> {
        check_chains(items)?;
        let mut previous = None;
        let mut index = 0;
        while let Some(item) = items.get(index) {
            index += 1;
            match item {
                Item::Command(name) => index += self.command(name, &items[index..])?,
                Item::Char('\'') => index += self.primes(&items[index..])?,
                Item::Char(c) => {
                    if follows_a_name(previous, *c) {
                        self.source.push(' ');
                    }
                    self.source.push(*c);
                }
                Item::Space => self.source.push(' '),
                Item::Group(inner) => self.group(inner)?,
                Item::Text { command, text } => {
                    // Writing to a string cannot fail.
                    let _ = write!(self.source, "\\{command}{{{}}}", self.texts.len());
                    self.texts.push(text.clone());
                }
            }
            previous = Some(item);
        }
        Ok(())
    }

    fn group(&mut self, inner: &[Item]) -> Result<(), MathError> {
        self.source.push('{');
        self.items(inner)?;
        self.source.push('}');
        Ok(())
    }

    /// Writes a command, and what of the items behind it belongs to it; says how many that are.
    fn command(&mut self, name: &str, behind: &[Item]) -> Result<usize, MathError> {
        match name {
            "sqrt" => self.root(behind),
            "genfrac" => Ok(self.general_fraction(behind)),
            "boxed" => self.marked(FRAMED, name, behind),
            "phantom" => self.marked(UNSEEN, name, behind),
            // The parser ends `\left( … \right)` wherever it reads `\right`, be it that of `\rightarrow`.
            _ => {
                match arrow(name) {
                    Some(arrow) => self.source.push(arrow),
                    None => {
                        self.source.push('\\');
                        self.source.push_str(name);
                    }
                }
                Ok(0)
            }
        }
    }

    fn marked(&mut self, mark: char, name: &str, behind: &[Item]) -> Result<usize, MathError> {
        let spaces = leading_spaces(behind);
        let content = behind
            .get(spaces)
            .ok_or_else(|| MathError::new(format!("`\\{name}` wants an argument")))?;
        self.source.push('{');
        self.source.push(mark);
        self.items(std::slice::from_ref(content))?;
        self.source.push('}');
        Ok(spaces + 1)
    }

    /// The parser wants this fraction's two delimiters without braces.
    fn general_fraction(&mut self, behind: &[Item]) -> usize {
        self.source.push_str("\\genfrac");
        let mut taken = 0;
        for _ in 0..2 {
            let at = taken + leading_spaces(&behind[taken..]);
            match behind.get(at) {
                Some(Item::Group(inner)) => match inner.as_slice() {
                    [Item::Char(c)] => self.source.push(*c),
                    [Item::Command(name)] => {
                        self.source.push('\\');
                        self.source.push_str(name);
                    }
                    _ => {
                        self.source.push_str("{}");
                    }
                },
                _ => break,
            }
            taken = at + 1;
        }
        taken
    }

    /// The parser takes but the first thing of a root's index, if it is not a group.
    fn root(&mut self, behind: &[Item]) -> Result<usize, MathError> {
        self.source.push_str("\\sqrt");
        let spaces = leading_spaces(behind);
        if behind.get(spaces) != Some(&Item::Char('[')) {
            return Ok(0);
        }
        let index = &behind[spaces + 1..];
        let end = index
            .iter()
            .position(|item| *item == Item::Char(']'))
            .ok_or_else(|| MathError::new("a `[` behind `\\sqrt` is not closed"))?;
        self.source.push('[');
        self.group(&index[..end])?;
        self.source.push(']');
        Ok(spaces + end + 2)
    }

    /// Primes are superscripts, together with the superscript that may follow them.
    fn primes(&mut self, behind: &[Item]) -> Result<usize, MathError> {
        let more = behind
            .iter()
            .take_while(|item| **item == Item::Char('\''))
            .count();
        let spaces = leading_spaces(&behind[more..]);
        self.source.push_str("^{");
        self.source.push_str(&"\\prime ".repeat(more + 1));
        let mut taken = more;
        if behind.get(more + spaces) == Some(&Item::Char('^')) {
            let at = more + spaces + 1;
            let spaces = leading_spaces(&behind[at..]);
            if let Some(script) = behind.get(at + spaces) {
                self.items(std::slice::from_ref(script))?;
                taken = at + spaces + 1;
            }
        }
        self.source.push('}');
        Ok(taken)
    }
}

fn leading_spaces(items: &[Item]) -> usize {
    items.iter().take_while(|item| **item == Item::Space).count()
}

/// The arrows whose names begin as `\left` and `\right` do.
fn arrow(name: &str) -> Option<char> {
    Some(match name {
        "leftarrow" => '←',
        "rightarrow" => '→',
        "leftrightarrow" => '↔',
        "leftarrowtail" => '↢',
        "rightarrowtail" => '↣',
        "leftharpoonup" => '↼',
        "leftharpoondown" => '↽',
        "rightharpoonup" => '⇀',
        "rightharpoondown" => '⇁',
        "leftleftarrows" => '⇇',
        "rightrightarrows" => '⇉',
        "leftrightarrows" => '⇆',
        "rightleftarrows" => '⇄',
        "leftrightharpoons" => '⇋',
        "rightleftharpoons" => '⇌',
        "leftrightsquigarrow" => '↭',
        "rightsquigarrow" => '⇝',
        "leftthreetimes" => '⋋',
        "rightthreetimes" => '⋌',
        _ => return None,
    })
}

/// Refuses commands that the parser does not know, wherever they stand: it does not look at everything that it passes by,
/// and what it accepts is printed as LaTeX elsewhere.
fn check_commands<'a>(items: &'a [Item], known: &mut BTreeSet<&'a str>) -> Result<(), MathError> {
    for item in items {
        match item {
            Item::Command(name) if !known.contains(name.as_str()) => {
                if !build::knows(name) {
                    return Err(MathError::new(format!("`\\{name}` is not a known command")));
                }
                known.insert(name);
            }
            Item::Group(inner) => check_commands(inner, known)?,
            Item::Command(_) | Item::Char(_) | Item::Space | Item::Text { .. } => {}
        }
    }
    Ok(())
}

/// Refuses commands that are arguments of one another, without braces, too often.
fn check_chains(items: &[Item]) -> Result<(), MathError> {
    // How many arguments each command still wants, from the outermost on.
    let mut wanted: Vec<usize> = Vec::new();
    let mut index = 0;
    while let Some(item) = items.get(index) {
        index += 1;
        let arguments = match item {
            Item::Space => continue,
            Item::Char('^' | '_') => 1,
            Item::Command(name) => {
                index += optional(name, &items[index..]);
                arguments(name)
            }
            Item::Char(_) | Item::Group(_) | Item::Text { .. } => 0,
        };
        if arguments > 0 {
            wanted.push(arguments);
        } else {
            while let Some(last) = wanted.pop() {
                if last > 1 {
                    wanted.push(last - 1);
                    break;
                }
            }
        }
        if wanted.len() > MAX_CHAIN {
            return Err(MathError::new(format!(
                "more than {MAX_CHAIN} commands are each other's arguments: braces are missing"
            )));
        }
    }
    Ok(())
}

/// How many items belong to a command's argument in brackets.
fn optional(name: &str, behind: &[Item]) -> usize {
    let spaces = leading_spaces(behind);
    let takes = matches!(name, "sqrt" | "xleftarrow" | "xrightarrow");
    if takes && behind.get(spaces) == Some(&Item::Char('[')) {
        return behind
            .iter()
            .position(|item| *item == Item::Char(']'))
            .map_or(0, |end| end + 1);
    }
    0
}

/// How many arguments a command takes that may be commands again.
fn arguments(name: &str) -> usize {
    match name {
        "frac" | "cfrac" | "dfrac" | "tfrac" | "binom" | "dbinom" | "tbinom" | "overset" | "underset"
        | "stackrel" => 2,
        "sideset" => 3,
        "genfrac" => 6,
        "sqrt" | "xleftarrow" | "xrightarrow" | "not" | "cancel" | "pmod" | "boxed" | "phantom"
        | "boldsymbol" => 1,
        "acute" | "bar" | "overline" | "underbar" | "underline" | "breve" | "check" | "dot" | "ddot"
        | "grave" | "hat" | "tilde" | "vec" | "mathring" => 1,
        _ if ["over", "Over", "under", "wide", "math", "sym"]
            .iter()
            .any(|start| name.starts_with(start)) =>
        {
            1
        }
        _ => 0,
    }
}
