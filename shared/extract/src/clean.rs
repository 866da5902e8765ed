//! Characters that are nobody's text, and white space that is only layout.

/// Whether a character says something to a reader. Control characters, noncharacters, marks that reorder or hide what is
/// around them and the zero-width space do not. The joiners of Persian and of emoji do.
pub(crate) fn is_text(c: char) -> bool {
    let unseen = matches!(
        c,
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffb}'
    );
    !c.is_control() && !unseen && (c as u32) & 0xfffe != 0xfffe
}

/// Adds text with each run of white space as one space; none where `spaced` says that one was just written.
pub(crate) fn push_collapsed(text: &str, to: &mut String, spaced: &mut bool) {
    for c in text.chars() {
        if c.is_whitespace() {
            if !*spaced {
                to.push(' ');
                *spaced = true;
            }
        } else if is_text(c) {
            to.push(c);
            *spaced = false;
        }
    }
}

/// Text on one line: white space collapsed, none at its ends.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    push_collapsed(text, &mut line, &mut true);
    line.truncate(line.trim_end().len());
    line
}

/// The beginning of a line, at most `max` characters of it, with a sign where something was left out.
pub(crate) fn clipped(mut line: String, max: usize) -> String {
    if let Some((end, _)) = line.char_indices().nth(max) {
        line.truncate(end);
        line.truncate(line.trim_end().len());
        line.push('…');
    }
    line
}

/// Lines as they are written, as code is: line ends become `\n`, tabs and spaces stay, blank lines at the ends do not.
pub(crate) fn verbatim(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => lines.push('\n'),
            '\t' => lines.push('\t'),
            c if c.is_whitespace() => lines.push(' '),
            c if is_text(c) => lines.push(c),
            _ => {}
        }
    }
    lines.truncate(lines.trim_end().len());
    let blank: usize = lines
        .split_inclusive('\n')
        .take_while(|line| line.trim().is_empty())
        .map(str::len)
        .sum();
    lines.drain(..blank);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_single_spaces_and_no_controls() {
        for (text, expected) in [
            ("", ""),
            (" \n\t", ""),
            ("a\u{a0} \n b ", "a b"),
            ("a\u{0}b\u{7}c", "abc"),
            ("a\u{200b}\u{202e}b\u{feff}", "ab"),
            ("\u{200d}می\u{200c}خواهم", "\u{200d}می\u{200c}خواهم"),
            ("\u{ffff}x\u{1fffe}", "x"),
        ] {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn code_keeps_its_spaces_and_loses_blank_lines_at_its_ends() {
        assert_eq!(
            verbatim("\n  \n  def f():\r\n\treturn\u{a0}1\r\n\r\n"),
            "  def f():\n\treturn 1"
        );
        assert_eq!(verbatim("\n\n"), "");
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(clipped("äöü".to_owned(), 3), "äöü");
        assert_eq!(clipped("äö ü".to_owned(), 3), "äö…");
    }
}
