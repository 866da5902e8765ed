//! Whether an edition's objects are those of its manifest.

use std::collections::BTreeMap;

use crate::manifest::Manifest;

/// How many names a sentence gives.
const NAMED: usize = 5;

/// An object as a listing names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    /// Its path below the edition's prefix.
    pub path: &'a str,
    /// Its size in bytes.
    pub size: u64,
    /// Its ETag without quotes.
    pub etag: &'a str,
}

/// What is not as the manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// Paths that are not there.
    pub missing: Vec<String>,
    /// Paths with other content.
    pub changed: Vec<String>,
    /// Paths that no file of the build has.
    pub foreign: Vec<String>,
}

impl Differences {
    /// Compares what was found with what should be there.
    pub fn between(manifest: &Manifest, found: &[Found<'_>]) -> Self {
        let mut found: BTreeMap<&str, &Found<'_>> = found.iter().map(|found| (found.path, found)).collect();
        let mut differences = Self::default();
        for file in manifest.files() {
            let path = file.path.as_str();
            match found.remove(path) {
                None => differences.missing.push(path.to_owned()),
                Some(object) if object.size != file.size || !same_etag(object.etag, &file.etag) => {
                    differences.changed.push(path.to_owned());
                }
                Some(_) => {}
            }
        }
        differences.foreign = found.into_keys().map(str::to_owned).collect();
        differences
    }

    /// Whether everything is as it should be.
    pub fn is_none(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty() && self.foreign.is_empty()
    }
}

/// Equal ETags are equal content. The ETag of a file that was uploaded in parts (`…-2`) is not that of its copy, so there
/// the size has to do.
fn same_etag(found: &str, wanted: &str) -> bool {
    found == wanted || found.contains('-') || wanted.contains('-')
}

impl std::fmt::Display for Differences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds = [
            ("missing", &self.missing),
            ("changed", &self.changed),
            ("foreign", &self.foreign),
        ];
        let mut separator = "";
        for (kind, paths) in kinds.into_iter().filter(|(_, paths)| !paths.is_empty()) {
            let named = paths[..paths.len().min(NAMED)].join(", ");
            write!(f, "{separator}{} {kind}: {named}", paths.len())?;
            separator = "; ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::manifest::{File, Headers};

    fn manifest(etags: &[(&str, &str)]) -> Manifest {
        let file = |(path, etag): &(&str, &str)| File {
            path: path.parse().unwrap(),
            size: 3,
            etag: (*etag).into(),
            headers: Arc::new(Headers::default()),
            source: crate::manifest::Source::Build,
        };
        Manifest::of(etags.iter().map(file))
    }

    fn found<'a>(path: &'a str, size: u64, etag: &'a str) -> Found<'a> {
        Found { path, size, etag }
    }

    #[test]
    fn what_is_as_it_should_be_is_no_difference() {
        let manifest = manifest(&[("a", "1"), ("b", "2-2")]);
        let same = [found("a", 3, "1"), found("b", 3, "another")];
        assert!(Differences::between(&manifest, &same).is_none());
    }

    #[test]
    fn every_kind_of_difference_is_named() {
        let manifest = manifest(&[("gone", "1"), ("other", "2"), ("short", "3-2")]);
        let there = [
            found("other", 3, "9"),
            found("short", 2, "3-2"),
            found("more", 3, "1"),
        ];
        let differences = Differences::between(&manifest, &there);
        assert_eq!(
            differences.to_string(),
            "1 missing: gone; 2 changed: other, short; 1 foreign: more"
        );
    }
}
