use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::key::ObjectKey;
use crate::manifest::Headers;

fn file(path: &str, body: &str) -> File {
    File {
        path: path.parse().unwrap(),
        size: body.len() as u64,
        etag: body.into(),
        headers: Arc::new(Headers::default()),
        source: Source::Build,
    }
}

fn site(files: &[(&str, &str)]) -> Manifest {
    Manifest::of(files.iter().map(|(path, body)| file(path, body)))
}

/// Pages as path, digest and title.
fn pages(pages: &[(&str, &str, &str)]) -> PageDigests {
    let page = |(path, digest, title): &(&str, &str, &str)| {
        let page = PageDigest {
            digest: (*digest).into(),
            title: (*title).into(),
        };
        (path.parse().unwrap(), page)
    };
    PageDigests {
        pages: pages.iter().map(page).collect(),
    }
}

fn bare(manifest: &Manifest) -> Side<'_> {
    Side {
        manifest,
        pages: None,
    }
}

fn with<'a>(manifest: &'a Manifest, pages: &'a PageDigests) -> Side<'a> {
    Side {
        manifest,
        pages: Some(pages),
    }
}

/// A diff in a line: `+` added, `-` removed, `~` changed, `>` moved, then the two counts.
fn line(diff: &Diff<'_>) -> String {
    let list = |mark: &str, entries: &[Entry<'_>]| -> Vec<String> {
        let one = |entry: &Entry<'_>| format!("{mark}{}", entry.path.as_str());
        entries.iter().map(one).collect()
    };
    let moved = diff.moved.iter();
    let moved = moved.map(|moved| format!("{}>{}", moved.from.as_str(), moved.to.path.as_str()));
    let mut all = list("+", &diff.added);
    all.extend(list("-", &diff.removed));
    all.extend(list("~", &diff.changed));
    all.extend(moved);
    all.push(format!("m{} ={}", diff.changed_markup_only, diff.unchanged));
    all.join(" ")
}

#[test]
fn files_come_go_change_and_stay() {
    let old = site(&[("a.html", "1"), ("b.css", "2"), ("c.html", "3"), ("d.png", "4")]);
    let new = site(&[("a.html", "1"), ("b.css", "2x"), ("d.png", "4"), ("e.js", "5")]);
    let found = diff(bare(&old), bare(&new));
    assert_eq!(line(&found), "+e.js -c.html ~b.css m0 =2");
    assert_eq!(found.compared_by, ComparedBy::Bytes);
    assert_eq!(line(&diff(bare(&old), bare(&old))), "m0 =4");
    assert_eq!(
        line(&diff(bare(&site(&[])), bare(&old))),
        "+a.html +c.html +b.css +d.png m0 =0"
    );
}

#[test]
fn a_timestamp_in_a_page_is_no_change_and_one_in_another_file_is() {
    let old = site(&[("a.html", "1"), ("b.html", "1"), ("x.txt", "1")]);
    let new = site(&[("a.html", "2"), ("b.html", "2"), ("x.txt", "2")]);
    let (was, is) = (
        pages(&[("a.html", "same", "A"), ("b.html", "x", "B")]),
        pages(&[("a.html", "same", "A"), ("b.html", "y", "New B")]),
    );
    let found = diff(with(&old, &was), with(&new, &is));
    assert_eq!(line(&found), "~b.html ~x.txt m1 =0");
    assert_eq!(found.changed[0].title, Some("New B"));
    assert_eq!(found.compared_by, ComparedBy::Content);
    // Of one build nothing is known but the bytes.
    for found in [
        diff(bare(&old), with(&new, &is)),
        diff(with(&old, &was), bare(&new)),
    ] {
        assert_eq!(line(&found), "~a.html ~b.html ~x.txt m0 =0");
        assert_eq!(found.compared_by, ComparedBy::Bytes);
    }
}

#[test]
fn a_page_that_could_not_be_read_is_compared_by_its_bytes() {
    let (old, new) = (site(&[("a.html", "1")]), site(&[("a.html", "2")]));
    let (known, nothing) = (pages(&[("a.html", "same", "")]), pages(&[]));
    assert_eq!(
        line(&diff(with(&old, &known), with(&new, &nothing))),
        "~a.html m0 =0"
    );
    assert_eq!(
        line(&diff(with(&old, &nothing), with(&new, &nothing))),
        "~a.html m0 =0"
    );
    assert_eq!(line(&diff(with(&old, &known), with(&old, &nothing))), "m0 =1");
}

#[test]
fn a_file_at_another_path_has_moved_once() {
    for (old, new, expected) in [
        (vec![("a.png", "1")], vec![("b.png", "1")], "a.png>b.png m0 =0"),
        // One that kept its name before one that did not.
        (
            vec![("a/x.png", "1"), ("b/y.png", "1")],
            vec![("c/y.png", "1"), ("d/x.png", "1")],
            "b/y.png>c/y.png a/x.png>d/x.png m0 =0",
        ),
        (
            vec![("a.png", "1")],
            vec![("b.png", "1"), ("c.png", "1")],
            "+c.png a.png>b.png m0 =0",
        ),
        (
            vec![("a.png", "1"), ("b.png", "1")],
            vec![("c.png", "1")],
            "-b.png a.png>c.png m0 =0",
        ),
        // A copy has not moved: the first is still there.
        (
            vec![("a.png", "1")],
            vec![("a.png", "1"), ("b.png", "1")],
            "+b.png m0 =1",
        ),
        (vec![("a", "")], vec![("b", "")], "+b -a m0 =0"),
    ] {
        let (old, new) = (site(&old), site(&new));
        assert_eq!(line(&diff(bare(&old), bare(&new))), expected);
    }
}

#[test]
fn a_page_that_says_the_same_elsewhere_has_moved() {
    let (old, new) = (site(&[("a/b.html", "1")]), site(&[("c/b.html", "2")]));
    let (was, is) = (
        pages(&[("a/b.html", "same", "B")]),
        pages(&[("c/b.html", "same", "B")]),
    );
    let found = diff(with(&old, &was), with(&new, &is));
    assert_eq!(line(&found), "a/b.html>c/b.html m0 =0");
    assert_eq!(found.moved[0].to.title, Some("B"));
    assert_eq!(line(&diff(bare(&old), bare(&new))), "+c/b.html -a/b.html m0 =0");
}

#[test]
fn redirects_and_what_lies_elsewhere_are_no_files_of_a_build() {
    let redirect = File {
        headers: Arc::new(Headers {
            metadata: [("dir-redirect".to_owned(), "true".to_owned())].into(),
            ..Headers::default()
        }),
        ..file("dir", "")
    };
    let elsewhere = File {
        source: Source::Object(ObjectKey::new("x")),
        ..file("_artifacts/a.pdf", "pdf")
    };
    let old = site(&[("dir/a.html", "1")]);
    let new = Manifest::of([file("dir/a.html", "1"), redirect, elsewhere]);
    assert_eq!(line(&diff(bare(&old), bare(&new))), "m0 =1");
    assert_eq!(line(&diff(bare(&new), bare(&old))), "m0 =1");
}

#[test]
fn stored_digests_read_back_and_hostile_ones_are_refused() {
    let known = pages(&[("a/b.html", "0a", "B"), ("c.html", "0b", " ")]);
    let json = serde_json::to_string(&known).unwrap();
    assert_eq!(serde_json::from_str::<PageDigests>(&json).unwrap(), known);
    assert_eq!(known.title(&"c.html".parse().unwrap()), None);
    let untitled = r#"{"pages": {"a.html": {"digest": "0a"}}, "version": 2}"#;
    assert!(serde_json::from_str::<PageDigests>(untitled).is_ok());
    for bad in [
        r#"{"pages": {"../a": {"digest": "0a"}}}"#,
        r#"{"pages": {"a": {}}}"#,
        "[]",
        "{}",
    ] {
        assert!(serde_json::from_str::<PageDigests>(bad).is_err(), "{bad}");
    }
}

fn sites() -> impl Strategy<Value = Vec<(String, String, String)>> {
    prop::collection::vec(("[ab]/[xyz]\\.(html|png)", "[12]{0,2}", "[pq]"), 0..12)
}

proptest! {
    /// Whatever the builds are, each file of each is in exactly one place, and none is in two.
    #[test]
    fn every_file_is_accounted_for(old in sites(), new in sites(), by_content in any::<bool>()) {
        let make = |files: &[(String, String, String)]| {
            let own = Manifest::of(files.iter().map(|(path, body, _)| file(path, body)));
            let said: Vec<_> = files.iter().map(|(path, _, digest)| (path.as_str(), digest.as_str(), "")).collect();
            (own, pages(&said))
        };
        let ((old, was), (new, is)) = (make(&old), make(&new));
        let side = |manifest, pages| Side { manifest, pages: Some(pages).filter(|_| by_content) };
        let found = diff(side(&old, &was), side(&new, &is));
        let stayed = found.unchanged + found.changed_markup_only;
        let both = stayed as usize + found.changed.len() + found.moved.len();
        prop_assert_eq!(both + found.removed.len(), old.files().len());
        prop_assert_eq!(both + found.added.len(), new.files().len());
        let mut seen = BTreeSet::new();
        for path in found.removed.iter().map(|entry| entry.path).chain(found.moved.iter().map(|moved| moved.from)) {
            prop_assert!(old.get(path).is_some() && new.get(path).is_none() && seen.insert(path.clone()));
        }
        for path in found.added.iter().map(|entry| entry.path).chain(found.moved.iter().map(|moved| moved.to.path)) {
            prop_assert!(new.get(path).is_some() && old.get(path).is_none() && seen.insert(path.clone()));
        }
        let back = diff(side(&new, &is), side(&old, &was));
        prop_assert_eq!((back.added.len(), back.removed.len()), (found.removed.len(), found.added.len()));
        prop_assert_eq!((back.unchanged, back.moved.len()), (found.unchanged, found.moved.len()));
    }
}
