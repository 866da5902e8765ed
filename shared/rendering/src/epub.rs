//! An EPUB 3: the page's text in chapters, with everything that it needs.

mod archive;
mod package;

use std::collections::BTreeMap;

use imprint_manuscript::manuscript::Manuscript;

use crate::html::{NOTES, Place, REFERENCES, Writer, language, note_id};
use crate::markup::escape;
use crate::references::Bibliography;
use crate::{Images, outline, text};

use package::{Document, Package};

const STYLE: &str = include_str!("epub/book.css");

/// A piece of the text that is a file of its own.
struct Chapter {
    file: String,
    name: String,
    first: usize,
    last: usize,
}

/// The whole book.
pub(crate) fn book(manuscript: &Manuscript, bibliography: &Bibliography, images: &Images) -> Vec<u8> {
    let chapters = chapters(manuscript, bibliography);
    let pictures = pictures(manuscript, images);
    let files = files(manuscript, bibliography, &chapters);
    let names = pictures
        .iter()
        .map(|(name, file, _)| ((*name).to_owned(), file.clone()))
        .collect();
    let place = Place::Book {
        files: &files,
        images: &names,
    };
    let mut writer = Writer::new(manuscript, bibliography, place);
    let mut documents = Vec::new();
    let title = title(manuscript);

    writer.file = "title.xhtml".to_owned();
    writer.front();
    documents.push(finish(&mut writer, &title, "title.xhtml", manuscript));
    for chapter in &chapters {
        writer.file.clone_from(&chapter.file);
        writer.sections(chapter.first, chapter.last);
        documents.push(finish(&mut writer, &chapter.name, &chapter.file, manuscript));
    }
    if !manuscript.footnotes.is_empty() {
        writer.file = "notes.xhtml".to_owned();
        writer.notes();
        documents.push(finish(&mut writer, "Notes", "notes.xhtml", manuscript));
    }
    if !bibliography.entries.is_empty() {
        writer.file = "references.xhtml".to_owned();
        writer.references();
        documents.push(finish(&mut writer, "References", "references.xhtml", manuscript));
    }
    archive::zip(&package::files(&Package {
        front: &manuscript.front,
        title: &title,
        contents: &contents(manuscript, bibliography, &files, &documents),
        documents: &documents,
        pictures: &pictures
            .iter()
            .map(|(_, file, image)| (file.as_str(), *image))
            .collect::<Vec<_>>(),
        style: STYLE,
    }))
}

/// The document's title; books must have one.
fn title(manuscript: &Manuscript) -> String {
    let title = crate::references::fields::clean(&manuscript.front.title);
    if title.is_empty() {
        "Untitled".to_owned()
    } else {
        title
    }
}

/// Every uppermost section begins a file.
fn chapters(manuscript: &Manuscript, bibliography: &Bibliography) -> Vec<Chapter> {
    let depths = outline::depths(&manuscript.sections);
    let starts: Vec<usize> = depths
        .iter()
        .enumerate()
        .filter(|(_, depth)| **depth == 1)
        .map(|(n, _)| n)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([manuscript.sections.len()]);
    starts
        .iter()
        .zip(ends)
        .enumerate()
        .map(|(number, (first, last))| {
            let heading = text::inlines(&manuscript.sections[*first].heading, bibliography);
            let name = if heading.is_empty() {
                title(manuscript)
            } else {
                heading
            };
            Chapter {
                file: format!("chapter-{}.xhtml", number + 1),
                name,
                first: *first,
                last,
            }
        })
        .collect()
}

/// The images that are shown and given: name, file, image. Files have numbers for names: what an author calls an image
/// may be no name for a file.
fn pictures<'a>(manuscript: &'a Manuscript, images: &'a Images) -> Vec<(&'a str, String, &'a crate::Image)> {
    let mut pictures = Vec::new();
    for name in outline::images(manuscript) {
        let Some(image) = images.get(name) else { continue };
        let ending = match image.media_type {
            "image/png" => "png",
            "image/jpeg" => "jpg",
            "image/gif" => "gif",
            _ => continue,
        };
        pictures.push((name, format!("images/{}.{ending}", pictures.len() + 1), image));
    }
    pictures
}

/// In which file each id is.
fn files(
    manuscript: &Manuscript,
    bibliography: &Bibliography,
    chapters: &[Chapter],
) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for chapter in chapters {
        for id in outline::ids(&manuscript.sections[chapter.first..chapter.last]) {
            files.insert(id.to_owned(), chapter.file.clone());
        }
    }
    let notes = outline::ids_of_notes(manuscript).into_iter().map(str::to_owned);
    let notes = notes
        .chain((0..manuscript.footnotes.len()).map(note_id))
        .chain([NOTES.to_owned()]);
    files.extend(notes.map(|id| (id, "notes.xhtml".to_owned())));
    let taken = outline::all_ids(manuscript);
    for entry in &bibliography.entries {
        let id = if taken.contains(entry.anchor.as_str()) {
            format!("{}_", entry.anchor)
        } else {
            entry.anchor.clone()
        };
        files.insert(id, "references.xhtml".to_owned());
    }
    files.insert(REFERENCES.to_owned(), "references.xhtml".to_owned());
    files
}

/// Takes what was written as one XHTML document.
fn finish(writer: &mut Writer<'_>, name: &str, file: &str, manuscript: &Manuscript) -> Document {
    let body = std::mem::take(&mut writer.out);
    let language = language(&manuscript.front.language);
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE html>\n\
         <html xmlns=\"http://www.w3.org/1999/xhtml\" xmlns:epub=\"http://www.idpf.org/2007/ops\" \
         lang=\"{language}\" xml:lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>{}</title>\n\
         <link rel=\"stylesheet\" type=\"text/css\" href=\"style.css\"/>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(name)
    );
    Document {
        file: file.to_owned(),
        name: name.to_owned(),
        has_math: body.contains("<math"),
        text,
    }
}

/// The items of the contents, as nested list items.
fn contents(
    manuscript: &Manuscript,
    bibliography: &Bibliography,
    files: &BTreeMap<String, String>,
    documents: &[Document],
) -> Vec<(usize, String, String)> {
    let mut items = Vec::new();
    let depths = outline::depths(&manuscript.sections);
    for (section, depth) in manuscript
        .sections
        .iter()
        .zip(depths)
        .filter(|(s, _)| !s.heading.is_empty())
    {
        let Some(file) = files.get(&section.id) else {
            continue;
        };
        let number = section
            .number
            .as_deref()
            .map(|number| format!("{number} "))
            .unwrap_or_default();
        let name = format!("{number}{}", text::inlines(&section.heading, bibliography));
        items.push((depth, format!("{file}#{}", section.id), name));
    }
    for document in documents
        .iter()
        .filter(|d| ["notes.xhtml", "references.xhtml"].contains(&d.file.as_str()))
    {
        items.push((1, document.file.clone(), document.name.clone()));
    }
    if items.is_empty() {
        items.push((1, "title.xhtml".to_owned(), title(manuscript)));
    }
    items
}
