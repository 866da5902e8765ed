//! What the tests of contents share.

use std::collections::BTreeMap;

use imprint_manuscript::content::{About, Picture};
use imprint_manuscript::{Content, Manuscript, Problem, Variant};
use serde_json::{Value, json};

/// The sample that the tests of other crates print too.
pub(crate) fn sample() -> Value {
    serde_json::from_str(include_str!("../sample.json")).expect("the sample is JSON")
}

pub(crate) fn about() -> About {
    About {
        title: "Depth of snow".to_owned(),
        version: "1.3".to_owned(),
        published: None,
    }
}

/// The images of the sample, and `a.png`.
pub(crate) fn pictures() -> BTreeMap<String, Picture> {
    let good = Picture::of(99, Some((imprint_domain::document::MediaType::Png, 640, 480)));
    let bad = Picture::Bad {
        problem: "it has 41 megapixels".to_owned(),
    };
    let images = ["a.png", "fullmoon.jpg", "error_map-2.png"].map(|name| (name.to_owned(), good.clone()));
    images.into_iter().chain([("bad.png".to_owned(), bad)]).collect()
}

pub(crate) fn read(content: &Value) -> Content {
    Content::read(content).expect("the content is right")
}

pub(crate) fn problems(content: &Value) -> Vec<Problem> {
    Content::read(content).expect_err("the content is wrong")
}

pub(crate) fn printed(content: &Value, variant: Variant) -> Manuscript {
    read(content).manuscript(&about(), &pictures(), variant)
}

/// A content with these nodes in its introduction, and one work named `doe`.
pub(crate) fn introduction(nodes: &Value) -> Value {
    json!({"document": {
        "introduction": {"children": nodes},
        "publication_references": [{"id": "doe", "title": "On Snow"}, {"id": "roe", "title": "On Ice"}],
    }})
}

/// As JSON, with each formula as its source: how formulas are set is not what these tests are about.
pub(crate) fn shape(value: &impl serde::Serialize) -> Value {
    fn walk(value: &mut Value) {
        if let Some(fields) = value.as_object_mut() {
            for key in ["tex", "mathml", "typst"] {
                fields.remove(key);
            }
            fields.values_mut().for_each(walk);
        } else if let Some(values) = value.as_array_mut() {
            values.iter_mut().for_each(walk);
        }
    }
    let mut value = serde_json::to_value(value).expect("it is JSON");
    walk(&mut value);
    value
}
