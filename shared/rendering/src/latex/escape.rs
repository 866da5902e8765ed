//! Text that TeX prints as it is.

use crate::references::fields::is_noncharacter;

/// Text of a paragraph: every character that TeX gives a meaning to is named instead, and pairs that fonts would join are
/// kept apart. White space is single spaces.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut last = '\0';
    for c in text.chars() {
        let c = if c.is_whitespace() && c != '\u{A0}' {
            ' '
        } else {
            c
        };
        if (c.is_control() || is_noncharacter(c)) || (c == ' ' && last == ' ') {
            continue;
        }
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' => out.push_str("\\textbraceleft{}"),
            '}' => out.push_str("\\textbraceright{}"),
            '$' | '&' | '#' | '_' | '%' => {
                out.push('\\');
                out.push(c);
            }
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            '"' => out.push_str("\\textquotedbl{}"),
            '`' => out.push_str("\\textasciigrave{}"),
            // Behind a command or a line's end a bracket would begin an argument.
            '[' => out.push_str("{[}"),
            ']' => out.push_str("{]}"),
            // Two of them would become a dash, a quotation mark.
            '-' | '\'' | ',' if last == c => {
                out.push_str("{}");
                out.push(c);
            }
            c => out.push(c),
        }
        last = c;
    }
    out
}

/// A program's text: as [`escape`], with every space kept and no quotation mark bent.
pub(crate) fn code(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            ' ' | '\u{A0}' => out.push_str("\\ "),
            '\t' => out.push_str("\\ \\ \\ \\ "),
            '\'' => out.push_str("\\textquotesingle{}"),
            '-' => out.push_str("-{}"),
            c => out.push_str(&escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

/// A URL for `\href` and `\url`: what is special to TeX is percent-encoded or escaped.
pub(crate) fn url(url: &str) -> String {
    let mut out = String::new();
    for byte in crate::markup::url(url).bytes() {
        match byte {
            b'%' | b'#' | b'&' | b'_' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b'~' | b'$' | b'[' | b']' | b'\'' => out.push_str(&format!("\\%{byte:02X}")),
            byte => out.push(char::from(byte)),
        }
    }
    out
}

/// A name for a label: letters, digits, `-`.
pub(crate) fn label(id: &str) -> String {
    id.chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{code, escape, url};
    use proptest::prelude::*;

    /// The commands that escaping writes. Whatever else follows a backslash came from an author.
    const COMMANDS: [&str; 17] = [
        "textbackslash{}",
        "textbraceleft{}",
        "textbraceright{}",
        "textasciicircum{}",
        "textasciitilde{}",
        "textless{}",
        "textgreater{}",
        "textbar{}",
        "textquotedbl{}",
        "textquotesingle{}",
        "textasciigrave{}",
        "$",
        "&",
        "#",
        "_",
        "%",
        " ",
    ];

    /// What is wrong with text that TeX is to print, if anything.
    fn fault(escaped: &str) -> Option<String> {
        let mut rest = escaped;
        let mut depth = 0_i32;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '\\' => match COMMANDS.iter().find(|command| rest.starts_with(**command)) {
                    Some(command) => rest = &rest[command.len()..],
                    None => return Some(format!("a command: {rest}")),
                },
                '{' => depth += 1,
                '}' => depth -= 1,
                '$' | '&' | '#' | '^' | '_' | '~' | '%' | '\n' | '\r' => {
                    return Some(format!("a bare {c:?}"));
                }
                _ => {}
            }
            if depth < 0 {
                return Some("a brace too many".to_owned());
            }
        }
        (depth != 0).then(|| "an open brace".to_owned())
    }

    #[test]
    fn every_ascii_character_is_only_printed() {
        for byte in 0..128_u8 {
            let text = char::from(byte).to_string();
            for twice in [text.clone(), text.repeat(2), text.repeat(3)] {
                assert_eq!(fault(&escape(&twice)), None, "{twice:?}");
                assert_eq!(fault(&code(&twice)), None, "{twice:?}");
            }
        }
    }

    #[test]
    fn what_tex_gives_a_meaning_to_is_named() {
        let text = "100% & #1 $x_y$ {a} \\cmd ~ ^ -- '' [x] \"q\" `t` <|>\n\né∑";
        insta::assert_snapshot!(escape(text), @r"100\% \& \#1 \$x\_y\$ \textbraceleft{}a\textbraceright{} \textbackslash{}cmd \textasciitilde{} \textasciicircum{} -{}- '{}' {[}x{]} \textquotedbl{}q\textquotedbl{} \textasciigrave{}t\textasciigrave{} \textless{}\textbar{}\textgreater{} é∑");
    }

    #[test]
    fn a_url_has_nothing_that_tex_reads() {
        assert_eq!(
            url("https://a.org/~b?c=1&d=%20#e_f{}\\"),
            "https://a.org/\\%7Eb?c=1\\&d=\\%20\\#e\\_f\\%7B\\%7D\\%5C"
        );
    }

    proptest! {
        #[test]
        fn text_is_only_printed(text in any::<String>()) {
            prop_assert_eq!(fault(&escape(&text)), None);
            prop_assert_eq!(fault(&code(&text)), None);
            prop_assert_eq!(fault(&url(&text)), None);
        }

        #[test]
        fn text_of_specials_is_only_printed(text in "[\\\\{}$&#^_~%<>|\"`'\\[\\]\\-, \n]{0,40}") {
            prop_assert_eq!(fault(&escape(&text)), None);
        }
    }
}
