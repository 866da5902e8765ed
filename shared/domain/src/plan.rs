//! The copy plan: what to copy and in which order, and what to delete, so that an edition becomes exactly a build.
//!
//! Readers never meet a gap (invariant 3): what is in both builds is overwritten, never removed; new assets come before
//! the pages that use them, deep pages before those that link to them, the home page last, deletions after all copies.

use std::collections::BTreeSet;

use crate::manifest::{File, Manifest};

/// The file of a search index that names all others.
const SEARCH_ENTRY: &str = "pagefind/pagefind-entry.json";

/// What the plan may assume about the objects that are there.
#[derive(Debug, Clone, Copy)]
pub enum Present<'a> {
    /// Exactly `published`, except for what unfinished copies of `torn` may have changed (invariant 6).
    Copied {
        /// The last finished copy.
        published: &'a Manifest,
        /// The targets of the copies begun since.
        torn: &'a [Manifest],
    },
    /// Nothing is known but the names: paths found below the prefix.
    Names(&'a BTreeSet<String>),
}

/// What to do, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<'a> {
    /// Files to copy. Each stage is complete before the next begins; within a stage the order is free.
    pub stages: Vec<Vec<&'a File>>,
    /// Paths to delete after the last stage: pages first.
    pub deletions: Vec<String>,
    /// Files that are right already.
    pub unchanged: u64,
}

impl Plan<'_> {
    /// How many files are to be copied.
    pub fn copies(&self) -> u64 {
        self.stages.iter().map(|stage| stage.len() as u64).sum()
    }
}

/// Plans the way from what is present to `target`.
pub fn plan<'a>(present: Present<'_>, target: &'a Manifest) -> Plan<'a> {
    let to_copy: Vec<&File> = target
        .files()
        .iter()
        .filter(|file| !is_right(present, file))
        .collect();
    let unchanged = (target.files().len() - to_copy.len()) as u64;
    Plan {
        stages: stages(to_copy),
        deletions: deletions(present, target),
        unchanged,
    }
}

/// Whether the object of this file can be trusted to be right already.
fn is_right(present: Present<'_>, file: &File) -> bool {
    match present {
        Present::Names(_) => false,
        Present::Copied { published, torn } => {
            let Some(there) = published.get(&file.path) else {
                return false;
            };
            let untouched =
                |attempt: &Manifest| attempt.get(&file.path).is_some_and(|new| new.same_content(there));
            there.same_content(file) && torn.iter().all(untouched)
        }
    }
}

fn deletions(present: Present<'_>, target: &Manifest) -> Vec<String> {
    let gone = |path: &str| path.parse().map_or(true, |path| target.get(&path).is_none());
    let found: BTreeSet<&str> = match present {
        Present::Names(names) => names.iter().map(String::as_str).collect(),
        Present::Copied { published, torn } => {
            let all = std::iter::once(published).chain(torn).flat_map(Manifest::files);
            all.map(|file| file.path.as_str()).collect()
        }
    };
    let mut paths: Vec<String> = found
        .into_iter()
        .filter(|path| gone(path))
        .map(str::to_owned)
        .collect();
    // Pages first: an asset that a page still names must not go before it.
    paths.sort_by_key(|path| !is_page_name(path));
    paths
}

fn is_page_name(path: &str) -> bool {
    path.parse::<crate::key::SitePath>()
        .is_ok_and(|path| path.is_page())
}

/// Where a file stands in the order of copying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Asset,
    /// Deepest first, so the depth counts downwards.
    Page(std::cmp::Reverse<usize>),
    /// Redirects lead to pages, so these come before.
    Redirect,
    /// What the search reads first names the files of its index.
    SearchEntry,
    Home,
}

fn stage(file: &File) -> Stage {
    if file.path.as_str() == "index.html" {
        Stage::Home
    } else if file.path.as_str() == SEARCH_ENTRY {
        Stage::SearchEntry
    } else if file.headers.is_redirect() {
        Stage::Redirect
    } else if file.path.is_page() {
        Stage::Page(std::cmp::Reverse(file.path.depth()))
    } else {
        Stage::Asset
    }
}

fn stages(mut files: Vec<&File>) -> Vec<Vec<&File>> {
    files.sort_by_key(|file| stage(file));
    files
        .chunk_by(|a, b| stage(a) == stage(b))
        .map(<[&File]>::to_vec)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::manifest::{Headers, Source};

    fn file(path: &str, etag: u8) -> File {
        let mut headers = Headers::default();
        if path.ends_with("dir") {
            headers.metadata.insert("dir-redirect".into(), "true".into());
        }
        File {
            path: path.parse().unwrap(),
            size: 1,
            etag: etag.to_string().into(),
            headers: Arc::new(headers),
            source: Source::Build,
        }
    }

    fn manifest(files: &[(&str, u8)]) -> Manifest {
        Manifest::of(files.iter().map(|(path, etag)| file(path, *etag)))
    }

    fn paths(plan: &Plan<'_>) -> Vec<Vec<String>> {
        let names = |stage: &Vec<&File>| stage.iter().map(|file| file.path.as_str().to_owned()).collect();
        plan.stages.iter().map(names).collect()
    }

    #[test]
    fn assets_come_first_then_deep_pages_and_the_home_page_last() {
        let target = manifest(&[
            ("index.html", 1),
            ("a/b/c.html", 1),
            ("a/x.html", 1),
            ("_static/s.css", 1),
            ("a/dir", 1),
            ("pagefind/pagefind-entry.json", 1),
            ("pagefind/fragment/x.pf_fragment", 1),
        ]);
        let names = BTreeSet::new();
        assert_eq!(
            paths(&plan(Present::Names(&names), &target)),
            [
                vec!["_static/s.css", "pagefind/fragment/x.pf_fragment"],
                vec!["a/b/c.html"],
                vec!["a/x.html"],
                vec!["a/dir"],
                vec!["pagefind/pagefind-entry.json"],
                vec!["index.html"],
            ]
        );
    }

    #[test]
    fn only_what_changed_is_copied_and_pages_are_deleted_first() {
        let old = manifest(&[("a.css", 1), ("gone.css", 1), ("gone.html", 1), ("index.html", 1)]);
        let new = manifest(&[("a.css", 1), ("b.css", 1), ("index.html", 2)]);
        let plan = plan(
            Present::Copied {
                published: &old,
                torn: &[],
            },
            &new,
        );
        assert_eq!(paths(&plan), [vec!["b.css"], vec!["index.html"]]);
        assert_eq!(plan.deletions, ["gone.html", "gone.css"]);
        assert_eq!(plan.unchanged, 1);
    }

    #[test]
    fn a_header_that_changed_is_a_change() {
        let old = manifest(&[("a.css", 1)]);
        let headers = Headers {
            content_type: Some("text/css".into()),
            ..Headers::default()
        };
        let new = Manifest::of([File {
            headers: Arc::new(headers),
            ..file("a.css", 1)
        }]);
        assert_eq!(
            plan(
                Present::Copied {
                    published: &old,
                    torn: &[]
                },
                &new
            )
            .copies(),
            1
        );
    }

    type Site = BTreeMap<String, u8>;

    fn of(site: &Site) -> Manifest {
        Manifest::of(site.iter().map(|(path, etag)| file(path, *etag)))
    }

    fn apply(objects: &mut Site, plan: &Plan<'_>, operations: usize) {
        let copies = plan
            .stages
            .iter()
            .flatten()
            .map(|file| (file.path.as_str(), Some(&*file.etag)));
        let all = copies.chain(plan.deletions.iter().map(|path| (path.as_str(), None)));
        for (path, etag) in all.take(operations) {
            match etag {
                Some(etag) => objects.insert(path.to_owned(), etag.parse().unwrap()),
                None => objects.remove(path),
            };
        }
    }

    fn site() -> impl Strategy<Value = Site> {
        proptest::collection::btree_map("[ab]/?[xy]\\.(html|css)|index\\.html", 0u8..3, 0..8)
    }

    proptest! {
        /// Invariants 4 and 6: copies torn anywhere, then one that is finished, leave exactly its files.
        #[test]
        fn whatever_was_torn_the_finished_copy_is_exact(
            published in site(),
            attempts in proptest::collection::vec((site(), 0usize..12), 0..4),
            target in site(),
        ) {
            let base = of(&published);
            let mut objects = published.clone();
            let mut torn: Vec<Manifest> = Vec::new();
            for (attempt, stops_after) in &attempts {
                let attempt = of(attempt);
                apply(&mut objects, &plan(Present::Copied { published: &base, torn: &torn }, &attempt), *stops_after);
                torn.push(attempt);
            }
            let wanted = of(&target);
            apply(&mut objects, &plan(Present::Copied { published: &base, torn: &torn }, &wanted), usize::MAX);
            prop_assert_eq!(objects, target);
        }

        #[test]
        fn nothing_known_but_names_still_ends_exact(present in site(), target in site()) {
            let mut objects = present.clone();
            let names = present.keys().cloned().collect();
            let wanted = of(&target);
            apply(&mut objects, &plan(Present::Names(&names), &wanted), usize::MAX);
            prop_assert_eq!(objects, target);
        }

        /// Invariant 3: at no moment is a path missing that is in both builds.
        #[test]
        fn a_path_in_both_builds_answers_at_every_moment(old in site(), new in site(), moment in 0usize..20) {
            let (before, after) = (of(&old), of(&new));
            let mut objects = old.clone();
            apply(&mut objects, &plan(Present::Copied { published: &before, torn: &[] }, &after), moment);
            for path in old.keys().filter(|path| new.contains_key(*path)) {
                prop_assert!(objects.contains_key(path));
            }
        }
    }
}
