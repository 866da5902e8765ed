//! What of a prefix of LTD's bucket is a file, and what a directory.

use std::collections::BTreeSet;

use imprint_domain::key::SitePath;
use imprint_domain::manifest::MAX_FILE_BYTES;

use crate::bucket::Object;
use crate::http::quoted;

/// What S3 replaces in a key that comes in a form.
const PLACEHOLDER: &str = "${filename}";

/// The files of a build, with the directories that they are in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// What there is to copy.
    pub(crate) files: Vec<Object>,
    /// Every directory that has something in it, as forms name it: `/`, `a/`, `a/b/`.
    pub(crate) directories: BTreeSet<String>,
    /// What no URL can name or no form can take: its name and why.
    pub(crate) left_out: Vec<(String, String)>,
}

impl Tree {
    /// Sorts objects. LTD puts an empty object at the name of each directory, so that a URL without its slash answers; those
    /// are no files, and Imprint's are made anew.
    pub(crate) fn of(objects: Vec<Object>) -> Self {
        let mut tree = Self::default();
        // Only names count as those of directories: an empty object below them makes none.
        let mut directories = BTreeSet::from(["/".to_owned()]);
        for object in &objects {
            for (at, _) in object.path.match_indices('/') {
                directories.insert(object.path[..=at].to_owned());
            }
        }
        for object in objects {
            let is_marker = object.size == 0 && object.path.ends_with('/');
            let is_redirect = object.size == 0 && directories.contains(&format!("{}/", object.path));
            if is_marker || is_redirect {
                continue;
            }
            match refusal(&object) {
                None => tree.files.push(object),
                Some(reason) => tree.left_out.push((quoted(&object.path), reason)),
            }
        }
        for file in &tree.files {
            // Its own directory first: where that is known, those above it are.
            for (at, _) in file.path.rmatch_indices('/') {
                if !tree.directories.insert(file.path[..=at].to_owned()) {
                    break;
                }
            }
        }
        if !tree.files.is_empty() {
            tree.directories.insert("/".to_owned());
        }
        tree
    }

    /// How many bytes there are to copy.
    pub(crate) fn bytes(&self) -> u64 {
        self.files
            .iter()
            .map(|file| file.size)
            .fold(0, u64::saturating_add)
    }
}

fn refusal(object: &Object) -> Option<String> {
    if let Err(error) = object.path.parse::<SitePath>() {
        return Some(error.to_string());
    }
    if object.path.contains(PLACEHOLDER) {
        return Some(format!("S3 replaces {PLACEHOLDER} in it"));
    }
    // The API reads the names of directories without the white space around them.
    if object.path.contains('/') && object.path.starts_with(char::is_whitespace) {
        return Some("its directory's name begins with white space".to_owned());
    }
    (object.size > MAX_FILE_BYTES).then(|| {
        format!(
            "it has {} bytes, at most {MAX_FILE_BYTES} can be copied",
            object.size
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tree(objects: &[(&str, u64)]) -> Tree {
        let objects = objects.iter().map(|(path, size)| Object {
            path: (*path).to_owned(),
            size: *size,
        });
        Tree::of(objects.collect())
    }

    fn names(tree: &Tree) -> Vec<&str> {
        tree.files.iter().map(|file| file.path.as_str()).collect()
    }

    #[test]
    fn the_empty_objects_at_the_names_of_directories_are_no_files() {
        let tree = tree(&[
            ("a", 0),
            ("a/b", 0),
            ("a/b/c.html", 3),
            ("empty.txt", 0),
            ("index.html", 5),
            ("folder/", 0),
        ]);
        assert_eq!(names(&tree), ["a/b/c.html", "empty.txt", "index.html"]);
        let directories: Vec<&str> = tree.directories.iter().map(String::as_str).collect();
        assert_eq!(directories, ["/", "a/", "a/b/"]);
        assert_eq!((tree.bytes(), tree.left_out.len()), (8, 0));
    }

    #[test]
    fn a_file_with_the_name_of_a_directory_is_a_file_when_something_is_in_it() {
        assert_eq!(names(&tree(&[("a", 1), ("a/b", 1)])), ["a", "a/b"]);
    }

    #[test]
    fn what_no_url_or_form_can_name_is_left_out_by_name() {
        let tree = tree(&[
            ("../up.html", 1),
            ("a//b.html", 1),
            ("x\u{7}", 1),
            ("${filename}", 1),
            (" a/b", 1),
            ("large", MAX_FILE_BYTES + 1),
            ("index.html", 1),
        ]);
        assert_eq!(names(&tree), ["index.html"]);
        assert_eq!(tree.left_out.len(), 6);
        assert_eq!(tree.left_out[2].0, "x");
        assert_eq!(tree.directories.len(), 1, "nothing is made for what is left out");
    }

    #[test]
    fn a_prefix_without_files_has_no_directories() {
        assert_eq!(Tree::of(Vec::new()), Tree::default());
        assert!(tree(&[("a", 0), ("a/", 0)]).directories.is_empty());
    }

    proptest! {
        #[test]
        fn every_object_is_a_file_or_left_out_or_a_directory(paths in proptest::collection::btree_set("[ab/ .]{1,6}", 0..8), empty: bool) {
            let size = u64::from(!empty);
            let objects: Vec<Object> = paths.iter().map(|path| Object { path: path.clone(), size }).collect();
            let tree = Tree::of(objects);
            if !empty {
                prop_assert_eq!(tree.files.len() + tree.left_out.len(), paths.len());
            }
            for file in &tree.files {
                let directory = file.path.rfind('/').map_or("/", |at| &file.path[..=at]);
                prop_assert!(tree.directories.contains(directory));
            }
        }
    }
}
