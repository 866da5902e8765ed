//! Works in the style of the APA.

use std::collections::{BTreeMap, BTreeSet};

use imprint_manuscript::manuscript::Reference;
use imprint_rendering::references::{Bibliography, bibliography};
use proptest::prelude::*;

use crate::sample::{reference, works};

/// The list as text: italics in `_`, links in `<>`.
fn shown(bibliography: &Bibliography) -> String {
    let mut lines = Vec::new();
    for entry in &bibliography.entries {
        let text: String = entry
            .text
            .iter()
            .map(|span| match (&span.url, span.italic) {
                (Some(_), _) => format!("<{}>", span.text),
                (None, true) => format!("_{}_", span.text),
                (None, false) => span.text.clone(),
            })
            .collect();
        lines.push(format!(
            "[{}] {}: {text}",
            bibliography.citations[entry.reference], entry.anchor
        ));
    }
    lines.join("\n")
}

#[test]
fn works_of_every_kind() {
    let mut works = works();
    works.extend([
        reference(
            "web",
            &[
                ("authors", "World Health Organization"),
                ("title", "Air"),
                ("year", "2020-03"),
                ("online_resource", "http://example.org/air retrieved in May"),
            ],
        ),
        reference(
            "ftp",
            &[
                ("authors", "Jane van Doe; Roe JQ"),
                ("title", "Data set"),
                ("online_resource", "ftp://example.org"),
                ("doi", "none"),
            ],
        ),
        reference("only", &[("other_reference_details", "Personal communication")]),
        reference(
            "many",
            &[
                ("authors", "A. Alpha, B. Beta, C. Gamma and D. Delta"),
                ("title", "Many"),
                ("year", "1999"),
                ("series", "Letters"),
                ("doi", "DOI: 10.1/x_y"),
            ],
        ),
        reference(
            "book",
            &[
                ("authors", "Knuth, D.E."),
                ("title", "Fundamental algorithms"),
                ("publisher", "Addison-Wesley"),
                ("year", "1968"),
                ("volume", "1"),
                ("series", "The art"),
                ("pages", "1--9"),
            ],
        ),
    ]);
    insta::assert_snapshot!(shown(&bibliography(&works)));
}

#[test]
fn authors_as_people_type_them() {
    let mut lines = Vec::new();
    for authors in [
        "Doe, J. Q.",
        "Doe, Jane",
        "Jane Doe",
        "Jane Q. Doe",
        "Doe JQ",
        "Doe, J.Q.",
        "Doe, J., Roe, R.",
        "Doe, J., & Roe, R.",
        "Doe, J. and Roe, R.",
        "Jane Doe, Richard Roe",
        "Jane Doe and Richard Roe",
        "Doe, J.; Roe, R.; Poe, E. A.",
        "Doe, Jane\nRoe, Richard",
        "Ludwig van Beethoven",
        "van Gogh, V.",
        "Doe, J., Jr.",
        "NASA",
        "National Aeronautics and Space Administration",
        "MODIS Science Team",
        "Doe, J., et al.",
        "Doe, Jean-Paul",
        "Doe, J.-P.",
        "Doe, J., Roe",
        "a, b, c, d, e",
        "山田 太郎",
    ] {
        let shown = shown(&bibliography(&[reference(
            "x",
            &[("authors", authors), ("title", "T"), ("year", "2000")],
        )]));
        lines.push(format!("{authors:?} {shown}"));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn works_of_one_author_and_year_are_told_apart() {
    let of = |id, title| reference(id, &[("authors", "Doe, J."), ("title", title), ("year", "2019")]);
    let list = bibliography(&[of("two", "Beta"), of("one", "Alpha")]);
    assert_eq!(list.citations, ["Doe, 2019b", "Doe, 2019a"]);
    assert_eq!(
        list.entries
            .iter()
            .map(|entry| entry.reference)
            .collect::<Vec<_>>(),
        [1, 0]
    );
}

#[test]
fn works_stand_in_the_order_of_their_authors() {
    let of = |name| reference(name, &[("authors", name), ("title", "T"), ("year", "2019")]);
    let list = bibliography(&[of("Zoe, A."), of("Abe, B."), of("Émile, C."), of("abbot, D.")]);
    let order: Vec<&str> = list
        .entries
        .iter()
        .map(|entry| list.citations[entry.reference].as_str())
        .collect();
    assert_eq!(order, ["abbot, 2019", "Abe, 2019", "Émile, 2019", "Zoe, 2019"]);
}

#[test]
fn a_work_of_which_nothing_is_said_is_its_id() {
    let list = bibliography(&[reference("smith-2001", &[]), reference("", &[])]);
    assert_eq!(list.entries[0].text[0].text, "smith-2001");
    assert_eq!(list.citations, ["smith-2001", "Reference 2"]);
    assert_eq!(list.entries[1].anchor, "ref-2");
}

#[test]
fn anchors_differ_even_where_ids_do_not() {
    let list = bibliography(&["A b", "a-b", "a_b", "ab", ""].map(|id| reference(id, &[])));
    let anchors: Vec<&str> = list.entries.iter().map(|entry| entry.anchor.as_str()).collect();
    assert_eq!(anchors, ["ref-a-b", "ref-a-b-2", "ref-a-b-3", "ref-ab", "ref-5"]);
}

#[test]
fn more_works_than_can_be_told_apart_are_still_listed() {
    let works: Vec<Reference> = (0..3_000)
        .map(|_| reference("x", &[("authors", "Doe, J."), ("title", "T"), ("year", "2000")]))
        .collect();
    let list = bibliography(&works);
    assert_eq!(
        (list.entries.len(), list.citations[7].as_str()),
        (3_000, "Doe, 2000")
    );
}

fn any_reference() -> impl Strategy<Value = Reference> {
    const NAMES: [&str; 15] = [
        "authors",
        "title",
        "series",
        "edition",
        "volume",
        "issue",
        "publication_place",
        "publisher",
        "pages",
        "isbn",
        "year",
        "report_number",
        "doi",
        "online_resource",
        "other_reference_details",
    ];
    let value = prop_oneof![
        any::<String>(),
        "[0-9a-zA-Z.,;&() \n-]{0,20}",
        "(https?://|10\\.)[ -~]{0,12}",
        "[0-9]{1,6}"
    ];
    let fields = prop::collection::btree_map(
        prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
        value,
        0..15,
    );
    (any::<String>(), fields)
        .prop_map(|(id, fields): (String, BTreeMap<String, String>)| Reference { id, fields })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_typed_every_work_is_listed_once(works in prop::collection::vec(any_reference(), 0..5)) {
        let list = bibliography(&works);
        prop_assert_eq!(&list, &bibliography(&works));
        prop_assert_eq!(list.citations.len(), works.len());
        let listed: BTreeSet<usize> = list.entries.iter().map(|entry| entry.reference).collect();
        prop_assert!(listed.len() == works.len() && list.entries.len() == works.len());
        let anchors: BTreeSet<&str> = list.entries.iter().map(|entry| entry.anchor.as_str()).collect();
        prop_assert_eq!(anchors.len(), works.len());
        for entry in &list.entries {
            prop_assert!(entry.anchor.starts_with("ref-") && entry.anchor.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
            let text: String = entry.text.iter().map(|span| span.text.as_str()).collect();
            prop_assert!(!text.is_empty() && !text.chars().any(char::is_control), "{text:?}");
            prop_assert!(entry.text.iter().flat_map(|span| &span.url).all(|url| url.to_lowercase().starts_with("http")));
        }
        prop_assert!(list.citations.iter().all(|citation| !citation.is_empty() && !citation.chars().any(char::is_control)));
    }
}
