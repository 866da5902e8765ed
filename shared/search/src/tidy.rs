//! A page, made such that the engine reads all of it and takes no more time and memory than its size warrants.
//!
//! The engine takes elements that are not closed to be within each other (most end tags may be left out), takes a
//! language for the name of a file, and looks at some attributes and long words again and again. So every element
//! is closed here, and what would multiply is bounded. What browsers show does not change: this text is for the engine alone.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use lol_html::html_content::{ContentType, DocumentEnd, Element, EndTag, TextChunk};
use lol_html::{DocumentContentHandlers, HandlerResult, RewriteStrSettings, element, end_tag, rewrite_str};

use crate::notes::Reason;

mod attributes;
mod main_content;
mod nesting;

use nesting::Open;

/// Elements within each other. Browsers stop at 512; the engine copies a text once for each that is around it.
const MAX_DEPTH: usize = 200;

/// Elements that the source leaves open, with those whose ends are implied. Each stray end tag is compared with all.
const MAX_OPEN: usize = 2_000;

/// Characters of one word. The engine looks for a word's stem by moving its letters.
const MAX_WORD: usize = 500;

/// Whether a page's filters, sorts and metadata are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Facets {
    Kept,
    Dropped,
}

/// A page for the engine.
#[derive(Debug, Default)]
pub(crate) struct Tidied {
    pub(crate) html: String,
    /// `en`, of `<html lang="en-GB">`.
    pub(crate) language: Option<String>,
    /// Names of its filters, sorts and metadata.
    pub(crate) names: BTreeSet<String>,
    /// Whether it has more of those than are kept.
    pub(crate) dropped_facets: bool,
    /// Whether it says itself which part is to be searched.
    pub(crate) chooses_body: bool,
    /// Why it asks to be left out.
    pub(crate) left_out: Option<Reason>,
    /// Bytes of its text, without scripts and styles.
    pub(crate) text: usize,
    names_title: bool,
    main: main_content::Found,
}

impl Tidied {
    /// Its HTML, with its main content marked for the engine.
    pub(crate) fn with_main_content(self) -> String {
        main_content::marked(self.html, &self.main, self.names_title)
    }
}

/// What is known while a page is read.
struct Reading {
    page: Tidied,
    open: Open,
    too_deep: bool,
    has_html: bool,
    facets: attributes::Budget,
    /// Characters since the last space, across elements.
    word: usize,
}

/// Reads a page once. `Err` for one that cannot be indexed.
pub(crate) fn tidy(html: &str, facets: Facets) -> Result<Tidied, Reason> {
    let reading = Rc::new(RefCell::new(Reading {
        page: Tidied::default(),
        open: Open::default(),
        too_deep: false,
        has_html: false,
        facets: attributes::Budget::of(html, facets),
        word: 0,
    }));
    let written = rewrite_str(html, settings(&reading));
    let mut reading = reading.borrow_mut();
    if reading.too_deep {
        return Err(Reason::TooDeep);
    }
    let written = written.map_err(|_| Reason::Refused)?;
    if depth(&written).ok_or(Reason::Refused)? > MAX_DEPTH {
        return Err(Reason::TooDeep);
    }
    let mut page = std::mem::take(&mut reading.page);
    page.html = if reading.has_html {
        written
    } else {
        // The engine reads nothing outside of it, and authors may leave it out.
        format!("<html {}>{written}</html>", main_content::whole())
    };
    Ok(page)
}

fn settings(reading: &Rc<RefCell<Reading>>) -> RewriteStrSettings<'static, 'static> {
    let (elements, texts, end) = (Rc::clone(reading), Rc::clone(reading), Rc::clone(reading));
    RewriteStrSettings::new()
        .with_strict(false)
        .append_element_content_handler(element!("*", move |element| on_element(element, &elements)))
        .append_document_content_handler(
            DocumentContentHandlers::default()
                .text(move |text: &mut TextChunk<'_>| on_text(text, &mut texts.borrow_mut()))
                .end(move |document: &mut DocumentEnd<'_>| {
                    let closing = end.borrow_mut().open.close_above(0);
                    document.append(&closing, ContentType::Html);
                    Ok(())
                }),
        )
}

fn on_element(element: &mut Element<'_, '_>, reading: &Rc<RefCell<Reading>>) -> HandlerResult {
    let mut state = reading.borrow_mut();
    let state = &mut *state;
    let tag = element.tag_name();
    let closing = state.open.implied_end(&tag);
    if !closing.is_empty() {
        element.before(&closing, ContentType::Html);
    }
    attributes::note_page(element, &tag, &mut state.page);
    attributes::bound(
        element,
        &tag,
        state.open.anchors(&tag),
        &mut state.page,
        &mut state.facets,
    )?;
    main_content::mark(element, &tag, &mut state.page.main)?;
    state.has_html |= tag == "html";
    if let Some(id) = state.open.id_for_heading(&tag)
        && !element.has_attribute("id")
    {
        element.set_attribute("id", &id)?;
    }
    let id = element.get_attribute("id");
    let Some(handlers) = element.end_tag_handlers() else {
        return Ok(());
    };
    let at = state.open.enter(tag, id);
    if state.open.depth() > MAX_DEPTH || at > MAX_OPEN {
        state.too_deep = true;
        return Err("too deep to be read on".into());
    }
    let reading = Rc::clone(reading);
    handlers.push(Box::new(move |end: &mut EndTag<'_>| {
        // Also called where the end of an element around ends this one.
        let left = reading.borrow_mut().open.leave(at, &end.name());
        if !left.closing.is_empty() {
            end.before(&left.closing, ContentType::Html);
        }
        if left.is_written {
            end.remove();
        }
        Ok(())
    }));
    Ok(())
}

/// Breaks words that are too long to be one: encoded files, minified code.
fn on_text(text: &mut TextChunk<'_>, reading: &mut Reading) -> HandlerResult {
    if !matches!(reading.open.innermost(), Some("script" | "style" | "noscript")) {
        reading.page.text += text.as_str().len();
    }
    let mut broken = String::new();
    let mut from = 0;
    for (at, character) in text.as_str().char_indices() {
        if character.is_whitespace() {
            reading.word = 0;
            continue;
        }
        reading.word += 1;
        if reading.word > MAX_WORD {
            broken.push_str(&text.as_str()[from..at]);
            broken.push(' ');
            from = at;
            reading.word = 1;
        }
    }
    if from > 0 || !broken.is_empty() {
        broken.push_str(&text.as_str()[from..]);
        text.replace(&broken, ContentType::Html);
    }
    Ok(())
}

/// The most elements within each other, as the engine will count them.
fn depth(html: &str) -> Option<usize> {
    let depths = Rc::new(RefCell::new((0_usize, 0_usize)));
    let counted = Rc::clone(&depths);
    let settings = RewriteStrSettings::new()
        .with_strict(false)
        .append_element_content_handler(element!("*", move |element| {
            let Some(handlers) = element.end_tag_handlers() else {
                return Ok(());
            };
            let mut now = counted.borrow_mut();
            let outside = now.0;
            now.0 += 1;
            now.1 = now.1.max(now.0);
            let counted = Rc::clone(&counted);
            handlers.push(end_tag!(move |_| {
                counted.borrow_mut().0 = outside;
                Ok(())
            }));
            Ok(())
        }));
    rewrite_str(html, settings).ok()?;
    let (_, most) = *depths.borrow();
    Some(most)
}

#[cfg(test)]
mod tests;
