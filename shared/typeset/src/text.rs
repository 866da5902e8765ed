//! Strings as the engine takes them. Nothing is escaped: it sets a string as it stands.

/// How many characters a word may have in running text before it may be broken anywhere.
pub(crate) const WORD: usize = 60;
/// The same within a table, whose columns are narrow.
pub(crate) const WORD_IN_TABLE: usize = 22;
/// The same within a program.
pub(crate) const WORD_IN_CODE: usize = 84;
/// The most bytes of a URL that the engine takes.
const MAX_URL: usize = 8000;
/// The most characters of a title that a page's header has room for.
const SHORT: usize = 80;

/// Running text: white space is one space, control characters are nothing.
pub(crate) fn running(text: &str, word: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_space(letter) {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !letter.is_control() {
            out.push(letter);
        }
    }
    breakable(&out, word)
}

/// A program or a formula's source: lines stay.
pub(crate) fn lines(text: &str) -> String {
    let text: String = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\t', "    ");
    let kept: String = text
        .chars()
        .filter(|letter| *letter == '\n' || !letter.is_control())
        .collect();
    breakable(kept.trim_matches('\n'), WORD_IN_CODE)
}

/// A title that fits into a header.
pub(crate) fn short(title: &str) -> String {
    let mut letters = title.chars();
    let head: String = letters.by_ref().take(SHORT).collect();
    if letters.next().is_none() {
        return head;
    }
    let words = head
        .rfind(' ')
        .filter(|end| *end > SHORT / 2)
        .map_or(head.as_str(), |end| &head[..end]);
    format!("{words}…")
}

/// The characters at which a line may end, without those that bind.
fn is_space(letter: char) -> bool {
    letter.is_ascii_whitespace() || matches!(letter, '\u{b}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Lets words that are longer than a line end anywhere, best behind a sign that joins.
fn breakable(text: &str, word: usize) -> String {
    if text.split(char::is_whitespace).all(|piece| piece.len() <= word) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for piece in text.split_inclusive(char::is_whitespace) {
        // The engine itself knows where a URL can be broken.
        let url = piece.starts_with("https://") || piece.starts_with("http://");
        if piece.chars().count() <= word + 1 || (url && word == WORD) {
            out.push_str(piece);
        } else {
            broken(piece, word / 3, &mut out);
        }
    }
    out
}

fn broken(piece: &str, least: usize, out: &mut String) {
    let mut since = 0;
    for letter in piece.chars() {
        out.push(letter);
        since += 1;
        let joins = matches!(letter, '_' | '/' | '.' | ',' | '-' | '=' | '&' | '?' | '+' | ':');
        if (joins && since > 2) || since > least {
            out.push('\u{200b}');
            since = 0;
        }
    }
}

/// A URL as the file takes it, in ASCII; none for what is no link.
pub(crate) fn address(url: &str) -> Option<String> {
    let known = ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    let encoded = encode(url, |byte| byte.is_ascii_graphic());
    (known && encoded.len() <= MAX_URL).then_some(encoded)
}

/// A DOI as it stands in a URL's path.
pub(crate) fn doi_address(doi: &str) -> String {
    encode(doi, |byte| {
        byte.is_ascii_alphanumeric() || b"/._-()".contains(&byte)
    })
}

fn encode(text: &str, stays: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if stays(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Language and region of a BCP 47 tag, as far as the engine knows any; English for what is no tag.
pub(crate) fn language(tag: &str) -> (String, Option<String>) {
    let mut parts = tag.split(['-', '_']);
    let language = parts
        .next()
        .filter(|part| (2..=3).contains(&part.len()) && is_letters(part));
    let Some(language) = language else {
        return ("en".to_owned(), None);
    };
    let region = parts.find(|part| part.len() == 2 && is_letters(part));
    (language.to_ascii_lowercase(), region.map(str::to_ascii_uppercase))
}

fn is_letters(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Whether an id can be a name in the file.
pub(crate) fn is_name(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 256
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_are_white_space_and_control_characters_are_nothing() {
        assert_eq!(
            running("one\n  two\u{2028}three\0\u{7}\u{a0}four", WORD),
            "one two three\u{a0}four"
        );
        assert_eq!(running(" at the edges ", WORD), " at the edges ");
    }

    #[test]
    fn a_program_keeps_its_lines() {
        assert_eq!(lines("\na\r\n\tb\u{1b}[0m\n"), "a\n    b[0m");
    }

    #[test]
    fn a_word_longer_than_its_line_can_be_broken_and_others_cannot() {
        assert_eq!(
            running("short_name in a cell", WORD_IN_TABLE),
            "short_name in a cell"
        );
        let long = running("algorithm_output_variable_name_x", WORD_IN_TABLE);
        assert!(
            long.contains("algorithm_\u{200b}") || long.contains('\u{200b}'),
            "{long:?}"
        );
        assert_eq!(long.replace('\u{200b}', ""), "algorithm_output_variable_name_x");
        assert!(running(&"x".repeat(500), WORD).matches('\u{200b}').count() > 10);
    }

    #[test]
    fn a_link_is_ascii_of_a_known_kind_and_no_longer_than_the_engine_takes() {
        for (url, expected) in [
            ("https://a.org/ä b", Some("https://a.org/%C3%A4%20b")),
            ("mailto:a@b.org", Some("mailto:a@b.org")),
            ("javascript:alert(1)", None),
            ("", None),
        ] {
            assert_eq!(address(url).as_deref(), expected, "{url}");
        }
        assert_eq!(address(&format!("https://{}", "ä".repeat(1500))), None);
    }

    #[test]
    fn a_language_tag_is_read_as_far_as_it_is_known() {
        for (tag, expected) in [
            ("en", ("en", None)),
            ("pt-BR", ("pt", Some("BR"))),
            ("zh-Hant-TW", ("zh", Some("TW"))),
            ("", ("en", None)),
            ("#eval", ("en", None)),
            ("é", ("en", None)),
        ] {
            let (language, region) = language(tag);
            assert_eq!((language.as_str(), region.as_deref()), expected, "{tag}");
        }
    }

    #[test]
    fn a_long_title_is_cut_for_the_header() {
        assert_eq!(short("Short"), "Short");
        assert_eq!(short(&"ä".repeat(200)).chars().count(), SHORT + 1);
    }
}
