//! Reading what stands before the text: keywords, citation, DOI, language.

use serde_json::Value;

use super::place::Place;
use super::reader::{Object, Reader, kind};
use super::text::{one_line, shown};

/// The language of a document that does not say its own.
const DEFAULT_LANGUAGE: &str = "en";

/// The fields of a citation, in the order in which they are printed.
pub(crate) const CITATION: [&str; 11] = [
    "creators",
    "editors",
    "title",
    "series_name",
    "version",
    "issue",
    "release_place",
    "publisher",
    "release_date",
    "additional_details",
    "online_resource",
];

impl Reader {
    /// The labels of the keywords.
    pub(super) fn keywords(&mut self, content: Object<'_>) -> Vec<String> {
        let list = content.place.key("keywords");
        let values = self.array(content, "keywords");
        let one = |(index, value)| self.keyword(&list.index(index), value);
        values.iter().enumerate().filter_map(one).collect()
    }

    fn keyword(&mut self, place: &Place<'_>, value: &Value) -> Option<String> {
        let label = match value {
            Value::String(label) => one_line(label),
            Value::Object(fields) => {
                let keyword = Object { place, fields };
                one_line(&self.text(keyword, "label").unwrap_or_default())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                let message = format!(
                    "a keyword is a string or an object with a `label`, not {}",
                    kind(value)
                );
                self.wrong(place, value, message);
                return None;
            }
        };
        if label.is_empty() {
            self.wrong(place, value, "a keyword has a `label`");
            return None;
        }
        Some(label)
    }

    /// How to cite the document, in one sentence.
    pub(super) fn citation(&mut self, content: Object<'_>) -> Option<String> {
        let place = content.place.key("citation");
        let value = content.get("citation")?;
        if let Value::String(text) = value {
            return Some(one_line(text)).filter(|text| !text.is_empty());
        }
        let Some(fields) = value.as_object() else {
            let message = format!("`citation` is an object or a string, not {}", kind(value));
            self.wrong(&place, value, message);
            return None;
        };
        let citation = Object {
            place: &place,
            fields,
        };
        self.only(citation, "`citation`", &CITATION);
        let mut field = |key: &str| self.text_or_number(citation, key).map(|text| one_line(&text));
        let [
            creators,
            editors,
            title,
            series,
            version,
            issue,
            release_place,
            publisher,
            date,
            details,
            online,
        ] = CITATION.map(&mut field);
        let published = [release_place, publisher]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(": ");
        let parts = [
            creators,
            editors.map(|editors| format!("{editors} (Eds.)")),
            title,
            series,
            version.map(|version| format!("Version {version}")),
            issue.map(|issue| format!("Issue {issue}")),
            Some(published).filter(|published| !published.is_empty()),
            date,
            details,
            online,
        ];
        sentence(parts.into_iter().flatten())
    }

    /// The DOI without a resolver's address.
    pub(super) fn doi(&mut self, content: Object<'_>) -> Option<String> {
        const RESOLVERS: [&str; 5] = [
            "https://doi.org/",
            "http://doi.org/",
            "https://dx.doi.org/",
            "http://dx.doi.org/",
            "doi:",
        ];
        let given = self.text(content, "doi")?;
        let resolver = RESOLVERS.into_iter().find(|prefix| {
            given
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        });
        let doi = given[resolver.map_or(0, str::len)..].trim();
        if is_doi(doi) {
            return Some(doi.to_owned());
        }
        let place = content.place.key("doi");
        let message = format!("a DOI looks like 10.5067/ABC123; this is {}", shown(&given));
        self.wrong(&place, &Value::String(given), message);
        None
    }

    /// The language; English where none is given.
    pub(super) fn language(&mut self, content: Object<'_>) -> String {
        let given = self
            .text(content, "language")
            .unwrap_or_else(|| DEFAULT_LANGUAGE.to_owned());
        if is_language(&given) {
            return given;
        }
        let place = content.place.key("language");
        let message = format!(
            "a language is a BCP 47 tag such as en or pt-BR; this is {}",
            shown(&given)
        );
        self.wrong(&place, &Value::String(given), message);
        DEFAULT_LANGUAGE.to_owned()
    }
}

/// Parts with full stops between them and at the end, unless an address stands there.
fn sentence(parts: impl Iterator<Item = String>) -> Option<String> {
    let mut sentence = String::new();
    for part in parts {
        if !sentence.is_empty() {
            sentence.push_str(if sentence.ends_with(['.', '!', '?']) {
                " "
            } else {
                ". "
            });
        }
        sentence.push_str(&part);
    }
    let last = sentence.rsplit(' ').next().unwrap_or_default();
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?']) && !last.contains("://") {
        sentence.push('.');
    }
    (!sentence.is_empty()).then_some(sentence)
}

fn is_doi(doi: &str) -> bool {
    const MAX_DOI: usize = 256;
    let Some((prefix, suffix)) = doi.strip_prefix("10.").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|one| one.is_ascii_digit());
    doi.len() <= MAX_DOI
        && prefix.split('.').all(is_number)
        && !suffix.is_empty()
        && !suffix.contains(char::is_whitespace)
}

fn is_language(tag: &str) -> bool {
    const MAX_TAG: usize = 35;
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    tag.len() <= MAX_TAG
        && (2..=3).contains(&primary.len())
        && primary.chars().all(|one| one.is_ascii_alphabetic())
        && parts
            .all(|part| (1..=8).contains(&part.len()) && part.chars().all(|one| one.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doi_has_a_registrant_and_a_name() {
        for good in ["10.5067/ABC", "10.1000.10/123_(4)", "10.1/ä"] {
            assert!(is_doi(good), "{good:?}");
        }
        for bad in ["", "10.", "10./a", "10.1/", "10.a/b", "11.1/a", "10.1/a b"] {
            assert!(!is_doi(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_language_is_a_tag() {
        for good in ["en", "pt-BR", "zh-Hant-TW", "gsw", "de-x-a"] {
            assert!(is_language(good), "{good:?}");
        }
        for bad in ["", "e", "english", "en_US", "en-", "12", "en\"><script>"] {
            assert!(!is_language(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_sentence_has_one_full_stop_after_each_part() {
        let of = |parts: &[&str]| sentence(parts.iter().map(|part| (*part).to_owned()));
        assert_eq!(
            of(&["Doe, J.", "A title", "2020"]).as_deref(),
            Some("Doe, J. A title. 2020.")
        );
        assert_eq!(
            of(&["A", "https://a.org/b"]).as_deref(),
            Some("A. https://a.org/b")
        );
        assert_eq!(of(&[]), None);
    }
}
