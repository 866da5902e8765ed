//! What attributes say of a page, and those that are bounded.

use lol_html::HandlerResult;
use lol_html::html_content::Element;

use super::{Facets, Tidied};
use crate::notes::Reason;

/// Bytes of an attribute for the engine, which reads some of them again for each of their parts.
const MAX_VALUE: usize = 200;

/// Bytes of all attributes of an element that the engine is asked to index.
const MAX_INDEXED: usize = 4_096;

/// Bytes of an image's address or description, which are searched as words. An image within the page is longer.
const MAX_OF_IMAGE: usize = 500;

/// Ids that one text may be collected for.
const MAX_ANCHORS: usize = 3;

/// How many filters, sorts and metadata a page may still have.
pub(crate) struct Budget(usize);

impl Budget {
    /// Each may hold the whole text of a page once more, so a long page has fewer.
    pub(crate) fn of(html: &str, facets: Facets) -> Self {
        match facets {
            Facets::Kept => Self((1_000_000 / html.len().max(1)).clamp(4, 64)),
            Facets::Dropped => Self(0),
        }
    }
}

/// Notes what an element says of its page.
pub(crate) fn note_page(element: &Element<'_, '_>, tag: &str, page: &mut Tidied) {
    match tag {
        "html" | "body" => {
            if element.has_attribute("data-pagefind-ignore") {
                page.left_out = Some(Reason::Ignored);
            }
            if tag == "html" && page.language.is_none() {
                page.language = element
                    .get_attribute("lang")
                    .as_deref()
                    .and_then(primary_language);
            }
        }
        "meta" => {
            let says = |name: &str, value: &str| {
                element
                    .get_attribute(name)
                    .is_some_and(|found| found.trim().eq_ignore_ascii_case(value))
            };
            let content = element
                .get_attribute("content")
                .unwrap_or_default()
                .to_ascii_lowercase();
            if says("name", "robots") && robots_say_no(&content) {
                page.left_out = Some(Reason::Noindex);
            } else if says("http-equiv", "refresh") && content.contains("url") {
                page.left_out = Some(Reason::Redirect);
            }
        }
        _ => {}
    }
    page.chooses_body |= element.has_attribute("data-pagefind-body");
}

fn robots_say_no(content: &str) -> bool {
    content
        .split(',')
        .any(|rule| matches!(rule.trim(), "noindex" | "none"))
}

/// `en` of `en-GB`; nothing of what is no language.
fn primary_language(tag: &str) -> Option<String> {
    let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    let is_one = matches!(primary.len(), 2 | 3) && primary.bytes().all(|byte| byte.is_ascii_lowercase());
    is_one.then_some(primary)
}

/// Takes away what would cost the engine more than the page's size warrants.
pub(crate) fn bound(
    element: &mut Element<'_, '_>,
    tag: &str,
    anchors: usize,
    page: &mut Tidied,
    budget: &mut Budget,
) -> HandlerResult {
    let (mut bytes, mut of_engine) = (0, Vec::new());
    for attribute in element.attributes() {
        let (name, value) = (attribute.name(), attribute.value());
        bytes += value.len();
        if name.starts_with("data-pagefind-") {
            of_engine.push((name, value));
        }
    }
    for (name, value) in of_engine {
        if !is_kept(&name, &value, bytes, page, budget) {
            element.remove_attribute(&name);
        }
    }
    if anchors >= MAX_ANCHORS {
        element.remove_attribute("id");
    }
    if tag == "dt" {
        name_definition(element)?;
    }
    if tag == "img" {
        for name in ["src", "alt"] {
            if element
                .get_attribute(name)
                .is_some_and(|value| value.len() > MAX_OF_IMAGE)
            {
                element.remove_attribute(name);
            }
        }
    }
    Ok(())
}

fn is_kept(name: &str, value: &str, bytes: usize, page: &mut Tidied, budget: &mut Budget) -> bool {
    match name {
        "data-pagefind-body" | "data-pagefind-ignore" => true,
        "data-pagefind-weight" | "data-pagefind-title" => value.len() <= MAX_VALUE,
        "data-pagefind-index-attrs" => value.len() <= MAX_VALUE && bytes <= MAX_INDEXED,
        _ => {
            let copies = value.contains('[') && bytes > MAX_INDEXED;
            if value.len() > MAX_VALUE || copies || budget.0 == 0 {
                page.dropped_facets = true;
                return false;
            }
            budget.0 -= 1;
            for one in value.split(',') {
                let one = one.split([':', '[']).next().unwrap_or_default().trim();
                page.names_title |= one == "title" && name == "data-pagefind-meta";
                page.names.insert(one.to_owned());
            }
            true
        }
    }
}

/// A class or a function of an API reference is found as a place of its own, under its full name, which is its id.
/// Ids of command line options (`std`) and of C++ (`_CPPv4`) are no names.
fn name_definition(element: &mut Element<'_, '_>) -> HandlerResult {
    let classes = element.get_attribute("class").unwrap_or_default();
    let has = |class: &str| classes.split_whitespace().any(|one| one == class);
    let is_signature = has("sig") && !has("std");
    let id = element
        .get_attribute("id")
        .filter(|id| id.len() <= MAX_VALUE && !id.starts_with('_'));
    if let Some(id) = id
        && is_signature
        && !element.has_attribute("data-pagefind-title")
    {
        element.set_attribute("data-pagefind-title", &id)?;
    }
    Ok(())
}
