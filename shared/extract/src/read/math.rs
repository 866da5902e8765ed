//! Formulas, where a page has their TeX.

use crate::clean::{one_line, verbatim};
use crate::parse::is_math_script;
use crate::place::is_no_content;
use crate::tree::{Data, Element, NodeId, Tree};

/// The TeX of an element that is a formula on lines of its own.
pub(super) fn block(tree: &Tree, id: NodeId, element: &Element) -> Option<String> {
    let is_one = match element.name {
        "div" => element.has_class("math") || element.has_class("arithmatex"),
        "span" => element.has_class("katex-display"),
        "math" => element.has_class("display") && !element.holds_block,
        "script" => is_math_script(element) && is_display(element),
        _ => false,
    };
    let tex = is_one.then(|| source(tree, id)).flatten()?;
    let tex = verbatim(&tex);
    (!tex.is_empty()).then_some(tex)
}

/// The TeX of an element that is a formula in a line.
pub(super) fn inline(tree: &Tree, id: NodeId, element: &Element) -> Option<String> {
    let is_one = match element.name {
        "span" | "div" => ["math", "arithmatex", "katex", "katex-display"]
            .iter()
            .any(|class| element.has_class(class)),
        "math" => true,
        "script" => is_math_script(element),
        _ => false,
    };
    let tex = is_one.then(|| source(tree, id)).flatten()?;
    let tex = one_line(&tex);
    (!tex.is_empty()).then_some(tex)
}

fn is_display(script: &Element) -> bool {
    script
        .attribute("type")
        .is_some_and(|kind| kind.replace(' ', "").contains("mode=display"))
}

/// The source: what an annotation says it is, else the text between the delimiters, if it is between some.
fn source(tree: &Tree, id: NodeId) -> Option<String> {
    if let Some(annotated) = annotation(tree, id) {
        return Some(annotated);
    }
    if tree.element(id).is_some_and(is_math_script) {
        return Some(tree.text(id, |_| false));
    }
    let mut has_images = false;
    tree.visit(
        id,
        |_| false,
        |data| {
            has_images |=
                matches!(data, Data::Element(element) if matches!(element.name, "img" | "math" | "script"));
            !has_images
        },
    );
    // An image of a formula has its source beside it, MathML without an annotation has none.
    if has_images || tree.element(id).is_some_and(|element| element.name == "math") {
        return None;
    }
    let text = tree.text(id, |element| is_no_content(element) || element.has_class("eqno"));
    Some(without_delimiters(text.trim()).to_owned())
}

fn annotation(tree: &Tree, id: NodeId) -> Option<String> {
    let mut found = false;
    let mut source = None;
    tree.visit(
        id,
        |_| false,
        |data| {
            match data {
                Data::Element(element) if element.name == "annotation" => {
                    found = element
                        .attribute("encoding")
                        .is_some_and(|encoding| encoding.to_ascii_lowercase().contains("tex"));
                }
                Data::Text(text) if found => source = Some(text.clone()),
                Data::Element(_) | Data::Text(_) => {}
            }
            source.is_none()
        },
    );
    source
}

fn without_delimiters(tex: &str) -> &str {
    [("\\[", "\\]"), ("\\(", "\\)"), ("$$", "$$"), ("$", "$")]
        .iter()
        .find_map(|(open, close)| tex.strip_prefix(open)?.strip_suffix(close))
        .unwrap_or(tex)
        .trim()
}
