//! Works in the style, by a processor of the Citation Style Language.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::sync::LazyLock;

use hayagriva::archive::{self, ArchivedStyle};
use hayagriva::citationberg::{FontStyle, IndependentStyle, Locale, LocaleCode, Style};
use hayagriva::types::{
    Date, EntryType, FormatString, MaybeTyped, Numeric, PageRanges, Person, Publisher, QualifiedUrl,
    StringChunk,
};
use hayagriva::{
    BibliographyDriver, BibliographyRequest, BufWriteFormat, CitationItem, CitationRequest, ElemChild, Entry,
    Rendered,
};

use super::authors::Name;
use super::fields::{Fields, Year, clean, is_web};
use super::{Span, plain};

/// More works than this are not disambiguated, whose cost grows with the square of their number.
const MAX_WORKS: usize = 1_500;

/// A hyphen that is none to the processor.
const NO_RANGE: &str = "\u{2011}";

/// A work that is written out.
pub(super) struct Styled {
    pub(super) reference: usize,
    pub(super) citation: String,
    pub(super) text: Vec<Span>,
}

static STYLE: LazyLock<Option<IndependentStyle>> =
    LazyLock::new(|| match ArchivedStyle::AmericanPsychologicalAssociation.get() {
        Style::Independent(style) => Some(style),
        Style::Dependent(_) => None,
    });

/// The language of the lists. There are sixty more, and reading them all takes longer than setting a page.
static LOCALES: LazyLock<Vec<Locale>> = LazyLock::new(|| {
    let english = LocaleCode::en_us();
    let names_it = |stored: &[u8]| {
        stored
            .windows(english.0.len())
            .any(|part| part == english.0.as_bytes())
    };
    archive::LOCALES
        .iter()
        .filter(|stored| names_it(stored))
        .filter_map(|stored| ciborium::from_reader(*stored).ok())
        .filter(|locale: &Locale| locale.lang.as_ref() == Some(&english))
        .collect()
});

/// The works that have an author or a title, in the order of the style.
pub(super) fn styled(fields: &[Fields]) -> Vec<Styled> {
    let named = |f: &Fields| !f.authors.is_empty() || !f.title.is_empty();
    let mut works: Vec<(usize, Entry)> = fields
        .iter()
        .enumerate()
        .filter(|(_, f)| named(f))
        .map(|(n, f)| (n, work(n, f)))
        .collect();
    let Some(style) = STYLE.as_ref() else {
        return Vec::new();
    };
    if works.is_empty() || works.len() > MAX_WORKS {
        return Vec::new();
    }
    // The processor has places where it gives up by a panic. None is known that a field can reach; should there be one,
    // the works are still listed, in plain.
    // Letters behind years follow the order of citations, so works are cited in the order of the list, once it is known.
    let rendered = catch_unwind(AssertUnwindSafe(|| {
        let list = render(style, &works).bibliography;
        let order: Vec<String> = list
            .into_iter()
            .flat_map(|list| list.items)
            .map(|item| item.key)
            .collect();
        works.sort_by_cached_key(|(_, entry)| order.iter().position(|key| key == entry.key()));
        render(style, &works)
    }));
    let Ok(rendered) = rendered else { return Vec::new() };
    let citations: Vec<String> = rendered
        .citations
        .iter()
        .map(|citation| {
            let mut text = String::new();
            // Writing to a string does not fail.
            let _ = citation.citation.write_buf(&mut text, BufWriteFormat::Plain);
            bare(&clean(&text)).to_owned()
        })
        .collect();
    let Some(list) = rendered.bibliography else {
        return Vec::new();
    };
    list.items
        .iter()
        .filter_map(|item| {
            let reference: usize = item.key.parse().ok()?;
            let position = works.iter().position(|(n, _)| *n == reference)?;
            let mut spans = Vec::new();
            for child in item.first_field.iter().chain(&item.content.0) {
                collect(child, &mut spans);
            }
            let text = finished(merged(spans), &fields[reference]);
            let citation = dated(citations.get(position)?, &fields[reference]);
            (!text.is_empty() && !citation.is_empty()).then_some(Styled {
                reference,
                citation,
                text,
            })
        })
        .collect()
}

fn render(style: &IndependentStyle, works: &[(usize, Entry)]) -> Rendered {
    let mut driver = BibliographyDriver::new();
    for (_, entry) in works {
        driver.citation(CitationRequest::from_items(
            vec![CitationItem::with_entry(entry)],
            style,
            &LOCALES,
        ));
    }
    driver.finish(BibliographyRequest::new(style, None, &LOCALES))
}

fn bare(citation: &str) -> &str {
    citation
        .strip_prefix('(')
        .and_then(|c| c.strip_suffix(')'))
        .unwrap_or(citation)
        .trim()
}

/// Verbatim: a style changes no letter of what an author typed.
fn words(text: &str) -> FormatString {
    FormatString::from(StringChunk::verbatim(text))
}

fn number(text: &str) -> MaybeTyped<Numeric> {
    match text.parse::<u16>() {
        Ok(number) => MaybeTyped::Typed(Numeric::new(i32::from(number))),
        Err(_) => MaybeTyped::String(text.to_owned()),
    }
}

fn work(index: usize, fields: &Fields) -> Entry {
    let in_series = !fields.series.is_empty();
    let numbered = !(fields.volume.is_empty() && fields.issue.is_empty() && fields.pages.is_empty());
    let kind = if !fields.report_number.is_empty() {
        EntryType::Report
    } else if in_series && (numbered || fields.publisher.is_empty()) {
        EntryType::Article
    } else if !fields.publisher.is_empty() || !fields.isbn.is_empty() || !fields.edition.is_empty() {
        EntryType::Book
    } else if !fields.url.is_empty() && fields.doi.is_empty() {
        EntryType::Web
    } else {
        EntryType::Misc
    };
    let mut entry = Entry::new(&index.to_string(), kind);
    if !fields.authors.is_empty() {
        entry.set_authors(fields.authors.iter().map(author).collect());
    }
    if !fields.title.is_empty() {
        entry.set_title(words(&fields.title));
    }
    published(&mut entry, fields);
    let mut numbers = if kind == EntryType::Article {
        Entry::new("series", EntryType::Periodical)
    } else {
        entry.clone()
    };
    if !fields.volume.is_empty() {
        numbers.set_volume(number(&fields.volume));
    }
    if !fields.issue.is_empty() {
        numbers.set_issue(number(&fields.issue));
    }
    if kind != EntryType::Article {
        return numbers;
    }
    numbers.set_title(words(&fields.series));
    entry.set_parents(vec![numbers]);
    entry
}

fn published(entry: &mut Entry, fields: &Fields) {
    if let Year::Number(year) = fields.year {
        entry.set_date(Date::from_year(year));
    }
    if !fields.publisher.is_empty() || !fields.place.is_empty() {
        let optional = |text: &String| (!text.is_empty()).then(|| words(text));
        entry.set_publisher(Publisher::new(
            optional(&fields.publisher),
            optional(&fields.place),
        ));
    }
    if !fields.edition.is_empty() {
        entry.set_edition(edition(&fields.edition));
    }
    if !fields.pages.is_empty() {
        // A range that the processor reads itself would be shortened and rewritten; as text it stays what it is.
        entry.set_page_range(MaybeTyped::<PageRanges>::String(
            fields.pages.replace("--", "–").replace('-', "–"),
        ));
    }
    if !fields.report_number.is_empty() {
        // A hyphen would be taken for a range of numbers; it comes back when the text is finished.
        entry.set_keyed_serial_number("serial", fields.report_number.replace('-', NO_RANGE));
    }
    if !fields.isbn.is_empty() {
        entry.set_isbn(fields.isbn.clone());
    }
    if !fields.doi.is_empty() {
        entry.set_doi(fields.doi.clone());
    }
    if let Ok(url) = QualifiedUrl::from_str(&fields.url) {
        entry.set_url(url);
    }
}

/// `2`, `2nd` and `2nd ed.` are the same edition.
fn edition(text: &str) -> MaybeTyped<Numeric> {
    let lower = text.to_lowercase();
    let short = lower.trim_end_matches("edition").trim_end_matches("ed.").trim();
    let digits = short.trim_end_matches(char::is_alphabetic);
    let typed = number(digits);
    match typed {
        MaybeTyped::Typed(_) => typed,
        MaybeTyped::String(_) => {
            let cut = text
                .trim_end_matches("edition")
                .trim_end_matches("Edition")
                .trim_end_matches("ed.")
                .trim();
            MaybeTyped::String(if cut.is_empty() {
                text.to_owned()
            } else {
                cut.to_owned()
            })
        }
    }
}

fn author(name: &Name) -> Person {
    let optional = |text: &String| (!text.is_empty()).then(|| text.clone());
    let (name, given_name, suffix) = match name {
        Name::Literal(name) => (name.clone(), None, None),
        Name::Person {
            family,
            given,
            suffix,
        } => (family.clone(), optional(given), optional(suffix)),
    };
    Person {
        name,
        given_name,
        prefix: None,
        comma_suffix: suffix.is_some(),
        suffix,
        alias: None,
    }
}

fn collect(child: &ElemChild, spans: &mut Vec<Span>) {
    match child {
        ElemChild::Text(text) => {
            let italic = text.formatting.font_style == FontStyle::Italic;
            spans.push(Span {
                text: text.text.clone(),
                italic,
                url: None,
            });
        }
        ElemChild::Elem(elem) => elem.children.0.iter().for_each(|child| collect(child, spans)),
        ElemChild::Markup(text) => spans.push(Span::plain(text.clone())),
        ElemChild::Link { text, url } => {
            let italic = text.formatting.font_style == FontStyle::Italic;
            let url = is_web(url).then(|| url.clone());
            spans.push(Span {
                text: text.text.clone(),
                italic,
                url,
            });
        }
        ElemChild::Transparent { .. } => {}
    }
}

fn merged(spans: Vec<Span>) -> Vec<Span> {
    let mut merged: Vec<Span> = Vec::new();
    for mut span in spans {
        span.text.retain(|c| !c.is_control());
        match merged.last_mut() {
            Some(last) if last.italic == span.italic && last.url == span.url => {
                last.text.push_str(&span.text)
            }
            Some(_) | None => merged.push(span),
        }
    }
    merged.retain(|span| !span.text.is_empty());
    merged
}

/// Adds what the style leaves out although somebody typed it in.
fn finished(mut spans: Vec<Span>, fields: &Fields) -> Vec<Span> {
    for span in &mut spans {
        span.text = span.text.replace(NO_RANGE, "-");
        // Where no day follows the year and where no day of retrieval is known, the style leaves its words behind.
        if let Year::Number(year) = fields.year
            && span.text.contains(&format!("({year}"))
        {
            span.text = span.text.replacen(",).", ").", 1);
        }
        if let Some(text) = span.text.strip_suffix("Retrieved ").map(str::to_owned) {
            span.text = text;
        }
    }
    spans.retain(|span| !span.text.is_empty());
    if let Year::Words(words) = &fields.year {
        match spans.iter_mut().find(|span| span.text.contains("(n.d.")) {
            Some(span) => span.text = span.text.replacen("(n.d.", &format!("({words}"), 1),
            None => plain::sentence(&mut spans, words, false),
        }
    }
    let said: String = spans.iter().map(|span| span.text.as_str()).collect();
    if !fields.series.is_empty() && !said.contains(&fields.series) {
        plain::sentence(&mut spans, &fields.series, false);
    }
    for note in &fields.notes {
        plain::sentence(&mut spans, note, false);
    }
    spans
}

fn dated(citation: &str, fields: &Fields) -> String {
    match (&fields.year, citation.rfind("n.d.")) {
        (Year::Words(words), Some(at)) => {
            format!("{}{words}{}", &citation[..at], &citation[at + "n.d.".len()..])
        }
        (Year::Words(_) | Year::Unknown | Year::Number(_), _) => citation.to_owned(),
    }
}
