//! Ids of what can be pointed at: unique, and the same after an edit elsewhere.

use std::collections::{HashMap, HashSet};

use super::text::slug;

/// What the writers of a page name themselves.
const OF_WRITERS: [&str; 8] = [
    "bibliography",
    "contents",
    "footnotes",
    "key-points",
    "references",
    "search",
    "title",
    "toc",
];
/// How the ids begin that others give: of works and notes by the writers of a page.
const PREFIXES_OF_WRITERS: [&str; 6] = ["cite-", "fn-", "fnref-", "note-", "ref-", "typst-"];

/// Gives ids away, each once.
#[derive(Debug)]
pub(super) struct Ids {
    given: HashSet<String>,
    /// The number that the next one gets who wishes a taken id. Counting from 2 on each time would take minutes for a
    /// document of many equal headings.
    next: HashMap<String, usize>,
}

impl Ids {
    /// `fixed` are never given to others, even when they are asked for later.
    pub(super) fn new(fixed: impl Iterator<Item = &'static str>) -> Self {
        Self {
            given: fixed.chain(OF_WRITERS).map(str::to_owned).collect(),
            next: HashMap::new(),
        }
    }

    /// An id made of what an author wrote, or else `otherwise`, which has only characters of ids. A number follows where
    /// the id is taken.
    pub(super) fn give(&mut self, wish: Option<&str>, otherwise: &str) -> String {
        let wish = wish.map(slug).filter(|slug| !slug.is_empty());
        let base = match wish {
            Some(wish) if PREFIXES_OF_WRITERS.iter().any(|prefix| wish.starts_with(prefix)) => {
                format!("section-{wish}")
            }
            Some(wish) => wish,
            None => otherwise.to_owned(),
        };
        if self.given.insert(base.clone()) {
            return base;
        }
        let number = self.next.entry(base.clone()).or_insert(2);
        loop {
            let id = format!("{base}-{number}");
            *number += 1;
            if self.given.insert(id.clone()) {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_given_once() {
        let mut ids = Ids::new(["introduction"].into_iter());
        let given = ["Introduction", "a b", "a-b", "a b", "toc", "ref-1", "海"]
            .map(|wish| ids.give(Some(wish), "introduction-9"));
        assert_eq!(
            given,
            [
                "introduction-2",
                "a-b",
                "a-b-2",
                "a-b-3",
                "toc-2",
                "section-ref-1",
                "introduction-9"
            ]
        );
    }
}
