//! Texts, as they are taken into a manuscript.

use serde_json::Value;

/// The most characters of a snippet in a warning.
const MAX_SNIPPET: usize = 200;

/// A text without what no output can hold: control characters other than line breaks and tabs, and the two characters
/// that XML forbids besides.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|&one| is_printable(one)).collect()
}

fn is_printable(one: char) -> bool {
    matches!(one, '\n' | '\t') || !(one.is_control() || matches!(one, '\u{fffe}' | '\u{ffff}'))
}

/// A text on one line: all white space is single spaces.
pub(crate) fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of a text, for a warning.
pub(crate) fn snippet(text: &str) -> String {
    clean(text).chars().take(MAX_SNIPPET).collect()
}

/// A name that an author typed, short enough for a message.
pub(crate) fn shown(name: &str) -> String {
    const MAX_SHOWN: usize = 60;
    let name = one_line(name);
    match name.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

/// What a text is called in an address: lower case letters, digits and single `-`; empty when it has none of these.
pub(crate) fn slug(text: &str) -> String {
    const MAX_SLUG: usize = 64;
    let mut slug = String::new();
    for one in text.chars() {
        if slug.len() == MAX_SLUG {
            break;
        }
        if one.is_ascii_alphanumeric() {
            slug.push(one.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// Whether an image can have this name: it is part of a URL and of a key, and never a path.
pub(crate) fn is_image_name(name: &str) -> bool {
    const MAX_NAME: usize = 128;
    name.len() <= MAX_NAME
        && name.starts_with(|one: char| one.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '.' | '_' | '-'))
}

/// All texts below a value, whatever its shape, one string for each node that stands on a line of its own. Does not
/// recurse: the value may be nested as deep as it likes.
pub(crate) fn flatten(value: &Value) -> Vec<String> {
    flatten_start(value, usize::MAX)
}

/// The beginning of all texts below a value, at least so many bytes of it.
pub(super) fn flatten_start(value: &Value, bytes: usize) -> Vec<String> {
    let mut left = bytes;
    let mut lines = vec![String::new()];
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => {
                if let Some(line) = lines.last_mut() {
                    line.push_str(&clean(text));
                }
                left = left.saturating_sub(text.len());
                if left == 0 {
                    break;
                }
            }
            Value::Array(values) => open.extend(values.iter().rev()),
            Value::Object(node) => {
                let own_line = match node.get("type").and_then(Value::as_str) {
                    Some(kind) => !matches!(kind, "a" | "ref" | "equation-inline" | "link"),
                    None => !node.contains_key("text"),
                };
                if own_line {
                    lines.push(String::new());
                }
                let inside = ["nodes", "leaves", "children", "text"];
                open.extend(inside.iter().filter_map(|key| node.get(*key)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_slug_has_only_what_an_address_takes() {
        for (text, expected) in [
            ("Scientific Theory", "scientific-theory"),
            ("  2 × 3 = 6? ", "2-3-6"),
            ("海", ""),
            ("Größe", "gr-e"),
            ("--a--", "a"),
        ] {
            assert_eq!(slug(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_image_name_is_never_a_path() {
        for good in ["a.png", "A-1_b.jpg", "0"] {
            assert!(is_image_name(good), "{good:?}");
        }
        for bad in [
            "",
            ".png",
            "../a.png",
            "a/b.png",
            "a b.png",
            "ä.png",
            "-a",
            &"a".repeat(129),
        ] {
            assert!(!is_image_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn flattening_keeps_the_order_of_what_is_read() {
        let old = json!({"type": "box", "nodes": [
            {"type": "p", "children": [{"text": "a "}, {"type": "a", "children": [{"text": "b"}]}, {"text": " c"}]},
            {"type": "paragraph", "nodes": [{"object": "text", "leaves": [{"text": "d"}, {"text": "e"}]}]},
        ]});
        assert_eq!(flatten(&old), ["a b c", "de"]);
    }

    proptest! {
        #[test]
        fn a_snippet_is_short_and_prints(text in ".{0,400}") {
            let snippet = snippet(&text);
            prop_assert!(snippet.chars().count() <= MAX_SNIPPET);
            prop_assert!(snippet.chars().all(is_printable));
        }

        #[test]
        fn a_slug_is_empty_or_an_id(text in ".{0,100}") {
            let slug = slug(&text);
            prop_assert!(slug.is_empty() || slug.starts_with(|one: char| one.is_ascii_alphanumeric()));
            prop_assert!(slug.chars().all(|one| matches!(one, 'a'..='z' | '0'..='9' | '-')));
        }
    }
}
