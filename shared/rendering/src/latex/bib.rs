//! The BibTeX file.

use imprint_manuscript::manuscript::Reference;

use crate::references::anchors::anchors;
use crate::references::authors::Name;
use crate::references::fields::{Fields, Year};

use super::escape::{escape, url};

/// All works, in the order in which they are given.
pub(super) fn file(references: &[Reference]) -> String {
    let keys = anchors(references);
    let entries: Vec<String> = references
        .iter()
        .zip(keys)
        .map(|(reference, key)| entry(&Fields::read(reference), &key))
        .collect();
    entries.join("\n")
}

fn entry(fields: &Fields, key: &str) -> String {
    let (kind, series, number) = if !fields.report_number.is_empty() {
        ("techreport", "series", &fields.report_number)
    } else if !fields.series.is_empty() && fields.publisher.is_empty() {
        ("article", "journal", &fields.issue)
    } else if !fields.publisher.is_empty() {
        ("book", "series", &fields.issue)
    } else {
        ("misc", "series", &fields.issue)
    };
    let publisher = if kind == "techreport" {
        "institution"
    } else {
        "publisher"
    };
    // A label has the year's last four signs, and one without any would stop TeX with an error.
    let is_sign = |c: char| c.is_ascii_alphanumeric() || " -./".contains(c);
    let year = match &fields.year {
        Year::Unknown => "n.d.".to_owned(),
        Year::Number(year) => year.to_string(),
        Year::Words(words)
            if words.contains(|c: char| c.is_ascii_alphanumeric())
                && words.trim().chars().rev().take(4).all(is_sign) =>
        {
            words.clone()
        }
        // Longer than four, so that no part of a sign beyond ASCII comes into the label.
        Year::Words(words) => format!("{words} (not dated)"),
    };
    let authors: Vec<String> = fields.authors.iter().map(author).collect();
    let says_nothing = authors.is_empty() && fields.title.is_empty() && fields.notes.is_empty();
    let title = if says_nothing { &fields.id } else { &fields.title };
    let mut out = format!("@{kind}{{{key},\n");
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            out.push_str(&format!("  {name} = {{{value}}},\n"));
        }
    };
    field("author", &authors.join(" and "));
    // The inner braces keep BibTeX from changing the case of letters.
    field(
        "title",
        &if title.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", escape(title))
        },
    );
    field(series, &escape(&fields.series));
    field("volume", &escape(&fields.volume));
    field("number", &escape(number));
    field("pages", &pages(&fields.pages));
    field("year", &escape(&year));
    field(publisher, &escape(&fields.publisher));
    field("address", &escape(&fields.place));
    field("edition", &escape(&fields.edition));
    field("isbn", &escape(&fields.isbn));
    field("doi", &escape(&fields.doi));
    field("note", &note(fields));
    out.push_str("}\n");
    out
}

/// `{Doe}, {J. Q.}`: braces keep BibTeX from taking names apart in its own way.
fn author(name: &Name) -> String {
    match name {
        Name::Literal(name) => format!("{{{}}}", escape(name)),
        Name::Person {
            family,
            given,
            suffix,
        } if suffix.is_empty() => format!("{{{}}}, {}", escape(family), names(given)),
        Name::Person {
            family,
            given,
            suffix,
        } => format!("{{{}}}, {}, {}", escape(family), escape(suffix), names(given)),
    }
}

/// Given names. BibTeX shortens them to their first byte, except where that is in braces with a command.
fn names(given: &str) -> String {
    let piece = |piece: &str| match piece.chars().next() {
        Some(first) if !first.is_ascii() => {
            format!("{{\\relax {first}}}{}", &piece[first.len_utf8()..])
        }
        Some(_) | None => piece.to_owned(),
    };
    escape(given).split_inclusive([' ', '-']).map(piece).collect()
}

/// `1–9` and `1-9` are ranges.
fn pages(pages: &str) -> String {
    pages
        .replace("--", "–")
        .replace('-', "–")
        .split('–')
        .map(|p| escape(p.trim()))
        .collect::<Vec<_>>()
        .join("--")
}

/// What the style prints of links and of what has no field.
fn note(fields: &Fields) -> String {
    let mut parts: Vec<String> = fields.notes.iter().map(|note| escape(note)).collect();
    if !fields.doi.is_empty() {
        let target = format!("https://doi.org/{}", fields.doi);
        parts.push(format!(
            "\\href{{{}}}{{doi:{}}}",
            url(&target),
            escape(&fields.doi)
        ));
    } else if !fields.url.is_empty() {
        parts.push(format!("\\url{{{}}}", url(&fields.url)));
    }
    parts.join(". ")
}
