//! The part of a page that says something: what is around it is the same on every page.

use lol_html::HandlerResult;
use lol_html::html_content::Element;

const MARK: &str = "data-imprint-main";
const HEADING: &str = "data-imprint-heading";

/// How good a part is, the best first.
const OF_GENERATOR: u8 = 0;
const ARTICLE: u8 = 1;
const ROLE_MAIN: u8 = 2;
const MAIN: u8 = 3;
const BODY: u8 = 4;
const WHOLE: u8 = 5;

/// What a page has to offer.
#[derive(Debug, Default)]
pub(crate) struct Found {
    best: Option<u8>,
    /// Articles in a main element. One is what the page is about; several are a list.
    articles: usize,
}

/// Parts of the pages of usual generators, as classes.
const CLASSES: &[&str] = &[
    // Sphinx with the PyData theme and its kin.
    "bd-article",
    // MkDocs Material, Docusaurus, VitePress.
    "md-content__inner",
    "theme-doc-markdown",
    "vp-doc",
];

/// Marks an element that may be the main content. Only the first of a rank is looked for later.
pub(crate) fn mark(element: &mut Element<'_, '_>, tag: &str, found: &mut Found) -> HandlerResult {
    if tag == "h1" {
        element.set_attribute(HEADING, "")?;
    }
    let Some(rank) = rank(element, tag) else {
        return Ok(());
    };
    if rank == ARTICLE {
        if found.best.is_some_and(|best| best <= MAIN) {
            found.articles += 1;
            element.set_attribute(MARK, &rank.to_string())?;
        }
    } else if found.best.is_none_or(|best| rank < best) {
        found.best = Some(rank);
        element.set_attribute(MARK, &rank.to_string())?;
    }
    Ok(())
}

fn rank(element: &Element<'_, '_>, tag: &str) -> Option<u8> {
    let is = |name: &str, value: &str| element.get_attribute(name).is_some_and(|found| found == value);
    match tag {
        "html" => Some(WHOLE),
        "body" => Some(BODY),
        "article" | "div" | "section" | "main" => {
            let classes = element.get_attribute("class").unwrap_or_default();
            if is("itemprop", "articleBody")
                || classes.split_whitespace().any(|class| CLASSES.contains(&class))
            {
                Some(OF_GENERATOR)
            } else if is("role", "main") {
                Some(ROLE_MAIN)
            } else if tag == "main" {
                Some(MAIN)
            } else {
                (tag == "article").then_some(ARTICLE)
            }
        }
        _ => None,
    }
}

impl Found {
    fn rank(&self) -> u8 {
        match self.best {
            Some(best @ (ROLE_MAIN | MAIN)) => {
                if self.articles == 1 {
                    ARTICLE
                } else {
                    best
                }
            }
            Some(best) => best,
            None => WHOLE,
        }
    }
}

/// The mark of a page that has no `html` element of its own.
pub(crate) fn whole() -> String {
    mark_of(WHOLE)
}

fn mark_of(rank: u8) -> String {
    format!("{MARK}=\"{rank}\"")
}

/// The page with the best part as the engine's body, and the first heading in there as its title.
///
/// Without the latter, the name of the site in a side bar would be every page's title.
pub(crate) fn marked(html: String, found: &Found, has_title: bool) -> String {
    let mark = mark_of(found.rank());
    let Some(at) = html.find(&mark) else {
        return html;
    };
    let (before, rest) = html.split_at(at);
    let rest = rest[mark.len()..].to_owned();
    let heading = format!("{HEADING}=\"\"");
    let rest = if has_title {
        rest
    } else {
        rest.replacen(&heading, "data-pagefind-meta=\"title\"", 1)
    };
    format!("{before}data-pagefind-body{rest}")
}
