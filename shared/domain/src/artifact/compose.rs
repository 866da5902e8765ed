//! What an edition shows of a build: its pages, its artifacts, and what is kept of the build before.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::{Format, format_of};
use crate::id::BuildId;
use crate::key::KeyPrefix;
use crate::manifest::{File, Manifest, Source};

/// What an edition shows before it moves.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Its files.
    pub manifest: &'a Manifest,
    /// The prefix of the build whose pages they are.
    pub prefix: &'a KeyPrefix,
    /// That build.
    pub build: BuildId,
    /// Which formats it shows, and of which build each is.
    pub formats: &'a BTreeMap<Format, BuildId>,
}

/// What is kept of what an edition shows.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// The edition before it moves.
    pub shown: Shown<'a>,
    /// The formats that it keeps.
    pub formats: &'a BTreeSet<Format>,
}

/// The files of a build's pages and artifacts as an edition shows them, and of which build each format is.
///
/// A site's own files win: what it brings itself at an artifact's path is what its readers get.
pub fn compose(
    build: BuildId,
    site: &Manifest,
    artifacts: &[(Format, Manifest)],
    kept: Option<Kept<'_>>,
) -> (Manifest, BTreeMap<Format, BuildId>) {
    let mut formats = BTreeMap::new();
    let mut files: Vec<File> = Vec::new();
    if let Some(kept) = kept {
        for file in kept.shown.manifest.files() {
            let format = format_of(file);
            if kept.formats.contains(&format) {
                files.push(elsewhere(file, kept.shown.prefix));
                let of = kept.shown.formats.get(&format);
                formats.insert(format, of.copied().unwrap_or(kept.shown.build));
            }
        }
    }
    for (format, manifest) in artifacts {
        files.extend(manifest.files().iter().cloned());
        formats.insert(*format, build);
    }
    if !site.files().is_empty() {
        formats.insert(Format::Html, build);
    }
    // Of two files with one path the later is kept.
    files.extend(site.files().iter().cloned());
    (Manifest::of(files), formats)
}

/// A file of another build, which has to be told where its bytes are.
fn elsewhere(file: &File, prefix: &KeyPrefix) -> File {
    let source = match &file.source {
        Source::Build => Source::Object(prefix.key(&file.path)),
        source @ (Source::Object(_) | Source::Bundle { .. }) => source.clone(),
    };
    File {
        source,
        ..file.clone()
    }
}
