//! Where links and images of a page lead: which addresses are kept, as what, and what of them says something.

use std::borrow::Cow;

/// A longer address is none that anybody follows.
const MAX_BYTES: usize = 2_048;

/// An address as a browser would take it, if it leads anywhere: without white space around it and line ends in it, and only of
/// the schemes below or relative. One that would run something or carries its content itself is none.
pub(crate) fn address(written: &str) -> Option<String> {
    let address: String = written
        .trim_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| crate::clean::is_text(*c))
        .collect();
    let known = match scheme(&address) {
        Some(scheme) => {
            ["http", "https", "mailto", "ftp", "tel"].contains(&scheme.to_ascii_lowercase().as_str())
        }
        None => true,
    };
    (known && !address.is_empty() && address.len() <= MAX_BYTES).then_some(address)
}

/// The address of an image, if it is elsewhere than in the page itself.
pub(crate) fn image_address(written: &str) -> Option<String> {
    address(written).filter(|address| {
        scheme(address)
            .is_none_or(|scheme| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
    })
}

/// What stands before the first colon, if that is a scheme and no part of a path.
fn scheme(address: &str) -> Option<&str> {
    let (scheme, _) = address.split_once(':')?;
    let is_one = !scheme.contains(['/', '?', '#']);
    is_one.then_some(scheme)
}

/// Where the page is: what its relative links start from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    /// How many directories up are still within the edition.
    depth: usize,
    /// A page whose `<base>` moves its links: where they lead is not known here.
    moved: bool,
}

impl Start {
    pub(crate) fn new(path: &str, moved: bool) -> Self {
        let depth = path
            .split('/')
            .filter(|part| !part.is_empty())
            .count()
            .saturating_sub(1);
        Self { depth, moved }
    }

    /// The link as the Markdown twin of the page has it: to the other page's twin where it leads to a page of the same
    /// edition, else as it is.
    pub(crate) fn twin<'a>(self, address: &'a str) -> Cow<'a, str> {
        let end = address.find(['?', '#']).unwrap_or(address.len());
        let (path, rest) = address.split_at(end);
        if self.moved
            || scheme(address).is_some()
            || path.starts_with('/')
            || path.is_empty()
            || !self.is_inside(path)
        {
            return Cow::Borrowed(address);
        }
        match path.rsplit_once('/').map_or(path, |(_, name)| name) {
            "" => Cow::Owned(format!("{path}index.md{rest}")),
            "." | ".." => Cow::Owned(format!("{path}/index.md{rest}")),
            _ => match crate::site::markdown_path(path) {
                Some(twin) => Cow::Owned(format!("{twin}{rest}")),
                None => Cow::Borrowed(address),
            },
        }
    }

    fn is_inside(self, path: &str) -> bool {
        let mut depth = self.depth;
        for part in path.split('/') {
            match part {
                "." | "" => {}
                ".." => match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => return false,
                },
                _ => depth += 1,
            }
        }
        true
    }
}

/// An address for comparison: the hashes and queries by which generators name the content of an asset say nothing that its
/// name does not. Those of pages stay.
pub(crate) fn without_hashes(address: &str) -> String {
    let elsewhere = scheme(address).is_some() || address.starts_with("//");
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let (path, rest) = address.split_at(end);
    let name = path.rsplit('/').next().unwrap_or_default();
    // By now some lead to twins.
    let is_page = !name.contains('.') || name.ends_with(".md") || crate::site::markdown_path(name).is_some();
    if elsewhere || is_page {
        return address.to_owned();
    }
    let parts: Vec<_> = path.split('/').map(without_hash).collect();
    let fragment = rest.find('#').map_or("", |at| &rest[at..]);
    format!("{}{fragment}", parts.join("/"))
}

/// A part of a path whose words that are hashes are stars.
fn without_hash(part: &str) -> String {
    let words = part.split_inclusive(['-', '_', '.']);
    words
        .map(|word| {
            let bare = word.trim_end_matches(['-', '_', '.']);
            if is_hash(bare) {
                format!("*{}", &word[bare.len()..])
            } else {
                word.to_owned()
            }
        })
        .collect()
}

/// Eight or more hexadecimal digits, or as many letters of both cases with digits among them: no word and no date.
fn is_hash(word: &str) -> bool {
    let has = |test: fn(&u8) -> bool| word.bytes().any(|byte| test(&byte));
    let digits = has(u8::is_ascii_digit);
    let hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit()) && has(u8::is_ascii_alphabetic);
    let mixed = word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase);
    word.len() >= 8 && digits && (hexadecimal || mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leads_somewhere_is_an_address() {
        for (written, expected) in [
            (" b.html#x ", Some("b.html#x")),
            ("HTTPS://example.org/?a=b", Some("HTTPS://example.org/?a=b")),
            ("mailto:jane@example.org", Some("mailto:jane@example.org")),
            ("a/b:c.html", Some("a/b:c.html")),
            ("#x:y", Some("#x:y")),
            ("//example.org/x", Some("//example.org/x")),
            ("javascript:alert(1)", None),
            (" \u{1}JavaScript:alert(1)", None),
            ("java\nscript:alert(1)", None),
            ("java\u{0}script:alert(1)", None),
            ("data:text/html,x", None),
            ("vbscript:x", None),
            ("file:///etc/passwd", None),
            ("", None),
            ("  ", None),
        ] {
            assert_eq!(address(written).as_deref(), expected, "{written:?}");
        }
        assert_eq!(address(&"a".repeat(MAX_BYTES + 1)), None);
        assert_eq!(image_address("mailto:x"), None);
        assert_eq!(image_address("data:image/png;base64,AAAA"), None);
    }

    #[test]
    fn links_to_pages_of_the_edition_lead_to_their_twins() {
        let start = Start::new("a/b.html", false);
        for (address, expected) in [
            ("c.html", "c.md"),
            ("c.html#x", "c.md#x"),
            ("../c.HTM?q#x", "../c.md?q#x"),
            ("c/", "c/index.md"),
            ("..", "../index.md"),
            ("./#x", "./index.md#x"),
            ("#x", "#x"),
            ("../../c.html", "../../c.html"),
            ("d/../../../c.html", "d/../../../c.html"),
            ("/c.html", "/c.html"),
            ("//example.org/c.html", "//example.org/c.html"),
            ("https://example.org/c.html", "https://example.org/c.html"),
            ("c.pdf", "c.pdf"),
            ("c", "c"),
        ] {
            assert_eq!(start.twin(address), expected, "{address}");
        }
        assert_eq!(Start::new("a/b.html", true).twin("c.html"), "c.html");
    }

    #[test]
    fn hashes_of_assets_are_left_out_and_nothing_else() {
        for (address, expected) in [
            ("_images/plot.png?v=0c1d2e3f", "_images/plot.png"),
            ("img/plot-0c1d2e3f.png", "img/plot-*.png"),
            ("assets/plot-BqX1z0Ab.png", "assets/plot-*.png"),
            (
                "_downloads/f9118fd1265e816dda64be976b44c206/a.csv",
                "_downloads/*/a.csv",
            ),
            ("img/2031-04-02.png", "img/2031-04-02.png"),
            ("img/20310402.png", "img/20310402.png"),
            ("img/facade.png", "img/facade.png"),
            ("a-0c1d2e3f.html?x#y", "a-0c1d2e3f.html?x#y"),
            ("a-0c1d2e3f.md?x#y", "a-0c1d2e3f.md?x#y"),
            ("a/?x", "a/?x"),
            ("https://example.org/a.png?id=1", "https://example.org/a.png?id=1"),
        ] {
            assert_eq!(without_hashes(address), expected, "{address}");
        }
    }
}
