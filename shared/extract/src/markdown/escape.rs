//! Text that stays text when it is read as Markdown.

use std::fmt::Write;

/// Adds text with a backslash before what would be markup wherever it stands. What is markup only at the ends of a line is
/// left to [`guarded_start`] and [`guarded_end`].
pub(super) fn push_text(text: &str, to: &mut String) {
    let mut before = None;
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let is_markup = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '|' | '~' => true,
            // Between letters it is part of a name.
            '_' => {
                let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                !is_word(before) || !is_word(rest.trim_start_matches('_').chars().next())
            }
            '&' => rest
                .chars()
                .next()
                .is_none_or(|next| next == '#' || next.is_ascii_alphanumeric()),
            _ => false,
        };
        if is_markup {
            to.push('\\');
        }
        to.push(c);
        if c != '_' {
            before = Some(c);
        }
    }
}

/// A line with a backslash before what would begin a heading, a list, a quote or a rule there.
pub(super) fn guarded_start(line: &str) -> String {
    let consists_of = |allowed: &str| line.chars().all(|c| allowed.contains(c));
    let ends_word = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t']);
    let first = line.chars().next();
    let is_markup = match first {
        Some('#') => ends_word(line.trim_start_matches('#')),
        Some('-') => ends_word(&line[1..]) || consists_of("- :"),
        Some('+') => ends_word(&line[1..]),
        Some('=') => consists_of("= "),
        Some(':') => consists_of(": -"),
        Some('>') => true,
        _ => false,
    };
    if is_markup {
        return format!("\\{line}");
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &line[digits..];
    if (1..=9).contains(&digits) && rest.starts_with(['.', ')']) && ends_word(&rest[1..]) {
        return format!("{}\\{rest}", &line[..digits]);
    }
    line.to_owned()
}

/// The text of a heading with a backslash before the `#` that would end it.
pub(super) fn guarded_end(mut line: String) -> String {
    if line.ends_with('#') && !line.ends_with("\\#") {
        line.insert(line.len() - 1, '\\');
    }
    line
}

/// An address as the target of a link. What would end it, or be an entity, is percent-encoded; browsers take both alike.
pub(super) fn push_target(address: &str, to: &mut String) {
    for (at, c) in address.char_indices() {
        match c {
            '&' if is_entity(&address[at + 1..]) => to.push_str("&amp;"),
            '<' | '>' | '(' | ')' | '[' | ']' | '\\' | '`' | '|' | '"' | '\'' | '*' | '{' | '}' | '^' => {
                let _ = write!(to, "%{:02X}", c as u32);
            }
            c if c.is_whitespace() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(to, "%{byte:02X}");
                }
            }
            c => to.push(c),
        }
    }
}

fn is_entity(rest: &str) -> bool {
    /// The longest name of an entity has 32 characters.
    const MAX: usize = 40;
    let name = rest
        .bytes()
        .take(MAX)
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
        .count();
    rest[name..].starts_with(';')
}

/// How long the longest run of a character is.
pub(super) fn longest_run(text: &str, of: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
