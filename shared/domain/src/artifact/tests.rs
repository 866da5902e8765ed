use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::id::BuildId;
use crate::key::SitePath;
use crate::manifest::{File, Headers, Manifest, Source};
use crate::task::FailureCode;

fn file(path: &str, source: Source) -> File {
    File {
        path: path.parse().unwrap(),
        size: 1,
        etag: "1".into(),
        headers: Arc::new(Headers::default()),
        source,
    }
}

fn product() -> ProductSlug {
    "alpha".parse().unwrap()
}

fn site(n: u8) -> ManifestId {
    ManifestId::from_bytes([n; 16])
}

fn ready(origin: Origin) -> State {
    State::Ready {
        manifest: site(9),
        files: 1,
        bytes: 1,
        origin,
        notes: Vec::new(),
        at: Timestamp::UNIX_EPOCH,
    }
}

fn failed() -> State {
    State::Failed(FailureCode::NotDerived.because("no", Timestamp::UNIX_EPOCH))
}

fn pending() -> State {
    State::Pending {
        since: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn artifacts_are_found_by_their_names_directly_in_their_directory() {
    for (path, format) in [
        ("_artifacts/alpha.pdf", Some(Format::Pdf)),
        ("_artifacts/any name.EPUB", Some(Format::Epub)),
        ("_artifacts/search.json", Some(Format::Json)),
        ("_artifacts/site.zip", Some(Format::HtmlZip)),
        ("_artifacts/readme.txt", None),
        ("_artifacts/deep/alpha.pdf", None),
        ("_artifacts/pdf", None),
        ("alpha.pdf", None),
    ] {
        let path: SitePath = path.parse().unwrap();
        assert_eq!(found(&path), format, "{path:?}");
    }
}

#[test]
fn a_format_is_made_again_when_the_pages_are_others_or_it_failed() {
    let states = BTreeMap::from([
        (Format::HtmlZip, ready(Origin::Derived)),
        (Format::Json, failed()),
        (Format::Search, pending()),
    ]);
    let before = Artifacts {
        site: Some(site(1)),
        states,
        ..Artifacts::default()
    };
    let now = Timestamp::UNIX_EPOCH;
    let same = before
        .clone()
        .of_site(&site(1), BTreeMap::new(), &Derivation::default(), now);
    assert_eq!(same.states[&Format::HtmlZip], ready(Origin::Derived));
    let pending: Vec<_> = same.pending().collect();
    assert_eq!(pending, [Format::Json, Format::Search, Format::Markdown]);
    let other = before.of_site(&site(2), BTreeMap::new(), &Derivation::default(), now);
    assert_eq!(other.pending().collect::<Vec<_>>(), Format::DERIVED);
}

#[test]
fn what_a_client_brings_is_not_made() {
    let brought = BTreeMap::from([(Format::HtmlZip, ready(Origin::Uploaded))]);
    let artifacts = Artifacts::default().of_site(
        &site(1),
        brought,
        &Derivation([Format::HtmlZip].into()),
        Timestamp::UNIX_EPOCH,
    );
    assert!(artifacts.are_final());
    assert_eq!(artifacts.ready().count(), 1);
}

#[test]
fn what_was_made_of_other_pages_comes_too_late() {
    let artifacts = Artifacts::default().of_site(
        &site(1),
        BTreeMap::new(),
        &Derivation([Format::Json].into()),
        Timestamp::UNIX_EPOCH,
    );
    let late = artifacts.clone().conclude(&site(2), Format::Json, failed());
    assert_eq!(late, None);
    let failed_first = artifacts.conclude(&site(1), Format::Json, failed()).unwrap();
    assert!(failed_first.are_final());
    let then_made = failed_first
        .conclude(&site(1), Format::Json, ready(Origin::Derived))
        .unwrap();
    assert_eq!(then_made.clone().conclude(&site(1), Format::Json, failed()), None);
    assert_eq!(then_made.ready().count(), 1);
}

#[test]
fn an_edition_keeps_what_has_failed_and_an_upload_without_pages_removes_none() {
    let of = |states: &[(Format, State)]| {
        let artifacts = Artifacts {
            states: states.iter().cloned().collect(),
            ..Artifacts::default()
        };
        artifacts.kept_beside().into_iter().collect::<Vec<_>>()
    };
    let html = (Format::Html, ready(Origin::Uploaded));
    assert_eq!(of(std::slice::from_ref(&html)), []);
    assert_eq!(
        of(&[html, (Format::Pdf, failed()), (Format::Markdown, failed())]),
        [Format::Pdf]
    );
    assert_eq!(
        of(&[(Format::Pdf, ready(Origin::Uploaded))]),
        [Format::Html, Format::Json, Format::Search, Format::Markdown]
    );
}

#[test]
fn what_is_kept_says_where_its_bytes_are_and_of_which_build_it_is() {
    let pdf = file(
        "_artifacts/alpha.pdf",
        Source::Object(ObjectKey::new("alpha/artifacts/1/pdf/alpha.pdf")),
    );
    let old = Manifest::of([file("index.html", Source::Build), pdf.clone()]);
    let prefix = KeyPrefix::build(&"default".parse().unwrap(), &product(), &"1".parse().unwrap());
    let formats = BTreeMap::from([(Format::Pdf, BuildId(1)), (Format::Html, BuildId(1))]);
    let shown = Shown {
        manifest: &old,
        prefix: &prefix,
        build: BuildId(1),
        formats: &formats,
    };
    let new = Manifest::of([file("index.html", Source::Build)]);
    let kept = [Format::Pdf].into();
    let (with_old_pdf, formats) = compose(
        BuildId(2),
        &new,
        &[],
        Some(Kept {
            shown,
            formats: &kept,
        }),
    );
    assert_eq!(
        with_old_pdf,
        Manifest::of([file("index.html", Source::Build), pdf])
    );
    assert_eq!(formats[&Format::Pdf], BuildId(1));
    assert_eq!(formats[&Format::Html], BuildId(2));

    let kept = [Format::Html].into();
    let epub = file(
        "_artifacts/alpha.epub",
        Source::Object(ObjectKey::new("alpha/artifacts/2/epub/alpha.epub")),
    );
    let only_epub = [(Format::Epub, Manifest::of([epub]))];
    let (old_pages, formats) = compose(
        BuildId(2),
        &Manifest::default(),
        &only_epub,
        Some(Kept {
            shown,
            formats: &kept,
        }),
    );
    let index = old_pages.get(&"index.html".parse().unwrap()).unwrap();
    assert_eq!(
        index.source,
        Source::Object(ObjectKey::new("alpha/builds/1/index.html"))
    );
    assert_eq!(old_pages.files().len(), 2);
    assert_eq!(formats[&Format::Html], BuildId(1));
}

#[test]
fn a_sites_own_file_is_what_its_readers_get() {
    let key = Arc::new(ObjectKey::new("x"));
    let twin = file("a.md", Source::Bundle { key, offset: 0 });
    let own = file("a.md", Source::Build);
    let site = Manifest::of([own.clone()]);
    let (composed, _) = compose(
        BuildId(1),
        &site,
        &[(Format::Markdown, Manifest::of([twin]))],
        None,
    );
    assert_eq!(composed.files(), [own]);
}

proptest! {
    #[test]
    fn the_format_of_each_published_file_is_the_one_it_was_published_as(name in "[a-z]{2,9}") {
        let product: ProductSlug = name.parse().unwrap();
        for format in Format::UPLOADED {
            let path = published_path(&product, format).unwrap();
            let file = file(path.as_str(), Source::Object(ObjectKey::new("x")));
            prop_assert_eq!(format_of(&file), format);
            prop_assert_eq!(found(&path), Some(format));
        }
    }
}
