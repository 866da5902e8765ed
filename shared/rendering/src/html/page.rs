//! The whole page.

use imprint_manuscript::manuscript::Manuscript;

use crate::markup::escape;
use crate::references::Bibliography;
use crate::{outline, text};

use super::writer::{Place, Writer};
use super::{NOTES, REFERENCES};

const STYLE: &str = include_str!("page.css");

/// What a search engine shows of it.
const DESCRIPTION_CHARS: usize = 200;

/// A page that needs nothing but its images.
pub(crate) fn page(manuscript: &Manuscript, bibliography: &Bibliography) -> String {
    let mut writer = Writer::new(manuscript, bibliography, Place::Page);
    head(&mut writer, manuscript, bibliography);
    writer.raw("<body>\n<a class=\"skip\" href=\"#text_\">Skip to the text</a>\n");
    writer.front();
    writer.raw("<div class=\"columns\">\n");
    contents(&mut writer, manuscript);
    writer.raw("<main id=\"text_\">\n");
    writer.sections(0, manuscript.sections.len());
    writer.notes();
    writer.references();
    writer.raw("</main>\n</div>\n</body>\n</html>\n");
    writer.out
}

fn head(writer: &mut Writer<'_>, manuscript: &Manuscript, bibliography: &Bibliography) {
    let front = &manuscript.front;
    let language = language(&front.language);
    writer.raw(&format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\"/>\n"
    ));
    // The page needs nothing from elsewhere, and nothing in it may run, even if something got in.
    writer.raw(
        "<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; img-src 'self'; style-src 'unsafe-inline'\"/>\n",
    );
    writer.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    writer.raw("<meta name=\"color-scheme\" content=\"light dark\"/>\n");
    writer.raw(&format!("<title>{}</title>\n", escape(&front.title)));
    let description = text::description(manuscript, bibliography, DESCRIPTION_CHARS);
    if !description.is_empty() {
        writer.raw(&format!(
            "<meta name=\"description\" content=\"{}\"/>\n",
            escape(&description)
        ));
    }
    for author in &front.authors {
        writer.raw(&format!(
            "<meta name=\"author\" content=\"{}\"/>\n",
            escape(&author.name)
        ));
    }
    writer.raw(&format!("<style>\n{STYLE}</style>\n</head>\n"));
}

/// A language tag; `en` for what is none.
pub(crate) fn language(tag: &str) -> &str {
    let is_tag = tag.len() <= 35
        && tag
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        && tag
            .split('-')
            .next()
            .is_some_and(|part| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_alphabetic()));
    if is_tag { tag } else { "en" }
}

fn contents(writer: &mut Writer<'_>, manuscript: &Manuscript) {
    let has_references = !manuscript.references.is_empty();
    let has_notes = !manuscript.footnotes.is_empty();
    let headed = manuscript
        .sections
        .iter()
        .any(|section| !section.heading.is_empty());
    if !headed && !has_references && !has_notes {
        return;
    }
    writer.raw("<nav aria-label=\"Contents\">\n<details open=\"open\">\n<summary>Contents</summary>\n<ol>\n");
    let mut open = 0;
    let depths = outline::depths(&manuscript.sections);
    for (section, depth) in manuscript
        .sections
        .iter()
        .zip(depths)
        .filter(|(s, _)| !s.heading.is_empty())
    {
        let deeper = open < depth;
        while open >= depth {
            writer.raw("</li>\n");
            open -= 1;
            if open >= depth {
                writer.raw("</ol>\n");
            }
        }
        if deeper && open > 0 {
            writer.raw("\n<ol>\n");
        }
        open += 1;
        let name = text::inlines(&section.heading, writer.bibliography);
        let number = section
            .number
            .as_deref()
            .map(|n| format!("{} ", escape(n)))
            .unwrap_or_default();
        writer.raw(&format!(
            "<li><a href=\"#{}\">{number}{}</a>",
            escape(&section.id),
            escape(&name)
        ));
    }
    for level in (0..open).rev() {
        writer.raw(if level > 0 { "</li>\n</ol>\n" } else { "</li>\n" });
    }
    for (is, id, name) in [
        (has_notes, NOTES, "Notes"),
        (has_references, REFERENCES, "References"),
    ] {
        if is {
            writer.raw(&format!("<li><a href=\"#{id}\">{name}</a></li>\n"));
        }
    }
    writer.raw("</ol>\n</details>\n</nav>\n");
}
