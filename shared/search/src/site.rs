//! What has to be known of all pages before one can be indexed.

use std::collections::{BTreeMap, BTreeSet};

use crate::notes::{Notes, Reason};
use crate::tidy::{Facets, Tidied, tidy};
use crate::{MAX_PAGE_BYTES, MAX_TEXT_BYTES, Page, SearchError};

/// Names of filters, sorts and metadata in one site. The engine compares each of a page with each of the site.
const MAX_NAMES: usize = 256;

/// Pages that Sphinx writes for itself. They name every term and would be found for each.
const OF_SPHINX: [&str; 3] = ["genindex.html", "search.html", "py-modindex.html"];

/// Pages as the engine shall see them.
pub(crate) struct Site {
    pub(crate) pages: Vec<(String, String)>,
    /// The language of most pages, or `unknown`.
    pub(crate) language: String,
    pub(crate) notes: Notes,
}

/// Chooses the pages and the part of each that says something.
pub(crate) fn prepare(pages: &[Page<'_>]) -> Result<Site, SearchError> {
    let mut notes = Notes::default();
    let kept = searched(pages, &mut notes)?;
    let language = language_of_most(&kept);
    for (path, tidied) in &kept {
        if tidied.language.as_ref().is_some_and(|other| *other != language) {
            notes.add(Reason::Language, path);
        }
    }
    // Where the author says which part of a page is to be searched, all pages are left to the author.
    let chosen_by_author = kept.iter().any(|(_, tidied)| tidied.chooses_body);
    let pages = kept
        .into_iter()
        .map(|(path, tidied)| {
            let html = if chosen_by_author {
                tidied.html
            } else {
                tidied.with_main_content()
            };
            (path.to_owned(), html)
        })
        .collect();
    Ok(Site {
        pages,
        language,
        notes,
    })
}

/// The pages that are searched, read once.
fn searched<'a>(pages: &[Page<'a>], notes: &mut Notes) -> Result<Vec<(&'a str, Tidied)>, SearchError> {
    let by_sphinx = pages.iter().any(|page| page.path == "genindex.html");
    let mut names = BTreeSet::new();
    let mut kept = Vec::new();
    let mut text = 0;
    for page in pages {
        let path = page.path.trim_start_matches('/');
        if path.starts_with("pagefind/") || path.starts_with("_search/") {
            continue;
        }
        if by_sphinx && is_of_sphinx(path) {
            notes.add(Reason::Generated, path);
            continue;
        }
        match readable(page.html) {
            Err(reason) => notes.add(reason, path),
            Ok(tidied) => {
                text += tidied.text;
                if text > MAX_TEXT_BYTES {
                    return Err(SearchError::TooMuchText {
                        limit: MAX_TEXT_BYTES,
                    });
                }
                kept.push((path, with_known_names(page, tidied, &mut names, notes)));
            }
        }
    }
    Ok(kept)
}

fn is_of_sphinx(path: &str) -> bool {
    OF_SPHINX.contains(&path) || path.starts_with("genindex-") && !path.contains('/')
}

fn readable(html: &str) -> Result<Tidied, Reason> {
    if html.len() > MAX_PAGE_BYTES {
        return Err(Reason::TooLarge);
    }
    let tidied = tidy(html, Facets::Kept)?;
    match tidied.left_out {
        Some(reason) => Err(reason),
        None => Ok(tidied),
    }
}

/// The page with its filters, sorts and metadata, or without where the site would have too many of them.
fn with_known_names(
    page: &Page<'_>,
    tidied: Tidied,
    names: &mut BTreeSet<String>,
    notes: &mut Notes,
) -> Tidied {
    let new = tidied.names.difference(names).count();
    if names.len() + new <= MAX_NAMES {
        if tidied.dropped_facets {
            notes.add(Reason::Facets, page.path);
        }
        names.extend(tidied.names.iter().cloned());
        return tidied;
    }
    notes.add(Reason::Facets, page.path);
    tidy(page.html, Facets::Dropped).unwrap_or(tidied)
}

/// One index has one language: a search looks into one index only, and a site is to be found in whole.
fn language_of_most(pages: &[(&str, Tidied)]) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    for (_, tidied) in pages {
        if let Some(language) = &tidied.language {
            *counts.entry(language).or_default() += 1;
        }
    }
    counts
        .into_iter()
        // The first of the alphabet among equals.
        .max_by(|(a, many), (b, more)| many.cmp(more).then(b.cmp(a)))
        .map_or_else(|| "unknown".to_owned(), |(language, _)| language.to_owned())
}
