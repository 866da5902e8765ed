//! Laws that hold for every content.

use std::collections::HashSet;

use imprint_manuscript::manuscript::{Block, Inline, Math};
use imprint_manuscript::{Content, Manuscript, Variant};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{about, introduction, pictures, sample, shape};

const KEYS: &[&str] = &[
    "type",
    "children",
    "text",
    "id",
    "url",
    "refId",
    "objectKey",
    "bold",
    "document",
    "markdown",
    "introduction",
    "publication_references",
    "contacts",
    "keywords",
    "citation",
    "doi",
    "language",
    "roles",
    "title",
    "mechanisms",
    "algorithm_input_variables",
    "data_access_input_data",
    "description",
    "name",
    "last_name",
    "nodes",
    "leaves",
];

const WORDS: &[&str] = &[
    "p",
    "a",
    "ref",
    "equation",
    "equation-inline",
    "ul",
    "ol",
    "li",
    "sub-section",
    "image-block",
    "img",
    "table-block",
    "table",
    "tr",
    "td",
    "caption",
    "doe",
    "a.png",
    "true",
    "\\frac{",
    "https://a.org",
    "paragraph",
    "",
];

/// Any JSON that is small, with names and words that mean something here.
fn any_json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(KEYS);
    let word = prop::sample::select(WORDS);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        word.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inside| {
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key.clone(), inside), 0..6).prop_map(|fields| {
                fields
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

fn leaf() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[a-zé雪%&_° ~\"#$]{0,12}", "\\PC{0,6}"];
    (text, any::<bool>()).prop_map(|(text, bold)| json!({"text": text, "bold": bold}))
}

fn span() -> impl Strategy<Value = Value> {
    let leaves = || prop::collection::vec(leaf(), 1..3);
    let url = prop::sample::select(vec!["https://a.org/x", "javascript:x", ""]);
    prop_oneof![
        4 => leaf(),
        1 => (url, leaves())
            .prop_map(|(url, inside)| json!({"type": "a", "url": format!("{url}x"), "children": inside})),
        1 => prop::sample::select(vec!["doe", "roe", "zoe"])
            .prop_map(|work| json!({"type": "ref", "refId": work, "children": [{"text": ""}]})),
        1 => prop::sample::select(vec!["a", "\\frac{"])
            .prop_map(|source| json!({"type": "equation-inline", "children": [{"text": source}]})),
    ]
}

fn p() -> impl Strategy<Value = Value> {
    prop::collection::vec(span(), 1..5).prop_map(|spans| json!({"type": "p", "children": spans}))
}

/// A node that a section takes.
fn block() -> impl Strategy<Value = Value> {
    let caption = || {
        prop::collection::vec(leaf(), 1..3).prop_map(|leaves| json!({"type": "caption", "children": leaves}))
    };
    let list = p().prop_recursive(3, 12, 3, |inside| {
        (
            prop::sample::select(vec!["ul", "ol"]),
            prop::collection::vec(inside, 1..4),
        )
            .prop_map(|(kind, inside)| {
                let items = inside
                    .into_iter()
                    .map(|one| json!({"type": "li", "children": [one]}));
                json!({"type": kind, "children": items.collect::<Vec<_>>()})
            })
    });
    let id = prop::option::of(prop::sample::select(vec![
        "a",
        "introduction",
        "ref-1",
        "A B",
        "雪",
        "-",
    ]));
    let heading = (id.clone(), leaf())
        .prop_map(|(id, leaf)| json!({"type": "sub-section", "id": id, "children": [leaf]}));
    let equation = (id.clone(), prop::sample::select(vec!["a", "b^{", "eq"]))
        .prop_map(|(id, source)| json!({"type": "equation", "id": id, "children": [{"text": source}]}));
    let image = (id, caption(), prop::sample::select(vec!["a.png", "gone.png", "bad.png"])).prop_map(
        |(id, caption, name)| {
            json!({"type": "image-block", "id": id, "children": [caption, {"type": "img", "objectKey": name}]})
        },
    );
    let row = prop::collection::vec(p(), 1..4).prop_map(|cells| {
        let cells = cells
            .into_iter()
            .map(|cell| json!({"type": "td", "children": [cell]}));
        json!({"type": "tr", "children": cells.collect::<Vec<_>>()})
    });
    let table = (caption(), prop::collection::vec(row, 1..4)).prop_map(|(caption, rows)| {
        json!({"type": "table-block", "children": [{"type": "table", "children": rows}, caption]})
    });
    prop_oneof![4 => p(), 2 => list, 1 => heading, 1 => equation, 1 => image, 1 => table]
}

fn right_content() -> impl Strategy<Value = Value> {
    prop::collection::vec(block(), 0..8).prop_map(|nodes| introduction(&json!(nodes)))
}

/// All ids of a manuscript.
fn ids(manuscript: &Manuscript) -> Vec<String> {
    fn walk(value: &Value, ids: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                // References keep the names that their authors gave them.
                let is_reference = fields.contains_key("fields");
                ids.extend(
                    fields
                        .get("id")
                        .filter(|_| !is_reference)
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                );
                fields.values().for_each(|value| walk(value, ids));
            }
            Value::Array(values) => values.iter().for_each(|value| walk(value, ids)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut ids = Vec::new();
    walk(&shape(manuscript), &mut ids);
    ids
}

/// Every text of a tree, with the sources of equations.
fn texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            texts.extend(fields.get("text").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| self::texts(value, texts));
        }
        Value::Array(values) => values.iter().for_each(|value| self::texts(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Everything that is printed below headings and in them, one after the other.
fn said(manuscript: &Manuscript) -> String {
    fn inlines(line: &[Inline], out: &mut String) {
        for inline in line {
            match inline {
                Inline::Text { text, .. } | Inline::Code { text } => out.push_str(text),
                Inline::Link { content, .. } => inlines(content, out),
                Inline::Math { math } => math_source(math, out),
                Inline::Cite { .. } | Inline::Footnote { .. } | Inline::Break => {}
            }
        }
    }
    fn math_source(math: &Math, out: &mut String) {
        match math {
            Math::Formula(formula) => out.push_str(&formula.source),
            Math::Source { source } => out.push_str(source),
        }
    }
    fn blocks(all: &[Block], out: &mut String) {
        for block in all {
            match block {
                Block::Paragraph { content } => inlines(content, out),
                Block::List { items, .. } => items.iter().for_each(|item| blocks(item, out)),
                Block::Equation { math, .. } => math_source(math, out),
                Block::Figure { caption, .. } => inlines(caption, out),
                Block::Table {
                    caption,
                    header,
                    rows,
                    ..
                } => {
                    inlines(caption, out);
                    header
                        .iter()
                        .chain(rows.iter().flatten())
                        .for_each(|cell| blocks(cell, out));
                }
                Block::Code { text, .. } => out.push_str(text),
                Block::Quote { blocks: inside } => blocks(inside, out),
                Block::Rule => {}
            }
            out.push('\n');
        }
    }
    let mut out = String::new();
    for section in &manuscript.sections {
        inlines(&section.heading, &mut out);
        out.push('\n');
        blocks(&section.blocks, &mut out);
    }
    out
}

fn manuscripts(content: &Content) -> [Manuscript; 2] {
    [Variant::Document, Variant::Journal].map(|variant| content.manuscript(&about(), &pictures(), variant))
}

fn assert_ids(manuscript: &Manuscript) -> Result<(), TestCaseError> {
    let ids = ids(manuscript);
    for id in &ids {
        let starts = id.starts_with(|one: char| one.is_ascii_lowercase() || one.is_ascii_digit());
        let is_id = id
            .chars()
            .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-');
        prop_assert!(starts && is_id, "{:?}", id);
    }
    let unique: HashSet<&String> = ids.iter().collect();
    prop_assert_eq!(unique.len(), ids.len(), "{:?}", ids);
    Ok(())
}

#[test]
fn every_text_of_the_sample_is_printed() {
    let content = crate::common::read(&sample());
    let said = said(&manuscripts(&content)[1]);
    let mut all = Vec::new();
    texts(&sample()["document"], &mut all);
    assert!(all.len() > 100, "the sample is walked");
    for text in all {
        assert!(said.contains(&text), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_json_at_all_makes_anything_panic(value in any_json()) {
        let read = Content::read(&value);
        let (stored, warnings) = Content::read_stored(&value);
        stored.images();
        for manuscript in manuscripts(&stored) {
            assert_ids(&manuscript)?;
        }
        match read {
            Ok(content) => {
                prop_assert_eq!(content, stored);
                prop_assert_eq!(warnings, []);
            }
            Err(problems) => {
                prop_assert!((1..=100).contains(&problems.len()));
                prop_assert_eq!(warnings.len(), problems.len());
            }
        }
        let _ = imprint_manuscript::import::import(&value);
    }

    #[test]
    fn no_document_makes_anything_panic(value in any_json(), nodes in prop::collection::vec(any_json(), 0..6)) {
        for content in [json!({"document": {"introduction": value}}), introduction(&json!(nodes))] {
            let (stored, _) = Content::read_stored(&content);
            for manuscript in manuscripts(&stored) {
                assert_ids(&manuscript)?;
            }
            let _ = imprint_manuscript::import::import(&content);
        }
    }

    #[test]
    fn a_right_content_is_taken_and_nothing_of_it_is_lost(content in right_content()) {
        let read = Content::read(&content);
        prop_assert!(read.is_ok(), "{:?}", read);
        let Ok(read) = read else { return Ok(()) };
        let mut all = Vec::new();
        texts(&content["document"]["introduction"], &mut all);
        for manuscript in manuscripts(&read) {
            let said = said(&manuscript);
            for text in all.iter().filter(|text| !text.trim().is_empty()) {
                prop_assert!(said.contains(text.as_str()), "{:?} is not in {:?}", text, said);
            }
            assert_ids(&manuscript)?;
        }
    }

    #[test]
    fn every_row_of_a_table_is_as_long_as_its_header(content in right_content()) {
        let (read, _) = Content::read_stored(&content);
        for section in manuscripts(&read)[0].sections.iter() {
            for block in &section.blocks {
                if let Block::Table { header, rows, align, .. } = block {
                    prop_assert!(rows.iter().all(|row| row.len() == header.len()));
                    prop_assert_eq!(align.len(), header.len());
                }
            }
        }
    }

    #[test]
    fn no_control_character_is_printed(text in "[\\x00-\\x1f\\x7f-\\x9fa-c]{1,20}") {
        let mut content = introduction(&json!([{"type": "p", "children": [{"text": text}]},
            {"type": "equation", "children": [{"text": text}]}]));
        content["contacts"] = json!([{"last_name": format!("D{text}"), "affiliations": [text]}]);
        content["keywords"] = json!([format!("k{text}")]);
        content["citation"] = json!({"title": text});
        content["document"]["key_points"] = json!(text);
        content["document"]["publication_references"][0]["title"] = json!(text);
        let (read, _) = Content::read_stored(&content);
        for manuscript in manuscripts(&read) {
            let printed = shape(&manuscript);
            let mut open = vec![&printed];
            while let Some(value) = open.pop() {
                match value {
                    Value::String(text) => {
                        let bad = |one: char| one.is_control() && !matches!(one, '\n' | '\t');
                        prop_assert!(!text.contains(bad), "{:?}", text);
                    }
                    Value::Array(values) => open.extend(values),
                    Value::Object(fields) => open.extend(fields.values()),
                    Value::Null | Value::Bool(_) | Value::Number(_) => {}
                }
            }
        }
    }
}
