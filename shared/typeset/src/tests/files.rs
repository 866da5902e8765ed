//! What the engine asks for.

use std::collections::BTreeSet;
use std::sync::Mutex;

use typst::diag::FileResult;
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World};
use typst_layout::PagedDocument;

use super::*;
use crate::world::Paper;

/// A world that writes down which files it was asked for.
struct Watched {
    paper: Paper,
    asked: Mutex<BTreeSet<String>>,
}

impl Watched {
    fn note(&self, id: FileId) {
        self.asked
            .lock()
            .unwrap()
            .insert(id.vpath().get_with_slash().to_owned());
    }
}

impl World for Watched {
    fn library(&self) -> &LazyHash<Library> {
        self.paper.library()
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.paper.book()
    }

    fn main(&self) -> FileId {
        self.paper.main()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.note(id);
        self.paper.source(id)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.note(id);
        self.paper.file(id)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.paper.font(index)
    }

    fn today(&self, offset: Option<Duration>) -> Option<Datetime> {
        let today = self.paper.today(offset);
        assert_eq!(today, None, "there is no clock");
        today
    }
}

/// The engine keeps each name for as long as the process runs, and has room for 65,535.
#[test]
fn the_names_of_files_are_the_same_for_all_manuscripts() {
    let asked = |names: [&str; 2]| {
        let (mut manuscript, mut images) = sample::sample(4, Variant::Document);
        let shown = images["figure-0.png"].clone();
        manuscript.front.title = names[0].to_owned();
        for (number, name) in names.iter().enumerate() {
            images.insert((*name).to_owned(), shown.clone());
            manuscript.sections[number].blocks.push(Block::Figure {
                id: format!("another-{number}"),
                number: 7,
                image: (*name).to_owned(),
                alt: String::new(),
                caption: Vec::new(),
                path: String::new(),
            });
        }
        let refused = Refused::default();
        let works = works(&manuscript);
        let read = reading::read(&manuscript, &images, &works, &refused);
        let paper = Paper::new(
            Template::Paper,
            serde_json::to_string(&read.view).unwrap(),
            read.images,
        );
        let watched = Watched {
            paper,
            asked: Mutex::default(),
        };
        typst::compile::<PagedDocument>(&watched).output.unwrap();
        watched.asked.into_inner().unwrap()
    };
    let expected = [
        "/image-000",
        "/image-001",
        "/image-002",
        "/main.typ",
        "/manuscript.json",
        "/text.typ",
    ];
    for names in [["one.png", "two.png"], ["../../etc/passwd", "/a.typ"]] {
        assert_eq!(asked(names), expected.map(str::to_owned).into());
    }
}
