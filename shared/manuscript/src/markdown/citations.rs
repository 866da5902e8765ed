//! `[@id]` and `[@id; @other]`.

use pulldown_cmark::{BrokenLink, CowStr, LinkType};

/// What the parser takes for a link to nowhere, and is a citation.
pub(super) fn link<'a>(link: BrokenLink<'a>) -> Option<(CowStr<'a>, CowStr<'a>)> {
    let is_citation = link.link_type == LinkType::Shortcut && ids(&link.reference).is_some();
    is_citation.then_some((CowStr::Borrowed(""), CowStr::Borrowed("")))
}

/// The ids in what stands between the brackets, if every part of it is one.
pub(super) fn ids(label: &str) -> Option<Vec<&str>> {
    label
        .split(';')
        .map(|part| {
            part.trim()
                .strip_prefix('@')
                .filter(|id| !id.is_empty() && !id.contains(['@', '[', ']']))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_is_made_of_ids_only() {
        for (label, expected) in [
            ("@a", Some(vec!["a"])),
            ("@a; @b", Some(vec!["a", "b"])),
            (" @doe:2020_x ;@10.5/x ", Some(vec!["doe:2020_x", "10.5/x"])),
            ("@a; see b", None),
            ("a", None),
            ("@", None),
            ("@a;", None),
            ("", None),
            ("a@b", None),
        ] {
            assert_eq!(ids(label), expected, "{label}");
        }
    }
}
