//! What the free text of a work's fields means.

use imprint_manuscript::manuscript::Reference;

use super::authors::{self, Name};

/// A work, field by field, without control characters and without superfluous white space. Empty is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) id: String,
    pub(crate) authors: Vec<Name>,
    pub(crate) title: String,
    pub(crate) series: String,
    pub(crate) edition: String,
    pub(crate) volume: String,
    pub(crate) issue: String,
    pub(crate) place: String,
    pub(crate) publisher: String,
    pub(crate) pages: String,
    pub(crate) isbn: String,
    pub(crate) year: Year,
    pub(crate) report_number: String,
    /// Without a resolver's address.
    pub(crate) doi: String,
    /// `http` or `https`.
    pub(crate) url: String,
    /// What the other fields have no place for.
    pub(crate) notes: Vec<String>,
}

/// When a work was published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Year {
    /// Nobody says.
    #[default]
    Unknown,
    /// A year of our era.
    Number(i32),
    /// Such as `in press`.
    Words(String),
}

impl Fields {
    /// Reads the fields of a work.
    pub(crate) fn read(reference: &Reference) -> Self {
        let raw = |name: &str| reference.fields.get(name).map_or("", String::as_str);
        let field = |name: &str| clean(raw(name));
        let mut notes = Vec::new();
        let doi = doi(&field("doi"), &mut notes);
        let url = link(&field("online_resource"), &mut notes);
        let details = field("other_reference_details");
        if !details.is_empty() {
            notes.push(details);
        }
        Self {
            id: clean(&reference.id),
            authors: authors::names(raw("authors")),
            title: field("title"),
            series: field("series"),
            edition: field("edition"),
            volume: field("volume"),
            issue: field("issue"),
            place: field("publication_place"),
            publisher: field("publisher"),
            pages: field("pages"),
            isbn: field("isbn"),
            year: year(&field("year")),
            report_number: field("report_number"),
            doi,
            url,
            notes,
        }
    }
}

/// Text on one line: no control characters, single spaces.
pub(crate) fn clean(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_noncharacter(*c))
        .collect();
    spaced
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What neither XML nor HTML may contain although Unicode has a number for it.
pub(crate) fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || (u32::from(c) & 0xFFFE) == 0xFFFE
}

/// `2019`, `2019a` and `2019-03-01` are years; `in press` is not.
fn year(text: &str) -> Year {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let rest = &text[digits.len()..];
    let is_year = digits.len() == 4 && rest.chars().count() <= 6 && !rest.starts_with(['–', '/']);
    match digits.parse() {
        Ok(number) if is_year && number > 0 => Year::Number(number),
        Ok(_) | Err(_) if text.is_empty() => Year::Unknown,
        Ok(_) | Err(_) => Year::Words(text.to_owned()),
    }
}

fn doi(text: &str, notes: &mut Vec<String>) -> String {
    let mut doi = text;
    for prefix in ["https://", "http://", "www.", "dx.", "doi.org/", "doi:", "doi "] {
        let start = doi
            .get(..prefix.len())
            .filter(|start| start.eq_ignore_ascii_case(prefix));
        if start.is_some() {
            doi = doi[prefix.len()..].trim_start();
        }
    }
    if doi.starts_with("10.") && doi.contains('/') && !doi.contains(' ') {
        return doi.to_owned();
    }
    if !text.is_empty() {
        notes.push(format!("DOI: {text}"));
    }
    String::new()
}

fn link(text: &str, notes: &mut Vec<String>) -> String {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (url, note) = if is_web(first) { (first, rest) } else { ("", text) };
    if !note.is_empty() {
        notes.push(note.to_owned());
    }
    url.to_owned()
}

/// Whether it is a link that a page may have.
pub(crate) fn is_web(url: &str) -> bool {
    let begins = |scheme: &str| {
        url.get(..scheme.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(scheme))
    };
    (begins("http://") && url.len() > 7) || (begins("https://") && url.len() > 8)
}
