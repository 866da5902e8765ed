//! A built site, as files in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, ensure};
use bytes::Bytes;

/// The files of a site by their path below its root, `guides/index.html`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site(BTreeMap<String, Bytes>);

impl Site {
    /// Reads a directory.
    ///
    /// # Errors
    /// When it cannot be read, or a name in it is not UTF-8.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let mut site = Self::default();
        site.add(root, "")
            .with_context(|| format!("reading the site {}", root.display()))?;
        ensure!(!site.0.is_empty(), "there are no files in {}", root.display());
        Ok(site)
    }

    fn add(&mut self, directory: &Path, below: &str) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name
                .to_str()
                .with_context(|| format!("{} is not UTF-8", name.display()))?;
            let path = format!("{below}{name}");
            if entry.path().is_dir() {
                self.add(&entry.path(), &format!("{path}/"))?;
            } else {
                self.0.insert(path, std::fs::read(entry.path())?.into());
            }
        }
        Ok(())
    }

    /// The site with other files over its own, and without some.
    pub fn changed(&self, over: &Self, removed: &[String]) -> Self {
        let mut site = self.clone();
        site.0.extend(over.0.clone());
        site.0.retain(|path, _| !removed.contains(path));
        site
    }

    /// Files by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.0.iter().map(|(path, body)| (path.as_str(), body))
    }

    /// One file.
    pub fn file(&self, path: &str) -> Option<&Bytes> {
        self.0.get(path)
    }

    /// The site without a file, and what was in that: nothing when it had none.
    pub fn without(&self, path: &str) -> (Self, Option<Bytes>) {
        let mut site = self.clone();
        let file = site.0.remove(path);
        (site, file)
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> usize {
        self.0.values().map(Bytes::len).sum()
    }

    /// Every directory as uploaders name it: `/` for the root, `guides/` below.
    pub fn directories(&self) -> BTreeSet<String> {
        let mut directories = BTreeSet::from(["/".to_owned()]);
        for path in self.0.keys() {
            let slashes = path.match_indices('/').map(|(at, _)| at);
            directories.extend(slashes.map(|at| path[..=at].to_owned()));
        }
        directories
    }

    /// The directory of a file, as [`Site::directories`] names it, and the file's own name.
    pub fn split(path: &str) -> (&str, &str) {
        match path.rfind('/') {
            Some(at) => path.split_at(at + 1),
            None => ("/", path),
        }
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Site {
    fn from(files: [(&str, &str); N]) -> Self {
        Self(
            files
                .into_iter()
                .map(|(path, body)| (path.to_owned(), Bytes::from(body.to_owned())))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_named_as_uploaders_name_them() {
        let site = Site::from([("index.html", ""), ("a/b/c.html", ""), ("a/b/d.html", "")]);
        assert_eq!(
            site.directories().into_iter().collect::<Vec<_>>(),
            ["/", "a/", "a/b/"]
        );
        assert_eq!(Site::split("a/b/c.html"), ("a/b/", "c.html"));
        assert_eq!(Site::split("index.html"), ("/", "index.html"));
    }

    #[test]
    fn a_second_build_changes_adds_and_removes() {
        let first = Site::from([("kept", "1"), ("changed", "1"), ("removed", "1")]);
        let over = Site::from([("changed", "2"), ("added", "2")]);
        let second = first.changed(&over, &["removed".to_owned()]);
        assert_eq!(
            second,
            Site::from([("kept", "1"), ("changed", "2"), ("added", "2")])
        );
    }
}
