//! Where the main content of a page is, and what in it is not content.

use crate::parse::is_math_script;
use crate::tree::{Data, Element, NodeId, Tree};

/// The element that holds the main content. What a generator marks as such comes before what it might be; an element
/// without text is none, as in pages that a script fills.
pub(crate) fn main_content(tree: &Tree) -> NodeId {
    CANDIDATES
        .iter()
        .filter_map(|is_it| tree.elements().find(|(_, element)| is_it(element)))
        .map(|(id, _)| only_article(tree, id).unwrap_or(id))
        .find(|id| says_something(tree, *id))
        .unwrap_or(Tree::ROOT)
}

const CANDIDATES: &[fn(&Element) -> bool] = &[
    // rustdoc
    |one| one.id() == Some("main-content"),
    // Material for MkDocs
    |one| one.name == "article" && one.has_class("md-content__inner"),
    // PyData Sphinx theme and its kin
    |one| one.name == "article" && one.has_class("bd-article"),
    // Docusaurus
    |one| one.has_class("theme-doc-markdown"),
    // Sphinx' own themes and Read the Docs' put more than the text into the element with the role
    |one| one.attribute("itemprop") == Some("articleBody"),
    |one| one.attribute("role") == Some("main"),
    |one| one.name == "main",
    |one| one.name == "div" && one.has_class("body"),
    |one| one.name == "body",
];

/// The one article in an element: what stands beside it are ways to other pages.
fn only_article(tree: &Tree, within: NodeId) -> Option<NodeId> {
    let mut articles = tree.elements().filter(|(_, element)| element.name == "article");
    let (article, _) = articles.next()?;
    let alone = articles.all(|(other, _)| is_within(tree, other, article));
    (alone && is_within(tree, article, within) && says_something(tree, article)).then_some(article)
}

fn is_within(tree: &Tree, id: NodeId, ancestor: NodeId) -> bool {
    std::iter::successors(Some(id), |one| tree.parent(*one)).any(|one| one == ancestor)
}

/// Whether anything below an element is content.
pub(crate) fn says_something(tree: &Tree, id: NodeId) -> bool {
    let mut found = false;
    tree.visit(id, is_no_content, |data| {
        found = match data {
            Data::Text(text) => !text.trim().is_empty(),
            Data::Element(element) => element.name == "img",
        };
        !found
    });
    found
}

/// Whether an element, with all that is in it, says nothing of what the page is about.
pub(crate) fn is_no_content(element: &Element) -> bool {
    match element.name {
        "script" => !is_math_script(element),
        "style" | "template" | "noscript" | "head" | "title" | "nav" | "svg" | "iframe" | "object"
        | "embed" | "canvas" | "audio" | "video" | "button" | "input" | "select" | "textarea"
        | "datalist" | "form" | "search" | "dialog" | "footer" => true,
        "aside" => {
            !element.classes().any(|class| CONTENT_ASIDES.contains(&class)) || has_any(element, NO_CONTENT)
        }
        "a" => has_any(element, NO_CONTENT_LINKS) || has_any(element, NO_CONTENT),
        _ => {
            // A table of contents that docutils made; elsewhere the class may be that of the content.
            let is_topic =
                element.has_class("contents") && (element.has_class("topic") || element.has_class("local"));
            is_topic || is_hidden(element) || is_landmark(element) || has_any(element, NO_CONTENT)
        }
    }
}

fn has_any(element: &Element, classes: &[&str]) -> bool {
    element.classes().any(|class| classes.contains(&class))
}

/// Hidden from readers, other than tabs that wait for a click.
fn is_hidden(element: &Element) -> bool {
    element.attribute("aria-hidden") == Some("true")
        || (element.attribute("hidden").is_some() && element.attribute("role") != Some("tabpanel"))
}

fn is_landmark(element: &Element) -> bool {
    matches!(
        element.attribute("role"),
        Some(
            "navigation"
                | "search"
                | "contentinfo"
                | "banner"
                | "button"
                | "dialog"
                | "menu"
                | "menubar"
                | "toolbar"
        )
    )
}

/// Asides that are notes, footnotes and boxes of the text, by the class that generators give them.
const CONTENT_ASIDES: &[&str] = &[
    "admonition",
    "footnote",
    "footnote-list",
    "citation",
    "sidebar",
    "starlight-aside",
    "system-message",
    "topic",
];

const NO_CONTENT: &[&str] = &[
    // signs beside headings and signatures
    "headerlink",
    "hash-link",
    "viewcode-link",
    "viewcode-back",
    // ways to other pages and places
    "breadcrumb",
    "breadcrumbs",
    "localtoc",
    "next-prev",
    "pagination-nav",
    "prev-next-area",
    "prev-next-footer",
    "related",
    "rustdoc-breadcrumbs",
    "rst-footer-buttons",
    "sphinxsidebar",
    "sphinxsidebarwrapper",
    "table-of-contents",
    "theme-doc-breadcrumbs",
    "theme-doc-footer",
    "theme-doc-toc-mobile",
    "toc",
    "toc-drawer",
    "wy-breadcrumbs",
    // tools
    "code-copy",
    "copybtn",
    "copy-button",
    "edit-on-github",
    "edit-this-page",
    "editthispage",
    "md-clipboard",
    "md-code__nav",
    "md-content__button",
    "hideme",
    "sidebar-button",
    "theme-edit-this-page",
    // when, from what and by what the page was made
    "build-info",
    "copyright",
    "git-revision-date-localized-plugin",
    "last-updated",
    "lastupdated",
    "md-source-file",
    "theme-last-updated",
    // line numbers
    "lineno",
    "linenodiv",
    "linenos",
    "line-numbers",
    "rouge-gutter",
    "src-line-numbers",
];

const NO_CONTENT_LINKS: &[&str] = &["anchorjs-link", "doc-anchor", "header-anchor", "src", "srclink"];

/// Whether a paragraph says when, from what or by what the page was made, as generators do.
pub(crate) fn is_about_the_build(line: &str) -> bool {
    /// The longest such line: what is longer says something else too.
    const MAX_CHARS: usize = 160;
    if line.chars().nth(MAX_CHARS).is_some() {
        return false;
    }
    let line = line.to_lowercase();
    let revision = ["revision ", "revision: ", "commit ", "commit: ", "git commit "]
        .iter()
        .find_map(|before| line.strip_prefix(before))
        .is_some_and(|rest| is_commit(rest.trim_end_matches('.')));
    revision || ABOUT_THE_BUILD.iter().any(|before| line.starts_with(before))
}

const ABOUT_THE_BUILD: &[&str] = &[
    "last updated on ",
    "last updated: ",
    "last modified on ",
    "last modified: ",
    "last built on ",
    "built with sphinx",
    "built with mkdocs",
    "created using sphinx",
    "made with sphinx",
    "made with material for mkdocs",
    "generated by doxygen",
    "documentation built on ",
    "documentation generated on ",
    "documentation generated at ",
    "page generated on ",
];

fn is_commit(word: &str) -> bool {
    (7..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_the_build_are_known_and_sentences_that_only_begin_like_them_are_not() {
        for (line, expected) in [
            ("Last updated on Mar 3, 2031.", true),
            ("Revision 4f0c2d91.", true),
            ("Commit: 4F0C2D9", true),
            ("Built with Sphinx using a theme provided by Read the Docs.", true),
            ("Revision control is explained elsewhere.", false),
            ("Commit early", false),
            ("Last updated values win over earlier ones.", false),
            ("The page was last updated on Monday.", false),
        ] {
            assert_eq!(is_about_the_build(line), expected, "{line}");
        }
    }
}
