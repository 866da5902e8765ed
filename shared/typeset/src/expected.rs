//! What can be said of a document before anything of it is set.
//!
//! The engine sets a document until what it found in it the last time is what it finds. The first time it knows nothing: the
//! contents are empty, and where there should be a link there is nothing at all, so each page is another one than in the
//! end. Here the first time has the headings and somewhere for each link to go: it already breaks lines and pages where they
//! stay, and the second time, which knows them, is the last.

use std::num::NonZeroUsize;

use comemo::{Track, TrackedMut};
use typst::diag::{SourceResult, StrResult};
use typst::ecow::{EcoString, EcoVec};
use typst::engine::Engine;
use typst::foundations::{
    Content, Label, NativeElement, Output, Selector, SequenceElem, StyleChain, StyledElem, Target,
};
use typst::introspection::{DocumentPosition, EmptyIntrospector, Introspector, Location};
use typst::model::{HeadingElem, Numbering};
use typst::syntax::VirtualPath;
use typst::utils::Protected;
use typst_layout::PagedDocument;

/// A document whose first setting expects what can be expected.
pub(crate) struct Document(pub(crate) PagedDocument);

impl Output for Document {
    fn target() -> Target {
        Target::Paged
    }

    fn create(engine: &mut Engine<'_>, content: &Content, styles: StyleChain<'_>) -> SourceResult<Self> {
        // What is asked here is what the engine compares in the end: a document has pages, the lack of one has none.
        let found = *engine.introspector.access("the answer is recorded");
        if found.pages(somewhere()).is_some() {
            return PagedDocument::create(engine, content, styles).map(Self);
        }
        let expected = Expected::of(content);
        let introspector: &dyn Introspector = &expected;
        let mut first = Engine {
            world: engine.world,
            library: engine.library,
            introspector: Protected::new(introspector.track()),
            traced: engine.traced,
            sink: TrackedMut::reborrow_mut(&mut engine.sink),
            route: engine.route.clone(),
        };
        PagedDocument::create(&mut first, content, styles).map(Self)
    }

    fn introspector(&self) -> &dyn Introspector {
        self.0.introspector().as_ref()
    }
}

/// Where everything is at first.
fn somewhere() -> Location {
    Location::new(0)
}

/// Answers as the lack of a document does, but for headings and labels.
struct Expected {
    headings: EcoVec<Content>,
    target: Content,
}

impl Expected {
    fn of(content: &Content) -> Self {
        let mut headings = EcoVec::new();
        collect(content, &mut headings);
        Self {
            headings,
            target: Content::empty().located(somewhere()),
        }
    }
}

/// Headings stand side by side with everything else, below what styles them.
fn collect(content: &Content, headings: &mut EcoVec<Content>) {
    if let Some(sequence) = content.to_packed::<SequenceElem>() {
        for child in &sequence.children {
            collect(child, headings);
        }
    } else if let Some(styled) = content.to_packed::<StyledElem>() {
        collect(&styled.child, headings);
    } else if content.is::<HeadingElem>() {
        headings.push(content.clone().located(somewhere()));
    }
}

impl Introspector for Expected {
    fn query(&self, selector: &Selector) -> EcoVec<Content> {
        match selector {
            Selector::Elem(element, _) if *element == HeadingElem::ELEM => self.headings.clone(),
            _ => EmptyIntrospector.query(selector),
        }
    }

    fn query_first(&self, selector: &Selector) -> Option<Content> {
        EmptyIntrospector.query_first(selector)
    }

    fn query_unique(&self, selector: &Selector) -> StrResult<Content> {
        EmptyIntrospector.query_unique(selector)
    }

    fn query_label(&self, _: Label) -> StrResult<&Content> {
        Ok(&self.target)
    }

    fn query_labelled(&self) -> EcoVec<Content> {
        EmptyIntrospector.query_labelled()
    }

    fn query_count_before(&self, selector: &Selector, end: Location) -> usize {
        EmptyIntrospector.query_count_before(selector, end)
    }

    fn label_count(&self, label: Label) -> usize {
        EmptyIntrospector.label_count(label)
    }

    fn locator(&self, key: u128, base: Location) -> Option<Location> {
        EmptyIntrospector.locator(key, base)
    }

    fn pages(&self, location: Location) -> Option<NonZeroUsize> {
        EmptyIntrospector.pages(location)
    }

    fn page(&self, location: Location) -> Option<NonZeroUsize> {
        EmptyIntrospector.page(location)
    }

    fn position(&self, location: Location) -> Option<DocumentPosition> {
        EmptyIntrospector.position(location)
    }

    fn page_numbering(&self, location: Location) -> Option<&Numbering> {
        EmptyIntrospector.page_numbering(location)
    }

    fn page_supplement(&self, location: Location) -> Option<&Content> {
        EmptyIntrospector.page_supplement(location)
    }

    fn anchor(&self, location: Location) -> Option<&EcoString> {
        EmptyIntrospector.anchor(location)
    }

    fn document(&self, location: Location) -> Option<Location> {
        EmptyIntrospector.document(location)
    }

    fn path(&self, location: Location) -> Option<&VirtualPath> {
        EmptyIntrospector.path(location)
    }
}
