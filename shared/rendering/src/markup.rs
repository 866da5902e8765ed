//! Text that becomes part of markup.

use crate::references::fields::is_noncharacter;

/// Text as XML and HTML take it, between tags and within quoted attributes. What neither may contain is dropped.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || is_noncharacter(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// One segment of a URL's path.
pub(crate) fn segment(name: &str) -> String {
    percent(name, |b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

/// A whole URL, in which only what no URL contains is replaced.
pub(crate) fn url(url: &str) -> String {
    let url = percent(url.trim(), |b| {
        b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b)
    });
    // A percent sign that begins no escape is one itself.
    let mut pieces = url.split('%');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_escape = piece.len() >= 2 && piece.bytes().take(2).all(|b| b.is_ascii_hexdigit());
        out.push_str(if is_escape { "%" } else { "%25" });
        out.push_str(piece);
    }
    out
}

/// Whether a link may lead there from a page.
pub(crate) fn is_outward(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    url.contains(':') && matches!(scheme.as_str(), "http" | "https" | "mailto")
}

fn percent(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{escape, is_outward, segment, url};
    use proptest::prelude::*;

    #[test]
    fn text_never_becomes_markup() {
        assert_eq!(
            escape("<a href=\"x\" id='y'>&amp;\u{0}\u{FFFE}"),
            "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;"
        );
    }

    #[test]
    fn a_name_never_leaves_its_folder() {
        assert_eq!(segment("../a b\"?#.png"), "..%2Fa%20b%22%3F%23.png");
    }

    #[test]
    fn a_percent_sign_that_begins_no_escape_is_escaped() {
        assert_eq!(
            url("https://a.org/50%_done%20%e2%9%\u{e9}{"),
            "https://a.org/50%25_done%20%e2%259%25%C3%A9%7B"
        );
    }

    #[test]
    fn only_links_of_known_kinds_lead_outward() {
        for (link, outward) in [
            ("https://example.org", true),
            ("MAILTO:a@b", true),
            ("javascript:alert(1)", false),
            (" javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("//example.org", false),
            ("https", false),
        ] {
            assert_eq!(is_outward(link), outward, "{link}");
        }
    }

    proptest! {
        #[test]
        fn escaped_text_has_no_sign_of_markup(text in any::<String>()) {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            let rest = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].iter().fold(escaped, |t, e| t.replace(e, ""));
            prop_assert!(!rest.contains('&'));
        }

        #[test]
        fn urls_are_plain_ascii(text in any::<String>()) {
            let url = url(&text);
            let is_plain = url.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"\\^`{}|".contains(&b));
            prop_assert!(is_plain);
        }
    }
}
