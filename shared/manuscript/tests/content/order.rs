//! The order of a manuscript, and what its two forms differ in.

use imprint_manuscript::manuscript::{Block, Inline, Section};
use imprint_manuscript::{Manuscript, Variant};
use serde_json::{Value, json};

use crate::common::{printed, read, sample, shape};

fn plain(inlines: &[Inline]) -> String {
    let text = |inline: &Inline| match inline {
        Inline::Text { text, .. } => text.clone(),
        other => format!("{other:?}"),
    };
    inlines.iter().map(text).collect()
}

fn outline(manuscript: &Manuscript) -> String {
    let line = |section: &Section| {
        let number = section.number.as_deref().unwrap_or("-");
        let heading = plain(&section.heading);
        format!(
            "{}{number} {heading} #{}\n",
            "  ".repeat(usize::from(section.level) - 1),
            section.id
        )
    };
    manuscript.sections.iter().map(line).collect()
}

fn text_of(manuscript: &Manuscript, id: &str) -> Vec<String> {
    let section = manuscript
        .sections
        .iter()
        .find(|section| section.id == id)
        .expect("the section is there");
    let text = |block: &Block| match block {
        Block::Paragraph { content } => plain(content),
        other => format!("{other:?}"),
    };
    section.blocks.iter().map(text).collect()
}

#[test]
fn the_sections_stand_in_the_order_that_readers_know() {
    insta::assert_snapshot!("outline_journal", outline(&printed(&sample(), Variant::Journal)));
}

#[test]
fn only_the_journal_form_has_discussion_and_acknowledgements() {
    let journal = outline(&printed(&sample(), Variant::Journal));
    let document = outline(&printed(&sample(), Variant::Document));
    let more: Vec<&str> = journal.lines().filter(|line| !document.contains(line)).collect();
    assert_eq!(
        more,
        [
            "9 Discussion #journal-discussion",
            "- Acknowledgements #journal-acknowledgements"
        ]
    );
    assert!(document.lines().all(|line| journal.contains(line)));
}

#[test]
fn the_whole_sample_is_printed_without_a_warning() {
    let manuscript = printed(&sample(), Variant::Journal);
    assert_eq!(manuscript.warnings, []);
    insta::assert_json_snapshot!("sample", shape(&manuscript));
}

#[test]
fn a_section_in_which_nobody_wrote_says_so() {
    let empty = json!({"document": {"abstract": {"children": [{"type": "p", "children": [{"text": " "}]}]},
        "version_description": {"children": [{"type": "p", "children": [{}]}]}}});
    let manuscript = printed(&empty, Variant::Document);
    for section in &manuscript.sections {
        let expected: &[&str] = match section.id.as_str() {
            "context-background"
            | "algorithm-description"
            | "performance-assessment-validation"
            | "data-access" => &[],
            _ => &["Content Unavailable"],
        };
        assert_eq!(text_of(&manuscript, &section.id), expected, "{}", section.id);
    }
    assert!(
        manuscript
            .sections
            .iter()
            .all(|section| section.id != "version-description")
    );
}

#[test]
fn entries_are_counted_without_those_that_say_nothing() {
    let manuscript = printed(&sample(), Variant::Document);
    let shown = text_of(&manuscript, "algorithm-implementations");
    assert_eq!(shown.len(), 7);
    assert_eq!(shown[0], "Entry #1");
    assert!(shown[1].starts_with("Access URL: Link { url: \"https://github.com/example/snow-depth\""));
    assert_eq!(shown[2], "Description: The reference implementation, in Rust.");
    assert_eq!(shown[3], "Needs 100 MB & one core.");
    assert_eq!(shown[4], "Entry #2");
}

#[test]
fn a_link_of_another_kind_keeps_its_text_in_an_entry() {
    let content = json!({"document": {"data_access_related_urls": [{"url": "file:///etc/passwd"}]}});
    let manuscript = printed(&content, Variant::Document);
    let shown = text_of(&manuscript, "data-access-related-urls");
    assert_eq!(shown, ["Entry #1", "Access URL: file:///etc/passwd"]);
    assert_eq!(manuscript.warnings.len(), 1);
    assert_eq!(
        manuscript.warnings[0].path,
        "/document/data_access_related_urls/0/url"
    );
}

fn front(content: Value) -> imprint_manuscript::manuscript::Front {
    let mut content = content;
    content["document"] = json!({});
    printed(&content, Variant::Journal).front
}

#[test]
fn authors_stand_by_their_names_and_reviewers_do_not() {
    let front = printed(&sample(), Variant::Journal).front;
    insta::assert_json_snapshot!("front", front);
}

#[test]
fn the_corresponding_author_is_the_one_who_says_so_or_can_be_reached_or_is_first() {
    let person = |name: &str, role: &str, email: Option<&str>| {
        let mechanisms: Vec<_> = email
            .iter()
            .map(|email| json!({"mechanism_type": "Email", "mechanism_value": email}))
            .collect();
        json!({"last_name": name, "roles": [role], "mechanisms": mechanisms})
    };
    let reviewer = person("A", "Document Reviewer", Some("a@a.org"));
    let reached = person("C", "Software", Some("c@c.org"));
    let first = person("B", "Software", None);
    let says_so = person("D", "Corresponding Author", None);
    let of = |people: &[&Value]| {
        let corresponding = front(json!({ "contacts": people })).corresponding;
        corresponding.map(|one| (one.name, one.email))
    };
    let some = |name: &str, email: Option<&str>| Some((name.to_owned(), email.map(str::to_owned)));
    assert_eq!(of(&[&reviewer, &reached, &first, &says_so]), some("D", None));
    assert_eq!(of(&[&reviewer, &reached, &first]), some("C", Some("c@c.org")));
    assert_eq!(
        of(&[&reviewer, &person("E", "Software", None), &first]),
        some("B", None)
    );
    assert_eq!(of(&[&reviewer]), None);
}

#[test]
fn a_doi_is_printed_without_its_resolver() {
    for given in [
        "10.5067/A",
        "https://doi.org/10.5067/A",
        "HTTP://DX.DOI.ORG/10.5067/A",
        "doi:10.5067/A",
        " doi: 10.5067/A",
    ] {
        assert_eq!(
            front(json!({ "doi": given })).doi.as_deref(),
            Some("10.5067/A"),
            "{given}"
        );
    }
    assert_eq!(front(json!({ "doi": "" })).doi, None);
}

#[test]
fn images_are_those_that_are_shown() {
    let names: Vec<String> = read(&sample()).images().into_iter().collect();
    assert_eq!(names, ["error_map-2.png", "fullmoon.jpg"]);
}

#[test]
fn markdown_has_the_same_front() {
    let content = json!({"markdown": "# A\n\nb\r\n\u{0}", "keywords": ["k"], "contacts": [{"last_name": "Doe"}],
        "publication_references": [{"id": "a", "year": 2020}]});
    let manuscript = printed(&content, Variant::Document);
    assert_eq!(manuscript.front.keywords, ["k"]);
    assert_eq!(manuscript.front.authors[0].name, "Doe");
    assert_eq!(manuscript.references[0].fields["year"], "2020");
    assert!(manuscript.sections.iter().all(|section| section.id != "keywords"));
}
