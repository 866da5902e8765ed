//! The main content of a tree as [`Block`]s: what is layout, sign or tool is left behind here.

mod code;
mod line;
mod math;
mod table;

use crate::clean::one_line;
use crate::content::{Block, Definition, Inline, plain};
use crate::link::Start;
use crate::parse::is_heading;
use crate::place::{is_about_the_build, is_no_content};
use crate::tree::{Data, Element, NodeId, Tree};
use line::Line;

/// Lists, quotes and tables within each other; what is nested deeper is read as if it were not nested. Their lines are
/// indented in Markdown, so this bounds how much longer that can be than the page.
const MAX_NESTED: u8 = 10;

/// Reads what is below a node.
pub(crate) fn read(tree: &Tree, id: NodeId, start: Start) -> Vec<Block> {
    let reader = Reader { tree, start };
    let mut flow = Flow::default();
    reader.flow(id, &mut flow, Context::default());
    flow.end()
}

/// What is around a node, as far as it matters.
#[derive(Debug, Clone, Copy, Default)]
struct Context<'t> {
    nested: u8,
    in_link: bool,
    in_strong: bool,
    in_emphasis: bool,
    /// The language of code, where an element around it says so.
    language: Option<&'t str>,
}

/// Blocks that are done, and the line that is being read.
#[derive(Default)]
struct Flow {
    blocks: Vec<Block>,
    line: Line,
    /// The id of the section that has begun and has no heading yet.
    section: Option<String>,
}

impl Flow {
    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line).end();
        if !line.is_empty() && !is_about_the_build(&plain(&line)) {
            self.blocks.push(Block::Paragraph(line));
        }
    }

    /// A signature that is no term of a list.
    fn push_signature(&mut self, tree: &Tree, id: NodeId) {
        let line = signature(tree, id);
        if !line.is_empty() {
            self.push(Block::Paragraph(line));
        }
    }

    fn push(&mut self, block: Block) {
        self.end_line();
        self.blocks.push(block);
    }

    fn end(mut self) -> Vec<Block> {
        self.end_line();
        self.blocks
    }
}

struct Reader<'t> {
    tree: &'t Tree,
    start: Start,
}

impl<'t> Reader<'t> {
    /// Reads the children of a node, each as its kind asks. Recursive: a tree is bounded in its depth.
    fn flow(&self, id: NodeId, flow: &mut Flow, context: Context<'t>) {
        for child in self.tree.children(id) {
            match self.tree.data(child) {
                Data::Text(text) => flow.line.text(text),
                Data::Element(element) if is_no_content(element) => {}
                Data::Element(element) => self.element(child, element, flow, context),
            }
        }
    }

    fn element(&self, id: NodeId, element: &'t Element, flow: &mut Flow, context: Context<'t>) {
        let context = Context {
            language: code::language(element).or(context.language),
            ..context
        };
        if let Some(math) = math::block(self.tree, id, element) {
            return flow.push(Block::Math(math));
        }
        match element.name {
            name if is_heading(name) => self.heading(id, element, flow, context),
            "p" if !is_title(element) => self.paragraph(id, flow, context),
            "pre" => self.code(id, flow, context),
            "hr" => flow.push(Block::Rule),
            "ul" | "ol" | "menu" => self.list(id, element, flow, context),
            "dl" => self.definitions(id, flow, context),
            "table" => self.table(id, element, flow, context),
            "blockquote" => self.quote(id, flow, context),
            "summary" | "legend" if !element.holds_block => self.strong_line(id, flow, context),
            "div" | "p" if is_title(element) => self.strong_line(id, flow, context),
            "div" if element.has_class("member-signature") => flow.push_signature(self.tree, id),
            "section" | "div" | "aside" if is_admonition(element) => self.quote(id, flow, context),
            "section" | "div" | "article" => self.section(id, element, flow, context),
            // Bold, links and the like around whole paragraphs are none; what has no block in it belongs to the line.
            name if crate::parse::is_block(name) => {
                flow.end_line();
                self.flow(id, flow, context);
                flow.end_line();
            }
            "a" if element.holds_block && self.is_card(id) => {
                flow.end_line();
                self.inline(id, element, &mut flow.line, context);
                flow.end_line();
            }
            _ if element.holds_block => self.flow(id, flow, context),
            _ => self.inline(id, element, &mut flow.line, context),
        }
    }

    /// Whether a link with blocks in it is one that is laid out as a box: no lists, tables or code in it, and little text.
    fn is_card(&self, id: NodeId) -> bool {
        const MAX_BYTES: usize = 600;
        let mut bytes = 0;
        let mut simple = true;
        self.tree.visit(id, is_no_content, |data| {
            match data {
                Data::Text(text) => bytes += text.len(),
                Data::Element(element) => {
                    simple &= !matches!(
                        element.name,
                        "ul" | "ol" | "dl" | "table" | "pre" | "blockquote" | "section"
                    );
                }
            }
            simple && bytes <= MAX_BYTES
        });
        simple && bytes <= MAX_BYTES
    }

    fn section(&self, id: NodeId, element: &Element, flow: &mut Flow, context: Context<'t>) {
        flow.end_line();
        let before = flow.section.clone();
        if let Some(own) = element.id() {
            flow.section = Some(one_line(own));
        }
        self.flow(id, flow, context);
        flow.end_line();
        // Whose heading came takes its id with it; one that ends without a heading leaves the place to the one around it.
        flow.section = before.filter(|_| flow.section.is_some());
    }

    fn heading(&self, id: NodeId, element: &Element, flow: &mut Flow, context: Context<'t>) {
        let line = if element.has_class("code-header") {
            signature(self.tree, id)
        } else {
            self.line(id, context)
        };
        let section = flow.section.take();
        if line.is_empty() {
            return;
        }
        let own = element.id().map(one_line);
        let level = element.name.as_bytes()[1] - b'0';
        flow.push(Block::Heading {
            level,
            id: own.or(section).unwrap_or_default(),
            line,
        });
    }

    fn paragraph(&self, id: NodeId, flow: &mut Flow, context: Context<'t>) {
        flow.end_line();
        self.flow(id, flow, context);
        flow.end_line();
    }

    fn strong_line(&self, id: NodeId, flow: &mut Flow, context: Context<'t>) {
        let line = self.line(
            id,
            Context {
                in_strong: true,
                ..context
            },
        );
        if !line.is_empty() {
            flow.push(Block::Paragraph(vec![Inline::Strong(line)]));
        }
    }

    fn code(&self, id: NodeId, flow: &mut Flow, context: Context<'t>) {
        let (text, language) = code::read(self.tree, id, context.language);
        if !text.is_empty() {
            flow.push(Block::Code { language, text });
        }
    }

    /// What is below a node as blocks of their own, one level down. Not below the last level.
    fn nested(&self, id: NodeId, context: Context<'t>) -> Vec<Block> {
        let mut flow = Flow::default();
        self.flow(
            id,
            &mut flow,
            Context {
                nested: context.nested + 1,
                ..context
            },
        );
        flow.end()
    }

    fn quote(&self, id: NodeId, flow: &mut Flow, context: Context<'t>) {
        flow.end_line();
        if context.nested >= MAX_NESTED {
            self.flow(id, flow, context);
            return flow.end_line();
        }
        let blocks = self.nested(id, context);
        if !blocks.is_empty() {
            flow.push(Block::Quote(blocks));
        }
    }

    /// Whether a list is there for layout only: its items are sections with headings.
    fn holds_headings(&self, id: NodeId) -> bool {
        let mut found = false;
        self.tree.visit(id, is_no_content, |data| {
            found = matches!(data, Data::Element(element) if is_heading(element.name));
            !found
        });
        found
    }

    fn list(&self, id: NodeId, element: &Element, flow: &mut Flow, context: Context<'t>) {
        flow.end_line();
        if context.nested >= MAX_NESTED || self.holds_headings(id) {
            self.flow(id, flow, context);
            return flow.end_line();
        }
        let mut items: Vec<Vec<Block>> = Vec::new();
        for child in self.tree.children(id) {
            match self.tree.data(child) {
                Data::Element(one) if is_no_content(one) => {}
                Data::Element(one) if one.name == "li" => items.push(self.nested(child, context)),
                // Not allowed there: a list within a list belongs to the item before it, other things too.
                Data::Element(one) => {
                    let mut inner = Flow::default();
                    self.element(
                        child,
                        one,
                        &mut inner,
                        Context {
                            nested: context.nested + 1,
                            ..context
                        },
                    );
                    match items.last_mut() {
                        Some(item) => item.extend(inner.end()),
                        None => items.push(inner.end()),
                    }
                }
                Data::Text(text) => {
                    let mut line = Line::default();
                    line.text(text);
                    let line = line.end();
                    if !line.is_empty() {
                        items.push(vec![Block::Paragraph(line)]);
                    }
                }
            }
        }
        items.retain(|item| !item.is_empty());
        if !items.is_empty() {
            flow.push(Block::List {
                first: first_number(element),
                items,
            });
        }
    }

    fn definitions(&self, id: NodeId, flow: &mut Flow, context: Context<'t>) {
        flow.end_line();
        if context.nested >= MAX_NESTED {
            self.flow(id, flow, context);
            return flow.end_line();
        }
        let mut definitions = Vec::new();
        self.definitions_of(id, &mut definitions, context);
        if !definitions.is_empty() {
            flow.push(Block::Definitions(definitions));
        }
    }

    fn definitions_of(&self, id: NodeId, to: &mut Vec<Definition>, context: Context<'t>) {
        for child in self.tree.children(id) {
            let Data::Element(element) = self.tree.data(child) else {
                continue;
            };
            match element.name {
                _ if is_no_content(element) => {}
                "dt" => {
                    let term = self.term(child, element, context);
                    let id = element.id().map(one_line).unwrap_or_default();
                    if !term.is_empty() {
                        to.push(Definition {
                            id,
                            term,
                            details: Vec::new(),
                        });
                    }
                }
                "div" if element.holds_block => self.definitions_of(child, to, context),
                _ => {
                    let details = self.nested(child, context);
                    match to.last_mut() {
                        Some(last) => last.details.extend(details),
                        None if details.is_empty() => {}
                        None => to.push(Definition {
                            id: String::new(),
                            term: Vec::new(),
                            details,
                        }),
                    }
                }
            }
        }
    }

    /// A term as it is; a signature as code, which it is.
    fn term(&self, id: NodeId, element: &Element, context: Context<'t>) -> Vec<Inline> {
        if element.has_class("sig") {
            return signature(self.tree, id);
        }
        self.line(id, context)
    }

    /// All that is below a node as one line.
    fn line(&self, id: NodeId, context: Context<'t>) -> Vec<Inline> {
        let mut line = Line::default();
        self.inlines(id, &mut line, context);
        line.end()
    }
}

/// The signature of something as code, which it is.
fn signature(tree: &Tree, id: NodeId) -> Vec<Inline> {
    let text = one_line(&tree.text(id, is_no_content));
    if text.is_empty() {
        Vec::new()
    } else {
        vec![Inline::Code(text)]
    }
}

/// The number of a list's first item, if its items are numbered.
fn first_number(element: &Element) -> Option<u32> {
    /// A longer number is no list in Markdown.
    const MAX: u32 = 999_999_999;
    (element.name == "ol").then(|| {
        let start = element
            .attribute("start")
            .and_then(|start| start.trim().parse().ok());
        start.filter(|number| *number <= MAX).unwrap_or(1)
    })
}

/// The title of a box, which is no heading of the page.
fn is_title(element: &Element) -> bool {
    let names = [
        "admonition-title",
        "topic-title",
        "sidebar-title",
        "starlight-aside__title",
    ];
    // Docusaurus puts a hash behind its name.
    has_class_with(element, &names)
        || element
            .classes()
            .any(|class| class.starts_with("admonitionHeading"))
}

fn is_admonition(element: &Element) -> bool {
    has_class_with(
        element,
        &[
            "admonition",
            "theme-admonition",
            "starlight-aside",
            "topic",
            "sidebar",
            "system-message",
        ],
    )
}

fn has_class_with(element: &Element, names: &[&str]) -> bool {
    element.classes().any(|class| names.contains(&class))
}

#[cfg(test)]
mod tests;
