//! What is written of all pages of an edition together.

use std::fmt::Write;

use serde::Serialize;

use crate::clean::one_line;
use crate::markdown;
use crate::page::{Page, Section};

/// A page's place in a list of pages.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Below the edition's root, such as `a/b.html`.
    pub path: &'a str,
    /// The page's title.
    pub title: &'a str,
    /// What the page says of itself.
    pub description: Option<&'a str>,
}

impl<'a> From<(&'a str, &'a Page)> for Entry<'a> {
    fn from((path, page): (&'a str, &'a Page)) -> Self {
        Self {
            path,
            title: &page.title,
            description: page.description.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct SearchIndex<'a> {
    pages: Vec<SearchPage<'a>>,
}

#[derive(Serialize)]
struct SearchPage<'a> {
    path: &'a str,
    title: &'a str,
    sections: Vec<SearchSection<'a>>,
}

#[derive(Serialize)]
struct SearchSection<'a> {
    id: &'a str,
    title: &'a str,
    content: &'a str,
}

/// The sections of all pages as JSON, sorted by path:
/// `{"pages":[{"path":"a/b.html","title":"..","sections":[{"id":"..","title":"..","content":".."}]}]}`.
pub fn search_json<'a>(pages: impl Iterator<Item = (&'a str, &'a Page)>) -> Vec<u8> {
    let section = |one: &'a Section| SearchSection {
        id: &one.id,
        title: &one.title,
        content: &one.text,
    };
    let mut pages: Vec<_> = pages
        .map(|(path, page)| SearchPage {
            path,
            title: &page.title,
            sections: page.sections.iter().map(section).collect(),
        })
        .collect();
    pages.sort_by_key(|page| page.path);
    serde_json::to_vec(&SearchIndex { pages }).expect("strings in lists are always JSON")
}

/// A list of the pages for programs that read them, as <https://llmstxt.org> describes it: sorted by path, the home page
/// first, each with a link to its Markdown twin. Files that have no twin are left out.
pub fn llms_txt<'a>(
    title: &str,
    description: Option<&str>,
    pages: impl Iterator<Item = Entry<'a>>,
) -> String {
    let mut text = format!("# {}\n", markdown::escaped_heading(&one_line(title)));
    if let Some(description) = description.map(one_line).filter(|line| !line.is_empty()) {
        let _ = write!(text, "\n> {}\n", markdown::escaped_line(&description));
    }
    let mut pages: Vec<_> = pages
        .filter_map(|page| {
            markdown_path(page.path).map(|twin| (page.path != "index.html", page.path, twin, page))
        })
        .collect();
    pages.sort_by(|one, other| (one.0, one.1).cmp(&(other.0, other.1)));
    if !pages.is_empty() {
        text.push_str("\n## Pages\n\n");
    }
    for (_, _, twin, page) in pages {
        let title = Some(one_line(page.title)).filter(|title| !title.is_empty());
        let title = title.unwrap_or_else(|| one_line(page.path));
        let link = markdown::link(&title, &path_as_address(&twin));
        let _ = write!(text, "- {link}");
        if let Some(description) = page.description.map(one_line).filter(|line| !line.is_empty()) {
            let _ = write!(text, ": {}", markdown::escaped_text(&description));
        }
        text.push('\n');
    }
    text
}

/// The path of a page's Markdown twin: `a/b.html` has `a/b.md`. None for files that are no pages.
pub fn markdown_path(html_path: &str) -> Option<String> {
    let (stem, ending) = html_path.rsplit_once('.')?;
    let is_page = ["html", "htm", "xhtml"]
        .iter()
        .any(|one| ending.eq_ignore_ascii_case(one));
    let has_name = !stem.is_empty() && !stem.ends_with('/');
    (is_page && has_name).then(|| format!("{stem}.md"))
}

/// A path as a relative address: what would end it or make a scheme of its beginning is percent-encoded.
fn path_as_address(path: &str) -> String {
    let mut address = String::with_capacity(path.len());
    for c in path.chars() {
        match c {
            '%' | '?' | '#' | ':' => {
                let _ = write!(address, "%{:02X}", c as u32);
            }
            c => address.push(c),
        }
    }
    address
}

#[cfg(test)]
mod tests;
