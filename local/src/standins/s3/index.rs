//! The index in memory: which objects there are.

use std::collections::{BTreeMap, btree_map};
use std::ops::Bound;
use std::sync::Arc;
use std::time::SystemTime;

use super::object::{Object, nanoseconds};

/// Objects of a bucket by key; `String` compares byte by byte, which is S3's order.
pub(crate) type Objects = BTreeMap<String, Arc<Object>>;

/// All buckets.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) buckets: BTreeMap<String, Bucket>,
    latest: i64,
}

/// One bucket.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// Nanoseconds since 1970.
    pub(crate) created: i64,
    pub(crate) objects: Objects,
}

impl Index {
    /// Now, or just after the last answer: clocks stand still and go back, the order of objects must not.
    pub(crate) fn now(&mut self) -> i64 {
        self.latest = nanoseconds(SystemTime::now()).max(self.latest + 1);
        self.latest
    }

    /// Takes note of an instant that was given out earlier.
    pub(crate) fn passed(&mut self, instant: i64) {
        self.latest = self.latest.max(instant);
    }
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) delimiter: &'a str,
    /// List what comes after this key; after everything below it, when it is a common prefix.
    pub(crate) after: &'a str,
    pub(crate) max_keys: usize,
}

/// One page of a listing.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) objects: Vec<(String, Arc<Object>)>,
    pub(crate) common_prefixes: Vec<String>,
    /// Where the next page goes on; `None` at the end.
    pub(crate) next_after: Option<String>,
}

impl Listing<'_> {
    /// Lists a page in byte order of the keys.
    pub(crate) fn page(&self, objects: &Objects) -> Page {
        let mut page = Page::default();
        let mut rest = from(objects, &self.start());
        while let Some((key, object)) = rest.next().filter(|(key, _)| key.starts_with(self.prefix)) {
            if page.objects.len() + page.common_prefixes.len() >= self.max_keys {
                page.next_after = last(&page);
                break;
            }
            match self.common_prefix(key) {
                Some(common) => {
                    rest = from(objects, &past(common));
                    page.common_prefixes.push(common.to_owned());
                }
                None => page.objects.push((key.clone(), Arc::clone(object))),
            }
        }
        page
    }

    fn start(&self) -> Bound<String> {
        if self.after < self.prefix {
            return Bound::Included(self.prefix.to_owned());
        }
        match self.common_prefix(self.after) {
            Some(common) if common == self.after => past(common),
            _ => Bound::Excluded(self.after.to_owned()),
        }
    }

    fn common_prefix<'k>(&self, key: &'k str) -> Option<&'k str> {
        let rest = key
            .strip_prefix(self.prefix)
            .filter(|_| !self.delimiter.is_empty())?;
        let end = rest.find(self.delimiter)? + self.delimiter.len();
        Some(&key[..self.prefix.len() + end])
    }
}

/// The bound after every key that starts with `prefix`.
fn past(prefix: &str) -> Bound<String> {
    // The greatest character there is: no UTF-8 text that starts with the prefix sorts after a run of it
    // that is as long as a key may be (1,024 bytes).
    Bound::Excluded(format!("{prefix}{}", "\u{10FFFF}".repeat(256)))
}

fn from<'o>(objects: &'o Objects, start: &Bound<String>) -> btree_map::Range<'o, String, Arc<Object>> {
    objects.range::<str, _>((start.as_ref().map(String::as_str), Bound::Unbounded))
}

fn last(page: &Page) -> Option<String> {
    let object = page.objects.last().map(|(key, _)| key);
    object.max(page.common_prefixes.last()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standins::s3::checksums::Checksums;
    use crate::standins::s3::object::{Headers, Place};

    fn objects(keys: &[&str]) -> Objects {
        let object = Arc::new(Object {
            size: 0,
            etag: String::new(),
            modified: 0,
            headers: Headers::default(),
            checksums: Checksums::default(),
            place: Place::Empty,
            file_time: 0,
        });
        keys.iter()
            .map(|key| ((*key).to_owned(), Arc::clone(&object)))
            .collect()
    }

    fn walk(objects: &Objects, prefix: &str, delimiter: &str, max_keys: usize) -> Vec<String> {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = Listing {
                prefix,
                delimiter,
                after: &after,
                max_keys,
            }
            .page(objects);
            let mut names: Vec<String> = page.objects.into_iter().map(|(key, _)| key).collect();
            names.extend(page.common_prefixes);
            assert!(names.len() <= max_keys);
            names.sort();
            seen.extend(names);
            match page.next_after {
                Some(next) => after = next,
                None => return seen,
            }
        }
    }

    #[test]
    fn keys_come_in_byte_order_whatever_the_page_size() {
        let keys = ["A", "a", "a!", "a-b", "a/", "a/b", "a0", "é", "\u{10FFFF}z"];
        for size in 1..=keys.len() {
            assert_eq!(walk(&objects(&keys), "", "", size), keys);
        }
    }

    #[test]
    fn everything_below_a_delimiter_is_one_entry_on_one_page() {
        let objects = objects(&[
            "p/a/1",
            "p/a/2",
            "p/a/\u{10FFFF}",
            "p/b",
            "p/c/d/e",
            "p/é/x",
            "q/a",
        ]);
        for size in 1..=4 {
            assert_eq!(walk(&objects, "p/", "/", size), ["p/a/", "p/b", "p/c/", "p/é/"]);
        }
    }

    #[test]
    fn a_prefix_is_exact() {
        assert_eq!(
            walk(&objects(&["p/v/1/x", "p/v/10/x", "p/v/2"]), "p/v/1/", "", 10),
            ["p/v/1/x"]
        );
    }
}
