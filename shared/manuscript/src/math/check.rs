//! What the outputs must be, whatever is read: checks for tests.

/// The calls that a formula is made of.
const VOCABULARY: [&str; 58] = [
    "acute",
    "align",
    "arrow",
    "attach",
    "augment",
    "b",
    "binom",
    "breve",
    "cancel",
    "caron",
    "cases",
    "circle",
    "delim",
    "display",
    "dot",
    "double",
    "frac",
    "gap",
    "grave",
    "harpoon",
    "hat",
    "inline",
    "l",
    "limits",
    "lr",
    "lt",
    "mat",
    "mid",
    "op",
    "overbrace",
    "overbracket",
    "overline",
    "overparen",
    "overshell",
    "r",
    "reverse",
    "root",
    "row",
    "script",
    "scripts",
    "size",
    "sqrt",
    "sscript",
    "t",
    "tilde",
    "underbrace",
    "underbracket",
    "underline",
    "underparen",
    "undershell",
    "hline",
    "vline",
    "true",
    "none",
    "left",
    "center",
    "right",
    "em",
];

/// What stands behind a `#`; a number of em is checked apart.
const CODE: [&str; 8] = [
    "h(",
    "none",
    "true",
    "left",
    "center",
    "right",
    "(hline: (",
    "box(stroke: 0.5pt, inset: 0.3em, $",
];

/// Typst's math that can run nothing: strings are closed, brackets are balanced, code is from the list, and no name of more
/// than one letter is foreign.
pub(super) fn assert_fixed_vocabulary(typst: &str) {
    let plain = typst.replace("row-gap: ", "gap: ");
    let mut rest = plain.as_str();
    let mut brackets = Vec::new();
    let mut name = String::new();
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c.is_ascii_alphabetic() {
            name.push(c);
            continue;
        }
        let known = name.len() < 2 || VOCABULARY.contains(&name.as_str());
        assert!(known, "{name} is foreign in {typst}");
        name.clear();
        match c {
            '"' => rest = behind_string(rest).unwrap_or_else(|| panic!("a string is open in {typst}")),
            '\\' => {
                let escaped = rest
                    .chars()
                    .next()
                    .unwrap_or_else(|| panic!("a backslash is last in {typst}"));
                assert!(!escaped.is_ascii_alphanumeric(), "{typst}");
                rest = &rest[escaped.len_utf8()..];
            }
            '#' => {
                if rest.starts_with("hide(") || rest.starts_with("box(") {
                    brackets.push('(');
                }
                rest = behind_code(rest).unwrap_or_else(|| panic!("foreign code in {typst}"));
            }
            '(' => brackets.push(c),
            ')' => assert!(brackets.pop().is_some(), "{typst}"),
            '&' | ' ' | ',' | ';' | ':' | '.' | '$' => {}
            c => assert!(c.is_alphanumeric(), "{c:?} is bare in {typst}"),
        }
    }
    assert!(brackets.is_empty(), "brackets are open in {typst}");
    assert!(name.len() < 2, "{typst}");
}

fn behind_string(text: &str) -> Option<&str> {
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            '"' if !escaped => return Some(&text[index + 1..]),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

fn behind_code(text: &str) -> Option<&str> {
    let number = |text: &str| text.find(|c: char| !matches!(c, '0'..='9' | '.' | '-'));
    if let Some(width) = text.strip_prefix("h(") {
        return width[number(width)?..].strip_prefix("em)");
    }
    if let Some(inner) = text.strip_prefix("hide($").or_else(|| text.strip_prefix(CODE[7])) {
        return Some(inner).filter(|inner| inner.contains("$)"));
    }
    if let Some(lists) = text.strip_prefix(CODE[6]) {
        let end = lists.find("))")?;
        return Some(&lists[end + 2..]);
    }
    if number(text)? > 0 {
        return text[number(text)?..].strip_prefix("em");
    }
    CODE[1..6].iter().find_map(|code| text.strip_prefix(code))
}

/// XML with elements, attributes in double quotes and the five entities; nothing else is in it.
pub(super) fn assert_well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        assert_text(&rest[..start], xml);
        assert!(start == 0 || !open.is_empty(), "{xml}");
        let end = rest[start..]
            .find('>')
            .map(|end| start + end)
            .unwrap_or_else(|| panic!("a tag is open in {xml}"));
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else {
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            assert!(
                !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase()),
                "{xml}"
            );
            assert_attributes(attributes, xml);
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.is_empty(), "{xml}");
}

fn assert_attributes(attributes: &str, xml: &str) {
    let mut rest = attributes;
    let mut seen = Vec::new();
    while !rest.is_empty() {
        let (name, value) = rest
            .split_once("=\"")
            .unwrap_or_else(|| panic!("{attributes} in {xml}"));
        assert!(
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase()),
            "{attributes} in {xml}"
        );
        assert!(!seen.contains(&name), "{name} is twice in {xml}");
        seen.push(name);
        let (value, behind) = value
            .split_once('"')
            .unwrap_or_else(|| panic!("{attributes} in {xml}"));
        assert_text(value, xml);
        assert!(
            behind.is_empty() || behind.starts_with(' '),
            "{attributes} in {xml}"
        );
        rest = behind.trim_start_matches(' ');
    }
}

fn assert_text(text: &str, xml: &str) {
    for piece in text.split('&').skip(1) {
        let entity = piece.split_once(';').map(|(entity, _)| entity);
        assert!(
            matches!(entity, Some("amp" | "lt" | "gt" | "quot" | "apos")),
            "{text} in {xml}"
        );
    }
    let is_space = |c: char| matches!(c, '\n' | '\t' | '\r');
    let allowed = |c: char| (!c.is_control() || is_space(c)) && !matches!(c, '\u{fffe}' | '\u{ffff}');
    assert!(text.chars().all(allowed), "{xml}");
}
