//! Which elements are open, and which an author leaves to the parser to close.

/// Elements that a paragraph ends before.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "details",
    "dialog",
    "div",
    "dl",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "ul",
];

/// Elements whose ids the engine counts as those of the text around them.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdo", "big", "br", "button", "cite", "code", "dfn", "em", "i", "img",
    "input", "kbd", "label", "map", "object", "output", "q", "samp", "script", "select", "small", "span",
    "strong", "sub", "sup", "textarea", "time", "tt", "var",
];

/// Bytes of an id that is given to a heading.
const MAX_ID: usize = 200;

const HEADINGS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6"];

struct Element {
    tag: String,
    /// The id of a section that has had no heading yet.
    id: Option<String>,
    /// Ids that the engine collects the text of this element for.
    anchors: usize,
    /// Whether its end has been written already, where the source leaves it out.
    closed: bool,
}

/// What has to be done where an element ends.
#[derive(Default)]
pub(crate) struct Left {
    /// The end tags to be written before.
    pub(crate) closing: String,
    /// Whether the end tag of the source has been written already.
    pub(crate) is_written: bool,
}

/// The elements that are open in the source.
#[derive(Default)]
pub(crate) struct Open {
    elements: Vec<Element>,
    /// Those of them that are open in what is written.
    unclosed: usize,
}

impl Open {
    /// How many are open in what is written.
    pub(crate) fn depth(&self) -> usize {
        self.unclosed
    }

    /// The element that text is in.
    pub(crate) fn innermost(&self) -> Option<&str> {
        let open = self.elements.iter().rev().find(|element| !element.closed);
        open.map(|element| element.tag.as_str())
    }

    /// The end tags that the start of `tag` implies.
    pub(crate) fn implied_end(&mut self, tag: &str) -> String {
        let ended = ended_by(tag);
        let mut written = String::new();
        if ended.is_empty() {
            return written;
        }
        for element in self.elements.iter_mut().rev() {
            if element.closed {
                continue;
            }
            if !ended.contains(&element.tag.as_str()) {
                break;
            }
            element.closed = true;
            self.unclosed -= 1;
            push_end(&mut written, &element.tag);
        }
        written
    }

    /// How many ids the text of an element would be collected for.
    pub(crate) fn anchors(&self, tag: &str) -> usize {
        if !INLINE.contains(&tag) {
            return 0;
        }
        let around = self.elements.iter().rev().find(|element| !element.closed);
        around.map_or(0, |element| element.anchors)
    }

    /// The id of the section that starts with this heading. Results are found below headings that have an id, and
    /// generators put it on the section around.
    pub(crate) fn id_for_heading(&mut self, tag: &str) -> Option<String> {
        if !HEADINGS.contains(&tag) {
            return None;
        }
        let id = self.elements.last_mut()?.id.take();
        // The page's own heading needs none: a result without a section leads to the top of the page.
        id.filter(|_| tag != "h1")
    }

    /// An element begins. The number is for [`Open::leave`].
    pub(crate) fn enter(&mut self, tag: String, id: Option<String>) -> usize {
        let anchors = self.anchors(&tag) + usize::from(id.is_some());
        let is_section = matches!(tag.as_str(), "section" | "div" | "article");
        self.elements.push(Element {
            id: id.filter(|id| is_section && id.len() <= MAX_ID),
            tag,
            anchors,
            closed: false,
        });
        self.unclosed += 1;
        self.elements.len() - 1
    }

    /// An element ends at an end tag of the source: its own, or that of one around it.
    pub(crate) fn leave(&mut self, at: usize, end_tag: &str) -> Left {
        let mut closing = self.close_above(at + 1);
        if self.elements.len() <= at {
            return Left::default();
        }
        let Some(element) = self.elements.pop() else {
            return Left::default();
        };
        let is_own = element.tag == end_tag;
        if !element.closed {
            self.unclosed -= 1;
            if !is_own {
                push_end(&mut closing, &element.tag);
            }
        }
        Left {
            closing,
            is_written: is_own && element.closed,
        }
    }

    /// The end tags of all that is open from the number on.
    pub(crate) fn close_above(&mut self, at: usize) -> String {
        let mut written = String::new();
        while self.elements.len() > at {
            if let Some(element) = self.elements.pop()
                && !element.closed
            {
                self.unclosed -= 1;
                push_end(&mut written, &element.tag);
            }
        }
        written
    }
}

fn push_end(written: &mut String, tag: &str) {
    written.push_str("</");
    written.push_str(tag);
    written.push('>');
}

/// What may be open directly around a start tag and ends there.
fn ended_by(tag: &str) -> &'static [&'static str] {
    match tag {
        "li" => &["p", "li"],
        "dt" | "dd" => &["p", "dt", "dd"],
        "td" | "th" => &["p", "td", "th"],
        "tr" => &["p", "td", "th", "tr"],
        "thead" | "tbody" | "tfoot" => &["p", "td", "th", "tr", "thead", "tbody", "tfoot"],
        "option" | "optgroup" => &["option"],
        "body" => &["head"],
        _ if BLOCKS.contains(&tag) => &["p"],
        _ => &[],
    }
}
