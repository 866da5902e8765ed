//! Which links a document may have.

/// The longest address, in bytes.
const MAX_BYTES: usize = 2_048;

/// The address of a link that may be printed: `http`, `https` or `mailto`, without white space and control characters. The
/// scheme comes back in lower case.
pub(crate) fn checked_url(url: &str) -> Option<String> {
    let url = url.trim();
    let harmless = |c: char| !c.is_whitespace() && !c.is_control() && !is_invisible(c);
    if url.len() > MAX_BYTES || !url.chars().all(harmless) {
        return None;
    }
    let (scheme, rest) = url.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let complete = match scheme.as_str() {
        "http" | "https" => rest
            .strip_prefix("//")
            .is_some_and(|host| !host.is_empty() && !host.starts_with('/')),
        "mailto" => rest.contains('@'),
        _ => false,
    };
    complete.then(|| format!("{scheme}:{rest}"))
}

/// Characters that change the order in which others are shown, or that nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_pages_and_people_are_links() {
        for (url, expected) in [
            ("https://example.org/a?b=c#d", Some("https://example.org/a?b=c#d")),
            ("HTTP://example.org", Some("http://example.org")),
            (" https://example.org ", Some("https://example.org")),
            ("mailto:jane@example.org", Some("mailto:jane@example.org")),
            (
                "MailTo:jane@example.org?subject=x",
                Some("mailto:jane@example.org?subject=x"),
            ),
            ("https://example.org/é", Some("https://example.org/é")),
            ("javascript:alert(1)", None),
            ("JavaScript:alert(1)", None),
            ("java\nscript:alert(1)", None),
            ("\u{1}javascript:alert(1)", None),
            ("data:text/html,<script>", None),
            ("vbscript:x", None),
            ("file:///etc/passwd", None),
            ("ftp://example.org", None),
            ("//example.org", None),
            ("/path", None),
            ("path", None),
            ("", None),
            ("https:", None),
            ("https://", None),
            ("https:///path", None),
            ("mailto:", None),
            ("https://example.org/a b", None),
            ("https://example.org/\u{202e}gpj", None),
        ] {
            assert_eq!(checked_url(url).as_deref(), expected, "{url:?}");
        }
    }

    #[test]
    fn an_address_has_a_greatest_length() {
        let longest = format!("https://example.org/{}", "a".repeat(MAX_BYTES - 20));
        assert_eq!(checked_url(&longest).as_deref(), Some(longest.as_str()));
        assert_eq!(checked_url(&format!("{longest}a")), None);
    }
}
