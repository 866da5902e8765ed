//! What other models become.

use imprint_manuscript::import::import;
use imprint_manuscript::{Content, Variant};
use serde_json::{Value, json};

use crate::common::printed;

fn text(text: &str) -> Value {
    json!({"object": "text", "leaves": [{"text": text, "marks": []}]})
}

fn block(kind: &str, nodes: Value) -> Value {
    json!({"object": "block", "type": kind, "data": {}, "nodes": nodes})
}

fn paragraph(words: &str) -> Value {
    block("paragraph", json!([text(words)]))
}

/// A version of 2020.
fn of_2020() -> Value {
    let cell = |words: &str| block("table_cell", json!([paragraph(words)]));
    let row = |words: [&str; 2]| block("table_row", json!(words.map(cell)));
    let mut table = block("table", json!([row(["Name", "Value"]), row(["α_1", "50 %"])]));
    table["data"] = json!({"caption": "All values"});
    let image = json!({"object": "block", "type": "image", "nodes": [text("")],
        "data": {"src": "https://files.example.org/atbd/7/full moon.jpg?v=2", "caption": "The Moon"}});
    let linked = json!({"object": "inline", "type": "link", "data": {"url": "https://example.org/a"}, "nodes": [text("here")]});
    let cited = json!({"object": "inline", "type": "reference", "data": {"id": 12}, "nodes": [text("")]});
    let marked = json!({"object": "text", "leaves": [
        {"text": "x"}, {"text": "2", "marks": [{"type": "superscript"}, {"type": "bold"}]}]});
    let nested = block(
        "list-item",
        json!([
            paragraph("one"),
            block(
                "ordered-list",
                json!([block("list-item", json!([text("inner")]))])
            )
        ]),
    );
    let introduction = json!({"object": "value", "document": {"object": "document", "data": {}, "nodes": [
        block("paragraph", json!([text("See "), linked, text(" and "), cited, marked])),
        block("unordered-list", json!([nested, block("list-item", json!([text("two")]))])),
        block("equation", json!([text("\\frac{a}{b} = \\lambda")])),
        image,
        table,
    ]}});
    let field = |words: &str| json!({"document": {"nodes": [paragraph(words)]}});
    json!({
        "atbd_id": 7, "atbd_version": 1, "title": "Snow", "alias": "snow", "status": "Published",
        "introduction": introduction,
        "historical_perspective": null,
        "algorithm_input_variables": [{"algorithm_input_variable_id": 3, "name": field("Tb"), "long_name": field("Temperature"),
            "unit": field("K")}],
        "algorithm_implementations": [{"algorithm_implementation_id": 5, "access_url": "https://example.org/code",
            "execution_description": field("Run it.")}],
        "publication_references": [{"publication_reference_id": 12, "atbd_id": 7, "authors": "Doe, J.", "year": 2001}],
        "citations": [{"citation_id": 1, "creators": "Doe, J.", "title": "Snow"}],
        "contacts": [{"contact_id": 4, "first_name": "Jane", "last_name": "Doe", "roles": ["Corresponding Author"],
            "mechanisms": [{"mechanism_type": "Email", "mechanism_value": "j@example.org"}]}],
    })
}

/// The same text as a version of 2023.
fn of_2023() -> Value {
    let p = |words: &str| json!({"type": "p", "children": [{"text": words}]});
    let field = |words: &str| json!({"children": [p(words)]});
    let row = |words: [&str; 2]| json!({"type": "tr", "children": words.map(|words| json!({"type": "td", "children": [p(words)]}))});
    let li = |inside: Value| json!({"type": "li", "children": inside});
    let introduction = json!({"children": [
        {"type": "p", "children": [{"text": "See "},
            {"type": "a", "url": "https://example.org/a", "children": [{"text": "here"}]}, {"text": " and "},
            {"type": "ref", "refId": "12", "children": [{"text": ""}]}, {"text": "x"},
            {"text": "2", "bold": true, "superscript": "true"}]},
        {"type": "ul", "children": [
            li(json!([p("one"), {"type": "ol", "children": [li(json!([p("inner")]))]}])), li(json!([p("two")]))]},
        {"type": "equation", "children": [{"text": "\\frac{a}{b} = \\lambda"}]},
        {"type": "image-block", "children": [
            {"type": "img", "objectKey": "full_moon.jpg", "children": [{"text": ""}]},
            {"type": "caption", "children": [{"text": "The Moon"}]}]},
        {"type": "table-block", "children": [
            {"type": "table", "children": [row(["Name", "Value"]), row(["α_1", "50 %"])]},
            {"type": "caption", "children": [{"text": "All values"}]}]},
    ]});
    json!({
        "id": 7, "title": "Snow", "alias": "snow", "status": "PUBLISHED", "version": "v1.0", "major": 1, "minor": 0,
        "document": {
            "introduction": introduction,
            "historical_perspective": {},
            "algorithm_input_variables": [{"name": field("Tb"), "long_name": field("Temperature"), "unit": field("K")}],
            "algorithm_implementations": [{"url": "https://example.org/code", "description": "Run it."}],
            "publication_references": [{"id": "12", "authors": "Doe, J.", "year": "2001", "title": null}],
            "pdf_title": "",
        },
        "citation": {"creators": "Doe, J.", "title": "Snow"},
        "doi": "",
        "keywords": [],
        "contacts": [{"contact": {"id": 4, "first_name": "Jane", "last_name": "Doe", "uuid": null,
            "mechanisms": [{"mechanism_type": "Email", "mechanism_value": "j@example.org"}]},
            "roles": ["Corresponding Author"], "affiliations": []}],
        "locked_by": null, "reviewers": [],
    })
}

#[test]
fn both_models_become_the_same_content() {
    let [old, new] = [of_2020(), of_2023()].map(|version| import(&version).expect("it can be taken over"));
    assert_eq!(Content::read(&old), Content::read(&new));
    insta::assert_json_snapshot!("imported", old);
    let manuscript = printed(&old, Variant::Document);
    assert_eq!(manuscript.front.authors[0].name, "Jane Doe");
    assert_eq!(
        manuscript.warnings.len(),
        1,
        "the image is not stored: {:?}",
        manuscript.warnings
    );
}

#[test]
fn a_document_of_the_oldest_model_alone_becomes_an_introduction() {
    let whole = of_2020()["introduction"].clone();
    let content = import(&whole).expect("it can be taken over");
    let version = import(&of_2020()).expect("it can be taken over");
    assert_eq!(
        content["document"]["introduction"],
        version["document"]["introduction"]
    );
}

#[test]
fn what_was_taken_over_can_be_taken_over_again() {
    let content = import(&of_2020()).expect("it can be taken over");
    assert_eq!(import(&content).as_ref(), Ok(&content));
    let sample = crate::common::sample();
    let again = import(&sample).expect("it can be taken over");
    assert_eq!(Content::read(&again), Content::read(&sample));
}

#[test]
fn nothing_that_somebody_wrote_is_lost_without_a_word() {
    let nodes = |nodes: Value| json!({"document": {"nodes": nodes}});
    let cases = [
        json!([]),
        json!({"document": {"chapter": "x", "empty": ""}}),
        json!({"introduction": nodes(json!([block("video", json!([text("x")]))]))}),
        json!({"introduction": nodes(json!([{"object": "block"}]))}),
        json!({"introduction": nodes(json!([block("paragraph", json!([paragraph("x")]))]))}),
        json!({"introduction": nodes(json!([block("unordered-list", json!([text("x")]))]))}),
        json!({"introduction": nodes(json!([block("image", json!([]))]))}),
        json!({"introduction": nodes(json!(["x"]))}),
        json!({"introduction": nodes(json!("x"))}),
        json!({"document": {"introduction": {"children": [{"type": "video"}]}}}),
        json!({"document": {}, "doi": "x"}),
    ];
    let told = cases.iter().map(|old| {
        let problems = import(old).expect_err("it cannot be taken over");
        let lines = problems
            .iter()
            .map(|problem| format!("{}: {}\n", problem.path, problem.message));
        format!("{old}\n{}", lines.collect::<String>())
    });
    insta::assert_snapshot!("not_imported", told.collect::<Vec<_>>().join("\n"));
}
