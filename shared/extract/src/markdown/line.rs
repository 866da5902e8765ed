//! A line of content as Markdown.

use super::escape::{guarded_end, guarded_start, longest_run, push_target, push_text};
use crate::content::Inline;

/// Where a line stands: what it may contain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    /// One line.
    Heading,
    /// One line, in which `|` ends the cell even within code.
    Cell,
}

/// The line, or the several that breaks make of it where it stands in text.
pub(super) fn lines(line: &[Inline], place: Place) -> String {
    let mut text = String::new();
    write(line, place, None, &mut text);
    match place {
        Place::Text => {
            let lines: Vec<_> = text.split('\n').map(guarded_start).collect();
            lines.join("\n")
        }
        Place::Heading => guarded_end(text),
        Place::Cell => text,
    }
}

/// Text within a line.
pub(crate) fn escaped_text(text: &str) -> String {
    let mut escaped = String::new();
    push_text(text, &mut escaped);
    escaped
}

/// Text that is a line.
pub(crate) fn escaped_line(text: &str) -> String {
    guarded_start(&escaped_text(text))
}

/// Text that is all of a heading.
pub(crate) fn escaped_heading(text: &str) -> String {
    guarded_end(escaped_text(text))
}

/// A link with a text.
pub(crate) fn link(text: &str, to: &str) -> String {
    let mut link = format!("[{}](", escaped_text(text));
    push_target(to, &mut link);
    link.push(')');
    link
}

/// Writes parts of a line, of which `after` is the character that will follow: none at the line's end.
fn write(line: &[Inline], place: Place, after: Option<char>, to: &mut String) {
    for (at, one) in line.iter().enumerate() {
        match one {
            Inline::Text(text) => push_text(text, to),
            Inline::Code(text) => push_code(text, place, to),
            // GitHub's way to write formulas that other readers show as code, and none as markup.
            Inline::Math(tex) => {
                to.push('$');
                push_code(tex, place, to);
                to.push('$');
            }
            Inline::Strong(inner) => marked("**", inner, place, first_char(&line[at + 1..], after), to),
            Inline::Emphasis(inner) => marked("_", inner, place, first_char(&line[at + 1..], after), to),
            Inline::Link { to: target, line } => {
                // An exclamation mark before a link would make an image of it.
                if to.ends_with('!') {
                    to.insert(to.len() - 1, '\\');
                }
                to.push('[');
                write(line, place, Some(']'), to);
                to.push_str("](");
                push_target(target, to);
                to.push(')');
            }
            Inline::Image { from, alt } => {
                to.push_str("![");
                push_text(alt, to);
                to.push_str("](");
                push_target(from, to);
                to.push(')');
            }
            Inline::Break => to.push_str(if place == Place::Text { "\\\n" } else { " " }),
        }
    }
}

/// Writes something strong or emphasised; without its marks where Markdown would not take them for such, as in the middle of a
/// word.
fn marked(mark: &str, inner: &[Inline], place: Place, after: Option<char>, to: &mut String) {
    let is_apart = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || c.is_ascii_punctuation());
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_mark = |c: Option<char>| matches!(c, Some('*' | '_'));
    let is_blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let before = to.chars().next_back();
    let mut text = String::new();
    write(inner, place, mark.chars().next(), &mut text);
    let (first, last) = (text.chars().next(), text.chars().next_back());
    let within_words = mark == "**";
    let opens =
        !is_blank(first) && !is_mark(before) && (is_apart(before) || (within_words && is_word(first)));
    let closes = !is_blank(last) && (is_apart(after) || (within_words && is_word(last)));
    if opens && closes {
        to.push_str(mark);
        to.push_str(&text);
        to.push_str(mark);
    } else {
        write(inner, place, after, to);
    }
}

/// The first character of what follows, or one that is as bad as any it could be.
fn first_char(rest: &[Inline], after: Option<char>) -> Option<char> {
    match rest.first() {
        None => after,
        Some(Inline::Text(text)) => text.chars().next(),
        Some(Inline::Code(_)) => Some('`'),
        Some(Inline::Math(_)) => Some('$'),
        Some(Inline::Link { .. }) => Some('['),
        Some(Inline::Image { .. }) => Some('!'),
        Some(Inline::Break) => Some(' '),
        // With marks or without, which is not decided yet.
        Some(Inline::Strong(_) | Inline::Emphasis(_)) => Some('a'),
    }
}

/// Writes code between more backticks than it has in a row. Right after other code, or a backtick, its own would be taken
/// for those of that: there it is text.
fn push_code(text: &str, place: Place, to: &mut String) {
    if to.ends_with('`') {
        return push_text(text, to);
    }
    let fence = "`".repeat(longest_run(text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    to.push_str(&fence);
    to.push_str(pad);
    match place {
        Place::Cell => to.push_str(&text.replace('|', "\\|")),
        Place::Text | Place::Heading => to.push_str(text),
    }
    to.push_str(pad);
    to.push_str(&fence);
}
