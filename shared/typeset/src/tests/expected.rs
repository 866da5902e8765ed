//! How often a document is set until nothing changes.

use std::cell::Cell;

use typst::diag::SourceResult;
use typst::engine::Engine;
use typst::foundations::{Content, Output, StyleChain, Target};
use typst::introspection::Introspector;

use super::*;
use crate::expected::Document;
use crate::world::Paper;

thread_local! {
    static PAGES: Cell<Vec<usize>> = const { Cell::new(Vec::new()) };
}

/// A document that notes how many pages it has each time.
struct Counted(Document);

impl Output for Counted {
    fn target() -> Target {
        Document::target()
    }

    fn create(engine: &mut Engine<'_>, content: &Content, styles: StyleChain<'_>) -> SourceResult<Self> {
        let document = Document::create(engine, content, styles)?;
        let mut pages = PAGES.take();
        pages.push(document.0.pages().len());
        PAGES.set(pages);
        Ok(Self(document))
    }

    fn introspector(&self) -> &dyn Introspector {
        self.0.introspector()
    }
}

/// Contents that take more than a page, links to works, notes, numbered equations.
#[test]
fn a_document_has_all_its_pages_at_once_and_is_set_twice() {
    for variant in [Variant::Document, Variant::Journal] {
        let (mut manuscript, images) = sample::sample(20, variant);
        for n in 0..60 {
            let mut section = manuscript.sections[1].clone();
            section.id = format!("more-{n}");
            section.blocks.truncate(1);
            manuscript.sections.push(section);
        }
        let works = works(&manuscript);
        let refused = Refused::default();
        let read = reading::read(&manuscript, &images, &works, &refused);
        let view = serde_json::to_string(&read.view).unwrap();
        let paper = Paper::new(Template::Paper, view, read.images);
        PAGES.take();
        let document = typst::compile::<Counted>(&paper).output.unwrap();
        let pages = document.0.0.pages().len();
        assert!(pages > 20);
        assert_eq!(PAGES.take(), [pages, pages], "{variant:?}");
    }
}
