//! What is different between two builds: which files came, went, changed or only have another path.
//!
//! Pages are compared by their main content where that is known of both builds, so that a timestamp or a commit in the
//! footer is no change. Everything else is compared byte by byte.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::key::SitePath;
use crate::manifest::{File, Manifest, Source};

/// What a page says, as far as builds are compared by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageDigest {
    /// The digest of its main content: equal digests mean that it says the same.
    pub digest: Box<str>,
    /// Its title, as it stands in the page; empty when it has none.
    #[serde(default)]
    pub title: Box<str>,
}

/// What the pages of a build say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageDigests {
    /// Each page by its path. A page that could not be read is not among them.
    pub pages: BTreeMap<SitePath, PageDigest>,
}

impl PageDigests {
    fn digest(&self, path: &SitePath) -> Option<&str> {
        self.pages.get(path).map(|page| &*page.digest)
    }

    fn title(&self, path: &SitePath) -> Option<&str> {
        let title = self.pages.get(path)?.title.trim();
        (!title.is_empty()).then_some(title)
    }
}

/// One of the two builds.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Its files.
    pub manifest: &'a Manifest,
    /// What its pages say, if that is known.
    pub pages: Option<&'a PageDigests>,
}

/// By what pages were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparedBy {
    /// By their main content.
    Content,
    /// By their bytes, because of one of the builds nothing else is known.
    Bytes,
}

/// A file that is not as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its path.
    pub path: &'a SitePath,
    /// The title of the page, if it is one and that is known.
    pub title: Option<&'a str>,
}

/// A file with another path than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved<'a> {
    /// Where it was.
    pub from: &'a SitePath,
    /// Where it is.
    pub to: Entry<'a>,
}

/// What is different. In each list pages come first, then other files, each by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff<'a> {
    /// By what pages were compared.
    pub compared_by: ComparedBy,
    /// Files that are new.
    pub added: Vec<Entry<'a>>,
    /// Files that are gone.
    pub removed: Vec<Entry<'a>>,
    /// Files that say something else.
    pub changed: Vec<Entry<'a>>,
    /// Files that say the same at another path.
    pub moved: Vec<Moved<'a>>,
    /// How many pages have other bytes and say the same.
    pub changed_markup_only: u64,
    /// How many files are the same.
    pub unchanged: u64,
}

/// Compares two builds. Redirects of directories are no files: they follow from what is below them.
pub fn diff<'a>(before: Side<'a>, after: Side<'a>) -> Diff<'a> {
    let digests = before.pages.zip(after.pages);
    let mut diff = Diff {
        compared_by: digests.map_or(ComparedBy::Bytes, |_| ComparedBy::Content),
        added: Vec::new(),
        removed: Vec::new(),
        changed: Vec::new(),
        moved: Vec::new(),
        changed_markup_only: 0,
        unchanged: 0,
    };
    let entry = |file: &'a File, side: Side<'a>| Entry {
        path: &file.path,
        title: side.pages.and_then(|pages| pages.title(&file.path)),
    };
    let mut gone = Vec::new();
    for file in shown(before.manifest) {
        let Some(now) = after.manifest.get(&file.path).filter(|file| is_shown(file)) else {
            gone.push(file);
            continue;
        };
        if bytes_of(file) == bytes_of(now) {
            diff.unchanged += 1;
        } else if digests.is_some_and(|(old, new)| say_the_same(&file.path, old, new)) {
            diff.changed_markup_only += 1;
        } else {
            diff.changed.push(entry(now, after));
        }
    }
    let is_new = |file: &&File| !before.manifest.get(&file.path).is_some_and(is_shown);
    let fresh = shown(after.manifest).filter(is_new).collect();
    let rest = Unpaired { gone, fresh }.paired(digests, &mut |from, to| {
        diff.moved.push(Moved {
            from: &from.path,
            to: entry(to, after),
        });
    });
    diff.removed = rest.gone.into_iter().map(|file| entry(file, before)).collect();
    diff.added = rest.fresh.into_iter().map(|file| entry(file, after)).collect();
    let place = |path: &'a SitePath| (!path.is_page(), path);
    for list in [&mut diff.added, &mut diff.removed, &mut diff.changed] {
        list.sort_by_cached_key(|entry| place(entry.path));
    }
    diff.moved.sort_by_cached_key(|moved| place(moved.to.path));
    diff
}

fn shown(manifest: &Manifest) -> impl Iterator<Item = &File> {
    manifest.files().iter().filter(|file| is_shown(file))
}

/// Whether a file is the client's own and no redirect.
fn is_shown(file: &File) -> bool {
    let is_own = match &file.source {
        Source::Build => true,
        Source::Object(_) | Source::Bundle { .. } => false,
    };
    is_own && !file.headers.is_redirect()
}

/// What tells bytes apart.
fn bytes_of(file: &File) -> (u64, &str) {
    (file.size, &file.etag)
}

fn say_the_same(path: &SitePath, old: &PageDigests, new: &PageDigests) -> bool {
    let digest = old.digest(path);
    digest.is_some() && digest == new.digest(path)
}

fn name_of(path: &SitePath) -> &str {
    path.as_str().rsplit('/').next().unwrap_or_default()
}

/// Files that only one of the builds has.
struct Unpaired<'a> {
    gone: Vec<&'a File>,
    fresh: Vec<&'a File>,
}

impl<'a> Unpaired<'a> {
    /// Finds each that only has another path, those first that kept their name, and leaves the others. Each is used once, in
    /// the order of paths. Empty files are all alike, so of those nothing follows.
    fn paired(
        mut self,
        digests: Option<(&'a PageDigests, &'a PageDigests)>,
        moved: &mut dyn FnMut(&'a File, &'a File),
    ) -> Self {
        let bytes = |file: &'a File| (file.size > 0).then(|| bytes_of(file));
        let named = |file: &'a File| Some((name_of(&file.path), bytes(file)?));
        self.pair(named, named, moved);
        self.pair(bytes, bytes, moved);
        if let Some((old, new)) = digests {
            let said = |pages: &'a PageDigests| {
                move |file: &'a File| Some((name_of(&file.path), pages.digest(&file.path)?))
            };
            self.pair(said(old), said(new), moved);
            self.pair(
                |file| old.digest(&file.path),
                |file| new.digest(&file.path),
                moved,
            );
        }
        self
    }

    fn pair<K: Ord>(
        &mut self,
        of_gone: impl Fn(&'a File) -> Option<K>,
        of_fresh: impl Fn(&'a File) -> Option<K>,
        moved: &mut dyn FnMut(&'a File, &'a File),
    ) {
        let mut waiting: BTreeMap<K, VecDeque<&'a File>> = BTreeMap::new();
        for file in &self.gone {
            if let Some(key) = of_gone(file) {
                waiting.entry(key).or_default().push_back(file);
            }
        }
        let mut paired: BTreeSet<&SitePath> = BTreeSet::new();
        self.fresh.retain(|file| {
            let waiting = of_fresh(file).and_then(|key| waiting.get_mut(&key));
            let Some(from) = waiting.and_then(VecDeque::pop_front) else {
                return true;
            };
            paired.insert(&from.path);
            moved(from, file);
            false
        });
        self.gone.retain(|file| !paired.contains(&file.path));
    }
}

#[cfg(test)]
mod tests;
