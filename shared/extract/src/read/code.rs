//! Code: its text as it is written, and the language that a generator's classes give it.

use crate::clean::verbatim;
use crate::place::is_no_content;
use crate::tree::{Data, Element, NodeId, Tree};

/// The text of a block of code, and its language: that of an element in it, or of one around it.
pub(super) fn read(tree: &Tree, id: NodeId, around: Option<&str>) -> (String, Option<String>) {
    let mut language = around;
    for child in tree.children(id) {
        if let Data::Element(element) = tree.data(child)
            && element.name == "code"
        {
            language = self::language(element).or(language);
        }
    }
    let text = verbatim(&tree.text(id, is_no_content));
    let language = language.filter(|one| !matches!(*one, "default" | "none" | "text" | "plaintext"));
    (text, language.map(str::to_owned))
}

/// The language that an element says the code in it has.
pub(super) fn language(element: &Element) -> Option<&str> {
    /// What generators write before the language in a class.
    const BEFORE: &[&str] = &["language-", "lang-", "highlight-"];
    let given = element.attribute("data-language");
    let by_class = || {
        let is_pandoc = element.has_class("sourceCode");
        element.classes().find_map(|class| {
            let named = BEFORE.iter().find_map(|before| class.strip_prefix(before));
            let bare = class == "rust" && element.name == "pre";
            let after = is_pandoc && class != "sourceCode" && matches!(element.name, "pre" | "code");
            named.or((bare || after).then_some(class))
        })
    };
    given.or_else(by_class).filter(|language| is_language(language))
}

/// A word that is safe behind a fence.
fn is_language(word: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.#_".contains(&byte);
    (1..=30).contains(&word.len()) && word.bytes().all(allowed)
}
