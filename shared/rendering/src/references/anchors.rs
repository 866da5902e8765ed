//! Names of works that are safe in a URL and as a BibTeX key.

use std::collections::{BTreeMap, BTreeSet};

use imprint_manuscript::manuscript::Reference;

/// Longer ids say no more and make URLs that nobody can read.
const MAX_CHARS: usize = 60;

/// One for each work, all different, also for BibTeX, which takes `A` and `a` for the same.
pub(crate) fn anchors(references: &[Reference]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    // Where to go on counting, so that many works of one id are not counted from the start each time.
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = Vec::with_capacity(references.len());
    for (index, reference) in references.iter().enumerate() {
        let slug = slug(&reference.id);
        let base = if slug.is_empty() {
            format!("ref-{}", index + 1)
        } else {
            format!("ref-{slug}")
        };
        let count = counts.entry(base.clone()).or_insert(1);
        let mut anchor = base.clone();
        while !taken.insert(anchor.clone()) {
            *count += 1;
            anchor = format!("{base}-{count}");
        }
        anchors.push(anchor);
    }
    anchors
}

/// Lower case letters and digits of ASCII, everything else as single `-`.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if slug.len() >= MAX_CHARS {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}
