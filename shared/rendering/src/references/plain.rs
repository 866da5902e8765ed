//! Works that no style can order: what is known, one after the other.

use super::fields::{Fields, Year};
use super::{Span, authors::Name};

/// Its fields as sentences, or at least its id.
pub(super) fn entry(fields: &Fields, index: usize) -> Vec<Span> {
    let mut spans = Vec::new();
    let authors = fields
        .authors
        .iter()
        .map(Name::inverted)
        .collect::<Vec<_>>()
        .join("; ");
    let year = match &fields.year {
        Year::Unknown => String::new(),
        Year::Number(year) => format!("({year})"),
        Year::Words(words) => format!("({words})"),
    };
    for (text, italic) in [
        (&authors, false),
        (&year, false),
        (&fields.title, true),
        (&fields.series, false),
    ] {
        sentence(&mut spans, text, italic);
    }
    for text in [
        &fields.edition,
        &fields.volume,
        &fields.issue,
        &fields.pages,
        &fields.report_number,
    ] {
        sentence(&mut spans, text, false);
    }
    for text in [&fields.place, &fields.publisher, &fields.isbn] {
        sentence(&mut spans, text, false);
    }
    links(&mut spans, fields);
    for note in &fields.notes {
        sentence(&mut spans, note, false);
    }
    if spans.is_empty() {
        spans.push(Span::plain(name(fields, index)));
    }
    spans
}

/// Adds what a style had no place for.
pub(super) fn sentence(spans: &mut Vec<Span>, text: &str, italic: bool) {
    if text.is_empty() {
        return;
    }
    if !spans.is_empty() {
        spans.push(Span::plain(" "));
    }
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    spans.push(Span {
        text: format!("{text}{stop}"),
        italic,
        url: None,
    });
}

fn links(spans: &mut Vec<Span>, fields: &Fields) {
    let doi = if fields.doi.is_empty() {
        String::new()
    } else {
        format!("https://doi.org/{}", fields.doi)
    };
    for url in [doi, fields.url.clone()] {
        if url.is_empty() {
            continue;
        }
        if !spans.is_empty() {
            spans.push(Span::plain(" "));
        }
        spans.push(Span {
            text: url.clone(),
            italic: false,
            url: Some(url),
        });
    }
}

/// What a citation says of a work that no style could order.
pub(super) fn citation(fields: &Fields, index: usize) -> String {
    let who = match fields.authors.as_slice() {
        [] => name(fields, index),
        [one] => one.short().to_owned(),
        [one, two] => format!("{} & {}", one.short(), two.short()),
        [one, ..] => format!("{} et al.", one.short()),
    };
    match &fields.year {
        Year::Unknown => who,
        Year::Number(year) => format!("{who}, {year}"),
        Year::Words(words) => format!("{who}, {words}"),
    }
}

fn name(fields: &Fields, index: usize) -> String {
    if !fields.title.is_empty() {
        fields.title.clone()
    } else if !fields.id.is_empty() {
        fields.id.clone()
    } else {
        format!("Reference {}", index + 1)
    }
}
