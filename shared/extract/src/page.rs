//! A page as a whole.

use crate::clean::{clipped, one_line};
use crate::content::{Block, plain};
use crate::digest::ContentDigest;
use crate::link::{self, Start};
use crate::tree::{Element, NodeId, Tree};
use crate::{digest, markdown, parse, place, read, sections};

/// The largest page that is read, in bytes of HTML. The longest pages of documentation that people write have one or two
/// megabytes: an API on a single page.
pub const MAX_HTML_BYTES: usize = 4 * 1024 * 1024;

/// The most Markdown that a page may become: twice the largest page. Escapes and indentation cannot make more of one that
/// people wrote.
pub const MAX_MARKDOWN_BYTES: usize = 2 * MAX_HTML_BYTES;

/// The most characters of a title, of the page's or a section's.
const MAX_TITLE_CHARS: usize = 300;

/// The most characters of a page's description.
const MAX_DESCRIPTION_CHARS: usize = 600;

/// A redirect that comes later than this many seconds is a page to read until then.
const MAX_REDIRECT_SECONDS: u32 = 15;

/// What a page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// One line that is never empty: the first heading, else what the browser shows as the title less the site's name, else the
    /// page's path.
    pub title: String,
    /// What the page says of itself for search engines.
    pub description: Option<String>,
    /// In the order of the page. Sections without title and text are left out.
    pub sections: Vec<Section>,
    /// The main content as Markdown, its title first.
    pub markdown: String,
    /// Of the main content: equal where two builds of a page say the same.
    pub digest: ContentDigest,
}

/// A heading, or a definition that can be linked to, with the text up to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The fragment that leads there, without `#`; empty for the page's beginning, and where the page has none.
    pub id: String,
    /// One line; empty where text comes before the first heading.
    pub title: String,
    /// All text below the heading on one line, white space collapsed.
    pub text: String,
}

/// What a file with the name of a page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extracted {
    /// A page to read.
    Page(Page),
    /// A page that only leads on, by a meta refresh.
    Redirect {
        /// The address as it is written: relative to the page, or a whole one. Never one that runs something.
        to: String,
    },
}

/// Why nothing is said of a page. None of these can be helped by another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// More HTML, or more Markdown of it, than is read.
    #[error(
        "the page has more than {MAX_HTML_BYTES} bytes, or becomes more than {MAX_MARKDOWN_BYTES} bytes of Markdown"
    )]
    TooLarge,
    /// More elements than a page of that size has that anybody reads.
    #[error("the page has too many elements")]
    TooManyElements,
    /// There is no element in it: something else with the name of a page, or text in an encoding of two bytes.
    #[error("the file is not HTML")]
    NotHtml,
}

/// Reads a page. `path` is its path below the edition's root, such as `a/b.html`; links start from there. Bytes that are not
/// UTF-8 become the replacement character, whatever encoding the page names; a byte order mark is left out.
pub fn extract(path: &str, html: &[u8]) -> Result<Extracted, ExtractError> {
    if html.len() > MAX_HTML_BYTES {
        return Err(ExtractError::TooLarge);
    }
    let text = String::from_utf8_lossy(html.strip_prefix(b"\xef\xbb\xbf").unwrap_or(html));
    let tree = parse::parse(&text).map_err(|parse::TooManyNodes| ExtractError::TooManyElements)?;
    if tree.elements().nth(1).is_none() {
        return Err(ExtractError::NotHtml);
    }
    let main = place::main_content(&tree);
    if let Some(to) = redirect(&tree, main) {
        return Ok(Extracted::Redirect { to });
    }
    page(path, &tree, main).map(Extracted::Page)
}

fn page(path: &str, tree: &Tree, main: NodeId) -> Result<Page, ExtractError> {
    let moved = tree.elements().any(|(_, element)| element.name == "base");
    let blocks = read::read(tree, main, Start::new(path, moved));
    let heading = first_heading(&blocks);
    let title = heading
        .clone()
        .or_else(|| document_title(tree))
        .unwrap_or_else(|| fallback_title(path));
    let title = clipped(title, MAX_TITLE_CHARS);
    let heading = heading.is_none().then_some(title.as_str());
    let markdown = markdown::write(heading, &blocks).ok_or(ExtractError::TooLarge)?;
    let mut sections = sections::of(&blocks);
    for section in &mut sections {
        section.title = clipped(std::mem::take(&mut section.title), MAX_TITLE_CHARS);
    }
    Ok(Page {
        title,
        description: description(tree),
        sections,
        markdown,
        digest: digest::of(&blocks),
    })
}

/// The first heading of the first level, wherever in the page's own text it is.
fn first_heading(blocks: &[Block]) -> Option<String> {
    blocks.iter().find_map(|block| match block {
        Block::Heading { level: 1, line, .. } => {
            Some(one_line(&plain(line))).filter(|title| !title.is_empty())
        }
        Block::Heading { .. }
        | Block::Paragraph(_)
        | Block::Code { .. }
        | Block::Math(_)
        | Block::List { .. }
        | Block::Definitions(_)
        | Block::Quote(_)
        | Block::Table(_)
        | Block::Rule => None,
    })
}

/// The title that the browser shows, less what follows the last sign that sets the site's name apart.
fn document_title(tree: &Tree) -> Option<String> {
    let (id, _) = tree.elements().find(|(id, element)| {
        let parent = tree.parent(*id).and_then(|parent| tree.element(parent));
        element.name == "title"
            && parent.is_none_or(|parent| matches!(parent.name, "" | "html" | "head" | "body"))
    })?;
    let title = one_line(&tree.text(id, |_| false));
    let end = [" — ", " – ", " - ", " | ", " · ", " • ", " :: ", " » "]
        .iter()
        .filter_map(|sign| title.rfind(sign))
        .max();
    let title = title[..end.unwrap_or(title.len())].trim();
    (!title.is_empty()).then(|| title.to_owned())
}

fn fallback_title(path: &str) -> String {
    let path = one_line(path);
    if path.is_empty() {
        "Untitled".to_owned()
    } else {
        path
    }
}

fn description(tree: &Tree) -> Option<String> {
    let named = |name: &str| {
        tree.elements()
            .filter(|(_, element)| element.name == "meta")
            .filter(|(_, element)| {
                [element.attribute("name"), element.attribute("property")]
                    .iter()
                    .flatten()
                    .any(|one| one.eq_ignore_ascii_case(name))
            })
            .filter_map(|(_, element)| element.attribute("content"))
            .map(one_line)
            .find(|description| !description.is_empty())
    };
    let description = named("description").or_else(|| named("og:description"))?;
    Some(clipped(description, MAX_DESCRIPTION_CHARS))
}

/// Where the page leads on to. What stands in a `noscript` counts where the page says nothing: others want to be read with
/// scripts.
fn redirect(tree: &Tree, main: NodeId) -> Option<String> {
    let outside = tree.elements().find_map(|(_, element)| refresh(element));
    if outside.is_some() || place::says_something(tree, main) {
        return outside;
    }
    tree.elements()
        .filter(|(_, element)| element.name == "noscript")
        .filter_map(|(id, _)| parse::parse(&tree.text(id, |_| false)).ok())
        .find_map(|inner| inner.elements().find_map(|(_, element)| refresh(element)))
}

/// The address of a `<meta http-equiv="refresh" content="0; url=...">`.
fn refresh(element: &Element) -> Option<String> {
    let is_refresh = element.name == "meta"
        && element
            .attribute("http-equiv")
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("refresh"));
    let content = is_refresh.then(|| element.attribute("content")).flatten()?;
    let (seconds, rest) = content.split_once([';', ','])?;
    let seconds = seconds.trim().split('.').next().unwrap_or_default();
    let soon = seconds.is_empty()
        || seconds
            .parse::<u32>()
            .is_ok_and(|seconds| seconds <= MAX_REDIRECT_SECONDS);
    let rest = rest.trim();
    let rest = match rest.get(..3) {
        Some(word) if word.eq_ignore_ascii_case("url") => {
            rest[3..].trim_start().strip_prefix('=').unwrap_or(rest).trim()
        }
        Some(_) | None => rest,
    };
    let quoted = |quote: char| {
        rest.strip_prefix(quote)
            .map(|rest| rest.split(quote).next().unwrap_or(rest))
    };
    let to = quoted('"').or_else(|| quoted('\'')).unwrap_or(rest);
    soon.then(|| link::image_address(to)).flatten()
}

#[cfg(test)]
mod tests;
