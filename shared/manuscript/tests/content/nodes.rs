//! What each kind of node is printed as.

use imprint_manuscript::Variant;
use imprint_manuscript::manuscript::{Block, Inline, WarningCode};
use serde_json::{Value, json};

use crate::common::{about, introduction, pictures, printed, problems, shape};

/// The sections that an introduction with these nodes prints, and the warnings.
fn of(nodes: Value) -> Value {
    let manuscript = printed(&introduction(&nodes), Variant::Document);
    let sections = manuscript
        .sections
        .iter()
        .filter(|one| one.path.starts_with("/document/introduction"));
    json!({"sections": shape(&sections.collect::<Vec<_>>()), "warnings": shape(&manuscript.warnings)})
}

fn golden(name: &str, nodes: Value) {
    insta::assert_json_snapshot!(name, of(nodes));
}

#[test]
fn text_and_what_stands_in_it_have_their_forms() {
    golden(
        "p",
        json!([{"type": "p", "children": [{"text": "plain "}, {"text": "bold", "bold": true},
        {"text": "italic", "italic": "true"}, {"text": "under", "underline": true},
        {"text": "2", "subscript": true, "bold": "false"}, {"text": "3", "superscript": true}, {},
        {"text": "", "bold": true}, {"text": "a "}, {"text": "whole"}]}]),
    );
    golden(
        "a",
        json!([{"type": "p", "children": [
        {"type": "a", "url": "https://example.org/a?b=c&d", "children": [{"text": "here"}]},
        {"type": "a", "id": "n1", "url": "javascript:alert(1)", "children": [{"text": "not", "bold": true}]},
        {"type": "a", "url": "https://example.org/b", "children": [{"text": ""}]}]}]),
    );
    golden(
        "ref",
        json!([{"type": "p", "children": [
        {"text": "x "}, {"type": "ref", "refId": "doe", "children": [{"text": ""}]}, {"text": " "}, {},
        {"type": "ref", "refId": "roe", "children": [{"text": ""}]},
        {"type": "ref", "refId": "doe"}, {"text": ", "}, {"type": "ref", "refId": "roe", "children": [{}]},
        {"type": "ref", "refId": "zoe", "id": "n7", "children": [{"text": ""}]}]}]),
    );
}

#[test]
fn equations_and_lists_have_their_forms() {
    golden(
        "equation",
        json!([{"type": "equation", "children": [{"text": "a + b"}]},
        {"type": "equation", "id": "Mass & Energy", "children": [{"text": "E = m"}]},
        {"type": "equation", "children": [{"text": "c"}]}]),
    );
    golden(
        "equation-inline",
        json!([{"type": "p", "children": [{"text": "where "},
        {"type": "equation-inline", "children": [{"text": "x"}]}, {"text": " is"}]}]),
    );
    golden(
        "lists",
        json!([{"type": "ul", "children": [
        {"type": "li", "children": [{"type": "p", "children": [{"text": "one"}]},
            {"type": "ol", "children": [{"type": "li", "children": [{"type": "p", "children": [{"text": "inner"}]}]}]}]},
        {"type": "li", "children": [{"type": "p", "children": [{"text": ""}]}]}]}]),
    );
}

#[test]
fn headings_images_and_tables_have_their_forms() {
    golden(
        "sub-section",
        json!([{"type": "p", "children": [{"text": "before"}]},
        {"type": "sub-section", "id": "My Part", "children": [{"text": "Part"}]},
        {"type": "p", "children": [{"text": "in it"}]},
        {"type": "equation", "children": [{"text": "x"}]},
        {"type": "sub-section", "children": [{"text": "Größe", "italic": true}]},
        {"type": "sub-section", "children": [{"text": "雪"}]}]),
    );
    golden(
        "image-block",
        json!([{"type": "image-block", "id": "n2", "children": [
            {"type": "caption", "children": [{"text": "A  map of "}, {"type": "ref", "refId": "doe", "children": [{}]},
                {"type": "a", "url": "https://example.org/m", "children": [{"text": "ice"}]}]},
            {"type": "img", "objectKey": "a.png", "children": [{"text": ""}]}]},
        {"type": "image-block", "children": [
            {"type": "img", "objectKey": "a.png"}, {"type": "caption", "children": [{"text": ""}]}]}]),
    );
    golden(
        "table-block",
        json!([{"type": "table-block", "children": [
        {"type": "table", "children": [
            {"type": "tr", "children": [{"type": "td", "children": [{"type": "p", "children": [{"text": "h"}]}]}]},
            {"type": "tr", "children": [{"type": "td", "children": [{"type": "p", "children": [{"text": "a"}]},
                {"type": "p", "children": [{"text": "b"}]}]}, {"type": "td", "children": []}]}]},
        {"type": "caption", "children": [{"text": "All"}]}]}]),
    );
}

#[test]
fn an_image_that_cannot_be_shown_is_named_and_keeps_its_caption() {
    golden(
        "image-missing",
        json!([{"type": "image-block", "children": [
            {"type": "img", "objectKey": "gone.png"}, {"type": "caption", "children": [{"text": "It"}]}]},
        {"type": "image-block", "children": [
            {"type": "img", "objectKey": "bad.png"}, {"type": "caption", "children": [{"text": ""}]}]}]),
    );
}

#[test]
fn an_equation_that_cannot_be_set_is_printed_as_its_source_with_a_warning() {
    let long = "é".repeat(150) + "\\frac{" + &"é".repeat(150);
    let nodes = json!([
        {"type": "equation", "children": [{"text": "a"}]},
        {"type": "equation", "id": "n9", "children": [{"text": "\\frac{"}]},
        {"type": "p", "children": [{"type": "equation-inline", "children": [{"text": long}]}]},
        {"type": "equation", "children": [{"text": "b"}]},
    ]);
    let manuscript = printed(&introduction(&nodes), Variant::Document);
    let equations = manuscript.sections.iter().flat_map(|section| &section.blocks);
    let numbers: Vec<_> = equations
        .filter_map(|block| match block {
            Block::Equation { number, .. } => Some(*number),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [Some(1), None, Some(2)]);
    let [first, second] = &manuscript.warnings[..] else {
        panic!("{:?}", manuscript.warnings)
    };
    assert_eq!(
        (first.code, first.snippet.as_str()),
        (WarningCode::Equation, "\\frac{")
    );
    assert_eq!(first.path, "/document/introduction/children/1");
    assert_eq!(first.node_id.as_deref(), Some("n9"));
    assert!(!first.message.is_empty());
    assert_eq!(second.path, "/document/introduction/children/2/children/0");
    assert_eq!(second.snippet.chars().count(), 200);
}

#[test]
fn a_fixed_section_keeps_its_id_whatever_an_author_calls_his() {
    let nodes = json!([{"type": "sub-section", "id": "data-access", "children": [{"text": "x"}]}]);
    let manuscript = printed(&introduction(&nodes), Variant::Document);
    let id = |path: &str| {
        let found = manuscript.sections.iter().find(|section| section.path == path);
        found.map(|section| section.id.clone())
    };
    assert_eq!(
        id("/document/introduction/children/0").as_deref(),
        Some("data-access-2")
    );
    assert!(
        manuscript
            .sections
            .iter()
            .any(|section| section.id == "data-access")
    );
}

#[test]
fn characters_that_no_output_can_hold_are_left_out() {
    let nodes = json!([{"type": "p", "children": [{"text": "a\u{0}b\u{1b}[1m\u{fffe}\tc\nd\u{85}\r"}, {"text": "\u{7}"}]}]);
    let manuscript = printed(&introduction(&nodes), Variant::Document);
    let section = manuscript
        .sections
        .iter()
        .find(|one| one.id == "introduction")
        .expect("it is there");
    let [Block::Paragraph { content }] = &section.blocks[..] else {
        panic!("{section:?}")
    };
    let [Inline::Text { text, .. }] = &content[..] else {
        panic!("{content:?}")
    };
    assert_eq!(text, "ab[1m\tc\nd");
}

#[test]
fn nodes_that_nobody_knows_are_refused_and_kept_as_text_where_they_are_stored() {
    let nodes = json!([
        {"type": "p", "children": [{"text": "a "}, {"type": "footnote", "children": [{"text": "noted"}]}]},
        {"type": "video", "id": "v", "children": [{"type": "p", "children": [{"text": "b"}]},
            {"type": "p", "children": [{"text": "c"}, {"text": "d"}]}]},
    ]);
    let content = introduction(&nodes);
    assert_eq!(problems(&content).len(), 2);
    let (content, warnings) = imprint_manuscript::Content::read_stored(&content);
    let manuscript = content.manuscript(&about(), &pictures(), Variant::Document);
    let section = manuscript.sections.iter().find(|one| one.id == "introduction");
    insta::assert_json_snapshot!("stored", json!({"section": section, "warnings": warnings}));
}
