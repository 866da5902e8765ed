//! Everything that the engine can see: the template, one manuscript, its images, the fonts. It is told of nothing else.

use std::sync::LazyLock;

use imprint_manuscript::content::MAX_IMAGES;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{DiagSpan, FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World, WorldExt};

/// The fonts that are compiled in.
pub(crate) static FONTS: LazyLock<Vec<Font>> = LazyLock::new(|| {
    typst_assets::fonts()
        .flat_map(|data| Font::iter(Bytes::new(data)))
        .collect()
});

static BOOK: LazyLock<LazyHash<FontBook>> =
    LazyLock::new(|| LazyHash::new(FontBook::from_fonts(FONTS.iter())));
static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));
static FILES: LazyLock<Files> = LazyLock::new(Files::new);

/// The names of all files that there ever are. The engine keeps every name that it was given once, at most 65,535 of them in
/// a process, so a manuscript's own names are never among them.
struct Files {
    main: Source,
    text: Source,
    probe: Source,
    manuscript: FileId,
    images: Vec<FileId>,
}

impl Files {
    fn new() -> Self {
        Self {
            main: Source::new(file("main.typ"), include_str!("template/main.typ").to_owned()),
            text: Source::new(file("text.typ"), include_str!("template/text.typ").to_owned()),
            probe: Source::new(file("probe.typ"), include_str!("template/probe.typ").to_owned()),
            manuscript: file("manuscript.json"),
            images: (0..MAX_IMAGES).map(|slot| file(&image_path(slot))).collect(),
        }
    }
}

fn file(path: &str) -> FileId {
    let path = VirtualPath::new(path).expect("a literal name without dots between slashes is a path");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

/// The virtual file of the image in a slot.
pub(crate) fn image_path(slot: usize) -> String {
    format!("/image-{slot:03}")
}

/// What is read first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Template {
    /// Sets a manuscript.
    Paper,
    /// Tries formulas and images.
    Probe,
}

/// One manuscript's world.
pub(crate) struct Paper {
    main: Source,
    manuscript: Bytes,
    images: Vec<Bytes>,
}

impl Paper {
    /// `images` stand in their slots' order, at most as many as a document may have.
    pub(crate) fn new(template: Template, manuscript: String, images: Vec<Bytes>) -> Self {
        let main = match template {
            Template::Paper => FILES.main.clone(),
            Template::Probe => FILES.probe.clone(),
        };
        Self {
            main,
            manuscript: Bytes::from_string(manuscript),
            images,
        }
    }
}

impl World for Paper {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &BOOK
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() {
            Ok(self.main.clone())
        } else if id == FILES.text.id() {
            Ok(FILES.text.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == FILES.manuscript {
            return Ok(self.manuscript.clone());
        }
        let slot = FILES.images.iter().position(|image| *image == id);
        slot.and_then(|slot| self.images.get(slot))
            .cloned()
            .ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

impl Paper {
    /// Where in the template something is: `text.typ:17`.
    pub(crate) fn line(&self, span: DiagSpan) -> Option<String> {
        let source = self.source(span.id()?).ok()?;
        let range = self.range(span)?;
        let line = source.lines().byte_to_line(range.start)? + 1;
        Some(format!("{}:{line}", source.id().vpath().get_without_slash()))
    }
}
