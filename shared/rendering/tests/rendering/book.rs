//! The EPUB.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use imprint_manuscript::manuscript::Manuscript;
use imprint_rendering::{Images, epub};
use zip::{CompressionMethod, ZipArchive};

use crate::sample::{full, images, manuscript, only, paragraph, section};
use crate::xml::{elements, read, values};

fn members(book: &[u8]) -> Vec<(String, CompressionMethod, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(book)).expect("an archive");
    (0..archive.len())
        .map(|index| {
            let mut member = archive.by_index(index).expect("a member");
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).expect("its bytes");
            (
                member.name().expect("a name").into_owned(),
                member.compression(),
                bytes,
            )
        })
        .collect()
}

/// The members of a book that are text, by name.
pub(crate) fn documents(book: &[u8]) -> BTreeMap<String, String> {
    members(book)
        .into_iter()
        .filter_map(|(name, _, bytes)| Some((name, String::from_utf8(bytes).ok()?)))
        .collect()
}

fn texts(sample: &Manuscript, images: &Images) -> BTreeMap<String, String> {
    let mut documents = documents(&epub(sample, images));
    documents.retain(|name, _| !name.ends_with(".css") && name != "mimetype" && !name.contains("images/"));
    documents
}

#[test]
fn a_reader_recognizes_it_by_its_first_bytes() {
    let book = epub(&full(), &images());
    let members = members(&book);
    assert_eq!(
        members[0],
        (
            "mimetype".to_owned(),
            CompressionMethod::Stored,
            b"application/epub+zip".to_vec()
        )
    );
    assert_eq!(&book[30..58], b"mimetypeapplication/epub+zip");
}

#[test]
fn the_same_manuscript_gives_the_same_book() {
    let (one, two) = (epub(&full(), &images()), epub(&full(), &images()));
    assert!(one == two && one.len() > 1_000);
}

#[test]
fn everything_in_it_is_well_formed() {
    for sample in [full(), manuscript(vec![]), only(vec![])] {
        let texts = texts(&sample, &images());
        assert!(texts.len() >= 4);
        for (name, text) in texts {
            read(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        }
    }
}

#[test]
fn the_manifest_lists_every_file_and_no_other() {
    let book = epub(&full(), &images());
    let names: BTreeSet<String> = members(&book).into_iter().map(|(name, _, _)| name).collect();
    let package = read(&documents(&book)["EPUB/package.opf"]).expect("well-formed");
    let items: BTreeSet<String> = elements(&package, "item")
        .iter()
        .map(|item| format!("EPUB/{}", item["href"]))
        .collect();
    let beside: BTreeSet<String> = ["mimetype", "META-INF/container.xml", "EPUB/package.opf"]
        .map(str::to_owned)
        .into();
    assert_eq!(
        names.difference(&items).cloned().collect::<BTreeSet<String>>(),
        beside
    );
    assert!(
        items.is_subset(&names) && items.contains("EPUB/images/1.jpg") && items.contains("EPUB/images/2.gif")
    );
    let ids: BTreeSet<String> = values(&package, "id").into_iter().collect();
    assert!(
        elements(&package, "itemref")
            .iter()
            .all(|item| ids.contains(&item["idref"]))
    );
}

#[test]
fn the_package_is_as_before() {
    let texts = texts(&full(), &images());
    insta::assert_snapshot!("package", texts["EPUB/package.opf"]);
    insta::assert_snapshot!("nav", texts["EPUB/nav.xhtml"]);
    insta::assert_snapshot!("chapter", texts["EPUB/chapter-2.xhtml"]);
}

#[test]
fn only_chapters_with_formulas_are_said_to_have_some() {
    let texts = texts(&full(), &images());
    let package = read(&texts["EPUB/package.opf"]).expect("well-formed");
    let mut found = 0;
    for item in elements(&package, "item") {
        let Some(text) = texts.get(&format!("EPUB/{}", item["href"])) else {
            continue;
        };
        let says = item
            .get("properties")
            .is_some_and(|properties| properties == "mathml");
        assert_eq!(says, text.contains("<math"), "{item:?}");
        found += usize::from(says);
    }
    assert_eq!(found, 2);
}

#[test]
fn links_lead_to_the_file_that_has_their_end() {
    let texts = texts(&full(), &images());
    let ids: BTreeSet<String> = texts
        .iter()
        .flat_map(|(name, text)| {
            let file = name.trim_start_matches("EPUB/").to_owned();
            values(&read(text).expect("well-formed"), "id")
                .into_iter()
                .map(move |id| format!("{file}#{id}"))
        })
        .collect();
    let mut count = 0;
    for (name, text) in &texts {
        let file = name.trim_start_matches("EPUB/");
        for href in values(&read(text).expect("well-formed"), "href")
            .into_iter()
            .filter(|href| href.contains('#') && !href.contains(':'))
        {
            let target = if href.starts_with('#') {
                format!("{file}{href}")
            } else {
                href
            };
            assert!(ids.contains(&target), "{target} in {name}");
            count += 1;
        }
    }
    assert!(count > 15);
}

#[test]
fn an_image_that_is_not_given_is_said_instead_of_shown() {
    let texts = texts(&full(), &Images::new());
    let all: String = texts.values().map(String::as_str).collect();
    assert!(!all.contains("<img") && all.contains("<p class=\"unset\">The moon, &quot;full&quot;</p>"));
}

#[test]
fn the_time_of_change_is_the_day_of_publication_or_none() {
    assert!(texts(&full(), &images())["EPUB/package.opf"].contains(">2026-04-11T00:00:00Z<"));
    for published in [
        None,
        Some("yesterday".to_owned()),
        Some("2026-04-11T1".to_owned()),
    ] {
        let mut sample = manuscript(vec![section(1, "a", None, "A", vec![paragraph("x")])]);
        sample.front.published = published;
        assert!(texts(&sample, &images())["EPUB/package.opf"].contains(">1980-01-01T00:00:00Z<"));
    }
}
