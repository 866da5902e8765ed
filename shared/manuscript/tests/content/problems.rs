//! What is refused, where, and what is said.

use imprint_manuscript::Content;
use imprint_manuscript::content::{
    MAX_BYTES, MAX_CELLS, MAX_DEPTH, MAX_EQUATION_BYTES, MAX_IMAGES, MAX_NODES, ProblemCode,
};
use serde_json::{Value, json};

use crate::common::{introduction, problems, read, sample};

fn lines(content: &Value) -> Vec<String> {
    problems(content)
        .iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect()
}

/// The problems of nodes in an introduction, with pointers that begin there.
fn of(nodes: &Value) -> String {
    let lines = lines(&introduction(nodes));
    lines.join("\n").replace("/document/introduction/children", "…")
}

#[test]
fn each_node_says_what_it_takes() {
    let p = json!({"type": "p", "children": [{"text": "x"}]});
    let img = json!({"type": "img", "objectKey": "a.png", "children": [{"text": ""}]});
    let caption = json!({"type": "caption", "children": [{"text": "x"}]});
    let td = json!({"type": "td", "children": [p]});
    let table = json!({"type": "table", "children": [{"type": "tr", "children": [td]}]});
    let block = |children: Value| json!([{"type": "image-block", "children": children}]);
    let table_block = |children: Value| json!([{"type": "table-block", "children": children}]);
    let in_p = |child: Value| json!([{"type": "p", "children": [child]}]);
    let cases = [
        json!([{"text": "loose"}]),
        json!(["p"]),
        json!([null]),
        json!([{"type": "video", "children": []}]),
        json!([{"type": 7}]),
        json!([{"id": "x"}]),
        json!([{"type": "li", "children": []}]),
        json!([{"type": "p", "chldren": []}]),
        json!([{"type": "p", "children": {}}]),
        in_p(json!({"text": 7})),
        in_p(json!({"text": "x", "bold": "yes"})),
        in_p(p.clone()),
        in_p(json!({"type": "a", "children": [{"text": "x"}]})),
        in_p(json!({"type": "a", "url": "https://a.org", "children": [{"type": "a", "url": "x"}]})),
        in_p(json!({"type": "ref", "children": [{}]})),
        in_p(json!({"type": "ref", "refId": "doe", "children": [{"text": "x"}]})),
        in_p(json!({"type": "equation-inline", "children": [{"text": "a"}, {"text": "b"}]})),
        json!([{"type": "equation", "children": []}]),
        json!([{"type": "equation", "children": [p]}]),
        json!([{"type": "ul", "children": [p]}]),
        json!([{"type": "ol", "children": [{"type": "li", "children": [{"type": "equation", "children": [{}]}]}]}]),
        json!([{"type": "sub-section", "children": [{"type": "ref", "refId": "doe"}]}]),
        block(json!([])),
        block(json!([img])),
        block(json!([img, img, caption])),
        block(json!([caption, img, caption])),
        block(json!([p, img, caption])),
        block(json!([{"type": "img", "children": [{}]}, caption])),
        block(json!([{"type": "img", "objectKey": "../x", "children": [{}]}, caption])),
        block(json!([{"type": "img", "objectKey": 7, "children": [{}]}, caption])),
        table_block(json!([caption])),
        table_block(json!([table])),
        table_block(json!([table, caption, table])),
        table_block(json!([{"type": "table", "children": []}, caption])),
        table_block(json!([{"type": "table", "children": [{"type": "tr", "children": []}]}, caption])),
        table_block(json!([{"type": "table", "children": [td]}, caption])),
        table_block(json!([{"type": "table", "children": [{"type": "tr", "children": [p]}]}, caption])),
    ];
    let told: Vec<String> = cases
        .into_iter()
        .map(|nodes| format!("{nodes}\n{}\n", of(&nodes)))
        .collect();
    insta::assert_snapshot!("nodes", told.join("\n"));
}

#[test]
fn each_other_field_says_what_it_takes() {
    let cases = [
        json!([]),
        json!({}),
        json!({"document": null, "markdown": null}),
        json!({"document": {}, "markdown": ""}),
        json!({"document": []}),
        json!({"markdown": {}}),
        json!({"document": {}, "titel": "x", "a/b~": 1}),
        json!({"document": {}, "publication_references": []}),
        json!({"document": {"intro": {"children": []}}}),
        json!({"document": {"introduction": "x"}}),
        json!({"document": {"introduction": {"nodes": []}}}),
        json!({"document": {"key_points": ["x"]}}),
        json!({"document": {"algorithm_input_variables": {}}}),
        json!({"document": {"algorithm_input_variables": [{"nam": "x"}, "y", {"unit": 7}]}}),
        json!({"document": {"data_access_input_data": [{"url": {}, "descriptoin": ""}]}}),
        json!({"document": {"publication_references": [{"title": "x"}, {"id": "a", "titel": "x"}, {"id": "b", "title": []},
            {"id": "b"}, 7]}}),
        json!({"markdown": "", "keywords": ["", {"path": "x"}, 7, {"label": "k"}]}),
        json!({"markdown": "", "keywords": "x"}),
        json!({"markdown": "", "contacts": [{"first_name": " "}, 7, {"last_name": "Doe", "roles": "x", "affiliations": [7]},
            {"last_name": "Doe", "mechanisms": [{"mechanism_value": "x"}, "y"]}]}),
        json!({"markdown": "", "citation": {"author": "x", "title": {}}}),
        json!({"markdown": "", "citation": 7}),
        json!({"markdown": "", "doi": "5067/ABC"}),
        json!({"markdown": "", "language": "English"}),
    ];
    let told = cases
        .iter()
        .map(|content| format!("{content}\n{}\n", lines(content).join("\n")));
    insta::assert_snapshot!("fields", told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn null_is_what_is_not_there() {
    let content = json!({"document": {"introduction": null, "key_points": null, "algorithm_implementations": null,
        "publication_references": [{"id": "a", "title": null}]}, "markdown": null, "keywords": null, "contacts": null,
        "citation": null, "doi": null, "language": null});
    let absent = json!({"document": {"publication_references": [{"id": "a"}]}});
    assert_eq!(read(&content), read(&absent));
}

#[test]
fn at_most_a_hundred_problems_are_told_and_the_first_ones() {
    let nodes: Vec<Value> = (0..150).map(|_| json!({"type": "x"})).collect();
    let problems = problems(&introduction(&json!(nodes)));
    assert_eq!(problems.len(), 100);
    assert_eq!(problems[99].path, "/document/introduction/children/99");
}

/// Asserts that `fits` is taken, and that the only problem of `more` is a limit at this place.
fn is_limited(fits: &Value, more: &Value, path: &str) {
    Content::read(fits).expect("this is not too much");
    let problems = problems(more);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(
        (problems[0].code, problems[0].path.as_str()),
        (ProblemCode::Limit, path)
    );
}

#[test]
fn bytes_are_limited() {
    let of = |more: usize| {
        let around = json!({"markdown": ""}).to_string().len();
        json!({"markdown": "x".repeat(MAX_BYTES - around + more)})
    };
    is_limited(&of(0), &of(1), "");
}

#[test]
fn depth_is_limited() {
    let list = |lists: usize| {
        let p = json!({"type": "p", "children": [{"text": "x"}]});
        let list = |inside| json!({"type": "ul", "children": [{"type": "li", "children": [inside]}]});
        introduction(&json!([(0..lists).fold(p, |inside, _| list(inside))]))
    };
    // The content, the document, the section and its children, then four levels a list, then three of a paragraph.
    let lists = (MAX_DEPTH - 7) / 4;
    let path = format!(
        "/document/introduction/children/0{}",
        "/children/0/children/0".repeat(lists + 1)
    );
    is_limited(&list(lists), &list(lists + 1), &path);
}

#[test]
fn nodes_are_limited() {
    let of =
        |leaves: usize| introduction(&json!([{"type": "p", "children": vec![json!({"text": "x"}); leaves]}]));
    is_limited(&of(MAX_NODES - 1), &of(MAX_NODES), "/document");
}

#[test]
fn images_are_limited() {
    let image = json!({"type": "image-block", "children": [
        {"type": "img", "objectKey": "a.png"}, {"type": "caption", "children": [{}]}]});
    let of = |images: usize| introduction(&json!(vec![image.clone(); images]));
    is_limited(&of(MAX_IMAGES), &of(MAX_IMAGES + 1), "/document");
}

#[test]
fn equations_are_limited_by_their_bytes() {
    for around in [json!({"type": "equation"}), json!({"type": "equation-inline"})] {
        let is_block = around["type"] == "equation";
        let of = |source: String| {
            let mut equation = around.clone();
            equation["children"] = json!([{ "text": source }]);
            introduction(&if is_block {
                json!([equation])
            } else {
                json!([{"type": "p", "children": [equation]}])
            })
        };
        let path = if is_block { "" } else { "/children/0" };
        let (fits, more) = (
            "α".repeat(MAX_EQUATION_BYTES / 2),
            "α".repeat(MAX_EQUATION_BYTES / 2 + 1),
        );
        is_limited(
            &of(fits),
            &of(more),
            &format!("/document/introduction/children/0{path}"),
        );
    }
}

#[test]
fn cells_of_a_table_are_limited_with_those_that_are_added() {
    let td = json!({"type": "td", "children": []});
    let row = |cells: usize| json!({"type": "tr", "children": vec![td.clone(); cells]});
    let of = |columns: usize| {
        let rows: Vec<Value> = (0..100)
            .map(|index| row(if index == 0 { columns } else { 1 }))
            .collect();
        introduction(&json!([{"type": "table-block", "children": [
            {"type": "table", "children": rows}, {"type": "caption", "children": [{}]}]}]))
    };
    let columns = MAX_CELLS / 100;
    is_limited(
        &of(columns),
        &of(columns + 1),
        "/document/introduction/children/0/children/0",
    );
}

#[test]
fn roles_are_limited() {
    let of = |length: usize| json!({"markdown": "", "contacts": [{"last_name": "Doe", "roles": ["é".repeat(length)]}]});
    is_limited(&of(200), &of(201), "/contacts/0/roles/0");
}

#[test]
fn what_is_stored_is_read_at_any_depth_and_size() {
    // Made by moving: the macro would copy what is inside, level by level.
    let node = |kind: &str, inside: Value| {
        let mut node = json!({ "type": kind });
        node["children"] = Value::Array(vec![inside]);
        node
    };
    let mut deep = json!({"type": "p", "children": [{"text": "bottom"}]});
    for _ in 0..5_000 {
        deep = node("ul", node("li", deep));
    }
    let mut content = introduction(&json!([]));
    content["document"]["introduction"]["children"] = Value::Array(vec![deep]);
    assert_eq!(problems(&content)[0].code, ProblemCode::Limit);
    let (read, warnings) = Content::read_stored(&content);
    assert_eq!(warnings.len(), 1);
    let manuscript = read.manuscript(
        &crate::common::about(),
        &crate::common::pictures(),
        imprint_manuscript::Variant::Document,
    );
    assert!(format!("{:?}", manuscript.sections).contains("bottom"));
    take_apart(content);
}

/// Drops a value level by level; dropping it at once recurses as deep as it is nested.
fn take_apart(value: Value) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(values) => open.extend(values),
            Value::Object(fields) => open.extend(fields.into_iter().map(|(_, value)| value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[test]
fn the_sample_is_right() {
    read(&sample());
}
